"""Networks: checks, subsets with background, graphs, the zoo."""

from __future__ import annotations

import pickle
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.errors import InputError, StageWarning
from causal_snn.models import Network
from causal_snn.models import graph as graphs
from causal_snn.models.graph import strongest_units, strongly_connected


def network(**options: object) -> Network:
    given_ = {"neuron": models.lif(), "weights": [[0, 3], [3, 0]], "dt": 1.0, **options}
    return Network(**given_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": [[0, 1, 2], [1, 0, 2]]}, r"weights = .*shape \(2, 3\).*shape \(n, n\)"),
        ({"weights": [[0, np.nan], [1, 0]]}, r"weights\[0\]\[1\] = nan: a finite number"),
        ({"weights": [[0, 1], [np.inf, 0]]}, r"weights\[1\]\[0\] = inf: a finite number"),
        ({"weights": "abc"}, "weights = 'abc': a square table"),
        ({"noise": -1.0}, r"noise = .*0 or more"),
        ({"noise": [1.0, 2.0, 3.0]}, "one for each of the 2 units"),
        ({"dt": 0.0}, r"dt = 0\.0: a positive time step"),
        ({"dt": -1.0}, r"dt = -1\.0: a positive time step"),
        ({"dt": float("nan")}, "dt = nan"),
        ({"drive": np.inf}, "drive = .*finite"),
        ({"labels": ["A", "A"]}, r"labels = \['A'\]: names that differ"),
        ({"labels": ["A"]}, "2 names"),
        ({"labels": "AB"}, "A string is one name"),
        ({"neuron": [models.lif()]}, "one for each of the 2 units"),
    ],
)
def test_bad_networks_name_the_fault(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        network(**options)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"tau": 0.0}, r"tau = 0\.0: a positive time"),
        ({"tau": -5.0}, "tau = -5.0"),
        ({"V_reset": -50.0}, "V_reset = -50.0: below the threshold"),
        ({"V_reset": -40.0}, "V_reset = -40.0"),
        ({"V_min": -45.0}, "V_min = -45.0: below the threshold"),
        ({"E": float("nan")}, "E = nan"),
        ({"step": "rk4"}, "step = 'rk4': one of 'exact', 'euler'"),
        ({"reset": "zero"}, "reset = 'zero'"),
        ({"refractory_steps": 1.5}, "refractory_steps = 1.5: a whole number"),
        ({"refractory_steps": -1}, "refractory_steps = -1"),
        ({"thetta": -48.0}, "takes no 'thetta'; did you mean 'theta'"),
        ({"strict_threshold": 1}, "strict_threshold = 1: True or False"),
    ],
)
def test_bad_neurons_name_the_fault(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        models.lif(**parameters)  # type: ignore[arg-type]


def test_a_step_longer_than_tau_warns() -> None:
    with pytest.warns(StageWarning, match=r"dt = 30\.0 ms is longer"):
        network(dt=30.0)


def test_a_network_is_immutable_and_pickles() -> None:
    net = network()
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0, 1] = 5.0
    assert pickle.loads(pickle.dumps(net)) == net
    assert net != network(dt=2.0)


def test_parameters_carry_units_and_suggest_names() -> None:
    tau = models.lif().parameters["tau"]
    assert (tau, tau.unit, tau.meaning) == (20.0, "ms", "membrane time constant")
    with pytest.raises(InputError, match="did you mean 'theta'"):
        models.lif().with_parameters(thetta=-48.0)
    assert models.lif().with_parameters(theta=-48.0).parameters["theta"] == -48.0


def test_the_symbolic_definition_is_shown_and_used() -> None:
    assert r"\tau\, \dot{v} &= E + \mathrm{drive} - v" in models.lif().latex()
    assert models.cuba_lif(tau=10, tau_syn=4, R=3).jacobian() == pytest.approx(
        np.array([[-0.1, 0.3], [0.0, -0.25]])
    )


def test_a_nonlinear_neuron_is_refused_by_the_closed_form() -> None:
    import sympy as sp

    base = models.lif()
    v = sp.Symbol("v", real=True)
    equations = base.equations.__class__((v,), ("mV",), (v**2,), base.threshold, base.reset, 0)
    with pytest.raises(InputError, match="not linear below threshold"):
        models.NeuronModel("qif", equations, base.parameters).jacobian()


@given(
    seed=st.integers(0, 2**31),
    n=st.integers(2, 6),
    kind=st.sampled_from([models.lif, models.cuba_lif]),
)
def test_a_subset_sees_what_the_clamped_units_would_send(seed: int, n: int, kind) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    net = Network(neuron=kind(), weights=rng.normal(size=(n, n)), drive=12.0, dt=1.0)
    keep = rng.permutation(n)[: rng.integers(1, n)]
    clamped = rng.integers(0, 2, size=n)
    rest = [j for j in range(n) if j not in keep]
    part = net.subset([int(k) for k in keep], background=[int(clamped[j]) for j in rest])
    spikes = clamped.copy()
    spikes[keep] = rng.integers(0, 2, size=len(keep))
    v, i = rng.uniform(-80, -51, n), rng.normal(size=n)
    whole = net.step().mean(v, i, spikes.astype(bool), net.weights @ spikes)
    inner = part.step().mean(
        v[keep], i[keep], spikes[keep].astype(bool), part.weights @ spikes[keep]
    )
    for a, b in zip(whole, inner, strict=True):
        assert np.asarray(a)[keep] == pytest.approx(np.asarray(b))


