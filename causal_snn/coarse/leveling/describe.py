"""What levels cause: their masses, macro effects and effective information."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn.coarse.leveling.enclosure import Floats, Whole
from causal_snn.kernel.distance import distance
from causal_snn.kernel.tabulated import TabulatedKernel


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """Masses (k,), macro effects and means (k, C, Y), and the radius, see `LevelsResult`."""

    masses: Floats
    effects: Floats
    means: Floats
    radius: float


def describe(kernel: TabulatedKernel, cells: Whole) -> Description:
    """Return what levels cause; `cells`, shape (n,), may be -1 for cells of no level."""
    k = int(cells.max()) + 1
    contexts, _, outcomes = kernel.rows.shape
    masses = np.bincount(cells[cells >= 0], weights=kernel.mass[cells >= 0], minlength=k)
    means, effects = np.empty((k, contexts, outcomes)), np.empty((k, contexts, outcomes))
    low, high = (kernel.lower, kernel.upper) if kernel.binary else (None, None)
    radius = 0.0
    for level in range(k):
        inside = cells == level
        weight = kernel.mass[inside]
        # A level without mass has no mean under the law; its cells then count alike.
        share = weight / weight.sum() if weight.sum() > 0 else np.full(weight.size, 1 / weight.size)
        rows = kernel.rows[:, inside]
        means[level] = effects[level] = np.einsum("cjy,j->cy", rows, share)
        if low is not None and high is not None:
            ends = low[:, inside].min(axis=1), high[:, inside].max(axis=1)
            middle = (ends[0] + ends[1]) / 2.0
            effects[level] = np.stack([1.0 - middle, middle], axis=-1)
            radius = max(radius, float((ends[1] - ends[0]).max()) / 2.0)
        else:
            apart = distance(rows, effects[level][:, None], "tv") + kernel.spread[:, inside]
            radius = max(radius, float(apart.max()))
    return Description(masses, effects, means, min(radius, 1.0))


def effective_information(means: Floats, context_law: Floats) -> float:
    """Return mean over contexts of I(effect; level) with all levels equally likely (bits).

    H(mean over levels) - mean over levels of H (Hoel, Albantakis & Tononi, PNAS 110:19790, 2013,
    of the channel from levels to effects).

    Parameters
    ----------
    means : array, shape (k, C, Y)
    context_law : array, shape (C,)
    """
    from scipy.special import entr

    laws = np.clip(means, 0.0, 1.0)  # means round
    whole = entr(laws.mean(axis=0)).sum(axis=-1)
    parts = entr(laws).sum(axis=-1).mean(axis=0)
    return max(0.0, float(context_law @ (whole - parts)) / float(np.log(2.0)))


def edges_of(kernel: TabulatedKernel, cells: Whole) -> Floats | None:
    """Return where the level changes (mV), or None if cells are no neighbouring intervals."""
    if kernel.edges is None:
        return None
    return np.asarray(kernel.edges[1:-1][np.diff(cells) != 0])
