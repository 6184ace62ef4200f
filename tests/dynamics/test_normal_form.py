"""Normal forms against the classical formula in real coordinates, and in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.continuation.normal_form import (
    first_lyapunov,
    fold_normal_form,
    hopf_normal_form,
)
from causal_snn.dynamics.field import field
from causal_snn.errors import InputError
from causal_snn.models.define import define

QUADRATIC = ("xx", "xy", "yy")
CUBIC = ("xxx", "xxy", "xyy", "yyy")
NAMES = [f"{rate}{term}" for rate in "fg" for term in (*QUADRATIC, *CUBIC)]
GENERAL = define(
    "general",
    drift={
        "x": "-w*y + " + " + ".join(f"f{t}*{'*'.join(t)}" for t in (*QUADRATIC, *CUBIC)),
        "y": "w*x + " + " + ".join(f"g{t}*{'*'.join(t)}" for t in (*QUADRATIC, *CUBIC)),
    },
    parameters=dict.fromkeys(["w", *NAMES], 1.0),
)

coefficient = st.floats(-3, 3)


@given(st.lists(coefficient, min_size=14, max_size=14), st.floats(0.05, 20))
def test_c1_is_that_of_guckenheimer_and_holmes(values: list[float], w: float) -> None:
    """Nonlinear Oscillations (1983), eq. 3.4.11: r' = a r^3; |z| = r/sqrt(2), so Re c1 = 2 a."""
    c = dict(zip(NAMES, values, strict=True))
    form = hopf_normal_form(field(GENERAL, w=w, **c), np.zeros(2))
    # their f_xx is a second derivative, twice the coefficient of x^2, and so on
    fxx, fxy, fyy = 2 * c["fxx"], c["fxy"], 2 * c["fyy"]
    gxx, gxy, gyy = 2 * c["gxx"], c["gxy"], 2 * c["gyy"]
    cubic = 6 * c["fxxx"] + 2 * c["fxyy"] + 2 * c["gxxy"] + 6 * c["gyyy"]
    mixed = fxy * (fxx + fyy) - gxy * (gxx + gyy) - fxx * gxx + fyy * gyy
    a = cubic / 16 + mixed / (16 * w)
    size = 1.0 + (abs(fxy) + abs(fxx) + abs(gxx) + abs(gxy) + abs(fyy) + abs(gyy)) ** 2 / w
    assert form.omega == pytest.approx(w, rel=1e-14)
    assert form.c1.real == pytest.approx(2 * a, abs=1e-13 * size)
    assert np.vdot(form.q, form.q) == pytest.approx(1, abs=1e-14)
    assert np.vdot(form.p, form.q) == pytest.approx(1, abs=1e-14)


def test_centre_is_degenerate() -> None:
    """Without nonlinear terms, or with the Hamiltonian x'' = -x - x^2, nothing is born."""
    zero = dict.fromkeys(NAMES, 0.0)
    assert hopf_normal_form(field(GENERAL, **zero), np.zeros(2)).criticality == "degenerate"
    hamiltonian = {**zero, "gxx": -1.0}
    assert hopf_normal_form(field(GENERAL, **hamiltonian), np.zeros(2)).criticality == "degenerate"
    cubic = {**zero, "fxxx": -1e-6}
    assert hopf_normal_form(field(GENERAL, **cubic), np.zeros(2)).criticality == "supercritical"


def test_conventions() -> None:
    """MATCONT prints omega times Kuznetsov's coefficient: HH has 0.0147936 * 0.5862338."""
    point = continue_equilibria(models.hodgkin_huxley(), "I", (0, 20)).special["HB1"]
    assert first_lyapunov(point) == pytest.approx(0.01479364813, rel=1e-9)
    matcont = first_lyapunov(point, convention="matcont")
    assert matcont == pytest.approx(0.01479364813 * 0.58623381313, rel=1e-9)


def test_resonance_is_degenerate_not_a_crash() -> None:
    """With a second pair at 2i omega the cubic normal form does not exist."""
    model = define(
        "resonant",
        drift={"x": "-y", "y": "x", "u": "-2*w + x**2", "w": "2*u"},
        parameters={"unused": 0.0},
    )
    form = hopf_normal_form(field(model), np.zeros(4), omega=1.0)
    assert form.criticality == "degenerate"
    assert np.isnan(form.l1())


