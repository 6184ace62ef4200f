"""Parameter sets fire as their names say: event-accurate scipy integration, reset by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from causal_snn import models
from causal_snn.dynamics.field import field
from causal_snn.models import NeuronModel


def spike_times(
    model: NeuronModel, start: Sequence[float], duration: float, rtol: float = 1e-6
) -> NDArray[np.float64]:
    """Integrate to each threshold crossing, apply the model's own reset, go on."""
    drift, eq = field(model), model.equations
    values = {sp.Symbol(name, real=True): float(p) for name, p in model.parameters.items()}
    assert eq.threshold is not None
    gap = sp.lambdify(eq.states, (eq.states[0] - eq.threshold).subs(values), "math")
    reset = sp.lambdify(eq.states, [after.subs(values) for after in eq.reset], "math")

    def event(t: float, x: NDArray[np.float64]) -> float:
        return float(gap(*x))

    event.terminal = True  # type: ignore[attr-defined]
    event.direction = 1  # type: ignore[attr-defined]
    t, x, times = 0.0, np.array(start, dtype=float), []
    while t < duration:
        run = solve_ivp(
            lambda t, x: drift.f(x), (t, duration), x, events=event, rtol=rtol, atol=1e-8
        )
        t, x = run.t[-1], run.y[:, -1]
        if run.status != 1:
            assert run.status == 0, run.message
            break
        times.append(t)
        x = np.array(reset(*x), dtype=float)
    return np.array(times)


def adex_intervals(pattern: str, duration: float, **changes: float) -> NDArray[np.float64]:
    # The potential leaves -20 mV for infinity within 1e-4 ms.
    model = models.adex(pattern, v_peak=-20.0, **changes)
    return np.diff(spike_times(model, [model.parameters["E_L"], 0.0], duration))


def test_tonic() -> None:
    isi = adex_intervals("tonic", 250.0)
    assert isi.size > 20
    assert isi[-10:] == pytest.approx(isi[-1], rel=1e-3)
    assert isi.min() > 0.9 * isi[-1]


def test_adapting() -> None:
    isi = adex_intervals("adapting", 600.0)
    assert np.all(np.diff(isi[:6]) > 0)
    assert isi[-1] > 5 * isi[0]
    assert isi[-3:] == pytest.approx(isi[-1], rel=1e-2)


def test_regular_spiking_of_brette_and_gerstner_adapts() -> None:
    isi = adex_intervals("brette_gerstner", 600.0, I=800.0)
    assert np.all(np.diff(isi) > 0)
    assert isi[-1] == pytest.approx(66.94, abs=0.02)
    assert adex_intervals("brette_gerstner", 600.0, I=580.0).size == 0  # below its Hopf point


def test_initial_burst() -> None:
    isi = adex_intervals("initial_burst", 500.0)
    assert np.all(isi[:2] < 10)
    assert np.all(isi[2:] > 50)
    assert isi[-3:] == pytest.approx(isi[-1], rel=1e-3)


@pytest.mark.parametrize(
    ("pattern", "spikes_per_burst"), [("regular_bursting", 2), ("delayed_regular_bursting", 4)]
)
def test_bursting_has_two_kinds_of_intervals(pattern: str, spikes_per_burst: int) -> None:
    isi = adex_intervals(pattern, 700.0)[spikes_per_burst + 2 :]
    short, long = isi[isi < 10], isi[isi > 50]
    assert short.size + long.size == isi.size
    assert min(short.size, long.size) >= 3
    assert np.all(np.diff(np.flatnonzero(isi > 50)) == spikes_per_burst)
    assert long == pytest.approx(long[0], rel=1e-2)


def test_delayed() -> None:
    model = models.adex("delayed_accelerating", v_peak=-20.0)
    times = spike_times(model, [-70.0, 0.0], 300.0)
    assert times[0] > 30.0  # tau_m is 17 ms
    assert np.all(np.diff(times, 2) < 0)
    late = models.adex("delayed_regular_bursting", v_peak=-20.0)
    assert spike_times(late, [-65.0, 0.0], 70.0)[0] > 50.0  # tau_m is 10 ms


def test_transient() -> None:
    assert adex_intervals("transient", 500.0).size == 0
    model = models.adex("transient", v_peak=-20.0)
    assert spike_times(model, [-65.0, 0.0], 500.0).size == 1


def test_the_values_quoted_from_the_table_do_not_give_their_patterns() -> None:
    delayed = {"C": 200, "g_L": 12, "E_L": -70, "a": -6, "tau_w": 300, "b": 0, "V_r": -58, "I": 110}
    transient = {"C": 100, "g_L": 10, "E_L": -65, "a": -10, "tau_w": 90, "b": 30, "V_r": -47}
    assert adex_intervals("tonic", 1000.0, **delayed).size == 0
    assert adex_intervals("tonic", 300.0, **transient, I=350).size > 30


def test_irregular() -> None:
    isi = adex_intervals("irregular", 700.0)[5:]
    assert isi.std() > 0.3 * isi.mean()
    for period in range(1, 9):
        assert np.abs(isi[period:] - isi[:-period]).max() > 2.0


@pytest.mark.slow
def test_irregular_ends_in_a_cycle_of_ten() -> None:
    isi = adex_intervals("irregular", 4000.0)[-40:]
    np.testing.assert_allclose(isi[10:], isi[:-10], rtol=0.02)
    assert np.abs(isi[5:] - isi[:-5]).max() > 1.0


