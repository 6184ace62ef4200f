"""The compiled sweep: its random numbers against NumPy's, its rows against the engine's."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr
from scipy.stats import norm

from causal_snn import models, order
from causal_snn import simulation as sim
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent, WhiteNoise
from causal_snn.simulation.sweeping import compiled_sweep
from causal_snn.simulation.sweeping.task import make_task

pytest.importorskip("numba")

Floats = NDArray[np.float64]
CONVENTIONS: list[dict[str, Any]] = [
    {},
    {"reset": "subtract"},
    {"reset_timing": "delayed"},
    {"reset_timing": "delayed", "refractory_steps": 1},
    {"reset_timing": "delayed", "reset": "subtract"},
    {"step": "euler", "input_gain": "unit"},
    {"refractory_steps": 3},
    {"refractory_steps": 1, "reset": "subtract"},
]


def network(n: int = 4, **options: Any) -> Network:
    """Return lif units, all parameters apart, of a convention."""
    rng = np.random.default_rng(n)
    call: dict[str, Any] = {
        "weights": rng.normal(scale=5.0, size=(n, n)),
        "drive": rng.uniform(12.0, 15.0, n) * (0.05 if "input_gain" in options else 1.0),
        "noise": rng.uniform(2.0, 5.0, n),
        "bias": rng.normal(scale=0.3, size=n),
        "dt": 1.0,
    }
    own = {key: options.pop(key) for key in (*call, "inputs", "neuron", "delays") if key in options}
    neuron = [models.lif(tau=12.0 + k, theta=-50.0 - k / 2, **options) for k in range(n)]
    return Network(**{"neuron": neuron, **call, **own})


def states_of(net: Network, count: int = 3) -> Floats:
    return np.random.default_rng(3).uniform(-68.0, -44.0, (count, net.n))


def run(net: Network, **options: Any) -> sim.SweepResult:
    call: dict[str, Any] = {"steps": 6, "replicas": 20_000, "rng": 5, "accelerate": "numba"}
    if "states" not in options:
        call["states"] = states_of(net)
    return sim.sweep(net, **{**call, **options})


def agree(one: sim.SweepResult, other: sim.SweepResult, bound: float = 4.5) -> None:
    """Assert that rows are within `bound` standard errors of each other."""
    # A count of 0 has no error of its own.
    least = [np.maximum(each.standard_error, 1 / each.replicas[:, None]) for each in (one, other)]
    assert np.max(np.abs(one.rows - other.rows) / np.hypot(*least)) < bound


# --- random numbers


@pytest.mark.parametrize("rounds", [1, 5])
def test_every_stream_is_sfc64_of_numpy(rounds: int) -> None:
    from causal_snn.simulation.sweeping.compiled_loops import ROUNDS, STREAMS, next_words

    state = np.random.SeedSequence(7, spawn_key=(2, 0, 1)).generate_state(3 * STREAMS, np.uint64)
    state = state.reshape(3, STREAMS)
    peers = []
    for seeds in state.T:
        peer = np.random.SFC64(0)
        fresh: Any = peer.state
        fresh["state"]["state"] = np.array([*seeds, 1], np.uint64)
        peer.state = fresh
        peer.random_raw(12)  # as NumPy does when it seeds
        peers.append(peer)
    words = np.empty(ROUNDS * STREAMS, np.uint64)
    counter = next_words(*state, np.uint64(1), words)
    words = np.empty(rounds * STREAMS, np.uint64)
    for _ in range(3):
        counter = next_words(*state, np.uint64(counter), words)
        expected = np.array([peer.random_raw(rounds) for peer in peers])
        assert np.array_equal(words.reshape(rounds, STREAMS), expected.T)
    for k, peer in enumerate(peers):
        last: Any = peer.state
        assert np.array_equal(last["state"]["state"], [*state[:, k], counter])


def test_seeding_is_that_of_numpy() -> None:
    """Given the three words of a stream, NumPy's SFC64 begins in the same state."""
    from causal_snn.simulation.sweeping.compiled_loops import ROUNDS, STREAMS, next_words

    task = make_task(network(), states=[[-60.0] * 4], steps=1, replicas=10, rng=9)
    state = compiled_sweep.seed_row(task, 3, 1)
    counter = next_words(*state, np.uint64(1), np.empty(ROUNDS * STREAMS, np.uint64))
    mixed = np.random.SeedSequence(9, spawn_key=(2, 0, 3, 1)).generate_state(3 * 32, np.uint64)
    own = np.ascontiguousarray(mixed.reshape(3, 32)[:, 0])

    class Given(np.random.bit_generator.ISeedSequence):
        def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
            assert (n_words, np.dtype(dtype)) == (3, np.dtype(np.uint64))
            return own

    peer: Any = np.random.SFC64(Given()).state  # type: ignore[arg-type]
    assert np.array_equal(peer["state"]["state"], [*state[:, 0], counter])


