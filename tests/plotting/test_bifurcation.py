"""Bifurcation diagrams: what is solid, dashed, marked and labelled, read back from the figure."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from causal_snn import models
from causal_snn.dynamics.continuation.branch import Branch
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.cycle.branch import CycleBranch
from causal_snn.dynamics.cycle.cycles import continue_cycles
from causal_snn.dynamics.two_parameter.two_parameter import continue_special
from causal_snn.errors import InputError
from causal_snn.plotting.bifurcation import plot_bifurcation, plot_periods
from causal_snn.plotting.two_parameter import plot_two_parameter


@cache
def snlc() -> tuple[Branch, CycleBranch]:
    branch = continue_equilibria(models.morris_lecar("snlc"), "I", (-50, 150))
    return branch, continue_cycles(branch, intervals=20)


def curves(ax: Axes, color: str) -> list[Line2D]:
    lines = [line for line in ax.lines if isinstance(line.get_color(), str)]
    return [line for line in lines if line.get_color() == color and len(line.get_xdata()) > 1]  # type: ignore[arg-type]


def dashed(line: Line2D) -> bool:
    return line.get_linestyle() != "-"


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_stable_is_solid_and_thick_and_pieces_meet_at_special_points() -> None:
    branch, _ = snlc()
    ax = plot_bifurcation(branch)
    pieces = curves(ax, "#000000")
    solid = [line for line in pieces if not dashed(line)]
    broken = [line for line in pieces if dashed(line)]
    assert len(solid) == 2  # below LP1 and beyond HB1
    assert min(line.get_linewidth() for line in solid) > max(x.get_linewidth() for x in broken)
    low, high = sorted(solid, key=lambda line: float(np.asarray(line.get_ydata()).min()))
    fold, hopf = branch.special["LP1"], branch.special["HB1"]
    assert np.asarray(low.get_xydata())[-1] == pytest.approx([fold.value, fold.state[0]])
    assert np.asarray(high.get_xydata())[0] == pytest.approx([hopf.value, hopf.state[0]])
    drawn = sum(len(np.asarray(line.get_xdata())) for line in pieces)
    assert drawn >= len(branch)
    assert sorted(texts(ax)) == ["HB", "LP1", "LP2"]
    assert ax.get_xlabel() == "$I$ (µA/cm²)"
    assert ax.get_ylabel() == "$V$ (mV)"


def test_cycles_are_shown_by_their_extremes() -> None:
    branch, cycles = snlc()
    ax = plot_bifurcation(branch, cycles, below="frequency")
    heights = np.concatenate([np.asarray(line.get_ydata()) for line in curves(ax, "#0072B2")])
    assert heights.max() == pytest.approx(cycles.maxima[:, 0].max())
    assert heights.min() == pytest.approx(cycles.minima[:, 0].min())
    assert {dashed(line) for line in curves(ax, "#0072B2")} == {True, False}
    assert {"SNIC", "LPC", "HB"} <= set(texts(ax))
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    lower = figure.axes[1]
    assert lower.get_ylabel() == "frequency (Hz)"
    rates = np.concatenate([np.asarray(line.get_ydata()) for line in curves(lower, "#0072B2")])
    assert rates.max() == pytest.approx(1000 / cycles.period.min())
    assert plot_periods(cycles).get_ylabel() == "period (ms)"


def test_labels_neither_overlap_nor_leave_the_figure() -> None:
    adex = continue_equilibria(models.adex(), "I", (0, 1000))  # HB and LP 0.02 % apart
    for ax in (plot_bifurcation(*snlc()), plot_bifurcation(adex)):
        figure = ax.get_figure(root=True)
        assert isinstance(figure, Figure)
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in ax.texts]
        assert len(boxes) >= 2
        for a, b in combinations(boxes, 2):
            assert not a.overlaps(b)
        for box in boxes:
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1


def test_equilibria_above_threshold_are_set_apart() -> None:
    model = models.adex(v_peak=-48.0)
    ax = plot_bifurcation(continue_equilibria(model, "I", (500, 700)))
    (virtual,) = curves(ax, "#B8B8B8")
    heights = np.asarray(virtual.get_ydata())
    assert heights[1:].min() >= -48.0
    legend = ax.get_legend()
    assert legend is not None
    assert "equilibria above threshold" in [text.get_text() for text in legend.get_texts()]


def test_state_and_axes_can_be_chosen() -> None:
    branch, _ = snlc()
    ax = Figure().add_subplot()
    assert plot_bifurcation(branch, state="w", ax=ax) is ax
    assert ax.get_ylabel() == "$w$"  # dimensionless
    drawn = np.concatenate([np.asarray(line.get_ydata()) for line in curves(ax, "#000000")])
    assert drawn.max() == pytest.approx(branch.state("w").max())


def test_the_same_cycles_from_both_ends_are_marked_once() -> None:
    branch = continue_equilibria(models.morris_lecar(), "I", (0, 300))
    both = [continue_cycles(branch, name, intervals=30) for name in ("HB1", "HB2")]
    labels = texts(plot_bifurcation(branch, *both))
    assert sorted(labels) == ["HB1", "HB2", "LPC1", "LPC2"]


def test_two_parameters() -> None:
    special = continue_equilibria(models.morris_lecar("snlc"), "I", (-50, 300)).special
    found = [continue_special(special[name], "phi", (0.005, 0.5)) for name in ("LP2", "HB1")]
    ax = plot_two_parameter(*found)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$I$ (µA/cm²)", r"$\phi$ (1/ms)")
    assert sorted(texts(ax)) == ["BT", "GH"]  # BT ends the Hopf curve and is on the folds
    (bt,) = [text for text in ax.texts if text.get_text() == "BT"]
    expected = (special["LP2"].value, found[0].special["BT"].details["phi"])
    assert getattr(bt, "xy") == pytest.approx(expected)  # noqa: B009
    hopf = curves(ax, "#D55E00")
    assert {dashed(line) for line in hopf} == {True, False}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_bifurcation(), "branches = .*one branch or more"),
        (lambda: plot_bifurcation(snlc()[0], state="v"), "state = 'v'.*did you mean|allowed"),
        (lambda: plot_bifurcation(snlc()[0], below="period"), "a branch of cycles"),
        (lambda: plot_bifurcation(*snlc(), below="rate"), "below = 'rate'"),  # type: ignore[arg-type]
        (
            lambda: plot_bifurcation(*snlc(), below="period", ax=Figure().add_subplot()),
            "plot_periods",
        ),
        (
            lambda: plot_bifurcation(
                snlc()[0], continue_equilibria(models.izhikevich(), "I", (0, 3))
            ),
            "branches of morris_lecar in I",
        ),
        (lambda: plot_two_parameter(), "curves = .*one curve or more"),
    ],
)
def test_bad_input_is_named(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
