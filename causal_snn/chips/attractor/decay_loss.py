"""Decay loss: how many bits of a register one rounded decay forgets, exactly."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.errors import bad

Image = Callable[[int], int]
MOST_STATES = 1 << 22
"""States of a register that are gone through one by one where no closed form is known."""


def loss_per_period(d: int, bits: int) -> float:
    r"""Return the bits that one rounded decay x (N - d)/N forgets, N = 2^bits, d < N.

    Over N neighbouring values the map has m = N - d images. With q = floor(N/m), there are
    N - q m images with q + 1 values each and the others with q, whatever deterministic rounding,
    so

    .. math::
        H(x) - H(x') = \frac{1}{N} \bigl[ (N - q m) (q+1) \log_2 (q+1)
                                        + (m - N + q m) \, q \log_2 q \bigr],

    which for d <= N/2 is 2d/N: 2d/4096 for Loihi.

    Raises
    ------
    InputError
        Unless 0 <= d < N (with d = N everything becomes 0 and the register's ends matter).
    """
    period = 1 << bits
    if not 0 <= d < period:
        raise bad("d", d, f"0 to {period - 1}")
    images = period - d
    q = period // images
    more = period - q * images
    return (more * _xlog(q + 1) + (images - more) * _xlog(q)) / period


def decay_map(decay: Decay, setting: int) -> Image:
    """Return one decay as a function of whole numbers of any size (the lower, if stochastic)."""
    if decay.kind == "shift":

        def shifted(x: int) -> int:
            loss = x >> setting
            return x - (loss if loss else (x > 0) - (x < 0))

        return shifted
    factor, bits = decay_factor(decay, setting), decay.bits
    half = 1 << (bits - 1)
    match decay.rounding:
        case "floor" | "stochastic":
            return lambda x: (x * factor) >> bits
        case "nearest":
            return lambda x: (x * factor + half) >> bits
        case "zero":
            half = 0

    def odd(x: int) -> int:
        found = (abs(x) * factor + half) >> bits
        return found if x > 0 else -found

    return odd


def decay_factor(decay: Decay, setting: int) -> int:
    """Return what a step keeps of a register, times 2^bits."""
    period = 1 << decay.bits
    factor = setting if decay.coding == "kept" else period - (setting + decay.offset)
    if not 0 <= factor <= period:
        raise bad("setting", setting, f"a factor from 0 to 1, not {factor}/{period}")
    return factor


def decay_loss(image: Image, decay: Decay, setting: int, form: Fixed) -> float | None:
    """Return H(x | next x) for a uniform register."""
    states = form.most - form.least + 1
    if decay.kind == "shift" or decay.rounding == "stochastic":
        return _counted(decay, setting, form) if states <= MOST_STATES else None
    factor = decay_factor(decay, setting)
    if factor == 0:
        return log2(states)
    if (1 << decay.bits) // factor > MOST_STATES:
        return None
    if decay.rounding in ("floor", "nearest"):
        return _monotone(image, form.least, form.most) / states
    # Odd maps: both sides of 0 by themselves, and what becomes 0 from either.
    reach = 0
    while reach < max(form.most, -form.least) and image(reach + 1) == 0:
        reach += 1
    sides = sum(_monotone(image, reach + 1, end) for end in (form.most, -form.least) if end > reach)
    return (sides + _xlog(min(reach, form.most) + min(reach, -form.least) + 1)) / states


def _monotone(image: Image, least: int, most: int) -> float:
    """Return the sum of c log2 c over the images of least..most, c values going to each."""
    first, last = image(least), image(most)
    if first == last:
        return _xlog(most - least + 1)
    cut = [_edge(image, least, 1), _edge(image, most, -1)]
    values, images = most - least + 1 - sum(cut), last - first - 1
    total = sum(map(_xlog, cut))
    if images:
        # Inner images have q or q + 1 values: two sums say how many of each.
        q = values // images
        more = values - q * images
        total += more * _xlog(q + 1) + (images - more) * _xlog(q)
    return total


def _edge(image: Image, x: int, way: int) -> int:
    """Return how many values from x on share its image; some do not."""
    count = 1
    while image(x + way * count) == image(x):
        count += 1
    return count


def _counted(decay: Decay, setting: int, form: Fixed) -> float:
    x = np.arange(form.least, form.most + 1, dtype=np.int64)
    if decay.kind == "shift":
        loss = x >> setting
        images = x - np.where(loss == 0, np.sign(x), loss)
        return _entropy_left([(images, np.ones(x.size))])
    product = x * decay_factor(decay, setting)
    up = (product & ((1 << decay.bits) - 1)) / float(1 << decay.bits)
    low = product >> decay.bits
    return _entropy_left([(low, 1.0 - up), (low + 1, up)])


def _entropy_left(branches: list[tuple[NDArray[np.int64], NDArray[np.float64]]]) -> float:
    """Return H(x | next x): the mean over x of sum_b w (log W - log w), W = total to the image."""
    images = np.concatenate([one for one, _ in branches])
    weights = np.concatenate([weight for _, weight in branches])
    total = np.bincount(images - images.min(), weights)
    kept = total[total > 0]
    inner = weights[weights > 0]
    found = (kept * np.log2(kept)).sum() - (inner * np.log2(inner)).sum()
    return float(found) / len(branches[0][0])


def _xlog(count: int) -> float:
    return count * log2(count) if count > 1 else 0.0
