"""CycleBranch: limit cycles along a parameter, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.columns import aligned
from causal_snn.dynamics.continuation.branch import parameter_unit
from causal_snn.dynamics.cycle.collocation import Loop
from causal_snn.dynamics.cycle.corrector import correct
from causal_snn.dynamics.cycle.floquet import TRUSTED, cycle_multipliers
from causal_snn.dynamics.cycle.mesh import equidistribute
from causal_snn.dynamics.cycle.orbit import Orbit, as_orbit
from causal_snn.dynamics.cycle.problem import Problem, sizes_of
from causal_snn.dynamics.cycle.trace import land
from causal_snn.dynamics.floats import is_number
from causal_snn.dynamics.special import SpecialPoints
from causal_snn.errors import InputError, bad
from causal_snn.models.neuron import DRIVE, NeuronModel

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CycleBranch:
    """Limit cycles of a neuron along one parameter; made by `continue_cycles`.

    Attributes
    ----------
    model : NeuronModel
        The neuron; its value of the continued parameter has no meaning here.
    parameter : str
        Name of the continued parameter.
    values : array, shape (N,)
        Its values along the branch; they turn back at folds. The first is the Hopf point or the
        cycle it was started from.
    period : array, shape (N,)
        Periods (ms).
    maxima, minima : array, shape (N, n)
        Extremes of each state on each cycle.
    multipliers : complex array, shape (N, n)
        Floquet multipliers; the first column is the trivial one as computed (in a plane, where
        the other one is exp of the integral of the divergence, just 1), the others fall in
        modulus. See `reliable`.
    stable : array of bool, shape (N,)
        Whether all multipliers but the trivial one are inside the unit circle.
    special : SpecialPoints
        Folds (LPC), period doublings (PD), tori (NS), branch points (BP), and the limit of
        infinite period (SNIC, HC), in the order of the branch. ``details["orbit"]`` of each but
        the last kind is its `Orbit`.
    stopped : tuple of (str, str)
        Where the branch begins, and why it ends.
    problem, loops, tangents
        The cycles as the collocation equations see them, with the directions of the branch.
    provenance : mapping
        How it was made.
    """

    model: NeuronModel
    parameter: str
    values: Floats
    period: Floats
    maxima: Floats
    minima: Floats
    multipliers: NDArray[np.complex128]
    stable: NDArray[np.bool_]
    special: SpecialPoints
    stopped: tuple[str, str]
    problem: Problem
    loops: tuple[Loop, ...]
    tangents: tuple[Loop, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        low, high = self.values.min(), self.values.max()
        return (
            f"<CycleBranch of {self.model.name}: {len(self)} cycles, {self.parameter} from "
            f"{low:.6g} to {high:.6g}, special {[point.name for point in self.special]}>"
        )

    @property
    def unit(self) -> str:
        """Unit of the continued parameter."""
        return parameter_unit(self.model, self.parameter)

    @property
    def reliable(self) -> NDArray[np.bool_]:
        """Whether the multipliers, and so `stable`, are to be trusted, shape (N,).

        The computed trivial multiplier is then within 1e-3 of 1. Where it is not, as on a canard
        or next to a homoclinic orbit in more than two dimensions, use more intervals; no period
        doubling, torus or branch point is derived from such cycles.
        """
        return np.asarray(np.abs(self.multipliers[:, 0] - 1) < TRUSTED)

    @property
    def frequency(self) -> Floats:
        """Cycles per second (Hz), shape (N,)."""
        return np.asarray(1000.0 / self.period)

    def orbit(self, which: int | str) -> Orbit:
        """Return one cycle: by position on the branch, or by name of a special point.

        Raises
        ------
        InputError
            If there is no such cycle.
        """
        if isinstance(which, str):
            point = self.special[which]
            if "orbit" not in point.details:
                raise bad("which", which, "a special point at which there is a cycle")
            orbit: Orbit = point.details["orbit"]
            return orbit
        if not (is_number(which) and -len(self) <= which < len(self)):
            raise bad("which", which, f"a position from 0 to {len(self) - 1}")
        return self._orbit(self.loops[which], self.multipliers[which], 0.0)

    def at(self, value: float) -> list[Orbit]:
        """Return every cycle of the branch at a parameter value, in the branch's order.

        Each is solved at exactly this value, on a mesh adapted to it.

        Raises
        ------
        InputError
            If the value is not finite, or Newton's method fails there.
        """
        if not is_number(value):
            raise bad("value", value, "a finite number")
        stations = self._stations()
        found = []
        for before, after in pairwise(stations):
            low, high = before[0].value, after[0].value
            if not (low <= value < high or high < value <= low):
                continue
            if low != value or before[0].size().any():  # at a Hopf point there is no cycle
                found.append(self._solved(before, after, float(value)))
        if stations[-1][0].value == value and stations[-1][0].size().any():
            found.append(self.orbit(-1))
        return found

    def _stations(self) -> list[tuple[Loop, Loop]]:
        """Return cycles and directions between which the parameter only rises or falls."""
        out = list(zip(self.loops, self.tangents, strict=True))
        for point in reversed(self.special.of("LPC")):
            out.insert(point.index, (point.details["orbit"].loop, point.details["tangent"]))
        return out

    def _solved(self, before: tuple[Loop, Loop], after: tuple[Loop, Loop], value: float) -> Orbit:
        problem = self.problem.rescaled(after[0])
        loop = before[0] if before[0].value == value else land(problem, before, after, value)
        if loop is not None and loop.size().any():
            problem = replace(problem, scale=sizes_of(loop), tolerance=1e-12)
            loop = loop.on(equidistribute(loop, problem.scale))
            found = correct(problem, loop, phase=problem.velocity(loop), most=12)
            if found.converged:
                mu = cycle_multipliers(problem, [found.loop])[0]
                return self._orbit(found.loop, mu, found.last)
        raise InputError(
            f"value = {value!r}: Newton's method finds no cycle between {self.parameter} = "
            f"{before[0].value:.8g} and {after[0].value:.8g}. Use more intervals, or a value "
            "farther from the end of the branch."
        )

    def _orbit(self, loop: Loop, mu: NDArray[np.complex128], residual: float) -> Orbit:
        return as_orbit(
            loop,
            parameter=self.parameter,
            model=with_value(self.model, self.parameter, loop.value),
            multipliers=mu,
            residual=residual,
        )

    def to_dataframe(self) -> pd.DataFrame:
        """Return the branch as a pandas table; units are in its ``attrs``."""
        import pandas as pd

        columns: dict[str, Any] = {
            self.parameter: self.values,
            "period": self.period,
            "frequency": self.frequency,
            "stable": self.stable,
        }
        units = {self.parameter: self.unit, "period": "ms", "frequency": "Hz"}
        for k, state in enumerate(self.model.states):
            columns[f"{state} max"], columns[f"{state} min"] = self.maxima[:, k], self.minima[:, k]
            units |= dict.fromkeys((f"{state} max", f"{state} min"), self.model.equations.units[k])
        for k, mu in enumerate(self.multipliers.T):
            columns[f"Re mu{k + 1}"], columns[f"Im mu{k + 1}"] = mu.real, mu.imag
        table = pd.DataFrame(columns)
        table.attrs["units"] = units
        return table

    def table(self) -> str:
        """Return the special points and both ends as text, one row each."""
        first = self.model.states[0]
        head = [
            "",
            f"{self.parameter} ({self.unit})",
            "period (ms)",
            f"{first} max",
            f"{first} min",
        ]
        rows = [[*head, ""], self._end_row(0, self.stopped[0])]
        for point in self.special:
            orbit = point.details.get("orbit")
            most = "" if orbit is None else f"{orbit.x[0].max():.8g}"
            least = "" if orbit is None else f"{orbit.x[0].min():.8g}"
            period = "" if point.period is None else f"{point.period:.8g}"
            rows.append([point.name, f"{point.value:.12g}", period, most, least, _remark(point)])
        return aligned([*rows, self._end_row(-1, self.stopped[1])])

    def _end_row(self, k: int, remark: str) -> list[str]:
        numbers = (self.values[k], self.period[k], self.maxima[k, 0], self.minima[k, 0])
        return ["EP", *(f"{x:.8g}" for x in numbers), remark]


def _remark(point: Any) -> str:
    if point.label in ("SNIC", "HC"):
        return f"longest period computed {point.details['longest_period']:.6g} ms"
    return "" if point.converged else "not located exactly"


def with_value(model: NeuronModel, parameter: str, value: float) -> NeuronModel:
    """Return the model with one parameter changed; the drive is not a parameter of a model."""
    return model if parameter == DRIVE else model.with_parameters(**{parameter: value})
