"""Errors over time against direct evolution; bounds that must never be crossed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product as every
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from causal_snn import models, order, tpm
from causal_snn.coarse import Partition
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.simulation import micro_state, quadrature_rows, run
from causal_snn.tpm import TPM
from causal_snn.tpm.prediction.bounds import by_cells
from causal_snn.tpm.prediction.chain import chain_prediction
from causal_snn.tpm.prediction.contraction import MOST_PAIRWISE, contraction, contractions
from causal_snn.tpm.prediction.influence import influence, unit_errors
from causal_snn.tpm.prediction.network import network_prediction
from causal_snn.tpm.prediction.result import PredictionError


def total_variation(p: np.ndarray, q: np.ndarray) -> float:
    return float(0.5 * np.abs(p - q).sum())


def lif_chain(levels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return micro chain, cells and midpoint macro chain of one unit, dt = 5 ms.

    Micro states 0.1 mV wide from -70 mV to theta = -50 mV, and the spike; E = V_r = -65 mV,
    tau = 20 ms, drive 16 mV, sd 4 mV. Equal cells and the spike; a macro row is that of the
    micro state in the middle of its cell. The numbers below are the project's own, from another
    program, printed to three digits.
    """
    decay = np.exp(-5 / 20)
    sigma = 4 * np.sqrt(1 - decay**2)
    edges = np.linspace(-70, -50, 201)
    v = np.append((edges[1:] + edges[:-1]) / 2, -65.0)
    mean = -65 + decay * (v + 65) + (1 - decay) * 16
    below = norm.cdf(edges, mean[:, None], sigma)
    below[:, 0] = 0.0
    micro = np.diff(np.concatenate([below, np.ones((201, 1))], axis=1), axis=1)
    cells = np.append(np.arange(200) * (levels - 1) // 200, levels - 1)
    member = np.eye(levels)[cells]
    middle = [np.flatnonzero(cells == x)[(cells == x).sum() // 2] for x in range(levels)]
    return micro, cells, (micro @ member)[middle]


@pytest.mark.parametrize(
    ("levels", "epsilon", "at_5", "at_60"),
    [
        (5, 0.297, (0.047, 0.880, 0.414), (0.007, 0.917, 0.357)),
        (21, 0.062, (0.020, 0.215, 0.114), (0.004, 0.234, 0.104)),
        (41, 0.025, (0.004, 0.087, 0.054), (0.0001, 0.095, 0.051)),
    ],
)
def test_the_table_of_the_single_neuron(
    levels: int, epsilon: float, at_5: tuple[float, ...], at_60: tuple[float, ...]
) -> None:
    micro, cells, macro = lif_chain(levels)
    found = chain_prediction(micro, cells, Q=macro, steps=60, dt=5.0, tolerance=0.1)
    assert found.exact is not None
    assert found.posterior is not None
    assert found.epsilon == pytest.approx(epsilon, abs=5.1e-4)
    for t, row in ((5, at_5), (60, at_60)):
        exact, posterior = found.exact[t - 1], found.posterior[t - 1]
        assert (exact, found.prior[t - 1], posterior) == pytest.approx(row, abs=1e-3)
    assert found.times[4] == 25.0


def random_chain(rng: np.random.Generator, n: int) -> np.ndarray:
    sharp = rng.choice([0.05, 0.3, 1.0, 10.0])
    rows = rng.dirichlet(np.full(n, sharp), size=n)
    if rng.random() < 0.3:  # some states that move for certain
        some = rng.random(n) < 0.5
        rows[some] = np.eye(n)[rng.integers(0, n, some.sum())]
    return np.asarray(rows)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 8), steps=st.integers(1, 12))
def test_bounds_are_never_crossed(seed: int, n: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    micro = random_chain(rng, n)
    k = int(rng.integers(1, n + 1))
    cells = rng.permutation(np.concatenate([np.arange(k), rng.integers(0, k, n - k)]))
    macro = random_chain(rng, k) if rng.random() < 0.5 else None
    laws = np.concatenate([rng.dirichlet(np.ones(n), size=3), np.eye(n)[:1]])
    free = chain_prediction(micro, cells, Q=macro, steps=steps)
    given_ = chain_prediction(micro, cells, Q=macro, steps=steps, initial=laws)
    member = np.array([[float(c == x) for x in range(k)] for c in cells])
    if macro is None:
        macro = np.array([(micro @ member)[cells == x].mean(axis=0) for x in range(k)])
    assert free.exact is not None
    assert given_.exact is not None
    worst = np.zeros(steps)
    for law in laws:
        now, chain = law, law @ member
        for t in range(steps):
            now, chain = now @ micro, chain @ macro
            worst[t] = max(worst[t], total_variation(now @ member, chain))
    assert given_.exact == pytest.approx(worst, abs=1e-12)
    for each in (free, given_):
        assert each.exact is not None
        assert each.posterior is not None
        assert np.all(each.exact <= each.posterior + 1e-12)
        assert np.all(each.posterior <= each.prior + 1e-12)
    assert np.all(given_.exact <= free.exact + 1e-12)  # no law is worse than a single state
    assert np.all(free.exact[:1] == pytest.approx(free.epsilon, abs=1e-12))
    # Knowing the one-step errors by cell lies between.
    defect = 0.5 * np.abs(micro @ member - macro[cells]).sum(axis=1)
    epsilons = np.array([defect[cells == x].max() for x in range(k)])
    bound = by_cells(epsilons, macro, free.contraction)
    assert np.all(free.exact <= bound + 1e-12)
    assert np.all(bound <= free.prior + 1e-12)


def test_a_lumpable_chain_predicts_for_ever() -> None:
    # 1 and 2 lead to the same cells with the same chances.
    micro = np.array([[0.5, 0.25, 0.25], [0.4, 0.6, 0.0], [0.4, 0.1, 0.5]])
    found = chain_prediction(micro, [0, 1, 1], steps=50, dt=2.0)
    assert found.exact == pytest.approx(np.zeros(50), abs=1e-14)
    assert found.horizon == 100.0
    assert found.verdict == (
        f"this macro model predicts to at least 100 ms (error at most "
        f"{found.exact.max():.2g}, exact, tolerance 0.05)"
    )


def result(exact: list[float] | None, prior: list[float], **options: Any) -> PredictionError:
    return PredictionError(
        times=np.arange(1.0, len(prior) + 1.0) * 5.0,
        exact=None if exact is None else np.array(exact),
        posterior=None,
        prior=np.array(prior),
        epsilon=prior[0],
        contraction=np.ones(len(prior)),
        tolerance=0.1,
        **options,
    )


def test_verdicts() -> None:
    first = result([0.01, 0.05, 0.2, 0.01], [0.1, 0.2, 0.3, 0.4])
    assert (first.horizon, first.bounded_horizon) == (10.0, 5.0)  # what comes after 0.2 is late
    assert first.verdict.startswith("this macro model predicts to 10 ms (error at most 0.05, exact")
    only = result([0.1, 0.2], [0.1, 0.2])
    assert "predicts to 5 ms and does not predict beyond one step" in only.verdict
    never = result([0.3, 0.0], [0.3, 0.3])
    assert never.horizon == 0.0
    assert never.verdict.startswith("this macro model does not predict even one step of 5 ms")
    bounded = result(None, [0.05, 0.2])
    assert "is not known to predict beyond one step" in bounded.verdict
    assert "bounded" in bounded.verdict
    unknown = result(None, [0.5, 0.9])
    assert unknown.verdict.startswith("no prediction is guaranteed, not even of one step of 5 ms")
    assert result([0.1, 0.1], [0.1, 0.2], numeric=1e-3).horizon == 0.0  # not for certain
    assert result(None, [np.nan, 0.0]).horizon == 0.0
    unit = result(None, [0.4, 0.4], by_unit=np.array([[0.04, 0.05], [0.1, 0.1]]))
    assert unit.bound == pytest.approx([0.09, 0.2])


@given(p=st.floats(0, 1), q=st.floats(0, 1))
def test_contraction_of_two_states(p: float, q: float) -> None:
    rows = np.array([[1 - p, p], [q, 1 - q]])
    expected = abs(1 - p - q) ** np.arange(5)
    assert contractions(rows, 5) == pytest.approx(expected, abs=1e-12)


def test_contraction_of_special_chains() -> None:
    assert contraction(np.eye(1)) == 0.0
    assert contractions(np.roll(np.eye(4), 1, axis=1), 4) == pytest.approx(np.ones(4))
    moves_on = np.array([[0.0, 1, 0], [0, 0, 1], [0, 0, 1]])
    assert contractions(moves_on, 3) == pytest.approx([1, 1, 0])


def test_contraction_of_many_states_is_bounded_from_above() -> None:
    rng = np.random.default_rng(0)
    size = MOST_PAIRWISE + 5
    rows = rng.dirichlet(np.full(size, 0.5), size=size)
    worst = max(0.5 * np.abs(rows - rows[k]).sum(axis=1).max() for k in range(0, size, 5))
    assert worst <= contraction(rows) <= 1.0
    assert contraction(np.tile(rows[0], (size, 1))) == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 3))
