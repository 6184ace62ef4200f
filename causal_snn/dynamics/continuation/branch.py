"""Branch: equilibria along a parameter, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.dynamics.columns import aligned
from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.special import SpecialPoints
from causal_snn.errors import InputError, suggest
from causal_snn.models.neuron import DRIVE, NeuronModel

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Branch:
    """Equilibria of a neuron along one parameter; made by `continue_equilibria`.

    Attributes
    ----------
    model : NeuronModel
        The neuron; its value of the continued parameter has no meaning here.
    parameter : str
        Name of the continued parameter.
    values : array, shape (N,)
        Its values along the branch; they turn back at folds.
    states : array, shape (N, n)
        The equilibria.
    eigenvalues : complex array, shape (N, n)
        Of the Jacobian (per ms), the largest real part first.
    special : SpecialPoints
        Folds (LP), Hopf points (HB) and branch points (BP), in the order of the branch.
    stopped : tuple of (str, str)
        Why the branch ends, at its first and its last point.
    provenance : mapping
        How it was made; ``neutral_saddles`` are parameter values at which two real eigenvalues
        have sum 0, which is no bifurcation; ``unresolved`` are parameter ranges in which
        eigenvalues cross zero too close together to be told apart.
    """

    model: NeuronModel
    parameter: str
    values: Floats
    states: Floats
    eigenvalues: NDArray[np.complex128]
    special: SpecialPoints = field(default_factory=SpecialPoints)
    stopped: tuple[str, str] = ("", "")
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        low, high = self.values.min(), self.values.max()
        return (
            f"<Branch of {self.model.name}: {len(self)} equilibria, {self.parameter} from "
            f"{low:.6g} to {high:.6g}, special {[point.name for point in self.special]}>"
        )

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether each equilibrium attracts: all eigenvalues have negative real parts; (N,)."""
        return self.eigenvalues.real.max(axis=1) < 0

    @property
    def unit(self) -> str:
        """Unit of the continued parameter."""
        return parameter_unit(self.model, self.parameter)

    @property
    def admissible(self) -> NDArray[np.bool_]:
        """Whether each equilibrium is below the spike threshold, so that the neuron can rest there.

        Shape (N,); all true for neurons without a threshold.
        """
        threshold = self.model.threshold
        if threshold is None:
            return np.ones(len(self), dtype=bool)
        import sympy as sp

        own = {**self.model.parameters, self.parameter: self.values}
        symbols = [*self.model.equations.states, *(sp.Symbol(name, real=True) for name in own)]
        level = sp.lambdify(symbols, threshold, "numpy")(*self.states.T, *own.values())
        return np.asarray(self.states[:, 0] < level, dtype=bool)

    def state(self, name: str) -> Floats:
        """Return one state along the branch, shape (N,)."""
        if name not in self.model.states:
            raise InputError(f"no state {name!r}; {suggest(name, self.model.states)}")
        return self.states[:, self.model.states.index(name)]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the branch as a pandas table; units are in its ``attrs``."""
        import pandas as pd

        columns: dict[str, Any] = {self.parameter: self.values}
        columns |= {name: self.state(name) for name in self.model.states}
        for k in range(self.eigenvalues.shape[1]):
            columns[f"Re lambda{k + 1}"] = self.eigenvalues[:, k].real
            columns[f"Im lambda{k + 1}"] = self.eigenvalues[:, k].imag
        table = pd.DataFrame({**columns, "stable": self.stable})
        table.attrs["units"] = self._units()
        return table

    def to_xarray(self) -> xr.Dataset:
        """Return the branch as a dataset over ``point`` and ``mode``, with units in attrs."""
        import xarray as xr

        units = self._units()
        own = {self.parameter: self.values, **{s: self.state(s) for s in self.model.states}}
        data: dict[str, Any] = {
            name: ("point", values, {"units": units[name]}) for name, values in own.items()
        }
        data["eigenvalue_real"] = (("point", "mode"), self.eigenvalues.real, {"units": "1/ms"})
        data["eigenvalue_imag"] = (("point", "mode"), self.eigenvalues.imag, {"units": "1/ms"})
        data["stable"] = ("point", self.stable)
        return xr.Dataset(
            data, attrs={"model": self.model.name, "stopped": " | ".join(self.stopped)}
        ).set_coords(self.parameter)

    def table(self) -> str:
        """Return the special points and both ends as text, one row each."""
        first, last = self.stopped
        rows = [
            _cells("EP", self.values[0], self.states[0], remark=first),
            *(
                _cells(p.name, p.value, p.state, p.period, p.l1, p.criticality)
                for p in self.special
            ),
            _cells("EP", self.values[-1], self.states[-1], remark=last),
        ]
        head = ["", f"{self.parameter} ({self.unit})", *self._state_heads()]
        return aligned([[*head, "period (ms)", "l1", ""], *rows])

    def _state_heads(self) -> list[str]:
        pairs = zip(self.model.states, self.model.equations.units, strict=True)
        return [f"{name} ({unit})" for name, unit in pairs]

    def _units(self) -> dict[str, str]:
        pairs = zip(self.model.states, self.model.equations.units, strict=True)
        return {self.parameter: self.unit, **dict(pairs)}


def parameter_unit(model: NeuronModel, parameter: str) -> str:
    """Return the unit of a parameter, or of the drive (mV)."""
    return "mV" if parameter == DRIVE else model.parameters[parameter].unit


def _cells(
    name: str,
    value: float,
    state: Floats,
    period: float | None = None,
    l1: float | None = None,
    remark: str = "",
) -> list[str]:
    numbers = [f"{value:.12g}", *(f"{x:.8g}" for x in state)]
    return [
        name,
        *numbers,
        "" if period is None else f"{period:.8g}",
        "" if l1 is None else f"{l1:+.6g}",
        remark,
    ]