def normals_of(words: NDArray[np.uint64]) -> NDArray[np.float32]:
    from causal_snn.simulation.sweeping.compiled_loops import normals

    z = np.empty(2 * words.size, np.float32)
    normals(words.view(np.int32), z)
    return z


def test_error_of_the_normal_numbers() -> None:
    """Below 2e-6 of Box and Muller's formula in double precision, extreme words included."""
    words = np.random.default_rng(0).integers(0, 2**64, size=1_000_000, dtype=np.uint64)
    bits, count = words.view(np.int32), words.size
    ends = [0, 1, -1, 2, -2, 2**31 - 1, -(2**31), 2**31 - 64, 2**30, -(2**30), 2**29]
    for k, radius in enumerate(ends):
        for j, angle in enumerate(ends):
            bits[11 * k + j], bits[count + 11 * k + j] = radius, angle
    z = normals_of(words).astype(float)
    # The radius has the 24 digits of single precision, the angle 32 bits less 2 for the quarter.
    u = np.maximum(np.abs(bits[:count].astype(np.float32)).astype(float), 0.5) / 2.0**31
    turns = (bits[count:].view(np.uint32)).astype(np.int64)
    within = (turns & (2**30 - 1)) - ((turns & 2**29) << 1)
    theta = np.pi / 2 * (turns >> 30) + np.pi / 4 * within / 2.0**29
    size = np.sqrt(-2 * np.log(u))
    exact = np.concatenate([size * np.cos(theta), size * np.sin(theta)])
    assert np.max(np.abs(z - exact)) < 1e-6
    assert 6.6 < np.max(np.abs(z)) < 6.7


