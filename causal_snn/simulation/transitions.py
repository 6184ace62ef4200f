"""transitions: rows of transition probabilities to a stated error, by the cheapest way there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.models.network import Network
from causal_snn.provenance import provenance
from causal_snn.simulation.engine.noise import Rng, seed_of
from causal_snn.simulation.quadrature.rows import quadrature_rows
from causal_snn.simulation.sweeping.result import SweepResult
from causal_snn.simulation.sweeping.states import Cells
from causal_snn.simulation.sweeping.sweep import sweep

Floats = NDArray[np.float64]
CLOSED, QUADRATURE, MONTE_CARLO = "closed form", "quadrature", "monte carlo"
AUTO = "auto"
PILOT = 2048
"""Replicas that tell how many are needed."""
MOST_REPLICAS = 4_000_000
PER_STEP = 1e-8
"""Rough seconds that a neuron takes for a step in a sweep; only the choice of method uses it."""
GRID_SECONDS = {1: 0.01, 2: 0.05, 3: 0.7}
"""Rough seconds of the quadrature, by number of units; only the choice of method uses it."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Transitions:
    """What `transitions` returns.

    Attributes
    ----------
    rows : array, shape (S, K)
        Probabilities of the outcomes, little-endian; each row sums to 1.
    error : array, shape (S, K)
        0 for closed forms, the estimated error of the quadrature, or the standard error of
        Monte Carlo; of an outcome that was always or never counted among R replicas 1/R.
    method : {"closed form", "quadrature", "monte carlo"}
    reason : str
        Why this method.
    success : bool
        Whether the error is as small as asked; `message` says it in a sentence.
    message : str
    provenance : dict
    """

    rows: Floats
    error: Floats
    method: str
    reason: str
    success: bool
    message: str
    provenance: dict[str, Any]

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.rows.shape))
        return f"<Transitions: {shape} by {self.method}, error up to {np.nanmax(self.error):.2g}>"


def transitions(
    network: Network,
    *,
    states: Any,
    steps: int,
    error: float = 1e-3,
    method: str = AUTO,
    edges: Sequence[ArrayLike] | None = None,
    rng: Rng = None,
    workers: int = 1,
    progress: bool = True,
) -> Transitions:
    """Return what a network does some steps after it is set to each of some states.

    Parameters
    ----------
    network : Network
    states, steps, edges
        As in `sweep`.
    error : float
        Largest error of a probability that is wanted: of Monte Carlo the standard error.
    method : {"auto", "closed form", "quadrature", "monte carlo"}
        ``"auto"`` takes the closed form for one step of lif units; for several steps of up to
        three lif units the quadrature, unless sampling reaches the error sooner; and Monte
        Carlo for everything else.
    rng, workers, progress
        As in `sweep`, for Monte Carlo.

    Returns
    -------
    Transitions
        Its `method` and `reason` say what was done and why.

    Raises
    ------
    InputError
        If the method cannot do the network, or an argument makes no sense.
    """
    check_choice("method", method, (AUTO, CLOSED, QUADRATURE, MONTE_CARLO))
    _check_error(error)
    check_whole("steps", steps)
    chosen, reason = (
        (method, "asked for") if method != AUTO else _choose(network, states, int(steps), error)
    )
    if chosen == CLOSED and steps != 1:
        raise bad("method", CLOSED, "quadrature or monte carlo for several steps")
    if chosen == MONTE_CARLO:
        return _sample(network, states, int(steps), error, edges, reason, rng, workers, progress)
    if isinstance(states, Cells):
        raise bad("states", "Cells", "potentials: cells are for method='monte carlo'")
    found = quadrature_rows(network, states, int(steps), edges=edges, tolerance=error)
    if not found.success and method == AUTO:
        why = f"the quadrature did not reach the error: {found.message}"
        return _sample(network, states, int(steps), error, edges, why, rng, workers, progress)
    return Transitions(
        rows=found.rows,
        error=np.full(found.rows.shape, found.error),
        method=chosen,
        reason=reason,
        success=found.success,
        message=found.message,
        provenance={**found.provenance, "reason": reason},
    )


