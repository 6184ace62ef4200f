"""IntervalTPM: bounds on a macro transition matrix, for all within-cell laws at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import InputError, bad
from causal_snn.provenance import provenance
from causal_snn.tpm.tpm import ROUNDING, TPM

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class IntervalTPM:
    """Lower and upper P(next macro state | do(macro state)) of each unit, little-endian.

    Every micro state of a macro state, and so every law on them, has its chances within the
    bounds; each bound is reached by some micro state. A credal set for each unit: joint rows
    are mixtures of products of such rows.

    Attributes
    ----------
    lower, upper : tuple of array
        For each unit bounds of P(its next state | state of all), shape (*sizes, k_i).
    labels : tuple of str
    cells : tuple of tuple of str
        Names of each unit's macro states.
    law : str
    provenance : mapping
    """

    lower: tuple[Floats, ...]
    upper: tuple[Floats, ...]
    labels: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    law: str = "worst"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.labels)
        if not n == len(self.cells) == len(self.lower) == len(self.upper):
            raise bad("labels", self.labels, "as many labels, cells, lower and upper bounds")
        for name in ("lower", "upper"):
            checked = []
            for k, given in enumerate(getattr(self, name)):
                array = np.array(given, dtype=float)
                if array.shape != (*self.sizes, self.sizes[k]):
                    shape = (*self.sizes, self.sizes[k])
                    raise bad(f"{name}[{k}]", f"shape {array.shape}", f"shape {shape}")
                array.setflags(write=False)
                checked.append(array)
            object.__setattr__(self, name, tuple(checked))
        for k, (low, high) in enumerate(zip(self.lower, self.upper, strict=True)):
            _check_bounds(order.flat(low, n), order.flat(high, n), self.sizes, self.labels[k])

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.labels)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of macro states of each unit."""
        return tuple(len(names) for names in self.cells)

    @property
    def states(self) -> NDArray[np.int64]:
        """Every macro state, shape (S, n), in row order (first unit fastest)."""
        return order.states(self.sizes)

    @property
    def lower_by_node(self) -> Floats:
        """Lower bound of P(unit on next | state), shape (2^n, n); binary units only."""
        return self._by_node(self.lower)

    @property
    def upper_by_node(self) -> Floats:
        """Upper bound of P(unit on next | state), shape (2^n, n); binary units only."""
        return self._by_node(self.upper)

    @property
    def width(self) -> Floats:
        """Widest interval of each state and unit, shape (S, n).

        Two micro states of a macro state can differ by this much in what the unit does next.
        """
        pairs = zip(self.lower, self.upper, strict=True)
        columns = [order.flat(high - low, self.n).max(axis=1) for low, high in pairs]
        return np.stack(columns, axis=1)

    @property
    def widest(self) -> tuple[float, tuple[int, ...], str]:
        """The widest interval: its width, the macro state and the unit."""
        row, k = np.unravel_index(int(np.argmax(self.width)), self.width.shape)
        state = tuple(int(x) for x in self.states[row])
        return float(self.width[row, k]), state, self.labels[int(k)]

    def contains(self, tpm: TPM, *, tolerance: float = 1e-9) -> bool:
        """Return whether the marginals of a TPM lie within the bounds."""
        return self.excess(tpm) <= tolerance

    def excess(self, tpm: TPM) -> float:
        """Return how far the marginals of a TPM lie outside the bounds at most, 0 if within."""
        if tpm.sizes != self.sizes:
            raise bad("tpm", f"states {tpm.sizes}", f"a TPM of units with {self.sizes} states")
        found = 0.0
        for low, high, row in zip(self.lower, self.upper, tpm.marginals, strict=True):
            found = max(found, float((low - row).max()), float((row - high).max()))
        return found

    def centre(self) -> TPM:
        """Return a TPM within the bounds, each row as far between them as its sum allows."""
        marginals = []
        for low, high in zip(self.lower, self.upper, strict=True):
            room = (high - low).sum(axis=-1, keepdims=True)
            part = (1.0 - low.sum(axis=-1, keepdims=True)) / np.where(room > 0, room, 1.0)
            row = low + np.clip(part, 0.0, 1.0) * (high - low)
            marginals.append(row / row.sum(axis=-1, keepdims=True))
        return TPM(
            marginals=tuple(marginals),
            labels=self.labels,
            cells=self.cells,
            law="centre of the worst case",
            provenance={**self.provenance, "centre": True},
        )

    @classmethod
    def from_state_by_node(
        cls, lower: ArrayLike, upper: ArrayLike, *, labels: Sequence[str] | None = None
    ) -> Self:
        """Return the bounds of binary units from bounds of P(unit on next), each (2^n, n)."""
        low, high = np.array(lower, dtype=float), np.array(upper, dtype=float)
        if low.shape != high.shape:
            raise bad("upper", f"shape {high.shape}", f"the shape {low.shape} of lower")
        frame = TPM.from_state_by_node(low, labels=labels)  # checks what both have in common
        pairs = [
            (np.stack([1 - b, a], axis=1), np.stack([1 - a, b], axis=1))
            for a, b in zip(low.T, high.T, strict=True)
        ]
        return cls(
            lower=tuple(order.unflat(a, frame.sizes) for a, _ in pairs),
            upper=tuple(order.unflat(b, frame.sizes) for _, b in pairs),
            labels=frame.labels,
            cells=frame.cells,
            law="given",
            provenance=provenance("state-by-node bounds given by the caller"),
        )

    def _by_node(self, tables: tuple[Floats, ...]) -> Floats:
        if set(self.sizes) != {2}:
            raise InputError(
                f"bounds by node need binary units; these have {self.sizes} states. "
                "Use `lower` and `upper`, or alphabet='binary'."
            )
        return np.stack([order.flat(m, self.n)[:, 1] for m in tables], axis=1)


def _check_bounds(low: Floats, high: Floats, sizes: Sequence[int], label: str) -> None:
    with np.errstate(invalid="ignore"):
        fine = (low >= -ROUNDING) & (low <= high + ROUNDING) & (high <= 1.0 + ROUNDING)
    sums = (low.sum(axis=1) <= 1.0 + ROUNDING) & (high.sum(axis=1) >= 1.0 - ROUNDING)
    wrong = ~(fine.all(axis=1) & sums)
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        state = tuple(int(x) for x in order.states(sizes)[k])
        raise bad(
            f"bounds of unit {label} at state {state}",
            [(float(a), float(b)) for a, b in zip(low[k], high[k], strict=True)],
            "0 <= lower <= upper <= 1, the lower ones summing to at most 1, the upper to at least",
        )
