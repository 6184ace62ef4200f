"""The figures of a precision sweep show deviations, values, and where measures are kept from."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import rgb_to_hsv, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from causal_snn.errors import InputError
from causal_snn.models import zoo
from causal_snn.plotting.critical_precision import COOL, HIGH, LOW, WARM, plot_critical_precision
from causal_snn.studies.critical_precision import (
    MEASURES,
    PrecisionPoint,
    PrecisionSweep,
    Status,
)

NAMES = ("tv", "phi_s", "edges", "rate")


def point(bits: int, rounding: str, size: float) -> PrecisionPoint:
    values = {"tv": size, "phi_s": 0.5 - size, "edges": round(10 * size), "rate": 20.0 - size}
    deviations = {"tv": size, "phi_s": 2 * size, "edges": round(10 * size), "rate": size / 20.0}
    return PrecisionPoint({"bits": bits, "rounding": rounding}, "c", values, deviations)


@pytest.fixture(scope="module")
def sweep() -> PrecisionSweep:
    sizes = {4: 0.3, 6: 0.06, 8: 0.004}
    points = [point(b, r, s * f) for b, s in sizes.items() for r, f in (("zero", 1), ("floor", 2))]
    failed = PrecisionPoint({"bits": 2, "rounding": "zero"}, "c", {}, {}, "too few")
    return PrecisionSweep(
        "net",
        "chip",
        {"bits": (2, 4, 6, 8), "rounding": ("zero", "floor")},
        tuple(MEASURES[name] for name in NAMES),
        {"tv": 0.0, "phi_s": 0.5, "edges": 0.0, "rate": 20.0},
        (failed, *points),
        Status.COMPLETE,
        {},
    )


def shown(ax: Axes, gid: str) -> tuple[list[float], list[float]]:
    (line,) = (one for one in ax.lines if one.get_gid() == gid)
    return [list(np.asarray(data, dtype=float)) for data in line.get_data()]  # type: ignore[return-value]


def test_deviations_are_drawn_in_units_of_their_tolerance(sweep: PrecisionSweep) -> None:
    ax = plot_critical_precision(sweep)
    x, y = shown(ax, "tv")
    assert x == [4, 6, 8]
    np.testing.assert_allclose(y, [0.3 / 0.05, 0.06 / 0.05, 0.004 / 0.05])
    assert shown(ax, "phi_s")[1] == pytest.approx([6.0, 1.2, 0.08])
    # No tolerance: at an edge, whichever way.
    assert shown(ax, "edges")[1] == [HIGH, HIGH, LOW]
    assert shown(ax, "not mappable")[0] == [2]
    assert ax.get_yscale() == "log"
    assert "deviation / tolerance" in ax.get_ylabel()


def test_marks_where_measures_are_kept_from(sweep: PrecisionSweep) -> None:
    ax = plot_critical_precision(sweep)
    for one in sweep.critical():
        if one.others == {"rounding": "zero"}:
            assert shown(ax, f"critical {one.measure.name}")[0] == [one.value]
    assert shown(ax, "kept causal")[0][0] == 8
    assert shown(ax, "kept statistic")[0][0] == 4
    other = plot_critical_precision(sweep, at={"rounding": "floor"})
    np.testing.assert_allclose(shown(other, "tv")[1], [12.0, 2.4, 0.16])


def test_kinds_have_hues_of_their_own(sweep: PrecisionSweep) -> None:
    hues = [rgb_to_hsv(to_rgb(color))[0] for color in COOL]
    assert 0.5 < min(hues) <= max(hues) < 0.72  # blues
    hues = [rgb_to_hsv(to_rgb(color))[0] for color in WARM]
    assert 0.03 < min(hues) <= max(hues) < 0.12  # oranges
    ax = plot_critical_precision(sweep)
    colors = {one.get_gid(): one.get_color() for one in ax.lines}
    assert {colors["tv"], colors["phi_s"], colors["edges"]} <= set(COOL)
    assert colors["rate"] in WARM


def test_values_of_one_measure_by_rounding(sweep: PrecisionSweep) -> None:
    ax = plot_critical_precision(sweep, show="phi_s")
    assert shown(ax, "line 0")[1] == pytest.approx([0.2, 0.44, 0.496])
    assert shown(ax, "line 1")[1] == pytest.approx([-0.1, 0.38, 0.492])
    assert set(shown(ax, "reference")[1]) == {0.5}
    legend = ax.get_legend()
    assert legend is not None
    assert {"zero", "floor"} <= {text.get_text() for text in legend.get_texts()}
    assert ax.get_ylabel() == "φₛ (ibit)"


def test_draws_where_it_is_told(sweep: PrecisionSweep) -> None:
    axes = Figure(figsize=(8, 3)).subplots(1, 2)
    assert plot_critical_precision(sweep, ax=axes[0]) is axes[0]
    assert plot_critical_precision(sweep, show="rate", ax=axes[1]) is axes[1]


def flat(value: float, reference: float, *, failed: bool = False) -> PrecisionSweep:
    """Two measures that never change, over many bits."""
    widths = tuple(range(2, 12))
    numbers = {"phi_s": value, "rate": value}
    gaps = {name: abs(value - reference) for name in numbers}
    points = tuple(
        PrecisionPoint({"bits": b}, "c", {}, {}, "too few")
        if failed
        else PrecisionPoint({"bits": b}, "c", numbers, gaps)
        for b in widths
    )
    given = {"phi_s": reference, "rate": reference}
    chosen = tuple(MEASURES[name] for name in given)
    return PrecisionSweep(
        "net", "chip", {"bits": widths}, chosen, given, points, Status.COMPLETE, {}
    )


def test_what_is_nowhere_defined_is_said_so() -> None:
    ax = plot_critical_precision(flat(np.nan, np.nan), show="phi_s")
    assert "undefined at every precision" in [text.get_text() for text in ax.texts]
    assert ax.get_xlim()[0] < 2 < 11 < ax.get_xlim()[1]
    legend = plot_critical_precision(flat(np.nan, np.nan)).get_legend()
    assert legend is not None
    assert "φₛ: undefined" in [text.get_text() for text in legend.get_texts()]


def test_zeros_and_failures_have_axes_of_their_size() -> None:
    low, high = plot_critical_precision(flat(0.0, 0.0), show="phi_s").get_ylim()
    assert high - low == pytest.approx(1.0)
    ax = plot_critical_precision(flat(1.0, 1.0, failed=True), show="phi_s")
    assert shown(ax, "not mappable")[0] == list(range(2, 12))
    assert ax.get_xlim()[1] > 11


def test_words_over_the_axes_do_not_meet(sweep: PrecisionSweep) -> None:
    """Where two kinds are kept from precisions next to each other, one is written higher."""
    points = []
    for bits in range(2, 12):
        gaps = {"tv": 2.0 ** (3 - bits), "rate": 2.0 ** (2 - bits)}
        points.append(PrecisionPoint({"bits": bits}, "c", gaps, gaps))
    chosen = tuple(MEASURES[name] for name in ("tv", "rate"))
    near = PrecisionSweep(
        "net", "chip", {"bits": tuple(range(2, 12))}, chosen, {"tv": 0.0, "rate": 20.0},
        tuple(points), Status.COMPLETE, {},
    )  # fmt: skip
    for one in (near, sweep):
        ax = plot_critical_precision(one)
        figure = ax.get_figure(root=True)
        assert isinstance(figure, Figure)
        figure.canvas.draw()
        words = [text for text in ax.texts if text.get_gid() == "kept"]
        assert len(words) == 2
        boxes = [text.get_window_extent() for text in (*words, *title_of(ax))]
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def title_of(ax: Axes) -> list[Text]:
    """The title at the left of the axes."""
    title = ax.get_title(loc="left")
    return [one for one in ax.findobj(Text) if getattr(one, "get_text", str)() == title]


def test_many_lines_have_their_legend_beside() -> None:
    modes = ("zero", "floor", "nearest", "nearest_away", "stochastic")
    points = tuple(
        PrecisionPoint({"bits": b, "rounding": mode}, "c", {"phi_s": 1.0}, {"phi_s": 0.0})
        for b in (4, 8)
        for mode in modes
    )
    many = PrecisionSweep(
        "net", "chip", {"bits": (4, 8), "rounding": modes}, (MEASURES["phi_s"],), {"phi_s": 1.0},
        points, Status.COMPLETE, {},
    )  # fmt: skip
    ax = plot_critical_precision(many, show="phi_s")
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_title().get_text() == "rounding"
    assert legend.get_window_extent().x0 >= ax.get_window_extent().x1
    one = replace(many, axes={"bits": (4,), "rounding": modes}, points=points[:5])
    with pytest.raises(InputError, match=r"two or more values of bits.*sweep\.table\(\)"):
        plot_critical_precision(one)


def test_refuses_what_was_not_swept(sweep: PrecisionSweep) -> None:
    with pytest.raises(InputError, match="PrecisionSweep"):
        plot_critical_precision(zoo.half_centre())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="axis = 'decay_bits'"):
        plot_critical_precision(sweep, axis="decay_bits")
    with pytest.raises(InputError, match=r"measure = 'phi'.*did you mean 'phi_s'"):
        plot_critical_precision(sweep, show="phi")
    with pytest.raises(InputError, match=r"at = \{'rounding': 'up'\}"):
        plot_critical_precision(sweep, at={"rounding": "up"})
    with pytest.raises(InputError, match="other axes that were swept"):
        plot_critical_precision(sweep, at={"refractory": 1})