def _check_error(error: Any) -> None:
    number = isinstance(error, int | float) and not isinstance(error, bool)
    if not number or not 0.0 < error < 1.0:
        raise bad("error", error, "an error of a probability, above 0 and below 1")


def _choose(network: Network, states: Any, steps: int, error: float) -> tuple[str, str]:
    """Return a method and why."""
    kinds = sorted({model.name for model in network.neurons})
    if kinds != ["lif"] or not network.plain:
        return MONTE_CARLO, f"{', '.join(kinds)}: no closed form or quadrature is known here"
    if isinstance(states, Cells):
        return MONTE_CARLO, "the states are cells, which are sampled"
    if steps == 1 and network.n <= 12:
        return CLOSED, "one step of lif units is a product of normal distributions"
    if network.n > max(GRID_SECONDS):
        return MONTE_CARLO, f"{network.n} units: the grid of the quadrature grows as G^{network.n}"
    count = len(states) if np.ndim(states) == 2 else 1
    replicas = 0.25 / error**2
    sampling = count * replicas * steps * network.n * PER_STEP
    grid = GRID_SECONDS[network.n]
    guess = f"about {grid:.1g} s, and {replicas:.2g} replicas of each state about {sampling:.1g} s"
    if sampling < grid:
        return MONTE_CARLO, f"sampling is quicker at this error: the quadrature takes {guess}"
    return QUADRATURE, f"quadrature is quicker at this error: {guess}"


def _sample(
    network: Network,
    states: Any,
    steps: int,
    error: float,
    edges: Any,
    reason: str,
    rng: Rng,
    workers: int,
    progress: bool,
) -> Transitions:
    """Sample until the largest standard error is as small as asked; a pilot says how long."""
    seed = seed_of(rng)
    pilot = sweep(
        network,
        states=states,
        steps=steps,
        replicas=PILOT,
        edges=edges,
        rng=seed,
        workers=workers,
        progress=False,
    )
    worst = float(_errors(pilot).max())
    # A fifth more, since the pilot's errors are themselves estimates.
    needed = ceil(1.2 * PILOT * (worst / error) ** 2)
    replicas = max(PILOT, min(needed, MOST_REPLICAS))
    found = pilot
    if replicas > PILOT:
        found = sweep(
            network,
            states=states,
            steps=steps,
            replicas=replicas,
            edges=edges,
            rng=seed + 1,
            workers=workers,
            progress=progress,
        )
    errors = _errors(found)
    reached = float(errors.max())
    good = found.success and reached <= error
    message = f"largest standard error {reached:.2g} with {replicas:,} replicas of each state"
    if not found.success:
        message = found.message
    elif not good:
        more = ceil(1.2 * replicas * (reached / error) ** 2)
        message += f"; {error:g} was asked for, which takes about {more:,}"
    about = provenance(
        "Monte Carlo to a stated standard error",
        steps=steps,
        error=error,
        replicas=replicas,
        seed=seed,
        reason=reason,
        sweep={k: v for k, v in found.provenance.items() if k != "versions"},
    )
    return Transitions(
        rows=found.rows,
        error=errors,
        method=MONTE_CARLO,
        reason=reason,
        success=good,
        message=message,
        provenance=about,
    )


def _errors(found: SweepResult) -> Floats:
    """Return standard errors; what was never or always counted is not thereby certain.

    None among R leaves up to 3/R possible (the rule of three, at 95 %): 1/R stands for it.
    """
    errors = found.standard_error
    if "closed form" in str(found.provenance["method"]):
        return np.nan_to_num(errors, nan=1.0)
    replicas = found.replicas[:, None].astype(float)
    certain = (found.rows <= 0.0) | (found.rows >= 1.0)
    return np.nan_to_num(np.where(certain, 1.0 / replicas, errors), nan=1.0)
