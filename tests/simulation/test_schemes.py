"""Each model by each scheme against its formulas, published programs, and accurate integration."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import sympy as sp

from causal_snn import models
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.rates import linoid_array
from causal_snn.models.schemes import SCHEMES, increment_model
from causal_snn.simulation import Record, inject, simulate
from causal_snn.simulation.start import rest_of

MODELS = sorted(set(models.NEURONS) - {"fitzhugh_nagumo"})


def network(model: models.NeuronModel, dt: float, n: int = 1, **options: Any) -> Network:
    return Network(neuron=model, weights=np.zeros((n, n)), dt=dt, **options)


def states_of(model: models.NeuronModel, n: int, seed: int = 0) -> dict[str, Any]:
    """Return states spread over the domain, some above threshold."""
    rng = np.random.default_rng(seed)
    domain = model.equations.domain or tuple((-80.0, -40.0) for _ in model.states)
    found = {name: rng.uniform(*ends, n) for name, ends in zip(model.states, domain, strict=True)}
    if "V_min" in model.parameters:
        found["v"][-1] = -49.0
    elif model.threshold is not None:
        (threshold,) = numeric([model.threshold], model, 0.0)(*(v[-1] for v in found.values()))
        found[model.states[0]][-1] = threshold + 0.25
    return found


def numeric(formulas: Any, model: models.NeuronModel, dt: float) -> Any:
    """Return formulas of the states as a function, in double precision."""
    symbols = [sp.Symbol(name, real=True) for name in model.states]
    values = {**model.parameters, "drive": 0.0, "dt": dt}
    numbers = {sp.Symbol(k, real=True): sp.Float(float(v), 17) for k, v in values.items()}
    modules: list[Any] = [{"linoid": linoid_array}, "numpy"]
    return sp.lambdify(symbols, [f.xreplace(numbers) for f in formulas], modules=modules)


def by_formulas(model: models.NeuronModel, scheme: str, dt: float, start: Any) -> Any:
    """Return states after one step, and who spiked: reset, symbolic increment, threshold."""
    x = [np.array(start[name]) for name in model.states]
    n = len(x[0])
    spiked = np.zeros(n, bool)
    threshold: Any = None
    if model.threshold is not None:
        threshold = numeric([model.threshold], model, dt)
        spiked = x[0] >= np.asarray(threshold(*x)[0])
        after = numeric(model.reset, model, dt)(*x)
        x = [np.where(spiked, new, old) for new, old in zip(after, x, strict=True)]
    increments = numeric(increment_model(model, scheme, dt).drift, model, dt)(*x)
    x = [old + dt * g for old, g in zip(x, increments, strict=True)]
    if threshold is not None:
        return x, x[0] >= np.asarray(threshold(*x)[0])
    return x, (x[0] >= model.equations.level) & (start[model.states[0]] < model.equations.level)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scheme", [*SCHEMES, "published"])
@pytest.mark.parametrize("name", MODELS)
def test_one_step_is_the_symbolic_one(name: str, scheme: str, dtype: Any) -> None:
    model = models.NEURONS[name]()
    if "I" in model.parameters:
        model = model.with_parameters(I=3.0)
    if name == "cuba_lif":  # with arrival="start" its Euler step is the one of snnTorch
        model = model.with_convention(arrival="end")
    if scheme == "published" and name != "izhikevich":
        with pytest.raises(InputError, match="has no program"):
            simulate(network(model, 0.1), 0.1, scheme=scheme)
        return
    n, dt = 40, 0.0625
    start = states_of(model, n)
    if name in ("eif", "adex"):  # 2^24 e^(v/2): single precision has enough digits only below
        start[model.states[0]][:-1] = np.minimum(start[model.states[0]][:-1], -45.0)
    start = {k: v.astype(np.float32).astype(float) for k, v in start.items()}
    expected, spiked = by_formulas(model, scheme, dt, start)
    found = simulate(
        network(model, dt, n), dt, scheme=scheme, start=start, record=model.states, dtype=dtype
    )
    for state, value in zip(model.states, expected, strict=True):
        if dtype == np.float64:
            close = pytest.approx(value, rel=1e-11, abs=1e-11)
        else:
            close = pytest.approx(value, rel=3e-5, abs=3e-5 * (1 + np.abs(start[state]).max()))
        assert found.states[state][-1, :, 0] == close, state
    units = found.trains.units[found.trains.times == dt]
    if dtype == np.float64:
        assert units.tolist() == np.flatnonzero(spiked).tolist()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_hodgkin_huxley_where_its_rates_are_0_by_0(scheme: str, dtype: Any) -> None:
    """At exactly -40 and -55 mV nothing is lost: the step is the mean of its neighbours'."""
    model = models.hodgkin_huxley()
    potentials = np.array([-40.0, -55.0])
    around = np.concatenate([potentials, potentials - 2.0**-10, potentials + 2.0**-10])
    gates = {"m": 0.1, "h": 0.5, "n": 0.4}
    found = simulate(
        network(model, 0.01, 6),
        0.01,
        scheme=scheme,
        start={"V": around, **gates},
        record=model.states,
        dtype=dtype,
    )
    assert found.success
    for state in ("m", "h", "n"):
        here, below, above = found.states[state][-1, :, 0].astype(float).reshape(3, 2)
        close = 1e-9 if dtype == np.float64 else 2e-7
        assert here == pytest.approx((below + above) / 2, abs=close)


