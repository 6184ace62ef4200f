"""portable_step: one step of a network as a pure function of arrays of any library.

For libraries of the Python array API standard (JAX, PyTorch, CuPy, ...), which may compile it,
differentiate it or run it elsewhere. The library brings its own random numbers: a step takes
standard normal numbers as an argument. NumPy and the engine are the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn.errors import InputError, check_whole
from causal_snn.models.network import Network
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.group_lanes import BEFORE
from causal_snn.simulation.engine.layout import is_lif_family, lay_out
from causal_snn.simulation.engine.noise import stream
from causal_snn.simulation.engine.program import Program, compile_program, evaluate_constants
from causal_snn.simulation.engine.stages import stages
from causal_snn.simulation.start import set_start

type PortableState = tuple[tuple[Any, ...], Any, Any, Any]
"""States (n, lanes) each, who has just spiked, who is above its level, steps still held."""


@dataclass(frozen=True, slots=True, eq=False)
class PortableStep:
    """One step as a pure function; made by `portable_step`.

    Attributes
    ----------
    names : tuple of str
        State variables, the potential before reset first.
    advance : callable
        ``(state, normals) -> state``, `normals` of shape (n, lanes).
    start : callable
        ``lanes -> state``: every unit at rest, see `simulate`.
    """

    names: tuple[str, ...]
    advance: Callable[[PortableState, Any], PortableState]
    start: Callable[[int], PortableState]

    def __call__(self, state: PortableState, normals: Any) -> PortableState:
        """Return the state one step later."""
        return self.advance(state, normals)


def portable_step(
    network: Network, *, xp: Any, scheme: str | None = None, dtype: Any = None
) -> PortableStep:
    """Return one step of a network as a pure function of arrays.

    Parameters
    ----------
    network : Network
        Neurons of one kind, dense weights, delays of one step, no random inputs but `noise` and
        `WhiteNoise`.
    xp : module
        An array library: ``jax.numpy``, ``torch``, ``cupy``, ``numpy``, ...
    scheme : str, optional
        As in `simulate`.
    dtype : dtype of `xp`, optional
        Default ``xp.float64``.

    Returns
    -------
    PortableStep

    Raises
    ------
    InputError
        If the network has what such a step does not do.
    """
    layout = lay_out(network, scheme)
    engine = Engine(layout, rows=1, lanes=2, dtype=np.float64, streams=[stream(0)])
    _check(engine)
    real = xp.float64 if dtype is None else dtype
    return PortableStep(
        names=layout.groups[0].states,
        advance=_Maker(engine, xp, real).function(),
        start=_starter(engine, xp, real),
    )


def _check(engine: Engine) -> None:
    convention = engine.layout.groups[0].convention
    family = is_lif_family(engine.layout.groups[0].model)
    reasons = {
        "several kinds of neurons": len(engine.groups) > 1,
        "delays of several steps": engine.traffic.longest > 1,
        "currents or spikes from outside": engine.current is not None or bool(engine.poisson),
        "subtractive resets of this neuron": convention.reset == "subtract" and not family,
        "refractory resets that depend on the state": engine.holds[0].kept is not None,
    }
    found = [reason for reason, there in reasons.items() if there]
    if found:
        raise InputError(f"portable_step does not do {' and '.join(found)}; use `simulate`")


def _starter(engine: Engine, xp: Any, real: Any) -> Callable[[int], PortableState]:
    set_start(engine, {})
    lanes = engine.groups[0]

    def start(count: int) -> PortableState:
        check_whole("lanes", count)

        def spread(x: Any, dtype: Any) -> Any:
            return xp.asarray(np.repeat(x[0, :, :1], count, axis=1).tolist(), dtype=dtype)

        above = lanes.spiked if lanes.above is None else lanes.above
        spiked = spread(lanes.spiked, xp.bool)
        steps = lanes.group.convention.refractory_steps * lanes.spiked
        states = tuple(spread(x, real) for x in lanes.states)
        return states, spiked, spread(above, xp.bool), spread(steps, real)

    return start


class _Maker:
    """Turns an engine's numbers and programs into a function of arrays of `xp`."""

    def __init__(self, engine: Engine, xp: Any, real: Any) -> None:
        self.engine, self.lanes, self.xp, self.real = engine, engine.groups[0], xp, real

    def number(self, value: Any) -> Any:
        """Return a number, or numbers per unit (n, 1), of the library."""
        array = np.asarray(value, dtype=float)
        if array.size == 1:
            return float(array.reshape(-1)[0])
        return self.xp.asarray(array.reshape(-1, 1).tolist(), dtype=self.real)

    def formulas(self, formulas: tuple[Any, ...]) -> Callable[..., list[Any]]:
        """Return formulas as a function of the states."""
        program = compile_program(formulas, self.lanes.group.states)
        constants = [self.number(c) for c in evaluate_constants(program, self.lanes.values())]
        return lambda states: evaluate(program, states, constants, self.xp)

    def function(self) -> Callable[[PortableState, Any], PortableState]:
        xp, lanes, hold = self.xp, self.lanes, self.engine.holds[0]
        reset, flow = self._reset(), self._flow()
        sigma = self.number(self.engine.sigma)
        threshold = self.formulas((lanes.group.equations.threshold or _level(lanes),))
        strict, refractory = lanes.group.convention.strict_threshold, hold.steps
        held_at = None if hold.value is None or lanes.level else self.number(hold.value)

        def advance(state: PortableState, normals: Any) -> PortableState:
            old, spiked, above, left = state
            x = flow(reset(old, spiked), spiked)
            v = x[0] + sigma * normals
            held = left > 0
            if refractory and held_at is not None:
                v = xp.where(held, held_at + xp.zeros_like(v), v)
            x = [v, *x[1:]]
            limit = threshold(x)[0]
            now = v > limit if strict else v >= limit
            fired = xp.logical_and(now, xp.logical_not(above)) if lanes.level else now
            fired = xp.logical_and(fired, xp.logical_not(held))
            zero = xp.zeros_like(left)
            left = xp.where(fired, zero + refractory, xp.where(held, left - 1, zero))
            return tuple(x), fired, now, left

        return advance

    def _reset(self) -> Callable[[Any, Any], list[Any]]:
        xp, lanes = self.xp, self.lanes
        if lanes.level:
            return lambda states, _: list(states)
        if lanes.group.convention.reset == "subtract" and lanes.linear is not None:
            jump = self.number(lanes.linear.jump)
            return lambda states, spiked: [
                xp.where(spiked, states[0] - jump, states[0]),
                *states[1:],
            ]
        new = self.formulas(tuple(lanes.group.equations.reset))
        return lambda states, spiked: [
            xp.where(spiked, after + xp.zeros_like(before), before)
            for before, after in zip(states, new(states), strict=True)
        ]

    def _flow(self) -> Callable[[Any, Any], list[Any]]:
        """Return the flow with the input that arrives before and after it."""
        engine, lanes, xp = self.engine, self.lanes, self.xp
        targets = engine.traffic.targets([])
        own = [
            lanes.group.equations.synapse if s is None else lanes.group.states.index(s)
            for s in targets
        ]
        bias = engine.layout.network.bias[lanes.group.units]
        places = lanes.flow(tuple(own), bias, None)[1]
        weights = []
        traffic: Any = engine.traffic
        for link, tables in zip(traffic.links, traffic.tables, strict=True):
            k = targets.index(link.state)
            table = xp.asarray(tables[1].tolist(), dtype=self.real)
            weights.append((table, own[k], places[k]))
        move = self._matrix() if lanes.linear is not None else self._program(bias)
        restart = lanes.linear is not None and lanes.linear.restart
        floor = self.number(lanes.parameters["V_reset"]) if restart else 0.0

        def flow(states: Any, spiked: Any) -> list[Any]:
            sent = xp.astype(spiked, self.real) if hasattr(xp, "astype") else spiked * 1.0
            arrived = [(table @ sent, k, place) for table, k, place in weights]
            x = list(states)
            for amount, k, place in arrived:
                if isinstance(place, str) and place == BEFORE:
                    x[k] = x[k] + amount
            x = move(x)
            for amount, k, place in arrived:
                if isinstance(place, str):
                    x[k] = x[k] if place == BEFORE else x[k] + amount
                else:
                    x = [y + self.number(g) * amount for y, g in zip(x, place, strict=True)]
            if restart:
                x[0] = xp.where(spiked, floor + xp.zeros_like(x[0]), x[0])
            return x

        return flow

    def _matrix(self) -> Callable[[Any], list[Any]]:
        step: Any = self.lanes.linear
        size = self.lanes.count
        matrix = [[self.number(step.matrix[s, r]) for r in range(size)] for s in range(size)]
        used = [[bool(np.any(step.matrix[s, r])) for r in range(size)] for s in range(size)]
        constant = [self.number(step.constant[s]) for s in range(size)]
        return lambda x: [
            sum((matrix[s][r] * x[r] for r in range(size) if used[s][r]), start=constant[s])
            for s in range(size)
        ]

    def _program(self, bias: Any) -> Callable[[Any], list[Any]]:
        if np.any(bias):
            raise InputError("portable_step does not do `bias` for this neuron; use `simulate`")
        parts = [(renewed, self.formulas(each)) for renewed, each in stages(self.lanes.group)]

        def move(states: Any) -> list[Any]:
            x = list(states)
            for renewed, formulas in parts:
                for k, value in zip(renewed, formulas(x), strict=True):
                    x[k] = value
            return x

        return move


