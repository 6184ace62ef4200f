"""Where a measure breaks: points along an axis of precision, and the least that keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from causal_snn.studies.critical_precision.measures import Measure

Setting = int | str | None
KINDS = {"causal": "causal structure", "statistic": "statistics", "task": "task"}
"""Kinds of measures, in words."""


@dataclass(frozen=True, slots=True)
class PrecisionPoint:
    """One setting of a sweep.

    Attributes
    ----------
    settings : mapping of str to int, str or None
        By axis; None is the chip's own.
    chip : str
        Title of the chip that this makes.
    values : mapping of str to float
        By measure; empty where the network could not be mapped.
    deviations : mapping of str to float
        From the reference, see `Measure`.
    error : str
        Why nothing was measured; empty where all went well.
    notes : tuple of str
        What the mapping had to give up.
    seconds : float
    """

    settings: Mapping[str, Setting]
    chip: str
    values: Mapping[str, float]
    deviations: Mapping[str, float]
    error: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def mapped(self) -> bool:
        """Whether the network could be mapped and measured."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Critical:
    """The coarsest precision from which on a measure stays within its tolerance.

    Attributes
    ----------
    measure : Measure
    axis : str
    others : mapping of str to int, str or None
        The settings of the other axes.
    value : int or None
        The critical precision; None if even the finest that was measured is outside.
    coarsest : bool
        Whether it is the coarsest that was measured, so that the true one may be lower.
    tested : tuple of int
        Precisions at which the measure was taken, in order.
    """

    measure: Measure
    axis: str
    others: Mapping[str, Setting]
    value: int | None
    coarsest: bool
    tested: tuple[int, ...]

    def __str__(self) -> str:
        if not self.tested:
            return "not measured"
        if self.value is None:
            return f"> {self.tested[-1]}"
        return f"≤ {self.value}" if self.coarsest else str(self.value)


@dataclass(frozen=True, slots=True)
class Kept:
    """From which precision on every measure of a kind stays within its tolerance.

    Attributes
    ----------
    axis : str
    others : mapping of str to int, str or None
        The settings of the other axes.
    by_kind : mapping of str to int or None
        For "causal", "statistic" and "task", as far as measured; None if at the finest
        precision one is still outside.
    """

    axis: str
    others: Mapping[str, Setting]
    by_kind: Mapping[str, int | None]

    def __str__(self) -> str:
        given = [f"{key} = {value}" for key, value in self.others.items() if value is not None]
        parts = [
            f"{KINDS[kind]} from {self.axis} = {value}"
            if value is not None
            else f"{KINDS[kind]} at no {self.axis} measured"
            for kind, value in self.by_kind.items()
        ]
        return f"{', '.join(given) or 'kept'}: {', '.join(parts)}"


def rank(point: PrecisionPoint, axis: str) -> int:
    """Return the precision of a point along an axis."""
    value = point.settings[axis]
    assert isinstance(value, int)
    return value


def critical_of(
    measure: Measure, axis: str, others: Mapping[str, Setting], line: list[PrecisionPoint]
) -> Critical:
    """Return from where on the points of a line, coarsest first, keep a measure."""
    known = [
        (rank(point, axis), point.deviations[measure.name])
        for point in line
        if measure.name in point.deviations and not np.isnan(point.deviations[measure.name])
    ]
    least = None
    for bits, deviation in reversed(known):
        if deviation > measure.tolerance:
            break
        least = bits
    tested = tuple(bits for bits, _ in known)
    return Critical(
        measure=measure,
        axis=axis,
        others=others,
        value=least,
        coarsest=bool(tested) and least == tested[0],
        tested=tested,
    )


def kept_of(found: Iterable[Critical]) -> tuple[Kept, ...]:
    """Return from which precision on each kind of measure is kept, for each other setting."""
    groups: dict[str, list[Critical]] = {}
    for one in found:
        groups.setdefault(repr(one.others), []).append(one)
    kept = []
    for group in groups.values():
        by_kind: dict[str, int | None] = {}
        for kind in KINDS:
            values = [one.value for one in group if one.measure.kind == kind and one.tested]
            if values:
                known = [value for value in values if value is not None]
                by_kind[kind] = max(known) if len(known) == len(values) else None
        kept.append(Kept(group[0].axis, group[0].others, by_kind))
    return tuple(kept)