def test_subsets_check_their_arguments() -> None:
    net = models.zoo.pyloric()
    assert net.subset(["PY", 0]).labels == ("PY", "AB/PD")
    assert net.subset(["PY"], background={"LP": 1}).background == {"AB/PD": 0, "LP": 1}
    bad_units: list[tuple[list[int | str], str]] = [
        (["PX"], "unit = 'PX'.*did you mean 'PY'"),
        ([3], "unit = 3: an index from 0 to 2"),
        ([0, "AB/PD"], "each unit once"),
        ([], "at least one unit"),
        ([1.7], "a whole number"),  # type: ignore[list-item]
    ]
    for units, message in bad_units:
        with pytest.raises(InputError, match=message):
            net.subset(units)
    with pytest.raises(InputError, match="background = 'PY'"):
        net.subset(["PY"], background={"PY": 1})
    with pytest.raises(InputError, match="0 or 1"):
        net.subset(["PY"], background=[0, 2])


@pytest.mark.parametrize("name", sorted(models.zoo.NETWORKS))
def test_networkx_round_trip(name: str) -> None:
    net = models.zoo.NETWORKS[name]()
    back = Network.from_networkx(net.to_networkx(), neuron=net.neurons[0], dt=net.dt)
    assert np.array_equal(back.weights, net.weights)
    assert back.labels == net.labels
    assert np.array_equal(back.drive, net.drive)
    assert np.array_equal(back.noise, net.noise)


def test_parallel_edges_add() -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge("A", "B", weight=1.0)
    graph.add_edge("A", "B", weight=2.0)
    net = Network.from_networkx(graph, neuron=models.lif(), dt=1.0)
    assert net.weights[1, 0] == 3.0


def test_graphs_must_be_directed_and_weighted() -> None:
    with pytest.raises(InputError, match="a directed graph"):
        Network.from_networkx(nx.Graph([(0, 1)]), neuron=models.lif(), dt=1.0)
    with pytest.raises(InputError, match="0 -> 1 has no weight"):
        Network.from_networkx(nx.DiGraph([(0, 1)]), neuron=models.lif(), dt=1.0)


@pytest.mark.parametrize("exhaustive", [True, False])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_auto_takes_the_strongest_strongly_connected_units(
    size: int, exhaustive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exhaustive:
        monkeypatch.setattr(graphs, "EXHAUSTIVE_LIMIT", 0)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        weights = rng.normal(size=(9, 9)) * (rng.random((9, 9)) < 0.6)
        np.fill_diagonal(weights, 50.0)  # a unit's effect on itself is no coupling
        net = Network(neuron=models.lif(), weights=weights, dt=1.0)
        strength = np.abs(weights - np.diag(np.diag(weights)))
        best = max(
            (
                subset
                for subset in combinations(range(9), size)
                if strongly_connected(strength[np.ix_(subset, subset)])
            ),
            key=lambda subset: strength[np.ix_(subset, subset)].sum(),
        )
        found = strongest_units(net, size)
        if exhaustive:
            assert found == best
        else:  # a search by swaps may miss the best, never the conditions
            assert strongly_connected(strength[np.ix_(found, found)])
            assert strength[np.ix_(found, found)].sum() >= 0.8 * strength[np.ix_(best, best)].sum()


def test_auto_finds_the_only_strongly_connected_units() -> None:
    weights = np.tril(np.random.default_rng(0).uniform(5, 10, (40, 40)), -1)
    net = Network(neuron=models.lif(), weights=weights, dt=1.0)
    with pytest.raises(InputError, match="no 2 units of 'network' are strongly connected"):
        strongest_units(net, 2)
    weights[0, 5] = 0.01
    loop = Network(neuron=models.lif(), weights=weights, dt=1.0)
    assert strongest_units(loop, 6) == (0, 1, 2, 3, 4, 5)
    with pytest.raises(InputError, match="no 7 units"):
        strongest_units(loop, 7)


def test_the_search_grows_from_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "EXHAUSTIVE_LIMIT", 0)
    rng = np.random.default_rng(1)
    weights = np.roll(np.eye(12), 1, axis=0) + 9 * np.tril(rng.random((12, 12)), -2)
    weights[3, 5] = 0.01
    found = strongest_units(Network(neuron=models.lif(), weights=weights, dt=1.0), 3)
    assert strongly_connected(weights[np.ix_(found, found)])


def test_auto_says_when_nothing_is_strongly_connected() -> None:
    with pytest.raises(InputError, match="no 2 units of 'feed-forward control' are strongly"):
        strongest_units(models.zoo.feed_forward(), 2)
    with pytest.raises(InputError, match="K from 1 to 3"):
        strongest_units(models.zoo.feed_forward(), 4)


@pytest.mark.parametrize("name", sorted(models.zoo.NETWORKS))
def test_every_zoo_network_has_a_source_and_is_active(name: str) -> None:
    from causal_snn.simulation import sample_stationary

    net = models.zoo.NETWORKS[name]()
    assert net.source
    rates = sample_stationary(net, rng=0).spiked.mean(axis=1)
    assert np.all(rates > 0.002)
    assert np.all(rates < 0.5)
