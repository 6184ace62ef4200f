"""phi_s over two parameters of a family of TPMs, and the regimes it falls into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad
from causal_snn.phi.checks import UnreachableError, as_tpm
from causal_snn.phi.path import regime
from causal_snn.phi.system import system
from causal_snn.phi.system_result import SystemResult
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.tpm import TOLERANCE, TPM

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
Family = Callable[[float, float], TPM | ArrayLike]
Results = tuple[tuple[SystemResult | None, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class PhiLandscape:
    """phi_s on a grid of two parameters.

    Attributes
    ----------
    x : array, shape (X,)
        First parameter, increasing.
    y : array, shape (Y,)
        Second parameter, increasing.
    results : tuple of Y tuples of X SystemResult or None
        ``results[j][i]`` is at ``x[i]``, ``y[j]``; None where nothing leads to the state.
    provenance : mapping
    """

    x: Floats
    y: Floats
    results: Results
    provenance: Mapping[str, Any]

    @property
    def phi_s(self) -> Floats:
        """System integrated information (ibit), shape (Y, X); NaN where unreachable."""
        return self._table("phi_s")

    @property
    def independence_gap(self) -> Floats:
        """Independence gap of each TPM, shape (Y, X): where it is large phi_s is spurious."""
        return self._table("independence_gap")

    @property
    def regime(self) -> NDArray[np.int64]:
        """Number of the regime at each place, shape (Y, X); -1 where unreachable.

        A regime is a pair of specified states and a minimum partition, within which phi_s is
        smooth in the probabilities; reducible systems are one regime. The regime that most
        places have is 0.
        """
        numbers = {key: k for k, key in enumerate(self._ranked())}
        return np.array(
            [[-1 if r is None else numbers[regime(r)] for r in row] for row in self.results]
        )

    @property
    def regimes(self) -> tuple[SystemResult, ...]:
        """One result of each regime, in the order of `regime`."""
        return tuple(self._ranked().values())

    def _ranked(self) -> dict[tuple[Any, ...], SystemResult]:
        """Return one result for each regime, the most frequent first."""
        every = [result for row in self.results for result in row if result is not None]
        count = Counter(regime(result) for result in every)
        first = {regime(result): result for result in reversed(every)}
        return {key: first[key] for key, _ in count.most_common()}

    def _table(self, name: str) -> Floats:
        return np.array(
            [[np.nan if r is None else getattr(r, name) for r in row] for row in self.results]
        )

    def to_xarray(self) -> xr.Dataset:
        """Return values, gaps and numbers of regimes as an `xarray.Dataset`."""
        import xarray as xr

        tables = {"phi_s": self.phi_s, "gap": self.independence_gap, "regime": self.regime}
        return xr.Dataset(
            {name: (("y", "x"), table) for name, table in tables.items()},
            coords={"x": self.x, "y": self.y},
        )


def landscape(
    family: Family,
    state: Sequence[int],
    x: Sequence[float] | Floats,
    y: Sequence[float] | Floats,
    *,
    formalism: str = "IIT_4_0_2026",
    gap_tolerance: float = TOLERANCE,
    progress: bool = False,
) -> PhiLandscape:
    """Return phi_s of a two-parameter family of TPMs on a grid.

    Parameters
    ----------
    family : callable
        Makes a TPM, or a (2^n, n) state-by-node array, from ``(x, y)``.
    state : sequence of int
    x, y : sequence of float
        Increasing values of the parameters (a threshold, a weight, a noise level).
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023"}
    gap_tolerance : float
        Largest independence gap of a TPM that is accepted; `independence_gap` tells what it was.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    PhiLandscape
        A place whose TPM leaves the state unreachable has no result.

    Raises
    ------
    InputError
        If values do not increase, `family` makes what `phi.system` refuses (the message tells
        where), or the state is unreachable everywhere.
    """
    columns, rows = _axis("x", x), _axis("y", y)
    places = list(product(rows, columns))
    found: list[SystemResult | None] = []
    for b, a in track(places, label="phi_s", show=progress):
        try:
            tpm = as_tpm(family(float(a), float(b)))
            found.append(system(tpm, state, formalism=formalism, tolerance=gap_tolerance))
        except UnreachableError:
            found.append(None)
        except InputError as error:
            raise InputError(f"at x = {a:g}, y = {b:g}: {error}") from error
    if not any(found):
        raise UnreachableError(f"state = {tuple(state)}: no TPM of the family leads to it")
    width = len(columns)
    return PhiLandscape(
        x=columns,
        y=rows,
        results=tuple(tuple(found[k : k + width]) for k in range(0, len(found), width)),
        provenance=provenance(
            "phi_s on a grid of two parameters",
            formalism=formalism,
            state=[int(one) for one in state],
            gap_tolerance=gap_tolerance,
        ),
    )


def _axis(name: str, values: Sequence[float] | Floats) -> Floats:
    axis = np.asarray(values, dtype=float)
    finite = axis.ndim == 1 and bool(np.all(np.isfinite(axis)))
    if not finite or not len(axis) or not np.all(np.diff(axis) > 0):
        raise bad(name, np.asarray(values).tolist(), "one increasing number or more")
    return axis