def izhikevich_intervals(pattern: str, duration: float = 300.0) -> NDArray[np.float64]:
    model = models.izhikevich(pattern, I=10.0)
    return np.diff(spike_times(model, [-70.0, -70.0 * model.parameters["b"]], duration))


def test_izhikevich_cortical_patterns() -> None:
    regular = izhikevich_intervals("regular_spiking")
    assert regular[0] < 0.5 * regular[-1]
    assert regular[2:] == pytest.approx(regular[-1], rel=1e-2)
    bursting = izhikevich_intervals("intrinsically_bursting")
    assert np.all(bursting[:2] < 5)  # a burst at first,
    assert np.all(bursting[2:] > 25)  # then single spikes
    chattering = izhikevich_intervals("chattering")
    assert np.all((chattering < 10) | (chattering > 40))
    assert np.sum(chattering > 40) >= 3
    assert np.sum(chattering < 10) >= 3 * np.sum(chattering > 40)
    fast = izhikevich_intervals("fast_spiking")
    assert fast[-1] < 10 < regular[-1] / 4
    low = izhikevich_intervals("low_threshold_spiking")
    assert np.all(np.diff(low[:7]) > 0)  # high frequency with adaptation


def test_izhikevich_thalamic_cell_fires_at_rest_and_in_rebound() -> None:
    cell = models.izhikevich("thalamo_cortical", I=2.0)
    tonic = np.diff(spike_times(cell, [-61.0, -61.0 / 4], 300.0))
    assert tonic.size > 5
    # After hyperpolarisation (u at its rest for -87 mV) the same drive gives a burst first.
    rebound = np.diff(spike_times(models.izhikevich("thalamo_cortical"), [-87.0, -87 / 4], 300.0))
    assert rebound[0] < 10


def test_izhikevich_resonator_is_a_focus_that_oscillates() -> None:
    resting = field(models.izhikevich("resonator"), I=0.0)
    # v: 0.04 v^2 + (5 - b) v + 140 = 0
    v = (-4.74 - math.sqrt(4.74**2 - 0.16 * 140)) / 0.08
    np.testing.assert_allclose(resting.f([v, 0.26 * v]), 0.0, atol=1e-11)
    values = np.linalg.eigvals(resting.jac([v, 0.26 * v]))
    assert np.all(values.real < 0)
    assert np.all(np.abs(values.imag) > 0.05)


def test_glif_patterns_of_mihalas_and_niebur() -> None:
    rest = [-70.0, -50.0, 0.0]
    tonic = np.diff(spike_times(models.glif(I=1.5), rest, 200.0))
    # V relaxes to -40 with 20 ms: from -70 to -50 in 20 ln 3
    assert tonic == pytest.approx(20 * math.log(3), rel=1e-5)
    adaptation = np.diff(spike_times(models.glif(a=0.005, I=2.0), rest, 200.0))
    assert np.all(np.diff(adaptation) > 0)
    phasic = spike_times(models.glif(a=0.005, I=1.5), rest, 500.0)
    # The threshold ends at -50 + (a/b) 30 = -35 mV, above the -40 mV that V can reach.
    assert 1 <= phasic.size < 10
    assert phasic[-1] < 250.0


def test_conductance_lif_fires_at_the_closed_form() -> None:
    model = models.conductance_lif(I=150.0)
    isi = np.diff(spike_times(model, [-60.0, 0.0, 0.0], 100.0))
    # V relaxes to -45 with C/g_L = 20 ms: from -60 to -50
    assert isi == pytest.approx(20 * math.log(15 / 5), rel=1e-5)
    driven = spike_times(models.conductance_lif(), [-60.0, 20.0, 0.0], 100.0)
    assert driven.size >= 1
    assert spike_times(models.conductance_lif(), [-60.0, 20.0, 200.0], 100.0).size == 0


def period(regime: str, I: float, start: Sequence[float] = (20.0, 0.1)) -> float:  # noqa: E741
    f = field(models.morris_lecar(regime), I=I)
    run = solve_ivp(
        lambda t, x: f.f(x),
        (0.0, 3000.0),
        start,
        events=lambda t, x: x[0],
        rtol=1e-6,
        atol=1e-8,
    )
    times = run.t_events[0]
    return float(times[-1] - times[-3]) if times.size > 6 else math.inf


def test_morris_lecar_regimes_start_firing_in_their_own_ways() -> None:
    # Hopf: firing begins, bistable with rest, at a finite rate (fold of cycles below I = 93.86).
    assert period("hopf", 80.0) == math.inf
    assert 60 < period("hopf", 95.0) < 130
    # SNLC: it begins at any rate, period as 1/sqrt(I - 39.963).
    near, nearer = period("snlc", 40.1), period("snlc", 40.0)
    assert period("snlc", 39.9) == math.inf
    assert nearer > 300
    assert nearer / near == pytest.approx(math.sqrt(0.137 / 0.037), rel=0.15)
    # Homoclinic: rest and firing together below the fold.
    assert period("homoclinic", 38.0, (10.0, 0.1)) < 50
    assert period("homoclinic", 38.0, (-50.0, 0.0)) == math.inf
    assert period("homoclinic", 34.0, (10.0, 0.1)) == math.inf
