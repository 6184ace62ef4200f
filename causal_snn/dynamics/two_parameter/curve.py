"""CodimOneCurve: folds or Hopf points along two parameters, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.dynamics.columns import aligned
from causal_snn.dynamics.continuation.branch import parameter_unit
from causal_snn.dynamics.field import Floats
from causal_snn.dynamics.special import SpecialPoints
from causal_snn.models.neuron import NeuronModel

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CodimOneCurve:
    """Folds or Hopf points of equilibria in two parameters; made by `continue_special`.

    Attributes
    ----------
    model : NeuronModel
        The neuron; its values of the two parameters have no meaning here.
    label : {"LP", "HB"}
        What is followed.
    parameters : tuple of (str, str)
        Names of the two parameters.
    values : array, shape (N, 2)
        Their values along the curve.
    states : array, shape (N, n)
        The equilibria.
    eigenvalues : complex array, shape (N, n)
        Of the Jacobian (per ms), the largest real part first.
    omega, l1 : array, shape (N,)
        Angular frequency (rad/ms) and first Lyapunov coefficient of Hopf points; NaN for folds,
        and l1 also where omega is 0.
    special : SpecialPoints
        Points of codimension two: BT, CP and ZH on folds; BT, GH, ZH and HH on Hopf points.
        Their `value` is that of the first parameter; the second is in `details` under its name.
        At BT, ``bt_a`` and ``bt_b`` there are the normal form's, see `BogdanovTakens`.
    stopped : tuple of (str, str)
        Why the curve ends, at its first and its last point.
    provenance : mapping
        How it was made.
    """

    model: NeuronModel
    label: str
    parameters: tuple[str, str]
    values: Floats
    states: Floats
    eigenvalues: NDArray[np.complex128]
    omega: Floats
    l1: Floats
    special: SpecialPoints = field(default_factory=SpecialPoints)
    stopped: tuple[str, str] = ("", "")
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        first, second = self.parameters
        (a, b), (c, d) = self.values.min(axis=0), self.values.max(axis=0)
        return (
            f"<CodimOneCurve of {self.model.name}: {len(self)} {self.label}, {first} from {a:.6g} "
            f"to {c:.6g}, {second} from {b:.6g} to {d:.6g}, "
            f"special {[point.name for point in self.special]}>"
        )

    def to_dataframe(self) -> pd.DataFrame:
        """Return the curve as a pandas table; units are in its ``attrs``."""
        import pandas as pd

        columns: dict[str, Any] = dict(zip(self.parameters, self.values.T, strict=True))
        columns |= dict(zip(self.model.states, self.states.T, strict=True))
        table = pd.DataFrame({**columns, "omega": self.omega, "l1": self.l1})
        units = {name: parameter_unit(self.model, name) for name in self.parameters}
        table.attrs["units"] = {
            **units,
            **dict(zip(self.model.states, self.model.equations.units, strict=True)),
            "omega": "rad/ms",
        }
        return table

    def table(self) -> str:
        """Return the points of codimension two and both ends as text, one row each."""
        second = self.parameters[1]
        rows = [
            _cells("EP", self.values[0], self.states[0], self.stopped[0]),
            *(
                _cells(p.name, np.array([p.value, p.details[second]]), p.state, "")
                for p in self.special
            ),
            _cells("EP", self.values[-1], self.states[-1], self.stopped[1]),
        ]
        pairs = zip(self.model.states, self.model.equations.units, strict=True)
        head = [f"{name} ({parameter_unit(self.model, name)})" for name in self.parameters]
        return aligned([["", *head, *(f"{name} ({unit})" for name, unit in pairs), ""], *rows])


def _cells(name: str, values: Floats, state: Floats, remark: str) -> list[str]:
    return [name, *(f"{x:.12g}" for x in values), *(f"{x:.8g}" for x in state), remark]
