"""Each intervention against a loop written by hand; order, overlap, restoring, resuming."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from causal_snn import models
from causal_snn.models import Network
from causal_snn.simulation import (
    change,
    clamp,
    clamp_spikes,
    cut,
    do,
    inject,
    simulate,
)

DT = 1.0


def pair(**convention: Any) -> Network:
    """Return two LIF units, A exciting B and B inhibiting A; A is driven."""
    return Network(
        neuron=models.lif(tau=10.0, **convention),
        weights=[[0.0, -3.0], [9.0, 0.0]],
        drive=[19.0, 11.0],
        dt=DT,
    )


class Hand:
    """The same network, one number at a time."""

    def __init__(self, refractory: int = 0) -> None:
        self.E, self.theta, self.reset = [-65.0, -65.0], [-50.0, -50.0], [-65.0, -65.0]
        self.tau, self.drive = [10.0, 10.0], [19.0, 11.0]
        self.w = [[0.0, -3.0], [9.0, 0.0]]
        self.v, self.s, self.left = [-65.0, -65.0], [False, False], [0, 0]
        self.refractory = refractory
        self.clamped: dict[int, float] = {}
        self.forced: dict[int, bool] = {}
        self.potentials = [list(self.v)]
        self.times: list[list[float]] = [[], []]
        self.step_number = 0

    def note(self) -> None:
        """Take over states that were set before the first step."""
        self.potentials[-1] = list(self.v)

    def set(self, unit: int, v: float) -> None:
        now = self.step_number * DT
        if self.s[unit]:
            self.times[unit].remove(now)
        self.v[unit], self.s[unit] = v, v >= self.theta[unit]
        self.left[unit] = self.refractory if self.s[unit] else 0
        if self.s[unit]:
            self.times[unit].append(now)
        self.note()

    def force(self, unit: int, on: bool) -> None:
        now = self.step_number * DT
        if self.s[unit]:
            self.times[unit].remove(now)
            self.left[unit] = 0
        if on:
            self.times[unit].append(now)
            self.left[unit] = self.refractory
        self.s[unit] = on

    def step(self, current: tuple[float, float] = (0.0, 0.0)) -> None:
        self.step_number += 1
        v, s = list(self.v), list(self.s)
        for k in (0, 1):
            a = np.exp(-DT / self.tau[k])
            start = self.reset[k] if s[k] else v[k]
            new = self.E[k] + a * (start - self.E[k]) + (1 - a) * (self.drive[k] + current[k])
            new += sum(self.w[k][j] for j in (0, 1) if s[j])
            held = self.left[k] > 0
            if held:
                new = self.reset[k]
            new = self.clamped.get(k, new)
            fired = new >= self.theta[k] and not held
            fired = self.forced.get(k, fired)
            self.left[k] = self.refractory if fired else max(self.left[k] - 1, 0)
            self.v[k], self.s[k] = new, fired
            if fired:
                self.times[k].append(self.step_number * DT)
        self.potentials.append(list(self.v))


def same(hand: Hand, recording: Any, replica: int = 0) -> None:
    assert recording.success
    found = recording.states["v"][..., replica]
    assert found == pytest.approx(np.array(hand.potentials), abs=1e-9)
    for unit in (0, 1):
        assert recording.spike_times(unit, replica=replica).tolist() == hand.times[unit], unit


def play(net: Network, duration: float, *interventions: Any, **options: Any) -> Any:
    return simulate(net, duration, interventions=interventions, record="v", **options)


@pytest.mark.parametrize("refractory", [0, 3])
def test_nothing(refractory: int) -> None:
    hand = Hand(refractory)
    for _ in range(80):
        hand.step()
    assert len(hand.times[0]) > 3
    same(hand, play(pair(refractory_steps=refractory), 80.0))


@pytest.mark.parametrize("refractory", [0, 3])
def test_do(refractory: int) -> None:
    """A spike that is set, one that is taken away, and a unit freed from refractoriness."""
    net = pair(refractory_steps=refractory)
    free = play(net, 80.0)
    first = float(free.spike_times("A")[0])
    hand = Hand(refractory)
    for k in range(80):
        if k == 0:
            hand.set(1, -49.0)
        if k == first:
            hand.set(0, -55.0)  # its spike never was
        if k == first + 1:
            hand.set(0, -40.0)  # it spikes now
        if k == first + 2:
            hand.set(0, -60.0)  # and is not refractory
        hand.step()
    interventions = (
        do("B", -49.0),
        do("A", -55.0, at=first),
        do(0, -40.0, at=first + 1),
        do("A", {"v": -60.0}, at=first + 2),
    )
    same(hand, play(net, 80.0, *interventions))


def test_do_of_another_state_leaves_spike_and_refractoriness_alone() -> None:
    """do(i) is no do(v): the unit spikes, resets and is held as it would be."""
    net = Network(neuron=models.cuba_lif(refractory_steps=4), weights=[[0.0]], drive=25.0, dt=1.0)
    free = play(net, 40.0)
    first = float(free.spike_times(0)[0])
    for at in (first, first + 2):
        found = play(net, 40.0, do(0, {"i": 0.0}, at=at))
        assert np.array_equal(found.states["v"], free.states["v"])
        assert np.array_equal(found.trains.times, free.trains.times)


@pytest.mark.parametrize("refractory", [0, 3])
@pytest.mark.parametrize("value", [-58.0, -45.0])
@pytest.mark.parametrize("stop", [4, 5, 24, None])
def test_clamp(refractory: int, value: float, stop: int | None) -> None:
    """From `start` until before `stop`; above threshold it spikes as often as it may."""
    hand = Hand(refractory)
    for k in range(40):
        if k == 3:
            hand.set(0, value)
        hand.clamped = {0: value} if 3 <= k < (99 if stop is None else stop - 1) else {}
        hand.step()
    net = pair(refractory_steps=refractory)
    end = None if stop is None else float(stop)
    same(hand, play(net, 40.0, clamp("A", value, start=3.0, stop=end)))


@pytest.mark.parametrize("refractory", [0, 3])
@pytest.mark.parametrize("spikes", [True, False, [5.0, 6.0, 7.0, 15.0]])
@pytest.mark.parametrize("stop", [20, 40, None])
def test_clamp_spikes(refractory: int, spikes: Any, stop: int | None) -> None:
    """Set spikes act, reset, are recorded, and are not kept back by refractoriness."""

    def on(step: int) -> bool:
        return spikes if isinstance(spikes, bool) else float(step) in spikes

    for start in (0, 5, 11, 12, 13, 14):  # at a spike of the unit's own, after it, elsewhere
        hand = Hand(refractory)
        inside = range(start, 99 if stop is None else stop)
        for k in range(40):
            if k == start:
                hand.force(0, on(k))
            hand.forced = {0: on(k + 1)} if k >= start and k + 1 in inside else {}
            hand.step()
        chosen = spikes
        if not isinstance(spikes, bool):
            chosen = [t for t in spikes if t >= start]
        one = clamp_spikes(
            "A", chosen, start=float(start), stop=None if stop is None else float(stop)
        )
        same(hand, play(pair(refractory_steps=refractory), 40.0, one))


def test_clamp_spikes_of_a_list_of_times_is_what_is_recorded() -> None:
    found = play(pair(), 30.0, clamp_spikes("B", [0.0, 3.0, 4.0, 30.0]))
    assert found.spike_times("B").tolist() == [0.0, 3.0, 4.0, 30.0]
    assert play(pair(), 30.0, clamp_spikes("B", [])).spike_times("B").size == 0


def test_cut_and_mending() -> None:
    hand = Hand()
    for k in range(60):
        hand.w[1][0] = 0.0 if 15 <= k < 40 else 9.0
        hand.step()
    same(hand, play(pair(), 60.0, cut("A", "B", start=15.0, stop=40.0)))
    whole = Network(neuron=models.lif(), weights=[[7.0]], drive=20.0, dt=1.0)  # onto itself
    none = Network(neuron=models.lif(), weights=[[0.0]], drive=20.0, dt=1.0)
    found = play(whole, 60.0, cut(0, 0))
    assert np.array_equal(found.states["v"], play(none, 60.0).states["v"])


def test_cut_takes_spikes_that_are_under_way() -> None:
    late = Network(
        neuron=models.lif(), weights=[[0.0, 0.0], [5.0, 0.0]], delays=6, dt=1.0, drive=[0.0, 0.0]
    )
    spike = do("A", -45.0)
    sent = play(late, 12.0, spike).state("v", "B")
    lost = play(late, 12.0, spike, cut("A", "B", start=5.0, stop=6.0)).state("v", "B")
    kept = play(late, 12.0, spike, cut("A", "B", start=3.0, stop=5.0)).state("v", "B")
    assert sent[6] == pytest.approx(-60.0)
    assert np.all(lost == -65.0)
    assert np.array_equal(kept, sent)


@pytest.mark.parametrize("unit", ["A", None])
def test_change(unit: str | None) -> None:
    hand = Hand()
    units = (0,) if unit == "A" else (0, 1)
    for k in range(60):
        for j in units:
            if k == 10:
                hand.tau[j] = 6.0
            if k == 20:
                hand.reset[j] = -70.0
            if k == 25:
                hand.theta[j] = -52.0
            if k == 30:
                hand.drive[j] = 30.0
        hand.step()
    changes = [
        change(name, value, unit=unit, at=at)
        for name, value, at in (
            ("tau", 6.0, 10.0),
            ("V_reset", -70.0, 20.0),
            ("theta", -52.0, 25.0),
            ("drive", 30.0, 30.0),
        )
    ]
    same(hand, play(pair(), 60.0, *changes))


@pytest.mark.parametrize("kind", ["number", "array", "function"])
def test_inject(kind: str) -> None:
    hand = Hand()
    wave = np.sin(np.arange(60.0)) * 20
    for k in range(60):
        value = 0.0 if not 7 <= k < 33 else (4.5 if kind == "number" else wave[k])
        hand.step((value, 0.0))
    given: Any = {"number": 4.5, "array": wave[7:33], "function": lambda t: wave[int(t)]}[kind]
    same(hand, play(pair(), 60.0, inject("A", given, start=7.0, stop=33.0)))


def test_inject_into_a_parameter_current() -> None:
    """An injected current is the same as a change of I and back."""
    net = Network(neuron=models.izhikevich(I=3.0), weights=[[0.0]], dt=0.5)
    injected = play(net, 100.0, inject(0, 9.0, start=20.0, stop=70.0))
    changed = play(net, 100.0, change("I", 12.0, at=20.0), change("I", 3.0, at=70.0))
    assert injected.spike_times(0).size > 1
    assert injected.states["v"] == pytest.approx(changed.states["v"], abs=1e-7)


def test_values_by_replica() -> None:
    """Every kind with values of each lane's own equals runs of one lane."""
    values = np.array([-60.0, -49.0, -54.0])
    currents = np.linspace(-5, 20, 30 * 3).reshape(30, 3)

    def these(k: Any) -> list[Any]:
        every = slice(None) if k is None else k
        lanes = np.array([True, False, True])
        cuts = [cut("A", "B", start=20.0, lanes=lanes if k is None else lanes[[k]])]
        return [
            do("B", values[every], at=4.0),
            clamp("A", values[every], start=8.0, stop=12.0),
            change("tau", -values[every] / 5, unit="B", at=14.0),
            change("theta", values[every] + 5.0, unit="A", at=31.0),
            inject("B", currents if k is None else currents[:, k], start=9.0),
            inject("A", lambda t: values[every] + 60.0 + t / 10, start=30.0),
            *cuts,
        ]

    together = play(pair(refractory_steps=2), 80.0, *these(None), replicas=3)
    for k in range(3):
        alone = play(pair(refractory_steps=2), 80.0, *these(k))
        assert np.array_equal(alone.states["v"][..., 0], together.states["v"][..., k])
        for unit in (0, 1):
            assert np.array_equal(alone.spike_times(unit), together.spike_times(unit, replica=k))