@pytest.mark.parametrize("name", [n for n in MODELS if n not in ("lif", "cuba_lif", "glif")])
def test_exact_is_for_linear_neurons(name: str) -> None:
    with pytest.raises(InputError, match="not linear below threshold"):
        simulate(network(models.NEURONS[name](), 0.1), 0.1, scheme="exact")


def test_conventions_that_a_scheme_does_not_know_are_refused() -> None:
    for option in ({"reset_timing": "delayed"}, {"input_gain": "unit"}):
        net = network(models.lif(**option), 0.1)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="defined for 'exact' and 'euler' only"):
            simulate(net, 0.1, scheme="midpoint")
        other = network(models.qif().with_convention(**option), 0.1)
        with pytest.raises(InputError, match="defined for lif and cuba_lif only"):
            simulate(other, 0.1)
    with pytest.raises(InputError, match="did you mean 'midpoint'"):
        simulate(network(models.qif(), 0.1), 0.1, scheme="midpont")


def test_exact_step_of_linear_neurons_is_the_matrix_exponential() -> None:
    """glif: threshold and after-spike current too, with any time step."""
    from scipy.integrate import solve_ivp

    model = models.glif(a=0.005, I=0.7)
    found = simulate(
        network(model, 7.5), 30.0, start={"V": -72.0, "Theta": -40.0, "J": 0.3}, record=model.states
    )
    assert found.trains.times.size == 0
    rates = numeric(model.drift, model, 0.0)
    flow = solve_ivp(
        lambda t, x: rates(*x),
        (0, 30),
        [-72.0, -40.0, 0.3],
        rtol=1e-11,
        atol=1e-11,
        t_eval=found.times,
    )
    for state, values in zip(model.states, flow.y, strict=True):
        assert found.state(state, 0) == pytest.approx(values, abs=1e-8)


# --- LIF: closed form


