"""What is measured at every precision, on which side it counts, and how much may be lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from causal_snn.errors import InputError, bad, suggest

Kind = Literal["causal", "statistic", "task"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that precision may break.

    Attributes
    ----------
    name : str
    label : str
        As a figure writes it.
    unit : str
    kind : {"causal", "statistic", "task"}
        Whether it says what would follow from interventions, or what is observed.
    tolerance : float
        Largest deviation that counts as kept.
    relative : bool
        Whether the deviation is a fraction of the reference.
    meaning : str
        What the value and its deviation are.
    """

    name: str
    label: str
    unit: str
    kind: Kind
    tolerance: float
    relative: bool
    meaning: str

    def deviation(self, value: float, reference: float) -> float:
        """Return |value - reference|, over |reference| where relative.

        Relative to a reference of 0 it is 0 or infinite.
        """
        gap = abs(value - reference)
        if not self.relative:
            return gap
        if gap < _ROUNDING:
            return 0.0
        return gap / abs(reference) if abs(reference) > _ROUNDING else float(np.inf)


_ROUNDING = 1e-9

MEASURES: Mapping[str, Measure] = {
    one.name: one
    for one in (
        Measure(
            "tv",
            "row TV, worst",
            "1",
            "causal",
            0.05,
            False,
            "total variation between a row of the macro TPM and the reference's, worst row",
        ),
        Measure(
            "mean_tv",
            "row TV, mean",
            "1",
            "causal",
            0.05,
            False,
            "the same, mean over rows",
        ),
        Measure(
            "ei",
            "EI",
            "bit",
            "causal",
            0.1,
            True,
            "effective information of the macro TPM (Hoel et al. 2013)",
        ),
        Measure(
            "determinism",
            "determinism",
            "1",
            "causal",
            0.05,
            False,
            "1 - mean row entropy / log2 of the number of macro states",
        ),
        Measure(
            "degeneracy",
            "degeneracy",
            "1",
            "causal",
            0.05,
            False,
            "1 - entropy of the mean row / log2 of the number of macro states",
        ),
        Measure(
            "phi_s",
            "φₛ",
            "ibit",
            "causal",
            0.1,
            True,
            "system integrated information, mean over the states asked for",
        ),
        Measure(
            "Phi",
            "Φ",
            "ibit",
            "causal",
            0.1,
            True,
            "structure integrated information, mean over the states asked for",
        ),
        Measure(
            "mip",
            "minimum partition",
            "1",
            "causal",
            0.05,
            False,
            "share of the states asked for whose minimum partition is that of the reference",
        ),
        Measure(
            "complex",
            "major complex",
            "1",
            "causal",
            0.05,
            False,
            "share of the states asked for whose major complex has the reference's units",
        ),
        Measure(
            "edges",
            "edges changed",
            "1",
            "causal",
            0.0,
            False,
            "edges whose effect changed sign, was silenced or created, of do(one unit) on the "
            "next state of another",
        ),
        Measure(
            "rate",
            "rate",
            "Hz",
            "statistic",
            0.1,
            True,
            "mean rate of the units; the deviation is the worst unit's",
        ),
        Measure(
            "cv",
            "CV",
            "1",
            "statistic",
            0.1,
            False,
            "coefficient of variation of intervals, mean over the units; the deviation is the "
            "worst unit's",
        ),
        Measure(
            "correlation",
            "correlation",
            "1",
            "statistic",
            0.1,
            False,
            "correlation of spike trains in one step, mean over pairs; the deviation is the "
            "worst pair's",
        ),
        Measure("task", "task", "1", "task", 0.05, False, "what the function `task` returned"),
    )
}
"""Every measure by name, with its default tolerance."""

DEFAULT = ("tv", "ei", "phi_s", "mip", "edges", "rate", "cv", "correlation")
"""Measures of a sweep unless others are asked for."""


def choose(
    names: Sequence[str], tolerances: Mapping[str, float] | None, *, task: bool
) -> tuple[Measure, ...]:
    """Return measures by name, with the tolerances given in place of the defaults.

    Raises
    ------
    InputError
        If a name is unknown, or a tolerance negative or for a measure that is not asked for.
    """
    if isinstance(names, str):
        names = (names,)
    for name in names:
        if name not in MEASURES:
            raise InputError(f"measures: no {name!r}; {suggest(name, MEASURES)}")
    asked = list(dict.fromkeys(names))
    if task and "task" not in asked:
        asked.append("task")
    if "task" in asked and not task:
        raise bad("measures", "task", "a function as task= too")
    if not asked:
        raise bad("measures", tuple(names), "at least one of " + ", ".join(MEASURES))
    for name, value in (tolerances or {}).items():
        if name not in asked:
            raise bad("tolerances", name, "a measure of this sweep", suggest(name, asked))
        if not np.isfinite(value) or value < 0:
            raise bad(f"tolerances[{name!r}]", value, "a deviation, 0 or more")
    return tuple(
        replace(
            MEASURES[name], tolerance=float((tolerances or {}).get(name, MEASURES[name].tolerance))
        )
        for name in asked
    )
