"""Floquet multipliers against closed forms, dense products and the variational equation."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from causal_snn.dynamics.cycle.adjoint import adjoint
from causal_snn.dynamics.cycle.cycles import Orbit, limit_cycle
from causal_snn.dynamics.cycle.floquet import multipliers
from causal_snn.dynamics.field import field
from causal_snn.models import fitzhugh_nagumo, hodgkin_huxley, morris_lecar
from causal_snn.models.neuron import NeuronModel


def chain(rng: np.random.Generator, count: int, modulus: Any, n: int) -> tuple[Any, Any]:
    """Transfer matrices and flow whose multipliers are 1 and the given ones."""
    values = np.concatenate([[1.0], modulus])
    frames = [np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(count)]
    upper = [np.triu(rng.normal(size=(n, n)), 1) + np.diag(np.ones(n)) for _ in range(count)]
    bases = [q @ u for q, u in zip(frames, upper, strict=True)]
    spread = rng.uniform(1, 2, size=(n, count))  # each multiplier's share of each interval
    spread /= spread.sum(axis=1, keepdims=True)
    steps = [
        np.diag(np.sign(values) ** (i == 0) * np.abs(values) ** spread[:, i]) for i in range(count)
    ]
    transfer = [bases[(i + 1) % count] @ steps[i] @ np.linalg.inv(bases[i]) for i in range(count)]
    flow = [basis[:, 0] for basis in bases]
    return np.array(transfer)[None], np.array(flow)[None]


@given(
    st.integers(1, 70),
    st.lists(st.floats(-60, 20), min_size=1, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_multipliers_over_eighty_orders_of_magnitude(
    count: Any, logs: Any, signs: Any, seed: Any
) -> None:
    logs = np.sort(logs)[::-1]
    # Each group well apart; moduli that nearly agree are ill-conditioned by themselves.
    logs = logs - 3.0 * np.arange(len(logs))
    values = np.exp(logs) * np.where(signs[: len(logs)], 1, -1)
    rng = np.random.default_rng(seed)
    transfer, flow = chain(rng, max(count, 2 * len(values) + 6), values, len(values) + 1)
    found = multipliers(transfer, flow)[0]
    assert abs(found[0] - 1) < 1e-6
    np.testing.assert_allclose(found[1:].real, values, rtol=1e-6)
    assert np.abs(found[1:].imag).max() == 0


@given(st.integers(1, 40), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_moderate_multipliers_are_those_of_the_product(count: Any, n: Any, seed: Any) -> None:
    rng = np.random.default_rng(seed)
    transfer = np.linalg.qr(rng.normal(size=(count, n, n)))[0] * rng.uniform(
        0.9, 1.1, (count, 1, 1)
    )
    product = np.linalg.multi_dot([np.eye(n), np.eye(n), *transfer[::-1]])
    # Make the first direction closed: rescale the last factor so that a vector maps to itself.
    start = rng.normal(size=n)
    end = product @ start
    onto = np.eye(n) + np.outer(start - end, end) / (end @ end)
    transfer[-1] = onto @ transfer[-1]
    product = onto @ product
    flow = [start]
    for factor in transfer[:-1]:
        flow.append(factor @ flow[-1])
    both = [
        multipliers(transfer[None], np.array(flow)[None], relative=kind)[0]
        for kind in (True, False)
    ]
    expected = np.linalg.eigvals(product)
    # Compare symmetric functions, which are well-conditioned: the characteristic polynomial.
    for found in both:
        assert abs(found[0] - 1) < 1e-9
        np.testing.assert_allclose(
            np.poly(found).real, np.poly(expected).real, atol=1e-9 * np.abs(np.poly(expected)).max()
        )


def variational(model: NeuronModel, orbit: Orbit) -> tuple[Any, Any]:
    """Monodromy matrix by integrating the variational equation along the orbit, rtol 1e-12."""
    of = field(model)
    n = of.n

    def rhs(_: float, z: Any) -> Any:
        f, jacobian = of.f_jac(z[:n])
        return np.concatenate([f, (jacobian @ z[n:].reshape(n, n)).ravel()])

    begin = np.concatenate([orbit.x[:, 0], np.eye(n).ravel()])
    run = solve_ivp(rhs, (0, orbit.period), begin, method="DOP853", rtol=1e-12, atol=1e-14)
    return run.y[:n, -1], run.y[n:, -1].reshape(n, n)


@pytest.mark.parametrize(
    ("model", "start"),
    [
        (hodgkin_huxley(I=50.0), None),
        (morris_lecar("hopf", I=120.0), None),
        (fitzhugh_nagumo(I=0.8), None),
    ],
    ids=["hodgkin_huxley", "morris_lecar", "fitzhugh_nagumo"],
)
def test_orbit_and_multipliers_agree_with_direct_integration(model: Any, start: Any) -> None:
    orbit = limit_cycle(model, guess=start, intervals=100)
    end, monodromy = variational(model, orbit)
    size = np.ptp(orbit.x, axis=1)
    assert (np.abs(end - orbit.x[:, 0]) < 3e-9 * size).all()
    expected = np.linalg.eigvals(monodromy)
    expected = expected[np.argsort(-np.abs(expected))][:2]
    assert expected[0] == pytest.approx(1, abs=1e-8)
    assert orbit.multipliers[0] == pytest.approx(1, abs=2e-5)
    assert orbit.multipliers[1] == pytest.approx(expected[1], rel=2e-7, abs=1e-11)


def test_product_of_multipliers_is_the_exponential_of_the_divergence() -> None:
    # Liouville: log det of the monodromy = integral of the trace of the Jacobian, here -73 and
    # more, far below what a product of matrices could resolve.
    orbit = limit_cycle(hodgkin_huxley(I=20.0), intervals=200)
    of = field(orbit.model)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    total = 0.0
    for a, b in zip(orbit.t[:-1], orbit.t[1:], strict=True):
        times = (a + b) / 2 + nodes * (b - a) / 2
        traces = [np.trace(of.jac(x)) for x in orbit.at(times).T[::5]]
        total += (b - a) / 2 * (weights[::5] @ traces) * weights.sum() / weights[::5].sum()
    logs = np.log(np.abs(orbit.multipliers[1:])).sum()
    assert logs == pytest.approx(total, rel=2e-3)
    assert np.abs(orbit.multipliers[-1]) < 1e-40


@pytest.mark.parametrize(
    ("model", "size"),
    [(hodgkin_huxley(I=50.0), (1e-3, 1e-6)), (morris_lecar("hopf", I=120.0), (1e-3, 1e-6))],
    ids=["hodgkin_huxley", "morris_lecar"],
)
def test_adjoint_measures_the_shift_of_later_spikes(model: Any, size: Any) -> None:
    # Against its definition: perturb, let the perturbation die out, compare the phases.
    orbit = limit_cycle(model, intervals=100)
    of = field(model)
    z = adjoint(orbit)
    np.testing.assert_allclose((z * of.batch(orbit.x)).sum(axis=0)[::5], 1, atol=2e-8)
    cycles = int(np.ceil(np.log(1e-6) / np.log(abs(orbit.multipliers[1]))))
    for k, i in ((150, 0), (310, 1)):
        x = orbit.x[:, k]
        ends = []
        for sign in (-1, 1):
            begin = x + sign * size[i] * np.eye(of.n)[i]
            run = solve_ivp(
                lambda _, y: of.f(y),
                (0, cycles * orbit.period),
                begin,
                method="DOP853",
                rtol=1e-10,
                atol=1e-12,
            )
            ends.append(run.y[:, -1])
        # Both ends lie on the cycle near x: their distance in time is the shift.
        shift = (ends[1] - ends[0]) @ of.f(x) / (of.f(x) @ of.f(x))
        assert shift / (2 * size[i]) == pytest.approx(z[i, k], rel=3e-4)


def test_adjoint_of_an_unstable_cycle_is_periodic_and_normalised() -> None:
    from causal_snn.dynamics.continuation.continuation import continue_equilibria
    from causal_snn.dynamics.cycle.cycles import continue_cycles

    branch = continue_equilibria(morris_lecar("hopf"), "I", (80, 100))
    cycle = continue_cycles(branch, stop_after={"LPC": 1}).at(91.0)[0]
    assert not cycle.stable
    z = adjoint(cycle)
    assert np.abs(z[:, 0] - z[:, -1]).max() == 0
    flow = field(cycle.model).batch(cycle.x)
    np.testing.assert_allclose((z * flow).sum(axis=0)[::5], 1, atol=1e-7)
