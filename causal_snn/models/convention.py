"""The discrete conventions of a neuron: what one time step means.

Published codes contradict each other on every one of these points, so none is
implied: each is a named option whose value travels with the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from causal_snn.errors import InputError, bad, check_choice, suggest

Step = Literal["exact", "euler"]
Reset = Literal["value", "subtract"]
ResetTiming = Literal["immediate", "delayed"]
InputGain = Literal["exact", "unit"]
Arrival = Literal["start", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How the continuous neuron becomes a map from one time step to the next.

    Attributes
    ----------
    step : {"exact", "euler"}
        ``"exact"``: the linear flow over `dt`, decay exp(-dt/tau) (exponential Euler);
        ``"euler"``: forward Euler, decay 1 - dt/tau.
    reset : {"value", "subtract"}
        After a spike the potential is set to `V_reset`, or lowered by theta - V_reset.
    reset_timing : {"immediate", "delayed"}
        ``"immediate"``: reset, then decay and input (``V' = b (V - S theta) + I``).
        ``"delayed"``: as in snnTorch, decay and input act on the unreset potential and the
        reset is taken from the result (``V' = b V + I - S theta``); with ``reset="value"``
        the potential after a spike is `V_reset` plus the noise of the step, its input lost.
    input_gain : {"exact", "unit"}
        Weight of the constant drive in one step: 1 - decay, or 1 (machine-learning codes).
    strict_threshold : bool
        Spike when v > theta (True) or v >= theta (False).
    refractory_steps : int
        Steps after a spike during which the unit is held at `V_reset` and cannot spike.
    arrival : {"start", "end"}
        When a presynaptic spike enters a synaptic current: before the membrane takes the
        step (the next potential feels it) or after it. Of no effect for neurons whose
        spikes act on the membrane directly.
    """

    step: Step = "exact"
    reset: Reset = "value"
    reset_timing: ResetTiming = "immediate"
    input_gain: InputGain = "exact"
    strict_threshold: bool = False
    refractory_steps: int = 0
    arrival: Arrival = "start"

    def __post_init__(self) -> None:
        check_choice("step", self.step, ("exact", "euler"))
        check_choice("reset", self.reset, ("value", "subtract"))
        check_choice("reset_timing", self.reset_timing, ("immediate", "delayed"))
        check_choice("input_gain", self.input_gain, ("exact", "unit"))
        check_choice("arrival", self.arrival, ("start", "end"))
        if not isinstance(self.strict_threshold, bool):
            raise bad("strict_threshold", self.strict_threshold, "True or False")
        steps: object = self.refractory_steps
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
            raise bad(
                "refractory_steps",
                steps,
                "a whole number of steps, 0 or more",
                "Divide the refractory time by dt and round it yourself.",
            )


def convention(model: str, parameters: Iterable[str], options: Mapping[str, Any]) -> Convention:
    """Return the `Convention` that keyword options of a model maker describe.

    Raises
    ------
    InputError
        If a keyword is neither a convention nor one of the model's `parameters`.
    """
    known = [field.name for field in fields(Convention)]
    for name in options:
        if name not in known:
            raise InputError(f"{model}() takes no {name!r}; {suggest(name, [*parameters, *known])}")
    return Convention(**options)
