"""What is kept: states, spikes, datasets, files; and what may be asked of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import Record, Recording, SpikeTrains, do, simulate


def mixed() -> Network:
    return Network(
        neuron=[
            models.lif(),
            models.izhikevich(I=10.0),
            models.cuba_lif(),
            models.izhikevich(I=6.0),
        ],
        weights=np.zeros((4, 4)),
        drive=[20.0, 0.0, 22.0, 0.0],
        dt=0.5,
        labels=("p", "q", "r", "s"),
        name="mixed",
    )


@pytest.fixture(scope="module")
def whole() -> Recording:
    return simulate(mixed(), 100.0, replicas=2, record=("v", "u", "i"), rng=1)


def test_shapes_and_units_in_the_order_of_the_network(whole: Recording) -> None:
    assert whole.success
    assert whole.status == "complete"
    assert whole.duration == 100.0
    assert whole.times.tolist() == [0.5 * k for k in range(201)]
    assert whole.state_units == {"v": ("p", "q", "r", "s"), "u": ("q", "s"), "i": ("r",)}
    assert {name: v.shape for name, v in whole.states.items()} == {
        "v": (201, 4, 2),
        "u": (201, 2, 2),
        "i": (201, 1, 2),
    }
    assert np.array_equal(whole.state("v", "q"), whole.states["v"][:, 1, 0])
    assert np.array_equal(whole.state("u", 3, replica=1), whole.states["u"][:, 1, 1])
    assert whole.state("v", "p")[0] == -65.0
    assert "mixed" in repr(whole)
    assert len(whole.trains) > 10


def test_kept_values_do_not_depend_on_what_else_is_kept(whole: Recording) -> None:
    some = simulate(mixed(), 100.0, replicas=2, rng=1, record=Record(states=("v",), units=("s", 0)))
    assert some.state_units["v"] == ("p", "s")
    for unit in ("p", "s"):
        assert np.array_equal(some.state("v", unit), whole.state("v", unit))
    rare = simulate(mixed(), 100.0, replicas=2, rng=1, record=Record(states=("v",), every=7.0))
    assert rare.times.tolist() == [7.0 * k for k in range(15)]
    assert np.array_equal(rare.states["v"], whole.states["v"][::14])
    times = [100.0, 3.5, 0.0, 3.5]
    at = simulate(mixed(), 100.0, replicas=2, rng=1, record=Record(states=("v",), times=times))
    assert at.times.tolist() == [0.0, 3.5, 100.0]
    assert np.array_equal(at.states["v"], whole.states["v"][[0, 7, 200]])
    for other in (some, rare, at):
        assert np.array_equal(other.trains.times, whole.trains.times)
    none = simulate(mixed(), 100.0, replicas=2, rng=1, record=Record(spikes=False))
    assert len(none.trains) == 0
    assert none.states == {}


def test_spikes_are_where_potentials_reached_threshold(whole: Recording) -> None:
    for unit, threshold in (("p", -50.0), ("q", 30.0), ("r", -50.0), ("s", 30.0)):
        crossed = whole.times[whole.state("v", unit) >= threshold]
        assert whole.spike_times(unit).tolist() == crossed.tolist()
        assert crossed.size
    counts = [
        whole.spike_times(unit).size + whole.spike_times(unit, replica=1).size for unit in range(4)
    ]
    assert whole.rates() == pytest.approx(np.array(counts) / 0.2)
    order = np.lexsort((whole.trains.units, whole.trains.replicas, whole.trains.times))
    assert np.array_equal(order, np.arange(len(whole.trains)))


def test_a_spike_at_the_start_is_kept() -> None:
    found = simulate(mixed(), 1.0, start={"v": [-40.0, -65.0, -65.0, 30.0]})
    assert found.spike_times("p")[0] == 0.0
    assert found.spike_times("s")[0] == 0.0
    assert found.spike_times("q").size == 0
    # what an intervention at once takes away was never sent
    gone = simulate(mixed(), 1.0, start={"v": [-40.0] * 4}, interventions=do("p", -60.0))
    assert gone.spike_times("p").size == 0
    assert gone.spike_times("r")[0] == 0.0


def test_nothing_lasts_no_time() -> None:
    empty = simulate(mixed(), 0.0, record="v")
    assert empty.success
    assert empty.times.tolist() == [0.0]
    assert np.all(np.isnan(empty.rates()))
    assert empty.to_xarray().sizes["spike"] == 0


def test_dataset_has_units(whole: Recording) -> None:
    data = whole.to_xarray()
    assert data.sizes == {
        "spike": len(whole.trains),
        "time": 201,
        "unit": 4,
        "replica": 2,
        "unit_of_u": 2,
        "unit_of_i": 1,
    }
    assert data["v"].dims == ("time", "unit", "replica")
    assert {n: data[n].attrs["units"] for n in ("v", "u", "i", "spike_time", "time")} == {
        "v": "mV",
        "u": "mV/ms",
        "i": "nA",
        "spike_time": "ms",
        "time": "ms",
    }
    assert data["v"].sel(unit="r", time=3.5, replica=1) == whole.state("v", "r", replica=1)[7]
    assert data["unit_of_u"].values.tolist() == ["q", "s"]
    assert data.attrs["dt"] == 0.5
    assert json.loads(data.attrs["provenance"])["seed"] == 1


@pytest.mark.parametrize("record", [("v", "u", "i"), (), "spikes"])
def test_netcdf_round_trip(record: Any, tmp_path: Path) -> None:
    found = simulate(mixed(), 50.0, replicas=2, record=record, rng=np.random.default_rng(0))
    path = found.to_netcdf(tmp_path / "run.nc")
    with xr.open_dataset(path, engine="h5netcdf", decode_timedelta=False) as data:
        data.load()
        xr.testing.assert_identical(data, found.to_xarray())
    assert [each.name for each in tmp_path.iterdir()] == ["run.nc"]


def test_netcdf_of_a_run_without_a_spike(tmp_path: Path) -> None:
    net = Network(neuron=models.lif(), weights=[[0.0]], dt=1.0)
    path = simulate(net, 5.0).to_netcdf(str(tmp_path / "silent.nc"))
    with xr.open_dataset(path, engine="h5netcdf") as data:
        assert data.sizes["spike"] == 0
    with pytest.raises(InputError, match="there is no folder"):
        simulate(net, 5.0).to_netcdf(tmp_path / "no" / "silent.nc")


def test_netcdf_without_its_extra(whole: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5netcdf", None)
    with pytest.raises(InputError, match=r"causal-snn\[io\]"):
        whole.to_netcdf("run.nc")


def test_it_is_pickled_and_equal(whole: Recording) -> None:
    import pickle

    again = pickle.loads(pickle.dumps(whole))
    assert np.array_equal(again.states["v"], whole.states["v"])
    assert again.network == whole.network


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: r.state("w", "p"), "no state 'w'"),
        (lambda r: r.state("u", "p"), "'u' of 'p' was not kept"),
        (lambda r: r.state("v", "pp"), "did you mean 'p'"),
        (lambda r: r.state("v", "p", replica=2), "replica = 2: a number from 0 to 1"),
        (lambda r: r.state("v", "p", replica=-1), "replica = -1"),
        (lambda r: r.spike_times("x"), "unit = 'x'"),
        (lambda r: r.spike_times(4), "unit = 4: an index from 0 to 3"),
        (lambda r: r.spike_times(-1), "unit = -1"),
        (lambda r: r.spike_times(0.5), "unit = 0.5"),
        (lambda r: r.spike_times(True), "unit = True"),
        (lambda r: r.spike_times(None), "unit = None"),
        (lambda r: r.spike_times(0, replica=2.5), "replica = 2.5"),
        (lambda r: r.spike_times(0, replica=None), "replica = None"),
    ],
)
def test_what_is_not_there(whole: Recording, ask: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask(whole)


# --- SpikeTrains


def test_trains_from_times() -> None:
    trains = SpikeTrains.from_times({"a": [5.0, 1.0], "b": []}, start=0.5, stop=10.0)
    assert trains.of("a").tolist() == [1.0, 5.0]
    assert trains.of("b").size == 0
    assert trains.rates() == pytest.approx([2 / 0.0095, 0.0])
    assert len(SpikeTrains.from_times([], stop=1.0)) == 0
    assert SpikeTrains.from_times([[1.0], [0.5]], stop=1.0).labels == ("0", "1")
    assert "2 spikes of 2 units" in repr(trains)


@pytest.mark.parametrize(
    ("times", "span", "message"),
    [
        ([[1.0, 12.0]], {"stop": 10.0}, "times of '0': 1 to 12 ms, and the span is 0 to 10 ms"),
        ([[-1.0]], {"stop": 10.0}, "the span"),
        ([[np.nan]], {"stop": 10.0}, "a row of finite times"),
        ([[[1.0]]], {"stop": 10.0}, "a row of finite times"),
        ([["x"]], {"stop": 10.0}, "times in ms"),
        ([[1.0]], {"stop": 0.0}, "a time after start"),
        ([[1.0]], {"stop": np.nan}, "stop = nan"),
        ([[1.0]], {"stop": np.inf}, "stop = inf"),
        ([[1.0]], {"stop": "x"}, "stop = 'x'"),
        ([[1.0]], {"stop": True}, "stop = True"),
        ([[1.0]], {"start": None, "stop": 2.0}, "start = None"),
        (3, {"stop": 10.0}, "spike times of each unit"),
        ("ab", {"stop": 10.0}, "spike times of each unit"),
    ],
)
def test_times_that_make_no_trains(times: Any, span: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SpikeTrains.from_times(times, **span)
