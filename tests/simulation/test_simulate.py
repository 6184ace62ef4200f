"""How a run starts, stops and refuses: faults of values, of memory, of arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.inputs import WhiteNoise
from causal_snn.simulation import (
    Record,
    change,
    clamp,
    clamp_spikes,
    cut,
    do,
    inject,
    memory,
    simulate,
)

NOTHING: Any = None


def pair(**options: Any) -> Network:
    own: dict[str, Any] = {
        "neuron": models.lif(),
        "weights": [[0.0, 0.0], [5.0, 0.0]],
        "drive": 20.0,
        "dt": 0.5,
        "labels": ("left", "right"),
    }
    return Network(**own | options)


def bursting() -> Network:
    """Return Izhikevich units of which one, far outside, is too fast for its time step."""
    return Network(neuron=models.izhikevich(), weights=np.zeros((3, 3)), dt=0.5, labels=list("abc"))


# --- values that are no numbers


def test_not_a_number_names_step_unit_and_parameter_and_keeps_what_was_before() -> None:
    neuron = models.define(
        "square",
        drift={"v": "a*v**2 - b*v"},
        parameters={"a": 2.0, "b": 0.01},
        level=1e30,
        domain={"v": (-1e3, 1e3)},
    )
    net = Network(neuron=neuron, weights=np.zeros((2, 2)), dt=0.5, labels=["calm", "wild"])
    found = simulate(net, 400.0, scheme="euler", start={"v": [-0.01, 1.0]}, record="v", replicas=2)
    assert found.status == "not finite"
    assert not found.success
    v, step = 1.0, 0
    while np.isfinite(v):
        v, step = v + 0.5 * (2.0 * v * v - 0.01 * v), step + 1
    assert f"step {step} ({step * 0.5:g} ms): v of unit 'wild' is not a finite number" in (
        found.message
    )
    assert "a = 2 moves v by" in found.message
    assert "scheme 'euler'" in found.message
    assert found.times.tolist() == [0.5 * k for k in range(step - 1)] or found.times.size == step
    assert np.all(np.isfinite(found.states["v"]))
    assert found.final.step == step - 1
    assert found.trains.stop == (step - 1) * 0.5


def test_the_change_that_made_it_is_named() -> None:
    """A change late in the run, at the right step, though the run was looked at later."""
    net = bursting()
    at = 130.0
    found = simulate(
        net,
        400.0,
        scheme="euler",
        start={"v": -60.0},
        interventions=[
            change("I", 2.0, unit="a", at=4.0),
            inject("b", 1.0, start=90.0),
            change("a", 900.0, unit="b", at=at),
        ],
        record="u",
    )
    assert found.status == "not finite"
    step = int(found.message.split()[1])
    assert at / 0.5 < step < at / 0.5 + 140
    assert "unit 'b'" in found.message
    assert "a = 900" in found.message
    assert "look there first" in found.message
    assert found.final.step == step - 1
    whole = simulate(
        net,
        at,
        scheme="euler",
        start={"v": -60.0},
        record="u",
        interventions=[change("I", 2.0, unit="a", at=4.0), inject("b", 1.0, start=90.0)],
    )
    both = min(len(whole.times), len(found.times))
    assert np.array_equal(found.states["u"][:both], whole.states["u"][:both])
    assert np.array_equal(whole.trains.times, found.trains.times[: len(whole.trains)])


def test_a_fault_is_found_where_it_is_after_interventions_of_all_kinds() -> None:
    """Interventions between the last look and the fault are done again, no more than once."""
    net = bursting()
    own = [
        inject("a", 40.0, start=12.0, stop=100.0),
        inject("b", np.full(100, 5.0), start=13.0),
        clamp("c", -70.0, start=14.0, stop=110.0),
        clamp_spikes("a", True, start=20.0, stop=25.0),
        do("b", -50.0, at=30.0),
        change("b", 0.25, unit="a", at=60.0),
        change("a", 1e4, unit="c", at=105.0),
    ]
    options: dict[str, Any] = {"record": "v", "start": {"v": -65.0}, "scheme": "euler"}
    found = simulate(net, 300.0, interventions=own, **options)
    assert found.status == "not finite"
    assert "unit 'c'" in found.message
    calm = simulate(net, 110.0, interventions=own[:-1], **options)
    for unit in ("a", "b"):
        n = len(found.times)
        assert n > 200
        m = min(n, len(calm.times))
        assert np.array_equal(found.state("v", unit)[:m], calm.state("v", unit)[:m])


def test_spikes_beyond_all_numbers_are_spikes() -> None:
    """The exponential of EIF and AdEx overflows within its spike; the reset brings it back."""
    for neuron in (models.adex(I=3000.0), models.eif(I=1e5)):
        net = Network(neuron=neuron, weights=[[0.0]], dt=1.0)
        found = simulate(net, 50.0, record=neuron.states[0])
        assert found.success, found.message
        assert found.spike_times(0).size > 3


def test_a_silenced_neuron_that_runs_away_is_explained() -> None:
    net = Network(neuron=models.izhikevich(I=20.0), weights=[[0.0]], dt=0.5)
    found = simulate(net, 100.0, interventions=clamp_spikes(0, False))
    assert found.status == "not finite"
    assert "hold its potential instead (clamp)" in found.message
    assert found.spike_times(0).size == 0


# --- limits


def test_most_spikes() -> None:
    net = pair(drive=400.0)
    whole = simulate(net, 400.0)
    assert len(whole.trains) > 150
    found = simulate(net, 400.0, record=Record(most_spikes=100))
    assert found.status == "full"
    assert "more than most_spikes = 100" in found.message
    assert 100 < len(found.trains) <= 102
    assert np.array_equal(found.trains.times, whole.trains.times[: len(found.trains)])
    rest = simulate(net, 400.0 - found.duration, start=found.final)
    assert np.array_equal(
        np.concatenate([found.trains.times, rest.trains.times]), whole.trains.times
    )
    exactly = simulate(net, 400.0, record=Record(most_spikes=len(whole.trains)))
    assert exactly.success
    unkept = simulate(net, 400.0, record=Record(most_spikes=1, spikes=False))
    assert unkept.success


def test_memory_is_refused_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 100_000_000)
    with pytest.raises(InputError, match=r"needs 161 MB, and 80 MB of memory may be used\. Keep"):
        simulate(pair(), 1_000.0, record="v", replicas=5000)
    with pytest.raises(InputError, match="of memory may be used"):
        simulate(pair(), 1.0, replicas=10_000_000)
    with pytest.raises(InputError, match=r"needs 1\.6 TB"):
        simulate(pair(), 5e10, record="v")  # 1e11 steps: worked out, not tried
    assert simulate(pair(), 1_000.0, record="v", replicas=50).success
    half = simulate(pair(), 10.0, record="v", replicas=50, dtype="float32")
    assert half.provenance["memory"].endswith("B")
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    assert simulate(pair(), 10.0).success


def test_progress_is_told_with_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def track(items: Any, *, label: str, show: bool) -> Any:
        told.append((len(items), label, show))
        return iter(items)

    plain = simulate(pair(), 500.0, rng=1)
    monkeypatch.setattr("causal_snn.simulation.running.track", track)
    shown = simulate(pair(name="two units"), 500.0, rng=1, progress=False)
    assert np.array_equal(plain.trains.times, shown.trains.times)
    assert told == [(5, f"simulating two units ({shown.provenance['memory']})", False)]


def test_free_memory_is_a_number_of_bytes() -> None:
    free = memory.free_memory()
    assert free is None or free > 1_000_000
    assert [memory.megabytes(n) for n in (0, 999, 12_345_678, 5 * 10**12, 5 * 10**16)] == [
        "0 B",
        "999 B",
        "12.3 MB",
        "5 TB",
        "5e+04 TB",
    ]


def test_many_kept_times_take_no_longer_than_they_must() -> None:
    """The time of a run grows with its length, not with the square of it."""
    from time import process_time

    def seconds(duration: float) -> float:
        began = process_time()
        simulate(pair(), duration, record="v", progress=False)
        return process_time() - began

    seconds(100.0)
    short = min(seconds(1_000.0) for _ in range(3))
    long = min(seconds(8_000.0) for _ in range(2))
    assert long < 25 * short


# --- arguments


def refused(message: str, duration: Any = 10.0, net: Any = None, **options: Any) -> None:
    with pytest.raises(InputError, match=message):
        simulate(pair() if net is None else net, duration, **options)


@pytest.mark.parametrize(
    ("duration", "message"),
    [
        (-1.0, r"duration = -1\.0: a time of 0 ms or more"),
        (np.nan, "duration = nan"),
        (np.inf, "duration = inf"),
        (1e300, r"duration = 1e\+300: at most"),
        (True, "duration = True"),
        ("10", "duration = '10'"),
        (None, "duration = None"),
        ([10.0], r"duration = \[10\.0\]"),
        (10 + 1j, "duration ="),
        (np.complex128(10), "duration = np.complex"),
        (np.str_("10"), r"duration = np.str_\('10'\)"),
        (np.True_, "duration = np.True_"),
        (10.3, r"duration = 10\.3: a whole number of steps of dt = 0\.5 ms\. The nearest: 10 and "
               r"10\.5 ms"),
    ],
)  # fmt: skip
def test_durations(duration: Any, message: str) -> None:
    refused(message, duration)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replicas": 0}, "replicas = 0: a whole number of 1 or more"),
        ({"replicas": -2}, "replicas = -2"),
        ({"replicas": 1.5}, r"replicas = 1\.5"),
        ({"replicas": True}, "replicas = True"),
        ({"replicas": "2"}, "replicas = '2'"),
        ({"replicas": None}, "replicas = None"),
        ({"replicas": np.nan}, "replicas = nan"),
        ({"dtype": "int32"}, "dtype = 'int32': one of 'float64', 'float32'"),
        ({"dtype": "float16"}, "dtype = 'float16'"),
        ({"dtype": "nonsense"}, "dtype = 'nonsense': float64 or float32"),
        ({"scheme": "eulr"}, "scheme = 'eulr': did you mean 'euler'"),
        ({"scheme": 3}, "scheme = 3"),
        ({"scheme": "published"}, "has no program"),
        ({"rng": -1}, "rng = -1"),
        ({"rng": 1.5}, r"rng = 1\.5"),
        ({"rng": "seed"}, "rng = 'seed'"),
        ({"start": 3}, "start = 3: a mapping of state to values"),
        ({"start": {"w": 1.0}}, "start: no state 'w'"),
        ({"start": {"v": [1.0]}}, r"array of shape \(1,\)"),
        ({"start": {"v": np.zeros((2, 3))}}, r"shape \(2,\) or \(2, 1 replicas\)"),
        ({"start": {"v": np.nan}}, "finite numbers"),
        ({"start": {"v": "low"}}, "finite numbers"),
        ({"start": {"v": [None, 1]}}, "finite numbers"),
        ({"start": {"v": [[1.0], [1.0, 2.0]]}}, "numbers"),
        ({"start": {"v": -90.0}}, r"start, v = -90\.0: a value of lif from -85 to inf"),
        ({"start": {"v": [-60.0, -85.5]}}, r"-85\.5"),
        ({"record": "w"}, "record: no state 'w'"),
        ({"record": 5}, "record = 5"),
        ({"record": b"v"}, "record = b'v'"),
        ({"record": (1,)}, "record: no state 1"),
        ({"record": Record(states="v")}, "states = 'v': a tuple of names"),  # type: ignore[arg-type]
        ({"record": Record(states=("v",), units=("up",))}, "unit = 'up'"),
        ({"record": Record(states=("v",), units="left")}, "units = 'left'"),  # type: ignore[arg-type]
        ({"record": Record(states=("v",), units=(True,))}, "unit = True"),
        ({"record": Record(states=("v",), units=())}, "none of units"),
        ({"record": Record(states=("v",), units=0)}, "units = 0"),  # type: ignore[arg-type]
        ({"record": Record(states=("v",), every=0.0)}, "every = 0.0: a time of at least dt"),
        ({"record": Record(states=("v",), every=-1.0)}, "every = -1.0"),
        ({"record": Record(states=("v",), every=0.7)}, "The nearest: 0.5 and 1 ms"),
        ({"record": Record(states=("v",), every=1.0, times=[1.0])}, "not both"),
        ({"record": Record(states=("v",), times=[10.5])}, "times from 0 to 10 ms"),
        ({"record": Record(states=("v",), times=[-0.5])}, "times = -0.5"),
        ({"record": Record(states=("v",), times=[np.nan])}, "times = nan"),
        ({"record": Record(states=("v",), times=["a"])}, "times in ms"),
        ({"record": Record(states=("v",), times=[[1.0, 2.0]])}, "one row of times"),
        ({"record": Record(most_spikes=0)}, "most_spikes = 0"),
        ({"record": Record(most_spikes=2.5)}, "most_spikes = 2.5"),  # type: ignore[arg-type]
        ({"record": Record(most_spikes=True)}, "most_spikes = True"),
        ({"record": Record(spikes="yes")}, "spikes = 'yes': True or False"),  # type: ignore[arg-type]
        ({"record": Record(interpolate=1)}, "interpolate = 1"),  # type: ignore[arg-type]
        ({"interventions": None}, "interventions = None"),
        ({"interventions": "do"}, "interventions = 'do'"),
        ({"interventions": [3]}, "interventions = 3: made by do, clamp"),
        ({"accelerate": "gpu"}, "accelerate = 'gpu'"),
        ({"net": 3}, "network = 3"),
    ],
)  # fmt: skip
def test_arguments(options: dict[str, Any], message: str) -> None:
    refused(message, **options)


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (do("lft", -60.0), "unit = 'lft'.*did you mean 'left'"),
        (do(2, -60.0), "unit = 2: an index from 0 to 1"),
        (do(-1, -60.0), "unit = -1"),
        (do(True, -60.0), "unit = True"),
        (do(None, -60.0), "unit = None"),  # type: ignore[arg-type]
        (do(0.0, -60.0), "unit = 0.0"),  # type: ignore[arg-type]
        (do([0], -60.0), r"unit = \[0\]"),  # type: ignore[arg-type]
        (do("left", {"w": 1.0}), "no state 'w'"),
        (do("left", -86.0), "from -85 to inf.*V_min of the neuron"),
        (do("left", [-60.0, -61.0]), "one number, or 1, one a lane"),
        (do("left", []), "one number, or 1"),
        (do("left", -60.0, at=10.0), "do: at = 10.0: from 0 to before 10 ms, within the run"),
        (do("left", -60.0, at=-1.0), "do: at = -1.0"),
        (do("left", -60.0, at=0.2), "do: at = 0.2.*The nearest: 0 and 0.5 ms"),
        (do("left", -60.0, at=None), "do: at = None"),  # type: ignore[arg-type]
        (do("left", -60.0, at=True), "do: at = True"),
        (clamp("left", -60.0, start=12.0), "clamp: start = 12.0"),
        (clamp("left", -60.0, stop=12.0), "clamp: stop = 12.0.*the end of the run"),
        (clamp("left", -60.0, start=5.0, stop=5.0), "clamp: stop = 5.0: after start = 5"),
        (clamp("left", -60.0, start=5.0, stop=4.0), "clamp: stop = 4.0"),
        (clamp("left", -60.0, stop="end"), "clamp: stop = 'end'"),  # type: ignore[arg-type]
        (clamp("left", -60.0, state="i"), "no state 'i'"),
        (clamp("left", -60.0, state=""), "no state ''"),
        (clamp("left", -300.0), "clamp.*-300"),
        (clamp_spikes("left", [3.2]), "spikes = 3.2.*The nearest"),
        (clamp_spikes("left", [-1.0]), "spikes = -1.0"),
        (clamp_spikes("left", [11.0]), "spikes = 11.0"),
        (clamp_spikes("left", [1.0], start=2.0), "times within the clamp"),
        (clamp_spikes("left", [4.0], start=2.0, stop=4.0), "times within the clamp"),
        (clamp_spikes("up", True), "unit = 'up'"),
        (cut("right", "left"), r"cut\('right', 'left'\): there is no such connection"),
        (cut("left", "up"), "unit = 'up'"),
        (cut(None, "left"), "unit = None"),  # type: ignore[arg-type]
        (cut("left", "right", lanes=[True, False]), "1 values, one for each lane"),
        (change("tua", 3.0), "did you mean 'tau'"),
        (change("tau", -3.0), "tau = -3.0: a positive"),
        (change("tau", 3.0, unit="up"), "unit = 'up'"),
        (change("V_reset", -40.0), "V_reset = -40.0: below the threshold"),
        (change("theta", -70.0), "below the threshold"),
        (change("tau", [1.0, 2.0]), "one number, or 1"),
        (inject("left", np.ones((5, 2))), "one number, or 1"),
        (inject("left", np.ones(21)), "21 values.*at most 20"),
        (inject("left", np.ones(5), stop=5.0), "5 values.*10, one for each step"),
        (inject("left", np.ones((2, 1, 1))), "shape"),
        (inject("left", lambda t: "x"), r"inject: current\(0 ms\) = 'x'"),
        (inject("left", lambda t: np.nan), "= nan: finite numbers"),
        (inject("left", lambda t: [[1.0]]), "one number, or one for each lane"),
        (inject("left", lambda t: None), "= None: finite numbers"),
    ],
)  # fmt: skip
def test_interventions_that_do_not_fit(one: Any, message: str) -> None:
    refused(message, interventions=[one])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: do("a", np.nan), "state = nan: finite numbers"),
        (lambda: do("a", np.inf), "state = inf"),
        (lambda: do("a", "x"), "state = 'x': a number"),
        (lambda: do("a", True), "state = True"),
        (lambda: do("a", 1j), "state = 1j"),
        (lambda: do("a", NOTHING), "state = None"),
        (lambda: do("a", {}), "at least one state variable"),
        (lambda: do("a", {"v": None}), r"state\['v'\] = None"),
        (lambda: do("a", [[1.0], [1.0, 2.0]]), "a number, or an array"),
        (lambda: clamp("a", [np.nan]), "value ="),
        (lambda: clamp_spikes("a", [True, False]), "spikes = .*a number"),
        (lambda: clamp_spikes("a", "x"), "spikes = 'x'"),
        (lambda: clamp_spikes("a", [[1.0]]), "a list of times"),
        (lambda: clamp_spikes("a", NOTHING), "spikes = None"),
        (lambda: cut("a", "b", lanes=[1, 0]), "lanes = .1, 0.: True or False"),
        (lambda: cut("a", "b", lanes=[[True]]), "True or False for each lane"),
        (lambda: change("tau", "x"), "value = 'x'"),
        (lambda: inject("a", []), "at least one value"),
        (lambda: inject("a", "x"), "current = 'x'"),
        (lambda: inject("a", [np.inf]), "finite numbers"),
    ],
)
def test_interventions_that_make_no_sense(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_a_current_where_there_is_none_is_refused() -> None:
    izhikevich = Network(neuron=models.izhikevich(), weights=[[0.0]], dt=0.5)
    refused("no such parameter", net=izhikevich, interventions=change("drive", 3.0))
    idle = models.define("idle", drift={"v": "-v"}, parameters={}, threshold="1", reset={"v": "0"})
    net = Network(neuron=idle, weights=[[0.0]], dt=0.5)
    refused("neither I nor drive", net=net, interventions=inject(0, 1.0))


def test_ranges_are_each_unit_s_own() -> None:
    net = pair(neuron=[models.lif(), models.lif(V_min=-70.0)])
    refused("-72", net=net, interventions=do("right", -72.0))
    assert simulate(net, 1.0, interventions=do("left", -72.0)).success
    refused("-72", net=net, start={"v": [-60.0, -72.0]})
    assert simulate(net, 1.0, start={"v": [-72.0, -60.0]}).success
    gates = Network(neuron=models.hodgkin_huxley(), weights=[[0.0]], dt=0.01)
    refused(
        "m = 1.5: a value of hodgkin_huxley from 0 to 1",
        0.1,
        net=gates,
        interventions=do(0, {"m": 1.5}),
    )
    refused("from -90 to 60", 0.1, net=gates, interventions=do(0, 99.0))
    adex = Network(neuron=models.adex(), weights=[[0.0]], dt=0.1)
    spiking = simulate(adex, 1.0, interventions=do(0, 25.0))  # at or above threshold: it spiked
    assert spiking.spike_times(0).tolist() == [0.0]


def test_changes_are_checked_against_every_neuron_they_reach() -> None:
    net = pair(neuron=[models.lif(), models.lif(theta=-55.0)])
    refused("below the threshold", net=net, interventions=change("V_reset", -54.0))
    assert simulate(net, 1.0, interventions=change("V_reset", -54.0, unit="left")).success
    euler = pair(neuron=models.lif(step="euler"))
    refused("dt = 0.5", net=euler, interventions=change("tau", 0.4))
    assert simulate(pair(), 1.0, interventions=change("tau", 0.4)).success


def test_seeds() -> None:
    net = pair(inputs=[WhiteNoise(amplitude=1.0)])
    seeds: list[Any] = [np.int64(3), 2**70, np.random.default_rng(1), None]
    for rng in seeds:
        assert simulate(net, 5.0, rng=rng).success


def test_labels_and_indices_name_the_same_unit() -> None:
    one, two = (simulate(pair(), 40.0, interventions=do(unit, -50.0)) for unit in ("right", 1))
    assert np.array_equal(one.trains.times, two.trains.times)
    assert simulate(pair(), 5.0, interventions=(do(np.arange(2)[1], -50.0),)).success
    assert simulate(pair(), 5.0, interventions=iter([do(0, -60.0), do(1, -60.0)])).success
