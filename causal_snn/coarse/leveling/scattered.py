"""Levels that need not be runs of neighbouring cells: cells of like effects, wherever they lie.

With one context and two outcomes cells sorted by their effect are runs again, and so are those of
several contexts that sort them alike. Else the best of a few partitions is taken, and k + 1 cells
with effects far apart from each other say how far it may be from the best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.coarse.leveling.enclosure import Floats, Whole, between
from causal_snn.coarse.leveling.minimax import labels, minimax, split
from causal_snn.coarse.leveling.width import width
from causal_snn.kernel.distance import Distance
from causal_snn.kernel.tabulated import TabulatedKernel


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A partition of the cells and the cells that bound every other one.

    Attributes
    ----------
    cells : array of int, shape (n,)
    upper : float
        Worst width of a level.
    witnesses : tuple of int
        k + 1 cells, or none.
    lower : float
        What the witnesses prove.
    method : str
    """

    cells: Whole
    upper: float
    witnesses: tuple[int, ...]
    lower: float
    method: str


def orders(kernel: TabulatedKernel) -> dict[str, Whole]:
    """Return orders of the cells in which levels may be runs."""
    found = {"in the table's order": np.arange(kernel.n)}
    if kernel.binary:
        found["sorted by effect"] = np.argsort(
            kernel.context_law @ kernel.probability, kind="stable"
        )
        return found
    effects = np.moveaxis(kernel.rows, 1, 0).reshape(kernel.n, -1)
    centred = effects - kernel.mass @ effects
    _, axes = np.linalg.eigh(centred.T @ (centred * kernel.mass[:, None]))
    found["sorted along the main axis of the effects"] = np.argsort(
        centred @ axes[:, -1], kind="stable"
    )
    return found


def scattered(kernel: TabulatedKernel, k: int, name: Distance) -> Found:
    """Return k levels of cells, contiguous or not, with a small worst width, and a bound.

    Parameters
    ----------
    kernel : TabulatedKernel
    k : int
    name : {"tv", "hellinger", "js", "kl"}

    Returns
    -------
    Found
    """
    tried = [_in_order(kernel, order, k, name, how) for how, order in orders(kernel).items()]
    tried += [_farthest(kernel, k, name, start) for start in _starts(kernel)]
    best = min(tried, key=lambda found: found.upper)
    bound = max(tried, key=lambda found: found.lower)
    return Found(best.cells, best.upper, bound.witnesses, bound.lower, best.method)


def packing(kernel: TabulatedKernel, witnesses: tuple[int, ...], name: Distance) -> float:
    """Return how far apart, in some context, every two witnesses are at least."""
    cells = np.asarray(witnesses, dtype=np.int64)
    least = np.inf
    for position in range(len(cells) - 1):
        apart = between(kernel, int(cells[position]), cells[position + 1 :], name)[0]
        least = min(least, float(apart.max(axis=0).min()))
    return least if len(cells) > 1 else 0.0


def widest(kernel: TabulatedKernel, cells: Whole, name: Distance) -> float:
    """Return the greatest distance that effects of one level can have; cells of -1 are left out."""
    worst = 0.0
    for level in np.unique(cells[cells >= 0]):
        members = np.flatnonzero(cells == level)
        runs = width(kernel, members, name)
        worst = max(worst, runs.cost(0, len(members) - 1))
    return worst


def _in_order(kernel: TabulatedKernel, order: Whole, k: int, name: Distance, how: str) -> Found:
    best, bound = (minimax(width(kernel, order, name, side), k) for side in ("outer", "inner"))
    starts = split(width(kernel, order, name, "table"), best.starts, k)
    witnesses = tuple(int(order[x]) for x in bound.witnesses)
    return Found(
        labels(starts, order),
        best.value,
        witnesses,
        packing(kernel, witnesses, name),
        f"greedy covering and bisection, cells {how}",
    )


def _starts(kernel: TabulatedKernel) -> list[int]:
    """Return the cells with the least and the greatest effect."""
    effect = kernel.context_law @ kernel.probability
    return [int(np.argmin(effect)), int(np.argmax(effect))]


def _farthest(kernel: TabulatedKernel, k: int, name: Distance, start: int) -> Found:
    """Farthest points as centres (Gonzalez, Theor Comput Sci 38:293, 1985)."""
    everything = np.arange(kernel.n)
    centres = [start]
    near: Floats = np.full(kernel.n, np.inf)  # from the nearest centre, at least
    closest: Floats = np.full(kernel.n, np.inf)  # to the nearest centre, at most
    cells = np.zeros(kernel.n, dtype=np.int64)
    while True:
        least, greatest = between(kernel, centres[-1], everything, name)
        apart, reach = least.max(axis=0), greatest.max(axis=0)
        if len(centres) <= k:
            better = reach < closest
            cells[better], closest = len(centres) - 1, np.minimum(closest, reach)
        near = np.minimum(near, apart)
        near[centres] = -1.0
        if len(centres) == min(k + 1, kernel.n):
            break
        centres.append(int(np.argmax(near)))
    witnesses = tuple(centres) if len(centres) == k + 1 else ()
    return Found(
        cells,
        widest(kernel, cells, name),
        witnesses,
        packing(kernel, witnesses, name),
        "farthest points as centres of the levels",
    )
