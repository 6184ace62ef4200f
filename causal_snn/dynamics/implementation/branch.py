"""MapBranch: fixed points of a step along a parameter, as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.columns import aligned
from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.special import SpecialPoints
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.schemes import DT, parameter_unit

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MapBranch:
    """Fixed points of one time step along a parameter; made by `continue_map`.

    Attributes
    ----------
    model : NeuronModel
        The neuron; its value of the continued parameter has no meaning here.
    scheme : str
        How it is stepped.
    parameter : str
        Name of the continued parameter; ``dt`` is the time step itself.
    dts : array, shape (N,)
        Time step along the branch (ms).
    values : array, shape (N,)
        The parameter's values; they turn back at folds.
    states : array, shape (N, n)
        The fixed points.
    multipliers : complex array, shape (N, n)
        Eigenvalues of the map's Jacobian, the largest modulus first.
    special : SpecialPoints
        Folds (LP), branch points (BP), period doublings (PD) and Neimark-Sacker points (NS), in
        the order of the branch. Their `omega` is theta/dt, `period` 2 pi/omega, `l1` the
        coefficient d/theta, which tends to that of the Hopf point as dt -> 0; `details` has
        ``scheme``, ``dt``, ``theta``, ``coefficient`` and ``resonance``, see `MapNormalForm`.
    stopped : tuple of (str, str)
        Why the branch ends, at its first and its last point.
    provenance : mapping
        How it was made; ``neutral_saddles`` are values at which two real multipliers have
        product 1, which is no bifurcation; ``unresolved`` are ranges in which multipliers cross
        the unit circle too close together to be told apart.
    """

    model: NeuronModel
    scheme: str
    parameter: str
    dts: Floats
    values: Floats
    states: Floats
    multipliers: NDArray[np.complex128]
    special: SpecialPoints = field(default_factory=SpecialPoints)
    stopped: tuple[str, str] = ("", "")
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        low, high = self.values.min(), self.values.max()
        return (
            f"<MapBranch of {self.model.name}, {self.scheme}: {len(self)} fixed points, "
            f"{self.parameter} from {low:.6g} to {high:.6g}, "
            f"special {[point.name for point in self.special]}>"
        )

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether each fixed point attracts: all multipliers inside the unit circle; (N,)."""
        return np.asarray(np.abs(self.multipliers).max(axis=1) < 1)

    @property
    def unit(self) -> str:
        """Unit of the continued parameter."""
        return parameter_unit(self.model, self.parameter)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the branch as a pandas table; units are in its ``attrs``."""
        import pandas as pd

        columns: dict[str, Any] = {self.parameter: self.values}
        columns |= dict(zip(self.model.states, self.states.T, strict=True))
        if self.parameter != DT:
            columns[DT] = self.dts
        for k, mu in enumerate(self.multipliers.T, 1):
            columns[f"|mu{k}|"] = np.abs(mu)
            columns[f"arg mu{k}"] = np.angle(mu)
        table = pd.DataFrame({**columns, "stable": self.stable})
        units = dict(zip(self.model.states, self.model.equations.units, strict=True))
        table.attrs["units"] = {**units, DT: "ms", self.parameter: self.unit}
        return table

    def table(self) -> str:
        """Return the special points as text, one row each."""
        head = ["", f"{self.parameter} ({self.unit})", "theta/pi", "l1", "remark"]
        rows = [
            [
                point.name,
                f"{point.value:.12g}",
                f"{point.details['theta'] / math.pi:.6f}" if "theta" in point.details else "",
                "" if point.l1 is None else f"{point.l1:+.6g}",
                point.criticality or point.details.get("resonance", ""),
            ]
            for point in self.special
        ]
        return aligned([head, *rows])