def test_those_that_begin_together_act_in_the_order_given() -> None:
    found = play(pair(), 5.0, do("A", -60.0), do("A", -58.0))
    assert found.state("v", "A")[0] == -58.0
    found = play(pair(), 5.0, do("A", -58.0), do("A", -60.0))
    assert found.state("v", "A")[0] == -60.0
    found = play(pair(), 5.0, change("E", -60.0), change("E", -70.0))
    assert np.array_equal(found.states["v"], play(pair(), 5.0, change("E", -70.0)).states["v"])


def test_overlaps_end_one_by_one() -> None:
    """What ends takes back itself alone; of two clamps the later one is obeyed."""
    v = play(
        pair(), 40.0, clamp("A", -70.0, stop=20.0), clamp("A", -72.0, start=5.0, stop=10.0)
    ).state("v", "A")
    assert v[:5].tolist() == [-70.0] * 5
    assert v[5:10].tolist() == [-72.0] * 5
    assert v[10:20].tolist() == [-70.0] * 10
    assert v[20] != -70.0
    v = play(
        pair(), 40.0, clamp("A", -70.0, stop=10.0), clamp("A", -72.0, start=5.0, stop=20.0)
    ).state("v", "A")
    assert v[5:20].tolist() == [-72.0] * 15
    silent = clamp_spikes("A", True, stop=10.0), clamp_spikes("A", False, start=5.0, stop=20.0)
    times = play(pair(), 20.0, *silent).spike_times("A").tolist()
    assert [t for t in times if t < 20] == [0.0, 1.0, 2.0, 3.0, 4.0]
    both = play(pair(), 60.0, cut("A", "B", stop=10.0), cut("A", "B", start=5.0, stop=50.0))
    one = play(pair(), 60.0, cut("A", "B", stop=50.0))
    assert np.array_equal(both.states["v"], one.states["v"])
    two = play(
        pair(),
        30.0,
        inject("A", np.full(10, 2.0)),
        inject("A", np.full(20, 1.0)),
        inject("A", lambda t: 4.0),
    )
    summed = play(pair(), 30.0, inject("A", [7.0] * 10 + [5.0] * 10 + [4.0] * 10))
    assert np.array_equal(two.states["v"], summed.states["v"])


