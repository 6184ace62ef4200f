"""SweepResult: transition rows with their standard errors, to save, to go on with, to contrast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.errors import InputError, bad
from causal_snn.simulation.state import read_arrays, write_arrays

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """A difference of two rows: what one state makes rather than another.

    Attributes
    ----------
    difference, standard_error : array, shape (K,)
    """

    difference: Floats
    standard_error: Floats


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SweepResult:
    """What `sweep` returns.

    Attributes
    ----------
    sums : array, shape (S, batches, K)
        Outcomes of each batch of lanes, added up: counts, or probabilities of the last step.
    batch_sizes : array, shape (batches,)
        Lanes in each batch.
    done : array of bool, shape (S, batches)
        Batches that are finished; all of them where `success`.
    sizes : tuple of int
        Number of outcomes of each unit.
    joint : bool
        Whether an outcome is one of all units together.
    labels : tuple of str
        Names of the units.
    status : {"complete", "interrupted"}
    message : str
    provenance : dict
        Method, noise, steps, replicas, seed, dtype, interventions, versions.
    """

    sums: Floats
    batch_sizes: NDArray[np.int64]
    done: NDArray[np.bool_]
    sizes: tuple[int, ...]
    joint: bool
    labels: tuple[str, ...]
    status: str
    message: str
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        count, _, outcomes = self.sums.shape
        return f"<SweepResult: {count} states, {outcomes} outcomes, {self.status}>"

    @property
    def success(self) -> bool:
        """Whether all replicas of all states are finished."""
        return bool(self.done.all())

    @property
    def replicas(self) -> NDArray[np.int64]:
        """Finished replicas of each state, shape (S,)."""
        return np.asarray((self.done * self.batch_sizes).sum(axis=1))

    @property
    def rows(self) -> Floats:
        """Estimated probabilities of the outcomes, shape (S, K); NaN without a replica.

        Outcomes are in little-endian order, as in PyPhi; for ``units="apart"`` those of the first
        unit come first.
        """
        sums = np.where(self.done[:, :, None], self.sums, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            rows: Floats = sums.sum(axis=1) / self.replicas[:, None]
        return rows

    @property
    def standard_error(self) -> Floats:
        """Standard error of each entry of `rows`, shape (S, K), from the batches.

        With B batches it is itself known to about 1/sqrt(2 (B - 1)); NaN with fewer than two.
        """
        size = (self.done * self.batch_sizes).astype(float)[:, :, None]
        rows = np.nan_to_num(self.rows)[:, None]
        off = np.where(self.done[:, :, None], self.sums - size * rows, 0.0)
        return np.stack([_error(*each) for each in zip(off, size, strict=True)])

    def contrast(self, state: int, other: int) -> Contrast:
        """Return the row of a state minus that of another, with its standard error.

        Under ``noise="shared"`` both rows saw the same noise, lane by lane, and the error is that
        of the paired difference, which is why shared noise is the one for contrasts. It is of the
        batches that are finished for both states.
        """
        numbers: dict[str, Any] = {"state": state, "other": other}
        for name, k in numbers.items():
            whole = isinstance(k, int | np.integer) and not isinstance(k, bool)
            if not whole or not 0 <= k < len(self.sums):
                raise bad(name, k, f"the number of a state, 0 to {len(self.sums) - 1}")
        both = self.done[state] & self.done[other]
        if both.sum() < 2:
            raise InputError("contrast: fewer than two batches are finished for both states")
        size = self.batch_sizes[both].astype(float)[:, None]
        off = self.sums[state, both] - self.sums[other, both]
        mean = off.sum(axis=0) / size.sum()
        return Contrast(mean, _error(off - size * mean, size))

    def outcomes(self) -> list[tuple[int, ...]]:
        """Return the outcome of each column: cells of all units, or (unit, cell)."""
        if self.joint:
            return [tuple(int(x) for x in each) for each in order.states(self.sizes)]
        return [(unit, cell) for unit, size in enumerate(self.sizes) for cell in range(size)]

    def to_xarray(self) -> xr.Dataset:
        """Return rows and errors as a dataset; K outcomes are named by the units' cells."""
        import json

        import xarray as xr

        names = [",".join(map(str, each)) for each in self.outcomes()]
        attributes = {"units": "1"}
        return xr.Dataset(
            {
                "rows": (("state", "outcome"), self.rows, attributes),
                "standard_error": (("state", "outcome"), self.standard_error, attributes),
                "replicas": ("state", self.replicas),
            },
            coords={"outcome": names, "unit": list(self.labels)},
            attrs={"provenance": json.dumps(dict(self.provenance), default=str)},
        )

    def save(self, path: str | Path) -> Path:
        """Write the result to a file (npz), whole or not at all; return its path."""
        target = Path(path)
        about = {
            "format": FORMAT,
            "sizes": list(self.sizes),
            "joint": self.joint,
            "labels": list(self.labels),
            "status": self.status,
            "message": self.message,
            "provenance": {**self.provenance, "seed": str(self.provenance["seed"])},
        }
        arrays = {"sums": self.sums, "batch_sizes": self.batch_sizes, "done": self.done}
        write_arrays(target, about, arrays)
        return target

    @classmethod
    def load(cls, path: str | Path) -> SweepResult:
        """Read a result that `save` wrote; pass it as ``resume=`` to finish it."""
        about, arrays = read_arrays(Path(path), "the result of a sweep", FORMAT)
        made = about["provenance"]
        return cls(
            sums=arrays["sums"],
            batch_sizes=arrays["batch_sizes"],
            done=arrays["done"],
            sizes=tuple(about["sizes"]),
            joint=about["joint"],
            labels=tuple(about["labels"]),
            status=about["status"],
            message=about["message"],
            provenance={**made, "seed": int(made["seed"])},
        )


def _error(off: Floats, size: Floats) -> Floats:
    """Return the standard error of a mean, (K,), from how far the sums of batches are off.

    Var(mean) = sum_b off_b^2 / (M^2 - sum_b m_b^2) is unbiased for batches of any sizes m_b whose
    sum is M, as E off_b^2 = var (m_b - m_b^2/M).
    """
    spread = float(size.sum() ** 2 - (size**2).sum())
    if spread <= 0.0:  # fewer than two batches
        return np.full(off.shape[1], np.nan)
    error: Floats = np.sqrt((off**2).sum(axis=0) / spread)
    return error
