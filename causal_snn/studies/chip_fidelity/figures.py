"""Figures of two macro TPMs side by side: rows, and what each edge does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.errors import bad
from causal_snn.tpm import TPM

Floats = NDArray[np.float64]
EXACT = 1e-9
"""Effects below it are 0, in exact TPMs."""


@dataclass(frozen=True, slots=True, eq=False)
class RowFigures:
    """How far the rows of two TPMs are apart.

    Attributes
    ----------
    states : array of int, shape (S, n)
        The macro states, in row order.
    tv : array, shape (S,)
        Total variation between the joint rows.
    unit_tv : array, shape (n, S)
        The same for each unit's own next state.
    kl : array, shape (S,)
        Relative entropy of the chip's row from the float row (bits): infinite where the chip
        cannot do what the float network does.
    """

    states: NDArray[np.int64]
    tv: Floats
    unit_tv: Floats
    kl: Floats

    @property
    def worst(self) -> tuple[int, ...]:
        """The macro state whose rows are furthest apart."""
        return tuple(int(x) for x in self.states[int(np.argmax(self.tv))])


@dataclass(frozen=True, slots=True, eq=False)
class EdgeFigures:
    """What do(x_j) does to P(x_i next), averaged over the states of all other units.

    Attributes
    ----------
    labels : tuple of str
    effect : array, shape (2, n, n)
        Of the float network and of the chip: P(i next in its last cell) under do(j in its last
        cell) less that under do(j in its first), row = target i, column = source j. The last
        cell is a spike for ternary units, "on" for binary ones.
    reach : array, shape (2, n, n)
        Greatest total variation of i's next state over what j can be set to.
    tolerance : float
        Effects up to it count as none.
    """

    labels: tuple[str, ...]
    effect: Floats
    reach: Floats
    tolerance: float

    @property
    def edges(self) -> NDArray[np.bool_]:
        """Pairs of different units between which either TPM has an effect, shape (n, n)."""
        some = (self.reach > self.tolerance).any(axis=0)
        return np.asarray(some & ~np.eye(len(self.labels), dtype=bool))

    @property
    def correlation(self) -> float:
        """Pearson's correlation of the effects over `edges`; not a number without variation."""
        a, b = self.effect[:, self.edges]
        if a.size < 2 or np.ptp(a) <= self.tolerance or np.ptp(b) <= self.tolerance:
            return float("nan")
        return float(np.corrcoef(a, b)[0, 1])

    @property
    def flipped(self) -> tuple[tuple[str, str], ...]:
        """Edges (source, target) whose effect has the other sign on the chip."""
        a, b = np.where(np.abs(self.effect) > self.tolerance, self.effect, 0.0)
        return self._named(a * b < 0)

    @property
    def silenced(self) -> tuple[tuple[str, str], ...]:
        """Edges (source, target) that do something in the float network and nothing on chip."""
        return self._named((self.reach[0] > self.tolerance) & (self.reach[1] <= self.tolerance))

    @property
    def created(self) -> tuple[tuple[str, str], ...]:
        """Edges (source, target) that do something on the chip only."""
        return self._named((self.reach[1] > self.tolerance) & (self.reach[0] <= self.tolerance))

    def _named(self, which: NDArray[np.bool_]) -> tuple[tuple[str, str], ...]:
        kept = which & ~np.eye(len(self.labels), dtype=bool)
        return tuple((self.labels[j], self.labels[i]) for i, j in np.argwhere(kept))


def row_figures(reference: TPM, chip: TPM) -> RowFigures:
    """Return how far the rows of a chip's TPM are from those of the float network.

    Raises
    ------
    InputError
        If the two do not have the same units and macro states.
    """
    check_matched(reference, chip)
    p, q = reference.state_by_state, chip.state_by_state
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log2(p) - np.log2(q)), 0.0)
    pairs = zip(reference.marginals, chip.marginals, strict=True)
    return RowFigures(
        states=reference.states,
        tv=0.5 * np.abs(p - q).sum(axis=1),
        unit_tv=np.stack(
            [0.5 * np.abs(order.flat(a - b, reference.n)).sum(axis=1) for a, b in pairs]
        ),
        kl=np.maximum(terms.sum(axis=1), 0.0),
    )


def edge_figures(reference: TPM, chip: TPM, *, tolerance: float = EXACT) -> EdgeFigures:
    """Return the intervention effect of every unit on every other, in both TPMs."""
    check_matched(reference, chip)
    tables = [_effects(matrix) for matrix in (reference, chip)]
    return EdgeFigures(
        labels=reference.labels,
        effect=np.stack([effect for effect, _ in tables]),
        reach=np.stack([reach for _, reach in tables]),
        tolerance=tolerance,
    )


def _effects(matrix: TPM) -> tuple[Floats, Floats]:
    n = matrix.n
    effect, reach = np.zeros((n, n)), np.zeros((n, n))
    for i, marginal in enumerate(matrix.marginals):
        for j in range(n):
            # Law of i's next state under each do(j), the other units uniform: (k_j, k_i).
            law = marginal.mean(axis=tuple(k for k in range(n) if k != j))
            effect[i, j] = law[-1, -1] - law[0, -1]
            apart = 0.5 * np.abs(law[:, None] - law[None]).sum(axis=2)
            reach[i, j] = apart.max()
    return effect, reach


def check_matched(reference: TPM, chip: TPM) -> None:
    """Raise `InputError` unless both have the same units and macro states."""
    if reference.labels != chip.labels:
        raise bad("mapped", f"units {chip.labels}", f"the reference's units {reference.labels}")
    if reference.sizes != chip.sizes:
        raise bad("mapped", f"macro states {chip.sizes}", f"{reference.sizes}, the reference's")