def test_a_current_that_ends_leaves_no_rounding_behind() -> None:
    both = play(pair(), 60.0, inject("A", 0.2), inject("A", 0.1, stop=5.0))
    series = play(pair(), 60.0, inject("A", [0.2 + 0.1] * 5 + [0.2] * 55))
    assert 0.2 + 0.1 - 0.1 != 0.2
    assert np.array_equal(both.states["v"], series.states["v"])


def test_all_at_once_against_the_loop() -> None:
    hand = Hand(2)
    for k in range(60):
        if k == 6:
            hand.set(1, -51.0)
        if k == 10:
            hand.set(0, -55.0)
        hand.clamped = {0: -55.0} if 10 <= k < 19 else {}
        if k == 25:
            hand.force(1, True)
        hand.forced = {1: True} if 25 <= k < 29 else {}
        hand.w[0][1] = 0.0 if k >= 27 else -3.0
        if k == 40:
            hand.tau = [12.0, 12.0]
        hand.step((2.0 if k >= 3 else 0.0, 0.0))
    same(
        hand,
        play(
            pair(refractory_steps=2),
            60.0,
            change("tau", 12.0, at=40.0),
            cut("B", "A", start=27.0),
            clamp_spikes("B", True, start=25.0, stop=30.0),
            clamp("A", -55.0, start=10.0, stop=20.0),
            do("B", -51.0, at=6.0),
            inject("A", 2.0, start=3.0),
        ),
    )


