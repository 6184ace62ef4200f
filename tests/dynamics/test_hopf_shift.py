"""The shift of a Hopf point by the time step, against closed forms and the flow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from causal_snn import models
from causal_snn.dynamics.equilibrium.equilibria import equilibria
from causal_snn.dynamics.implementation.continuation import continue_map
from causal_snn.dynamics.implementation.discretised import discretise
from causal_snn.dynamics.implementation.shift_of_hopf import shift_of_hopf
from causal_snn.errors import InputError
from causal_snn.models.define import define
from causal_snn.models.schemes import SCHEMES

A, B = 0.02, 0.2


def izhikevich_current(dt: float) -> float:
    """I at which the determinant of forward Euler's Jacobian is 1."""
    slope = A * (1 - dt * B) / (1 - dt * A)
    return 4.0 - (B - slope) ** 2 / 0.16


def test_small_steps_have_the_lyapunov_coefficient_of_the_flow() -> None:
    shift = shift_of_hopf(models.hodgkin_huxley(), "euler", "I", (0, 200), [1e-6])
    assert shift.l1[0] == pytest.approx(0.01479364813, rel=1e-4)
    assert shift.values[0] == pytest.approx(9.7754379953931, abs=2e-5)


def test_shift_of_izhikevich_in_closed_form() -> None:
    dts = [0.1, 1.0, 5.0, 20.0, 24.0, 30.0]
    shift = shift_of_hopf(models.izhikevich(), "euler", "I", (0, 4), dts)
    expected = [izhikevich_current(dt) for dt in dts[:5]]
    np.testing.assert_allclose(shift.values[:5], expected, atol=1e-11)
    assert np.isnan(shift.values[5])
    assert shift.slope == pytest.approx(-2 * A * (B - A) ** 2 / 0.16, rel=1e-10)
    # trace -2: dt^2 a (b - a) = 4 (1 - dt a)
    end = np.roots([A * (B - A), 4 * A, -4.0]).max()
    assert shift.end == pytest.approx(end, rel=1e-9)
    assert "1:2" in shift.message
    assert shift.chenciner == pytest.approx([1 / (B - A)], rel=1e-9)
    assert shift.criticality[1] == "subcritical"
    assert shift.criticality[3] == "supercritical"
    assert shift.flips == ()
    assert shift.tolerance < 1e-10


def test_order_of_the_schemes() -> None:
    dts = [1e-2, 2e-2]
    for scheme, order in (("euler", 1), ("published", 1), ("midpoint", 3)):
        # |1 + z + z^2/2|^2 = 1 + |z|^4/4 on the imaginary axis: dt^3 per unit of time
        shift = (
            shift_of_hopf(models.fitzhugh_nagumo(), scheme, "I", (0, 1), dts)
            if (scheme != "published")
            else shift_of_hopf(models.izhikevich(), scheme, "I", (0, 4), dts)
        )
        assert shift.order == pytest.approx(order, abs=0.02)


def test_slope_of_hodgkin_huxley_from_its_eigenvalues() -> None:
    # |1 + dt lambda| = 1: 2 Re lambda + dt |lambda|^2 = 0, so dI/d(dt) = -omega^2/(2 dRe/dI)
    shift = shift_of_hopf(models.hodgkin_huxley(), "euler", "I", (0, 200), [0.3, 0.5])
    hopf = shift.hopf
    real = []
    for current in (hopf.value - 1e-3, hopf.value + 1e-3):
        rest = equilibria(models.hodgkin_huxley(), I=current)[0]
        real.append(rest.eigenvalues[rest.eigenvalues.imag > 0].real[0])
    rate = (real[1] - real[0]) / 2e-3
    assert shift.slope == pytest.approx(-(0.58623381313**2) / (2 * rate), rel=1e-5)
    assert shift.boundary.tolist() == [True, False]
    (flip,) = shift.flips
    both = shift_of_hopf(models.hodgkin_huxley(), "euler", "I", (0, 200), [flip])
    multipliers = discretise(
        models.hodgkin_huxley(I=float(both.values[0])), "euler", flip
    ).multipliers(both.states[0])
    np.testing.assert_allclose(np.sort(np.abs(multipliers))[1:], 1.0, atol=1e-8)
    assert multipliers.real.min() == pytest.approx(-1.0, abs=1e-8)


