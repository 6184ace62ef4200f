"""Spike trains to and from neo, the common object model of electrophysiology (extra `neo`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from causal_snn.errors import InputError, bad
from causal_snn.simulation.recording import Recording
from causal_snn.simulation.spike_trains import SpikeTrains

UNIT, REPLICA = "unit", "replica"
"""Annotations of a neo train: the label of its unit, and the number of its replica."""


def to_neo(trains: SpikeTrains | Recording) -> Any:
    """Return spike trains as a neo segment: one neo train for each unit and replica.

    Parameters
    ----------
    trains : SpikeTrains or Recording

    Returns
    -------
    neo.Segment
        Times in ms; a train's name is the label of its unit, which is also its annotation
        ``unit``, beside ``replica``. Trains without a spike are there too.

    Raises
    ------
    InputError
        If neo is not installed, or `trains` is neither of the two.

    Notes
    -----
    Source: Garcia et al., Neo: an object model for handling electrophysiology data in multiple
    formats, Front Neuroinform 8:10 (2014).
    """
    neo = _neo()
    found = trains.trains if isinstance(trains, Recording) else trains
    if not isinstance(found, SpikeTrains):
        raise bad("trains", trains, "a SpikeTrains or a Recording")
    name = trains.network.name if isinstance(trains, Recording) else "causal_snn"
    segment = neo.Segment(name=name)
    for replica in range(found.count):
        for label in found.labels:
            segment.spiketrains.append(
                neo.SpikeTrain(
                    found.of(label, replica=replica),
                    units="ms",
                    t_start=found.start,
                    t_stop=found.stop,
                    name=label,
                    **{UNIT: label, REPLICA: replica},
                )
            )
    return segment


def from_neo(data: Any) -> SpikeTrains:
    """Return the spike trains of a neo segment or block.

    Parameters
    ----------
    data : neo.Segment or neo.Block
        Any units of time. Without annotations ``replica`` the segments of a block are replicas
        (trials). A unit is known by its train's annotation ``unit``, else its name, else by its
        position.

    Returns
    -------
    SpikeTrains
        Times in ms, the units in the order in which they first appear.

    Raises
    ------
    InputError
        If neo is not installed, `data` is neither of the two or has no trains, one unit has two
        trains in a replica, or the trains differ in the span of time that they cover.
    """
    neo = _neo()
    if not isinstance(data, neo.Segment | neo.Block):
        raise bad("data", data, "a neo.Segment or a neo.Block")
    segments = data.segments if isinstance(data, neo.Block) else [data]
    found: dict[tuple[int, str], Any] = {}
    for k, segment in enumerate(segments):
        for position, train in enumerate(segment.spiketrains):
            label = str(train.annotations.get(UNIT) or train.name or position)
            replica = int(train.annotations.get(REPLICA, k))
            if (replica, label) in found:
                raise InputError(
                    f"data: two trains of unit {label!r} in replica {replica}; name the units "
                    f"apart, or number the replicas in an annotation {REPLICA!r}"
                )
            found[replica, label] = train
    if not found:
        raise bad("data", data, "a segment or block with at least one spike train")
    start, stop = _span(list(found.values()))
    return _joined(found, start, stop)


def _span(trains: Sequence[Any]) -> tuple[float, float]:
    spans = sorted({(_ms(train.t_start), _ms(train.t_stop)) for train in trains})
    if len(spans) > 1:
        shown = ", ".join(f"{start:g} to {stop:g} ms" for start, stop in spans[:3])
        raise InputError(
            f"data: trains cover different spans of time ({shown}); cut them with time_slice() "
            "and shift them with time_shift() first"
        )
    return spans[0]


def _joined(found: dict[tuple[int, str], Any], start: float, stop: float) -> SpikeTrains:
    labels = tuple(dict.fromkeys(label for _, label in found))
    count = 1 + max(replica for replica, _ in found)
    times = [np.asarray(train.rescale("ms").magnitude, dtype=float) for train in found.values()]
    sizes = [each.size for each in times]
    units = np.repeat([labels.index(label) for _, label in found], sizes).astype(np.int64)
    replicas = np.repeat([replica for replica, _ in found], sizes).astype(np.int64)
    joined = np.concatenate(times)
    order = np.lexsort((units, replicas, joined))
    return SpikeTrains(
        labels=labels,
        units=units[order],
        times=joined[order],
        replicas=replicas[order],
        start=start,
        stop=stop,
        count=count,
    )


def _ms(time: Any) -> float:
    return float(time.rescale("ms").magnitude)


def _neo() -> Any:
    try:
        import neo
    except ImportError:
        raise InputError(
            "spike trains to and from neo need neo: install the extra, pip install "
            "'causal-snn[neo]'"
        ) from None
    return neo