def test_level_neurons_under_interventions() -> None:
    """Set above its level it has not spiked; clamped there it does not either; forced it has."""
    net = Network(
        neuron=[models.hodgkin_huxley(), models.lif()],
        weights=[[0.0, 0.0], [5.0, 0.0]],
        dt=0.02,
    )
    found = simulate(net, 10.0, interventions=do("A", 20.0), record="V")
    assert found.state("V", "A")[0] == 20.0
    assert found.spike_times("A").size == 0
    assert simulate(net, 5.0, interventions=clamp("A", 20.0)).spike_times("A").size == 0
    below = simulate(net, 10.0, interventions=do("A", -20.0)).spike_times("A")
    assert below.size == 1
    forced = simulate(net, 1.0, interventions=clamp_spikes("A", [0.1, 0.5]), record="v")
    assert forced.spike_times("A") == pytest.approx([0.1, 0.5])
    assert forced.state("v", "B")[6] == pytest.approx(-60.0, abs=1e-9)


def test_they_are_recorded_in_the_provenance() -> None:
    import json

    found = play(
        pair(),
        20.0,
        do("A", {"v": -60.0}),
        clamp_spikes(np.arange(2)[1], [1.0, 2.0]),
        cut("A", "B", lanes=[True]),
        inject("A", np.ones(20)),
        inject("A", np.sin),
        change("tau", 9.0),
        clamp("B", -60.0, stop=5.0),
    ).provenance["interventions"]
    assert [one["kind"] for one in found] == [
        "do",
        "clamp_spikes",
        "cut",
        "inject",
        "inject",
        "change",
        "clamp",
    ]
    assert found[0] == {"kind": "do", "unit": "A", "values": {"v": -60.0}, "at": 0.0}
    assert found[1]["spikes"] == [1.0, 2.0]
    assert found[4]["current"] == "sin"
    assert json.loads(json.dumps(found)) == found


def test_do_is_not_observation() -> None:
    """The same noise with and without an intervention: lanes that it does not reach are equal."""
    net = models.zoo.feed_forward()
    free = simulate(net, 500.0, rng=4, record="v")
    done = simulate(net, 500.0, rng=4, record="v", interventions=clamp("B", -70.0))
    assert np.array_equal(free.state("v", "A"), done.state("v", "A"))
    assert not np.array_equal(free.state("v", "C"), done.state("v", "C"))