def test_unit_errors_are_never_exceeded(seed: int, n: int) -> None:
    """Units with m micro states each, independent given all of them; macro states are blocks."""
    rng = np.random.default_rng(seed)
    m, k = 3, 2
    cell = np.array([0, 0, 1])
    micro_states = np.array(list(every(range(m), repeat=n)))
    macro_states = order.states((k,) * n)
    shift = rng.uniform(0.0, 0.6)
    common = rng.dirichlet(np.ones(m), size=n)
    kernels = [  # P(u_i' | u)
        (1 - shift) * common[i] + shift * rng.dirichlet(np.ones(m), size=len(micro_states))
        for i in range(n)
    ]
    micro = np.ones((len(micro_states), len(micro_states)))
    for i in range(n):
        micro *= kernels[i][:, micro_states[:, i]]
    blocks = np.array([order.number(cell[u], (k,) * n) for u in micro_states])
    rows = [  # the macro row of unit i: the mean over the block's micro states
        np.stack(
            [
                (kernels[i][blocks == x] @ np.eye(k)[cell]).mean(axis=0)
                for x in range(len(macro_states))
            ]
        )
        for i in range(n)
    ]
    names = (("off", "on"),) * n
    model = TPM(tuple(order.unflat(row, (k,) * n) for row in rows), tuple("ABC"[:n]), names)
    eps = np.array(
        [
            max(
                total_variation(kernels[i][u] @ np.eye(k)[cell], rows[i][blocks[u]])
                for u in range(len(micro))
            )
            for i in range(n)
        ]
    )
    bound = unit_errors(influence(model), eps, 6)
    member = np.eye(len(macro_states))[blocks]
    now, chain = np.eye(len(micro)), member
    for t in range(6):
        now, chain = now @ micro, chain @ model.state_by_state
        gap = now @ member - chain
        assert 0.5 * np.abs(gap).sum(axis=1).max() <= min(1.0, bound[t].sum()) + 1e-12
        for i in range(n):
            alone = gap @ np.eye(k)[macro_states[:, i]]
            assert 0.5 * np.abs(alone).sum(axis=1).max() <= bound[t, i] + 1e-12


