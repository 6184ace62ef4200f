"""The settings that a sweep goes through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Literal

from causal_snn.chips.arithmetic.rounding import ROUNDINGS
from causal_snn.errors import InputError, bad, check_choice, suggest
from causal_snn.studies.critical_precision.critical import Setting

AXES = ("bits", "state_bits", "rounding", "refractory", "decay_bits")
Design = Literal["grid", "each"]


def check_axes(given: Mapping[str, Any]) -> dict[str, tuple[Setting, ...]]:
    """Return the axes that were given as tuples without repeats.

    Raises
    ------
    InputError
        If none was given, one is empty, or a value makes no sense on its axis.
    """
    found: dict[str, tuple[Setting, ...]] = {}
    for name, values in given.items():
        if values is None:
            continue
        one = isinstance(values, str | int) or not isinstance(values, Iterable)
        items = tuple(dict.fromkeys([values] if one else list(values)))
        if not items:
            raise bad(name, values, "at least one value, or None for the chip's own")
        found[name] = tuple(_checked(name, value) for value in items)
    if not found:
        raise bad("bits", None, "at least one axis of " + ", ".join(AXES))
    return found


def _checked(name: str, value: Any) -> Setting:
    if name == "rounding":
        if value is not None and value not in ROUNDINGS:
            raise InputError(
                f"rounding = {value!r}: no such mode; {suggest(str(value), ROUNDINGS)}"
            )
        return None if value is None else str(value)
    if value is None:
        return None
    least = 0 if name == "refractory" else 1
    try:
        whole = int(value)
    except (TypeError, ValueError):
        whole = least - 1
    if isinstance(value, bool) or whole != value or whole < least:
        raise bad(name, value, f"whole numbers, {least} or more")
    return whole


def settings(axes: Mapping[str, tuple[Setting, ...]], design: Design) -> list[dict[str, Setting]]:
    """Return every setting, as a mapping from axis to value.

    ``"grid"`` combines all values; ``"each"`` varies one axis at a time, the others at the
    chip's own value.
    """
    check_choice("design", design, ("grid", "each"))
    if design == "grid":
        return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    own: dict[str, Setting] = dict.fromkeys(axes)
    return [own | {name: value} for name, values in axes.items() for value in values]
