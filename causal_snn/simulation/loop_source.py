"""The text of the compiled loop: a step of a network, unit after unit, from its numbers."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np

from causal_snn.errors import InputError
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.event_traffic import Route
from causal_snn.simulation.engine.group_lanes import AFTER, BEFORE
from causal_snn.simulation.engine.program import Program, compile_program, evaluate_constants
from causal_snn.simulation.engine.stages import stages

TOGETHER = 64
"""Units that are looked through at once for spikes."""


class LoopWriter:
    """Writes the loop as text, and collects the arrays it needs."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.lanes = engine, engine.groups[0]
        self.names: list[str] = []
        self.arguments: list[Any] = []

    def give(self, name: str, value: Any) -> str:
        """Pass a value to the loop; return how the loop's text refers to it for unit k."""
        array = np.asarray(value, dtype=self.lanes.dtype).reshape(-1)
        if np.all(array == array[0]):  # one number needs no memory in the loop
            return self._pass(name, array[0])
        return f"{self._pass(name, np.ascontiguousarray(array))}[k]"

    def _pass(self, name: str, value: Any) -> str:
        """Pass a value to the loop as it is; return its name."""
        self.names.append(name)
        self.arguments.append(value)
        return name

    def source(self) -> str:
        """Return the text of the loop."""
        lanes = self.lanes
        states = [f"x{k}" for k in range(lanes.count)]
        before, after = self._traffic()
        flow = self._flow(states)
        reset = self._reset(states)
        noise = self._noise()
        hold, detect = self._hold(), self._detect()
        buffers = ("spiked", "above", "left", "ring", "counts", "room", "most", "ends", "rng")
        head = ", ".join(["first", "steps", *states, *buffers, *self.names])
        refractory = lanes.group.convention.refractory_steps
        lines = [
            f"def segment({head}):",
            "    n, longest, kept, took = spiked.size, counts.size, 0, steps",
            *_indent(1, self._waiting()),
            "    for t in range(steps):",
            "        if kept + n > room.size:",
            "            took = t",
            "            break",
            "        slot = (first + t) % longest",
            *_indent(2, reset),
            *_indent(2, before),
            "        for k in range(n):",
            *_indent(3, flow),
            *_indent(2, after),
            *_indent(2, noise),
            *_indent(2, hold),
            "        slot = (first + t + 1) % longest",
            "        found = 0",
            *_indent(2, detect),
            "                    ring[slot, found] = k",
            "                    room[kept + found] = k",
            "                    found += 1",
            f"                    left[k] = {refractory}",
            *_indent(5, ["waiting[count] = k", "count += 1"] if self.holds else []),
            "        counts[slot] = found",
            "        kept += found",
            "        ends[t] = kept",
            "        if kept > most:",
            "            took = t + 1",
            "            break",
            "    if took > 0:",
            "        slot = (first + took) % longest",
            "        spiked[:] = False",
            "        for j in range(counts[slot]):",
            "            spiked[ring[slot, j]] = True",
            "    return took",
        ]
        return "\n".join(lines) + "\n"

    def _reset(self, states: list[str]) -> list[str]:
        equations = self.lanes.group.equations
        if self.lanes.level:
            return []
        import sympy as sp

        named = {str(s): f"{x}[k]" for s, x in zip(equations.states, states, strict=True)}
        lines = ["for j in range(counts[slot]):", "    k = ring[slot, j]"]
        pairs = list(zip(states, equations.states, equations.reset, strict=True))
        changed = [(x, new) for x, old, new in pairs if new != old]
        for number, (_, new) in enumerate(changed):
            lines.append(f"    new{number} = {self._formula(new, named, sp)}")
        lines += [f"    {x}[k] = new{number}" for number, (x, _) in enumerate(changed)]
        return lines

    def _formula(self, formula: Any, named: dict[str, str], sp: Any) -> str:
        for symbol in formula.free_symbols:
            name = str(symbol)
            if name not in named:
                named[name] = self.give(f"p_{name}", self.lanes.parameters[name])
        plain = {symbol: sp.Symbol(f"_{symbol}_") for symbol in formula.free_symbols}
        text = str(sp.printing.pycode(formula.xreplace(plain), fully_qualified_modules=False))
        for symbol in formula.free_symbols:
            text = text.replace(f"_{symbol}_", named[str(symbol)])
        return text

    def _traffic(self) -> tuple[list[str], list[str]]:
        engine, lanes = self.engine, self.lanes
        traffic: Any = engine.traffic
        targets = traffic.targets([])
        own = tuple(
            lanes.group.equations.synapse if s is None else lanes.group.states.index(s)
            for s in targets
        )
        places = lanes.flow(own, engine.layout.network.bias[lanes.group.units], None)[1]
        if not all(isinstance(place, str) for place in places):
            raise InputError(
                "accelerate = 'numba' does not do this arrival of spikes (euler, 'start'); "
                "leave accelerate out"
            )
        routes = traffic.direct_routes(lanes, list(zip(targets, own, places, strict=True)))
        numbers = count()
        before, after = (
            [line for route in routes[when] for line in self._deliver(str(next(numbers)), route)]
            for when in (BEFORE, AFTER)
        )
        return before, after

    def _deliver(self, tag: str, route: Route) -> list[str]:
        """Return the text that adds the spikes of one way to their targets."""
        fan = route.fan
        into, weight = self._pass(f"into{tag}", route.into), f"weight{tag}"
        lines = [
            f"back = (first + t + 1 - {route.delay}) % longest",
            "for j in range(counts[back]):",
            "    source = ring[back, j]",
        ]
        if fan.full:
            self._pass(weight, fan.weights)
            return [*lines, "    for q in range(n):", f"        {into}[q] += {weight}[source, q]"]
        # Unsigned numbers need no look for negative ones.
        to = self._pass(f"to{tag}", fan.places.astype(np.uint32))
        end = self._pass(f"end{tag}", np.array(fan.ends, np.uint64))
        lines += [f"    for q in range({end}[source], {end}[source + 1]):"]
        if all(np.ndim(jump) == 0 or not jump.size for jump in fan.jumps):  # one for each source
            alike = [float(jump) if np.ndim(jump) == 0 else 0.0 for jump in fan.jumps]
            self._pass(weight, np.array(alike, self.lanes.dtype))
            lines.insert(-1, f"    jump = {weight}[source]")
            return [*lines, f"        {into}[{to}[q]] += jump"]
        self._pass(weight, fan.weights)
        return [*lines, f"        {into}[{to}[q]] += {weight}[q]"]

    def _flow(self, states: list[str]) -> list[str]:
        lanes = self.lanes
        if lanes.linear is not None:
            step = lanes.linear
            old = [f"o{r} = {x}[k]" for r, x in enumerate(states)]
            new = []
            for s, x in enumerate(states):
                terms = []
                if np.any(step.constant[s]):
                    terms.append(self.give(f"c{s}", step.constant[s]))
                for r in range(len(states)):
                    if np.any(step.matrix[s, r]):
                        terms.append(f"{self.give(f'm{s}{r}', step.matrix[s, r])} * o{r}")
                new.append(f"{x}[k] = " + (" + ".join(terms) or "0.0"))
            return [*old, *new]
        lines: list[str] = []
        for number, (renewed, formulas) in enumerate(stages(lanes.group)):
            program = compile_program(formulas, lanes.group.states)
            constants = evaluate_constants(program, lanes.values())
            texts = [self.give(f"c{number}_{j}", value) for j, value in enumerate(constants)]
            lines += _program_lines(program, texts, states, [states[k] for k in renewed])
        return lines

    def _noise(self) -> list[str]:
        if not np.any(self.engine.sigma):
            return []
        sigma = self.give("sigma", self.engine.sigma)
        kind = "np.float32" if self.lanes.dtype == np.float32 else "np.float64"
        return [
            "for k in range(n):",
            f"    x0[k] += {kind}(rng.standard_normal() * {sigma})",
        ]

    @property
    def holds(self) -> bool:
        """Whether the potential of refractory units is held."""
        return bool(self.engine.holds[0].steps) and not self.lanes.level

    def _waiting(self) -> list[str]:
        """Return the text that lists the refractory units, few among many."""
        if not self.holds:
            return []
        return [
            "waiting, count = np.empty(n, np.int64), 0",
            "for k in range(n):",
            "    if left[k] > 0:",
            "        waiting[count] = k",
            "        count += 1",
        ]

    def _hold(self) -> list[str]:
        if not self.holds:
            return []
        held = self.engine.holds[0].value
        if np.any(np.asarray(held) >= np.asarray(self.lanes.threshold_now())):
            raise InputError(
                "accelerate = 'numba' does not do resets at or above threshold; leave it out"
            )
        return [
            "still = 0",
            "for j in range(count):",
            "    k = waiting[j]",
            f"    x0[k] = {self.give('held', held)}",
            "    left[k] -= 1",
            "    if left[k] > 0:",
            "        waiting[still] = k",
            "        still += 1",
            "count = still",
        ]

    def _detect(self) -> list[str]:
        """Return the text that finds the spikes; held units lie below threshold and have none."""
        lanes = self.lanes
        threshold = self.give("threshold", lanes.threshold_now())
        sign = ">" if lanes.group.convention.strict_threshold else ">="
        reached = f"x0[k] {sign} {threshold}"
        if lanes.level:
            return [
                "for begin in range(1):",
                "    for k in range(n):",
                f"        now = {reached}",
                "        free, before = left[k] == 0, above[k]",
                "        above[k] = now",
                "        if not free:",
                "            left[k] -= 1",
                "        if now and not before and free:",
            ]
        return [  # spikes are rare: first whether there are any among some units
            f"for begin in range(0, n, {TOGETHER}):",
            f"    end, many = min(begin + {TOGETHER}, n), 0",
            "    for k in range(begin, end):",
            f"        many += {reached}",
            "    for k in range(begin, end if many else begin):",
            f"        if {reached}:",
        ]


