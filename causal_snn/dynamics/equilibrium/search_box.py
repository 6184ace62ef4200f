"""The box in which equilibria are looked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from causal_snn.dynamics.field import Field
from causal_snn.dynamics.interval.arithmetic import Interval
from causal_snn.errors import bad, suggest
from causal_snn.models.neuron import Equations, NeuronModel

Ranges = Mapping[str, tuple[float, float]]
"""Lower and upper end by state."""
LARGEST = 1e100
WIDER = 10.0
"""Widths of the model's domain that are added to it on each side."""


def check_box(f: Field, box: Mapping[str, Any]) -> Ranges:
    """Return ranges of states as floats, or raise `InputError`."""
    if not isinstance(box, Mapping):
        raise bad("box", box, "a mapping of state to (low, high)")
    for name, value in box.items():
        if name not in f.states:
            raise bad(f"box[{name!r}]", value, "a state", suggest(str(name), f.states))
        allowed = "(low, high) with low < high, both finite and within 1e100 of zero"
        try:
            lo, hi = map(float, value)
        except (TypeError, ValueError):
            raise bad(f"box[{name!r}]", value, allowed) from None
        if not -LARGEST <= lo < hi <= LARGEST:
            raise bad(f"box[{name!r}]", value, allowed)
    return {name: (float(lo), float(hi)) for name, (lo, hi) in box.items()}


def search_box(model: NeuronModel, asked: Ranges) -> Interval:
    """Return where to look for equilibria: the ranges asked for, or wide ones, shape (n,)."""
    equations = model.equations
    turn = phase(equations)
    ends = []
    for i, name in enumerate(model.states):
        lo, hi = equations.domain[i] if equations.domain else (-100.0, 100.0)
        more = WIDER * (hi - lo)
        default = turn if turn is not None and i == 0 else (lo - more, hi + more)
        ends.append(asked.get(name, default))
    return Interval(np.array([lo for lo, _ in ends]), np.array([hi for _, hi in ends]))


@cache
def phase(equations: Equations) -> tuple[float, float] | None:
    """Return one turn of the first state if the reset only turns it back, as a phase is.

    The theta neuron resets theta to theta - 2 pi, where its drift is the same.
    """
    if equations.threshold is None or not equations.threshold.is_number:
        return None
    state, after = equations.states[0], equations.reset[0]
    back = after - state
    if not (back.is_number and back.is_negative):
        return None
    if not all((rate.subs(state, after) - rate).equals(0) for rate in equations.drift):
        return None
    end = float(equations.threshold)
    return end + float(back), end