def test_influence_sees_who_acts_on_whom() -> None:
    # B copies A, A ignores B.
    table = [[0.3, 0.0], [0.3, 1.0], [0.3, 0.0], [0.3, 1.0]]
    assert influence(TPM.from_state_by_node(table)) == pytest.approx(np.array([[0, 0], [1, 0]]))
    with pytest.raises(InputError, match="rows are products"):
        influence(TPM.from_state_by_state(np.eye(4)))


ONE = Network(neuron=models.lif(), weights=[[2.0]], drive=16, noise=3, dt=5.0)
TWO = Network(neuron=models.lif(), weights=[[0, 4], [6, 1]], drive=16, noise=3, dt=5.0)


@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
def test_one_unit_on_the_grid_is_its_fine_chain(alphabet: Any) -> None:
    cells = Partition.from_thresholds(ONE, -53.0, alphabet=alphabet)
    model = tpm.build(ONE, cells)
    found = network_prediction(ONE, cells, steps=8)
    # A chain of 0.02 mV wide states, built without the library.
    decay = np.exp(-5 / 20)
    sigma = 3 * np.sqrt(1 - decay**2)
    edges = np.linspace(-85, -50, 1751)
    v = np.append((edges[1:] + edges[:-1]) / 2, -65.0)
    sent = np.arange(len(v)) == len(v) - 1
    mean = -65 + decay * (v + 65) + (1 - decay) * 16 + 2.0 * sent
    below = norm.cdf(edges, mean[:, None], sigma)
    below[:, 0] = 0.0
    micro = np.diff(np.concatenate([below, np.ones((len(v), 1))], axis=1), axis=1)
    top = 2 if alphabet == "ternary" else 1
    which = np.where(sent, top, (v >= -53.0).astype(int))
    chain = chain_prediction(micro, which, Q=model.state_by_state, steps=8, dt=5.0)
    assert found.exact is not None
    assert chain.exact is not None
    assert found.exact == pytest.approx(chain.exact, abs=2e-3)
    assert found.posterior == pytest.approx(chain.posterior, abs=3e-3)
    assert found.prior == pytest.approx(chain.prior, abs=3e-3)
    assert found.numeric < 1e-3


