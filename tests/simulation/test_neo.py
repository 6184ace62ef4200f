"""Spike trains to neo and back."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pytest

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.simulation import SpikeTrains, simulate
from causal_snn.simulation.neo_trains import from_neo, to_neo


@pytest.fixture
def neo() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what neo says about itself when it is imported
        return pytest.importorskip("neo")


def same(one: SpikeTrains, other: SpikeTrains) -> None:
    assert (one.labels, one.start, one.stop, one.count) == (
        other.labels,
        other.start,
        other.stop,
        other.count,
    )
    for name in ("units", "times", "replicas"):
        found, wanted = getattr(other, name), getattr(one, name)
        assert found.dtype == wanted.dtype
        assert np.array_equal(found, wanted), name


def test_round_trip_is_exact(neo: Any) -> None:
    recording = simulate(models.zoo.pyloric(), 300.0, rng=3, replicas=4)
    assert len(recording.trains) > 50
    segment = to_neo(recording)
    assert isinstance(segment, neo.Segment)
    assert len(segment.spiketrains) == 12
    assert str(segment.spiketrains[0].units.dimensionality) == "ms"
    same(recording.trains, from_neo(segment))
    block = neo.Block()
    block.segments.append(to_neo(recording.trains))
    same(recording.trains, from_neo(block))


def test_silent_units_stay(neo: Any) -> None:
    trains = SpikeTrains.from_times({"a": [], "b": [1.5, 2.25], "c": []}, start=-1.0, stop=7.0)
    same(trains, from_neo(to_neo(trains)))


def test_other_units_of_time_and_trials(neo: Any) -> None:
    block = neo.Block()
    for times in ([0.001, 0.25], [0.125]):
        segment = neo.Segment()
        segment.spiketrains.append(neo.SpikeTrain(times, units="s", t_stop=0.5, name="x"))
        segment.spiketrains.append(neo.SpikeTrain([], units="s", t_stop=0.5))
        block.segments.append(segment)
    trains = from_neo(block)
    assert trains.labels == ("x", "1")
    assert trains.count == 2
    assert trains.stop == 500.0
    assert trains.of("x").tolist() == [1.0, 250.0]
    assert trains.of("x", replica=1).tolist() == [125.0]


def test_bad_input(neo: Any) -> None:
    with pytest.raises(InputError, match="a SpikeTrains or a Recording"):
        to_neo([1.0])  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"neo\.Segment or a neo\.Block"):
        from_neo([1.0])
    with pytest.raises(InputError, match="at least one spike train"):
        from_neo(neo.Segment())
    segment = neo.Segment()
    for stop in (1.0, 2.0):
        segment.spiketrains.append(neo.SpikeTrain([0.5], units="s", t_stop=stop, name=f"{stop}"))
    with pytest.raises(InputError, match="0 to 1000 ms, 0 to 2000 ms"):
        from_neo(segment)
    segment = neo.Segment()
    for _ in range(2):
        segment.spiketrains.append(neo.SpikeTrain([0.5], units="s", t_stop=1.0, name="x"))
    with pytest.raises(InputError, match="two trains of unit 'x'"):
        from_neo(segment)


def test_without_neo_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "neo", None)
    trains = SpikeTrains.from_times([[1.0]], stop=2.0)
    with pytest.raises(InputError, match=r"causal-snn\[neo\]"):
        to_neo(trains)
    with pytest.raises(InputError, match=r"causal-snn\[neo\]"):
        from_neo(trains)
