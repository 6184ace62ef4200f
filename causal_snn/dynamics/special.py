"""SpecialPoint: where a branch changes what the neuron does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.neuron import NeuronModel

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "LP": "fold (limit point) of equilibria or fixed points",
        "HB": "Hopf bifurcation",
        "BP": "branch point",
        "LPC": "fold of cycles",
        "PD": "period doubling",
        "NS": "Neimark-Sacker (torus) bifurcation",
        "SNIC": "saddle-node on the invariant circle: the cycle's period tends to infinity",
        "HC": "homoclinic orbit to a saddle: the cycle's period tends to infinity",
        "BC": "border collision: the orbit touches the edge of a reset or threshold",
        "BT": "Bogdanov-Takens point",
        "CP": "cusp",
        "GH": "generalised Hopf (Bautin) point",
        "ZH": "zero-Hopf point",
        "HH": "Hopf-Hopf point",
        "EP": "end of the branch",
    }
)
"""What the labels mean: AUTO's, with LPC for cycle folds and MATCONT's names in codimension 2."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SpecialPoint:
    """One row of a branch's table of special points.

    Attributes
    ----------
    label : str
        Kind, a key of `LABELS`.
    name : str
        Label and number along the branch, as ``"HB1"``.
    parameter : str
        Name of the continued parameter.
    value : float
        Its value there.
    state : array, shape (n,)
        The equilibrium, or the first point of the cycle.
    model : NeuronModel
        The neuron with the parameter values of this point, so that work can go on from here.
    index : int
        Position on the branch: the point is between `index` - 1 and `index`.
    residual : float
        Largest defining equation left over after polishing.
    tolerance : float
        Estimated error of `value`: the last Newton correction.
    converged : bool
        Whether polishing reached rounding level.
    eigenvalues : array
        Of the Jacobian (per ms), or Floquet multipliers for cycles and maps.
    period : float, optional
        Period (ms) of a cycle, or 2 pi/omega at a Hopf point.
    omega : float, optional
        Angular frequency (rad/ms) at a Hopf point.
    l1 : float, optional
        First Lyapunov coefficient at a Hopf point, in Kuznetsov's convention with ||q|| = 1.
    criticality : str
        ``"subcritical"``, ``"supercritical"``, ``"degenerate"``, or "" where it has no meaning.
    details : mapping
        What else is known: second parameter, normal-form coefficients, neutral saddles.
    """

    label: str
    name: str
    parameter: str
    value: float
    state: NDArray[np.float64]
    model: NeuronModel
    index: int
    residual: float = 0.0
    tolerance: float = 0.0
    converged: bool = True
    eigenvalues: NDArray[np.complex128] = field(default_factory=lambda: np.empty(0, complex))
    period: float | None = None
    omega: float | None = None
    l1: float | None = None
    criticality: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        extra = "" if not self.criticality else f", {self.criticality}"
        period = "" if self.period is None else f", T = {self.period:.6g} ms"
        return f"<{self.name} at {self.parameter} = {self.value:.12g}{period}{extra}>"


def check_point(argument: str, value: object) -> SpecialPoint:
    """Return the value if it is a special point, else raise `InputError`."""
    if not isinstance(value, SpecialPoint):
        raise bad(argument, value, "a special point, as branch.special['HB1']")
    return value


class SpecialPoints(tuple[SpecialPoint, ...]):
    """The special points of a branch, in order; also by name, as ``special["HB1"]``."""

    __slots__ = ()

    def __new__(cls, points: Iterable[SpecialPoint] = ()) -> SpecialPoints:
        """Make the tuple."""
        return super().__new__(cls, tuple(points))

    @overload  # type: ignore[override]
    def __getitem__(self, key: int | str) -> SpecialPoint: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[SpecialPoint, ...]: ...
    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        for point in self:
            if key in (point.name, point.label):
                return point
        names = [point.name for point in self]
        raise InputError(
            f"no special point {key!r}; "
            + (suggest(key, names) if names else "the branch has none")
        )

    def of(self, label: str) -> tuple[SpecialPoint, ...]:
        """Return the points of one kind."""
        return tuple(point for point in self if point.label == label)
