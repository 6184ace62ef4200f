"""Conditional independence: what integrated information demands of a TPM, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn import order

Floats = NDArray[np.float64]
TOLERANCE = 1e-6
"""Gap above which integrated information of the product TPM would be spurious."""


@dataclass(frozen=True, slots=True)
class Independence:
    """How far joint rows are from products of their marginals, in total variation.

    Attributes
    ----------
    gap : float
        The worst row.
    mean : float
        The mean over rows, all states alike.
    worst_state : tuple of int
        The state whose row is worst.
    """

    gap: float = 0.0
    mean: float = 0.0
    worst_state: tuple[int, ...] = ()


def measure(joint: Floats, marginals: Sequence[Floats], sizes: Sequence[int]) -> Independence:
    """Return the gap of joint rows (S, S) against the product of `marginals`, each (S, k_i)."""
    distance = 0.5 * np.abs(joint - order.product(marginals)).sum(axis=1)
    worst = int(np.argmax(distance))
    return Independence(
        gap=float(distance[worst]),
        mean=float(distance.mean()),
        worst_state=tuple(int(x) for x in order.states(sizes)[worst]),
    )
