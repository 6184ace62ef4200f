"""An independent checker of lumping certificates: it shares no code with the solver.

It enumerates lumpings and leaves a branch only when two states of one cell must end up further
apart than twice the claimed bound, TV >= sum_b |D_b|/2 - sum_u |P_vu - P_wu|/2 (D_b over the
placed columns of cell b, u over the others), or two states of different cells too near. Radii
of up to three cells: (sum M - 1)/k, (1 - sum m)/k, (M_b - m_b)/2 (theory/10_lumping.py M2).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np


def check(*, tolerance: float, **claim: Any) -> bool:
    """Return whether the claim is well formed, its lumping as stated, and its bounds hold."""
    try:
        return _well_formed(claim) and _as_stated(claim, tolerance) and _proved(claim, tolerance)
    except (AttributeError, IndexError, TypeError, ValueError):
        return False


def _well_formed(c: dict[str, Any]) -> bool:
    P, law, macro, n, k = c["matrices"], c["law"], c["macro"], len(c["cells"]), c["k"]
    numbers = (P, law, macro, c["upper"], c["lower"], c["separation"], c["min_mass"])
    return bool(
        all(np.all(np.isfinite(x)) for x in numbers)
        and (P.shape == (len(P), n, n) and law.shape == (n,) and macro.shape == (len(P), k, k))
        and (P.min() >= 0 and abs(P.sum(axis=2) - 1).max() < 1e-9)
        and (law.min() >= 0 and abs(law.sum() - 1) < 1e-9)
        and (macro.min() >= -1e-9 and abs(macro.sum(axis=2) - 1).max() < 1e-9)
        and sorted(c["order"]) == list(range(n))
        and list(dict.fromkeys(c["cells"].tolist())) == list(range(k))
        and 0 <= c["lower"] <= c["upper"] <= 1
    )


def _as_stated(c: dict[str, Any], tol: float) -> bool:
    """Check the epsilon, the constraints and the macro rows of the lumping itself."""
    worst = 0.0
    for matrix, macro in zip(c["matrices"], c["macro"], strict=True):
        for a, rows in enumerate(_rows(matrix, c["cells"], c["k"])):
            radius = _radius(rows)
            worst = max(worst, radius)
            near = abs(macro[:a] - macro[a]).sum(axis=1) / 2 < c["separation"] - tol
            if near.any() or abs(rows - macro[a]).sum(axis=1).max() / 2 > radius + tol:
                return False
    return _fits(c, c["cells"]) and bool(abs(worst - c["upper"]) <= tol)


def _proved(c: dict[str, Any], tol: float) -> bool:
    """Enumerate: no lumping that satisfies the constraints is below lower - tol."""
    limit, order, n = c["lower"] - tol, np.asarray(c["order"]), len(c["order"])
    w, v = np.tril_indices(n, -1)  # pairs of the first d states come first
    P = c["matrices"][:, order[:, None], order]
    stack = [np.zeros((0, 1), dtype=np.int16)] if limit > 0 else []
    while stack:
        block = _placed(stack.pop(), c)
        d = len(block)
        for matrix in P:
            pairs = d * (d - 1) // 2
            differ = matrix[v[:pairs]] - matrix[w[:pairs]]
            known, rest = differ[:, :d], abs(differ[:, d:]).sum(axis=1) / 2
            far, near = 2 * limit + rest, c["separation"] - 2 * limit - rest - 1e-8
            i = np.flatnonzero((abs(known).sum(axis=1) / 2 > far) | (near > 0))
            tv = np.zeros((len(i), block.shape[1]))
            for b in range(c["k"]):
                tv += abs(known[i] @ (block == b).astype(float)) / 2
            same = block[v[i]] == block[w[i]]
            fails = (same & (tv > far[i, None])) | (~same & (tv < near[i, None]))
            block = block[:, ~fails.any(axis=0)]
        if d < n:
            stack += [block[:, s : s + 2048] for s in range(0, block.shape[1], 2048)]
        elif any(_below(c, cells, limit) for cells in block[np.argsort(order)].T):
            return False
    return True


def _placed(block: Any, c: dict[str, Any]) -> Any:
    """Place the next state in every way; new cells are numbered as they appear."""
    left = len(c["order"]) - len(block) - 1
    loose = not c["contiguous"] or list(c["order"]) != sorted(c["order"])
    top, found = block.max(axis=0, initial=-1), []
    for b in range(c["k"]):
        keep = (b <= top + 1) & (c["k"] - 1 - np.maximum(top, b) <= left) & ((b >= top) | loose)
        found.append(np.vstack([block[:, keep], np.full((1, keep.sum()), b, dtype=np.int16)]))
    return np.concatenate(found, axis=1)


def _below(c: dict[str, Any], cells: Any, limit: float) -> bool:
    """Return whether a lumping satisfies the constraints and has an epsilon below the limit."""
    lumped = [_rows(matrix, cells, c["k"]) for matrix in c["matrices"]]
    if not _fits(c, cells) or any(_radius(rows) >= limit for some in lumped for rows in some):
        return False
    return c["separation"] == 0 or all(_apart(some, c["separation"]) for some in lumped)


def _fits(c: dict[str, Any], cells: Any) -> bool:
    masses = np.bincount(cells, weights=c["law"], minlength=c["k"])
    return bool(
        np.bincount(cells, minlength=c["k"]).min() >= max(1, c["min_size"])
        and masses.min() >= c["min_mass"] - 1e-10
        and not (c["contiguous"] and sum(a != b for a, b in pairwise(cells)) != c["k"] - 1)
    )


def _rows(matrix: Any, cells: Any, k: int) -> list[Any]:
    lumped = np.column_stack([matrix[:, cells == b].sum(axis=1) for b in range(k)])
    return [lumped[cells == a] for a in range(k)]


def _radius(x: Any) -> float:
    from scipy.optimize import linprog

    (m, k), high, low = x.shape, x.max(axis=0), x.min(axis=0)
    if k <= 3 or m == 1:
        return float(max((high - low).max() / 2, (high.sum() - 1) / k, (1 - low.sum()) / k))
    q, t, none = np.tile(np.eye(k), (m, 1)), np.eye(m * k), np.zeros((m * k, 1))
    total = np.hstack([np.zeros((m, k)), np.kron(np.eye(m), np.ones(k)) / 2, -np.ones((m, 1))])
    A = np.vstack([np.hstack([-q, -t, none]), np.hstack([q, -t, none]), total])  # |x - q| <= t
    b, last = np.concatenate([-x.ravel(), x.ravel(), np.zeros(m)]), np.eye(A.shape[1])[-1]
    sharp = dict.fromkeys(("primal_feasibility_tolerance", "dual_feasibility_tolerance"), 1e-10)
    return float(linprog(last, A, b, np.arange(len(last))[None] < k, [1.0], options=sharp).fun)


def _apart(cells: list[Any], demanded: float) -> bool:
    """Return whether centres of all the cells can be that far from each other, all at once."""
    from scipy.optimize import milp

    k, (a, b), near = len(cells), np.triu_indices(len(cells), 1), demanded - 1e-9
    low = np.array([x.max(axis=0) - _radius(x) for x in cells])
    high = np.array([x.min(axis=0) + _radius(x) for x in cells])
    reach = min(np.maximum(high[s] - low[t], 0).sum(axis=1).min() for s, t in ((a, b), (b, a)))
    if reach < near or k == 2:  # two: the middles are the only centres
        return bool(reach >= near)
    sets = np.array([[s >> i & 1 for i in range(k)] for s in range(1, 2**k - 1)], dtype=float)
    p, m, eye = len(a), len(sets), np.eye(k)  # unknown: q (k, k), one set for each pair
    inside = np.hstack([np.kron(eye, sets), np.zeros((k * m, p * m))])  # q(B) >= M_B - r
    far = np.hstack([np.kron(eye[a] - eye[b], sets), -2 * np.eye(p * m)])  # >= s - 2 + 2 choice
    one = np.hstack([np.kron(eye, np.ones(k)), np.zeros((k, p * m))])
    chosen = np.hstack([np.zeros((p, k * k)), np.kron(np.eye(p), np.ones(m))])
    least = np.concatenate([(x @ sets.T).max(axis=0) - _radius(x) for x in cells])
    lows = np.concatenate([least - 1e-10, np.full(p * m, near - 2), np.ones(k + p)])
    highs = np.where(np.arange(len(lows)) < k * m + p * m, np.inf, 1.0)
    rules, whole = np.vstack([inside, far, one, chosen]), np.arange(k * k + p * m) >= k * k
    return bool(milp(0 * whole, constraints=(rules, lows, highs), integrality=whole).success)
