"""HopfShift: the Neimark-Sacker points of an implementation against its time step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.models.neuron import NeuronModel

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HopfShift:
    """Neimark-Sacker points of an implementation against its time step; from `shift_of_hopf`.

    Attributes
    ----------
    model : NeuronModel
        The neuron.
    scheme, parameter : str
        How it is stepped, and the parameter that passes the bifurcation.
    hopf : SpecialPoint
        The Hopf point of the neuron, the limit dt -> 0.
    dts : array, shape (K,)
        Time steps (ms), rising.
    values : array, shape (K,)
        The parameter at the Neimark-Sacker point; NaN from the step on at which there is none.
    states : array, shape (K, n)
        The fixed points there.
    theta : array, shape (K,)
        Angle of the critical multipliers exp(+-i theta) (rad).
    l1 : array, shape (K,)
        d/theta, d the cubic coefficient of the normal form; it tends to the first Lyapunov
        coefficient of the Hopf point.
    criticality : tuple of str
        ``"subcritical"``, ``"supercritical"``, ``"degenerate"``, ``"resonance 1:3"`` or
        ``"resonance 1:4"``, or "" where there is no point.
    boundary : bool array, shape (K,)
        Whether stability changes at the point; False where another multiplier has already left
        the unit circle.
    slope : float
        Derivative of the value by dt at dt = 0, from the defining equations (unit per ms); 0 for
        schemes of higher order.
    chenciner : tuple of float
        Time steps at which l1 changes sign (ms), so that the criticality is another than that of
        the Hopf point. Two changes between neighbouring `dts` are not seen.
    flips : tuple of float
        Time steps at which another multiplier crosses the unit circle (ms): `boundary` changes. To
        about 1e-6 where it does so at 1, a branch point, at which the equations are singular.
    end : float
        Time step at which the points end (ms); inf if they do not up to the longest.
    message : str
        Why they end.
    tolerance : float
        Largest last Newton correction of `values`.
    provenance : mapping
        How they were computed.
    """

    model: NeuronModel
    scheme: str
    parameter: str
    hopf: SpecialPoint
    dts: Floats
    values: Floats
    states: Floats
    theta: Floats
    l1: Floats
    criticality: tuple[str, ...]
    boundary: NDArray[np.bool_]
    slope: float
    chenciner: tuple[float, ...]
    flips: tuple[float, ...]
    end: float
    message: str
    tolerance: float
    provenance: Mapping[str, Any] = attribute(repr=False)

    @property
    def boundary_of_flow(self) -> bool:
        """Whether the neuron's own stability changes at the Hopf point."""
        return changes_stability(self.hopf)

    @property
    def shift(self) -> Floats:
        """Distance from the Hopf point in the parameter, shape (K,)."""
        return self.values - self.hopf.value

    @property
    def order(self) -> float:
        """Order of convergence in dt, from the two smallest steps; NaN if there are not two."""
        found = np.flatnonzero(np.isfinite(self.values))[:2]
        if found.size < 2 or not self.shift[found].all():
            return math.nan
        shift, dts = np.abs(self.shift[found]), self.dts[found]
        return float(np.log(shift[1] / shift[0]) / np.log(dts[1] / dts[0]))

    def to_dataframe(self) -> pd.DataFrame:
        """Return a pandas table, one row per time step."""
        import pandas as pd

        return pd.DataFrame(
            {
                "dt": self.dts,
                self.parameter: self.values,
                "shift": self.shift,
                "theta": self.theta,
                "l1": self.l1,
                "criticality": self.criticality,
                "boundary": self.boundary,
            }
        )


def changes_stability(hopf: SpecialPoint) -> bool:
    """Return whether the pair of a Hopf point is the last to cross: no other is unstable."""
    return bool(hopf.eigenvalues.real.max() < 1e-9 * np.abs(hopf.eigenvalues).max())
