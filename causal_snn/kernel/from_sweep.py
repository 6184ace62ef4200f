"""Effect kernels of any neuron from simulated interventions, with confidence bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import InputError, bad, check_choice, check_whole
from causal_snn.kernel.alone import check_dense
from causal_snn.kernel.bands import check_confidence
from causal_snn.kernel.context_law import context_law as law_of
from causal_snn.kernel.contexts import Kind
from causal_snn.kernel.contexts import contexts as contexts_of
from causal_snn.kernel.from_counts import tabulate_estimates
from causal_snn.kernel.from_result import estimates, is_sampled
from causal_snn.kernel.sweep_runs import CONSTANT, Runs, make_runs
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models.inputs import WhiteNoise
from causal_snn.models.network import Network
from causal_snn.provenance import provenance
from causal_snn.simulation.engine.noise import Rng, seed_of
from causal_snn.simulation.sweeping.sweep import sweep

Floats = NDArray[np.float64]
EFFECTS = ("spike", "last", "word")
LONGEST_WORD = 10
EXACT = 1e-12
"""Rounding of a closed form in double precision."""


def from_sweep(
    network: Network,
    unit: int | str,
    states: ArrayLike | Mapping[str, ArrayLike] | None = None,
    *,
    edges: ArrayLike | None = None,
    steps: int = 1,
    effect: str = "spike",
    contexts: Kind | Sequence[float] | None = None,
    context_law: str | ArrayLike = "uniform",
    context_over_time: str = CONSTANT,
    unnamed: str = "rest",
    replicas: int = 10_000,
    confidence: float = 0.95,
    scheme: str | None = None,
    rng: Rng = None,
    workers: int = 1,
) -> TabulatedKernel:
    """Return the effect of do(micro state) as estimated by simulation, for neurons of any model.

    Parameters
    ----------
    network : Network
    unit : int or str
    states : array, shape (n,), or mapping of str to such arrays
        Potentials to set (mV); or values by name of the state variable. Each is a cell by itself.
    edges : array, shape (n + 1,), optional
        In place of states: potentials that cut a range into cells, at which the effect is
        estimated. It is *assumed* monotone within each cell, as it is not where the threshold lies
        inside one: the spread then encloses all its potentials. For effects of two outcomes.
    steps : int
        Length of the bin.
    effect : {"spike", "last", "word"}
        At least one spike in the bin; a spike in its last step; or the word of spikes, one
        outcome for each of the 2^steps words in little-endian order (the first step changes
        fastest), named as ``"010"`` from first to last step.
    contexts, context_law
        As in `causal_snn.kernel.plane`.
    context_over_time : {"constant", "free"}
        ``"constant"``: the input from the others is the same in every step of the bin.
        ``"free"``: the others begin at rest, those of the context's spike pattern as having just
        spiked, and go on as the network makes them, with all delays and synapses.
    unnamed : {"rest", "steady"}
        The unit's states that are not named: at rest, or where they settle while the potential
        is held (gates of Hodgkin-Huxley).
    replicas : int
        Of each state in each context.
    confidence : float
        With at least this probability all spreads hold together (Bonferroni).
    scheme : str, optional
        As in `causal_snn.simulation.sweep`.
    rng : numpy.random.Generator or int, optional
        Source of all randomness.
    workers : int
        Processes.

    Returns
    -------
    TabulatedKernel
        Of one step with Gaussian noise alone, rows are those of the closed form and certain.
        Else rows are the estimates, their spread the bands of `causal_snn.kernel.bands`:
        Clopper-Pearson for counts, Hoeffding's for the last step's probabilities (whose standard
        errors are in the provenance), Weissman's for words.

    Raises
    ------
    InputError
        If an argument makes no sense.
    """
    check_choice("effect", effect, EFFECTS)
    length, count = check_whole("steps", steps), check_whole("replicas", replicas)
    level, k = check_confidence(confidence), network.index(unit)
    if effect == "word" and length > LONGEST_WORD:
        raise bad("steps", length, f"at most {LONGEST_WORD} for words")
    if effect == "word" and edges is not None:
        raise bad("edges", "given", "None for words", "Give the states.")
    check_dense(network)
    seed = seed_of(rng)
    found = contexts_of(network, k, contexts)
    if found.kind == "interval":
        raise InputError(
            "contexts = 'interval': simulation takes inputs one by one; use 'extremes' or a list"
        )
    points = states
    if edges is not None:
        points = np.array(edges, dtype=float)
        points[-1:] = np.nextafter(points[-1:], -np.inf)  # a cell does not hold its upper end
    if (states is None) == (edges is None):
        raise bad("states", states, "micro states, or else `edges`")
    runs = make_runs(network, k, points, found, context_over_time, unnamed, scheme)
    if effect == "word":
        rows, spread, note = _words(runs, length, count, level, seed)
    else:
        rows, spread, note = _spikes(runs, length, count, level, seed, effect, workers)
    if edges is not None:
        rows, spread = _between(rows, spread)
    words = [_word(row) for row in order.states((2,) * length)] if effect == "word" else None
    named = {"spike": f"own spike in {length} steps", "last": f"own spike in step {length}"}
    named["word"] = f"own spike word of {length} steps"
    ends = None if edges is None else np.asarray(edges, dtype=float)
    return tabulate_estimates(
        rows,
        spread,
        states=runs.coordinates.T if ends is None else None,
        coordinates=runs.names if ends is None else runs.names[:1],
        edges=ends,
        mass=None if ends is None else np.diff(ends) / (ends[-1] - ends[0]),
        inputs=found.inputs,
        context_law=law_of(network, k, context_law, contexts=found, rng=seed),
        outcomes=words or ("quiet", "spike"),
        effect="own next spike" if length == 1 and words is None else named[effect],
        label=network.labels[k],
        confidence=1.0 if note.get("exact") else level,
        about=provenance(
            "simulated interventions",
            **note,
            confidence=level,
            replicas=count,
            steps=length,
            dt=float(network.dt),
            scheme=runs.scheme,
            seed=seed,
            contexts=found.kind,
            context_over_time=context_over_time,
            unnamed_states=unnamed,
            assumed="monotone within cells" if edges is not None else "cells are points",
        ),
    )


def _spikes(
    runs: Runs, steps: int, replicas: int, level: float, seed: int, effect: str, workers: int
) -> tuple[Floats, Floats, dict[str, Any]]:
    """Return rows, spreads and how they were made, of effects of two outcomes."""
    whole = effect == "spike" and steps > 1
    tables, sampled, errors = [], True, []
    seeds = np.random.SeedSequence(seed).generate_state(len(runs.networks), np.uint64)
    for network, states, one in zip(runs.networks, runs.states, seeds, strict=True):
        result = sweep(
            network,
            states=states,
            steps=steps,
            replicas=replicas,
            rng=int(one),
            window=steps if whole else 1,
            units="apart",
            scheme=runs.wanted_scheme,
            dtype=np.float64,
            workers=workers,
            progress=False,
        )
        if not result.success:
            raise InputError(f"from_sweep: {result.message}")
        place = result.labels.index(runs.label)
        tables.append(result.sums.sum(axis=1)[:, 2 * place : 2 * place + 2])
        errors.append(result.standard_error[:, 2 * place + 1])
        sampled = is_sampled(result)
    table = np.stack(tables)
    gaussian = all(isinstance(s, WhiteNoise) for n in runs.networks for s in n.inputs)
    if not sampled and steps == 1 and gaussian:
        rows = table / replicas
        rows /= rows.sum(axis=-1, keepdims=True)
        return rows, np.full(rows.shape[:2], EXACT), {"exact": True, "bands": "closed form"}
    rows, spread, note = estimates(table, np.full(table.shape[:2], replicas), level, sampled)
    return rows, spread, {**note, "largest_standard_error": float(np.max(errors))}


def _words(
    runs: Runs, steps: int, replicas: int, level: float, seed: int
) -> tuple[Floats, Floats, dict[str, Any]]:
    """Return rows and spreads of spike words."""
    seeds = np.random.SeedSequence(seed).generate_state(len(runs.networks), np.uint64)
    counts = np.stack(
        [runs.word_counts(c, steps, replicas, int(one)) for c, one in enumerate(seeds)]
    )
    trials = np.full(counts.shape[:2], replicas)
    return estimates(counts, trials, level, sampled=True)


def _word(spikes: NDArray[np.int64]) -> str:
    return "".join(str(int(s)) for s in spikes)


def _between(rows: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Return rows and spreads of cells from those at their edges, for monotone effects."""
    p = rows[:, :, 1]
    low, high = p - spread, p + spread
    low, high = np.minimum(low[:, :-1], low[:, 1:]), np.maximum(high[:, :-1], high[:, 1:])
    middle = np.clip((low + high) / 2.0, 0.0, 1.0)
    return np.stack([1.0 - middle, middle], axis=-1), np.maximum(high - middle, middle - low)
