"""Diameters: how far the effects of two micro states of one cell can differ."""

from __future__ import annotations

import numpy as np

from causal_snn.kernel import EffectKernel
from causal_snn.kernel.normal import mass, mean_above


def diameter(kernel: EffectKernel, low: float, high: float) -> float:
    """Return the worst total variation between effects of two scores in [low, high).

    max over contexts of p_c(high) - p_c(low), since every p_c increases with the score.
    Over an interval of contexts the maximum is at m = (low + high)/2, or the end of the
    interval nearest to it (theory/01_lif.py L7).
    """
    if not low < high:
        return 0.0
    m = kernel.midpoints
    if kernel.contexts.kind == "interval":
        m = np.clip([_middle(low, high)], m.min(), m.max())
    if kernel.scale == 0:
        return float(np.any((low < m) & (m < high)))
    return float(np.max(mass((low - m) / kernel.scale, (high - m) / kernel.scale)))


def contrast(kernel: EffectKernel, low: float, cut: float, high: float) -> float:
    """Return the least difference, over contexts, of the mean effects above and below `cut`.

    The counterfactual power of the two cells: how much more often the unit spikes when it
    is put, uniformly, into the upper rather than the lower one. 0 if a cell is empty.
    """
    if not low < cut < high or np.isinf(low) or np.isinf(high):
        return 0.0
    below = mean_above(low, cut, kernel.scale, kernel.midpoints)
    over = mean_above(cut, high, kernel.scale, kernel.midpoints)
    return float(np.min(over - below))


def _middle(low: float, high: float) -> float:
    if np.isinf(low) or np.isinf(high):
        return float(np.nan_to_num(low + high, nan=0.0, posinf=np.inf, neginf=-np.inf))
    return (low + high) / 2.0
