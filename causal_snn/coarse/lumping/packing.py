"""Packing: effects far from each other bound what any partition of a fixed effect space can do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.coarse.lumping.problem import by_first_appearance, frozen
from causal_snn.errors import bad, check_whole


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """A partition by farthest points, and the bound that goes with it.

    Attributes
    ----------
    cells : array, shape (m,)
        Cell of every effect; each joins the nearest of k effects far from each other.
    upper : float
        Largest diameter of these cells, at most twice `lower`.
    lower : float
        Every partition into k cells has one with a diameter of at least this.
    points : array, shape (k + 1,)
        The effects that prove it: any two of them differ by `lower` or more, and two of the
        k + 1 must share a cell. Fewer where there are no more different effects.
    """

    cells: NDArray[np.int64]
    upper: float
    lower: float
    points: NDArray[np.int64]


def packing(effects: ArrayLike, k: int) -> Packing:
    """Return bounds on the least worst diameter of k cells of given effects.

    Farthest-point traversal (Gonzalez, Theor Comput Sci 38:293, 1985): start anywhere, take k
    times the effect farthest from those taken. The last one is delta from all others, so k + 1
    effects are pairwise delta apart: every partition has a diameter of at least delta, and the
    k cells around the first k have at most 2 delta (theory/10_lumping.py M5). The effects are
    fixed: unlike in a lumping of a chain they do not depend on the partition.

    Parameters
    ----------
    effects : array, shape (m, Y) or (C, m, Y)
        Laws of m effects (in C contexts); the distance is total variation, the largest over
        contexts.
    k : int
        Number of cells.

    Raises
    ------
    InputError
        If an effect is no law, or k is not between 1 and m.
    """
    laws = np.array(effects, dtype=float)
    if laws.ndim == 2:
        laws = laws[None]
    if laws.ndim != 3 or not laws.size or not np.isfinite(laws).all() or laws.min() < 0:
        raise bad("effects", laws.shape, "laws along the last axis, shape (m, Y) or (C, m, Y)")
    sums = laws.sum(axis=2)
    if abs(sums - 1).max() > 1e-8:
        row = int(np.unravel_index(abs(sums - 1).argmax(), sums.shape)[1])
        raise bad(f"effects[{row}].sum()", float(sums.flat[abs(sums - 1).argmax()]), "1")
    if check_whole("k", k) > laws.shape[1]:
        raise bad("k", k, f"at most the number of effects, {laws.shape[1]}")

    def away(point: int) -> NDArray[np.float64]:
        tv: NDArray[np.float64] = np.abs(laws - laws[:, point, None]).sum(axis=2).max(axis=0) / 2
        return tv

    points, distances = [0], [away(0)]
    while len(points) <= k:
        farthest = int(np.argmax(np.min(distances, axis=0)))
        points.append(farthest)
        distances.append(away(farthest))
    lower = float(min(distances[a][b] for a in range(k + 1) for b in points[:a]))
    cells = np.argmin(distances[:k], axis=0)
    upper = max(float(away(point)[cells == cells[point]].max()) for point in range(len(cells)))
    return Packing(frozen(by_first_appearance(cells)), upper, lower, frozen(np.array(points)))
