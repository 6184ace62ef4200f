"""A sweep is the same, bit for bit: any block or workers, interrupted, saved, lane by lane."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from causal_snn import models
from causal_snn import simulation as sim
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.inputs import OUCurrent, PoissonInput, WhiteNoise

Floats = NDArray[np.float64]
# The package's attribute of that name is the function.
sweep_module = importlib.import_module("causal_snn.simulation.sweeping.sweep")


def lif(n: int = 5, *, sparse: bool = False, **options: Any) -> Network:
    weights = np.random.default_rng(n).normal(scale=4.0, size=(n, n))
    call: dict[str, Any] = {"drive": 14.0, "noise": np.linspace(3.0, 4.0, n), "dt": 1.0}
    call |= {"neuron": models.lif(refractory_steps=1)} | options
    return Network(weights=csr_array(weights) if sparse else weights, **call)


def states_of(net: Network, count: int = 5) -> Floats:
    return np.random.default_rng(1).uniform(-70.0, -45.0, (count, net.n))


S = 5
DRIVES = np.array([10.0, 12.0, 12.0, 15.0, 11.0])
CASES: dict[str, tuple[Network, dict[str, Any]]] = {
    "default": (lif(), {}),
    "float64": (lif(), {"dtype": float}),
    "equal noise": (lif(noise=3.0), {}),
    "sampled": (lif(), {"smooth": False}),
    "shared": (lif(), {"noise": "shared"}),
    "antithetic": (lif(), {"noise": "antithetic", "replicas": 2204}),
    "few": (lif(), {"replicas": 1}),
    "one left over": (lif(12), {"replicas": 1025, "units": "apart"}),
    "mixed": (lif(4, neuron=[models.lif(), models.cuba_lif()] * 2), {}),
    "sparse": (lif(6, sparse=True), {"replicas": 75}),
    "sparse shared": (lif(6, sparse=True), {"replicas": 75, "noise": "shared"}),
    "sparse antithetic": (lif(6, sparse=True), {"replicas": 76, "noise": "antithetic"}),
    "wide": (lif(260), {"replicas": 34, "units": "apart", "steps": 2}),
    "cells": (lif(), {"edges": [[-55.0]] * 5}),
    "window": (lif(), {"window": 3}),
    "inputs": (
        lif(inputs=[OUCurrent(sd=3.0, tau=5.0), PoissonInput(rate=50.0, weight=2.0)]),
        {},
    ),
    "izhikevich": (
        lif(neuron=models.izhikevich(I=5.0), noise=0.0, drive=0.0,
            inputs=[WhiteNoise(amplitude=3.0)]),
        {},
    ),
    "change": (lif(), {"interventions": [sim.change("drive", DRIVES, at=2.0)]}),
    "change of noise": (lif(noise=3.0), {"interventions": [sim.change("tau", DRIVES)]}),
    "change, shared": (
        lif(), {"noise": "shared", "interventions": [sim.change("tau", DRIVES, unit=1, at=1.0)]},
    ),
    "change, antithetic": (
        lif(noise=2.0),
        {"noise": "antithetic", "replicas": 2204,
         "interventions": [sim.change("tau", DRIVES, at=1.0)]},
    ),
    "change of a nonlinear neuron": (
        lif(neuron=models.adex(), noise=0.0, drive=0.0, inputs=[WhiteNoise(amplitude=3.0)]),
        {"interventions": [sim.change("g_L", DRIVES), sim.change("Delta_T", DRIVES / 5, at=2.0)]},
    ),
    "cut": (
        lif(), {"interventions": [sim.cut(0, 1, lanes=[True, False, False, True, False])]},
    ),
    "many": (
        lif(),
        {"interventions": [sim.do(0, DRIVES - 60.0, at=2.0), sim.clamp(1, -50.0, stop=3.0),
                           sim.clamp_spikes(2, [1.0, 2.0], stop=3.0),
                           sim.inject(3, np.tile(DRIVES, (5, 1)))]},
    ),
}  # fmt: skip


def run(name: str, **options: Any) -> sim.SweepResult:
    net, own = CASES[name]
    call: dict[str, Any] = {"states": states_of(net, S), "steps": 5, "replicas": 2100, "rng": 4}
    return sim.sweep(net, **{**call, **own, **options})


@pytest.mark.parametrize("name", CASES)
def test_blocks_do_not_matter(name: str) -> None:
    whole = run(name)
    assert whole.success
    assert (whole.replicas == whole.replicas[0]).all()
    for block in (1, 100, 1000, 10**6):
        assert np.array_equal(run(name, block=block).sums, whole.sums)


@pytest.mark.parametrize("name", ["default", "shared", "antithetic", "sparse"])
def test_every_state_is_the_same_alone(name: str) -> None:
    """What a state does depends neither on its neighbours nor on how many there are."""
    net, own = CASES[name]
    whole = run(name)
    alone = run(name, states=states_of(net, S)[:1])
    assert np.array_equal(alone.sums[0], whole.sums[0])
    assert own.get("noise") == "shared" or not np.array_equal(whole.sums[0], whole.sums[1])


def test_threads_of_the_matrix_product_do_not_matter() -> None:
    """OpenBLAS rounds a product differently with one thread and with two."""
    code = """if True:
        import hashlib, numpy as np
        from causal_snn import models, simulation as sim
        rng = np.random.default_rng(1)
        for n, units, replicas in ((60, "apart", 1500), (12, "together", 4200)):
            net = models.Network(neuron=models.lif(), weights=rng.normal(scale=3.0, size=(n, n)),
                                 drive=16.0, noise=4.0, dt=1.0)
            call = dict(states=np.full((2, n), -51.0), steps=4, replicas=replicas, rng=1)
            for dtype in (np.float32, float):
                result = sim.sweep(net, units=units, dtype=dtype, **call)
                print(hashlib.sha256(result.sums.tobytes()).hexdigest(), result.rows.max() < 1.0)
        """
    found = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert found[0] == found[1]
    assert found[0].count("\n") == 4


@pytest.mark.parametrize("name", ["default", "many", "wide"])
def test_two_workers_do_as_one(name: str) -> None:
    one = run(name)
    two = run(name, workers=2, block=600)
    assert np.array_equal(one.sums, two.sums)
    assert one.provenance == {**two.provenance, "memory": one.provenance["memory"]}


def test_a_dask_client_does_as_one() -> None:
    distributed = pytest.importorskip("dask.distributed")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a cluster says about ports and files is its own
        cluster = distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        )
        with cluster, distributed.Client(cluster) as client:
            found = [run(name, client=client, block=600) for name in ("default", "many")]
            with pytest.raises(InputError, match="not a finite number"):
                blow_up(client=client)
    for name, result in zip(("default", "many"), found, strict=True):
        assert np.array_equal(result.sums, run(name).sums)


def blow_up(**options: Any) -> sim.SweepResult:
    """Forward Euler of a step 50 times too large."""
    neuron = models.adex(tau_w=0.01)
    net = Network(neuron=neuron, weights=np.zeros((2, 2)), dt=0.5, labels=["P", "Q"])
    start = {neuron.states[0]: [[-60.0, -60.0]] * 3, neuron.states[1]: [[0.0, 1.0]] * 3}
    return sim.sweep(net, states=start, steps=400, replicas=4, scheme="euler", **options)


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_not_finite_stops_and_says_where_and_why(smooth: bool, workers: int) -> None:
    with pytest.raises(InputError, match=r"state.* step \d+ .*unit 'P|unit 'Q'") as caught:
        blow_up(smooth=smooth, workers=workers)
    assert "dt = 0.5 ms" in str(caught.value)


def part_of(result: sim.SweepResult, done: Any, status: str = "interrupted") -> sim.SweepResult:
    """Return a result as if only some of its batches were finished."""
    return sim.SweepResult(
        sums=np.where(done[:, :, None], result.sums, 0.0),
        batch_sizes=result.batch_sizes,
        done=done,
        sizes=result.sizes,
        joint=result.joint,
        labels=result.labels,
        status=status,
        message="",
        provenance=result.provenance,
    )


@pytest.mark.parametrize("name", ["default", "shared", "antithetic", "sparse", "many"])
def test_what_is_lacking_is_computed(name: str, tmp_path: Path) -> None:
    whole = run(name)
    rng = np.random.default_rng(3)
    for share in (0.0, 0.5, 0.95, 1.0):
        part = part_of(whole, rng.random(whole.done.shape) < share)
        saved = sim.SweepResult.load(part.save(tmp_path / "part.npz"))
        for earlier in (part, saved):
            for options in ({}, {"rng": None}, {"block": 64}):
                resumed = run(name, resume=earlier, **options)
                assert resumed.success
                assert np.array_equal(resumed.sums, whole.sums)


@pytest.fixture
def deaf() -> Iterator[Any]:
    """Let a Ctrl-C that comes too late pass."""

    def ignore(number: int, frame: Any) -> None:
        """Do nothing."""

    before = signal.signal(signal.SIGINT, ignore)
    yield ignore
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_is_finished(
    workers: int, deaf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of a timer that presses Ctrl-C starts once the first results are there."""
    call: dict[str, Any] = {"steps": 40, "replicas": 20_000, "block": 500}
    whole = run("default", **call)
    results, timers = sweep_module.results, []
    delays = [0.02, 0.01, 0.003, 0.0]

    def timed(*args: Any, **options: Any) -> Iterator[Any]:
        for place, found in enumerate(results(*args, **options)):
            if place == 0:
                timers.append(threading.Timer(delays.pop(0), os.kill, (os.getpid(), signal.SIGINT)))
                timers[-1].start()
            yield found

    part = whole
    while part.success and delays:
        with monkeypatch.context() as patch:
            patch.setattr(sweep_module, "results", timed)
            part = run("default", workers=workers, **call)
        timers[-1].join()
    assert signal.getsignal(signal.SIGINT) is deaf
    assert part.status == "interrupted"
    assert 0.0 < part.done.mean() < 1.0
    assert "pass this as resume=" in part.message
    assert np.array_equal(part.sums[part.done], whole.sums[part.done])
    resumed = run("default", workers=workers, resume=part, **call)
    assert resumed.success
    assert np.array_equal(resumed.sums, whole.sums)


