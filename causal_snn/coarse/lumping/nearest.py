"""The nearest separation that a lumping has, when the one demanded cannot be met."""

from __future__ import annotations

import time
from dataclasses import replace

from causal_snn.coarse.lumping.apart import least_distance, macro_rows
from causal_snn.coarse.lumping.descent import fits
from causal_snn.coarse.lumping.problem import Labels, Problem
from causal_snn.coarse.lumping.radius import radii
from causal_snn.coarse.lumping.search import Found, search
from causal_snn.errors import bad

FINENESS = 1e-3
"""To which the largest separation is found."""


def nearest(
    task: Problem, ends: list[Labels], order: Labels, deadline: float, notes: list[str]
) -> tuple[Problem, Found]:
    """Return the problem with the largest separation that a lumping was found for, and one.

    Bisection: a separation is met or refuted by a search that stops at the first lumping.
    """
    free = replace(task, separation=0.0)
    known = [end for end in ends if fits(free, end)]
    if not known:
        met = search(free, None, order=order, deadline=deadline, any_will_do=True).best
        if met is None:
            raise bad("min_mass", task.min_mass, "a mass that k cells can have under this law")
        known = [met.labels]
    best = max(known, key=lambda labels: _separation(task, labels))
    low, high = _separation(task, best), task.separation
    while high - low > FINENESS and time.monotonic() < deadline:
        middle = (low + high) / 2
        aimed = replace(task, separation=middle)
        tried = search(aimed, None, order=order, deadline=deadline, any_will_do=True)
        if tried.best is not None:
            best = tried.best.labels
            low = max(middle, _separation(task, best))
        elif tried.complete:
            high = middle
    notes.append(
        f"separation {task.separation:.6g} is not met; the nearest found is {low:.6g}, "
        f"none above {high:.6g} exists"
        if high < task.separation
        else f"separation {task.separation:.6g} is not met; the nearest found is {low:.6g}"
    )
    size = float(radii(task.matrices, best[None], task.k)[0])
    return replace(task, separation=low), Found(best, size)


def _separation(task: Problem, labels: Labels) -> float:
    return least_distance(macro_rows(task, labels))