_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


def _program_lines(
    program: Program, constants: list[str], states: list[str], renewed: list[str]
) -> list[str]:
    """Return a program's instructions as text for unit k."""

    def value(ref: tuple[str, int]) -> str:
        kind, k = ref
        if kind == "in":
            return f"o{k}"
        return constants[k] if kind == "const" else f"r{k}"

    lines = [f"o{k} = {x}[k]" for k, x in enumerate(states)]
    for k, instruction in enumerate(program.instructions):
        args = [value(ref) for ref in instruction.args]
        if instruction.name in _SIGNS:
            text = f" {_SIGNS[instruction.name]} ".join(args)
        elif instruction.name == "negative":
            text = f"-{args[0]}"
        elif instruction.name == "linoid_from":
            text = f"linoid({args[0]})"
        elif instruction.name in ("linoid", "relexp"):
            text = f"{instruction.name}({args[0]})"
        elif instruction.name == "call":
            raise InputError("accelerate = 'numba' does not do piecewise formulas")
        else:
            text = f"np.{instruction.name}({', '.join(args)})"
        lines.append(f"r{k} = {text}")
    results = zip(renewed, program.outputs, strict=True)
    return [*lines, *(f"{x}[k] = {value(ref)}" for x, ref in results)]


def _indent(depth: int, lines: list[str]) -> list[str]:
    return ["    " * depth + line for line in lines]
