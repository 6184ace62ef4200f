"""Layout: how the units of a network lie in memory, grouped by what one step does to them.

Units that share equations, convention and scheme are one group, and lie side by side; the
network's own order is kept in `Layout.order`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.convention import Convention
from causal_snn.models.inputs import OUCurrent
from causal_snn.models.network import Network
from causal_snn.models.neuron import DRIVE, Equations, NeuronModel
from causal_snn.models.schemes import DT, SCHEMES

Floats = NDArray[np.float64]
EXACT, STAGGERED = "exact", "staggered"
"""The exact step of linear neurons; exponential Euler state after state."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Units that one sequence of array operations steps; see `Layout`.

    Attributes
    ----------
    model : NeuronModel
        The model of its first unit; the others differ in parameter values only.
    units : array of int, shape (m,)
        Their positions in the network.
    start, stop : int
        Their positions in memory.
    scheme : str
        ``"exact"``, or a name of `causal_snn.models.schemes.SCHEMES`, or ``"published"``.
    parameters : dict of str to array, shape (m,)
        Values by name, ``drive`` among them.
    """

    model: NeuronModel
    units: NDArray[np.int64]
    start: int
    stop: int
    scheme: str
    parameters: dict[str, Floats]

    @property
    def equations(self) -> Equations:
        """The group's equations."""
        return self.model.equations

    @property
    def convention(self) -> Convention:
        """The group's discrete conventions."""
        return self.model.convention

    @property
    def span(self) -> slice:
        """Where the group lies in memory."""
        return slice(self.start, self.stop)

    @property
    def size(self) -> int:
        """Number of units."""
        return self.stop - self.start

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the state variables."""
        return self.model.states


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A network laid out for stepping; made by `lay_out`.

    Attributes
    ----------
    network : Network
    groups : tuple of Group
    order : array of int, shape (n,)
        Unit of the network at each place in memory.
    place : array of int, shape (n,)
        Place in memory of each unit.
    """

    network: Network
    groups: tuple[Group, ...]
    order: NDArray[np.int64]
    place: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.order)

    def locate(self, unit: int | str) -> tuple[int, int]:
        """Return the group of a unit and its position within it."""
        place = int(self.place[self.network.index(unit)])
        for k, group in enumerate(self.groups):
            if place < group.stop:
                return k, place - group.start
        raise AssertionError(place)

    def inputs(self, kind: type) -> list[Any]:
        """Return the network's random inputs of one kind."""
        return [source for source in self.network.inputs if isinstance(source, kind)]

    @property
    def schemes(self) -> dict[str, str]:
        """Scheme of each model, for provenance."""
        return {group.model.name: group.scheme for group in self.groups}


def lay_out(network: Network, scheme: str | None = None) -> Layout:
    """Return a network laid out for stepping.

    Parameters
    ----------
    network : Network
    scheme : str, optional
        How to step neurons: ``"exact"`` (linear neurons), ``"euler"``, ``"sequential_euler"``,
        ``"exponential_euler"``, ``"rush_larsen"``, ``"midpoint"``, ``"published"``, or
        ``"staggered"``: exponential Euler in the order of the equations, each state with the new
        values of those before it, as NEURON steps its gates (Hines, Int J Biomed Comput 15:69,
        1984). Default: linear neurons as their convention says (exact or Euler), others that are
        reset by exponential Euler, those that spike by their flow staggered, which times their
        spikes far better.

    Raises
    ------
    InputError
        If a neuron cannot be stepped so, or takes no drive, bias or noise but has some.
    """
    keys: dict[tuple[Any, ...], list[int]] = {}
    numbered: dict[Equations, int] = {}
    known: dict[int, int] = {}  # by identity: hashing equations is slow, and most share theirs
    for unit, model in enumerate(network.neurons):
        number = known.get(id(model.equations))
        if number is None:
            number = numbered.setdefault(model.equations, len(numbered))
            known[id(model.equations)] = number
        names = tuple(model.parameters)
        keys.setdefault((number, model.name, model.convention, names), []).append(unit)
    groups, start = [], 0
    for units in keys.values():
        model = network.neurons[units[0]]
        _check_supported(network, model, units)
        stop = start + len(units)
        groups.append(
            Group(
                model=model,
                units=np.array(units),
                start=start,
                stop=stop,
                scheme=_scheme(model, scheme),
                parameters=_parameters(network, units),
            )
        )
        start = stop
    order = np.concatenate([group.units for group in groups])
    return Layout(network, tuple(groups), order, np.argsort(order))


