"""Times in ms as whole numbers of steps."""

from __future__ import annotations

import math
from typing import Any

from causal_snn.errors import bad


def whole_steps(name: str, time: Any, dt: float) -> int:
    """Return a time as a number of steps.

    Raises
    ------
    InputError
        If it is not a finite number of 0 or more, or no whole number of steps; the message
        names the nearest times that are.
    """
    array = getattr(time, "shape", None) == () and time.dtype.kind in "iuf"
    number = isinstance(time, int | float) or array
    if isinstance(time, bool) or not number or not math.isfinite(time) or time < 0:
        raise bad(name, time, "a time of 0 ms or more")
    steps = round(float(time) / dt)
    if abs(steps * dt - float(time)) > 1e-9 * max(float(time), dt):
        below = math.floor(float(time) / dt)
        near = f"{below * dt:.10g} and {(below + 1) * dt:.10g} ms"
        raise bad(name, time, f"a whole number of steps of dt = {dt} ms", f"The nearest: {near}.")
    return steps
