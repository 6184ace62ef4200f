"""Kernels of two-variable neurons against the simulator, closed forms and quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import kernel, models
from causal_snn.errors import InputError
from causal_snn.kernel.causal_score import by_score, causal_score
from causal_snn.kernel.context_law import context_law
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.kernel.two_variables.plane import plane
from causal_snn.kernel.two_variables.unit import plane_unit
from causal_snn.models import Network
from causal_snn.models.inputs import PoissonInput, WhiteNoise
from causal_snn.simulation import sample_stationary, sweep

CUBA = Network(
    neuron=models.cuba_lif(R=2.0),
    weights=[[4, 30, -20], [10, 0, 0], [20, 20, 0]],
    drive=14,
    noise=3,
    dt=2.0,
    bias=1.0,
)
WHITE = (WhiteNoise(amplitude=1.5),)
ADEX = Network(
    neuron=models.adex(I=700.0), weights=[[0.5, 2.0], [1.0, 0.0]], dt=0.5, inputs=WHITE, bias=0.1
)
IZHIKEVICH = Network(
    neuron=models.izhikevich(), weights=[[0.0, 6.0], [1.0, 0.0]], dt=1.0, inputs=WHITE
)
GLIF = Network(
    neuron=models.glif(I=1.5, a=0.02), weights=[[0.0, 2.0], [1.0, 0.0]], dt=1.0, inputs=WHITE
)
NEURONS: dict[str, tuple[Network, dict[str, tuple[float, float]]]] = {
    "cuba": (CUBA, {"v": (-75.0, -40.0), "i": (-10.0, 20.0)}),
    "adex": (ADEX, {"V": (-75.0, 25.0), "w": (0.0, 200.0)}),
    "izhikevich": (IZHIKEVICH, {"v": (-80.0, 35.0), "u": (-16.0, -4.0)}),
    "glif": (GLIF, {"V": (-70.0, -40.0), "Theta": (-55.0, -45.0)}),
}


REPLICAS = {"glif": 3000}
"""A moving threshold has no closed-form last step: its spikes are counted."""


def room(name: str, p: np.ndarray) -> np.ndarray:
    """Return what a row of the sweep may be off: rounding, or 4.5 standard errors of a count."""
    count = REPLICAS.get(name)
    return 1e-12 + (0.0 * p if count is None else 4.5 * np.sqrt(p * (1 - p) / count))


def locate(net: Network, ranges: Any, point: np.ndarray) -> int:
    """Return the cell of a state, found from the geometry of equal cells alone."""
    (v0, v1), (w0, w1) = ranges.values()
    name = net.neurons[0].name
    theta = {"cuba_lif": -50.0, "adex": 20.0, "izhikevich": 30.0, "glif": np.inf}[name]
    nv, nw = 12, 7
    column = int((point[1] - w0) / (w1 - w0) * nw)
    if point[0] >= theta:
        return nv * nw + column
    return column * nv + int((point[0] - v0) / (min(v1, theta) - v0) * nv)


def engine(net: Network, names: tuple[str, str], at: np.ndarray, **options: Any) -> np.ndarray:
    """Return P(spike) of unit 0 from the sweep, shape (m,); the other unit is silent."""
    low = {"v": -70.0, "V": -70.0, "u": -14.0, "w": 0.0, "i": 0.0, "Theta": -50.0}
    states = {}
    for j, name in enumerate(names):
        table = np.full((len(at), net.n), low[name])
        table[:, 0] = at[:, j]
        states[name] = table
    result = sweep(
        net, states=states, units="apart", rng=5, dtype=np.float64, progress=False, **options
    )
    return result.rows[:, 1]


def random_states(ranges: Any, count: int, seed: int = 0) -> np.ndarray:
    """Return states anywhere in the ranges, shape (count, 2)."""
    ends = np.array(list(ranges.values()))
    return np.random.default_rng(seed).uniform(ends[:, 0], ends[:, 1], (count, 2))


STEPPED = [
    *((name, scheme) for name in NEURONS for scheme in (None, "euler", "exponential_euler")),
    *((name, scheme) for name in ("adex", "izhikevich") for scheme in ("midpoint", "staggered")),
    ("izhikevich", "published"),
    ("adex", "sequential_euler"),
]


@pytest.mark.parametrize(("name", "scheme"), STEPPED)
def test_one_step_encloses_the_engine(name: str, scheme: str | None) -> None:
    net, ranges = NEURONS[name]
    k = plane(net, 0, ranges=ranges, cells=(12, 7), contexts="states", scheme=scheme)
    silent = int(np.flatnonzero(k.inputs == 0)[0])
    at = random_states(ranges, 300)
    names = tuple(ranges)
    replicas = REPLICAS.get(name, 2)
    truth = engine(net, (names[0], names[1]), at, steps=1, replicas=replicas, scheme=scheme)
    cells = np.array([locate(net, ranges, each) for each in at])
    low, high = k.lower[silent, cells], k.upper[silent, cells]
    assert np.all(truth >= low - room(name, low))
    assert np.all(truth <= high + room(name, high))
    assert 0.02 < truth.mean() < 0.98


def test_corners_of_cuba_lif_are_the_closed_form() -> None:
    closed = kernel.next_spike(CUBA, 0)
    k = plane(CUBA, 0, cells=(20, 9))
    r = closed.range
    v, i = np.linspace(r.v_low, r.theta, 21), np.linspace(r.i_low, r.i_high, 10)
    low = closed.probability(v[None, :-1], i[:-1, None]).reshape(4, -1)
    high = closed.probability(v[None, 1:], i[1:, None]).reshape(4, -1)
    assert k.lower[:, :180] == pytest.approx(low, abs=1e-12)
    assert k.upper[:, :180] == pytest.approx(high, abs=1e-12)
    after = np.stack([closed.after_spike(i=x) for x in i], axis=1)
    assert k.lower[:, 180:] == pytest.approx(after[:, :-1], abs=1e-12)
    assert k.upper[:, 180:] == pytest.approx(after[:, 1:], abs=1e-12)


def test_where_the_flow_folds_corners_do_not_tell() -> None:
    """At dt = 1 the step of Izhikevich's neuron turns at v = -75: the least effect is inside."""
    net = Network(neuron=models.izhikevich(), weights=[[0.0]], dt=1.0, inputs=WHITE)
    k = plane(net, 0, ranges={"v": (-85.0, -65.0), "u": (-117.0, -117.0)}, cells=(1, 1))
    at = np.array([[-85.0, -117.0], [-65.0, -117.0], [-75.0, -117.0]])
    ends = engine(net, ("v", "u"), at, steps=1, replicas=2)
    assert ends[2] < min(ends[:2])
    assert 0 <= ends[2] - k.lower[0, 0] < 0.1 * (max(ends) - ends[2])
    assert k.upper[0, 0] == pytest.approx(max(ends[:2]), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    v=st.floats(-100.0, 19.0),
    w=st.floats(-200.0, 500.0),
    size=st.tuples(st.floats(0.0, 30.0), st.floats(0.0, 100.0)),
    inside=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    name=st.sampled_from(["adex", "izhikevich", "glif"]),
)
def test_boxes_enclose_their_states(v: float, w: float, size: Any, inside: Any, name: str) -> None:
    one = plane_unit(NEURONS[name][0], 0)
    low = np.append(one.points(np.array(v), np.array(w)), 0.3)[:, None]
    high = np.append(one.points(np.array(v + size[0]), np.array(w + size[1])), 0.3)[:, None]
    x = low.copy()
    x[0] += inside[0] * (high[0] - low[0])
    x[one.second] += inside[1] * (high[one.second] - low[one.second])
    least, most = one.step.bounds(low, high)
    value = one.step.at(x)
    room = 1e-12 * np.maximum(1.0, np.abs(value))
    assert np.all(value >= least - room)
    assert np.all(value <= most + room)