@cache
def is_linear(equations: Equations) -> bool:
    """Return whether the drift is linear in the states."""
    import sympy as sp

    jacobian = sp.Matrix(equations.drift).jacobian(sp.Matrix(equations.states))
    return not jacobian.free_symbols & set(equations.states)


def is_lif_family(model: NeuronModel) -> bool:
    """Return whether `models.step` knows the neuron's discrete conventions."""
    return {"E", "theta", "V_reset", "V_min"} <= model.parameters.keys()


def _scheme(model: NeuronModel, wanted: str | None) -> str:
    linear = is_linear(model.equations)
    own = "exponential_euler" if model.spikes_by_reset else STAGGERED
    if linear:
        own = model.convention.step
    if wanted in (None, own):
        return own
    for option, value in (("reset_timing", "delayed"), ("input_gain", "unit")):
        if getattr(model.convention, option) == value and wanted not in (EXACT, "euler"):
            raise InputError(
                f"scheme = {wanted!r}: {model.name} has {option}={value!r}, which is defined for "
                "'exact' and 'euler' only"
            )
    if wanted == EXACT:
        if not linear:
            raise InputError(
                f"scheme = 'exact': {model.name} is not linear below threshold, so its step has "
                "no closed form; choose one of " + ", ".join(map(repr, SCHEMES))
            )
        return EXACT
    if wanted not in (*SCHEMES, STAGGERED, "published"):
        known = [EXACT, STAGGERED, *SCHEMES]
        raise InputError(f"scheme = {wanted!r}: {suggest(str(wanted), known)}")
    return wanted


def _parameters(network: Network, units: list[int]) -> dict[str, Floats]:
    members = [network.neurons[unit].parameters for unit in units]
    first = members[0]
    if all(other is first for other in members):
        values = {name: np.full(len(units), float(value)) for name, value in first.items()}
    else:
        table = np.array([p.numbers() for p in members], dtype=float)
        values = dict(zip(first, table.T.copy(), strict=True))
    return values | {DRIVE: network.drive[units]}


def _check_supported(network: Network, model: NeuronModel, units: list[int]) -> None:
    if DT in model.parameters or DT in model.states:
        raise InputError(
            f"{model.name} has a state or parameter 'dt', the name of the time step; rename it"
        )
    for option, value in (("reset_timing", "delayed"), ("input_gain", "unit")):
        if getattr(model.convention, option) == value and not is_lif_family(model):
            raise InputError(
                f"{model.name} has {option}={value!r}, which is defined for lif and cuba_lif only"
            )
    symbols = {str(s) for rate in model.equations.drift for s in rate.free_symbols}
    if DRIVE not in symbols and np.any(network.drive[units]):
        raise bad(
            "drive",
            network.drive[units].tolist(),
            f"0 for {model.name}, whose current is a parameter",
            f"Give {model.input!r} to models.{model.name}().",
        )
    if np.any(network.noise[units]) and not {"tau", "E"} <= model.parameters.keys():
        raise bad(
            "noise",
            network.noise[units].tolist(),
            f"0 for {model.name}: `noise` is the standard deviation of a free linear potential",
            "Use inputs=[WhiteNoise(amplitude=...)], in mV per square root of ms.",
        )
    if model.equations.threshold is None and model.equations.level is None:
        raise InputError(
            f"{model.name} has neither a threshold nor a level whose crossing is a spike; "
            "give define(..., level=...)"
        )
    for source in network.inputs:
        if isinstance(source, OUCurrent) and model.input == DRIVE and DRIVE not in symbols:
            raise InputError(f"OUCurrent: {model.name} has no current, neither I nor drive")
