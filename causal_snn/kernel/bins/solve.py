"""Effects of a whole bin on the states of a unit, backwards in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_snn.kernel.bins import effects
from causal_snn.kernel.bins.space import Space, space_of
from causal_snn.kernel.bins.task import Bin
from causal_snn.kernel.bins.transition import tables
from causal_snn.simulation.quadrature.unit import Element, Micro

Floats = NDArray[np.float64]
TOGETHER = 8
"""Inputs whose tables are averaged at a time."""
STILL = 1e-17
"""A chance of no spike that stays below this is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Effects of the bin.

    Attributes
    ----------
    space : Space
    values : array, shape (C, g, K)
        Functions of the states.
    mixing : array, shape (C, K, Y), or None
        What each of them is the chance of, for functions that are no effects themselves.
    missed : array, shape (intervals,)
        Largest interpolation error of an interval in any step.
    error : float
        Bound on the error of effects: a step adds what polynomials miss of the effect it acts on,
        and shrinks what was missed before.
    """

    space: Space
    values: Floats
    mixing: Floats | None
    missed: Floats
    error: float

    def at(self, points: Micro) -> Floats:
        """Return the effects at micro states, (C, M, Y), as `effects.earlier` keeps them."""
        found = self.space.at(self.values, points)
        return found if self.mixing is None else found @ self.mixing


def solve(
    task: Bin, elements: tuple[Element, ...], inputs: Floats, drawn: Floats, law: Floats | None
) -> Solution:
    """Return the effects of the bin with given elements.

    Parameters
    ----------
    task : Bin
    elements : tuple
        Ascending intervals and their numbers of nodes.
    inputs : array, shape (C,)
        Of the first step.
    drawn, law : array, shape (D,); law may be None
        Inputs of the later steps, drawn anew in each of them; None: each context lasts.
    """
    space = space_of(task, elements)
    first = later = tables(task, space, inputs)
    if law is not None:
        later = np.zeros((1, space.size, space.size))
        for some in range(0, len(drawn), TOGETHER):
            here = slice(some, some + TOGETHER)
            later += np.einsum("c,cij->ij", law[here], tables(task, space, drawn[here]))
    if task.effect == "spike":
        return _survived(task, space, first, later)
    if space.atom:
        return _renewed(task, space, first, later)
    return _written(task, space, first, later)


def _survived(task: Bin, space: Space, first: Floats, later: Floats) -> Solution:
    """Return the chance of no spike: K = 1, Y = 1."""
    now, missed = effects.start(space.size), []
    for remaining in range(task.steps, 0, -1):
        stay = (first if remaining == 1 else later)[:, :, : space.quiet]
        now = stay @ now[:, : space.quiet]
        missed.append(_largest(space.last_coefficients(now)))
        if now.max() <= STILL:
            now = np.zeros((len(first), space.size, 1))
            break
    return Solution(space, now, None, np.max(missed, axis=0), _sum(missed))


def _renewed(task: Bin, space: Space, first: Floats, later: Floats) -> Solution:
    """Return the law of the first spike (K = steps + 1, "none" last), and what follows it.

    After a spike nothing is left of the potential (theory/08_effect_kernels.py K2), so the rest
    of the bin is one law for each time that is left.
    """
    steps, quiet = task.steps, space.quiet
    alive = np.ones((len(later), space.size, steps + 1))
    for t in range(steps):
        alive[:, :, t + 1 :][:, :, :1] = later[:, :, :quiet] @ alive[:, :quiet, t : t + 1]
    after = alive[:, -1]  # of the unit that has just spiked
    if first is not later:
        alive = np.concatenate(
            [np.ones((len(first), space.size, 1)), first[:, :, :quiet] @ alive[:, :quiet, :-1]],
            axis=2,
        )
    # What is missed of an effect of t steps is at most what is missed of all first-spike times.
    last = space.last_coefficients(alive)
    times = np.abs(np.diff(last, axis=-1)).cumsum(axis=-1) + np.abs(last[..., 1:])
    missed = [_largest(times[..., t : t + 1]) for t in range(steps)]
    law = np.concatenate([-np.diff(alive, axis=2), alive[:, :, -1:]], axis=2)
    return Solution(space, law, _mixing(task, after), np.max(missed, axis=0), _sum(missed))


def _mixing(task: Bin, after: Floats) -> Floats:
    """Return the effect of a bin with its first spike in step 1, 2, ... or none, (C, K, Y).

    Parameters
    ----------
    after : array, shape (C, steps + 1)
        Chance that a unit that has just spiked does not spike again within t steps.
    """
    mixing = np.ones((len(after), 1, 1))  # a bin of no step: no spike
    for t in range(1, task.steps + 1):
        shorter = -np.diff(after[:, :t], axis=1), after[:, t - 1 : t]
        rest = np.concatenate(shorter, axis=1)[:, None, :] @ mixing  # after a spike in step 1
        soon = effects.earlier(task.effect, np.zeros_like(rest), rest)
        late = effects.earlier(task.effect, mixing, np.zeros_like(mixing))
        mixing = np.concatenate([soon, late], axis=1)
    return mixing


def _written(task: Bin, space: Space, first: Floats, later: Floats) -> Solution:
    """Return the effects step by step, spikes written down: for resets that remember."""
    now, missed = effects.start(space.size), []
    for remaining in range(task.steps, 0, -1):
        step = first if remaining == 1 else later
        now = effects.earlier(
            task.effect,
            step[:, :, : space.quiet] @ now[:, : space.quiet],
            step[:, :, space.quiet :] @ now[:, space.quiet :],
        )
        missed.append(_largest(space.last_coefficients(now)))
    return Solution(space, now, None, np.max(missed, axis=0), _sum(missed))


def _largest(last: Floats) -> Floats:
    """Return the largest L1 norm, in any context, of last coefficients on each interval."""
    return np.asarray(np.abs(last).sum(axis=(2, 3)).max(axis=1))


def _sum(missed: list[Floats]) -> float:
    return float(sum(lost.max() for lost in missed))