@pytest.mark.parametrize("dt", [0.1, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("drive", [15.001, 16.0, 22.5, 60.0])
@pytest.mark.parametrize("refractory", [0, 4])
def test_lif_intervals_are_the_closed_form_in_steps(
    dt: float, drive: float, refractory: int
) -> None:
    """ceil(tau/dt log(drive/(drive - 15))) steps for the exact step, and the refractory ones."""
    steps = math.ceil(20.0 / dt * math.log(drive / (drive - 15.0))) + refractory
    net = network(models.lif(refractory_steps=refractory), dt, drive=drive)
    found = simulate(net, steps * 4 * dt)
    counts = np.rint(found.spike_times(0) / dt).astype(int)
    assert counts.tolist() == [steps - refractory + k * steps for k in range(4)][: len(counts)]
    assert len(counts) == 4


def test_euler_intervals_differ() -> None:
    """Forward Euler: ceil(log(1 - 15/drive)/log(1 - dt/tau)) steps, fewer at coarse dt."""
    dt, drive = 2.5, 16.0
    net = network(models.lif(), dt, drive=drive)
    exact, euler = (simulate(net, 200.0, scheme=s).spike_times(0) for s in ("exact", "euler"))
    steps = math.ceil(math.log(1 - 15 / drive) / math.log(1 - dt / 20.0))
    assert np.diff(euler)[0] / dt == steps
    assert steps < np.diff(exact)[0] / dt


# --- published programs and accurate integration


@pytest.mark.parametrize("pattern", ["regular_spiking", "chattering", "fast_spiking"])
def test_izhikevich_published_program(pattern: str) -> None:
    """The 2003 program with dt = 1 ms: two half steps for v, then u; as it is printed there.

    The whole way for 150 ms; each step by itself for 400, as rounding grows at every spike.
    """
    model = models.izhikevich(pattern)
    a, b, c, d = (float(model.parameters[name]) for name in "abcd")
    current = [10.0 if t >= 20 else 0.0 for t in range(400)]

    def program(v: float, u: float, t: int) -> tuple[float, float]:
        if v >= 30:
            v, u = c, u + d
        v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current[t])
        v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current[t])
        return v, u + a * (b * v - u)

    found = simulate(
        network(model, 1.0),
        400.0,
        scheme="published",
        start={"v": -65.0, "u": b * -65.0},
        interventions=inject(0, current),
        record=("v", "u"),
    )
    trace = np.column_stack([found.state("v", 0), found.state("u", 0)])
    v, u, firings = -65.0, b * -65.0, []
    for t in range(400):
        v, u = program(v, u, t)
        if v >= 30:
            firings.append(t + 1.0)
        assert trace[t + 1] == pytest.approx(
            program(trace[t, 0], trace[t, 1], t), rel=1e-11, abs=1e-9
        )
    early = [t for t in firings if t <= 150]
    assert len(early) > 2
    assert found.spike_times(0)[: len(early)].tolist() == early
    assert np.array_equal(found.spike_times(0), np.flatnonzero(trace[:, 0] >= 30))


