"""Threshold and reset by themselves: potentials that stay quiet, and states after a spike."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chain.kernel import Step
from causal_snn.chips.chain.monotone import first_where
from causal_snn.errors import InputError

Numbers = NDArray[Any]
Ints = NDArray[np.int64]
MOST_FIRED = 1 << 18
"""Potentials above threshold whose states after the spike are listed one by one."""


@dataclass(frozen=True, slots=True)
class Range:
    """Potentials (registers) that do() may set.

    Attributes
    ----------
    low, top : int
        Without a spike, after a step.
    high : int
        Those above `top` and up to this one are of a neuron that spikes, before its reset.
    """

    low: int
    top: int
    high: int


class Fired(NamedTuple):
    """States after a spike: how many spikes, the counter, the potentials, the mass before."""

    spikes: int
    counter: int
    low: int
    high: int
    mass: Fraction


def settled_range(step: Step, anchors: list[int]) -> tuple[int, int]:
    """Return least and greatest potential that threshold and reset can leave as it is, unspiked.

    Raises
    ------
    InputError
        If none of the anchors (rest, reset, just below threshold) is one.
    """

    def settled(v: Ints) -> NDArray[np.bool_]:
        law = step.fired(v)
        found = np.zeros(len(v), dtype=bool)
        found[law.lane[(law.spikes == 0) & (law.registers["v"] == v[law.lane])]] = True
        return found

    form = step.chip.voltage
    tried = np.clip(np.array(anchors), form.least, form.most)
    good = tried[settled(tried)]
    if not len(good):
        raise InputError(
            f"no potential of {step.chip.title} stays below its threshold: at {anchors} the neuron "
            "always spikes or is reset. Raise the threshold."
        )
    anchor = good[:1]
    low = first_where(settled, np.array([form.least]), anchor)
    top = first_where(lambda v: ~settled(v), anchor, np.array([form.most])) - 1
    return int(low[0]), int(top[0])


def after_spike(step: Step, first: int, last: int) -> list[Fired]:
    """Return the states after a spike from the potentials first..last before the reset.

    Each state that differs counts alike.

    Raises
    ------
    InputError
        If there are too many to be listed.
    """
    chip, width = step.chip, last - first + 1
    simple = "fire" in chip.order and chip.max_spikes == 1
    if not simple and width > MOST_FIRED:
        raise InputError(
            f"state space too large: {width:,} potentials above the threshold of {chip.title}, "
            f"more than {MOST_FIRED:,}. Declare a range with potentials=(low, high)."
        )
    # A reset to a value or by a shift is known from its ends.
    law = step.fired(np.array([first, last]) if simple else np.arange(first, last + 1))
    counter = law.registers.get("r", np.zeros_like(law.spikes))
    rows = np.stack([law.spikes, counter, law.registers["v"]], axis=1)[law.spikes > 0]
    if not len(rows):
        raise InputError(f"a neuron of {chip.title} spikes at no potential up to {last}")
    if simple:
        s, r, low = rows[0].tolist()
        return [Fired(s, r, low, int(rows[-1, 2]), Fraction(width))]
    return _runs(rows)


def _runs(rows: Numbers) -> list[Fired]:
    """Return rows (spikes, counter, potential) as runs of neighbouring potentials."""
    rows, count = np.unique(rows, axis=0, return_counts=True)
    kinds, kind = np.unique(rows[:, :2], axis=0, return_inverse=True)
    before = np.bincount(kind.ravel(), count)
    after = np.bincount(kind.ravel())
    breaks = (np.diff(kind.ravel()) != 0) | (np.diff(rows[:, 2]) != 1)
    found = []
    for run in np.split(np.arange(len(rows)), np.flatnonzero(breaks) + 1):
        k = int(kind.ravel()[run[0]])
        s, r = kinds[k].tolist()
        mass = Fraction(int(before[k]) * len(run), int(after[k]))
        found.append(Fired(s, r, int(rows[run[0], 2]), int(rows[run[-1], 2]), mass))
    return found
