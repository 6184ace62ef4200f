"""phi_s along a path of TPMs: its values, its slope, and where it jumps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.phi.checks import as_tpm
from causal_snn.phi.system import system
from causal_snn.phi.system_result import SystemResult
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.tpm import TOLERANCE, TPM

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
Family = Callable[[float], TPM | ArrayLike]
HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Change:
    """A place on a path where another regime begins: other states specified, or another cut.

    Attributes
    ----------
    at : float
        The parameter, between `before` and `after` to within the path's tolerance.
    before, after : SystemResult
        The results on both sides.
    jump : float
        phi_s after less phi_s before (ibit); near 0 where two partitions exchange smoothly.
    """

    at: float
    before: SystemResult
    after: SystemResult

    @property
    def jump(self) -> float:
        """How far phi_s jumps (ibit)."""
        return self.after.phi_s - self.before.phi_s


@dataclass(frozen=True, slots=True, eq=False)
class PhiPath:
    """phi_s along a path.

    Attributes
    ----------
    values : array, shape (V,)
        The parameter.
    results : tuple of SystemResult
        One for each value.
    slope : array, shape (V,)
        Derivative of phi_s in the parameter, by central differences within the regime; NaN
        where a regime begins too near.
    changes : tuple of Change
        Where regimes change, in order; several between two values are told as one or more.
    provenance : mapping
    """

    values: Floats
    results: tuple[SystemResult, ...]
    slope: Floats
    changes: tuple[Change, ...]
    provenance: Mapping[str, Any]

    @property
    def phi_s(self) -> Floats:
        """System integrated information (ibit), shape (V,)."""
        return np.array([result.phi_s for result in self.results])

    @property
    def independence_gap(self) -> Floats:
        """Independence gap of each TPM, shape (V,): where it is large phi_s is spurious."""
        return np.array([result.independence_gap for result in self.results])

    def to_xarray(self) -> xr.Dataset:
        """Return values, slopes and gaps as an `xarray.Dataset`."""
        import xarray as xr

        columns = {"phi_s": self.phi_s, "slope": self.slope, "gap": self.independence_gap}
        return xr.Dataset(
            {name: ("value", column) for name, column in columns.items()},
            coords={"value": self.values},
            attrs={"changes_at": [change.at for change in self.changes]},
        )


def path(
    family: Family,
    state: Sequence[int],
    values: Sequence[float] | Floats,
    *,
    formalism: str = "IIT_4_0_2026",
    tolerance: float = 1e-9,
    gap_tolerance: float = TOLERANCE,
    progress: bool = False,
) -> PhiPath:
    """Return phi_s along a one-parameter family of TPMs, with every regime change located.

    A regime is a pair of specified states and a minimum partition; within one, phi_s is smooth
    in the probabilities. Between neighbouring values with different regimes the change is
    bisected.

    Parameters
    ----------
    family : callable
        Makes a TPM, or a (2^n, n) state-by-node array, from the parameter (a threshold, a
        weight, a noise level).
    state : sequence of int
    values : sequence of float
        Increasing parameter values.
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023"}
    tolerance : float
        How closely changes are located, relative to the range of values.
    gap_tolerance : float
        Largest independence gap of a TPM that is accepted; `independence_gap` tells what it was.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    PhiPath

    Raises
    ------
    InputError
        If the values do not increase, or `family` makes what `phi.system` refuses.
    """
    grid = np.asarray(values, dtype=float)
    if grid.ndim != 1 or len(grid) < 2 or not np.all(np.diff(grid) > 0):
        raise bad("values", list(values), "two increasing numbers or more")
    reach = tolerance * float(grid[-1] - grid[0])

    def at(value: float) -> SystemResult:
        return system(
            as_tpm(family(float(value))), state, formalism=formalism, tolerance=gap_tolerance
        )

    results = tuple(at(value) for value in track(list(grid), label="phi_s", show=progress))
    changes: list[Change] = []
    for k in range(len(grid) - 1):
        if regime(results[k]) != regime(results[k + 1]):
            changes += _locate(at, (grid[k], results[k]), (grid[k + 1], results[k + 1]), reach)
    step = 1e-6 * float(grid[-1] - grid[0])
    return PhiPath(
        values=grid,
        results=results,
        slope=np.array([_slope(at, v, r, step) for v, r in zip(grid, results, strict=True)]),
        changes=tuple(changes),
        provenance=provenance(
            "phi_s along a path, regime changes by bisection",
            formalism=formalism,
            state=list(state),
            tolerance=tolerance,
            difference_step=step,
        ),
    )


def regime(result: SystemResult) -> tuple[Any, ...]:
    """Return what a result selects: specified states and partition, and whether ii(s) caps it."""
    if result.phi_s == 0.0:
        return ("reducible",)
    cut = None if result.partition is None else result.partition.cut
    ii = result.intrinsic_information
    capped = ii is not None and result.phi_s == ii
    return result.cause_state, result.effect_state, cut, capped


def _locate(
    at: Callable[[float], SystemResult],
    low: tuple[float, SystemResult],
    high: tuple[float, SystemResult],
    reach: float,
) -> list[Change]:
    """Bisect between two regimes; a third that shows itself on the way is told too."""
    for _ in range(HALVINGS):
        if high[0] - low[0] <= reach:
            break
        middle = 0.5 * (low[0] + high[0])
        found = at(middle)
        if regime(found) == regime(low[1]):
            low = middle, found
        elif regime(found) == regime(high[1]):
            high = middle, found
        else:
            first = _locate(at, low, (middle, found), reach)
            return first + _locate(at, (middle, found), high, reach)
    return [Change(0.5 * (low[0] + high[0]), low[1], high[1])]


def _slope(
    at: Callable[[float], SystemResult], value: float, result: SystemResult, step: float
) -> float:
    try:
        below, above = at(value - step), at(value + step)
    except ValueError:  # the family ends here
        return float("nan")
    if not regime(below) == regime(result) == regime(above):
        return float("nan")
    return (above.phi_s - below.phi_s) / (2.0 * step)
