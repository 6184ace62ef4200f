"""The f-I and phase response figures show the numbers, break at jumps, and name their units."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from causal_snn import models
from causal_snn.dynamics.firing.firing import firing_rate
from causal_snn.dynamics.firing.prc import prc
from causal_snn.errors import InputError
from causal_snn.plotting.firing import plot_fi, plot_prc


def test_fi_curve_breaks_where_firing_starts() -> None:
    found = firing_rate(models.morris_lecar(), [100.0, 85.0, 80.0, 95.0])  # in any order
    ax = plot_fi(found)
    silent, firing = ax.lines
    np.testing.assert_array_equal(silent.get_xdata(), [80.0, 85.0])
    np.testing.assert_array_equal(silent.get_ydata(), [0.0, 0.0])
    np.testing.assert_array_equal(firing.get_xdata(), [95.0, 100.0])
    np.testing.assert_array_equal(firing.get_ydata(), found.rate[[3, 0]])
    assert ax.get_xlabel() == "current $I$ (µA/cm²)"
    assert ax.get_ylabel() == "firing rate (Hz)"
    assert ax.get_legend() is None


def test_fi_curve_shows_adaptation_and_irregular_trains() -> None:
    adapting = firing_rate(models.adex(), [700.0, 800.0])
    ax = plot_fi(adapting)
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    np.testing.assert_array_equal(dotted[0].get_ydata(), adapting.first)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["adex", "first interval"]
    chaotic = models.adex(tau_w=40.0, b=80.0, V_r=-48.0, v_peak=-20.0)
    irregular = plot_fi(firing_rate(chaotic, [790.0, 800.0]))
    assert irregular.collections  # error bars


def test_several_curves_are_named() -> None:
    lif = [firing_rate(models.lif(tau=tau), np.linspace(0, 40, 5)) for tau in (10.0, 20.0)]
    ax = plot_fi(lif, labels=["fast", "slow"])
    assert ax.get_xlabel() == "drive R·I (mV)"
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["fast", "slow"]
    with pytest.raises(InputError, match="2 of them"):
        plot_fi(lif, labels=["one"])
    with pytest.raises(InputError, match="one current and unit"):
        plot_fi([lif[0], firing_rate(models.eif(), [600.0])])
    with pytest.raises(InputError, match="at least one"):
        plot_fi([])


def test_a_single_current_can_be_drawn() -> None:
    ax = plot_fi(firing_rate(models.lif(), 20.0))
    assert len(ax.lines[0].get_xdata()) == 1  # type: ignore[arg-type]


def test_prc_shows_the_curve_and_its_type() -> None:
    found = prc(models.theta_neuron(), I=1.0, phases=11)
    ax = plot_prc(found)
    curve = ax.lines[-1]
    np.testing.assert_array_equal(curve.get_ydata(), found.voltage)
    assert ax.get_title() == "type I, T = 3.1416 ms"
    assert ax.get_ylabel() == "advance of the spike (ms/rad)"
    assert ax.get_xlabel() == "phase of the kick (period)"


def test_prc_of_another_state_and_of_several_neurons() -> None:
    found = prc(models.izhikevich(), I=10.0, phases=11)
    ax = plot_prc(found, state="u")
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), found.values[1])
    assert "ms/(mV/ms)" in ax.get_ylabel()
    assert "kick of u" in ax.get_title()
    with pytest.raises(InputError, match="state = 'w'"):
        plot_prc(found, state="w")
    other = prc(models.izhikevich("fast_spiking"), I=10.0, phases=11)
    several = plot_prc([found, other], labels=["RS", "FS"])
    legend = several.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["RS", "FS"]
    with pytest.raises(InputError, match="one unit"):
        plot_prc([found, prc(models.theta_neuron(), I=1.0, phases=3)])
    with pytest.raises(InputError, match="at least one"):
        plot_prc([])
    with pytest.raises(InputError, match="labels"):
        plot_prc(found, labels=["a", "b"])


def test_they_draw_into_given_axes() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_fi(firing_rate(models.lif(), [0.0, 20.0]), ax=left) is left
    assert plot_prc(prc(models.lif(), drive=20.0, phases=5), ax=right) is right