def test_two_units_on_the_grid_against_rows_of_the_simulator() -> None:
    cells = Partition.from_thresholds(TWO, -53.0)
    model = tpm.build(TWO, cells)
    found = network_prediction(TWO, cells, steps=4)
    assert found.exact is not None
    assert found.posterior is not None
    v = np.append(np.linspace(-85, -50.0001, 25), [-53.0001, -53, -50])
    states = np.array(list(every(v, v)))
    spiked = states >= -50
    macro = order.numbers(list(np.where(spiked, 2, states >= -53).T), (3, 3))
    edges = [[-53.0, -50.0]] * 2
    rows = quadrature_rows(TWO, states, 3, edges=edges, tolerance=1e-5).rows
    chain = np.linalg.matrix_power(model.state_by_state, 3)[macro]
    worst = float((0.5 * np.abs(rows - chain).sum(axis=1)).max())
    assert found.exact[2] == pytest.approx(worst, abs=2e-3)
    assert found.exact[2] >= worst - found.numeric
    assert np.all(found.exact <= found.posterior + 1e-3)
    assert np.all(found.posterior <= found.prior + 1e-12)
    assert found.verdict.startswith("this macro model does not predict even one step of 5 ms")


@pytest.mark.filterwarnings("ignore:dt =")
@pytest.mark.parametrize("alphabet", ["ternary", "binary"])
def test_bounds_of_any_network_hold_where_the_grid_knows_better(alphabet: Any) -> None:
    # Strong noise, weak synapses and long steps: there is something to predict.
    net = Network(
        neuron=models.lif(), weights=[[0, 0.5], [0.5, 0]], drive=14, noise=[4, 5], dt=40.0
    )
    cells = Partition.from_thresholds(net, -53.0, alphabet=alphabet)
    grid = network_prediction(net, cells, steps=6, tolerance=0.3)
    bounds = network_prediction(net, cells, steps=6, tolerance=0.3, method="bounds")
    assert grid.exact is not None
    assert bounds.exact is None
    # The grid starts within the declared range and may leave it, hardly ever.
    assert np.all(grid.exact <= bounds.bound + 1e-3)
    assert bounds.bound[-1] < 0.5
    assert (bounds.by_unit is None) == (alphabet == "binary")
    assert grid.horizon >= bounds.horizon
    assert grid.verdict.startswith("this macro model predicts to at least 240 ms")


@pytest.mark.filterwarnings("ignore:dt =")
def test_bounds_of_a_network_with_currents_hold_in_simulation() -> None:
    net = Network(
        neuron=models.cuba_lif(tau_syn=2.0),
        weights=np.full((4, 4), 1.0),
        drive=14.0,
        noise=5.0,
        dt=30.0,
    )
    cells = Partition.from_thresholds(net, -54.0)
    found = network_prediction(net, cells, steps=3)
    assert found.provenance is not None
    assert "synaptic current" in found.provenance["reason"]
    model = tpm.build(net, cells).state_by_state
    lanes = 40_000
    start = np.tile([[-53.9], [-70.0], [-60.0], [-50.0]], (1, lanes))
    begin = order.number((1, 0, 0, 2), cells.sizes)
    law = np.eye(len(model))[begin]
    for t, state in enumerate(run(net, micro_state(net, start), 3, rng=2)):
        law = law @ model
        macro = [
            u.classify(state.v[k], state.i[k], state.spiked[k]) for k, u in enumerate(cells.units)
        ]
        count = np.bincount(order.numbers(macro, cells.sizes), minlength=len(model)) / lanes
        noise = 0.5 * np.sqrt(law / lanes).sum()
        assert total_variation(count, law) <= found.bound[t] + noise
        assert found.by_unit is not None
        for k in range(4):
            alone = np.bincount(macro[k], minlength=3) / lanes
            said = np.bincount(order.states(cells.sizes)[:, k], law, minlength=3)
            assert total_variation(alone, said) <= found.by_unit[t, k] + 0.01
    assert found.bound[0] < 0.9


