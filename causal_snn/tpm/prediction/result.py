"""PredictionError: how wrong a macro model is over time, and how long it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictionError:
    """Total variation between what a network does and what its macro chain says, over time.

    Attributes
    ----------
    times : array, shape (T,)
        1 to T steps (ms).
    exact : array, shape (T,), or None
        The worst error over initial laws; None where it was not computed.
    posterior : array, shape (T,), or None
        Bound from the one-step errors of the micro states that are visited.
    prior : array, shape (T,)
        Bound from the worst one-step error alone.
    by_unit : array, shape (T, n), or None
        Bound on the error of each unit's own macro state.
    epsilon : float
        Worst one-step error.
    contraction : array, shape (T,)
        tau(Q^m), m = 0 to T - 1: what is left of an error after m steps.
    tolerance : float
        The error up to which the model counts as predicting.
    numeric : float
        Numeric error of `exact` and `posterior`.
    labels : tuple of str
        Units, for `by_unit`.
    provenance : mapping
    """

    times: Floats
    exact: Floats | None
    posterior: Floats | None
    prior: Floats
    epsilon: float
    contraction: Floats
    tolerance: float
    numeric: float = 0.0
    by_unit: Floats | None = None
    labels: tuple[str, ...] = ()
    provenance: Mapping[str, Any] | None = None

    @property
    def bound(self) -> Floats:
        """The smallest proven bound at each time, shape (T,)."""
        found = self.prior
        if self.posterior is not None:
            found = np.minimum(found, self.posterior)
        if self.by_unit is not None:
            found = np.minimum(found, self.by_unit.sum(axis=1))
        return found

    @property
    def known(self) -> Floats:
        """The exact error where there is one, else the smallest bound, shape (T,)."""
        return self.bound if self.exact is None else self.exact

    @property
    def steps(self) -> int:
        """Steps for which the known error stays within the tolerance, from the first one on."""
        return self._steps(self.known)

    @property
    def horizon(self) -> float:
        """Time to which the model predicts (ms): the known error is within tolerance until then."""
        return float(self.times[self.steps - 1]) if self.steps else 0.0

    @property
    def bounded_horizon(self) -> float:
        """Time to which the bounds alone guarantee the tolerance (ms)."""
        steps = self._steps(self.bound)
        return float(self.times[steps - 1]) if steps else 0.0

    @property
    def verdict(self) -> str:
        """How long the model predicts, in a sentence."""
        how = "bounded" if self.exact is None else "exact"
        within = f"{how}, tolerance {self.tolerance:g}"
        dt = f"{self.times[0]:g} ms"
        if self.steps == 0:
            first = f"{how} error {self.known[0]:.2g}, tolerance {self.tolerance:g}"
            if self.exact is None:
                return f"no prediction is guaranteed, not even of one step of {dt} ({first})"
            return f"this macro model does not predict even one step of {dt} ({first})"
        worst = f"error at most {self.known[: self.steps].max():.2g}"
        if self.steps == len(self.times):
            return f"this macro model predicts to at least {self.horizon:g} ms ({worst}, {within})"
        if self.steps == 1:
            end = "is not known to predict" if self.exact is None else "does not predict"
            return (
                f"this macro model predicts to {dt} and {end} beyond one step ({worst}, {within})"
            )
        return f"this macro model predicts to {self.horizon:g} ms ({worst}, {within})"

    def __repr__(self) -> str:
        return f"<PredictionError: {self.verdict}>"

    def _steps(self, error: Floats) -> int:
        beyond = np.flatnonzero(~(error + self.numeric <= self.tolerance))
        return int(beyond[0]) if len(beyond) else len(error)


def check_tolerance(tolerance: object) -> float:
    """Return a tolerance of an error in total variation, or raise `InputError`."""
    if (
        not isinstance(tolerance, int | float)
        or isinstance(tolerance, bool)
        or not 0 < tolerance < 1
    ):
        raise bad("tolerance", tolerance, "an error of a probability, above 0 and below 1")
    return float(tolerance)