def test_law_of_the_normal_numbers() -> None:
    """Moments, tails and correlations of 1e7 draws of 32 streams, all within 4 standard errors."""
    from causal_snn.simulation.sweeping.compiled_loops import ROUNDS, STREAMS, next_words

    state = np.random.SeedSequence(11).generate_state(3 * STREAMS, np.uint64).reshape(3, -1)
    counter = next_words(*state, np.uint64(1), np.empty(ROUNDS * STREAMS, np.uint64))
    draws, size = [], 256
    for _ in range(10_000_000 // (2 * size) // 20):
        words = np.empty(20 * size, np.uint64)
        counter = next_words(*state, np.uint64(counter), words)
        draws += [normals_of(words[k : k + size]) for k in range(0, words.size, size)]
    z = np.array(draws, dtype=float)
    n = z.size
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs(np.mean(z**power) - mean) < 4 * np.sqrt(variance / n)
    for bound in (0.1, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0):
        for found in (np.sum(z > bound), np.sum(z < -bound)):
            expected = n * float(norm.sf(bound))
            assert abs(found - expected) < 4 * np.sqrt(expected)
    codes = np.floor(1024 * ndtr(z.ravel())).astype(int)
    assert stats.chisquare(np.bincount(codes, minlength=1024)).pvalue > 1e-4
    # The two of a pair, of squares too; lanes side by side; the next round; a stream's next draw.
    first, second = z[:, :size], z[:, size:]
    pairs = [(first, second), (z[:, 1:], z[:, :-1]), (z[:, 2:], z[:, :-2]), (z[1:], z[:-1]),
             (z[:, 32:], z[:, :-32]), (z[:, 64:], z[:, :-64])]  # fmt: skip
    for one, other in pairs:
        assert abs(np.mean(one * other)) < 4 / np.sqrt(one.size)
        assert abs(np.mean((one**2 - 1) * (other**2 - 1))) < 4 * 2 / np.sqrt(one.size)


def test_error_of_the_tails() -> None:
    from causal_snn.simulation.sweeping.compiled_tails import below

    x = np.linspace(-14.0, 14.0, 400_001).astype(np.float32)
    p = np.empty_like(x)
    below(-x, np.float32(np.sqrt(0.5)), np.float32(0.0), p)
    assert np.max(np.abs(p - ndtr(x.astype(float)))) < 4e-7
    assert p.min() >= 0.0
    assert p.max() <= 1.0
    below(np.full(3, np.float32(-50)), np.float32(0.5), np.float32(-50), p[:3])
    assert p[:3] == pytest.approx(0.5, abs=4e-7)


# --- rows


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_rows_agree_with_the_engine(convention: dict[str, Any], strict: bool) -> None:
    net = network(strict_threshold=strict, **convention)
    plain = run(net, accelerate=None, rng=6)
    for noise in ("independent", "antithetic"):
        quick = run(net, noise=noise)
        assert quick.rows.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
        agree(quick, plain)
    agree(run(net, smooth=False), plain)
    assert np.sum(plain.rows[:, 1:], axis=1).min() > 0.02


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_one_step_is_the_closed_form(convention: dict[str, Any]) -> None:
    net = network(3, **convention)
    exact = run(net, accelerate=None, dtype=float, steps=1, replicas=2)
    smooth = run(net, steps=1, replicas=2)
    assert smooth.rows == pytest.approx(exact.rows, abs=1e-5)
    for noise in ("independent", "shared", "antithetic"):
        sampled = run(net, steps=1, replicas=100_000, smooth=False, noise=noise)
        error = np.maximum(sampled.standard_error, 1e-5)
        assert np.max(np.abs(sampled.rows - exact.rows) / error) < 4.5


@pytest.mark.parametrize("n", [1, 2, 6, 7, 12, 16])
def test_any_number_of_units(n: int) -> None:
    net = network(n, refractory_steps=1)
    plain = run(net, accelerate=None, units="apart", replicas=5000)
    agree(run(net, units="apart"), plain)
    agree(run(net, units="apart", smooth=False), plain)


@pytest.mark.parametrize("convention", [*CONVENTIONS, {"strict_threshold": True}])
def test_without_noise_it_is_the_engine(convention: dict[str, Any]) -> None:
    """Trajectories part only where a potential comes within rounding of threshold: nowhere here."""
    net = network(5, noise=0.0, **convention)
    states = states_of(net, 40)
    for smooth in (True, False):
        for edges in (None, [[-60.0, -53.0]] * 5):
            call: dict[str, Any] = {"states": states, "replicas": 2, "smooth": smooth}
            call |= {"edges": edges, "steps": 25}
            assert np.array_equal(run(net, **call).rows, run(net, accelerate=None, **call).rows)


def test_at_threshold() -> None:
    """A potential at threshold has spiked, unless the threshold is strict: at once and later."""
    for strict, counts in ((False, 0.0), (True, 1.0)):
        net = Network(
            neuron=models.lif(strict_threshold=strict, E=-50.0, V_reset=-65.0),
            weights=[[0.0]], dt=1.0,
        )  # fmt: skip
        for smooth in (True, False):
            one = run(net, states=[[-50.0]], steps=1, replicas=1, smooth=smooth)
            assert one.rows[0, 0] == 1.0  # it spiked and was reset; or it rests at threshold
            cells = run(net, states=[[-50.0]], steps=1, replicas=1, smooth=smooth, edges=[[-51.0]])
            assert cells.rows[0, 1] == counts


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("units", ["together", "apart"])
def test_cells_of_the_last_potential(smooth: bool, units: str) -> None:
    net = network(3, refractory_steps=1)
    edges = [[-60.0, -53.0], [], [-56.0]]
    call: dict[str, Any] = {"edges": edges, "smooth": smooth, "units": units}
    agree(run(net, **call), run(net, accelerate=None, **call))


@pytest.mark.parametrize("noise", ["independent", "shared", "antithetic"])
def test_replicas_start_anywhere_in_their_cell(noise: str) -> None:
    net = network(2)
    cells = sim.macro_states([[-70.0, -58.0, -50.0], [-75.0, -51.0, -45.0]])
    agree(
        run(net, states=cells, steps=2, noise=noise),
        run(net, states=cells, steps=2, accelerate=None, noise=noise),
    )
    still = Network(neuron=models.lif(), weights=[[0.0]], dt=1.0)
    below = float(np.nextafter(np.float32(-50.0), np.float32(-60.0)))
    narrow = sim.Cells(np.array([[below]]), np.array([[-50.0]]))
    never = run(still, states=narrow, steps=1, replicas=1000, noise=noise, edges=[[-51.0]])
    assert never.rows[0, 1] == 1.0  # none was reset


def test_white_noise_and_one_silent_unit() -> None:
    net = network(3, noise=[3.0, 0.0, 2.0], inputs=[WhiteNoise(amplitude=np.array([1.0, 0, 0.5]))])
    agree(run(net), run(net, accelerate=None))


def test_shared_noise_is_the_same_in_every_state() -> None:
    net = Network(neuron=models.lif(theta=1000.0), weights=np.zeros((2, 2)), noise=3.0, dt=1.0)
    same = run(net, states=[[-60.0, -61.0]] * 2, noise="shared", edges=[[-60.0]] * 2, smooth=False)
    assert np.array_equal(same.sums[0], same.sums[1])
    apart = run(net, states=[[-60.0, -61.0]] * 2, edges=[[-60.0]] * 2, smooth=False)
    assert not np.array_equal(apart.sums[0], apart.sums[1])


def test_mirrored_replicas_mirror_their_noise() -> None:
    """A potential that starts at rest is below it in one of the two, and above it in the other."""
    net = Network(neuron=models.lif(theta=1000.0), weights=[[0.0]], noise=3.0, dt=1.0)
    found = run(net, states=[[-65.0]], noise="antithetic", edges=[[-65.0]], smooth=False)
    assert np.array_equal(found.rows, [[0.5, 0.5]])
    assert found.standard_error.max() == 0.0


# --- the same bits


@pytest.mark.parametrize("noise", ["independent", "shared", "antithetic"])
@pytest.mark.parametrize("smooth", [True, False])
def test_blocks_workers_and_interruptions_do_not_matter(noise: str, smooth: bool) -> None:
    net = network(5, refractory_steps=1)
    call: dict[str, Any] = {"noise": noise, "smooth": smooth, "replicas": 9000}
    whole = run(net, **call)
    assert whole.provenance["accelerate"] == "numba"
    for block in (1, 700, 10**6):
        assert np.array_equal(run(net, block=block, **call).sums, whole.sums)
    assert np.array_equal(run(net, states=states_of(net)[:1], **call).sums[0], whole.sums[0])
    done = np.random.default_rng(1).random(whole.done.shape) < 0.5
    part = sim.SweepResult(
        sums=np.where(done[:, :, None], whole.sums, 0.0),
        batch_sizes=whole.batch_sizes, done=done, sizes=whole.sizes, joint=whole.joint,
        labels=whole.labels, status="interrupted", message="", provenance=whole.provenance,
    )  # fmt: skip
    assert np.array_equal(run(net, resume=part, rng=None, **call).sums, whole.sums)
    with pytest.raises(InputError, match="`accelerate` differs"):
        run(net, resume=part, accelerate=None, **call)
    assert not np.array_equal(run(net, accelerate=None, **call).sums, whole.sums)


def test_two_workers_do_as_one() -> None:
    net = network(5)
    one = run(net)
    assert np.array_equal(run(net, workers=2, block=600).sums, one.sums)


# --- what it does not do


@pytest.mark.parametrize(
    ("options", "extra", "match"),
    [
        ({"neuron": models.cuba_lif()}, {}, "neurons other than lif"),
        ({"neuron": [models.lif(), models.lif(reset="subtract")]}, {}, "several kinds"),
        ({"weights": np.zeros((17, 17))}, {"units": "apart"}, "more than 16 units"),
        ({"delays": 2}, {}, "delays"),
        ({"inputs": [OUCurrent(sd=1.0, tau=5.0)]}, {}, "inputs other than"),
        ({"synapses": {"drive": np.eye(2)}}, {}, "synapses"),
        ({}, {"interventions": [sim.do(0, -55.0, at=2.0)]}, "interventions"),
        ({}, {"window": 2}, "window"),
        ({}, {"dtype": float}, "float32"),
        ({}, {"scheme": "midpoint"}, "schemes"),
        ({}, {"accelerate": "jax"}, "one of 'numba'"),
    ],
)
def test_what_it_does_not_do(options: dict[str, Any], extra: dict[str, Any], match: str) -> None:
    given: dict[str, Any] = {"neuron": models.lif(), "weights": np.zeros((2, 2)), "dt": 1.0}
    net = Network(**{**given, **options})
    with pytest.raises(InputError, match=match):
        run(net, replicas=2, **extra)


def test_a_sparse_network_and_a_lane_are_refused() -> None:
    from scipy.sparse import csr_array

    net = Network(neuron=models.lif(), weights=csr_array(np.eye(2)), dt=1.0)
    with pytest.raises(InputError, match="sparse"):
        run(net)
    call: dict[str, Any] = {"states": states_of(network()), "steps": 2, "replicas": 4, "rng": 1}
    with pytest.raises(InputError, match="compiled sweep"):
        sim.sweep_lane(network(), state=0, replica=0, accelerate="numba", **call)


def test_what_is_not_finite_is_refused() -> None:
    net = network(2, weights=np.full((2, 2), 3e38), bias=0.0)
    with pytest.raises(InputError, match="sweep, from state"):
        run(net, states=[[-40.0, -40.0]], replicas=4, steps=4)


def test_nothing_imports_numba_unasked() -> None:
    code = "import sys; from causal_snn.simulation import sweep; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_order_of_outcomes_is_little_endian() -> None:
    net = Network(
        neuron=models.lif(), weights=[[0.0, 0.0], [40.0, 0.0]], noise=0.01, dt=1.0
    )  # the first unit makes the second one spike
    found = run(net, states=[[-50.0, -65.0]], steps=1, replicas=4)
    assert order.states((2, 2))[np.argmax(found.rows[0])].tolist() == [0, 1]
