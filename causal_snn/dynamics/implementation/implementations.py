"""compare_implementations: what schemes and time steps make of a neuron's bifurcations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.dynamics.columns import aligned
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.implementation.continuation import continue_map
from causal_snn.dynamics.implementation.discretised import checked_step
from causal_snn.dynamics.special import SpecialPoint, SpecialPoints
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.schemes import parameter_unit
from causal_snn.models.schemes import scheme as named_scheme
from causal_snn.progress import track
from causal_snn.provenance import provenance

if TYPE_CHECKING:
    import pandas as pd

FLOW = {"NS": "HB", "LP": "LP", "BP": "BP"}
"""What each special point of a map is for the flow; a period doubling is nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One special point of one implementation.

    Attributes
    ----------
    scheme : str
        How the neuron is stepped.
    dt : float
        Time step (ms).
    point : SpecialPoint
        The point.
    of : str
        Name of the neuron's nearest point of that kind, "" if it has none.
    shift : float
        Distance from it in the parameter; NaN without one.
    """

    scheme: str
    dt: float
    point: SpecialPoint
    of: str
    shift: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """Special points of implementations beside those of the neuron.

    Attributes
    ----------
    model : NeuronModel
        The neuron.
    parameter : str
        The parameter that is varied.
    flow : SpecialPoints
        Special points of the neuron's branch of equilibria.
    rows : tuple of Row
        Special points of every implementation, in the order of the branch.
    pictures : mapping of (str, float) to tuple of str
        For each scheme and time step, kinds and criticalities in order, as
        ``("NS subcritical", "LP")``.
    provenance : mapping
        How it was made.
    """

    model: NeuronModel
    parameter: str
    flow: SpecialPoints
    rows: tuple[Row, ...]
    pictures: Mapping[tuple[str, float], tuple[str, ...]]
    provenance: Mapping[str, Any] = attribute(repr=False)

    @property
    def changed(self) -> tuple[tuple[str, float], ...]:
        """Schemes and time steps whose picture is another than the neuron's."""
        flow = tuple(_picture(point, "NS" if point.label == "HB" else "") for point in self.flow)
        return tuple(key for key, picture in self.pictures.items() if picture != flow)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(
            {
                "scheme": [row.scheme for row in self.rows],
                "dt": [row.dt for row in self.rows],
                "name": [row.point.name for row in self.rows],
                self.parameter: [row.point.value for row in self.rows],
                "of": [row.of for row in self.rows],
                "shift": [row.shift for row in self.rows],
                "criticality": [row.point.criticality for row in self.rows],
            }
        )

    def table(self) -> str:
        """Return the neuron's special points and the rows as text."""
        unit = parameter_unit(self.model, self.parameter)
        head = ["scheme", "dt (ms)", "", f"{self.parameter} ({unit})", "shift", "remark"]
        cells = [["flow", "", p.name, f"{p.value:.10g}", "", p.criticality] for p in self.flow]
        for row in self.rows:
            shift = "" if math.isnan(row.shift) else f"{row.shift:+.4g} from {row.of}"
            own = [row.point.name, f"{row.point.value:.10g}", shift, row.point.criticality]
            cells.append([row.scheme, f"{row.dt:g}", *own])
        return aligned([head, *cells])


def compare_implementations(
    model: NeuronModel,
    parameter: str,
    span: tuple[float, float],
    schemes: Iterable[str],
    dts: float | Iterable[float],
    *,
    start: Any = None,
    progress: bool = False,
    **params: float,
) -> Comparison:
    """Return the special points of several implementations of a neuron beside its own.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    parameter : str
        Parameter to change.
    span : tuple of (float, float)
        Where to begin, and how far to go.
    schemes : iterable of str
        Schemes, as in `discretise`.
    dts : float or iterable of float
        Time steps (ms).
    start
        The equilibrium to begin with, as in `continue_equilibria`.
    progress : bool
        Show a bar if it takes long.
    **params
        Values of other parameters to change.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        As `continue_map`.

    Examples
    --------
    >>> from causal_snn import models
    >>> neuron = models.izhikevich()
    >>> result = compare_implementations(neuron, "I", (0, 4), ["euler"], [1.0, 10.0])
    >>> result.changed
    (('euler', 10.0),)
    >>> result.pictures["euler", 10.0]
    ('PD supercritical', 'NS supercritical', 'LP')
    """
    schemes = (schemes,) if isinstance(schemes, str) else tuple(schemes)
    steps = tuple(checked_step(dt, "dts") for dt in np.atleast_1d(np.asarray(dts, object)))
    if not (schemes and steps):
        raise bad("schemes", schemes, "at least one scheme and one time step")
    for name in schemes:
        named_scheme(model, name)
    own: dict[str, Any] = dict(params)
    flow = continue_equilibria(model, parameter, span, start=start, **own)
    keys = [(name, dt) for name in schemes for dt in steps]
    rows: list[Row] = []
    pictures: dict[tuple[str, float], tuple[str, ...]] = {}
    for name, dt in track(keys, label="Following fixed points", show=progress):
        branch = continue_map(model, name, parameter, span, dt=dt, start=start, **own)
        rows += [_row(name, dt, point, flow.special) for point in branch.special]
        pictures[name, dt] = tuple(_picture(point) for point in branch.special)
    return Comparison(
        model=flow.model,
        parameter=parameter,
        flow=flow.special,
        rows=tuple(rows),
        pictures=pictures,
        provenance=provenance(
            "continuation of the neuron's equilibria and of each map's fixed points",
            schemes=list(schemes),
            dts=list(steps),
            span=[float(end) for end in span],
        ),
    )


def _picture(point: SpecialPoint, label: str = "") -> str:
    return f"{label or point.label} {point.criticality}".strip()


def _row(scheme: str, dt: float, point: SpecialPoint, flow: SpecialPoints) -> Row:
    same = flow.of(FLOW.get(point.label, ""))
    if not same:
        return Row(scheme, dt, point, "", math.nan)
    near = min(same, key=lambda other: abs(other.value - point.value))
    return Row(scheme, dt, point, near.name, point.value - near.value)
