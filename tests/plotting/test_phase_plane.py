"""The figure of a phase plane draws what was computed, tells kinds apart and names everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver
from numpy.typing import NDArray

from causal_snn import models
from causal_snn.dynamics.plane.phase_plane import PhasePlane, phase_plane
from causal_snn.plotting.phase_plane import plot_phase_plane

Floats = NDArray[np.float64]


def by_gid(ax: Axes, gid: str) -> list[Any]:
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def legend(ax: Axes) -> list[str]:
    box = ax.get_legend()
    return [] if box is None else [text.get_text() for text in box.get_texts()]


def saved(ax: Axes, tmp_path: Any) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.savefig(tmp_path / "figure.png")
    return figure


@pytest.fixture(scope="module")
def bistable() -> PhasePlane:
    plane = phase_plane(models.morris_lecar("snlc"), I=35.0)
    assert isinstance(plane, PhasePlane)
    return plane


def test_everything_is_drawn_and_named(bistable: PhasePlane, tmp_path: Any) -> None:
    ax = plot_phase_plane(bistable)
    for curve in bistable.nullclines:
        lines = by_gid(ax, f"nullcline-{curve.state}")
        assert len(lines) == len(curve.pieces)
        for line, piece in zip(lines, curve.pieces, strict=True):
            np.testing.assert_array_equal(line.get_xydata().T, piece)
    assert len(by_gid(ax, "manifold-stable")) == len(by_gid(ax, "manifold-unstable")) == 2
    assert legend(ax) == [
        "d$V$/dt = 0",
        "d$w$/dt = 0",
        "stable node",
        "saddle",
        "unstable focus",
        "unstable manifold",
        "stable manifold",
    ]
    assert ax.get_xlabel() == "$V$ (mV)"
    assert ax.get_ylabel() == "$w$"
    assert ax.get_xlim() == bistable.window["V"]
    saved(ax, tmp_path)


def test_equilibria_are_filled_open_and_half(bistable: PhasePlane) -> None:
    marks = by_gid(plot_phase_plane(bistable), "equilibrium")
    for mark, point in zip(marks, bistable.equilibria, strict=True):
        assert mark.get_xydata()[0] == pytest.approx(point.state)
    looks = [(mark.get_fillstyle(), mark.get_markerfacecolor()) for mark in marks]
    assert looks == [("full", "#000000"), ("left", "#000000"), ("full", "white")]
    assert [mark.get_label() for mark in marks] == [p.kind for p in bistable.equilibria]


def test_arrows_have_one_length_and_the_direction_of_the_drift(bistable: PhasePlane) -> None:
    ax = plot_phase_plane(bistable)
    (arrows,) = by_gid(ax, "field")
    assert isinstance(arrows, Quiver)
    box = ax.get_window_extent()
    per_x, per_y = box.width / np.ptp(ax.get_xlim()), box.height / np.ptp(ax.get_ylim())
    lengths = np.hypot(np.asarray(arrows.U) * per_x, np.asarray(arrows.V) * per_y)
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-6)
    drift = bistable.drift.reshape(2, -1)
    np.testing.assert_allclose(
        np.asarray(arrows.U) * drift[1], np.asarray(arrows.V) * drift[0], atol=1e-12
    )
    assert np.all(np.asarray(arrows.U) * drift[0] >= 0)


def test_orbits_jump_at_resets(tmp_path: Any) -> None:
    plane = phase_plane(models.izhikevich(), I=10.0, trajectories=[(-70.0, -14.0)])
    assert isinstance(plane, PhasePlane)
    ax = plot_phase_plane(plane)
    (orbit,) = plane.trajectories
    assert len(by_gid(ax, "orbit")) == len(orbit.segments) == orbit.spikes.size + 1
    assert len(by_gid(ax, "jump")) == orbit.spikes.size
    for jump in by_gid(ax, "jump"):
        (v0, u0), (v1, u1) = jump.get_xydata()
        assert (v0, v1) == pytest.approx((30.0, -65.0))
        assert u1 - u0 == pytest.approx(8.0)
    assert {"threshold", "reset, $u$ → $u$ + $d$", "orbit"} <= set(legend(ax))
    assert by_gid(ax, "threshold")[0].is_dashed()
    saved(ax, tmp_path)


def test_what_is_outside_is_not_named() -> None:
    plane = phase_plane(models.adex(), I=500.0)
    assert isinstance(plane, PhasePlane)
    assert "threshold" not in legend(plot_phase_plane(plane))  # at 20 mV
    narrow = phase_plane(models.morris_lecar("snlc"), I=35.0, window={"V": (0.0, 20.0)})
    names = legend(plot_phase_plane(narrow))
    assert "saddle" not in names
    assert "unstable focus" in names


def test_swapped_axes_keep_colours_with_axes() -> None:
    plane = phase_plane(models.fitzhugh_nagumo(), x="w", I=0.5)
    assert isinstance(plane, PhasePlane)
    ax = plot_phase_plane(plane)
    assert ax.get_xlabel() == "$w$"
    (line,) = by_gid(ax, "nullcline-w")
    assert line.get_color() == "#0072B2"
    x, y = line.get_xydata().T
    np.testing.assert_allclose(y + 0.7 - 0.8 * x, 0.0, atol=1e-12)


def test_legend_stays_within_the_figure(tmp_path: Any) -> None:
    for model, options in (
        (models.izhikevich(), {"I": 3.0, "trajectories": [(-50.0, -12.0)]}),
        (models.glif(), {"I": 2.0, "trajectories": [(-70.0, -50.0)]}),
        (models.theta_neuron(), {"I": -0.3}),
    ):
        ax = plot_phase_plane(phase_plane(model, **options))
        figure = saved(ax, tmp_path)
        box = ax.get_legend()
        assert box is not None
        extent, page = box.get_window_extent(), figure.bbox
        assert extent.x0 >= page.x0 - 1
        assert extent.x1 <= page.x1 + 1
        assert extent.y1 <= page.y1 + 1


def test_phase_line_shows_where_the_potential_goes(tmp_path: Any) -> None:
    line = phase_plane(models.qif(), I=-4.0)
    ax = plot_phase_plane(line)
    marks = by_gid(ax, "flow")
    assert [mark.get_marker() for mark in marks] == [">", "<", ">"]
    looks = [mark.get_markerfacecolor() for mark in by_gid(ax, "equilibrium")]
    assert looks == ["#000000", "white"]
    (drift,) = by_gid(ax, "drift")
    x, y = drift.get_xydata().T
    np.testing.assert_allclose(y, x**2 - 4, atol=1e-12)
    assert ax.get_ylabel() == "d$V$/dt (1/ms)"
    saved(ax, tmp_path)


def test_phase_line_is_not_dwarfed_by_an_upswing() -> None:
    ax = plot_phase_plane(phase_plane(models.eif(), I=500.0))
    assert ax.get_ylim()[1] < 10.0  # the drift at -30 mV is 5700 mV/ms
    assert ax.get_ylim()[0] < -0.1
    lif = plot_phase_plane(phase_plane(models.lif(), drive=10.0))
    assert {"threshold", "reset", "stable node"} == set(legend(lif))
    assert ax.get_xlabel() == "$V$ (mV)"


def test_given_axes_are_used() -> None:
    ax = Figure().add_subplot()
    assert plot_phase_plane(phase_plane(models.fitzhugh_nagumo()), ax=ax) is ax
    assert plot_phase_plane(phase_plane(models.qif()), ax=ax) is ax
