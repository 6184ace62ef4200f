"""Rounding: x / 2^bits as an integer, in the five ways that chips round."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Rounding = Literal["zero", "floor", "nearest", "nearest_away", "stochastic"]
ROUNDINGS = ("zero", "floor", "nearest", "nearest_away", "stochastic")


def shift_right(x: Ints, bits: int, rounding: Rounding) -> Ints:
    """Return x / 2^bits rounded.

    ``"zero"`` truncates (Loihi), ``"floor"`` is an arithmetic shift, ``"nearest"`` takes ties
    up (round-half-up, SpiNNaker's RN), ``"nearest_away"`` away from zero; for ``"stochastic"``
    this is the lower of the two outcomes, see `dropped`.
    """
    if bits == 0:
        return x
    match rounding:
        case "zero":
            found = x >> 63
            found &= (1 << bits) - 1
            found += x
        case "nearest":
            found = x + (1 << (bits - 1))
        case "nearest_away":
            found = x + (1 << (bits - 1))
            found += x >> 63
        case _:
            return x >> bits
    found >>= bits
    return found


def dropped(x: Ints, bits: int) -> Ints:
    """Return what a floor drops, 0 to 2^bits - 1: P(up) of stochastic rounding times 2^bits."""
    return x & ((1 << bits) - 1)
