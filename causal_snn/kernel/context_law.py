"""The law on contexts: how often the other units give each input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, check_whole
from causal_snn.kernel.contexts import Contexts, Kind
from causal_snn.kernel.contexts import contexts as contexts_of
from causal_snn.models.network import Network
from causal_snn.simulation.engine.layout import is_lif_family
from causal_snn.simulation.simulate import simulate
from causal_snn.simulation.stationary import sample_stationary

Floats = NDArray[np.float64]
Rng = np.random.Generator | int | None
LAWS = ("uniform", "patterns", "stationary")
CLOSE = 1e-9
"""How far the input of a spike pattern, summed in another order, may be from its context."""
BURN_IN = 500.0
"""Time (ms) that a simulation of other neurons than lif and cuba_lif runs before it counts."""


def context_law(
    network: Network,
    unit: int | str,
    law: str | ArrayLike = "uniform",
    *,
    contexts: Contexts | Kind | Sequence[float] | None = None,
    samples: int = 40_000,
    lanes: int = 200,
    rng: Rng = None,
) -> Floats:
    """Return a law on the contexts of a unit, for averages over contexts.

    Parameters
    ----------
    network : Network
    unit : int or str
    law : {"uniform", "patterns", "stationary"} or array, shape (C,)
        ``"uniform"``: each distinct input alike. ``"patterns"``: each spike pattern of the
        presynaptic units alike, so that an input counts as often as patterns give it (the
        maximum-entropy intervention on the others). ``"stationary"``: as often as the freely
        running network gives it, a marginal law of the others that does not know the unit's own
        state. Or the weights themselves, which may be 0.
    contexts : Contexts, {"states", "extremes", "interval"} or array, optional
        The contexts, see `causal_snn.kernel.next_spike`.
    samples, lanes : int
        Spike patterns to sample for the stationary law, and in how many replicas.
    rng : numpy.random.Generator or int, optional
        Source of the noise of the stationary law.

    Returns
    -------
    array, shape (C,)

    Raises
    ------
    InputError
        If the law is unknown, is no law on these contexts, or cannot be told for them.
    """
    k = network.index(unit)
    found = contexts if isinstance(contexts, Contexts) else contexts_of(network, k, contexts)
    count = len(found.inputs)
    if not isinstance(law, str):
        return given_law(law, count)
    if law not in LAWS:
        raise bad("context_law", law, f"one of {LAWS}, or {count} weights")
    if law == "uniform" or count == 1:
        return np.full(count, 1.0 / count)
    if found.kind != "states":
        raise bad(
            "context_law",
            law,
            f"'uniform' or {count} weights for contexts of kind {found.kind!r}",
            "Use contexts='states', whose inputs are those that spike patterns give.",
        )
    row = network.weights[k].copy()
    row[k] = 0.0
    if law == "patterns":
        sources = np.flatnonzero(row)
        bits = (np.arange(2 ** len(sources))[:, None] >> np.arange(len(sources))) & 1
        return _shares(bits @ row[sources], found.inputs)
    return _shares(_patterns(network, samples, lanes, rng).T @ row, found.inputs)


def given_law(law: ArrayLike, count: int) -> Floats:
    """Return weights that were given, as a law."""
    allowed = f"{count} weights of 0 or more that sum to 1, one for each context"
    try:
        weights = np.array(law, dtype=float)
    except (TypeError, ValueError):
        raise bad("context_law", law, allowed) from None
    if weights.shape != (count,) or not np.all(weights >= 0) or abs(weights.sum() - 1) > CLOSE:
        raise bad("context_law", law, allowed)
    return np.asarray(weights / weights.sum())


def _shares(inputs: Floats, contexts: Floats) -> Floats:
    """Return how many of the inputs are each context."""
    right = np.clip(np.searchsorted(contexts, inputs), 1, len(contexts) - 1)
    nearer = inputs - contexts[right - 1] < contexts[right] - inputs
    place = np.where(nearer, right - 1, right)
    scale = max(1.0, float(np.abs(contexts).max()))
    if np.abs(contexts[place] - inputs).max() > CLOSE * scale:
        raise InputError("context_law: a spike pattern gives an input that is no context")
    return np.asarray(np.bincount(place, minlength=len(contexts)) / len(inputs))


def _patterns(network: Network, samples: int, lanes: int, rng: Rng) -> NDArray[np.bool_]:
    """Return spike patterns of the freely running network, shape (n, samples)."""
    check_whole("samples", samples)
    check_whole("lanes", lanes)
    if network.plain and all(is_lif_family(model) for model in network.neurons):
        return sample_stationary(network, samples=samples, lanes=lanes, rng=rng).spiked
    first = int(np.ceil(BURN_IN / network.dt))
    steps = -(-samples // lanes)
    run = simulate(network, (first + steps) * network.dt, replicas=lanes, rng=rng, progress=False)
    trains = run.trains
    step = np.rint(trains.times / network.dt).astype(np.int64) - first - 1
    late = step >= 0
    spiked = np.zeros((network.n, steps, lanes), bool)
    spiked[trains.units[late], step[late], trains.replicas[late]] = True
    return spiked.reshape(network.n, -1)
