"""The states that a system specifies: its most intrinsically informative cause and effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.phi.exact.equal import EQUAL
from causal_snn.phi.exact.factors import Factors
from causal_snn.phi.result import State

Floats = NDArray[np.float64]
CHUNK = 1 << 20
"""Doubles to hold at a time while effects are averaged."""


@dataclass(frozen=True, slots=True)
class Specified:
    """One specified state.

    Attributes
    ----------
    state : tuple of int
    information : float
        Intrinsic information of the state (ibit).
    selectivity : float
        Its probability, given the present state.
    """

    state: State
    information: float
    selectivity: float

    @property
    def differentiation(self) -> float:
        """Surprise of the state, -log2 of its probability (bit)."""
        if self.selectivity <= 0.0:
            return float("inf")
        return float(-np.log2(self.selectivity)) if self.selectivity < 1.0 else 0.0


def specified_effects(system: Factors) -> tuple[Specified, ...]:
    """Return the effect state of largest intrinsic information, and every state tied with it.

    ii(s') = p(s'|s) log2(p(s'|s) / mean over s of p(s'|s)) (Albantakis et al. 2023, Eqs. 7-9).
    """
    sizes = system.sizes
    rows = [order.flat(factor, len(sizes)) for factor in system.effect]
    count = len(rows[0])
    some = max(1, CHUNK // count)
    mean = np.zeros(count)
    for first in range(0, count, some):
        mean += order.product([f[first : first + some] for f in rows]).sum(axis=0)
    mean /= count
    now = order.number(system.state, sizes)
    given = order.product([f[now : now + 1] for f in rows])[0]
    return _best(given, given, mean, sizes)


def specified_causes(system: Factors) -> tuple[Specified, ...]:
    """Return the cause state of largest intrinsic information, and every state tied with it.

    ii(s) = p(s|s') log2(p(s'|s) / mean over s of p(s'|s)), the first by Bayes' rule from a
    uniform prior (Albantakis et al. 2023, Eqs. 10-12).
    """
    likelihood = order.flat(system.likelihood, len(system.sizes))
    mean = np.full_like(likelihood, likelihood.mean())
    return _best(likelihood / likelihood.sum(), likelihood, mean, system.sizes)


def _best(
    weight: Floats, given: Floats, mean: Floats, sizes: tuple[int, ...]
) -> tuple[Specified, ...]:
    value = np.zeros_like(given)
    some = given > 0
    value[some] = weight[some] * np.log2(given[some] / mean[some])
    top = float(value.max())
    near = np.abs(value - top) <= EQUAL * np.maximum(1.0, np.maximum(np.abs(value), abs(top)))
    states = order.states(sizes)
    return tuple(
        Specified(
            state=tuple(int(x) for x in states[k]),
            information=float(value[k]),
            selectivity=float(weight[k]),
        )
        for k in np.flatnonzero(near)
    )
