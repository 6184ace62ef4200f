"""Fixed: the format of a register, and what happens to a value that it cannot hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad, check_choice

Ints = NDArray[np.int64]
Overflow = Literal["saturate", "wrap", "wrap_once", "error", "none"]
OVERFLOWS = ("saturate", "wrap", "wrap_once", "error", "none")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A register of `bits` bits; the integer x stands for x / 2^frac.

    Attributes
    ----------
    bits : int
        Width, sign bit included; 1 to 62, so that int64 holds every sum of two.
    signed : bool
    frac : int
        Binary places.
    overflow : {"saturate", "wrap", "wrap_once", "error", "none"}
        What becomes of a value outside: the nearest end; modulo 2^bits (two's complement);
        one period added or taken off where the value is above 2^(bits-1) or at or below
        -2^(bits-1) (Lava, which so keeps +2^(bits-1)); an error; or nothing (an emulator
        that does not check).
    low, high : int, optional
        Ends, where they are not those of the width.
    """

    bits: int
    signed: bool = True
    frac: int = 0
    overflow: Overflow = "saturate"
    low: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 62:
            raise bad("bits", self.bits, "1 to 62 bits, so that int64 holds every sum")
        if not 0 <= self.frac <= 62:
            raise bad("frac", self.frac, "0 to 62 binary places")
        check_choice("overflow", self.overflow, OVERFLOWS)
        if self.least > self.most:
            raise bad("low", self.low, f"not above high = {self.high}")

    @property
    def least(self) -> int:
        """The lowest value."""
        if self.low is not None:
            return self.low
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def most(self) -> int:
        """The highest value."""
        if self.high is not None:
            return self.high
        return (1 << (self.bits - 1 if self.signed else self.bits)) - 1

    def holds(self, values: Ints) -> NDArray[np.bool_]:
        """Return which values the register can hold."""
        return np.asarray((values >= self.least) & (values <= self.most))

    def fit(self, values: Ints) -> Ints:
        """Return what the register holds after it was given `values`.

        Raises
        ------
        InputError
            With ``overflow="error"``, if a value does not fit.
        """
        half, period = 1 << (self.bits - 1), 1 << self.bits
        least, most = self.least, self.most
        match self.overflow:
            case "wrap":
                most = least + period - 1
            case "wrap_once":
                least, most = 1 - half, half
        if self.overflow == "none" or _within(values, least, most):
            return values
        match self.overflow:
            case "saturate":
                return np.clip(values, least, most)
            case "wrap":
                return ((values - least) & (period - 1)) + least
            case "wrap_once":
                return np.where(
                    values > most,
                    values - period,
                    np.where(values < least, values + period, values),
                )
        worst = values.ravel()[np.argmax(~self.holds(values))]
        raise bad("register", int(worst), f"{least} to {most} in {self}")

    def __str__(self) -> str:
        if self.overflow == "none":
            return "no limits"
        name = f"{'s' if self.signed else 'u'}{self.bits - self.frac - self.signed}.{self.frac}"
        return f"{name} ({self.overflow})"


def _within(values: Ints, least: int, most: int) -> bool:
    """Whether nothing overflows, which is almost always so: two reductions, no new array."""
    if values.size == 0:
        return True
    lowest, highest = np.minimum.reduce(values, axis=None), np.maximum.reduce(values, axis=None)
    return bool(lowest >= least and highest <= most)