def test_the_pair_is_chosen_by_its_frequency() -> None:
    """Two oscillators with cubic damping 1 and 3, in one model of four states."""
    model = define(
        "two",
        drift={
            "x": "-y - x*(x**2 + y**2)",
            "y": "x - y*(x**2 + y**2)",
            "u": "-5*w - 3*u*(u**2 + w**2)",
            "w": "5*u - 3*w*(u**2 + w**2)",
        },
        parameters={"unused": 0.0},
    )
    f = field(model)
    for omega, damping in ((1.0, 1.0), (5.0, 3.0)):
        form = hopf_normal_form(f, np.zeros(4), omega=omega)
        assert form.omega == pytest.approx(omega)
        assert form.c1.real == pytest.approx(-2 * damping, rel=1e-13)


def test_amplitude_is_what_c1_foretells() -> None:
    """Just beyond a supercritical Hopf point the cycle has |z|^2 = -growth/Re c1."""
    from scipy.integrate import solve_ivp

    model = define(
        "selkov",
        drift={"x": "-x + a*y + x**2*y", "y": "b - a*y - x**2*y"},
        parameters={"a": 0.06, "b": 0.0},
        domain={"x": (0, 3), "y": (0, 10)},
    )
    point = continue_equilibria(model, "b", (0.1, 0.6)).special.of("HB")[0]
    form = hopf_normal_form(field(point.model), point.state)
    assert form.criticality == "supercritical"
    b = point.value + 5e-4
    state = np.array([b, b / (0.06 + b**2)])
    growth = np.linalg.eigvals(field(model, b=b).jac(state)).real.max()
    assert growth > 0
    radius = np.sqrt(-growth / form.c1.real)
    begin = state + 2 * radius * form.q.real

    def rates(_: float, x: list[float]) -> list[float]:
        flux = 0.06 * x[1] + x[0] ** 2 * x[1]
        return [-x[0] + flux, b - flux]

    end = 5 / growth
    run = solve_ivp(
        rates,
        (0, end),
        begin,
        method="LSODA",
        rtol=1e-8,
        atol=1e-11,
        t_eval=np.linspace(end - 40, end, 2000),
    )
    assert np.ptp(run.y[0]) / 2 == pytest.approx(2 * radius * abs(form.q[0]), rel=0.01)


def test_fold_coefficients_of_theta_neuron() -> None:
    """theta' = (1 - cos theta) + (1 + cos theta) I is 2 I + theta^2/2 + ... at the origin."""
    form = fold_normal_form(field(models.theta_neuron()), np.zeros(1), "I")
    assert (form.a, form.b) == pytest.approx((0.5, 2.0), abs=1e-15)


def test_fold_of_izhikevich_in_closed_form() -> None:
    """With q ~ (1, b), p ~ (a, -1)/(a - b): a = 0.04 a/((a - b) |q|), b = a/(a - b) |q|."""
    a, b = 0.02, 0.2
    state = np.array([-60.0, -12.0])
    form = fold_normal_form(field(models.izhikevich(), I=4.0), state, "I")
    size = np.hypot(1.0, b)
    assert form.a == pytest.approx(0.04 * a / ((a - b) * size), rel=1e-9)
    assert form.b == pytest.approx(a / (a - b) * size, rel=1e-9)


def test_bad_input_is_named() -> None:
    saddle = define("saddle", drift={"x": "x", "y": "-y"}, parameters={"r": 0.0})
    with pytest.raises(InputError, match="its eigenvalues are real"):
        hopf_normal_form(field(saddle), np.zeros(2))
    fold = continue_equilibria(models.qif(), "I", (-1, 1)).special["LP1"]
    with pytest.raises(InputError, match=r"point = .*a Hopf point \(HB\)"):
        first_lyapunov(fold)
    point = continue_equilibria(models.fitzhugh_nagumo(), "I", (0, 1)).special["HB1"]
    with pytest.raises(InputError, match="convention = 'auto'"):
        first_lyapunov(point, convention="auto")  # type: ignore[arg-type]
