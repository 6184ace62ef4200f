"""The figure of a TPM shows its entries in row order, with states that can be read."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causal_snn import tpm
from causal_snn.coarse import Partition
from causal_snn.models import zoo
from causal_snn.plotting import plot_tpm
from causal_snn.report import Report


def labels(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def test_shows_the_joint_rows_and_names_every_state(pyloric: Report) -> None:
    ax = plot_tpm(pyloric.tpm)
    (image,) = ax.images
    np.testing.assert_array_equal(np.asarray(image.get_array()), pyloric.tpm.state_by_state)
    assert labels(ax)[:4] == ["QQQ", "PQQ", "SQQ", "QPQ"]  # the first unit changes fastest
    assert len(labels(ax)) == 27
    assert labels(ax) == [text.get_text() for text in ax.get_xticklabels()]


def test_probabilities_start_at_0_and_have_a_named_colour_bar(pyloric: Report) -> None:
    ax = plot_tpm(pyloric.tpm)
    assert ax.images[0].norm.vmin == 0.0
    bars = [other for other in ax.get_figure(root=True).axes if other is not ax]  # type: ignore[union-attr]
    assert [bar.get_ylabel() for bar in bars] == ["probability"]


def test_title_carries_law_gap_and_key() -> None:
    network = zoo.half_centre()
    partition = Partition.from_thresholds(network, -52.0, alphabet="binary")
    built = tpm.build(network, partition)
    title = plot_tpm(built).get_title()
    assert f"independence gap {built.independence_gap:.3g}" in title
    assert "law: uniform" in title
    assert "0 off, 1 on" in title
    distance = plot_tpm(built.project()).get_title()
    assert f"(projected over {built.independence_gap:.3g})" in distance


@pytest.mark.parametrize("n", [6, 8])
def test_many_states_keep_few_ticks_at_the_right_rows(n: int) -> None:
    rng = np.random.default_rng(0)
    built = tpm.TPM.from_state_by_node(rng.random((2**n, n)))
    ax = plot_tpm(built)
    rows = [int(tick) for tick in ax.get_yticks()]
    assert 10 < len(rows) <= 27
    for row, text in zip(rows, labels(ax), strict=True):
        assert text == "".join(str(x) for x in built.states[row])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_state_labels_do_not_overlap(n: int) -> None:
    rng = np.random.default_rng(0)
    sizes = (3,) * n
    rows = rng.random((3**n, 3**n))
    built = tpm.TPM.from_state_by_state(rows / rows.sum(axis=1, keepdims=True), sizes=sizes)
    ax = plot_tpm(built)
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    for side in (ax.get_xticklabels(), ax.get_yticklabels()):
        boxes = [text.get_window_extent() for text in side]
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))


def test_given_axes_are_used(pyloric: Report) -> None:
    ax = Figure().add_subplot()
    assert plot_tpm(pyloric.tpm, ax=ax) is ax
