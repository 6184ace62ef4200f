"""chip_table: a chip's description as text, field by field, with where each is known from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from causal_snn.chips.arithmetic.fixed import Fixed

if TYPE_CHECKING:
    from causal_snn.chips.chip import Chip

EVIDENCE = {
    "traced": "numbers that an emulator or a chip recorded are reproduced with it",
    "read": "read in public source code or documentation",
    "memory": "from memory of a publication, not verified",
    "assumed": "not known; what this model takes",
    "chosen": "an option, or a choice of this model",
}
"""First words of the texts in `Chip.sources`, and how sure each is."""

_APART = ("name", "convention", "settings", "sources")


def chip_table(chip: Chip) -> str:
    """Return a text: what the chip's fields are, where each is known from, and its settings.

    Fields that are as in most chips (the defaults of `Chip`) are left out, unless a source says
    something about them.
    """
    lines = [f"{chip.title}: {chip.schedule}, {chip.number}", ""]
    for field in fields(chip):
        value = getattr(chip, field.name)
        if field.name in _APART or (value == _default(field) and field.name not in chip.sources):
            continue
        lines += [f"{field.name}: {_text(value)}", *_known(chip, field.name)]
    lines += ["", "settings of a neuron:", *_known(chip, "settings")]
    for one in chip.settings:
        step = "" if one.step == 1 else ", real" if one.step == 0 else f", in steps of {one.step}"
        usual = f"{one.default} unless given ({one.meaning})"
        lines.append(f"  {one.name}: {one.low} to {one.high}{step}; {usual}")
    used = [word for word in EVIDENCE if any(word in text for text in chip.sources.values())]
    lines += ["", *(f"{word}: {EVIDENCE[word]}" for word in used)]
    return "\n".join(lines)


def _known(chip: Chip, name: str) -> list[str]:
    return [f"    {chip.sources.get(name, 'no source')}"]


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _text(value: Any) -> str:
    if isinstance(value, Fixed):
        return str(value) if value.overflow == "none" else f"{value}, {value.least} to {value.most}"
    if is_dataclass(value):
        parts = [(field, getattr(value, field.name)) for field in fields(value)]
        told = [
            f"{field.name} {_text(x)}" for field, x in parts if x not in (None, _default(field))
        ]
        return "; ".join(told) or "nothing known"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(x)}" for key, x in value.items()) or "none"
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int):
        return f"{value[0]} to {value[1]}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
