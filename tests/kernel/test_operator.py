"""Effects over a bin of steps against orthants, nodes on one interval, and simulation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from causal_snn import kernel, models
from causal_snn.errors import InputError
from causal_snn.kernel.operator import operator
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models import Network
from causal_snn.simulation import micro_state, run
from causal_snn.simulation.crossing import missed_crossing

Floats = NDArray[np.float64]
WEIGHTS = [[0.7, 3.0, -2.0], [1.0, 0.0, 0.0], [2.0, 2.0, 0.0]]


def network(sd: float = 4.0, dt: float = 1.0, drive: float = 16.0, **neuron: Any) -> Network:
    return Network(neuron=models.lif(**neuron), weights=WEIGHTS, drive=drive, noise=sd, dt=dt)


class Lif:
    """The default lif unit with 160 nodes on one interval, forwards in time, word by word."""

    def __init__(self, net: Network, c: float, *, bridge: bool = False) -> None:
        self.theta, self.low, self.reset = -50.0, -110.0, -65.0
        self.a = float(np.exp(-net.dt / 20.0))
        self.sigma = float(net.noise[0]) * np.sqrt(1 - self.a**2)
        self.shift = (1 - self.a) * float(net.drive[0])
        self.c, self.own, self.bridge = c, float(net.weights[0, 0]), bridge
        x, w = np.polynomial.legendre.leggauss(160)
        top = self.theta + (min(c, 0.0) if bridge else 0.0)  # inhibition pulls survivors down
        half = (top - self.low) / 2
        self.y, self.w = self.low + half * (x + 1), half * w
        self.within = self.quiet(self.y, self.c)

    def quiet(self, v: Floats, c: float) -> Floats:
        """Density at the nodes of having no spike, (len(v), nodes)."""
        mean = -65 + self.a * (v + 65) + self.shift + c
        z = (self.y - mean[:, None]) / self.sigma
        density = np.exp(-z * z / 2) / (self.sigma * np.sqrt(2 * np.pi))
        if self.bridge:
            density = density * (
                1
                - missed_crossing(
                    v[:, None], self.y - c, threshold=self.theta, decay=self.a, sigma=self.sigma
                )
            )
        return np.asarray(density)

    def law(self, v: Floats, steps: int) -> Floats:
        """P(word | v) of every word in the order of time, (len(v), 2, ..., 2)."""
        found = np.empty((len(v), *(2,) * steps))
        after = self.quiet(np.array([self.reset]), self.c + self.own)
        for word in np.ndindex(*(2,) * steps):
            density = None  # else a point: the start, or what a spike leaves
            start, p = self.quiet(v, self.c), np.ones((len(v), 1))
            for bit in word:
                if density is None:
                    later = p * start
                else:
                    later = (density * self.w) @ self.within
                    p = (density @ self.w)[:, None]
                if bit:
                    density, p = None, p - (later @ self.w)[:, None]
                    start = after
                else:
                    density = later
            total = p if density is None else (density @ self.w)[:, None]
            found[(slice(None), *word)] = total[:, 0]
        return found

    def outcomes(self, v: Floats, steps: int, effect: str) -> Floats:
        """The law in the order of the package, (len(v), Y)."""
        words = self.law(v, steps)
        flat = np.stack([words[i].ravel(order="F") for i in range(len(v))])  # first bit fastest
        if effect == "word":
            return flat
        counts = np.indices((2,) * steps).sum(axis=0).ravel(order="F")
        if effect == "count":
            return np.stack([flat[:, counts == m].sum(axis=1) for m in range(steps + 1)], axis=1)
        return np.stack([flat[:, 0], 1 - flat[:, 0]], axis=1)


def test_one_step_is_the_closed_form() -> None:
    net = network()
    closed = kernel.next_spike(net, 0).tabulate(50)
    for effect, over in itertools.product(("spike", "count", "word"), ("constant", "independent")):
        found = operator(
            net, 0, steps=1, effect=effect, cells=50, context_over_time=over  # type: ignore[arg-type]
        )  # fmt: skip
        assert found.rows == pytest.approx(closed.rows, abs=1e-14)
        assert found.spread == pytest.approx(closed.spread, abs=1e-14)
        assert np.array_equal(found.inputs, closed.inputs)
        assert found.provenance["error"] == 0
    between = operator(net, 0, steps=1, cells=20, contexts="interval")
    piecewise = kernel.next_spike(net, 0, contexts="interval").tabulate(20)
    order = np.argsort(piecewise.inputs)
    assert between.rows == pytest.approx(piecewise.rows[order], abs=1e-12)
    assert between.spread == pytest.approx(piecewise.spread[order], abs=1e-12)


@pytest.mark.parametrize(("c", "steps"), [(0.0, 3), (3.0, 5), (-2.0, 4)])
def test_no_spike_is_a_normal_orthant(c: float, steps: int) -> None:
    found = operator(network(), 0, steps=steps, cells=7, contexts=[c])
    a, k = np.exp(-0.05), np.arange(1, steps + 1)
    variance = 16 * (1 - a ** (2 * np.minimum.outer(k, k)))
    covariance = a ** np.abs(np.subtract.outer(k, k)) * variance
    assert found.edges is not None
    middle = -49.0 + c / (1 - a)
    quiet = []
    for v in found.edges:
        free = stats.multivariate_normal(
            middle + a**k * (v - middle), covariance, abseps=1e-8, releps=1e-8, maxpts=10**6, seed=1
        )
        quiet.append(free.cdf(np.full(steps, -50.0)))
    assert found.rows[0, :, 0] == pytest.approx((np.array(quiet)[1:] + quiet[:-1]) / 2, abs=1e-6)
    assert found.spread[0] == pytest.approx(np.abs(np.diff(quiet)) / 2, abs=1e-6)


@pytest.mark.parametrize("crossing", ["end_of_step", "bridge"])
@pytest.mark.parametrize("effect", ["spike", "count", "word"])
@pytest.mark.parametrize("c", [-2.0, 0.0, 3.0])
def test_effects_against_nodes_on_one_interval(crossing: Any, effect: Any, c: float) -> None:
    net = network()
    found = operator(net, 0, steps=4, effect=effect, cells=9, contexts=[c], crossing=crossing)
    assert found.edges is not None
    laws = Lif(net, c, bridge=crossing == "bridge").outcomes(found.edges, 4, effect)
    assert found.rows[0] == pytest.approx((laws[1:] + laws[:-1]) / 2, abs=1e-9)


def test_two_steps_by_adaptive_integration() -> None:
    """Little noise: the effect of two steps jumps within a tenth of a millivolt."""
    net = network(sd=0.1, drive=14.5)
    found = operator(net, 1, steps=2, cells=3000, potentials=(-51.5, -50.0), contexts=[0.3])
    a = np.exp(-0.05)
    sigma = 0.1 * np.sqrt(1 - a * a)

    def step(v: float) -> float:
        return float(-65 + a * (v + 65) + (1 - a) * 14.5 + 0.3)

    assert found.edges is not None
    for place in (1200, 2600, 2700, 2950):
        quiet = [
            integrate.quad(
                lambda y, v=v: (
                    stats.norm.pdf(y, step(v), sigma) * stats.norm.cdf((-50 - step(y)) / sigma)
                ),
                step(v) - 9 * sigma,
                min(-50.0, step(v) + 9 * sigma),
                epsabs=1e-12,
            )[0]
            for v in found.edges[place : place + 2]
        ]
        assert found.rows[0, place, 0] == pytest.approx(np.mean(quiet), abs=1e-9)
    assert found.provenance["status"] == "within tolerance"


@pytest.mark.parametrize("crossing", ["end_of_step", "bridge"])
@pytest.mark.parametrize("effect", ["spike", "count", "word"])
def test_every_potential_of_a_cell_is_enclosed(crossing: Any, effect: Any) -> None:
    """Random potentials of every cell, coarse and fine, in total variation."""
    net = network(dt=2.0)
    rng = np.random.default_rng(0)
    for cells, c in ((3, 0.0), (30, 3.0)):
        found = operator(
            net, 0, steps=3, effect=effect, cells=cells, contexts=[c], crossing=crossing
        )
        assert found.edges is not None
        oracle = Lif(net, c, bridge=crossing == "bridge")
        place = np.repeat(np.arange(cells), 5)
        v = found.edges[place] + rng.random(len(place)) * np.diff(found.edges)[place]
        off = 0.5 * np.abs(oracle.outcomes(v, 3, effect) - found.rows[0, place]).sum(axis=1)
        assert np.all(off <= found.spread[0, place] + 1e-9)
        ends = oracle.outcomes(found.edges, 3, effect)
        half = 0.25 * np.abs(np.diff(ends, axis=0)).sum(axis=1)
        loosest = found.spread[0] - half  # what the enclosure adds to what is certainly needed
        assert np.all(loosest <= (0.5 if cells == 3 else 0.01))


def test_inputs_of_an_interval_are_enclosed() -> None:
    net = network(dt=2.0)
    rng = np.random.default_rng(1)
    for effect in ("spike", "count"):
        found = operator(net, 0, steps=3, effect=effect, cells=5, contexts="interval")
        assert found.edges is not None
        assert len(found.inputs) == 64
        half = (found.inputs[1] - found.inputs[0]) / 2
        assert found.inputs[[0, -1]] == pytest.approx([-2 + half, 3 - half])
        for c in rng.choice(64, 6):
            inside = float(found.inputs[c] + half * rng.uniform(-1, 1))
            v = found.edges[:-1] + rng.random(5) * np.diff(found.edges)
            law = Lif(net, inside).outcomes(v, 3, effect)
            off = 0.5 * np.abs(law - found.rows[c]).sum(axis=1)
            assert np.all(off <= found.spread[c] + 1e-9)


def test_contexts_drawn_anew_are_averages_over_their_paths() -> None:
    net = network()
    law = np.array([0.5, 0.2, 0.3])
    inputs = [-2.0, 0.0, 3.0]
    found = operator(
        net, 1, steps=3, cells=6, contexts=inputs, context_law=law, context_over_time="independent"
    )
    assert found.edges is not None
    units = [Lif(network(), c) for c in inputs]
    for first in range(3):
        quiet = np.zeros(len(found.edges))
        for path in itertools.product(range(3), repeat=2):
            density = units[first].quiet(found.edges, inputs[first]) * units[first].w
            for c in path:
                density = (density @ units[c].within) * units[c].w
            quiet += np.prod(law[list(path)]) * density.sum(axis=1)
        assert found.rows[first, :, 0] == pytest.approx((quiet[1:] + quiet[:-1]) / 2, abs=1e-9)
    assert found.context_law == pytest.approx(law)


LANES = 20_000
CONVENTIONS: list[dict[str, Any]] = [
    {},
    {"refractory_steps": 2},
    {"reset": "subtract"},
    {"reset": "subtract", "reset_timing": "delayed"},
    {"reset_timing": "delayed"},
    {"step": "euler", "input_gain": "unit"},
    {"reset": "subtract", "refractory_steps": 1},
]


@pytest.mark.parametrize("convention", CONVENTIONS, ids=str)
@pytest.mark.parametrize("coordinate", ["post_reset", "pre_reset"])
def test_conventions_agree_with_simulated_interventions(convention: Any, coordinate: Any) -> None:
    steps, drive = 5, 1.6 if "input_gain" in convention else 19.0
    net = Network(
        neuron=models.lif(V_reset=-53.0, **convention),
        weights=[[-1.0]],
        drive=drive,
        noise=3.0,
        dt=2.0,
        bias=0.4,
    )
    found = operator(
        net, 0, steps=steps, effect="word", cells=300, coordinate=coordinate,
        ages="refractory_steps" in convention,
    )  # fmt: skip
    places = [3, 150, 255] if coordinate == "post_reset" else [150, 292, 299]
    if "refractory_steps" in convention:
        places.append(found.n - 1)
    for place in places:
        v = found.states[place, 0]
        held = int(found.states[place, 1]) if found.states.shape[1] == 2 else 0
        if held and v == -53.0:
            v = -50.0  # just spiked: the oldest age
            if held < net.neurons[0].convention.refractory_steps or coordinate == "pre_reset":
                continue
        state = micro_state(net, np.full((1, LANES), v))
        words = np.zeros(LANES, dtype=np.int64)
        for k, after in enumerate(run(net, state, steps, rng=place)):
            words += after.spiked[0].astype(np.int64) << k
        share = np.bincount(words, minlength=2**steps) / LANES
        row = found.rows[0, place]
        error = 4.5 * np.sqrt(row * (1 - row) / LANES) + 2e-4
        assert np.all(np.abs(share - row) <= error + found.spread[0, place])
        assert found.spread[0, place] < 0.03


@pytest.mark.parametrize(
    "convention", [{}, {"reset": "subtract"}, {"reset_timing": "delayed"}, {"refractory_steps": 1}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("c", [-1.5, 1.0])
def test_bridges_agree_with_crossings_drawn_within_steps(convention: Any, c: float) -> None:
    """Paths drawn step by step, crossings by their probability, reset at the end of the step."""
    net = Network(
        neuron=models.lif(V_reset=-53.0, **convention),
        weights=[[-1.0, 1.0], [0.0, 0.0]],
        drive=19.0,
        noise=3.0,
        dt=1.0,
    )
    steps, lanes = 4, 40_000
    found = operator(
        net, 0, steps=steps, effect="word", cells=350, contexts=[c], crossing="bridge",
        coordinate="pre_reset",
    )  # fmt: skip
    step, rng = net.step().unit(0), np.random.default_rng(7)
    for place in (300, 325, found.n - 2):  # the last one has the kink of a reset to threshold
        v = np.full(lanes, found.states[place, 0])
        spiked = v >= -50.0
        hold = np.where(spiked, step.refractory, 0)
        words = np.zeros(lanes, dtype=np.int64)
        for k in range(steps):
            start = np.where(spiked, v - step.reset_jump if step.reset_jump else -53.0, v)
            jump = np.where(spiked & step.restart, 0.0, c - spiked)
            mean, _ = step.mean(v, 0.0, spiked, c - spiked)
            after = mean + step.sigma * rng.standard_normal(lanes)
            p = missed_crossing(
                start, after - jump, threshold=-50.0, decay=step.decay, sigma=step.sigma
            )
            if step.restart:  # above threshold up to the reset at the end of the step
                p = np.where(spiked, 0.0, p)
            crossed = rng.random(lanes) < p
            free = hold == 0
            again = free & (crossed | (after >= -50.0))
            v = np.where(free, np.where(again, np.maximum(after, -50.0), after), -53.0)
            hold = np.where(again, step.refractory, np.maximum(hold - 1, 0))
            spiked = again
            words += again.astype(np.int64) << k
        share = np.bincount(words, minlength=2**steps) / lanes
        row = found.rows[0, place]
        error = 4.5 * np.sqrt(row * (1 - row) / lanes) + 2e-4
        assert np.all(np.abs(share - row) <= error + found.spread[0, place])
        assert found.spread[0, place] < 0.05


def test_refractory_ages_are_cells_of_their_own() -> None:
    net = Network(neuron=models.lif(refractory_steps=3), weights=[[5.0]], drive=25, noise=4, dt=2.0)
    aged = operator(net, 0, steps=6, effect="count", cells=40, ages=True)
    assert aged.edges is None
    assert aged.coordinates == ("v (mV)", "held (steps)")
    assert aged.states[-3:].tolist() == [[-65.0, 1.0], [-65.0, 2.0], [-65.0, 3.0]]
    # Held for k steps, then free from V_reset: the law of 6 - k steps at V_reset.
    for k in (1, 2, 3):
        later = operator(net, 0, steps=6 - k, effect="count", cells=1, potentials=(-65.0, -50.0))
        assert later.edges is not None
        fine = operator(net, 0, steps=6 - k, effect="count", cells=4000, potentials=(-65.0, -50.0))
        assert aged.rows[0, -4 + k, : 7 - k] == pytest.approx(fine.rows[0, 0], abs=1e-3)
    assert aged.spread[0, -3:] == pytest.approx(0.0, abs=1e-9)
    ready = operator(net, 0, steps=6, effect="count", cells=40)
    assert ready.edges is not None
    assert np.array_equal(ready.rows, aged.rows[:, :40])
    before = operator(net, 0, steps=6, effect="count", cells=40, coordinate="pre_reset", ages=True)
    assert before.states[-2:, 1].tolist() == [1.0, 2.0]
    assert before.rows[0, 39] == pytest.approx(aged.rows[0, -1], abs=1e-12)
    assert operator(net, 0, steps=3, cells=5, ages=True).probability[0, -3:] == pytest.approx(
        [operator(net, 0, steps=2, cells=4000, potentials=(-65, -50)).probability[0, 0],
         operator(net, 0, steps=1, cells=4000, potentials=(-65, -50)).probability[0, 0], 0.0],
        abs=1e-3,
    )  # fmt: skip


def test_before_the_reset_the_effect_falls_at_threshold() -> None:
    """The ON set is a band [T*, theta): just-spiked potentials all act as V_reset does."""
    net = network()
    found = operator(net, 1, steps=2, cells=100, coordinate="pre_reset", contexts=[0.0])
    assert found.edges is not None
    assert -50.0 in found.edges
    above = found.edges[:-1] >= -50.0
    assert above.any()
    assert np.ptp(found.probability[0, above]) == 0
    assert found.spread[0, above] == pytest.approx(0.0, abs=1e-9)
    assert found.direction == 0
    below = operator(net, 1, steps=2, cells=int((~above).sum()), contexts=[0.0])
    assert below.rows[0] == pytest.approx(found.rows[0, ~above], abs=1e-12)
    assert below.direction == 1
    assert found.mass.sum() == pytest.approx(1.0)
    assert found.mass == pytest.approx(np.diff(found.edges) / np.ptp(found.edges))


def test_bridges_see_more_and_one_step_is_closed() -> None:
    net = network(dt=0.5)
    plain = operator(net, 0, steps=8, cells=50)
    bridged = operator(net, 0, steps=8, cells=50, crossing="bridge")
    assert np.all(bridged.probability >= plain.probability - 1e-12)
    between = (plain.probability > 1e-6) & (plain.probability < 1 - 1e-6)
    assert np.all(bridged.probability[between] > plain.probability[between])
    one = operator(net, 0, steps=1, cells=5, crossing="bridge")
    a = np.exp(-0.025)
    sigma = 4 * np.sqrt(1 - a * a)
    assert one.edges is not None
    for c, row in zip(one.inputs, one.probability, strict=True):
        spikes = []
        for v in one.edges[:-1]:
            mean = -65 + a * (v + 65) + (1 - a) * 16 + c

            def missed(y: float, v: float = v, mean: float = mean, c: float = c) -> float:
                p = missed_crossing(v, y - c, threshold=-50.0, decay=a, sigma=sigma)
                return float(p * stats.norm.pdf(y, mean, sigma))

            ends = (mean - 10 * sigma, mean + 10 * sigma)
            top = -50.0 + min(c, 0.0)
            parts = [
                integrate.quad(missed, *sorted(np.clip(part, *ends)), epsabs=1e-13)[0]
                for part in ((-np.inf, top), (top, -50.0))
            ]
            spikes.append(stats.norm.sf((-50 - mean) / sigma) + sum(parts))
        assert row[:-1] == pytest.approx((np.array(spikes)[1:] + spikes[:-1]) / 2, abs=1e-9)


def follow(net: Network, v: float, c: float, steps: int) -> tuple[int, ...]:
    """A unit without noise, in plain Python."""
    step, train, spiked, hold = net.step().unit(0), [], False, 0
    for _ in range(steps):
        if hold:
            hold, v, spiked = hold - 1, step.V_reset, False
        else:
            v = float(step.mean(v, 0.0, spiked, c + net.weights[0, 0] * spiked)[0])
            spiked = bool(v > step.theta if step.strict else v >= step.theta)
            hold = step.refractory if spiked else 0
        train.append(int(spiked))
    return tuple(train)


@pytest.mark.parametrize(
    "convention",
    [{}, {"refractory_steps": 2}, {"reset": "subtract"}, {"strict_threshold": True}],
    ids=str,
)
@pytest.mark.parametrize("effect", ["spike", "count", "word"])
@pytest.mark.parametrize("contexts", ["states", "interval"])
def test_without_noise_every_state_is_enclosed(convention: Any, effect: Any, contexts: Any) -> None:
    net = Network(
        neuron=models.lif(V_reset=-56.0, **convention),
        weights=np.array([[1.0, 1.0, -0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
        drive=18.0,
        dt=1.0,
    )
    steps, rng = 9, np.random.default_rng(2)
    found = operator(net, 0, steps=steps, effect=effect, cells=30, contexts=contexts)
    assert found.edges is not None
    names = found.outcomes
    half = 0.0 if contexts == "states" else (found.inputs[1] - found.inputs[0]) / 2
    for _ in range(400):
        c, place = rng.integers(len(found.inputs)), rng.integers(30)
        v = rng.uniform(found.edges[place], found.edges[place + 1])
        train = follow(net, v, found.inputs[c] + half * rng.uniform(-1, 1), steps)
        name = {
            "spike": "spike" if any(train) else "quiet",
            "count": str(sum(train)),
            "word": "".join(map(str, train)),
        }[effect]
        off = 1 - found.rows[c, place, names.index(name)]
        assert off <= found.spread[c, place] + 1e-12
    if contexts == "states":
        assert np.mean(found.spread == 0) > 0.2


def test_without_noise_bridges_count_what_inhibition_pulls_back() -> None:
    net = Network(neuron=models.lif(), weights=[[0.0, -2.0], [0.0, 0.0]], drive=25.0, dt=1.0)
    v = -50.3  # the flow passes threshold, the inhibition at the end of the step takes it back
    for crossing, expected in (("end_of_step", 0.0), ("bridge", 1.0)):
        found = operator(net, 0, steps=1, cells=4000, contexts=[-2.0], crossing=crossing)  # type: ignore[arg-type]
        assert found.edges is not None
        place = int(np.searchsorted(found.edges, v)) - 1
        assert found.probability[0, place] == expected
        assert found.spread[0, place] == 0
        more = operator(net, 0, steps=2, cells=4000, contexts=[-2.0], crossing=crossing)  # type: ignore[arg-type]
        assert more.probability[0, place] == expected


@settings(max_examples=15)
@given(
    sd=st.floats(0.5, 6.0),
    dt=st.floats(0.3, 5.0),
    drive=st.floats(0.0, 30.0),
    steps=st.integers(2, 6),
    c=st.floats(-6.0, 8.0),
)
def test_effects_are_consistent(sd: float, dt: float, drive: float, steps: int, c: float) -> None:
    """The three effects are one law; more steps, inputs and potential mean more spikes."""
    net = network(sd=sd, dt=dt, drive=drive)
    spike, count, word = (
        operator(net, 0, steps=steps, effect=effect, cells=6, contexts=[c])
        for effect in ("spike", "count", "word")
    )
    letters = np.array([[int(x) for x in name] for name in word.outcomes])
    for m in range(steps + 1):
        same = word.rows[0][:, letters.sum(axis=1) == m].sum(axis=1)
        assert count.rows[0, :, m] == pytest.approx(same, abs=1e-8)
    assert spike.rows[0, :, 0] == pytest.approx(count.rows[0, :, 0], abs=1e-8)
    first = operator(net, 0, steps=1, cells=6, contexts=[c])
    assert word.rows[0][:, letters[:, 0] == 1].sum(axis=1) == pytest.approx(
        first.probability[0], abs=1e-8
    )
    assert np.all(np.diff(spike.probability[0]) >= -1e-9)
    more = operator(net, 0, steps=steps, cells=6, contexts=[c + 0.5])
    assert np.all(more.probability >= spike.probability - 1e-9)
    longer = operator(net, 0, steps=steps + 1, cells=6, contexts=[c])
    assert np.all(longer.probability >= spike.probability - 1e-9)
    assert spike.provenance["status"] == "within tolerance"


def test_the_threshold_of_a_bin_is_where_half_spike() -> None:
    net = network()
    found = operator(net, 1, steps=10, cells=2000, contexts=[0.0])
    p = found.probability[0]
    place = int(np.searchsorted(p, 0.5))
    assert p[place - 1] - found.spread[0, place - 1] <= 0.5 <= p[place] + found.spread[0, place]
    oracle = Lif(network(), 0.0)
    quiet = []
    for v in found.states[place - 1 : place + 1, 0]:
        density = oracle.quiet(np.array([v]), 0.0)
        for _ in range(9):
            density = (density * oracle.w) @ oracle.within
        quiet.append(float(density[0] @ oracle.w))
    assert quiet[0] >= 0.5 >= quiet[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps = 0"),
        ({"steps": True}, "steps = True"),
        ({"steps": 3, "effect": "spikes"}, "effect = 'spikes'"),
        ({"steps": 11, "effect": "word"}, "steps = 11: at most 10 for words"),
        ({"steps": 3, "crossing": "all"}, "crossing = 'all'"),
        ({"steps": 3, "coordinate": "v"}, "coordinate = 'v'"),
        ({"steps": 3, "context_over_time": "fresh"}, "context_over_time = 'fresh'"),
        ({"steps": 3, "cells": 0}, "cells = 0"),
        ({"steps": 3, "cells": 1, "coordinate": "pre_reset"}, "cells = 1: 2 or more"),
        ({"steps": 3, "tolerance": 0.0}, "tolerance = 0"),
        ({"steps": 3, "contexts": []}, "contexts = "),
        ({"steps": 3, "context_law": [0.5, 0.6]}, "context_law = "),
        ({"steps": 3, "contexts": "interval", "context_law": "patterns"}, "context_law = "),
        ({"steps": 3, "potentials": (-80.0, -60.0)}, "contains the threshold"),
    ],
)
def test_bad_options(options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        operator(network(), 0, **options)


def test_neurons_and_contexts_that_have_no_operator() -> None:
    synaptic = Network(neuron=models.cuba_lif(), weights=[[0.0]], dt=1.0, noise=3.0)
    with pytest.raises(InputError, match="takes lif neurons"):
        operator(synaptic, 0, steps=3)
    with pytest.raises(InputError, match="needs E, theta"):
        operator(Network(neuron=models.qif(), weights=[[0.0]], dt=0.1), 0, steps=3)
    still = network(sd=0.0)
    with pytest.raises(InputError, match="'constant' for a unit without noise"):
        operator(still, 0, steps=3, context_over_time="independent")
    one = operator(still, 0, steps=3, contexts=[0.0], context_over_time="independent", cells=4)
    assert isinstance(one, TabulatedKernel)


def test_what_does_not_resolve_is_said_and_not_hidden() -> None:
    """So little noise that no admissible number of nodes resolves twenty steps."""
    net = network(sd=1e-4, drive=40.0)
    found = operator(net, 1, steps=20, cells=20, contexts=[0.0])
    assert found.provenance["status"] == "not within tolerance"
    assert found.provenance["error"] > found.provenance["tolerance"]
    assert np.all(found.spread >= min(found.provenance["error"], 1.0) - 1e-15)
