"""Diagram: every branch of equilibria along a parameter, and the cycles born on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.dynamics.continuation.continuation import checked_span, continue_equilibria
from causal_snn.dynamics.equilibrium.equilibria import equilibria
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.errors import InputError
from causal_snn.models.neuron import NeuronModel
from causal_snn.progress import track
from causal_snn.provenance import provenance

if TYPE_CHECKING:
    import pandas as pd

    from causal_snn.dynamics.continuation.branch import Branch
    from causal_snn.dynamics.cycle.cycles import CycleBranch


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Diagram:
    """A bifurcation diagram; made by `diagram`.

    Attributes
    ----------
    model : NeuronModel
        The neuron, at the first value of the parameter.
    parameter : str
        What is varied.
    span : (float, float)
        Its range.
    branches : tuple of Branch
        Branches of equilibria.
    cycles : mapping of str to CycleBranch
        Branches of cycles by the Hopf point they start from; branches after the first number
        their points on (``"HB1"``, ``"HB1 of branch 2"``).
    provenance : mapping
        How it was made.
    """

    model: NeuronModel
    parameter: str
    span: tuple[float, float]
    branches: tuple[Branch, ...]
    cycles: Mapping[str, CycleBranch]
    provenance: Mapping[str, Any]

    @property
    def special(self) -> tuple[SpecialPoint, ...]:
        """The special points of all branches, equilibria first."""
        return tuple(point for branch in self.named().values() for point in branch.special)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the table of special points, one row for each."""
        import pandas as pd

        rows = []
        for name, branch in self.named().items():
            for point in branch.special:
                rows.append(
                    {
                        "branch": name,
                        "label": point.label,
                        self.parameter: point.value,
                        **dict(zip(self.model.states, point.state, strict=True)),
                        "period_ms": point.period,
                        "l1": point.l1,
                        "criticality": point.criticality,
                        "residual": point.residual,
                        "tolerance": point.tolerance,
                        "converged": point.converged,
                    }
                )
        return pd.DataFrame(rows)

    def named(self) -> dict[str, Branch | CycleBranch]:
        """Return every branch by a name that files can have."""
        names: dict[str, Branch | CycleBranch] = {}
        for number, branch in enumerate(self.branches, 1):
            names["equilibria" if number == 1 else f"equilibria_{number}"] = branch
        for start, cycle in self.cycles.items():
            names[f"cycles_{start.replace(' of branch ', '_of_')}"] = cycle
        return names

    def table(self) -> str:
        """Return the special points and the ends of all branches as text."""
        return "\n\n".join(f"{name}\n{branch.table()}" for name, branch in self.named().items())


def diagram(
    model: NeuronModel,
    parameter: str,
    span: tuple[float, float],
    *,
    cycles: bool = True,
    progress: bool = False,
    **params: float,
) -> Diagram:
    """Return the branches of equilibria along a parameter, and of cycles from every Hopf point.

    Branches start at every equilibrium at either end of the span; closed branches inside it
    that reach neither end are not found. Cycle branches start at every Hopf point that no
    earlier cycle branch has ended at.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    parameter : str
        Name of the parameter to vary.
    span : (float, float)
        Its first and last value.
    cycles : bool
        Whether to follow the cycles.
    progress : bool
        Show a bar while cycles are followed.
    **params
        Other parameter values to change.

    Returns
    -------
    Diagram

    Raises
    ------
    InputError
        If a name or value is wrong, or there is no equilibrium at either end of the span.
    """
    first, last = checked_span(span)
    branches: list[Branch] = []
    for begin, end in ((first, last), (last, first)):
        given: dict[str, Any] = {**params, parameter: begin}
        for rest in equilibria(model, **given):
            if not any(_on(branch, begin, rest.state) for branch in branches):
                found = continue_equilibria(
                    model, parameter, (begin, end), start=rest.state, **_plain(params)
                )
                branches.append(found)
    if not branches:
        raise InputError(
            f"span = {tuple(span)}: {model.name} has no equilibrium at either end; choose a span "
            "that has one at an end (causal_snn.dynamics.equilibria lists them)"
        )
    followed: dict[str, CycleBranch] = {}
    if cycles:
        hopfs = [
            (point.name if number == 1 else f"{point.name} of branch {number}", point)
            for number, branch in enumerate(branches, 1)
            for point in branch.special.of("HB")
        ]
        for name, point in track(hopfs, label="Following cycles", show=progress):
            if not any(_ends_at(branch, point) for branch in followed.values()):
                followed[name] = _cycles(point, span)
    return Diagram(
        model=branches[0].model,
        parameter=parameter,
        span=(float(span[0]), float(span[1])),
        branches=tuple(branches),
        cycles=followed,
        provenance=provenance(
            "pseudo-arclength continuation of equilibria and of collocated cycles",
            model=model.name,
            parameter=parameter,
            span=[float(end) for end in span],
        ),
    )


def _plain(params: dict[str, float]) -> dict[str, Any]:
    """Return parameter values, typed as keywords that stand beside options."""
    return dict(params)


def _cycles(point: SpecialPoint, span: tuple[float, float]) -> CycleBranch:
    from causal_snn.dynamics.cycle.cycles import continue_cycles

    return continue_cycles(point, span=(min(span), max(span)))


def _on(branch: Branch, value: float, state: Any) -> bool:
    """Return whether a branch passes this equilibrium, anywhere along it."""
    scale = np.ptp(branch.states, axis=0) + np.abs(state) + 1e-9
    width = np.ptp(branch.values) + abs(value)
    for point in branch.special:  # a fold at the end of the span lies between two points
        if (
            abs(point.value - value) <= 1e-9 * width
            and (np.abs(point.state - state) <= 1e-5 * scale).all()
        ):
            return True
    off, apart = branch.values - value, np.abs(branch.states - state)
    if ((np.abs(off) <= 1e-6 * width) & (apart <= 1e-5 * scale).all(axis=1)).any():
        return True
    for k in np.flatnonzero(off[:-1] * off[1:] < 0):
        part = off[k] / (off[k] - off[k + 1])
        chord = branch.states[k + 1] - branch.states[k]
        gap = np.abs(branch.states[k] + part * chord - state)
        if (gap <= 0.1 * np.abs(chord) + 1e-6 * scale).all():
            return True
    return False


def _ends_at(branch: CycleBranch, point: SpecialPoint) -> bool:
    """Return whether a branch of cycles has shrunk to this Hopf point."""
    width = np.ptp(branch.values) + abs(point.value)
    size = np.abs(branch.maxima[-1] - branch.minima[-1]).max()
    most = np.abs(branch.maxima - branch.minima).max()
    return bool(abs(branch.values[-1] - point.value) < 1e-2 * width and size < 0.1 * most)
