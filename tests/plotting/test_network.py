"""The figure of a network shows every connection with its sign, and the complexes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon

from causal_snn.errors import InputError
from causal_snn.models import Network, lif, zoo
from causal_snn.phi import Complex, MinimumPartition, PhiResult
from causal_snn.plotting import network_geometry as geometry
from causal_snn.plotting import plot_network
from causal_snn.report import Report


def connections(ax: Axes) -> dict[tuple[int, int], Line2D]:
    found = {}
    for line in ax.lines:
        kind, *ends = str(line.get_gid()).split("-")
        if kind == "connection":
            found[int(ends[0]), int(ends[1])] = line
    return found


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def network(weights: Any, **options: Any) -> Network:
    return Network(neuron=lif(), weights=weights, noise=1.0, dt=1.0, **options)


@pytest.mark.parametrize("n", range(1, 11))
def test_units_keep_apart_and_inside_the_view(n: int) -> None:
    ax = plot_network(network(np.eye(n)))
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    assert len(circles) == n
    centres = np.array([circle.center for circle in circles])
    r = circles[0].radius
    for k in range(n):
        for other in range(k):
            assert np.hypot(*(centres[k] - centres[other])) > 2.1 * r
    for (low, high), column in zip((ax.get_xlim(), ax.get_ylim()), centres.T, strict=True):
        assert (column - r > low).all()
        assert (column + r < high).all()


@pytest.mark.parametrize("n", range(1, 11))
def test_self_loops_are_outside_their_unit_and_inside_the_view(n: int) -> None:
    ax = plot_network(network(np.diag(np.where(np.arange(n) % 2, -2.0, 3.0))))
    centres, r = geometry.positions(n), geometry.radius(n)
    drawn = connections(ax)
    assert set(drawn) == {(k, k) for k in range(n)}
    for (k, _), line in drawn.items():
        points = np.stack([np.asarray(v, dtype=float) for v in line.get_data()], axis=1)
        assert np.hypot(*(points - centres[k]).T).min() > 0.99 * r
        (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
        assert points[:, 0].min() > x0
        assert points[:, 0].max() < x1
        assert points[:, 1].min() > y0
        assert points[:, 1].max() < y1


def test_signs_differ_in_colour_and_head_and_weights_in_width() -> None:
    ax = plot_network(network([[0, -6, 2], [3, 0, 0], [0, 0, 0]]))
    drawn = connections(ax)
    assert set(drawn) == {(1, 0), (2, 0), (0, 1)}
    assert drawn[1, 0].get_color() != drawn[2, 0].get_color() == drawn[0, 1].get_color()
    widths = [drawn[k].get_linewidth() for k in ((2, 0), (0, 1), (1, 0))]
    assert widths == sorted(widths)
    assert len(set(widths)) == 3
    heads = [p.get_gid() for p in ax.get_children() if p.get_gid() in ("excitatory", "inhibitory")]
    assert sorted(str(head) for head in heads) == ["excitatory", "excitatory", "inhibitory"]
    assert "excitatory, up to 3 mV" in legend(ax)
    assert "inhibitory, up to 6 mV" in legend(ax)


def test_heads_arrive_at_the_target() -> None:
    ax = plot_network(network([[0, 0], [3, 0]]))
    (head,) = (p for p in ax.patches if p.get_gid() == "excitatory")
    assert isinstance(head, Polygon)
    centres, r = geometry.positions(2), geometry.radius(2)
    tip = head.get_xy()[0]
    assert r < np.hypot(*(tip - centres[1])) < 1.3 * r


def test_two_way_connections_do_not_lie_on_each_other() -> None:
    drawn = connections(plot_network(network([[0, 3], [3, 0]])))
    middle = [np.asarray(line.get_ydata(), dtype=float) for line in drawn.values()]
    assert min(m.mean() for m in middle) < -0.05
    assert max(m.mean() for m in middle) > 0.05


def _result(report: Report, **changes: Any) -> PhiResult:
    return replace(report.phi, **changes)


def test_minimum_partition_dashes_the_connections_it_cuts_and_no_other(ring: Report) -> None:
    mip = MinimumPartition("", (("A", "B"), ("A", "C")), None)  # A -> C does not exist
    drawn = connections(plot_network(ring.network, _result(ring, mip=mip)))
    assert {ends: line.is_dashed() for ends, line in drawn.items()} == {
        (0, 1): True,
        (1, 2): False,
        (2, 0): False,
    }


def test_complexes_surround_their_units_and_only_those(ring: Report) -> None:
    complexes = (Complex(("A", "C"), 0.25), Complex(("B",), 0.125))
    ax = plot_network(ring.network, _result(ring, complexes=complexes))
    centres = geometry.positions(3)
    for rank, inside in ((0, {0, 2}), (1, {1})):
        shapes = [p.get_path() for p in ax.patches if p.get_gid() == f"complex-{rank}"]
        covered = {k for k in range(3) if any(s.contains_point(centres[k]) for s in shapes)}
        assert covered == inside
    assert "complex {A, C}: $\\varphi_s$ = 0.25" in legend(ax)
    assert "complex {B}: $\\varphi_s$ = 0.125" in legend(ax)


@pytest.mark.parametrize("n", [4, 6, 10])
def test_complex_keeps_clear_of_the_unit_between_its_members(ring: Report, n: int) -> None:
    wide = network(np.eye(n))
    found = _result(ring, complexes=(Complex(("A", "C"), 0.5),), labels=wide.labels, mip=None)
    ax = plot_network(wide, replace(found, state=(0,) * n))
    turn = np.linspace(0.0, 2 * np.pi, 60)
    rim = 0.8 * geometry.radius(n) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    unit = geometry.positions(n)[1] + rim
    shapes = [patch.get_path() for patch in ax.patches if patch.get_gid() == "complex-0"]
    assert len(shapes) > 0
    assert not any(shape.contains_points(unit).any() for shape in shapes)


def test_many_complexes_share_the_last_entry(ring: Report) -> None:
    wide = network(np.eye(6))
    complexes = tuple(Complex((label,), 0.6 - 0.1 * k) for k, label in enumerate(wide.labels))
    found = _result(ring, complexes=complexes, labels=wide.labels, mip=None, state=(0,) * 6)
    assert "3 more complexes: $\\varphi_s$ up to 0.3" in legend(plot_network(wide, found))


@pytest.mark.parametrize(("complexes", "said"), [((), 1), (None, 0)])
def test_no_complex_is_not_the_same_as_none_looked_for(
    ring: Report, complexes: Any, said: int
) -> None:
    ax = plot_network(ring.network, _result(ring, complexes=complexes))
    assert sum("no complex" in text for text in legend(ax)) == said


def test_result_of_other_units_is_refused(ring: Report) -> None:
    with pytest.raises(InputError, match="complexes of the network's units"):
        plot_network(zoo.pyloric(), ring.phi)


def test_title_gives_name_state_and_value(ring: Report) -> None:
    title = plot_network(ring.network, ring.phi, cells=ring.tpm.cells).get_title()
    assert title == "excitatory ring\nstate QQQ: $\\varphi_s$ = 0.127"


def test_given_axes_are_used(ring: Report) -> None:
    ax = Figure().add_subplot()
    assert plot_network(ring.network, ax=ax) is ax
