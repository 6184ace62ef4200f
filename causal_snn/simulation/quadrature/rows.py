"""Transition rows of small networks over many steps, without Monte Carlo.

The joint transfer operator of up to three units, on composite Gauss-Legendre nodes: see `unit`
(one unit's step), `operator` (the network's) and `mesh` (where the nodes are). One step alone is
the closed form, for up to twelve units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.models.network import Network
from causal_snn.models.step import StepMap
from causal_snn.provenance import provenance
from causal_snn.simulation.quadrature.solve import REFINEMENTS, Grids, Task, closed_form, solve
from causal_snn.simulation.quadrature.unit import Micro

Floats = NDArray[np.float64]
SAFETY = 2.0
"""Times the change from the coarser grid that counts as the error."""
MOST_UNITS, MOST_UNITS_ONE_STEP = 3, 12
MOST_NUMBERS = 100_000_000
"""Largest array, in doubles."""


@dataclass(frozen=True, slots=True, eq=False)
class Quadrature:
    """Transition rows and how far to trust them.

    Attributes
    ----------
    rows : array, shape (S, K)
        P(cells of all units at the last step | do(state)), K little-endian (`order`).
    defect : float
        Largest deviation of a row from a probability law (sum 1, none negative) before
        it was normalised.
    error : float
        The larger of `defect` and the largest difference from the rows of the next coarser
        grid, which estimates that grid's error: this one's is usually far smaller. 0 where
        the rows are closed forms.
    nodes : tuple of int
        States of each unit on the grid; empty where there is none.
    success : bool
        Whether `error` is within the tolerance asked for.
    message : str
        What was reached, in words.
    provenance : dict
        Method, options, versions.
    """

    rows: Floats
    defect: float
    error: float
    nodes: tuple[int, ...]
    success: bool
    message: str
    provenance: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Quadrature {self.rows.shape[0]} x {self.rows.shape[1]}: {self.message}>"


def quadrature_rows(
    network: Network,
    states: ArrayLike,
    steps: int,
    *,
    edges: Sequence[ArrayLike] | None = None,
    nodes: int = 400_000,
    tolerance: float = 1e-4,
) -> Quadrature:
    """Return the probability of what a network does `steps` steps after do(states).

    rows = a A^(steps - 2) o: a is the exact law one step after the start, A the transfer
    operator on the nodes, o the exact probability of each outcome one step later. A grid is
    refined throughout until two in succession agree.

    Parameters
    ----------
    network : Network
        Of lif units: up to 3, or up to 12 for one step or without noise.
    states : array, shape (S, n)
        Potentials set by intervention, before reset (mV): at or above threshold means "just
        spiked", as in `micro_state`.
    steps : int
        Steps from the intervention to the outcome, 1 or more.
    edges : sequence of array, one for each unit, optional
        Ascending potentials (mV) that cut the potential before reset into cells, numbered by
        `numpy.digitize`. Default: whether each unit spikes (1) or not (0).
    nodes : int
        Most joint states (product over units) the grid may have.
    tolerance : float
        Largest error of a probability.

    Returns
    -------
    Quadrature
        `success` is False, and `message` says why, if the grid may not grow further.

    Raises
    ------
    InputError
        If the network has synaptic currents or too many units, a unit without noise can be at
        too many potentials, `nodes` is too small for an error estimate, or an argument makes
        no sense.
    """
    step = network.step()
    _check_network(network, step)
    potentials, cuts = _check_states(network, states), _check_edges(network, edges)
    _check_numbers(network, steps, nodes, tolerance, noisy=bool(np.any(step.sigma)))
    cells = prod(2 if cut is None else len(cut) + 1 for cut in cuts)
    if cells * len(potentials) > MOST_NUMBERS:
        raise bad(
            "states, edges",
            f"{len(potentials):,} states x {cells:,} cells",
            f"at most {MOST_NUMBERS:,} probabilities",
            "Ask for fewer states or cells at a time.",
        )
    units = tuple(step.unit(k) for k in range(network.n))
    starts = tuple(_start(unit, potentials[:, k]) for k, unit in enumerate(units))
    task = Task(network.labels, network.weights, units, starts, int(steps), cuts)
    options = {"network": network.name, "steps": int(steps), "tolerance": float(tolerance)}
    if steps > 1 and np.any(step.sigma):
        return _refine(task, nodes, tolerance, options)
    how = "closed form of one step" if steps == 1 else "exact: no unit has noise"
    return Quadrature(closed_form(task), 0.0, 0.0, (), True, how, provenance(how, **options))


def _refine(task: Task, nodes: int, tolerance: float, options: dict[str, Any]) -> Quadrature:
    """Refine the grid until two grids in succession agree, or it may not grow."""
    grids = Grids(task, nodes, tolerance)
    level, error, raw = 0, np.inf, solve(task, grids.spaces(0))
    while error > tolerance and grids.fits(level + 1):
        level += 1
        coarser, raw = raw, solve(task, grids.spaces(level))
        defect = max(float(np.abs(raw.sum(axis=1) - 1).max()), -float(raw.min()))
        error = max(SAFETY * float(np.abs(raw - coarser).max()), defect)
    rows = np.maximum(raw, 0.0)
    rows /= rows.sum(axis=1, keepdims=True)
    sizes = tuple(space.size for space in grids.spaces(level))
    success = error <= tolerance
    message = f"error {error:.1e} on {' x '.join(map(str, sizes))} states"
    if not success:
        message = f"not converged: {message}, tolerance {tolerance:g}; " + (
            "allow more nodes" if level + 1 < len(REFINEMENTS) else "no finer grid is tried"
        )
    made = provenance(
        "transfer operator on composite Gauss-Legendre nodes, its kernel integrated exactly",
        **options,
        nodes=list(sizes),
        error=error,
        defect=defect,
        converged=success,
    )
    return Quadrature(rows, defect, error, sizes, success, message, made)


def _start(step: StepMap, v: Floats) -> Micro:
    """Return the micro states set by do(v): spiking from threshold on, as `micro_state`."""
    spiked = np.asarray(step.spikes(v), dtype=bool)
    return Micro(v, spiked, np.where(spiked, step.refractory, 0))


def _check_network(network: Network, step: StepMap) -> None:
    if np.any(step.gain_current) or np.any(step.current_to_potential):
        names = sorted({model.name for model in network.neurons})
        raise bad(
            "network",
            "/".join(names),
            "neurons without a synaptic current (lif)",
            "A current is one more dimension for each unit: use Monte Carlo.",
        )


def _check_states(network: Network, states: ArrayLike) -> Floats:
    table = np.array(states, dtype=float)
    if table.ndim != 2 or table.shape[1] != network.n or not len(table):
        raise bad("states", f"array of shape {table.shape}", f"shape (S, {network.n}), S >= 1")
    if not np.all(np.isfinite(table)):
        raise bad("states", table[~np.isfinite(table)][0], "finite potentials (mV)")
    return table


def _check_edges(network: Network, edges: Sequence[ArrayLike] | None) -> tuple[Floats | None, ...]:
    if edges is None:
        return (None,) * network.n
    if len(edges) != network.n:
        raise bad("edges", f"{len(edges)} arrays", f"{network.n}, one for each unit")
    tables = []
    for label, given in zip(network.labels, edges, strict=True):
        cuts = np.array(given, dtype=float)
        if cuts.ndim != 1 or not np.all(np.isfinite(cuts)) or np.any(np.diff(cuts) <= 0):
            raise bad(f"edges of unit {label}", cuts.tolist(), "ascending finite potentials (mV)")
        tables.append(cuts)
    return tuple(tables)


def _check_numbers(
    network: Network, steps: int, nodes: int, tolerance: float, *, noisy: bool
) -> None:
    whole: tuple[tuple[str, object], ...] = (("steps", steps), ("nodes", nodes))
    for name, value in whole:
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise bad(name, value, "a whole number, 1 or more")
    if not 0 < tolerance < 1:
        raise bad("tolerance", tolerance, "a probability error between 0 and 1, as 1e-4")
    most = MOST_UNITS if steps > 1 and noisy else MOST_UNITS_ONE_STEP
    if network.n > most:
        raise bad(
            "network",
            f"{network.n} units over {steps} step(s)",
            f"at most {most} units ({MOST_UNITS_ONE_STEP} for one step or without noise)",
            "Use Monte Carlo, or keep fewer units (Network.subset).",
        )
