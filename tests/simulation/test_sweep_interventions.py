"""Interventions in sweeps, with a value for every state: against loops and against `simulate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from causal_snn import models
from causal_snn import simulation as sim
from causal_snn.errors import InputError
from causal_snn.models import Network

Floats = NDArray[np.float64]
N, STEPS, S = 3, 6, 3
WEIGHTS = np.array([[0.5, 6.0, -4.0], [5.0, -2.0, 7.0], [-3.0, 6.0, 1.0]])
STATES = np.array([[-52.0, -40.0, -58.0], [-40.0, -60.0, -40.0], [-55.0, -52.0, -51.0]])
VALUES = np.array([-58.0, -45.0, -53.0])
DRIVES = np.array([5.0, 14.0, 22.0])
NOISE = np.array([3.0, 4.0, 5.0])


def network(*, sparse: bool = False, noise: float = 1.0) -> Network:
    return Network(
        neuron=models.lif(),
        weights=csr_array(WEIGHTS) if sparse else WEIGHTS,
        drive=13.0,
        noise=noise * NOISE,
        dt=1.0,
    )


def by_loop(
    state: int, count: int, act: Callable[[str, int, int, dict[str, Any]], None], *, noise: float
) -> NDArray[np.bool_]:
    """Return who spiked in each step, (STEPS, count, n); `act` is called at three places.

    ``act("before", step, ...)`` before a step, ``act("noisy", ...)`` after its noise,
    ``act("spiked", ...)`` once its spikes are found, those of the start before step 0 included.
    """
    rng = np.random.default_rng(state)
    w: dict[str, Any] = {
        "v": np.tile(STATES[state], (count, 1)), "weights": WEIGHTS.copy(),
        "drive": np.full(N, 13.0), "tau": np.full(N, 20.0), "current": np.zeros(N),
    }  # fmt: skip
    w["spiked"] = w["v"] >= -50.0
    history = []
    for step in range(STEPS):
        act("before", step, state, w)
        a = np.exp(-1.0 / w["tau"])
        arrived = w["spiked"] @ w["weights"].T
        v = np.where(w["spiked"], -65.0, w["v"])
        v = -65.0 + a * (v + 65.0) + (1 - a) * (w["drive"] + w["current"]) + arrived
        w["v"] = v + noise * NOISE * np.sqrt(1 - a**2) * rng.standard_normal(v.shape)
        act("noisy", step, state, w)
        w["spiked"] = w["v"] >= -50.0
        act("spiked", step, state, w)
        history.append(w["spiked"].copy())
    return np.array(history)


def do(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    if (place, step) == ("before", 3):
        w["v"][:, 1] = VALUES[state]
        w["spiked"][:, 1] = VALUES[state] >= -50.0


def clamp(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    """From 1 ms until before 4 ms: set at 1 ms, held at the ends of the steps at 2 and 3 ms."""
    if place == "before" and step == 1:
        w["v"][:, 1] = VALUES[state]
        w["spiked"][:, 1] = VALUES[state] >= -50.0
    if place == "noisy" and step in (1, 2):
        w["v"][:, 1] = VALUES[state]


def clamp_for_ever(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    if (place == "before" and step == 2) or (place == "noisy" and step >= 2):
        w["v"][:, 1] = VALUES[state]
    if place == "before" and step == 2:
        w["spiked"][:, 1] = VALUES[state] >= -50.0


def cut(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    if place == "before":
        off = state in (0, 2) and 1 <= step < 4
        w["weights"][1, 0] = 0.0 if off else WEIGHTS[1, 0]


def change_drive(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    if place == "before" and step == 2:
        w["drive"][:] = DRIVES[state]


def change_tau(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    """The noise is given as the standard deviation of the free potential, so it changes too."""
    if place == "before" and step == 1:
        w["tau"][2] = DRIVES[state]


def change_last(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    if place == "before" and step == STEPS - 1:
        w["tau"][:], w["drive"][0] = DRIVES[state], 30.0


def spikes_on(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    """True from 1 ms until before 4 ms."""
    if (place == "before" and step == 1) or (place == "spiked" and step in (1, 2)):
        w["spiked"][:, 2] = True


def spikes_at(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    """At 2 and 5 ms, and silent at all other times."""
    if place == "before" and step == 0:
        w["spiked"][:, 2] = False
    if place == "spiked":
        w["spiked"][:, 2] = step + 1 in (2, 5)


def inject(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    w["current"][0] = DRIVES[state] if 1 <= step < 5 else 0.0


def inject_series(place: str, step: int, state: int, w: dict[str, Any]) -> None:
    w["current"][0] = 10.0 * DRIVES[state] * (step - 1) / 4 if 2 <= step < 5 else 0.0


RAMP = 10.0 * np.arange(1, 4)[:, None] * DRIVES / 4
CASES: dict[str, tuple[Any, Any]] = {
    "do": (sim.do(1, VALUES, at=3.0), do),
    "clamp": (sim.clamp(1, VALUES, start=1.0, stop=4.0), clamp),
    "clamp for ever": (sim.clamp(1, VALUES, start=2.0), clamp_for_ever),
    "cut": (sim.cut(0, 1, start=1.0, stop=4.0, lanes=[True, False, True]), cut),
    "change drive": (sim.change("drive", DRIVES, at=2.0), change_drive),
    "change tau": (sim.change("tau", DRIVES, unit=2, at=1.0), change_tau),
    "change before the last step": (
        [sim.change("tau", DRIVES, at=STEPS - 1.0),
         sim.change("drive", 30.0, unit=0, at=STEPS - 1.0)],
        change_last,
    ),
    "spikes on": (sim.clamp_spikes(2, True, start=1.0, stop=4.0), spikes_on),
    "spikes at": (sim.clamp_spikes(2, [2.0, 5.0]), spikes_at),
    "inject": (sim.inject(0, np.tile(DRIVES, (4, 1)), start=1.0, stop=5.0), inject),
    "inject a function": (sim.inject(0, lambda time: DRIVES, start=1.0, stop=5.0), inject),
    "inject a series": (sim.inject(0, RAMP, start=2.0), inject_series),
}  # fmt: skip
NOT_SMOOTH = ("clamp for ever", "spikes at")


def codes(spiked: Any) -> Any:
    return spiked @ 2 ** np.arange(N)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_without_noise_every_step_is_the_loops(name: str, sparse: bool) -> None:
    interventions, act = CASES[name]
    net = network(sparse=sparse, noise=0.0)
    call: dict[str, Any] = {"states": STATES, "replicas": 2, "dtype": float, "smooth": False}
    result = sim.sweep(net, steps=STEPS, rng=1, interventions=interventions, **call)
    for state in range(S):
        history = by_loop(state, 1, act, noise=0.0)[:, 0]
        assert np.argmax(result.rows[state]) == codes(history[-1])
        lane = sim.sweep_lane(
            net, steps=STEPS, rng=1, interventions=interventions, state=state, replica=1, **call
        )
        assert np.array_equal(lane.spikes[1:], history)


@pytest.mark.parametrize("noise", ["independent", "shared", "antithetic"])
@pytest.mark.parametrize("name", CASES)
def test_with_noise_rows_are_the_loops(name: str, noise: str) -> None:
    interventions, act = CASES[name]
    for smooth in (False,) if name in NOT_SMOOTH else (False, True):
        result = sim.sweep(
            network(), states=STATES, steps=STEPS, replicas=4000, rng=3, noise=noise,
            interventions=interventions, smooth=smooth,
        )  # fmt: skip
        for state in range(S):
            history = by_loop(state, 20_000, act, noise=1.0)
            p = np.bincount(codes(history[-1]), minlength=2**N) / 20_000
            error = np.sqrt(np.maximum(p * (1 - p), 1 / 20_000) / 20_000)
            own = np.maximum(result.standard_error[state], 1 / 4000)
            assert (np.abs(result.rows[state] - p) / np.hypot(own, error)).max() < 4.5


@pytest.mark.parametrize("name", CASES)
def test_sparse_networks_take_interventions_too(name: str) -> None:
    interventions, act = CASES[name]
    result = sim.sweep(
        network(sparse=True), states=STATES, steps=STEPS, replicas=600, rng=3,
        interventions=interventions, units="apart",
    )  # fmt: skip
    for state in range(S):
        p = by_loop(state, 20_000, act, noise=1.0)[-1].mean(axis=0)
        error = np.hypot(np.maximum(result.standard_error[state, 1::2], 1 / 600), 0.003)
        assert (np.abs(result.rows[state, 1::2] - p) / error).max() < 4.5


@pytest.mark.parametrize("steps", [1, 2])
def test_what_begins_at_once_begins_once(steps: int) -> None:
    """The first step may be the last one, which is in closed form."""
    net = network()
    call: dict[str, Any] = {"states": STATES, "steps": steps, "replicas": 64, "rng": 1}
    current = sim.inject(0, 60.0, start=steps - 1.0)
    one = sim.sweep(net, **call, interventions=current)
    a = np.exp(-1.0 / 20.0)
    drive = [*net.drive]
    drive[0] += 60.0
    changed = sim.change("drive", float(drive[0]), unit=0, at=steps - 1.0)
    two = sim.sweep(net, **call, interventions=changed)
    assert one.rows == pytest.approx(two.rows, abs=1e-5)
    assert np.abs(one.rows - sim.sweep(net, **call).rows).max() > 0.01 * (1 - a)


@pytest.mark.parametrize("name", NOT_SMOOTH)
def test_a_clamp_in_the_last_step_has_no_closed_form(name: str) -> None:
    interventions, _ = CASES[name]
    call: dict[str, Any] = {"states": STATES, "steps": STEPS, "replicas": 8, "rng": 1}
    result = sim.sweep(network(), **call, interventions=interventions)
    assert result.provenance["method"] == "Monte Carlo"
    with pytest.raises(InputError, match="smooth = True: False here: a unit is clamped"):
        sim.sweep(network(), **call, interventions=interventions, smooth=True)


def test_changed_parameters_of_a_nonlinear_neuron_against_simulate() -> None:
    """One run of `simulate` for each state, without noise."""
    neuron = models.adex().with_parameters(I=0.8)
    net = Network(neuron=neuron, weights=[[0.0, 8.0], [8.0, 0.0]], dt=0.1)
    states = {"V": np.array([[-60.0, -55.0], [-50.0, -65.0]])}
    values = np.array([25.0, 40.0])
    changed = sim.change("g_L", values, at=1.0)
    call: dict[str, Any] = {"states": states, "steps": 80, "replicas": 2, "rng": 1,
                            "smooth": False, "dtype": float}  # fmt: skip
    for state in range(2):
        lane = sim.sweep_lane(net, **call, interventions=changed, state=state, replica=0)
        alone = sim.simulate(
            net, 8.0, start={"V": states["V"][state]}, record=("V",),
            interventions=sim.change("g_L", float(values[state]), at=1.0),
        )  # fmt: skip
        data = alone.to_xarray()["V"].squeeze().transpose("time", "unit").to_numpy()
        assert lane.potentials[-len(data) :] == pytest.approx(data, abs=1e-9)
