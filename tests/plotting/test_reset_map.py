"""Figures of reset maps show the map, its fixed points, its gaps, and what spiking settles on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from causal_snn.dynamics.reset.continuation import continue_reset_map
from causal_snn.dynamics.reset.orbit_diagram import orbit_diagram
from causal_snn.dynamics.reset.reset_map import ResetMap, reset_map
from causal_snn.errors import InputError
from causal_snn.models import adex, define
from causal_snn.plotting.orbit_diagram import plot_orbit_diagram
from causal_snn.plotting.reset_map import plot_reset_map


@pytest.fixture
def logistic() -> ResetMap:
    model = define(
        "clock",
        drift={"v": "1", "w": "0"},
        threshold="1",
        reset={"v": "0", "w": "r*w*(1 - w)"},
        parameters={"r": 3.2},
    )
    return reset_map(model, window=(-0.2, 1.2))


def line(ax: Axes, label: str) -> Line2D:
    return next(found for found in ax.lines if found.get_label() == label)


def data(found: Line2D) -> tuple[Any, Any]:
    return np.asarray(found.get_xdata(), float), np.asarray(found.get_ydata(), float)


def test_graph_fixed_points_and_diagonal(logistic: ResetMap) -> None:
    ax = plot_reset_map(logistic.at(r=2.5))
    w, after = data(line(ax, r"$\Phi$(w)"))
    np.testing.assert_allclose(after, 2.5 * w * (1.0 - w), atol=1e-10)
    stable = line(ax, "fixed point, stable")
    unstable = line(ax, "fixed point, unstable")
    assert data(stable)[0] == pytest.approx([0.6])
    assert data(unstable)[1] == pytest.approx([0.0], abs=1e-10)
    assert to_rgba(stable.get_markerfacecolor()) == to_rgba("black")
    assert to_rgba(unstable.get_markerfacecolor()) == to_rgba("white")
    assert any(np.array_equal(*data(found)) and len(data(found)[0]) == 2 for found in ax.lines)
    assert ax.get_xlabel() == "$w$ after a spike"  # dimensionless
    assert ax.get_xlim() == (-0.2, 1.2)
    legend = ax.get_legend()
    assert legend is not None
    assert "fixed point, stable" in [text.get_text() for text in legend.get_texts()]


def test_cobweb_goes_between_graph_and_diagonal(logistic: ResetMap) -> None:
    train = logistic.orbit(0.3, 4)
    ax = plot_reset_map(logistic, orbit=train)
    across, up = data(line(ax, "4 spikes"))
    np.testing.assert_allclose(across[::2], train.w)  # on the diagonal
    np.testing.assert_allclose(up[::2], train.w)
    np.testing.assert_allclose(across[1::2], train.w[:-1])  # on the graph
    np.testing.assert_allclose(up[1::2], train.w[1:])
    low, high = ax.get_xlim()
    assert low < train.w.min() < train.w.max() < high < 1.2  # close to the orbit
    burst = logistic.attractor()
    across, up = data(line(plot_reset_map(logistic, orbit=burst, window=(0.0, 1.0)), "2 spikes"))
    assert (across[0], up[0]) != (across[1], up[1])
    assert across[-1] == pytest.approx(across[0])


def test_units_nullcline_and_gap_of_a_neuron() -> None:
    found = reset_map(adex(V_r=-60.0, I=500.0), window=(-500.0, 300.0))
    axes = Figure().add_subplot()
    ax = plot_reset_map(found, ax=axes)
    assert ax is axes
    assert ax.get_xlabel() == "$w$ after a spike (pA)"
    assert ax.get_ylabel() == "$w$ after the next spike (pA)"
    labels = [artist.get_label() for artist in (*ax.lines, *ax.patches)]
    assert {"V-nullcline", "no spike follows"} <= set(labels)
    (gap,) = [patch for patch in ax.patches if patch.get_label() == "no spike follows"]
    left, right = gap.get_extents().transformed(ax.transData.inverted()).intervalx
    assert (left, right) == pytest.approx(found.shape().undefined[0], rel=1e-9)
    (crossing,) = found.nullcline()
    assert any(data(one)[0].tolist() == [crossing, crossing] for one in ax.lines)
    with pytest.raises(InputError, match="window"):
        plot_reset_map(found, window=(1.0, 0.0))


def test_orbit_diagram_with_branches(logistic: ResetMap) -> None:
    diagram = orbit_diagram(logistic, "r", np.linspace(2.5, 4.1, 17), spikes=8, w=0.3)
    one = continue_reset_map(logistic, "r", (2.5, 3.6))
    two = continue_reset_map(one.special["PD1"], "r", (2.5, 3.6))
    ax = plot_orbit_diagram(diagram, (one, two))
    points = [found for found in ax.lines if found.get_marker() == "."]
    assert sum(len(data(found)[0]) for found in points) == 16 * 8  # r = 4.1 escapes
    assert len(ax.patches) == 1
    stable, dashed = (
        [found for found in ax.lines if found.get_linestyle() == style and len(data(found)[0]) > 9]
        for style in ("-", "--")
    )
    assert len(stable) == len(dashed) == 3  # one spike, and each of two
    r, w = data(stable[0])
    assert r[np.isfinite(w)].max() < 3.0 + 0.1
    r, w = data(dashed[0])
    assert r[np.isfinite(w)].min() > 3.0 - 0.1
    assert [text.get_text() for text in ax.texts] == ["PD", "PD"]
    assert ax.get_xlabel() == "$r$"
    alone = plot_orbit_diagram(diagram, one, isi=True)
    assert alone.get_ylabel() == "interval between spikes (ms)"
    assert np.nanmax(data(alone.lines[0])[1]) == pytest.approx(1.0)
