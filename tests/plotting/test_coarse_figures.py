"""The figures of the coarse-graining put its numbers where they belong."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from causal_snn import coarse, kernel
from causal_snn.coarse.leveling.levels import levels
from causal_snn.coarse.leveling.result import LevelsResult
from causal_snn.coarse.pareto import ParetoFront, pareto
from causal_snn.errors import InputError
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models import Network, lif, zoo
from causal_snn.plotting.levels import outward, plot_levels
from causal_snn.plotting.pareto import plot_pareto
from causal_snn.plotting.prediction import plot_prediction_error
from causal_snn.plotting.threshold_strips import plot_threshold_strips
from causal_snn.tpm.prediction.chain import chain_prediction
from causal_snn.tpm.prediction.result import PredictionError

Floats = NDArray[np.float64]


def unit(contexts: Any = (-4.0, 3.0), *, noise: float = 4.0) -> EffectKernel:
    network = Network(neuron=lif(), weights=[[0, 3], [3, 0]], drive=16.0, noise=noise, dt=5.0)
    given: Any = contexts if isinstance(contexts, str) else list(contexts)
    return kernel.next_spike(network, 0, contexts=given)


def table(probability: Any, *, edges: Any = None, states: Any = None) -> TabulatedKernel:
    p = np.atleast_2d(np.asarray(probability, dtype=float))
    count, n = p.shape
    points = np.arange(n, dtype=float)[:, None] if states is None else np.asarray(states, float)
    names = ("v (mV)", "age (steps)")[: points.shape[1]]
    return TabulatedKernel(
        label="X",
        rows=np.stack([1.0 - p, p], axis=-1),
        spread=np.full(p.shape, 0.02),
        states=points,
        mass=np.full(n, 1.0 / n),
        inputs=np.arange(count, dtype=float),
        context_law=np.full(count, 1.0 / count),
        coordinates=names,
        edges=None if edges is None else np.asarray(edges, dtype=float),
    )


def by_gid(ax: Axes, gid: str) -> list[Any]:
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def box(patch: Any) -> tuple[float, float]:
    ends = patch.get_path().get_extents(patch.get_patch_transform())
    return float(ends.x0), float(ends.x1)


def boxes(ax: Axes, gid: str) -> list[tuple[float, float]]:
    return [box(patch) for patch in by_gid(ax, gid)]


def inside(filled: Any, x: float, y: float) -> bool:
    return bool(filled.get_paths()[0].contains_point((x, y)))


def legend_texts(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


# plot_levels


@pytest.mark.parametrize("contexts", [(0.0,), (-4.0, 3.0), tuple(np.linspace(-4.0, 3.0, 8))])
def test_levels_have_a_curve_for_each_context(contexts: tuple[float, ...]) -> None:
    found = unit(contexts)
    ax = plot_levels(found, levels(found, 3))
    for c in range(len(contexts)):
        (line,) = by_gid(ax, f"context-{c}")
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        np.testing.assert_allclose(y, found.probability(x)[c], atol=1e-5)
    assert not by_gid(ax, f"context-{len(contexts)}")


@pytest.mark.parametrize("k", [1, 2, 8])
def test_cells_and_cuts_of_levels_are_where_the_result_says(k: int) -> None:
    found = unit()
    result = levels(found, k)
    ax = plot_levels(found, result)
    assert result.edges is not None
    assert [line.get_xdata()[0] for line in by_gid(ax, "cut")] == pytest.approx(result.edges)
    ends = [found.domain[0], *result.edges, found.domain[1]]
    for level in range(k):
        assert boxes(ax, f"level-{level}") == [pytest.approx((ends[level], ends[level + 1]))]
    shades = [by_gid(ax, f"level-{level}")[0].get_facecolor() for level in range(k)]
    assert all(one != other for one, other in pairwise(shades))
    low, high = ax.get_xlim()
    assert all(low < cut < high for cut in result.edges)
    assert found.domain[0] <= low < high <= found.domain[1]
    assert not by_gid(ax, "abstained")


def test_band_around_a_line_is_the_spread_of_the_table() -> None:
    given = table([0.1, 0.3, 0.9], edges=[-60, -58, -54, -50])
    (band,) = by_gid(plot_levels(given, levels(given, 2)), "spread-0")
    for x, low, high in ((-59.9, 0.08, 0.12), (-58.1, 0.08, 0.12), (-53, 0.88, 0.92)):
        assert inside(band, x, low + 0.001)
        assert inside(band, x, high - 0.001)
        assert not inside(band, x, low - 0.001)
        assert not inside(band, x, high + 0.001)


def test_cells_of_no_level_are_hatched() -> None:
    given = table([0.0, 0.0, 0.5, 1.0, 1.0], edges=np.arange(6.0))
    result = levels(given, 2, separation=0.9, min_mass=0.3)
    assert list(result.cells) == [0, 0, -1, 1, 1]
    ax = plot_levels(given, result)
    assert boxes(ax, "abstained") == [(2.0, 3.0)]
    assert by_gid(ax, "abstained")[0].get_hatch()
    assert "no level (abstains)" in legend_texts(ax)


def test_levels_of_several_pieces_have_a_rug() -> None:
    given = table([0.0, 0.9, 1.0, 0.1], edges=np.arange(5.0))
    ax = plot_levels(given, levels(given, 2, contiguous=False))
    (rug,) = by_gid(ax, "rug")
    assert np.asarray(rug.get_array()).ravel().tolist() == [0, 1, 1, 0]
    assert not by_gid(ax, "cut")
    assert {"level 0", "level 1"} <= set(legend_texts(ax))


def test_cells_of_two_coordinates_stand_sorted_by_level() -> None:
    given = table([0.9, 0.0, 1.0, 0.1], states=[[0, 0], [0, 1], [1, 0], [1, 1]])
    ax = plot_levels(given, levels(given, 2))
    (line,) = by_gid(ax, "context-0")
    assert list(line.get_ydata()) == pytest.approx([0.0, 0.1, 0.9, 1.0])
    assert line.get_linestyle() == "None"  # nothing lies between such cells
    assert "sorted" in ax.get_xlabel()


def test_points_of_one_coordinate_stand_at_their_values() -> None:
    given = table([0.0, 0.1, 0.9], states=[[-60], [-55], [-51]])
    ax = plot_levels(given, levels(given, 2))
    assert list(by_gid(ax, "context-0")[0].get_xdata()) == pytest.approx([-60, -55, -51], abs=1.0)
    assert boxes(ax, "level-1") == [(-53.0, -49.0)]
    assert ax.get_xlabel() == "v (mV)"


def test_one_cell_and_one_level_can_be_drawn() -> None:
    given = table([0.4], states=[[-60]])
    ax = plot_levels(given, levels(given, 1))
    assert not by_gid(ax, "cut")
    low, high = ax.get_xlim()
    assert low < -60.0 < high


def test_without_noise_the_cut_is_at_the_jump() -> None:
    found = unit((0.0,), noise=0.0)
    result = levels(found, 2)
    ax = plot_levels(found, result)
    assert by_gid(ax, "cut")[0].get_xdata()[0] == pytest.approx(found.midpoints[0], abs=1e-6)


def test_interval_of_contexts_is_filled_between_its_ends() -> None:
    found = unit("interval")
    ax = plot_levels(found, levels(found, 3))
    (fill,) = by_gid(ax, "contexts-between")
    for x in (-58.0, -54.0, -51.0):
        low, high = np.sort(found.probability(x))
        assert inside(fill, x, low + 0.01)
        assert inside(fill, x, high - 0.01)
        assert not inside(fill, x, low - 0.01)
        assert not inside(fill, x, high + 0.01)
    assert "every input between" in legend_texts(ax)
    assert "input 3 mV (greatest effect)" in legend_texts(ax)


def test_many_contexts_are_an_envelope() -> None:
    found = unit(np.linspace(-4.0, 3.0, 40))
    ax = plot_levels(found, levels(found, 2))
    assert "38 inputs between" in legend_texts(ax)
    assert not by_gid(ax, "context-7")


def test_title_encloses_epsilon_and_says_what_is_wrong() -> None:
    found = unit()
    result = replace(levels(found, 2), lower=0.12349, epsilon=0.56781)
    assert plot_levels(found, result).get_title(loc="right") == "k = 2: ε in [0.123, 0.568]"
    few = levels(table([0.2, 0.2]), 2)
    assert "fewer levels" in plot_levels(table([0.2, 0.2]), few).get_title(loc="right")
    hard = levels(found, 2, epsilon=0.01)
    assert "infeasible" in plot_levels(found, hard).get_title(loc="right")
    mean = levels(found, 2, objective="brier", cells=50)
    assert "mean squared error" in plot_levels(found, mean).get_title(loc="right")


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 0.3, 1.0])
def test_printed_enclosures_hold_what_they_enclose(scale: float) -> None:
    rng = np.random.default_rng(7)
    for lower, upper in np.sort(scale * rng.uniform(size=(200, 2))):
        low, high = (float(text.replace("−", "-")) for text in outward(lower, upper))
        assert low <= lower * (1 + 1e-12)
        assert upper <= high * (1 + 1e-12)
        assert high - low <= upper - lower + 0.021 * upper
    assert outward(0.0, 0.0) == ("0", "0")


def test_levels_of_another_kernel_are_refused() -> None:
    given, found = table([0.0, 1.0], edges=[0, 1, 2]), unit()
    with pytest.raises(InputError, match="this kernel"):
        plot_levels(given, levels(found, 2))
    with pytest.raises(InputError, match="this kernel"):
        plot_levels(table([0.0, 1.0], edges=[0, 1, 3]), levels(given, 2))
    with pytest.raises(InputError, match="LevelsResult"):
        plot_levels(found, coarse.threshold(found))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="EffectKernel"):
        plot_levels(zoo.pyloric(), levels(found, 2))  # type: ignore[arg-type]


# plot_pareto


@pytest.fixture(scope="module")
def front() -> ParetoFront:
    ramp = table(np.linspace(0.0, 1.0, 12), edges=np.linspace(-60, -50, 13))
    return pareto(ramp, levels=(2, 3, 4), second="effective_information")


def test_points_of_the_front_are_at_their_numbers(front: ParetoFront) -> None:
    ax = plot_pareto(front)
    for k in (2, 3, 4):
        (line,) = by_gid(ax, f"front-{k}")
        points = front.of(k)
        assert list(line.get_xdata()) == [point.effective_information for point in points]
        assert list(line.get_ydata()) == [point.epsilon for point in points]
        (floor,) = by_gid(ax, f"floor-{k}")
        assert floor.get_ydata()[0] == pytest.approx(0.96 / k)  # 1 less what the spread may take
        assert floor.get_color() == line.get_color()
    colours = {by_gid(ax, f"front-{k}")[0].get_color() for k in (2, 3, 4)}
    markers = {by_gid(ax, f"front-{k}")[0].get_marker() for k in (2, 3, 4)}
    assert len(colours) == len(markers) == 3
    assert ax.get_xlabel() == "effective information (bit)"
    low, high = ax.get_ylim()
    assert low == 0.0
    assert high > max(point.epsilon for point in front.points)


def test_front_of_separations_says_when_it_is_not_complete(front: ParetoFront) -> None:
    some = replace(front, second="separation", complete={2: True, 3: False, 4: True})
    ax = plot_pareto(some)
    styles = [by_gid(ax, f"front-{k}")[0].get_linestyle() for k in (2, 3, 4)]
    assert styles[0] == styles[2] == "-"
    assert styles[1] != "-"
    assert "separation" in ax.get_xlabel()


def test_numbers_of_levels_without_a_point_are_named(front: ParetoFront) -> None:
    left = replace(front, points=front.of(2))
    assert {"k = 2", "k = 3 (none)", "k = 4 (none)"} <= set(legend_texts(plot_pareto(left)))
    assert plot_pareto(replace(front, points=())).get_xlim() == (0.0, 1.0)


def test_other_results_are_no_front(front: ParetoFront) -> None:
    with pytest.raises(InputError, match="ParetoFront"):
        plot_pareto(front.points)  # type: ignore[arg-type]


# plot_threshold_strips


def pyloric() -> tuple[list[EffectKernel], list[coarse.ThresholdResult]]:
    network = zoo.pyloric()
    kernels = [kernel.next_spike(network, k) for k in range(network.n)]
    return kernels, [coarse.threshold(each) for each in kernels]


def test_strips_are_cheapest_at_the_causal_threshold() -> None:
    kernels, results = pyloric()
    ax = plot_threshold_strips(kernels, results, points=200)
    for row, result in enumerate(results):
        (strip,) = by_gid(ax, f"strip-{row}")
        cost = np.asarray(strip.get_array()).ravel()
        corners = strip.get_coordinates()[0, :, 0]
        best = int(np.argmin(cost))
        width = corners[1] - corners[0]
        assert abs((corners[best] + corners[best + 1]) / 2 - result.threshold) <= width
        assert result.epsilon - 1e-9 <= cost[best] <= result.epsilon + 0.02
        (mark,), (theta,) = by_gid(ax, f"causal-threshold-{row}"), by_gid(ax, f"theta-{row}")
        assert mark.get_xdata()[0] == result.threshold
        assert theta.get_xdata()[0] == result.theta
        low, high = ax.get_xlim()
        assert low < result.threshold < result.theta < high


def test_cost_of_a_cut_agrees_with_the_effects_themselves() -> None:
    kernels, results = pyloric()
    (strip,) = by_gid(plot_threshold_strips(kernels[1], results[1], points=40), "strip-0")
    corners = strip.get_coordinates()[0, :, 0]
    low, high = results[1].domain
    for cut, cost in zip((corners[:-1] + corners[1:]) / 2, strip.get_array().ravel(), strict=True):
        effects = [kernels[1].probability(np.array([x])) for x in (low, cut, high)]
        below, above = (np.abs(effects[k + 1] - effects[k]).max() for k in (0, 1))
        assert cost == pytest.approx(max(below, above), abs=1e-9)


def test_strips_share_their_colours_and_name_the_units() -> None:
    ax = plot_threshold_strips(*pyloric(), points=50)
    limits = {by_gid(ax, f"strip-{row}")[0].get_clim() for row in range(3)}
    assert len(limits) == 1
    assert limits.pop()[0] == 0.0
    names = [label.get_text().split("\n")[0] for label in ax.get_yticklabels()]
    assert names == ["AB/PD", "LP", "PY"]
    assert ax.yaxis_inverted()  # the first unit is on top
    assert ax.get_xlabel() == "membrane potential (mV)"
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    assert any("diameter" in other.get_ylabel() for other in figure.axes)


@pytest.mark.parametrize("domain", [(-300.0, 100.0), (-np.inf, np.inf)])
def test_wide_domains_are_drawn_where_something_happens(domain: tuple[float, float]) -> None:
    found = unit()
    result = coarse.threshold(found, domain=domain)
    low, high = plot_threshold_strips(found, result, points=50).get_xlim()
    assert low < result.threshold < high
    assert high - low < 60.0


def test_without_noise_a_cut_costs_all_or_nothing() -> None:
    found = unit((0.0,), noise=0.0)
    (strip,) = by_gid(plot_threshold_strips(found, coarse.threshold(found), points=60), "strip-0")
    assert set(np.asarray(strip.get_array()).ravel()) <= {0.0, 1.0}


def test_strips_refuse_thresholds_of_other_units() -> None:
    kernels, results = pyloric()
    with pytest.raises(InputError, match="AB/PD"):
        plot_threshold_strips(kernels, results[::-1])
    with pytest.raises(InputError, match="thresholds"):
        plot_threshold_strips(kernels, results[:2])
    with pytest.raises(InputError, match="at least one EffectKernel"):
        plot_threshold_strips([], [])
    with pytest.raises(InputError, match="points"):
        plot_threshold_strips(kernels, results, points=0)


# plot_prediction_error


def errors(**changes: Any) -> PredictionError:
    given: dict[str, Any] = {
        "times": np.array([5.0, 10.0, 15.0]),
        "exact": np.array([0.02, 0.04, 0.2]),
        "posterior": np.array([0.03, 0.06, 0.3]),
        "prior": np.array([0.05, 0.1, 0.4]),
        "epsilon": 0.05,
        "contraction": np.ones(3),
        "tolerance": 0.05,
    }
    return PredictionError(**given | changes)


def test_errors_and_bounds_are_at_their_times() -> None:
    error = errors()
    ax = plot_prediction_error(error)
    for gid in ("exact", "posterior", "prior"):
        (line,) = by_gid(ax, gid)
        assert list(line.get_xdata()) == [5.0, 10.0, 15.0]
        assert list(line.get_ydata()) == list(getattr(error, gid))
    assert by_gid(ax, "tolerance")[0].get_ydata()[0] == 0.05
    assert boxes(ax, "horizon") == [(0.0, 10.0)]
    assert ax.get_title(loc="left").replace("\n", " ") == error.verdict
    assert "predicts to 10 ms" in legend_texts(ax)
    assert ax.get_xlabel() == "time ahead (ms)"
    assert ax.get_yscale() == "linear"


def test_a_finite_chain_is_drawn_with_its_bounds_in_order() -> None:
    P = np.array(
        [[0.3, 0.4, 0.3, 0.0], [0.3, 0.6, 0.0, 0.1], [0.1, 0, 0.5, 0.4], [0, 0.1, 0.4, 0.5]]
    )
    error = chain_prediction(P, np.array([0, 0, 1, 1]), dt=2.0, tolerance=0.2)
    ax = plot_prediction_error(error)
    curves = [np.asarray(by_gid(ax, gid)[0].get_ydata()) for gid in ("exact", "posterior", "prior")]
    # one step by hand: a row of cell 0 leaves it with 0.3 or 0.1, on average with 0.2
    assert curves[0][0] == pytest.approx(0.1)
    assert np.all(curves[0] <= curves[1] + 1e-12)
    assert np.all(curves[1] <= curves[2] + 1e-12)


def test_bounds_alone_and_bounds_of_units_are_drawn() -> None:
    by_unit = np.array([[0.01, 0.02], [0.02, 0.05], [0.1, 0.2]])
    ax = plot_prediction_error(errors(exact=None, posterior=None, by_unit=by_unit))
    assert not by_gid(ax, "exact")
    assert not by_gid(ax, "posterior")
    for k in range(2):
        assert list(by_gid(ax, f"unit-{k}")[0].get_ydata()) == list(by_unit[:, k])


def test_errors_over_decades_are_logarithmic_and_numeric_error_is_shaded() -> None:
    small = errors(exact=np.array([1e-2, 1e-4, 1e-6]), numeric=1e-4)
    ax = plot_prediction_error(small)
    assert ax.get_yscale() == "log"
    assert len(by_gid(ax, "numeric")) == 1
    assert plot_prediction_error(small, log=False).get_yscale() == "linear"
    assert plot_prediction_error(errors(), log=True).get_yscale() == "log"


def test_no_error_at_all_is_linear_and_a_hopeless_model_has_no_horizon() -> None:
    zero = np.zeros(3)
    ax = plot_prediction_error(errors(exact=zero, posterior=zero, prior=zero))
    assert ax.get_yscale() == "linear"
    assert boxes(ax, "horizon") == [(0.0, 15.0)]
    assert ax.get_ylim()[1] > 0.05
    bad = plot_prediction_error(errors(exact=np.ones(3)))
    assert not by_gid(bad, "horizon")
    assert "does not predict" in bad.get_title(loc="left")


def test_one_step_can_be_drawn_and_other_results_not() -> None:
    one = errors(
        times=np.array([5.0]), exact=np.array([0.1]), posterior=None, prior=np.array([1.0])
    )
    low, high = plot_prediction_error(one).get_xlim()
    assert low <= 0.0 < 5.0 < high
    with pytest.raises(InputError, match="PredictionError"):
        plot_prediction_error(0.1)  # type: ignore[arg-type]


# what they share


def test_given_axes_are_used() -> None:
    found = unit()
    result: LevelsResult = levels(found, 2)
    axes = [Figure().add_subplot() for _ in range(3)]
    assert plot_levels(found, result, ax=axes[0], legend=False) is axes[0]
    assert plot_prediction_error(errors(), ax=axes[1], legend=False) is axes[1]
    strips = plot_threshold_strips(found, coarse.threshold(found), points=20, ax=axes[2])
    assert strips is axes[2]
    assert axes[0].get_legend() is axes[1].get_legend() is None
    with pytest.raises(InputError, match="Axes"):
        plot_prediction_error(errors(), ax="here")  # type: ignore[arg-type]