BINS = {
    "cuba": [(-58.0, 5.0), (-53.0, 0.0), (-50.5, -3.0), (-50.0, 12.0)],
    "adex": [(-50.0, 20.0), (-45.0, 0.0), (-42.0, 150.0), (20.0, 30.0)],
    "izhikevich": [(-60.0, -10.0), (-50.0, -12.0), (-30.0, -6.0), (30.0, -25.0)],
    "glif": [(-55.0, -50.0), (-51.0, -50.0), (-53.0, -52.0)],
}


def at_point(net: Network, names: Any, point: Any, steps: int, **options: Any) -> TabulatedKernel:
    """Return the kernel on a cell so small that it is a point."""
    ranges = {name: (x, x + 1e-7) for name, x in zip(names, point, strict=True)}
    return plane(net, 0, steps=steps, cells=(1, 1), ranges=ranges, **options)


@pytest.mark.parametrize("name", BINS)
@pytest.mark.parametrize("steps", [2, 4])
def test_bins_agree_with_simulation(name: str, steps: int) -> None:
    net, ranges = NEURONS[name]
    lone = Network(
        neuron=net.neurons[0],
        weights=net.weights[:1, :1],
        drive=net.drive[:1],
        noise=net.noise[:1],
        inputs=net.inputs,
        bias=net.bias[:1],
        dt=net.dt,
    )
    replicas = 20_000
    names = tuple(ranges)
    counted = engine(
        lone,
        (names[0], names[1]),
        np.array(BINS[name]),
        steps=steps,
        replicas=replicas,
        window=steps,
    )
    for point, seen in zip(BINS[name], counted, strict=True):
        top = {"cuba": -50.0, "adex": 20.0, "izhikevich": 30.0}.get(name, np.inf)
        if point[0] >= top:  # the last cell of a range that reaches the threshold
            r = {names[0]: (top - 1.0, top), names[1]: (point[1], point[1])}
            k = plane(lone, 0, steps=steps, cells=(2, 1), ranges=r)
        else:
            k = at_point(lone, names, point, steps)
        p = float(k.probability[0, -1])
        assert seen == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / replicas) + 1e-4)
        assert k.spread[0, -1] < 1e-4


