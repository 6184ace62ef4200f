"""Search of the grouping with the most effective information: by enumeration or local moves."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn.progress import track
from causal_snn.tpm.closure import lumpability_gap
from causal_snn.tpm.emergence import cell_labels
from causal_snn.tpm.information import entropy

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Numbers = NDArray[np.integer[Any]]
type Objective = Literal["effective_information", "effectiveness"]
TIE = 1e-12
"""Values closer than this tie; the grouping with more cells is then taken."""
_AT_ONCE = 4  # last states whose cells are tried in one go: at most some 20,000 groupings
_MOST_MODES = 12  # slow modes that clustering looks at
_MOST_STARTS = 3  # starts that local moves improve, besides the random ones


class Search:
    """The best grouping seen so far.

    Parameters
    ----------
    rows : array, shape (n, n)
        Transition probabilities, checked.
    objective : {"effective_information", "effectiveness"}
    max_gap : float or None
        Largest lumpability gap of a grouping that is allowed.
    """

    def __init__(self, rows: Floats, objective: Objective, max_gap: float | None) -> None:
        self.rows, self.objective, self.max_gap = rows, objective, max_gap
        self.labels: Labels = np.arange(len(rows))  # lumpable, so always allowed
        self.evaluated = 0
        self.value = float(self.values(self.labels[None])[0])
        self.evaluated = 0  # every method meets it again

    def values(self, labels: Numbers) -> Floats:
        """Return the objective of many groupings, labels (B, n), without empty cells."""
        count = labels.max(axis=1) + 1
        found = np.empty(len(labels))
        for k in np.unique(count):
            at = np.flatnonzero(count == k)
            member = np.eye(k)[labels[at]]
            sums = member.transpose(0, 2, 1) @ (self.rows @ member)
            found[at] = self.scale(_macro_values(sums, member.sum(axis=1)), int(k))
        self.evaluated += len(labels)
        return found

    def scale(self, bits: Floats, cells: int) -> Floats:
        """Return the objective from effective information at a number of cells."""
        if self.objective == "effective_information" or cells < 2:
            return bits
        return bits / log2(cells)

    def offer(self, labels: Numbers, values: Floats) -> None:
        """Take the best allowed of some groupings, labels (B, n), if it beats the one held."""
        cells = labels.max(axis=1)
        for k in np.lexsort((-cells, -values)):
            gain = values[k] - self.value
            if gain < -TIE:
                break
            better = gain > TIE or cells[k] > self.labels.max()
            if better and self.allowed(labels[k]):
                self.labels, self.value = labels[k].astype(np.int64), float(values[k])

    def allowed(self, labels: Numbers) -> bool:
        """Return whether a grouping is lumpable enough."""
        return self.max_gap is None or lumpability_gap(self.rows, labels) <= self.max_gap

    def all(self, progress: bool) -> None:
        """Try every set partition."""
        n = len(self.rows)
        starts = _expanded(np.zeros((1, 1), dtype=np.int8), max(n - _AT_ONCE, 1))
        for start in track(starts, label="groupings of states", show=progress):
            labels = _expanded(start[None], n)
            self.offer(labels, self.values(labels))

    def heuristic(self, restarts: int, rng: np.random.Generator, progress: bool) -> None:
        """Improve good starts by local moves."""
        n = len(self.rows)
        starts = np.unique(np.stack([*merges(self.rows), *_clusterings(self.rows)]), axis=0)
        values = self.values(starts)
        self.offer(starts, values)
        best = starts[np.argsort(-values, kind="stable")[:_MOST_STARTS]]
        cells = int(self.labels.max()) + 1
        chance = [cell_labels(rng.integers(0, cells, n), n) for _ in range(restarts)]
        tried = [self.labels, *best, *chance]
        for labels in track(tried, label="improving groupings", show=progress):
            self.climb(labels)

    def climb(self, labels: Labels) -> None:
        """Move single states and merge cells while the objective rises."""
        value = float(self.values(labels[None])[0])
        improved = True
        while improved:
            improved = False
            for state in range(len(labels)):
                moved, found = self.best_move(labels, state)
                if found > value + TIE:
                    labels, value, improved = moved, found, True
            merged, found = self.best_merge(labels)
            if found > value + TIE:
                labels, value, improved = merged, found, True
            self.offer(labels[None], np.array([value]))

    def best_move(self, labels: Labels, state: int) -> tuple[Labels, float]:
        """Return the best grouping that differs in the cell of one state, and its value."""
        alone = labels.copy()
        alone[state] = labels.max() + 1
        apart = cell_labels(alone, len(labels))
        k = int(apart.max()) + 1
        bits = _join_values(*_sums(self.rows, apart), apart[state])
        values = self.scale(bits, k - 1)
        values[apart[state]] = self.scale(bits, k)[apart[state]]
        self.evaluated += k
        for target in np.argsort(-values, kind="stable"):
            moved = apart.copy()
            moved[state] = target
            moved = cell_labels(moved, len(labels))
            if np.array_equal(moved, labels) or self.allowed(moved):
                return moved, float(values[target])
        return labels, -np.inf

    def best_merge(self, labels: Labels) -> tuple[Labels, float]:
        """Return the best grouping with two cells joined, and its value."""
        k = int(labels.max()) + 1
        if k == 1:
            return labels, -np.inf
        bits = _merge_values(*_sums(self.rows, labels))
        self.evaluated += k * (k - 1) // 2
        a, b = _best_pair(bits)
        merged = cell_labels(np.where(labels == b, a, labels), len(labels))
        value = float(self.scale(bits[a : a + 1, b], k - 1)[0])
        return merged, value if self.allowed(merged) else -np.inf


def _macro_values(sums: Floats, mass: Floats) -> Floats:
    """Return EI in bits of many macro matrices from A'PA (B, k, k) and cell sizes (B, k)."""
    macro = sums / mass[..., None]
    return np.asarray(entropy(macro.mean(axis=1)) - entropy(macro).mean(axis=1))


