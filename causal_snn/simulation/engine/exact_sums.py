"""Tables on a grid, so that sums of their entries are exact in any order.

A matrix product adds in an order that depends on the number of threads. Multiples of g add without
rounding as long as the sum stays below 2^digits g; so the entries of each row are rounded to
multiples of a power of two, by as much as rounding moves their sum anyway.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def on_grid(table: Any, dtype: Any) -> Any:
    """Return a dense table, (n, k), rounded so that the entries of a row add exactly."""
    _, exponent = np.frexp(np.abs(table).sum(axis=1, keepdims=True))
    grid = np.ldexp(1.0, exponent - np.finfo(dtype).nmant)
    return np.rint(table / grid) * grid