def test_save_and_load_are_one(tmp_path: Path) -> None:
    net, _ = CASES["many"]
    result = run("many", interventions=[sim.do(np.int64(1), -52.0, at=np.float32(2.0))])  # type: ignore[arg-type]
    again = sim.SweepResult.load(result.save(tmp_path / "a.npz"))
    for name in ("sums", "batch_sizes", "done", "rows", "standard_error"):
        assert np.array_equal(getattr(again, name), getattr(result, name))
    for name in ("sizes", "joint", "labels", "status", "message", "provenance"):
        assert getattr(again, name) == getattr(result, name)
    data = result.to_xarray()
    assert data["rows"].shape == (S, 2**net.n)
    assert json.loads(data.attrs["provenance"])["steps"] == 5
    with pytest.raises(InputError, match="no such file"):
        sim.SweepResult.load(tmp_path / "b.npz")
    (tmp_path / "c.npz").write_bytes(b"no")
    with pytest.raises(InputError, match="not the result of a sweep"):
        sim.SweepResult.load(tmp_path / "c.npz")


def test_a_generator_is_drawn_from_once() -> None:
    one, two = (run("default", rng=np.random.default_rng(8)) for _ in range(2))
    assert np.array_equal(one.sums, two.sums)
    again = run("default", rng=one.provenance["seed"])
    assert np.array_equal(one.sums, again.sums)
    fresh = run("default", rng=None)
    assert not np.array_equal(one.sums, fresh.sums)