def test_hodgkin_huxley_against_solve_ivp() -> None:
    """Spike times within 0.1 ms over 100 ms at dt = 0.01 ms (rtol 1e-9)."""
    from scipy.integrate import solve_ivp

    model = models.hodgkin_huxley(I=10.0)
    rates = numeric(model.drift, model, 0.0)
    start = {"V": -65.0, "m": 0.05, "h": 0.6, "n": 0.32}

    def crossing(t: float, x: Any) -> float:
        return float(x[0])

    crossing.direction = 1.0  # type: ignore[attr-defined]
    flow = solve_ivp(
        lambda t, x: rates(*x),
        (0, 100),
        list(start.values()),
        method="LSODA",
        rtol=1e-9,
        atol=1e-11,
        events=crossing,
    )
    assert len(flow.t_events[0]) == 7
    record = Record(interpolate=True)
    options: dict[str, Any] = {"start": start, "record": record}
    fine = simulate(network(model, 0.01), 100.0, scheme="midpoint", **options)
    assert fine.spike_times(0) == pytest.approx(flow.t_events[0], abs=2e-3)
    usual = simulate(network(model, 0.01), 100.0, start=start)  # staggered, whole steps
    assert usual.spike_times(0) == pytest.approx(flow.t_events[0], abs=0.05)
    # Exponential Euler, all states at once, fires 0.5 % late at this step, in proportion to dt.
    options["scheme"] = "exponential_euler"
    late = [
        simulate(network(model, dt), 100.0, **options).spike_times(0)[-1] - flow.t_events[0][-1]
        for dt in (0.01, 0.02)
    ]
    assert late[0] == pytest.approx(0.474, abs=0.005)
    assert late[1] / late[0] == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(
    ("scheme", "order"),
    [
        ("euler", 1),
        ("sequential_euler", 1),
        ("exponential_euler", 1),
        ("rush_larsen", 1),
        ("midpoint", 2),
    ],
)
def test_convergence_order_in_dt(scheme: str, order: int) -> None:
    """Error of a smooth trajectory against an accurate one, dt halved four times."""
    from scipy.integrate import solve_ivp

    model = models.morris_lecar(I=60.0)
    rates = numeric(model.drift, model, 0.0)
    flow = solve_ivp(lambda t, x: rates(*x), (0, 20), [-30.0, 0.1], rtol=1e-12, atol=1e-12)
    errors = []
    for dt in (0.5, 0.25, 0.125, 0.0625, 0.03125):
        found = simulate(
            network(model, dt), 20.0, scheme=scheme, start={"V": -30.0, "w": 0.1}, record="V"
        )
        errors.append(abs(found.state("V", 0)[-1] - flow.y[0, -1]))
    slopes = [math.log2(one / two) for one, two in pairwise(errors)]
    assert slopes[-2:] == pytest.approx([order, order], abs=0.15)


def test_theta_neuron_has_the_period_of_its_closed_form() -> None:
    """pi tau / sqrt(I), to the error of midpoint steps."""
    net = network(models.theta_neuron(I=0.25), 0.01)
    found = simulate(net, 50.0, scheme="midpoint", record=Record(interpolate=True))
    assert np.diff(found.spike_times(0)) == pytest.approx(math.pi / 0.5, rel=1e-3)


def test_interpolated_times_of_a_straight_rise() -> None:
    """Between two steps by a straight line: LIF far below its asymptote, exact to second order."""
    drive, dt = 400.0, 0.2
    net = network(models.lif(), dt, drive=drive)
    record = Record(interpolate=True)
    found = simulate(net, 5.0, record=record).spike_times(0)
    rise = 20.0 * math.log(drive / (drive - 15.0))
    grid = simulate(net, 5.0).spike_times(0)
    assert found[0] == pytest.approx(rise, abs=dt**2 * drive / 20 / 15)
    assert np.all((grid - found >= 0) & (grid - found < dt))


def test_interpolation_where_a_spike_is_there_from_the_start_or_beyond_all_numbers() -> None:
    net = network(models.izhikevich(), 0.1)
    record = Record(interpolate=True)
    assert simulate(net, 1.0, start={"v": 35.0}, record=record).spike_times(0)[0] == 0.0
    steep = network(models.adex(I=1e6), 1.0)
    times = simulate(steep, 20.0, record=record).spike_times(0)
    assert times.size > 5
    assert np.all(np.isfinite(times))
    assert np.all((times >= 0) & (times <= 20))


@pytest.mark.parametrize("name", MODELS)
def test_at_rest_nothing_moves(name: str) -> None:
    """Without current each neuron starts from an equilibrium (pacemakers apart) and stays."""
    from causal_snn.simulation.engine.layout import lay_out

    model = models.NEURONS[name]()
    net = network(model, 0.05, 2)
    (group,) = lay_out(net).groups
    rest = rest_of(group)
    rates = numeric(model.drift, model, 0.0)
    if name not in ("qif", "theta_neuron"):  # I = 0 is where their rest ends
        assert np.abs(np.array(rates(*rest[:, 0]))).max() < 1e-8
        found = simulate(net, 20.0, record=model.states[0])
        assert found.states[model.states[0]] == pytest.approx(rest[0, 0], abs=1e-6)
