"""The collocation equations: order, linear algebra, mesh, against closed forms and dense solves."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn.dynamics.cycle.collocation import Loop, curve, scheme, times_of
from causal_snn.dynamics.cycle.condense import back, condense, eliminate
from causal_snn.dynamics.cycle.corrector import correct
from causal_snn.dynamics.cycle.mesh import equidistribute, uniform
from causal_snn.dynamics.cycle.orbit import extremes
from causal_snn.dynamics.cycle.problem import Problem
from causal_snn.dynamics.field import field
from causal_snn.models import define, hodgkin_huxley

# r' = r(1 - r^2), theta' = 1 + a r cos(theta) - written in x = r cos(theta), y = r sin(theta).
# On the circle r = 1 the period is 2 pi/sqrt(1 - a^2).
UNEVEN = define(
    "uneven",
    drift={
        "x": "x*(1 - x**2 - y**2) - y*(1 + a*x)",
        "y": "y*(1 - x**2 - y**2) + x*(1 + a*x)",
    },
    parameters={"a": 0.6},
)
EXACT = 2 * np.pi / 0.8
FINE = np.linspace(0, 1, 401)


def solved(intervals: int, degree: int) -> Loop:
    of = field(UNEVEN)
    times = times_of(uniform(intervals), degree)
    angle = 2 * np.pi * times
    values = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    guess = curve(uniform(intervals), degree, values, 7.0, 0.6)
    problem = Problem(of, 0, degree, np.full(2, 2.0), 1.0, 1e-14)
    found = correct(problem, guess, phase=problem.velocity(guess), most=20)
    assert found.converged
    return found.loop


@pytest.mark.parametrize("degree", [2, 3, 4, 5])
def test_tables_integrate_and_differentiate_polynomials_exactly(degree: Any) -> None:
    tables = scheme(degree)
    s = tables.points
    for power in range(degree + 1):
        np.testing.assert_allclose(
            tables.slope @ s**power, power * s[1:] ** max(power - 1, 0), atol=1e-12
        )
        assert tables.end @ s**power == pytest.approx(1, abs=1e-12)
    for power in range(2 * degree):  # Gauss: exact to degree 2m - 1
        assert tables.weights @ s[1:] ** power == pytest.approx(1 / (power + 1), abs=1e-14)


@pytest.mark.parametrize(("degree", "coarse"), [(2, 32), (3, 16), (4, 14)])
def test_mesh_values_superconverge_with_order_two_m(degree: Any, coarse: Any) -> None:
    # The period's error is O(h^2m), that between mesh points O(h^(m+1)).
    errors = [abs(solved(k * coarse, degree).period - EXACT) for k in (1, 2)]
    order = np.log2(errors[0] / errors[1])
    assert 2 * degree - 0.7 < order < 2 * degree + 1.5
    nodes, inside = [], []
    for k in (1, 2):
        loop = solved(k * coarse, degree)
        nodes.append(np.abs(np.hypot(*loop.u.T) - 1).max())
        tau = np.linspace(0, 1, 4001)
        inside.append(np.abs(np.hypot(*loop.evaluate(tau).T) - 1).max())
    assert np.log2(nodes[0] / nodes[1]) > 2 * degree - 0.8
    assert degree + 0.2 < np.log2(inside[0] / inside[1]) < 2 * degree - 0.4


def test_newton_converges_quadratically_with_the_parameter_free_too() -> None:
    of = field(UNEVEN)
    loop = solved(30, 4)
    problem = Problem(of, 0, 4, np.full(2, 2.0), 1.0, 0.0)
    across = Loop(loop.mesh, 0 * loop.u, 0 * loop.y, 0.0, 1.0)
    start = correct(problem, loop, phase=problem.velocity(loop), along=across)
    assert start.tangent is not None
    for along, step in ((start.tangent, 0.25), (None, 0.0)):
        guess = loop.plus(step, start.tangent)
        if along is None:
            guess = replace(loop, u=1.05 * loop.u, y=1.05 * loop.y, period=7.0)
        found = correct(problem, guess, phase=problem.velocity(guess), along=along)
        d = np.array(found.corrections)
        d = d[(d < 0.3) & (d > 1e-13)]
        orders = np.log(d[2:] / d[1:-1]) / np.log(d[1:-1] / d[:-2])
        assert len(orders) > 0
        assert orders[-1] > 1.7


@given(
    st.integers(2, 40),
    st.integers(1, 4),
    st.integers(0, 2),
    st.integers(2, 5),
    st.integers(0, 2**32 - 1),
)
def test_condensed_solution_is_that_of_the_full_matrix(
    count: Any, n: Any, scalars: Any, m: Any, seed: Any
) -> None:
    rng = np.random.default_rng(seed)
    tables = scheme(m)
    jacobian = rng.normal(size=(count, m, n, n))
    width = rng.uniform(0.05, 0.5, size=count)
    columns = rng.normal(size=(count, m, n, scalars + 1))
    ends = rng.normal(size=(count, n))
    rows = rng.normal(size=(count, scalars, m, n))
    corner, rest = rng.normal(size=(scalars, scalars)), rng.normal(size=scalars)

    size = n * (m + 1)
    full = np.zeros((count * size + scalars, count * size + scalars))
    right = np.zeros(len(full))
    for i in range(count):
        here, after = i * size, (i + 1) % count * size
        for j in range(m):
            row = here + j * n
            for k in range(m + 1):
                full[row : row + n, here + k * n : here + (k + 1) * n] += tables.slope[
                    j, k
                ] * np.eye(n)
            at = slice(here + (j + 1) * n, here + (j + 2) * n)
            full[row : row + n, at] -= width[i] * jacobian[i, j]
            full[row : row + n, count * size :] = columns[i, j, :, :scalars]
            right[row : row + n] = -columns[i, j, :, -1]
            full[count * size :, at] = rows[i, :, j]
        row = here + m * n
        for k in range(m + 1):
            full[row : row + n, here + k * n : here + (k + 1) * n] += tables.end[k] * np.eye(n)
        full[row : row + n, after : after + n] -= np.eye(n)
        right[row : row + n] = -ends[i]
    full[count * size :, count * size :] = corner
    right[count * size :] = -rest
    expected = np.linalg.solve(full, right)

    system = condense(
        eliminate(tables, jacobian, width, columns, ends),
        rows.reshape(count, scalars, m * n),
        corner,
        rest,
    )
    u, y, s = back(system, np.linalg.solve(system.matrix, -system.constant), 1.0)
    found = np.concatenate([u[:, None], y.reshape(count, m, n)], axis=1).ravel()
    scale = np.abs(expected).max() * np.linalg.cond(full)
    np.testing.assert_allclose(np.concatenate([found, s]), expected, rtol=0, atol=1e-13 * scale)


def spike(tau: Any) -> Any:
    return np.exp(-(((tau - 0.3) / 0.02) ** 2))


def test_mesh_follows_the_spike_and_reproduces_the_orbit() -> None:
    # A curve flat but for one narrow spike: most mesh points go there.
    mesh, tau = uniform(60), np.linspace(0, 1, 2001, endpoint=False)
    errors = []
    for _ in range(4):
        loop = curve(mesh, 4, spike(times_of(mesh, 4))[..., None], 1.0, 0.0)
        errors.append(np.abs(loop.evaluate(tau)[:, 0] - spike(tau)).max())
        mesh = equidistribute(loop, np.ones(1))
    assert mesh[0] == 0
    assert mesh[-1] == 1
    assert (np.diff(mesh) > 0).all()
    assert ((mesh > 0.2) & (mesh < 0.4)).mean() > 0.6
    assert errors[-1] < errors[0] / 100
    fine = loop.on(equidistribute(loop, np.ones(1), 400))
    assert np.abs(fine.evaluate(tau) - loop.evaluate(tau)).max() < errors[-1]
    assert np.abs(loop.on(loop.mesh).y - loop.y).max() < 1e-12


def test_mesh_of_a_constant_curve_is_nearly_uniform() -> None:
    loop = curve(uniform(10), 4, np.ones((10, 5, 2)), 1.0, 0.0)
    np.testing.assert_allclose(equidistribute(loop, np.ones(2)), uniform(10), atol=0.02)


@given(st.integers(0, 2**32 - 1))
def test_extremes_are_those_of_the_polynomials(seed: Any) -> None:
    rng = np.random.default_rng(seed)
    size, angle = rng.normal(size=(2, 4, 3))

    def wave(tau: Any) -> Any:
        turns = 2 * np.pi * np.arange(1, 5)[:, None] * tau[..., None, None]
        return (size * np.sin(turns + angle)).sum(axis=-2)

    mesh = np.concatenate([[0], np.cumsum(rng.uniform(0.5, 1.5, 30))])
    mesh /= mesh[-1]
    loop = curve(mesh, 4, wave(times_of(mesh, 4)), 1.0, 0.0)
    most, least = extremes([loop, loop])
    # Each polynomial by itself, over its whole closed interval.
    fits = [np.polyfit(scheme(4).points, table, 4) for table in loop.table]
    fine = np.concatenate([np.array([np.polyval(c, FINE) for c in fit.T]).T for fit in fits])
    np.testing.assert_allclose(most[0], fine.max(axis=0), atol=1e-5)  # of the samples
    np.testing.assert_allclose(least[1], fine.min(axis=0), atol=1e-5)
    assert (most[0] >= fine.max(axis=0) - 1e-10).all()
    assert (least[0] <= fine.min(axis=0) + 1e-10).all()


def test_scales_keep_units_out_of_the_step() -> None:
    # The inner product of two changes does not depend on the unit of a state.
    of = field(hodgkin_huxley())
    rng = np.random.default_rng(1)
    a, b = (curve(uniform(9), 4, rng.normal(size=(9, 5, 4)), 1.0, 0.5) for _ in range(2))
    scale = np.array([100.0, 1.0, 0.5, 0.4])
    unit = np.array([1e-3, 1e3, 1.0, 7.0])
    problem = Problem(of, of.index("I"), 4, scale, 3.0, 1e-10)
    other = replace(problem, scale=scale * unit)
    moved = [replace(x, u=x.u * unit, y=x.y * unit) for x in (a, b)]
    assert other.inner(moved[0], moved[1], 2.0) == pytest.approx(
        problem.inner(a, b, 2.0), rel=1e-12
    )