@pytest.mark.parametrize(("order", "cosine"), [("1:3", -0.5), ("1:4", 0.0)])
def test_strong_resonances_are_named(order: str, cosine: float) -> None:
    # trace 2 cos(theta): dt^2 a (b - a) = (2 - 2 cos) (1 - dt a)
    turn = 2 - 2 * cosine
    dt = float(np.roots([A * (B - A), turn * A, -turn]).max())
    shift = shift_of_hopf(models.izhikevich(), "euler", "I", (0, 4), [dt])
    assert shift.criticality == (f"resonance {order}",)
    branch = continue_map(models.izhikevich(), "euler", "I", (3, 4), dt=dt)
    assert branch.special["NS1"].details["resonance"] == order
    assert branch.special["NS1"].criticality == ""


def test_time_steps_agree_with_the_branch() -> None:
    shift = shift_of_hopf(models.morris_lecar(), "exponential_euler", "I", (0, 250), [2.0, 0.5])
    assert shift.dts.tolist() == [0.5, 2.0]
    for dt, value, l1 in zip(shift.dts, shift.values, shift.l1, strict=True):
        branch = continue_map(models.morris_lecar(), "exponential_euler", "I", (0, 250), dt=dt)
        assert branch.special["NS1"].value == pytest.approx(value, abs=1e-9)
        assert branch.special["NS1"].l1 == pytest.approx(l1, rel=1e-6)
    assert list(shift.to_dataframe()["dt"]) == [0.5, 2.0]


def test_hopf_point_of_a_saddle() -> None:
    # the pair m +- i beside a multiplier 1 + dt/5 outside: 2 m + dt (m^2 + 1) = 0
    rates = {"x": "m*x - y - x*(x**2 + y**2)", "y": "x + m*y - y*(x**2 + y**2)", "z": "z/5"}
    neuron = define("saddle", drift=rates, parameters={"m": -1.0})
    shift = shift_of_hopf(neuron, "euler", "m", (-0.8, 0.5), [0.1, 0.5])
    np.testing.assert_allclose(shift.values, [-0.05012562893380045, -2 + math.sqrt(3)], rtol=1e-10)
    assert shift.boundary.tolist() == [False, False]
    assert not shift.boundary_of_flow
    assert shift.flips == ()
    assert shift.criticality == ("supercritical", "supercritical")


@pytest.mark.parametrize("dt", [0, -0.1, math.inf, math.nan, "1", None])
def test_bad_steps(dt: Any) -> None:
    with pytest.raises(InputError, match="dts"):
        shift_of_hopf(models.izhikevich(), "euler", "I", (0, 4), [dt])


def test_bad_input_is_named() -> None:
    neuron = models.izhikevich()
    with pytest.raises(InputError, match="no Hopf point"):
        shift_of_hopf(neuron, "euler", "I", (0, 3), [1.0])
    with pytest.raises(InputError, match=r"HB1 at 3\.7975"):
        shift_of_hopf(neuron, "euler", "I", (0, 4), [1.0], hopf="HB2")
    with pytest.raises(InputError, match="no Hopf point"):
        shift_of_hopf(models.eif(), "euler", "I", (0, 500), [1.0])
    with pytest.raises(InputError, match="at least one"):
        shift_of_hopf(neuron, "euler", "I", (0, 4), [])
    with pytest.raises(InputError, match="did you mean"):
        shift_of_hopf(neuron, "euller", "I", (0, 4), [1.0])


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [*SCHEMES])
def test_every_scheme_starts_at_both_hopf_points_of_hodgkin_huxley(scheme: str) -> None:
    for name, value, l1 in (
        ("HB1", 9.7754379953931, 0.01479364813),
        ("HB2", 154.52243366581, -0.004728502695),
    ):
        shift = shift_of_hopf(models.hodgkin_huxley(), scheme, "I", (0, 200), [1e-6], hopf=name)
        assert shift.values[0] == pytest.approx(value, abs=2e-4)
        assert shift.l1[0] == pytest.approx(l1, rel=1e-3)
