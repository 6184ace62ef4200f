"""The figure of the shift of a Hopf point shows every scheme from the Hopf point on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes

from causal_snn import models
from causal_snn.dynamics.implementation.hopf_shift import HopfShift
from causal_snn.dynamics.implementation.shift_of_hopf import shift_of_hopf
from causal_snn.errors import InputError
from causal_snn.plotting.discretised import COLOURS, plot_hopf_shift

DTS = np.linspace(1.0, 25.0, 13)


@pytest.fixture(scope="module")
def euler() -> HopfShift:
    return shift_of_hopf(models.izhikevich(), "euler", "I", (0, 4), DTS)


@pytest.fixture(scope="module")
def published() -> HopfShift:
    return shift_of_hopf(models.izhikevich(), "published", "I", (0, 4), DTS)


def curves(ax: Axes, scheme: str) -> list[tuple[str, np.ndarray]]:
    return [
        (str(line.get_linestyle()), np.array(line.get_xydata()))
        for line in ax.lines
        if line.get_color() == COLOURS[scheme] and len(np.atleast_1d(line.get_xdata())) > 1
    ]


def labels(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_curves_start_at_the_hopf_point_and_change_style_with_criticality(
    euler: HopfShift,
) -> None:
    ax = plot_hopf_shift(euler)
    (first, before), (second, after) = curves(ax, "euler")
    assert (first, second) == ("--", "-")
    np.testing.assert_allclose(before[0], [0.0, 3.7975])
    assert before[-1][0] == pytest.approx(1 / 0.18)
    np.testing.assert_array_equal(before[-1], after[0])
    assert after[-1][0] == 23.0  # the points end at 24.03 ms
    assert "end of the points" in labels(ax)
    assert "criticality changes" in labels(ax)


def test_flow_is_a_horizontal_line_and_axes_have_units(euler: HopfShift) -> None:
    ax = plot_hopf_shift(euler)
    flow = [line for line in ax.lines if line.get_label() == "HB1 of the flow"]
    assert np.asarray(flow[0].get_ydata()).tolist() == [euler.hopf.value] * 2
    assert ax.get_xlabel() == "time step dt (ms)"
    assert ax.get_ylabel() == "$I$ at NS (mV/ms)"


def test_schemes_share_the_axes(euler: HopfShift, published: HopfShift) -> None:
    ax = plot_hopf_shift([euler, published])
    assert {"euler", "published"} <= set(labels(ax))
    assert plot_hopf_shift(published, ax=ax) is ax
    assert labels(ax).count("subcritical") <= 2


def test_where_another_multiplier_is_outside_the_curve_is_dotted() -> None:
    dts = np.linspace(0.05, 0.6, 12)
    shift = shift_of_hopf(models.hodgkin_huxley(), "euler", "I", (0, 200), dts)
    ax = plot_hopf_shift(shift)
    assert "unstable on both sides" in labels(ax)
    ((style, points),) = curves(ax, "euler")
    assert style == "--"
    assert points[-1][0] == pytest.approx(shift.flips[0])


def test_bad_input(euler: HopfShift) -> None:
    with pytest.raises(InputError, match="at least one"):
        plot_hopf_shift([])
    other = replace(euler, hopf=replace(euler.hopf, value=1.0))
    with pytest.raises(InputError, match="one Hopf point"):
        plot_hopf_shift([euler, other])