def test_two_steps_of_cuba_lif_against_quadrature() -> None:
    from scipy.integrate import quad
    from scipy.stats import norm

    lone = CUBA.subset([0])
    step = lone.step().unit(0)
    for v, i in ((-60.0, 10.0), (-52.0, 2.0)):
        mean, current = (float(x) for x in step.mean(v, i, False, 3.0))

        def rest(x: float, mean: float = mean, current: float = current) -> float:
            later = float(step.mean(x, current, False, 3.0)[0])
            return float(
                norm.pdf(x, mean, step.sigma) * norm.cdf((step.theta - later) / step.sigma)
            )

        quiet, _ = quad(rest, mean - 12 * step.sigma, step.theta, epsabs=1e-12)
        k = at_point(lone, ("v", "i"), (v, i), 2, contexts=[3.0], tolerance=1e-8)
        assert k.probability[0, 0] == pytest.approx(1.0 - quiet, abs=1e-7)


def test_cells_of_a_bin_enclose_their_states() -> None:
    net = ADEX.subset([0])
    ranges = {"V": (-60.0, -40.0), "w": (0.0, 100.0)}
    k = plane(net, 0, steps=3, cells=(10, 4), ranges=ranges, contexts=[0.0])
    rng = np.random.default_rng(2)
    for cell in rng.choice(40, 6, replace=False):
        v0, w0 = -60 + 2.0 * (cell % 10), 25.0 * (cell // 10)
        point = (v0 + 2.0 * rng.random(), w0 + 25.0 * rng.random())
        p = at_point(net, ("V", "w"), point, 3, contexts=[0.0]).probability[0, 0]
        assert k.lower[0, cell] <= p <= k.upper[0, cell]
    assert np.median(k.spread) < 0.1


@pytest.mark.parametrize("steps", [1, 5])
def test_without_noise_the_flow_decides(steps: int) -> None:
    for name in ("adex", "izhikevich", "cuba"):
        net, ranges = NEURONS[name]
        quiet = Network(
            neuron=net.neurons[0], weights=[[0.0]], drive=net.drive[:1], dt=net.dt, bias=[0.5]
        )
        k = plane(quiet, 0, ranges=ranges, steps=steps, cells=(12, 7))
        at = random_states(ranges, 200, seed=3)
        names = tuple(ranges)
        truth = engine(quiet, (names[0], names[1]), at, steps=steps, replicas=2, window=steps)
        cells = np.array([locate(quiet, ranges, each) for each in at])
        assert set(np.unique(truth)) <= {0.0, 1.0}
        assert np.all((k.lower[0, cells] <= truth) & (truth <= k.upper[0, cells]))
        assert set(np.unique(k.spread)) <= {0.0, 0.5}
        assert np.mean(k.spread == 0) > 0.6


def test_refractory_states_have_cells_of_their_own() -> None:
    net = Network(
        neuron=models.cuba_lif(refractory_steps=2), weights=[[3.0]], drive=20.0, noise=4.0, dt=2.0
    )
    ranges = {"v": (-60.0, -50.0), "i": (8.0, 8.0)}
    for steps, replicas in ((1, 2), (2, 2), (4, 40_000)):
        k = plane(net, 0, ranges=ranges, steps=steps, cells=(5, 1), contexts=[0.0])
        assert k.n == 7  # five quiet, one just spiked, one with a step to go
        just_spiked, held = k.probability[0, 5:]
        seen = engine(
            net, ("v", "i"), np.array([[-50.0, 8.0]]), steps=steps, replicas=replicas, window=steps
        )[0]
        if steps <= 2:
            assert just_spiked == seen == 0.0
            assert (held == 0.0) == (steps == 1)
        else:
            assert seen == pytest.approx(just_spiked, abs=4 * np.sqrt(0.25 / replicas))
            assert held > just_spiked
    assert k.mass[6] == 0.0


@pytest.mark.parametrize("reset", ["value", "subtract"])
@pytest.mark.parametrize("timing", ["immediate", "delayed"])
def test_resets_of_every_convention(reset: str, timing: str) -> None:
    net = Network(
        neuron=models.cuba_lif(reset=reset, reset_timing=timing, V_reset=-55.0),
        weights=[[3.0]],
        drive=16.0,
        noise=4.0,
        dt=2.0,
    )
    closed = kernel.next_spike(net, 0)
    k = plane(net, 0, ranges={"v": (-80.0, -48.0), "i": (2.0, 2.0)}, cells=(3, 1))
    ends = [float(closed.after_spike(v, 2.0)[0]) for v in (-50.0, -48.0)]
    assert k.lower[0, -1] == pytest.approx(min(ends), abs=1e-12)
    assert k.upper[0, -1] == pytest.approx(max(ends), abs=1e-12)


def test_ranges_that_exclude_the_threshold_and_grids_of_one_cell() -> None:
    quiet = {"V": (-80.0, 0.0), "w": (0.0, 100.0)}
    assert plane(ADEX, 0, ranges=quiet, cells=(4, 3)).n == 12
    assert plane(ADEX, 0, ranges={**quiet, "V": (-80.0, 20.0)}, cells=(4, 3)).n == 15
    one = plane(ADEX, 0, ranges=quiet, cells=(1, 1))
    assert one.n == 1
    assert one.spread.max() == pytest.approx(0.5, abs=1e-6)
    # a unit that nothing excites has one current: one cell of it
    alone = Network(neuron=models.cuba_lif(), weights=[[0.0]], drive=15, noise=3, dt=2.0)
    k = plane(alone, 0, cells=(50, 20))
    assert k.n == 51
    assert list(k.inputs) == [0.0]
    assert np.array_equal(k.probability[0, :3] > 0, [True] * 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ranges": {"V": (20.0, 40.0)}}, "begin below the threshold"),
        ({"ranges": {"V": (-50.0, -50.0)}}, "two finite numbers"),
        ({"ranges": {"w": (np.nan, 1.0)}}, "two finite numbers"),
        ({"ranges": {"u": (0.0, 1.0)}}, "did you mean|allowed"),
        ({"at": {"w": 1.0}}, "does not span the plane"),
        ({"cells": (0, 5)}, "whole number"),
        ({"cells": (5,)}, "two numbers"),
        ({"steps": 0}, "whole number"),
        ({"contexts": "interval", "steps": 2}, "input by input"),
        ({"context_law": [0.5, 0.6]}, "sum to 1"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plane(ADEX, 0, **options)


def test_neurons_that_are_no_plane_are_refused() -> None:
    lif = Network(neuron=models.lif(), weights=[[0.0]], dt=1.0)
    with pytest.raises(InputError, match="one state"):
        plane(lif, 0)
    flow = Network(neuron=models.hodgkin_huxley(), weights=[[0.0]], dt=0.05)
    with pytest.raises(InputError, match="from_sweep"):
        plane(flow, 0)
    poisson = Network(
        neuron=models.adex(), weights=[[0.0]], dt=0.5, inputs=[PoissonInput(rate=10, weight=1)]
    )
    with pytest.raises(InputError, match="white noise alone"):
        plane(poisson, 0)
    late = Network(neuron=models.adex(), weights=[[0, 1], [0, 0]], delays=3, dt=0.5, inputs=WHITE)
    with pytest.raises(InputError, match="delays of more than one step"):
        plane(late, 0)
    assert plane(late, 1, cells=(3, 3)).n == 12  # nothing arrives there
    current = Network(neuron=models.glif(A=1.0), weights=[[0.0]], dt=1.0, inputs=WHITE)
    with pytest.raises(InputError, match="'J' does not stay"):
        plane(current, 0, steps=2)
    faint = Network(
        neuron=models.adex(), weights=[[0.0]], dt=0.5, inputs=[WhiteNoise(amplitude=1e-3)]
    )
    with pytest.raises(InputError, match="too small for a grid"):
        plane(faint, 0, steps=2)


def test_every_input_of_an_interval_is_enclosed() -> None:
    k = plane(ADEX, 0, cells=(8, 4), contexts="interval")
    for c in (0.0, 0.77, 2.0):
        piece = min(int(c / 2.0 * len(k.inputs)), len(k.inputs) - 1)
        point = plane(ADEX, 0, cells=(8, 4), contexts=[c])
        assert np.all(k.lower[piece] <= point.lower[0] + 1e-12)
        assert np.all(k.upper[piece] >= point.upper[0] - 1e-12)


def test_the_causal_score_tells_the_effect_of_every_state() -> None:
    for name in ("adex", "izhikevich", "cuba", "glif"):
        net, ranges = NEURONS[name]
        k = causal_score(net, 0, ranges=ranges, contexts="states", plane_cells=(60, 40))
        assert k.edges is not None
        assert k.direction == 1
        assert k.mass.sum() == pytest.approx(1.0)
        one = plane_unit(net, 0)
        at = random_states(ranges, 200, seed=9)
        top = one.threshold(at[:, 1])
        at = at[at[:, 0] < top]
        x = np.concatenate([one.points(at[:, 0], at[:, 1]), np.zeros((1, len(at)))])
        score = one.step.at(x)[0]
        cells = np.clip(np.searchsorted(k.edges, score, side="right") - 1, 0, k.n - 1)
        names = tuple(ranges)
        truth = engine(net, (names[0], names[1]), at, steps=1, replicas=REPLICAS.get(name, 2))
        silent = int(np.flatnonzero(k.inputs == 0)[0])
        p, spread = k.probability[silent, cells], k.spread[silent, cells]
        assert np.all(np.abs(truth - p) <= spread + room(name, p) + 1e-9)
        assert k.spread.max() < 0.02


def test_the_score_of_cuba_lif_is_that_of_the_closed_form() -> None:
    closed, k = kernel.next_spike(CUBA, 0), causal_score(CUBA, 0, cells=2000)
    step = CUBA.step().unit(0)
    for c, midpoint in enumerate(closed.midpoints):
        half = np.interp(0.5, k.probability[c], k.states[:, 0])
        score = float(step.mean(midpoint, 0.0, False, 0.0)[0]) - step.theta
        assert half == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize("strict", [False, True])
def test_scores_without_noise_are_cut_where_the_effect_jumps(strict: bool) -> None:
    net = Network(
        neuron=models.cuba_lif(strict_threshold=strict),
        weights=[[0.0, 30.0], [0.0, 0.0]],
        drive=14.0,
        dt=2.0,
    )
    k = causal_score(net, 0)
    assert k.n == 3
    assert k.spread.max() == 0.0
    assert np.array_equal(k.probability, [[0, 0, 1], [0, 1, 1]])


def test_sorting_by_effect_keeps_what_is_known() -> None:
    k = plane(IZHIKEVICH, 0, cells=(15, 9))
    s = by_score(k)
    assert s.edges is not None
    assert s.n <= k.n
    assert s.direction == 1
    assert s.mass.sum() == pytest.approx(1.0)
    mean = k.context_law @ k.probability
    cells = np.clip(np.searchsorted(s.edges, mean, side="right") - 1, 0, s.n - 1)
    assert np.all(s.lower[:, cells] <= k.lower + 1e-9)
    assert np.all(s.upper[:, cells] >= k.upper - 1e-9)
    assert s.spread[:, cells] == pytest.approx(k.spread, abs=1e-9)
    one = by_score(plane(ADEX, 0, ranges={"V": (-80.0, 0.0)}, cells=(1, 1)))
    assert one.n == 1
    with pytest.raises(InputError, match="two outcomes"):
        by_score(_three())


def _three() -> TabulatedKernel:
    return TabulatedKernel(
        label="A",
        rows=np.full((1, 2, 3), 1 / 3),
        spread=np.zeros((1, 2)),
        states=np.zeros((2, 1)),
        mass=np.full(2, 0.5),
        inputs=np.zeros(1),
        context_law=np.ones(1),
        outcomes=("a", "b", "c"),
    )


def test_laws_on_contexts() -> None:
    net = Network(
        neuron=models.lif(), weights=[[0, 3, 3], [2, 0, 0], [2, 0, 0]], drive=17, noise=4, dt=2.0
    )
    assert list(kernel.next_spike(net, 0).contexts.inputs) == [0, 3, 6]
    assert context_law(net, 0) == pytest.approx([1 / 3] * 3)
    assert context_law(net, 0, "patterns") == pytest.approx([0.25, 0.5, 0.25])
    found = context_law(net, 0, "stationary", rng=1)
    seen = sample_stationary(net, samples=40_000, rng=77).spiked
    count = np.bincount(seen[1].astype(int) + seen[2], minlength=3) / seen.shape[1]
    assert found == pytest.approx(count, abs=0.01)
    assert list(context_law(net, 0, [1.0, 0.0, 0.0])) == [1.0, 0.0, 0.0]
    assert list(context_law(net, 1, "stationary", contexts=[5.0])) == [1.0]
    for law in ("other", [0.5, 0.5], [-1.0, 1.0, 1.0], ["a", "b", "c"]):
        with pytest.raises(InputError, match="context_law"):
            context_law(net, 0, law)
    with pytest.raises(InputError, match="contexts='states'"):
        context_law(net, 0, "stationary", contexts="extremes")


def test_the_stationary_law_of_other_neurons_is_that_of_their_spikes() -> None:
    net = Network(
        neuron=models.izhikevich(I=10.0), weights=[[0.0, 6.0], [0.0, 0.0]], dt=1.0, inputs=WHITE
    )
    law = context_law(net, 0, "stationary", samples=20_000, lanes=20, rng=3)
    # regular spiking at I = 10 fires at 20 to 30 Hz: 2 to 3 spikes in 100 steps of 1 ms
    assert 0.015 < law[1] < 0.035
    k = plane(net, 0, cells=(6, 4), context_law="stationary", rng=3)
    assert k.context_law[1] < 0.1
    weightless = plane(net, 0, cells=(6, 4), context_law=[1.0, 0.0])
    assert weightless.context_law[1] == 0.0
