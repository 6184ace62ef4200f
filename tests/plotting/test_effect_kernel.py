"""The figure of an effect kernel shows every context, both thresholds, the band and the domain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from causal_snn import coarse, kernel
from causal_snn.models import Network, cuba_lif, lif, zoo
from causal_snn.plotting import plot_effect_kernel, plot_effect_kernels
from causal_snn.report import Report

Floats = NDArray[np.float64]


def pair(*, weight: float = 3.0, noise: float = 4.0, drive: float = 16.0, dt: float = 1.0) -> Any:
    network = Network(
        neuron=lif(), weights=[[0, weight], [weight, 0]], drive=drive, noise=noise, dt=dt
    )
    found = kernel.next_spike(network, 0)
    return found, coarse.threshold(found)


def by_gid(ax: Axes, gid: str) -> list[Any]:
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def data(line: Line2D) -> tuple[Floats, Floats]:
    return np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)


def curves(ax: Axes) -> list[Line2D]:
    return [line for line in ax.lines if str(line.get_gid()).startswith("context-")]


def span(ax: Axes, gid: str) -> list[tuple[float, float]]:
    return [
        (float(box.x0), float(box.x1))
        for box in (
            patch.get_path().get_extents(patch.get_patch_transform()) for patch in by_gid(ax, gid)
        )
    ]


@pytest.mark.parametrize("inputs", [[0.0], [-4.0, 2.0], [-4.0, -1.0, 0.0, 2.0]])
def test_one_curve_for_each_context_with_the_values_of_the_kernel(inputs: list[float]) -> None:
    found = kernel.next_spike(zoo.pyloric(), "LP", contexts=inputs)
    ax = plot_effect_kernel(found)
    drawn = {str(line.get_gid()): line for line in curves(ax)}
    assert sorted(drawn) == [f"context-{k}" for k in range(len(inputs))]
    for k in range(len(inputs)):
        x, y = data(drawn[f"context-{k}"])
        np.testing.assert_allclose(y, found.probability(x)[k], atol=1e-12)
    assert not by_gid(ax, "contexts-between")


def test_extremes_are_bold_and_the_contexts_between_thin() -> None:
    found = kernel.next_spike(zoo.pyloric(), "LP")
    widths = [
        line.get_linewidth()
        for line in sorted(curves(plot_effect_kernel(found)), key=lambda a: str(a.get_gid()))
    ]
    assert widths[0] == widths[-1] > 1.5 * max(widths[1:-1])


@pytest.mark.parametrize("kind", ["interval", "many"])
def test_many_contexts_are_a_filled_envelope_between_the_extremes(kind: str) -> None:
    contexts: Any = "interval" if kind == "interval" else np.linspace(-12.0, 0.0, 40)
    found = kernel.next_spike(zoo.pyloric(), "LP", contexts=contexts)
    ax = plot_effect_kernel(found)
    assert len(curves(ax)) == 2
    (fill,) = by_gid(ax, "contexts-between")
    assert isinstance(fill, PolyCollection)
    corners = np.asarray(fill.get_paths()[0].vertices, dtype=float)
    x = float(found.midpoints.min())
    near = corners[np.abs(corners[:, 0] - x) < 1e-9]
    np.testing.assert_allclose(
        [near[:, 1].min(), near[:, 1].max()],
        [found.probability(x).min(), found.probability(x).max()],
        atol=1e-9,
    )


def test_thresholds_and_band_stand_where_they_are() -> None:
    found, result = pair()
    ax = plot_effect_kernel(found, result)
    (causal,), (theta,) = by_gid(ax, "causal-threshold"), by_gid(ax, "theta")
    assert list(causal.get_xdata()) == [result.threshold] * 2
    assert list(theta.get_xdata()) == [-50.0, -50.0]
    assert span(ax, "band") == [pytest.approx(result.band)]


@pytest.mark.parametrize("domain", [None, (-60.0, -48.0), (-300.0, 100.0), (-np.inf, np.inf)])
def test_view_holds_what_matters_and_hatches_what_is_outside(domain: Any) -> None:
    found = kernel.next_spike(zoo.pyloric(), "LP")
    result = coarse.threshold(found, domain=domain)
    ax = plot_effect_kernel(found, result)
    low, high = ax.get_xlim()
    shown = [result.threshold, result.theta, *result.band, *found.midpoints]
    assert low < min(shown)
    assert max(shown) < high
    assert high - low < 1.6 * (max(shown) - min(shown))
    first, last = result.domain
    sides = [(low, max(low, first)), (min(high, last), high)]
    outside = [side for side in sides if side[0] < side[1]]
    assert span(ax, "outside") == [pytest.approx(each) for each in outside]


def test_without_noise_effects_are_steps_at_the_midpoints() -> None:
    found, result = pair(noise=0.0)
    ax = plot_effect_kernel(found, result)
    for k, line in enumerate(sorted(curves(ax), key=lambda a: str(a.get_gid()))):
        x, y = data(line)
        assert set(y) == {0.0, 1.0}
        rise = x[int(np.argmax(y))]
        assert rise == pytest.approx(found.midpoints[k], abs=1e-9)


def test_one_noiseless_context_at_theta_has_a_view() -> None:
    # drive 15 = theta - E puts the only midpoint on theta, so that everything coincides
    network = Network(neuron=lif(), weights=[[0.0]], drive=15.0, dt=1.0)
    found = kernel.next_spike(network, 0)
    low, high = plot_effect_kernel(found, coarse.threshold(found)).get_xlim()
    assert low < -50.0 < high


def test_empty_on_cell_is_said() -> None:
    network = Network(neuron=lif(), weights=[[0.0]], noise=4.0, dt=1.0)
    found = kernel.next_spike(network, 0)
    result = coarse.threshold(found)
    assert result.on_cell_empty
    title = plot_effect_kernel(found, result).get_title(loc="right")
    assert "ON cell empty" in title
    assert f"ε = {result.epsilon:.3g}" in title


def test_units_are_on_the_axes() -> None:
    found, result = pair()
    ax = plot_effect_kernel(found, result)
    assert ax.get_xlabel() == "membrane potential (mV)"
    assert "P(spike" in ax.get_ylabel()
    legend = ax.get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    assert "θ = −50 mV" in texts
    assert "input 3 mV (greatest)" in texts


def test_score_of_a_synaptic_current_is_named_and_its_input_is_in_nA() -> None:
    network = Network(neuron=cuba_lif(), weights=[[0, 3], [3, 0]], drive=14, noise=1, dt=1)
    ax = plot_effect_kernel(kernel.next_spike(network, 0))
    assert ax.get_xlabel() == "causal score (mV)"
    legend = ax.get_legend()
    assert legend is not None
    assert "input 3 nA (greatest)" in [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("shift", [0.0, 1e-6, -1e-6, 0.5, -3.0])
def test_names_of_the_thresholds_never_overlap(shift: float) -> None:
    found, result = pair()
    ax = plot_effect_kernel(found, replace(result, threshold=-50.0 + shift))
    boxes = _text_boxes(ax, {"T*", "θ"})
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])


def test_dimensionless_units_are_drawn_to_their_scale() -> None:
    neuron = lif(tau=1.0, E=0.0, theta=1.0, V_reset=0.0)
    network = Network(neuron=neuron, weights=[[0, 0.2], [0.2, 0]], drive=0.9, noise=0.05, dt=0.1)
    found = kernel.next_spike(network, 0)
    low, high = plot_effect_kernel(found, coarse.threshold(found)).get_xlim()
    assert high - low < 1.0


def test_given_axes_are_used_and_the_legend_is_optional() -> None:
    found, result = pair()
    ax = Figure().add_subplot()
    assert plot_effect_kernel(found, result, ax=ax, legend=False) is ax
    assert ax.get_legend() is None
    assert "T* = " in ax.get_title(loc="right")


def test_report_has_a_panel_for_each_unit_and_one_legend(pyloric: Report) -> None:
    figure = plot_effect_kernels(pyloric)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["AB/PD", "LP", "PY"]
    for ax, result in zip(figure.axes, pyloric.thresholds, strict=True):
        assert by_gid(ax, "causal-threshold")[0].get_xdata()[0] == result.threshold
        assert ax.get_legend() is None
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert len(names) == len(set(names))
    assert {"causal threshold T*", "abstain band", "least input", "greatest input"} <= set(names)


@pytest.mark.parametrize(("n", "panels"), [(1, 1), (4, 4), (5, 5), (10, 10)])
def test_grids_hold_as_many_panels_as_units(pyloric: Report, n: int, panels: int) -> None:
    many = replace(
        pyloric, kernels=(pyloric.kernels * 4)[:n], thresholds=(pyloric.thresholds * 4)[:n]
    )
    figure = plot_effect_kernels(many)
    assert len(figure.axes) == panels
    assert figure.get_size_inches()[0] <= 7.2


def _text_boxes(ax: Axes, names: set[str]) -> list[Bbox]:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    return [
        text.get_window_extent()
        for text in ax.texts
        if isinstance(text, Annotation) and text.get_text() in names
    ]