# --- one lane again


@pytest.mark.parametrize("name", [name for name in CASES if name != "few"])
def test_a_lane_does_again_what_it_did(name: str) -> None:
    """With 32 replicas every replica is a batch, and its outcome is kept."""
    net, own = CASES[name]
    call = {"states": states_of(net, S), "steps": 5, "rng": 4, **own, "replicas": 32}
    result = sim.sweep(net, **call)
    half = 16 if own.get("noise") == "antithetic" else 32
    for state, replica in ((0, 0), (3, 7), (4, 31)):
        lane = sim.sweep_lane(net, state=state, replica=replica, **call)
        outcome = lane.outcome
        if half == 16:
            other = (replica + 16) % 32
            outcome = outcome + sim.sweep_lane(net, state=state, replica=other, **call).outcome
        assert np.array_equal(outcome, result.sums[state, replica % half])
        assert lane.outcome.sum() == pytest.approx(1.0 if result.joint else net.n)
        assert lane.times[-1] == 5 * net.dt or call["steps"] == 2
        assert len(lane.potentials) == len(lane.times)


@pytest.mark.parametrize("name", ["sampled", "sparse"])
def test_lanes_of_a_batch_add_up(name: str) -> None:
    net, own = CASES[name]
    call: dict[str, Any] = {"states": states_of(net, S), "steps": 5, "rng": 4, **own}
    call |= {"replicas": 70 if name == "sparse" else 1100, "smooth": False}
    result = sim.sweep(net, **call)
    ends = np.cumsum(result.batch_sizes)
    for batch in (0, len(ends) - 1):
        first = ends[batch] - result.batch_sizes[batch]
        lanes = [sim.sweep_lane(net, state=2, replica=int(r), **call)
                 for r in range(first, ends[batch])]  # fmt: skip
        assert np.array_equal(sum(lane.outcome for lane in lanes), result.sums[2, batch])
        for lane in lanes[:3]:
            assert np.argmax(lane.outcome) == lane.spikes[-1] @ 2 ** np.arange(net.n)
            assert lane.spikes.shape == lane.potentials.shape == (6, net.n)


