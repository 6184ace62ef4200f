"""A run interrupted and resumed is, bit for bit, the one that was not; the reset contract."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent, PoissonInput, WhiteNoise
from causal_snn.simulation import (
    Record,
    SimulationState,
    change,
    clamp,
    clamp_spikes,
    cut,
    do,
    inject,
    simulate,
)
from causal_snn.simulation.interrupt import gentle_stop

TRAINS = ("units", "times", "replicas")
TABLE = np.array([[0.0, 4.0, 0.0], [6.0, 0.0, -7.0], [0.0, 8.0, 5.0]])
DELAYS = np.array([[1, 3, 1], [7, 1, 2], [1, 4, 11]])


def lif_network(**convention: Any) -> Network:
    return Network(
        neuron=[
            models.lif(refractory_steps=3, **convention),
            models.cuba_lif(refractory_steps=2, **convention),
            models.lif(tau=9.0, **convention),
        ],
        weights=TABLE,
        delays=DELAYS,
        drive=[18.0, 17.0, 12.0],
        noise=2.0,
        inputs=[
            OUCurrent(sd=3.0, tau=8.0),
            PoissonInput(rate=60.0, weight=2.0),
            WhiteNoise(amplitude=0.4),
        ],
        dt=0.5,
    )


def izhikevich_network(refractory: int = 4, reset: str = "value") -> Network:
    neuron = models.izhikevich(I=9.0).with_convention(refractory_steps=refractory, reset=reset)
    return Network(
        neuron=[neuron, neuron.with_parameters(I=5.0), neuron],
        weights=TABLE,
        delays=DELAYS,
        inputs=[OUCurrent(sd=4.0, tau=5.0), PoissonInput(rate=200.0, weight=3.0)],
        dt=0.5,
    )


def own_network() -> Network:
    neuron = models.define(
        "wavy",
        drift={"v": "(I - v + 3*sin(v) - w)/10", "w": "-w/30"},
        parameters={"I": 14.0, "theta": 8.0},
        threshold="theta",
        reset={"v": "0", "w": "w + 1"},
        refractory_steps=3,
    ).with_convention(reset="subtract")
    return Network(
        neuron=neuron, weights=TABLE / 3, inputs=[WhiteNoise(amplitude=0.3)], delays=DELAYS, dt=0.5
    )


def mixed_network() -> Network:
    return Network(
        neuron=[
            models.hodgkin_huxley(I=8.0).with_convention(refractory_steps=20),
            models.glif(I=1.5, A=0.3).with_convention(refractory_steps=6),
            models.adex("tonic").with_convention(refractory_steps=3),
        ],
        weights=TABLE,
        delays=DELAYS,
        inputs=[WhiteNoise(amplitude=0.3)],
        dt=0.05,
    )


NETWORKS = {
    "lif": lif_network,
    "subtractive lif": lambda: lif_network(reset="subtract", reset_timing="delayed"),
    "izhikevich": izhikevich_network,
    "nonlinear, subtractive": lambda: own_network(),
    "mixed": mixed_network,
}


def interventions(net: Network) -> list[Any]:
    """Return interventions that are in force at any time of a run of 200 steps."""
    t = net.dt
    current = net.neurons[0].input
    return [
        do("B", -58.0, at=20 * t),
        clamp("A", -60.0, start=30 * t, stop=120 * t),
        clamp("C", -60.0, start=170 * t),
        clamp_spikes("B", [44 * t, 45 * t, 90 * t], start=40 * t, stop=95 * t),
        clamp_spikes("C", True, start=60 * t, stop=70 * t),
        cut("B", "C", start=50 * t, stop=110 * t),
        cut("A", "B", start=80 * t),
        change(current, 11.0, unit="A", at=55 * t),
        inject("A", 3.3, start=10 * t, stop=140 * t),
        inject("C", np.linspace(0, 5, 100), start=25 * t),
        inject("B", np.cos, start=66 * t, stop=180 * t),
    ]


def assert_joined(whole: Any, parts: list[Any], *, overlap: int) -> None:
    """What the parts kept, one after the other, is what the whole kept.

    A run that came to its end keeps the states of its last moment, and the next one does again
    (`overlap` 1). An interpolated spike may lie before one of the step before.
    """
    trains = [part.trains for part in parts]
    joined = {k: np.concatenate([getattr(each, k) for each in trains]) for k in TRAINS}
    order = np.lexsort((joined["units"], joined["replicas"], joined["times"]))
    for name in TRAINS:
        assert np.array_equal(getattr(whole.trains, name), joined[name][order]), name
    for name, values in whole.states.items():
        pieces = [parts[0].states[name], *(part.states[name][overlap:] for part in parts[1:])]
        assert np.array_equal(values, np.concatenate(pieces)), name
    assert parts[-1].final.step == whole.final.step
    assert whole.final.arrays.keys() == parts[-1].final.arrays.keys()
    for name, array in whole.final.arrays.items():
        assert np.array_equal(array, parts[-1].final.arrays[name]), name
    assert str(whole.final.stream) == str(parts[-1].final.stream)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("acted", [False, True])
def test_stop_anywhere_and_go_on(name: str, acted: bool, dtype: str, tmp_path: Path) -> None:
    """Stopped by Ctrl-C at many steps, with everything in force, and saved to a file."""
    net = NETWORKS[name]()
    states = tuple(dict.fromkeys(s for m in net.neurons for s in m.states))
    options: dict[str, Any] = {
        "interventions": interventions(net) if acted else (),
        "record": Record(states=states, interpolate=acted),
        "replicas": 2,
        "dtype": dtype,
    }
    duration = 200 * net.dt
    whole = simulate(net, duration, rng=5, **options)
    assert whole.success
    assert len(whole.trains) > 1
    for step in (21, 45, 63, 137):
        first = interrupted_at(step, net, duration, rng=5, **options)
        assert first.final.step == step
        state = SimulationState.load(first.final.save(tmp_path / "state.npz"))
        rest = simulate(net, duration - step * net.dt, start=state, **options)
        assert_joined(whole, [first, rest], overlap=0)


def interrupted_at(step: int, *args: Any, **options: Any) -> Any:
    """Return a run that a Ctrl-C stops after a step."""
    from causal_snn.simulation.engine.core import Engine

    real = Engine.step

    def counting(self: Engine) -> None:
        real(self)
        if self.step_number == step:
            signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "step", counting)
        found = simulate(*args, **options)
    assert found.status == "interrupted"
    return found


def test_in_many_pieces() -> None:
    net = lif_network()
    whole = simulate(net, 60.0, rng=1, record=("v",))
    parts = [simulate(net, 20.0, rng=1, record=("v",))]
    for _ in range(2):
        parts.append(simulate(net, 20.0, start=parts[-1].final, record=("v",)))
    assert_joined(whole, parts, overlap=1)
    assert [part.trains.start for part in parts] == [0.0, 20.0, 40.0]
    assert parts[2].provenance["seed"] == 1


def test_times_between_kept_states_count_from_the_start() -> None:
    net = lif_network()
    record = Record(states=("v",), every=5.0)
    whole = simulate(net, 30.0, rng=1, record=record)
    first = simulate(net, 12.0, rng=1, record=record)
    rest = simulate(net, 18.0, start=first.final, record=record)
    assert np.array_equal(whole.times, np.concatenate([first.times, rest.times]))
    assert np.array_equal(whole.states["v"], np.concatenate([first.states["v"], rest.states["v"]]))


def test_a_state_is_not_used_up() -> None:
    net = izhikevich_network()
    state = simulate(net, 20.0, rng=2).final
    before = {name: array.copy() for name, array in state.arrays.items()}
    one, two = (simulate(net, 50.0, start=state, record="v") for _ in range(2))
    assert np.array_equal(one.states["v"], two.states["v"])
    assert all(np.array_equal(before[name], array) for name, array in state.arrays.items())


def test_a_branch_with_and_without_an_intervention() -> None:
    """From one state, with the same noise ahead: a counterfactual."""
    net = izhikevich_network(refractory=0)
    state = simulate(net, 50.0, rng=2).final
    free = simulate(net, 50.0, start=state, record="v")
    other = simulate(net, 50.0, start=state, record="v", interventions=do("B", -80.0, at=50.0))
    assert np.array_equal(free.state("v", "A")[:5], other.state("v", "A")[:5])
    assert not np.array_equal(free.state("v", "B"), other.state("v", "B"))


@pytest.mark.parametrize("name", NETWORKS)
def test_reset_contract(name: str) -> None:
    """The same call gives the same, whatever ran before on the same network object."""
    net = NETWORKS[name]()
    again = NETWORKS[name]()
    one = simulate(net, 40 * net.dt, rng=7, record=net.neurons[0].states[0], replicas=2)
    kept = {state: values.copy() for state, values in one.states.items()}
    times = one.trains.times.copy()
    simulate(net, 60 * net.dt, rng=8, interventions=interventions(net)[:1], replicas=2)
    simulate(
        net, 200 * net.dt, rng=9, interventions=interventions(net), record="spikes", replicas=3
    )
    two = simulate(net, 40 * net.dt, rng=7, record=net.neurons[0].states[0], replicas=2)
    assert net == again
    for state, values in kept.items():
        assert np.array_equal(one.states[state], values)
        assert np.array_equal(two.states[state], values)
    assert np.array_equal(one.trains.times, times)
    assert np.array_equal(two.trains.times, times)


def test_the_seed_in_the_provenance_gives_the_run_again() -> None:
    net = lif_network()
    for rng in (None, np.random.default_rng(3), 12):
        one = simulate(net, 20.0, rng=rng, record="v")
        two = simulate(net, 20.0, rng=one.provenance["seed"], record="v")
        assert np.array_equal(one.states["v"], two.states["v"])
    other = simulate(net, 20.0, rng=13, record="v")
    assert not np.array_equal(two.states["v"], other.states["v"])


def test_ctrl_c_from_a_timer() -> None:
    """What was finished is kept; the handler that was there before is back."""
    net = lif_network()
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    found = simulate(net, 1e6, rng=1)
    timer.join()
    assert signal.getsignal(signal.SIGINT) is before
    assert found.status == "interrupted"
    assert not found.success
    assert "pass `final` as start= to go on" in found.message
    assert 0 < found.duration < 1e6
    assert found.trains.stop == found.final.time
    again = simulate(net, found.duration, rng=1)
    assert np.array_equal(found.trains.times, again.trains.times)
    whole = simulate(net, found.duration + 50.0, rng=1)
    rest = simulate(net, 50.0, start=found.final)
    both = np.concatenate([found.trains.times, rest.trains.times])
    assert np.array_equal(whole.trains.times, both)


def test_a_second_ctrl_c_interrupts_as_ever() -> None:
    with gentle_stop() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_in_a_thread_signals_are_left_alone() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(simulate(lif_network(), 10.0, rng=1)))
    thread.start()
    thread.join()
    assert found[0].success


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"replicas": 2}, "'replicas': 2"),
        ({"dtype": "float32"}, "float32"),
        ({"scheme": "euler"}, "euler"),
    ],
)
def test_a_state_of_another_run_is_refused(other: dict[str, Any], message: str) -> None:
    net = lif_network()
    state = simulate(net, 5.0, rng=1).final
    with pytest.raises(InputError, match=message):
        simulate(net, 5.0, start=state, **other)


def test_a_state_of_another_network_is_refused() -> None:
    own: dict[str, Any] = {"neuron": models.lif(), "weights": np.ones((2, 2)), "dt": 1.0}
    state = simulate(Network(**own), 5.0, rng=1).final
    others = (
        {"dt": 0.5},
        {"delays": 3},
        {"inputs": [OUCurrent(sd=1.0, tau=1.0)]},
        {"neuron": models.lif(refractory_steps=2)},
        {"neuron": models.cuba_lif()},
        {"weights": np.ones((3, 3))},
    )
    for other in others:
        with pytest.raises(InputError, match="the state of a run like this one"):
            simulate(Network(**own | other), 5.0, start=state)


def test_files_that_are_no_states(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        SimulationState.load(tmp_path / "none.npz")
    contents: dict[str, bytes] = {"text": b"hello", "empty": b"", "zip": b"PK\x03\x04 broken"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    np.save(tmp_path / "array.npy", np.ones(3))
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    for name in (*contents, "array.npy", "other.npz", "."):
        with pytest.raises(InputError, match="not a simulation state that this library wrote"):
            SimulationState.load(tmp_path / name)
    state = simulate(lif_network(), 5.0, rng=1).final
    with pytest.raises(InputError, match="there is no folder"):
        state.save(tmp_path / "no" / "state.npz")
    path = state.save(tmp_path / "state.npz")
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".part"] == []
    assert SimulationState.load(str(path)).seed == state.seed
