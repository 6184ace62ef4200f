"""PrecisionSweep: what a network keeps at every precision, and where it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.errors import bad, suggest
from causal_snn.studies.critical_precision.critical import (
    Critical,
    Kept,
    PrecisionPoint,
    Setting,
    critical_of,
    kept_of,
    rank,
)
from causal_snn.studies.critical_precision.measures import Measure

if TYPE_CHECKING:
    import pandas as pd

FINER = ("bits", "state_bits", "decay_bits")
"""Axes along which more is finer."""


class Status(StrEnum):
    """Whether every setting was measured; the members are the messages."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted: what was measured is kept, pass it as resume= to go on"


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionSweep:
    """What `critical_precision` returns.

    Attributes
    ----------
    network : str
        Its name.
    chip : str
    axes : mapping of str to tuple
        What was swept.
    measures : tuple of Measure
        What was measured, with tolerances.
    reference : mapping of str to float
        Values of the float network.
    points : tuple of PrecisionPoint
        One for each setting, in the order of the axes.
    status : Status
    provenance : mapping
    """

    network: str
    chip: str
    axes: Mapping[str, tuple[Setting, ...]]
    measures: tuple[Measure, ...]
    reference: Mapping[str, float]
    points: tuple[PrecisionPoint, ...]
    status: Status
    provenance: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[PrecisionPoint]:
        return iter(self.points)

    def __repr__(self) -> str:
        failed = sum(not point.mapped for point in self.points)
        return (
            f"<PrecisionSweep of {self.network!r} on {self.chip}: {len(self)} settings, "
            f"{failed} not mappable, {self.status.name.lower()}>"
        )

    def measure(self, name: str) -> Measure:
        """Return a measure of the sweep by name.

        Raises
        ------
        InputError
            If it was not measured.
        """
        for one in self.measures:
            if one.name == name:
                return one
        names = [one.name for one in self.measures]
        raise bad("measure", name, "one that was measured", suggest(name, names))

    @property
    def lined(self) -> bool:
        """Whether an axis along which more is finer was swept."""
        return any(len(self.axes.get(key, ())) > 1 for key in FINER) and bool(self.lines())

    def axis(self, name: str | None = None) -> str:
        """Return the axis of that name along which more is finer; by default the first swept.

        Raises
        ------
        InputError
            If the sweep has no such axis.
        """
        swept = [key for key in FINER if len(self.axes.get(key, ())) > 1]
        if name is None and swept:
            return swept[0]
        if name not in swept:
            raise bad("axis", name, f"one that was swept: {', '.join(swept) or 'none was'}")
        return str(name)

    def lines(
        self, axis: str | None = None
    ) -> list[tuple[dict[str, Setting], list[PrecisionPoint]]]:
        """Return the points along an axis, coarsest first, for each setting of the others.

        Parameters
        ----------
        axis : str, optional
            bits, state_bits or decay_bits; default the first that was swept.
        """
        name = self.axis(axis)
        found: dict[tuple[Any, ...], list[PrecisionPoint]] = {}
        for point in self.points:
            if point.settings[name] is not None:
                others = tuple(v for key, v in point.settings.items() if key != name)
                found.setdefault(others, []).append(point)
        keys = [key for key in self.axes if key != name]
        return [
            (dict(zip(keys, others, strict=True)), sorted(line, key=lambda p: rank(p, name)))
            for others, line in found.items()
            if len(line) > 1
        ]

    def critical(
        self, axis: str | None = None, *, tolerances: Mapping[str, float] | None = None
    ) -> tuple[Critical, ...]:
        """Return the critical precision of every measure.

        Parameters
        ----------
        axis : str, optional
            bits, state_bits or decay_bits; default the first that was swept.
        tolerances : mapping of str to float, optional
            By measure, in place of those of the sweep.

        Returns
        -------
        tuple of Critical
            For each setting of the other axes and each measure: the least precision such that
            there and at every finer one the measure is within its tolerance. Settings that
            could not be mapped, or at which a measure is undefined, break no measure and
            establish none: they are passed over.
        """
        from causal_snn.studies.critical_precision.measures import choose

        chosen = choose(
            [one.name for one in self.measures],
            {one.name: one.tolerance for one in self.measures} | dict(tolerances or {}),
            task=any(one.name == "task" for one in self.measures),
        )
        name = self.axis(axis)
        return tuple(
            critical_of(measure, name, others, line)
            for others, line in self.lines(name)
            for measure in chosen
        )

    def kept(
        self, axis: str | None = None, *, tolerances: Mapping[str, float] | None = None
    ) -> tuple[Kept, ...]:
        """Return from which precision on each kind of measure is kept as a whole.

        Parameters
        ----------
        axis, tolerances
            See `critical`.

        Returns
        -------
        tuple of Kept
            One for each setting of the other axes: the precision at which causal structure
            breaks, beside the one at which statistics do.
        """
        return kept_of(self.critical(axis, tolerances=tolerances))

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row for each setting: settings, values, deviations, error."""
        import pandas as pd

        rows = [
            {
                **point.settings,
                **{one.name: point.values.get(one.name, np.nan) for one in self.measures},
                **{
                    f"{one.name}_deviation": point.deviations.get(one.name, np.nan)
                    for one in self.measures
                },
                "chip": point.chip,
                "error": point.error,
            }
            for point in self.points
        ]
        return pd.DataFrame(rows)

    def critical_dataframe(self, axis: str | None = None) -> pd.DataFrame:
        """Return the critical precisions, one row for each measure and other setting."""
        import pandas as pd

        rows = [
            {
                **{key: value for key, value in one.others.items() if value is not None},
                "measure": one.measure.name,
                "kind": one.measure.kind,
                "tolerance": one.measure.tolerance,
                "relative": one.measure.relative,
                one.axis: one.value,
                "coarsest_measured": one.coarsest,
            }
            for one in self.critical(axis)
        ]
        return pd.DataFrame(rows)

    def table(self) -> str:
        """Return values at every setting, the reference, and the critical precisions as text."""
        from causal_snn.studies.critical_precision.table import table

        return table(self)
