"""Parameters: numbers that know their unit and their meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

import numpy as np

from causal_snn.errors import InputError, bad, suggest

Sign = Literal["any", "positive", "non-negative"]


class Parameter(float):
    """A float with a unit and a meaning; behaves as the number in any arithmetic.

    Attributes
    ----------
    unit : str
        Unit ("1" if dimensionless). The units of one model are coherent: mV, ms, nA, nF,
        MOhm, uS for networks; where the literature has them, pA, pF, nS, or uA, uF and mS
        per cm2.
    meaning : str
        What the number is, in a few words.
    sign : {"any", "positive", "non-negative"}
        What values have that meaning.
    """

    __slots__ = ("meaning", "sign", "unit")
    unit: str
    meaning: str
    sign: Sign

    def __new__(cls, value: float, unit: str, meaning: str, sign: Sign = "any") -> Self:
        """Make the number; a float is set when it is made, not in `__init__`."""
        self = super().__new__(cls, value)
        self.unit = unit
        self.meaning = meaning
        self.sign = sign
        return self

    def __getnewargs__(self) -> tuple[float, str, str, Sign]:  # type: ignore[override]
        return float(self), self.unit, self.meaning, self.sign

    def __repr__(self) -> str:
        return f"{float(self)!r} {self.unit}"

    def replace(self, value: float) -> Parameter:
        """Return the same parameter with another value."""
        return Parameter(value, self.unit, self.meaning, self.sign)


class Parameters(Mapping[str, Parameter]):
    """An immutable, picklable, hashable mapping of name to `Parameter`."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Parameter]) -> None:
        for name, value in items.items():
            if not np.isfinite(value):
                raise bad(name, float(value), "a finite number")
            if (value.sign == "positive" and value <= 0) or (
                value.sign == "non-negative" and value < 0
            ):
                raise bad(name, float(value), f"a {value.sign} {value.meaning} ({value.unit})")
        self._items = dict(items)

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._items[name]
        except KeyError:
            raise InputError(f"no parameter {name!r}; {suggest(name, self._items)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __hash__(self) -> int:
        return hash(tuple(self._items.items()))

    def __repr__(self) -> str:
        return f"Parameters({self._items!r})"

    def numbers(self) -> tuple[float, ...]:
        """Return the values alone, in order; quick, for networks of thousands of neurons."""
        return tuple(self._items.values())

    def replace(self, **values: float) -> Parameters:
        """Return a copy with some values changed; unknown names raise `InputError`."""
        changed: dict[str, Any] = dict(self._items)
        for name, value in values.items():
            changed[name] = self[name].replace(as_number(name, value))
        return Parameters(changed)


def as_number(name: str, value: Any) -> float:
    """Return the value of a parameter as a float, or raise `InputError`; text is no number."""
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise bad(name, value, "a number") from None


def preset(
    argument: str, name: str, presets: Mapping[str, Mapping[str, float]]
) -> Mapping[str, float]:
    """Return a named parameter set, or raise `InputError` with a suggestion."""
    if name not in presets:
        raise bad(argument, name, "the name of a parameter set", suggest(str(name), presets))
    return presets[name]
