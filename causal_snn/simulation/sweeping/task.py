"""Task: a whole sweep, checked, as it travels to workers; and the cut of its replicas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.models.network import Network
from causal_snn.models.network_checks import is_sparse
from causal_snn.provenance import provenance
from causal_snn.simulation.engine.intervention_checks import check_interventions
from causal_snn.simulation.engine.layout import Layout, lay_out
from causal_snn.simulation.engine.noise import Rng, seed_of
from causal_snn.simulation.intervention import Clamp, ClampSpikes, Intervention
from causal_snn.simulation.simulate import check_dtype
from causal_snn.simulation.sweeping.exact_weights import with_exact_weights
from causal_snn.simulation.sweeping.fingerprint import fingerprint
from causal_snn.simulation.sweeping.outcome import Outcome, check_outcome
from causal_snn.simulation.sweeping.states import StartStates, check_states

INDEPENDENT, SHARED, ANTITHETIC = "independent", "shared", "antithetic"
LANES, WIDE_LANES = 4096, 32
"""Replicas that share a random stream: side by side, or one to a row where spikes are events."""
WIDEST = 256
"""Units above which a row has one lane and spikes are events."""


@dataclass(frozen=True, slots=True, eq=False)
class ReplicaCut:
    """The replicas of a state, in chunks and batches; made by `cut_up`.

    Attributes
    ----------
    chunks : tuple of int
        Replicas in each chunk.
    batches : array of int
        Replicas in each batch, chunk after chunk.
    batch : int
        Replicas in a full batch.
    per_chunk : int
        Batches in a full chunk.
    wide : bool
        One replica to a row of lanes.
    """

    chunks: tuple[int, ...]
    batches: NDArray[np.int64]
    batch: int
    per_chunk: int
    wide: bool

    def place(self, chunk: int) -> slice:
        """Return where the batches of a chunk are."""
        first = chunk * self.per_chunk
        return slice(first, first + -(-self.chunks[chunk] // self.batch))


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What all blocks of a sweep have in common; it travels to workers.

    Attributes
    ----------
    layout : Layout
    states : StartStates
    steps : int
    interventions : tuple
        Their lanes are the states.
    noise : {"independent", "shared", "antithetic"}
    dtype : str
    seed : int
    outcome : Outcome
    cut : ReplicaCut
    accelerate : {None, "numba"}
    """

    layout: Layout
    states: StartStates
    steps: int
    interventions: tuple[Intervention, ...]
    noise: str
    dtype: str
    seed: int
    outcome: Outcome
    cut: ReplicaCut
    accelerate: str | None = None

    @property
    def antithetic(self) -> bool:
        """Whether replicas come in mirrored pairs."""
        return self.noise == ANTITHETIC

    @property
    def shape(self) -> tuple[int, int, int]:
        """States, batches and outcomes of the result."""
        return self.states.count, len(self.cut.batches), self.outcome.count


def cut_up(replicas: int, *, wide: bool) -> ReplicaCut:
    """Return the replicas of a state in chunks that share a stream, and batches within them.

    The cut depends on the number of replicas alone, so results do not depend on blocks. There
    are 32 batches or more where there are enough replicas.
    """
    lanes = WIDE_LANES if wide else LANES
    batch = min(lanes, 128)
    while batch > 1 and batch * 32 > replicas:
        batch //= 2
    chunks = [lanes] * (replicas // lanes) + ([replicas % lanes] if replicas % lanes else [])
    batches = [size for chunk in chunks for size in _pieces(chunk, batch)]
    return ReplicaCut(tuple(chunks), np.array(batches), batch, lanes // batch, wide)


def _pieces(total: int, size: int) -> list[int]:
    return [size] * (total // size) + ([total % size] if total % size else [])


def make_task(
    network: Network,
    *,
    states: Any,
    steps: int,
    replicas: int,
    rng: Rng = None,
    interventions: Any = (),
    noise: str = INDEPENDENT,
    edges: Sequence[ArrayLike] | None = None,
    window: int = 1,
    units: str = "together",
    smooth: bool | None = None,
    scheme: str | None = None,
    dtype: Any = np.float32,
    accelerate: str | None = None,
) -> Task:
    """Return a sweep, checked; its arguments are those of `sweep`.

    Raises
    ------
    InputError
        If an argument makes no sense.
    """
    wide = network.n > WIDEST or is_sparse(network.weights)
    kind = check_dtype(dtype)
    layout = lay_out(network, scheme)
    if not wide:
        layout = replace(layout, network=with_exact_weights(network, kind))
    total = check_whole("steps", steps)
    check_choice("noise", noise, (INDEPENDENT, SHARED, ANTITHETIC))
    count = check_whole("replicas", replicas)
    if noise == ANTITHETIC and count % 2:
        raise bad("replicas", count, "an even number for antithetic pairs")
    seed = seed_of(rng)
    start = check_states(states, layout)
    found = check_interventions(interventions, layout, total, start.count)
    clamped = any(
        isinstance(one, Clamp | ClampSpikes)
        and (one.stop is None or round(one.stop / network.dt) >= total)
        for one in found
    )
    pairs = count // 2 if noise == ANTITHETIC else count
    return Task(
        layout=layout,
        states=start,
        steps=total,
        interventions=found,
        noise=noise,
        dtype=str(kind),
        seed=seed,
        outcome=check_outcome(edges, window, units, smooth, layout, total, clamped=clamped),
        cut=cut_up(pairs, wide=wide),
        accelerate=accelerate,
    )


def describe(task: Task, network: Network) -> dict[str, Any]:
    """Return how a sweep is made, in plain values; arrays and networks by their fingerprints."""
    outcome, start = task.outcome, task.states
    values = [start.values[key] for key in sorted(start.values)]
    return provenance(
        "Monte Carlo, last step in closed form" if outcome.smooth else "Monte Carlo",
        noise=task.noise,
        states=start.count,
        steps=task.steps,
        replicas=sum(task.cut.chunks) * (2 if task.antithetic else 1),
        dt=float(network.dt),
        schemes=dict(task.layout.schemes),
        dtype=task.dtype,
        seed=task.seed,
        interventions=[_plain(one.describe()) for one in task.interventions],
        outcome=_outcome(outcome),
        units="together" if outcome.joint else "apart",
        accelerate=task.accelerate,
        network_fingerprint=fingerprint(network),
        states_fingerprint=fingerprint([sorted(start.values), values, start.width]),
        edges_fingerprint=fingerprint(outcome.edges),
        interventions_fingerprint=fingerprint(task.interventions),
    )


def _outcome(outcome: Outcome) -> str:
    if outcome.edges is not None:
        return "cells of the last potential"
    steps = "step" if outcome.window == 1 else f"{outcome.window} steps"
    return f"spikes in the last {steps}"


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value
