"""Phase planes and lines: reference equilibria, projections, windows, orbits, bad input."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_snn import models
from causal_snn.dynamics.plane.phase_line import PhaseLine, phase_line
from causal_snn.dynamics.plane.phase_plane import PhasePlane, phase_plane
from causal_snn.dynamics.plane.projection import project
from causal_snn.errors import InputError, StageWarning

Floats = NDArray[np.float64]


def plane_of(model: Any, **options: Any) -> PhasePlane:
    plane = phase_plane(model, **options)
    assert isinstance(plane, PhasePlane)
    return plane


def line_of(model: Any, **options: Any) -> PhaseLine:
    line = phase_plane(model, **options)
    assert isinstance(line, PhaseLine)
    return line


def test_the_equilibrium_that_grid_searches_miss() -> None:
    # Newton in 30 digits; BrainPy 2.8.2 finds no fixed point here
    plane = plane_of(models.morris_lecar("hopf"), I=90.0)
    (point,) = plane.equilibria
    assert point.state == pytest.approx([-26.596866969698, 0.12937932335924], abs=1e-12)
    assert point.kind == "stable focus"
    assert plane.equilibria.complete
    assert plane.holds(point.state)


def test_fitzhugh_nagumo_reference() -> None:
    plane = plane_of(models.fitzhugh_nagumo(), I=0.8)
    (point,) = plane.equilibria
    assert point.state == pytest.approx([-0.2729009589973, 0.53387380125338], abs=1e-13)


def test_nullclines_cross_at_the_equilibria() -> None:
    plane = plane_of(models.morris_lecar("snlc"), I=35.0)
    assert [p.kind for p in plane.equilibria] == ["stable node", "saddle", "unstable focus"]
    for point in plane.equilibria:
        for curve in plane.nullclines:
            points = np.concatenate(curve.pieces, axis=1)
            away = (points - point.state[:, None]) / [[140.0], [1.0]]
            assert np.hypot(*away).min() < 0.005
    assert len(plane.manifolds) == 4


def test_direction_field_is_the_drift() -> None:
    plane = plane_of(models.fitzhugh_nagumo(), I=0.5, grid=(5, 4))
    assert plane.grid.shape == plane.drift.shape == (2, 4, 5)
    v, w = plane.grid
    np.testing.assert_allclose(plane.drift[0], v - v**3 / 3 - w + 0.5, atol=1e-14)
    np.testing.assert_allclose(plane.drift[1], 0.08 * (v + 0.7 - 0.8 * w), atol=1e-15)
    assert v.min() > plane.window["v"][0]
    assert np.all(np.diff(v, axis=1) > 0)
    assert np.all(np.diff(w, axis=0) > 0)


def test_axes_may_be_swapped() -> None:
    straight = plane_of(models.fitzhugh_nagumo(), I=0.5, trajectories=[(-1.0, -0.5)])
    starts = [(-0.5, -1.0), {"v": -1.0, "w": -0.5}]
    swapped = plane_of(models.fitzhugh_nagumo(), x="w", I=0.5, trajectories=starts)
    assert (swapped.x, swapped.y) == ("w", "v")
    (a,), (b, named) = straight.trajectories, swapped.trajectories
    np.testing.assert_array_equal(b.x, named.x)
    np.testing.assert_array_equal(straight.xy(a.x), swapped.xy(b.x)[::-1])
    assert swapped.xy(swapped.grid).shape == (2, 18, 24)
    assert np.all(np.diff(swapped.xy(swapped.grid)[0], axis=1) > 0)
    assert np.all(np.diff(swapped.xy(swapped.grid)[1], axis=0) > 0)


def hh_gates(V: Floats) -> tuple[Floats, Floats, Floats]:
    am = 0.1 * (V + 40) / (1 - np.exp(-(V + 40) / 10))
    bm = 4 * np.exp(-(V + 65) / 18)
    ah = 0.07 * np.exp(-(V + 65) / 20)
    bh = 1 / (1 + np.exp(-(V + 35) / 10))
    an = 0.01 * (V + 55) / (1 - np.exp(-(V + 55) / 10))
    bn = 0.125 * np.exp(-(V + 65) / 80)
    return am / (am + bm), ah / (ah + bh), an / (an + bn)


@pytest.mark.parametrize("tie", ["steady state", {"h": "0.8 - n"}])
def test_hodgkin_huxley_seen_in_a_plane(tie: Any) -> None:
    plane = plane_of(models.hodgkin_huxley(), y="n", fixed=tie, I=5.0)
    assert plane.model.states == ("V", "n")
    assert set(plane.ties) == {"m", "h"}
    V, n = np.concatenate(plane.nullclines[0].pieces, axis=1)
    m, h, _ = hh_gates(V)
    h = h if tie == "steady state" else 0.8 - n
    drift = 5.0 - 120 * m**3 * h * (V - 50) - 36 * n**4 * (V + 77) - 0.3 * (V + 54.387)
    assert np.abs(drift).max() < 1e-9
    V, n = np.concatenate(plane.nullclines[1].pieces, axis=1)
    assert np.abs(n - hh_gates(V)[2]).max() < 1e-12
    if tie == "steady state":  # equilibria of the full neuron and of this plane are the same
        from causal_snn.dynamics.equilibrium.equilibria import equilibria

        (full,) = equilibria(models.hodgkin_huxley(), I=5.0)
        assert plane.equilibria[0].state == pytest.approx(full.state[[0, 3]], abs=1e-11)


def test_orbits_of_the_plane_and_of_the_whole_neuron() -> None:
    plane = plane_of(
        models.hodgkin_huxley(),
        y="n",
        I=10.0,
        trajectories=[
            (-60.0, 0.32),
            {"n": 0.32, "V": -60.0},
            (-60.0, 0.05, 0.6, 0.32),
            {"V": -60.0, "m": 0.05, "h": 0.6, "n": 0.32},
        ],
        duration=5.0,
    )
    first, named, whole, whole_named = plane.trajectories
    assert first.model.states == ("V", "n")
    np.testing.assert_array_equal(first.x, named.x)
    assert whole.model.states == ("V", "m", "h", "n")
    np.testing.assert_array_equal(whole.x, whole_named.x)
    assert plane.xy(whole.x, whole.model.states)[1, 0] == 0.32


def test_ties_by_hand_and_where_there_is_none() -> None:
    reduced, ties = project(models.conductance_lif(), "V", "g_e")
    assert ties == {"g_i": "0"}
    assert reduced.threshold is not None
    held, ties = project(models.hodgkin_huxley(), "m", "h", {"V": -40.0, "n": 0.3})
    assert held.threshold is None
    assert held.states == ("m", "h")
    assert ties["n"] == "3/10"
    with pytest.raises(InputError, match="do not enter linearly"):
        project(models.hodgkin_huxley(), "m", "h")
    frozen = models.define("f", drift={"v": "s - v", "w": "-w", "s": "0"}, parameters={})
    with pytest.raises(InputError, match="not determined"):
        project(frozen, "v", "w")


def test_events_of_integrate_and_fire_neurons() -> None:
    plane = plane_of(models.izhikevich(), I=10.0, trajectories=[(-70.0, -14.0)])
    assert plane.threshold is not None
    assert plane.reset is not None
    assert np.all(plane.threshold[0] == 30.0)
    assert np.all(plane.reset[0] == -65.0)
    np.testing.assert_allclose(plane.reset[1] - plane.threshold[1], 8.0)
    assert plane.threshold[1].min() <= plane.window["u"][0]
    assert plane.trajectories[0].spikes.size == 6
    moving = plane_of(models.glif(), I=1.0)
    assert moving.threshold is not None
    assert moving.reset is not None
    np.testing.assert_array_equal(moving.threshold[0], moving.threshold[1])
    np.testing.assert_array_equal(moving.reset[1], np.maximum(moving.threshold[1], -60.0))
    assert plane_of(models.fitzhugh_nagumo()).threshold is None


def test_drive_reaches_every_part() -> None:
    plane = plane_of(models.cuba_lif(), drive=20.0, trajectories=[(-65.0, 0.0)], duration=60.0)
    (point,) = plane.equilibria
    assert point.state == pytest.approx([-45.0, 0.0])
    assert not point.admissible
    # i = 0 throughout: the LIF neuron's spikes
    period = 20.0 * math.log(20.0 / 5.0)
    np.testing.assert_allclose(plane.trajectories[0].spikes, period * np.array([1, 2]), atol=1e-9)
    V, i = plane.nullclines[0].pieces[0]
    np.testing.assert_allclose(-65.0 - V + i + 20.0, 0.0, atol=1e-12)


def test_default_window_holds_what_belongs_in_the_picture() -> None:
    # the knee of the quadratic nullcline, I + 140 - 156.25, is far above the domain
    high = plane_of(models.izhikevich(), I=100.0)
    assert high.window["u"][1] > 83.75
    shifted = plane_of(models.fitzhugh_nagumo(), I=5.0)
    assert shifted.window["w"][1] > 5 + 2 / 3
    assert shifted.holds(shifted.equilibria[0].state)
    # an orbit asked for, but not the upswing of a spike
    adex = plane_of(models.adex(), I=800.0, trajectories=[(-60.0, -300.0)])
    assert adex.window["w"][0] < -300.0
    assert adex.window["V"] == (-90.0, -30.0)
    # gates are probabilities
    hh = plane_of(models.hodgkin_huxley(), y="n", fixed={"h": "0.8 - n"})
    assert hh.window["n"] == (0.0, 1.0)
    # an equilibrium on the border is not cut
    ml = plane_of(models.morris_lecar("snlc"), I=35.0)
    assert ml.window["w"][0] < 0
    # without a domain: threshold and reset
    assert line_of(models.lif()).window == pytest.approx((-68.75, -46.25))
    # an equilibrium above threshold is none
    assert line_of(models.lif(), drive=30.0).window == pytest.approx((-68.75, -46.25))


def test_window_asked_for_is_kept_and_searched() -> None:
    plane = plane_of(models.fitzhugh_nagumo(), window={"w": (-1.0, 3.0)}, I=0.5)
    assert plane.window["w"] == (-1.0, 3.0)
    for curve in plane.nullclines:
        for piece in curve.pieces:
            assert piece[1].min() >= -1.0
            assert piece[1].max() <= 3.0
    # equilibria of a wave at 0, pi, 2 pi ... as far as the window goes
    wave = models.define(
        "wave", drift={"v": "sin(v)", "w": "-w"}, parameters={}, domain={"v": (0.0, 1.0)}
    )
    far = plane_of(wave, window={"v": (-50.0, 50.0)})
    assert {round(float(p.state[0] / math.pi), 9) for p in far.equilibria} >= set(range(-15, 16))


def test_phase_line_of_the_quadratic_neuron() -> None:
    line = line_of(models.qif(), I=-4.0)
    assert [float(p.state[0]) for p in line.equilibria] == pytest.approx([-2.0, 2.0], abs=1e-14)
    assert [p.stable for p in line.equilibria] == [True, False]
    np.testing.assert_allclose(line.drift, line.v**2 - 4.0, atol=1e-13)
    assert (line.threshold, line.reset) == (100.0, -100.0)
    assert repr(line) == "<PhaseLine of qif: stable node, unstable node>"


def test_phase_line_of_the_theta_and_linear_neuron() -> None:
    line = line_of(models.theta_neuron(), I=-0.3)
    # cos theta = (1 + I)/(1 - I)
    angle = math.acos(0.7 / 1.3)
    assert [float(p.state[0]) for p in line.equilibria] == pytest.approx([-angle, angle])
    lif = line_of(models.lif(tau=10.0), drive=20.0, trajectories=[[-65.0]], duration=30.0)
    assert lif.trajectories[0].spikes == pytest.approx(
        10 * math.log(4) * np.array([1, 2]), abs=1e-9
    )
    assert not lif.equilibria[0].admissible


FHN, HH, LIF = models.fitzhugh_nagumo(), models.hodgkin_huxley(), models.lif()


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (FHN, {"x": "V"}, "x = 'V': a state"),
        (FHN, {"y": "u"}, "y = 'u': a state"),
        (FHN, {"x": "v", "y": "v"}, "another state"),
        (FHN, {"window": {"v": (2.0, -2.0)}}, r"window\['v'\].*low < high"),
        (FHN, {"window": {"v": (0.0, math.inf)}}, "finite"),
        (FHN, {"window": {"v": 3.0}}, "low < high"),
        (FHN, {"window": {"n": (0.0, 1.0)}}, "a state on an axis"),
        (FHN, {"window": (0.0, 1.0)}, "a mapping"),
        (FHN, {"fixed": {"v": 1.0}}, "not on an axis"),
        (FHN, {"fixed": {"q": 1.0}}, "a state"),
        (FHN, {"fixed": "rest"}, "steady state"),
        (FHN, {"grid": (1, 5)}, "grid"),
        (FHN, {"grid": 5}, "grid"),
        (FHN, {"grid": (5, 5.0)}, "grid"),
        (FHN, {"trajectories": [(1.0,)]}, r"trajectories\[0\].*v and w"),
        (FHN, {"trajectories": [(1.0, math.nan)]}, r"trajectories\[0\]"),
        (FHN, {"trajectories": [{"v": 1.0, "q": 1.0}]}, r"trajectories\[0\]"),
        (FHN, {"trajectories": [(0.0, 0.0)], "duration": -1.0}, "duration"),
        (FHN, {"current": 1.0}, "no parameter 'current'"),
        (FHN, {"epsilon": -1.0}, "epsilon"),
        (HH, {"y": "n", "fixed": {"h": "0.8 - k"}}, "fixed"),
        (HH, {"y": "n", "fixed": {"h": "0.8 - m"}}, "formula of V, n"),
        (HH, {"y": "n", "fixed": {"h": math.nan}}, "finite"),
        (HH, {"y": "n", "trajectories": [(1.0, 2.0, 3.0)]}, "or of all of V, m, h, n"),
        (HH, {"x": "m", "y": "h"}, "fixed"),
        (LIF, {"y": "w"}, "lif has one state, v"),
        (LIF, {"x": "w"}, "lif has one state, v"),
        (LIF, {"fixed": {"v": 1.0}}, "one state"),
        (LIF, {"window": {"V": (0.0, 1.0)}}, "window"),
        (LIF, {"trajectories": [(1.0, 2.0)]}, r"trajectories\[0\]"),
    ],
)
def test_bad_input(model: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        phase_plane(model, **options)


def test_phase_line_refuses_a_plane() -> None:
    with pytest.raises(InputError, match="Use phase_plane"):
        phase_line(FHN)


def test_import_is_light() -> None:
    heavy = [
        "sympy",
        "matplotlib",
        "contourpy",
        "pandas",
        "xarray",
        "networkx",
        "rich",
        "scipy.integrate",
    ]
    code = (
        "import sys, causal_snn.dynamics.plane.phase_plane\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_drift_undefined_in_part_of_the_window_is_said() -> None:
    drift = {"v": "log(v) - w + I", "w": "v - w"}
    model = models.define("half", drift=drift, parameters={"I": 0.5})  # no equilibrium
    window = {"v": (-2.0, 4.0), "w": (-3.0, 3.0)}
    said = r"undefined or overflows at 144 of 432 .* v in \[-1\.875,"
    with pytest.warns(StageWarning, match=said):
        plane = plane_of(model, window=window)
    assert (np.isnan(plane.drift[0]) == (plane.grid[0] < 0)).all()
    plane = plane_of(model, window={**window, "v": (0.1, 4.0)})  # no warning, or it would fail
    assert np.isfinite(plane.drift).all()

    line = models.define("line", drift={"v": "log(v) - v + 2"}, parameters={})
    with pytest.warns(StageWarning, match=r"at 501 of 1001 .* v in \[-4, 0\]"):
        line_of(line, window={"v": (-4.0, 4.0)})