@pytest.mark.parametrize(
    "options", [{"refractory_steps": 2, "V_reset": -55.0}, {"reset": "subtract"}]
)
def test_other_resets_on_the_grid(options: dict[str, Any]) -> None:
    net = Network(neuron=models.lif(**options), weights=[[2.0]], drive=18, noise=3, dt=5.0)
    cells = Partition.from_thresholds(net, -53.0)
    found = network_prediction(net, cells, steps=3)
    model = tpm.build(net, cells).state_by_state
    v = np.concatenate(
        [np.linspace(-85, -50.001, 60), [-53.001, -52.999], np.linspace(-50, -44, 4)]
    )
    lanes, worst = 10_000, np.zeros(3)
    begin = micro_state(net, np.repeat(v, lanes)[None])
    if "refractory_steps" in options:  # one more step to hold, at V_reset
        begin = replace(begin, hold=np.where(begin.v < -84.9, 1, begin.hold))
        v[0] = begin.v[begin.v < -84.9] = -55.0
    here = np.where(v < -53, 0, np.where(v < -50, 1, 2))
    for t, state in enumerate(run(net, begin, 3, rng=4)):
        chain = np.linalg.matrix_power(model, t + 1)[here]
        macro = cells.units[0].classify(state.v[0], state.i[0], state.spiked[0])
        seen = np.eye(3)[macro].reshape(len(v), lanes, 3).mean(axis=1)
        worst[t] = (0.5 * np.abs(seen - chain).sum(axis=1)).max()
    assert found.exact is not None
    assert worst == pytest.approx(found.exact, abs=0.015)


def test_a_threshold_beyond_theta_leaves_two_cells_of_three() -> None:
    cells = Partition.from_thresholds(ONE, -45.0)
    found = network_prediction(ONE, cells, steps=3)
    binary = network_prediction(
        ONE, Partition.from_thresholds(ONE, -45.0, alphabet="binary"), steps=3
    )
    assert found.exact == pytest.approx(binary.exact, abs=1e-9)


def test_bad_questions_name_the_fault() -> None:
    chain = np.full((2, 2), 0.5)
    for arguments, message in (
        ({"P": np.ones((2, 3)), "cells": [0, 0]}, "P = "),
        ({"P": np.full((2, 2), 0.6), "cells": [0, 0]}, r"P\[0\]"),
        ({"P": [[np.nan, 1], [0.5, 0.5]], "cells": [0, 0]}, r"P\[0\]"),
        ({"P": chain, "cells": [0]}, "cells = "),
        ({"P": chain, "cells": [0, -1]}, "cells = "),
        ({"P": chain, "cells": [0.0, 1.0]}, "cells = "),
        ({"P": chain, "cells": [0, 2]}, "no empty cells"),
        ({"P": chain, "cells": [0, 1], "Q": [[1.0]]}, "the rows of Q"),
        ({"P": chain, "cells": [0, 1], "initial": [1.0]}, "initial"),
        ({"P": chain, "cells": [0, 1], "initial": [0.6, 0.6]}, r"initial\[0\]"),
        ({"P": chain, "cells": [0, 1], "steps": 0}, "steps = 0"),
        ({"P": chain, "cells": [0, 1], "dt": 0.0}, "dt = 0"),
        ({"P": chain, "cells": [0, 1], "tolerance": 1.0}, "tolerance = 1"),
    ):
        with pytest.raises(InputError, match=message):
            chain_prediction(**arguments)  # type: ignore[arg-type]
    cells = Partition.from_thresholds(ONE, -53.0)
    with pytest.raises(InputError, match="the TPM of units"):
        network_prediction(ONE, cells, tpm=TPM.from_state_by_node([[0.5], [0.5]]))
    still = Network(neuron=models.lif(), weights=[[2.0]], drive=16, dt=5.0)
    with pytest.raises(InputError, match="without noise"):
        network_prediction(still, cells, method="grid")
    assert network_prediction(still, cells).exact is None


def test_empty_cells_of_a_given_macro_chain_are_allowed() -> None:
    found = chain_prediction(np.full((2, 2), 0.5), [0, 2], Q=np.full((3, 3), 1 / 3), steps=2)
    assert found.exact == pytest.approx([1 / 3, 1 / 3])