def _sums(rows: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Return A'PA (k, k) and the cell sizes (k,)."""
    member = np.eye(int(labels.max()) + 1)[labels]
    return member.T @ rows @ member, member.sum(axis=0)


def _merge_values(sums: Floats, mass: Floats) -> Floats:
    """Return EI in bits after joining cells a and b, for all pairs, shape (k, k)."""
    return np.stack([_join_values(sums, mass, cell) for cell in range(len(mass))])


def _join_values(sums: Floats, mass: Floats, cell: int) -> Floats:
    """Return EI in bits after one cell joins each other cell t, (k,); at itself EI as it is.

    In O(k^2): joining two columns changes one term of every row's entropy, the joined row is
    the mean of two by mass, and the mean row loses two rows and gains that one.
    """
    k = len(mass)
    macro = sums / mass[:, None]
    ours = macro[:, cell, None]
    change = _p_log_p(macro + ours) - _p_log_p(macro) - _p_log_p(ours)  # (row, t)
    change[cell] = 0.0
    np.fill_diagonal(change, 0.0)
    joined = (sums + sums[cell]) / (mass + mass[cell])[:, None]  # (t, column)
    mean = (macro.sum(axis=0) - macro - macro[cell] + joined) / max(k - 1, 1)
    certainty = -entropy(macro)
    rows = certainty.sum() - certainty - certainty[cell] + change.sum(axis=0)
    bits = (rows + _joined(joined, cell)) / max(k - 1, 1) - _joined(mean, cell)
    bits[cell] = certainty.mean() + entropy(macro.mean(axis=0))
    return np.asarray(bits)


def _joined(table: Floats, cell: int) -> Floats:
    """Return sum p log2 p of each row t after its columns t and `cell` are joined."""
    own, other = np.diag(table), table[:, cell]
    change = _p_log_p(own + other) - _p_log_p(own) - _p_log_p(other)
    return np.asarray(_p_log_p(table).sum(axis=1) + change)


def _p_log_p(p: Floats) -> Floats:
    # Differences of sums may be a rounding below 0.
    return np.asarray(p * np.log2(p, out=np.zeros_like(p), where=p > 0))


def _best_pair(values: Floats) -> tuple[int, int]:
    """Return the first best pair a < b; ties to within rounding."""
    a, b = np.triu_indices(len(values), k=1)
    at = int(np.argmax(values[a, b] >= values[a, b].max() - TIE))
    return int(a[at]), int(b[at])


def _expanded(labels: NDArray[np.int8], n: int) -> NDArray[np.int8]:
    """Return the set partitions of n states that continue those given, (B, m) to (B', n).

    As restricted growth strings: each state goes to an old cell or to the next new one.
    """
    while labels.shape[1] < n:
        choices = labels.max(axis=1).astype(np.int64) + 2
        ends = np.cumsum(choices)
        last = np.arange(ends[-1]) - np.repeat(ends - choices, choices)
        labels = np.column_stack([np.repeat(labels, choices, axis=0), last.astype(np.int8)])
    return labels


def merges(rows: Floats) -> Iterator[Labels]:
    """Yield the labels of n, n - 1, ..., 1 cells, each merge the best at its step."""
    labels = np.arange(len(rows))
    yield labels
    while labels.max() > 0:
        a, b = _best_pair(_merge_values(*_sums(rows, labels)))
        labels = np.where(labels == b, a, labels)
        labels -= labels > b
        yield labels


def _clusterings(rows: Floats) -> Iterator[Labels]:
    """Yield groupings of states with like effects, or like slow modes (as PCCA does)."""
    from scipy.cluster.hierarchy import cut_tree, linkage

    n = len(rows)
    if n < 3:
        return
    # Square roots: the Euclidean distance of rows is then the Hellinger distance.
    for labels in cut_tree(linkage(np.sqrt(rows), "ward")).T:
        yield cell_labels(labels, n)
    rates, modes = np.linalg.eig(rows)
    modes = modes[:, np.argsort(-np.abs(rates), kind="stable")]
    for k in range(2, min(n, _MOST_MODES)):
        slow = np.concatenate([modes[:, :k].real, modes[:, :k].imag], axis=1)
        yield cell_labels(cut_tree(linkage(slow, "ward"), n_clusters=k)[:, 0], n)