def _level(lanes: Any) -> Any:
    import sympy as sp

    return sp.Float(lanes.group.equations.level)


_NAMES = {"absolute": "abs", "power": "pow"}


def evaluate(program: Program, inputs: Any, constants: list[Any], xp: Any) -> list[Any]:
    """Return the outputs of a program for arrays of any library."""
    found: list[Any] = []

    def value(ref: tuple[str, int]) -> Any:
        kind, k = ref
        return inputs[k] if kind == "in" else constants[k] if kind == "const" else found[k]

    for instruction in program.instructions:
        args = [value(ref) for ref in instruction.args]
        found.append(_result(instruction.name, args, xp))
    return [value(ref) for ref in program.outputs]


def _result(name: str, args: list[Any], xp: Any) -> Any:
    match name:
        case "add":
            return args[0] + args[1]
        case "subtract":
            return args[0] - args[1]
        case "multiply":
            return args[0] * args[1]
        case "divide":
            return args[0] / args[1]
        case "negative":
            return -args[0]
        case "linoid" | "relexp":
            x = args[0]
            safe = xp.where(x == 0, xp.ones_like(x), x)
            ratio = -safe / xp.expm1(-safe)
            ratio = xp.where(x == 0, xp.ones_like(x), ratio)
            return ratio if name == "linoid" else 1 / ratio
        case "linoid_from":  # x/(1 - e) with e = exp(-x)
            return _result("linoid", args[:1], xp)
        case "call":
            raise InputError("portable_step does not do piecewise formulas; use `simulate`")
    function = getattr(xp, _NAMES.get(name, name), None) or getattr(xp, name)
    return function(*args)
