"""SpikeTrains: which unit spiked when, in which replica."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, suggest

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SpikeTrains:
    """Spikes in order of time; arrays have one entry for each spike.

    Attributes
    ----------
    labels : tuple of str
        Names of the units.
    units : array of int
        Index of the unit that spiked.
    times : array
        When (ms).
    replicas : array of int
        In which replica.
    start, stop : float
        Span of time that was watched (ms).
    count : int
        Number of replicas.
    """

    labels: tuple[str, ...]
    units: NDArray[np.int64]
    times: Floats
    replicas: NDArray[np.int64]
    start: float
    stop: float
    count: int = 1

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        return (
            f"<SpikeTrains: {len(self)} spikes of {len(self.labels)} units, "
            f"{self.start:g} to {self.stop:g} ms>"
        )

    def index(self, unit: int | str) -> int:
        """Return the index of a unit named by label or index."""
        if isinstance(unit, str):
            if unit not in self.labels:
                raise bad("unit", unit, "a label", suggest(unit, self.labels))
            return self.labels.index(unit)
        if not _whole(unit) or not 0 <= unit < len(self.labels):
            raise bad("unit", unit, f"an index from 0 to {len(self.labels) - 1}, or a label")
        return int(unit)

    def of(self, unit: int | str, *, replica: int = 0) -> Floats:
        """Return the spike times of one unit (ms), in order."""
        self.check_replica(replica)
        keep = (self.units == self.index(unit)) & (self.replicas == replica)
        times: Floats = self.times[keep]
        return times

    def check_replica(self, replica: Any) -> None:
        """Raise `InputError` unless there is such a replica."""
        if not _whole(replica) or not 0 <= replica < self.count:
            raise bad("replica", replica, f"a number from 0 to {self.count - 1}")

    def rates(self) -> Floats:
        """Return the mean rate of each unit over time and replicas (Hz), shape (n,)."""
        counts = np.bincount(self.units, minlength=len(self.labels))
        span = (self.stop - self.start) * self.count / 1000.0
        rates: Floats = counts / span if span > 0 else np.full(len(self.labels), np.nan)
        return rates

    @classmethod
    def from_times(
        cls,
        times: Mapping[str, ArrayLike] | Iterable[ArrayLike],
        *,
        start: float = 0.0,
        stop: float,
    ) -> SpikeTrains:
        """Return spike trains from the spike times (ms) of each unit.

        Parameters
        ----------
        times : mapping of label to times, or sequence of times
            Spike times of each unit (ms).
        start, stop : float
            Span of time that was watched (ms); spikes outside it are refused.
        """
        ends: tuple[tuple[str, Any], ...] = (("start", start), ("stop", stop))
        for name, end in ends:
            if not (_whole(end) or isinstance(end, float)) or not np.isfinite(end):
                raise bad(name, end, "a time in ms")
        if not stop > start:
            raise bad("stop", stop, f"a time after start = {start} ms")
        if isinstance(times, str) or not isinstance(times, Iterable):
            raise bad("times", times, "spike times of each unit, by label or in order")
        named = (
            {str(label): each for label, each in times.items()}
            if isinstance(times, Mapping)
            else {str(k): each for k, each in enumerate(times)}
        )
        found = [_row(f"times of {label!r}", each) for label, each in named.items()]
        for label, each in zip(named, found, strict=True):
            if each.size and not (np.all(each >= start) and np.all(each <= stop)):
                raise InputError(
                    f"times of {label!r}: {each.min():g} to {each.max():g} ms, and the span is "
                    f"{start:g} to {stop:g} ms"
                )
        units = np.repeat(np.arange(len(found)), [each.size for each in found])
        joined: Any = np.concatenate(found) if found else np.zeros(0)
        order = np.lexsort((units, joined))
        return cls(
            labels=tuple(named),
            units=units[order].astype(np.int64),
            times=joined[order],
            replicas=np.zeros(len(order), np.int64),
            start=float(start),
            stop=float(stop),
        )


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _row(name: str, times: Any) -> Floats:
    try:
        row: Floats = np.atleast_1d(np.asarray(times, dtype=float))
    except (TypeError, ValueError):
        raise bad(name, times, "times in ms") from None
    if row.ndim > 1 or not np.all(np.isfinite(row)):
        raise bad(name, times, "a row of finite times in ms")
    return row
