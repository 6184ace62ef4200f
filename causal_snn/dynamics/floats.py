"""floats and is_number: what a caller gave for numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def floats(value: Any) -> NDArray[np.float64]:
    """Return a value as an array of floats; NaN, shape (), if that is not possible.

    Whoever asks for finite numbers of a shape refuses that NaN with the rest, in one sentence.
    """
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return np.array(np.nan)


def is_number(value: Any) -> bool:
    """Return whether a value is one finite number; text and truth values are none."""
    kinds = (int, float, np.integer, np.floating)
    return isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)