def test_shared_noise_is_the_same_lane_by_lane() -> None:
    """Linear neurons below threshold: two states stay apart by what decay leaves of it."""
    net = Network(
        neuron=models.lif(theta=1000.0), weights=np.zeros((2, 2)), noise=[2.0, 3.0], dt=1.0
    )
    states = np.array([[-60.0, -61.0], [-50.0, -70.0]])
    call: dict[str, Any] = {"states": states, "steps": 6, "replicas": 1500, "rng": 2,
                            "dtype": float, "smooth": False}  # fmt: skip
    decay = np.exp(-np.arange(7) / 20.0)[:, None]
    for replica in (0, 1023, 1400):
        one, two = (
            sim.sweep_lane(net, state=k, replica=replica, noise="shared", **call).potentials
            for k in (0, 1)
        )
        assert one - two == pytest.approx(decay * (states[0] - states[1]), abs=1e-9)
        one, two = (
            sim.sweep_lane(net, state=k, replica=replica, **call).potentials for k in (0, 1)
        )
        assert np.abs(one - two - decay * (states[0] - states[1]))[1:].min() > 1e-6


def test_mirrored_replicas_mirror_their_noise() -> None:
    net = Network(
        neuron=models.lif(theta=1000.0), weights=np.zeros((2, 2)), noise=[2.0, 3.0], dt=1.0
    )
    cells = sim.Cells(np.array([[-60.0, -70.0]]), np.array([[-50.0, -60.0]]))
    call: dict[str, Any] = {"states": cells, "steps": 6, "replicas": 3000, "rng": 2,
                            "dtype": float, "smooth": False, "noise": "antithetic"}  # fmt: skip
    decay = np.exp(-np.arange(7) / 20.0)[:, None]
    middle = -65.0 + decay * (np.array([-55.0, -65.0]) + 65.0)
    for replica in (0, 700, 1499):
        one, two = (
            sim.sweep_lane(net, state=0, replica=r, **call).potentials
            for r in (replica, replica + 1500)
        )
        assert (one + two) / 2 == pytest.approx(middle, abs=1e-9)
        assert np.abs(one - two).min() > 1e-9


def test_a_lane_that_is_not_there() -> None:
    net, _ = CASES["default"]
    call: dict[str, Any] = {"states": states_of(net, S), "steps": 5, "replicas": 10}
    for bad in ({"state": 5}, {"state": -1}, {"replica": 10}, {"replica": 1.0}, {"rng": None}):
        with pytest.raises(InputError, match=f"{next(iter(bad))} = "):
            sim.sweep_lane(net, **{"state": 0, "replica": 0, "rng": 1, **bad}, **call)  # type: ignore[arg-type]
