"""TPM: the macro transition matrix of a network, factored by unit, with its independence gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import InputError, bad
from causal_snn.provenance import provenance
from causal_snn.tpm.independence import Independence, measure
from causal_snn.tpm.stationary import long_run

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
ROUNDING = 1e-9
"""How far from [0, 1], or a row sum from 1, numbers may be and still be probabilities."""


@dataclass(frozen=True, slots=True, eq=False)
class TPM:
    """P(next macro state | do(macro state)), little-endian.

    Attributes
    ----------
    marginals : tuple of array
        For each unit P(its next state | state of all), shape (*sizes, k_i): what PyPhi takes.
    labels : tuple of str
    cells : tuple of tuple of str
        Names of each unit's macro states.
    independence : Independence
        How far the joint rows are from products of the marginals: measured from `joint`,
        and 0 where the marginals say it all.
    joint : array, shape (S, S), or None
        Joint rows where they are not products; None where the marginals say it all.
    law : str
        Within-cell law.
    projection_distance : float or None
        For a projected TPM, the independence gap that the projection removed.
    provenance : mapping
    """

    marginals: tuple[Floats, ...]
    labels: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    independence: Independence = field(default_factory=Independence)
    joint: Floats | None = None
    law: str = "given"
    projection_distance: float | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.cells) == len(self.marginals):
            n = len(self.marginals)
            raise bad("labels", self.labels, f"{n} labels and {n} lists of cells")
        sizes = tuple(len(names) for names in self.cells)
        checked = []
        for k, marginal in enumerate(self.marginals):
            array = np.array(marginal, dtype=float)
            if array.shape != (*sizes, sizes[k]):
                raise bad(f"marginals[{k}]", f"shape {array.shape}", f"shape {(*sizes, sizes[k])}")
            _check_rows(order.flat(array, len(sizes)), sizes, f"unit {self.labels[k]}")
            array.setflags(write=False)
            checked.append(array)
        object.__setattr__(self, "marginals", tuple(checked))
        if self.joint is not None:
            joint = np.array(self.joint, dtype=float)
            if joint.shape != (prod(sizes),) * 2:
                raise bad("joint", f"shape {joint.shape}", f"shape {(prod(sizes),) * 2}")
            _check_rows(joint, sizes, "the joint row")
            joint.setflags(write=False)
            object.__setattr__(self, "joint", joint)
            # Measured here and nowhere else, so that no joint goes without its gap.
            flats = [order.flat(m, len(sizes)) for m in checked]
            object.__setattr__(self, "independence", measure(joint, flats, sizes))

    def __repr__(self) -> str:
        sizes = " x ".join(map(str, self.sizes))
        return (
            f"<TPM of {', '.join(self.labels)}: {sizes} states, law {self.law}, "
            f"independence gap {self.independence_gap:.3g}>"
        )

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.marginals)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of macro states of each unit."""
        return tuple(len(names) for names in self.cells)

    @property
    def states(self) -> NDArray[np.int64]:
        """Every macro state, shape (S, n), in row order (first unit fastest)."""
        return order.states(self.sizes)

    @property
    def independence_gap(self) -> float:
        """Worst total variation between a joint row and the product of its marginals."""
        return self.independence.gap

    @property
    def state_by_node(self) -> Floats:
        """P(unit on next | state), shape (2^n, n); binary units only.

        Raises
        ------
        InputError
            If a unit has more than two macro states.
        """
        if set(self.sizes) != {2}:
            raise InputError(
                f"state_by_node needs binary units; these have {self.sizes} states. "
                "Use `marginals`, or alphabet='binary'."
            )
        return np.stack([order.flat(m, self.n)[:, 1] for m in self.marginals], axis=1)

    @property
    def state_by_state(self) -> Floats:
        """Joint rows P(next state | state), shape (S, S)."""
        if self.joint is not None:
            return self.joint
        return order.product([order.flat(m, self.n) for m in self.marginals])

    def state_name(self, state: Sequence[int]) -> str:
        """Return a state in words, as ``A primed, B quiet``."""
        found = order.check_state(state, self.sizes)
        return ", ".join(
            f"{label} {names[x]}"
            for label, names, x in zip(self.labels, self.cells, found, strict=True)
        )

    def reachable(self) -> NDArray[np.bool_]:
        """Return for each state whether some state leads to it (by the marginals), shape (S,)."""
        flats = [order.flat(m, self.n) for m in self.marginals]
        found = np.zeros(prod(self.sizes), dtype=bool)
        for row in range(len(found)):
            # The product itself, since PyPhi too takes what underflows for impossible.
            found |= order.product([f[row : row + 1] for f in flats])[0] > 0
        return found

    def stationary(self) -> Floats:
        """Return the long-run distribution over macro states, started from all of them alike.

        Of several closed classes each counts with the chance of ending in it.
        """
        return long_run(self.state_by_state)

    def project(self) -> TPM:
        """Return the TPM whose rows are products of the marginals, with what that cost.

        The product of marginals is the conditionally independent TPM nearest in relative
        entropy; `projection_distance` keeps the gap in total variation.
        """
        return replace(
            self,
            joint=None,
            independence=Independence(),
            projection_distance=self.independence_gap,
            provenance={**self.provenance, "projected": True},
        )

    @classmethod
    def from_state_by_node(cls, array: ArrayLike, *, labels: Sequence[str] | None = None) -> Self:
        """Return the TPM of binary units from P(unit on next | state), shape (2^n, n).

        Rows are little-endian. The format itself says that units are conditionally
        independent, so there is no gap to measure.
        """
        table = np.array(array, dtype=float)
        n = table.shape[-1] if table.ndim else 0
        if table.ndim > 2:
            table = order.flat(table, n)
        if table.ndim != 2 or n == 0 or len(table) != 2**n:
            raise bad("array", f"shape {np.shape(array)}", "shape (2^n, n), one column per unit")
        sizes = (2,) * n
        return cls(
            marginals=tuple(order.unflat(np.stack([1.0 - p, p], axis=1), sizes) for p in table.T),
            labels=_labels(labels, n),
            cells=(("off", "on"),) * n,
            provenance=provenance("state-by-node table given by the caller"),
        )

    @classmethod
    def from_state_by_state(
        cls,
        array: ArrayLike,
        *,
        sizes: Sequence[int] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Self:
        """Return the TPM from joint rows, shape (S, S), and measure their independence gap.

        `sizes` are the units' numbers of states; default binary units.
        """
        joint = np.array(array, dtype=float)
        if joint.ndim != 2 or joint.shape[0] != joint.shape[1]:
            raise bad("array", f"shape {joint.shape}", "a square table, one row per state")
        if sizes is None:
            n = max(len(joint).bit_length() - 1, 1)
            sizes = (2,) * n
        if prod(sizes) != len(joint):
            raise bad("sizes", tuple(sizes), f"sizes with product {len(joint)}, the table's rows")
        _check_rows(joint, sizes, "the joint row")
        marginals = marginalise(joint, sizes)
        return cls(
            marginals=tuple(order.unflat(m, sizes) for m in marginals),
            labels=_labels(labels, len(sizes)),
            cells=tuple(
                ("off", "on") if k == 2 else tuple(str(x) for x in range(k)) for k in sizes
            ),
            joint=joint,
            provenance=provenance("state-by-state table given by the caller"),
        )

    def to_xarray(self) -> xr.Dataset:
        """Return the marginals as an `xarray.Dataset` with named states."""
        import xarray as xr

        dims = [f"{label} now" for label in self.labels]
        coords = {dim: list(names) for dim, names in zip(dims, self.cells, strict=True)}
        return xr.Dataset(
            {
                label: xr.DataArray(
                    marginal,
                    dims=[*dims, f"{label} next"],
                    coords={**coords, f"{label} next": list(names)},
                )
                for label, marginal, names in zip(
                    self.labels, self.marginals, self.cells, strict=True
                )
            },
            attrs={"independence_gap": self.independence_gap, "law": self.law},
        )


def marginalise(joint: Floats, sizes: Sequence[int]) -> list[Floats]:
    """Return each unit's marginal of joint rows: (R, S) -> n arrays (R, k_i)."""
    grid = joint.reshape((len(joint), *sizes), order="F")
    axes = range(1, len(sizes) + 1)
    return [grid.sum(axis=tuple(a for a in axes if a != k + 1)) for k in range(len(sizes))]


def _check_rows(rows: Floats, sizes: Sequence[int], what: str) -> None:
    wrong = (~np.isfinite(rows) | (rows < -ROUNDING) | (rows > 1.0 + ROUNDING)).any(axis=1) | (
        np.abs(rows.sum(axis=1) - 1.0) > ROUNDING
    )
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        state = tuple(int(x) for x in order.states(sizes)[k])
        raise bad(
            f"{what} at state {state}",
            [float(p) for p in rows[k]],
            "probabilities from 0 to 1 that sum to 1",
        )


def _labels(labels: Sequence[str] | None, n: int) -> tuple[str, ...]:
    if labels is None:
        return tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:n]) if n <= 26 else tuple(map(str, range(n)))
    if len(labels) != n or len(set(labels)) != n:
        raise bad("labels", list(labels), f"{n} names that differ")
    return tuple(labels)
