"""T* over time step, noise and weight, against closed forms written apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from causal_snn import models
from causal_snn.coarse.phase_diagram import phase_diagram
from causal_snn.coarse.result import Verdict
from causal_snn.errors import InputError
from causal_snn.models import Network, zoo


def pair(w: float = 3.0, *, drive: float = 14.0, dt: float = 1.0) -> Network:
    return Network(neuron=models.lif(), weights=[[0, w], [w, 0]], drive=drive, noise=4.0, dt=dt)


def expected(dt: float, sd: float, w: float, drive: float, low: float = -90.0) -> float:
    """Solve for T* on [low, theta): E = -65, theta = -50, tau = 20, contexts 0 and w."""
    a = math.exp(-dt / 20.0)
    m = [-65.0 + (15.0 - (1.0 - a) * drive - c) / a for c in (0.0, w)]
    s = sd * math.sqrt(1.0 - a * a) / a

    def p(v: float, k: int) -> float:
        return float(norm.cdf((v - m[k]) / s))

    def left_minus_right(t: float) -> float:
        left = max(p(t, k) - p(low, k) for k in (0, 1))
        return left - max(p(-50.0, k) - p(t, k) for k in (0, 1))

    return float(brentq(left_minus_right, low, -50.0, xtol=1e-11))


@given(
    dt=st.floats(0.5, 10.0), sd=st.floats(2.0, 6.0), w=st.floats(0.0, 4.0), drive=st.floats(5, 20)
)
def test_every_point_is_the_root_of_the_two_diameters(
    dt: float, sd: float, w: float, drive: float
) -> None:
    diagram = phase_diagram(
        pair(1.0, drive=drive), "A", dt=dt, noise=sd, weight=w, potentials=(-90.0, -50.0)
    )
    (found,) = diagram.threshold.ravel()
    assert found == pytest.approx(expected(dt, sd, w, drive), abs=1e-6)
    assert diagram.results[0, 0, 0].certificate.verify()


def test_axes_are_in_order_and_default_to_the_network() -> None:
    net = pair()
    diagram = phase_diagram(net, 1, dt=[0.5, 1.0, 2.0], weight=[0.0, 1.0])
    assert diagram.threshold.shape == (3, 1, 2)
    assert diagram.noise.tolist() == [4.0]
    assert diagram.label == "B"
    table = diagram.to_xarray()
    assert table["threshold"].dims == ("dt", "noise", "weight")
    assert table["threshold"].sel(dt=2.0, weight=1.0).item() == diagram.threshold[2, 0, 1]
    assert np.all(diagram.of("lower") <= diagram.epsilon)


def test_without_weights_all_units_are_alone() -> None:
    both = phase_diagram(pair(9.0), "A", weight=[0.0])
    alone = Network(neuron=models.lif(), weights=[[0.0]], drive=14.0, noise=4.0, dt=1.0)
    assert both.threshold.item() == phase_diagram(alone, 0).threshold.item()


def test_undriven_units_have_no_on_cell_anywhere() -> None:
    net = Network(neuron=models.lif(), weights=[[0.0]], noise=4.0, dt=1.0)
    diagram = phase_diagram(net, 0, dt=[0.5, 5.0], noise=[1.0, 4.0])
    assert set(diagram.verdict.ravel()) == {Verdict.ON_EMPTY.short}


def test_noise_may_vanish_and_dt_may_exceed_tau() -> None:
    diagram = phase_diagram(pair(drive=30.0), 0, dt=[1.0, 25.0], noise=[0.0, 2.0])
    assert np.all(np.isfinite(diagram.threshold))
    assert diagram.epsilon[0, 0, 0] in (0.0, 1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt": []}, r"dt = \[\]: one finite number"),
        ({"noise": [1.0, math.nan]}, "noise = .*one finite number"),
        ({"noise": [-1.0]}, "noise = .*0 or more"),
        ({"dt": [0.0]}, "dt"),
        ({"weight": [math.inf]}, "weight = .*finite"),
    ],
)
def test_bad_axes_are_refused(options: dict[str, list[float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        phase_diagram(zoo.half_centre(), 0, **options)  # type: ignore[arg-type]


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(InputError, match="name = 'T': one of 'threshold'"):
        phase_diagram(pair(), 0).of("T")
