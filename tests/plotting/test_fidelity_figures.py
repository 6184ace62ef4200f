"""The figure of chip fidelity shows ratios, edges with their signs, and the seeds' spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas

from causal_snn.chips.generic import fixed_point
from causal_snn.chips.mapping.map import map_network
from causal_snn.errors import InputError
from causal_snn.models import Network, lif, zoo
from causal_snn.plotting.fidelity import plot_fidelity
from causal_snn.studies.chip_fidelity import Fidelity, fidelity


@pytest.fixture(scope="module")
def study() -> Fidelity:
    net = zoo.pyloric()
    chip = fixed_point(bits=8, frac=1, rounding="floor").replace(mismatch={"threshold": 0.1})
    mapped = map_network(net, chip)
    weights = mapped.parameters.weights.copy()
    weights[2, 0] *= -1
    weights[0, 1] = 0
    mapped = replace(mapped, parameters=replace(mapped.parameters, weights=weights))
    return fidelity(net, mapped, seeds=(1, 2), steps=400, progress=False)


def test_ratios_are_those_of_the_figures(study: Fidelity) -> None:
    ax = plot_fidelity(study)
    left, _, right = ax.child_axes
    figures = {one.name: one for one in study.figures}
    shown = {
        str(line.get_gid())[5:]: line
        for panel in (left, right)
        for line in panel.lines
        if (line.get_gid() or "").startswith("chip ")
    }
    assert "effective information" in shown
    assert "rate, mean over units" in shown
    for name, line in shown.items():
        ratio = figures[name].chip / figures[name].reference
        assert np.asarray(line.get_xdata())[0] == pytest.approx(min(max(ratio, 0.0), 2.0))
        assert line.get_marker() == ("o" if 0.0 <= ratio <= 2.0 else ">" if ratio > 2.0 else "<")


def test_edges_that_change_sign_are_marked(study: Fidelity) -> None:
    middle = plot_fidelity(study).child_axes[1]
    marked = {line.get_gid(): line for line in middle.lines if line.get_gid()}
    assert study.edges.flipped == (("AB/PD", "PY"),)
    x, y = np.asarray(marked["other sign"].get_data())
    assert (x[0], y[0]) == tuple(study.edges.effect[:, 2, 0])
    shown = {name: np.size(line.get_xdata()) for name, line in marked.items()}
    assert shown["silenced or created"] == len(study.edges.silenced) == 1
    assert sum(shown.values()) == study.edges.edges.sum()


def test_seeds_are_bars(study: Fidelity) -> None:
    left = plot_fidelity(study).child_axes[0]
    bars = [line for line in left.lines if line.get_gid() == "seeds"]
    low, _, high = study.quantiles
    names = [one.name for one in study.figures]
    k = names.index("effective information")
    reference = study.figures[k].reference
    ends = np.asarray(bars[0].get_xdata(), dtype=float)
    np.testing.assert_allclose(ends, np.array([low[k], high[k]]) / reference)


def test_what_neither_side_has_is_named_below_and_not_drawn() -> None:
    net = Network(neuron=lif(), weights=[[0.0]], drive=14.0, noise=3.0, dt=5.0)
    mapped = map_network(net, fixed_point(16, 8, weight_bits=4))
    lone = fidelity(net, mapped, structure=False, steps=200, progress=False)
    ax = plot_fidelity(lone)
    left, middle, right = ax.child_axes
    assert "Φ" not in [label.get_text() for label in left.get_yticklabels()]
    assert "correlation" not in [label.get_text() for label in right.get_yticklabels()]
    (said,) = (text.get_text() for text in ax.texts if "not defined" in text.get_text())
    assert said.endswith("not computed or not defined: Φ, φₛ, main complex, correlation")
    assert "no connections" in [text.get_text() for text in middle.texts]
    assert not any("–" in text.get_text() for panel in (left, right) for text in panel.texts)


def test_a_reference_of_zero_has_no_bar_of_seeds(study: Fidelity) -> None:
    """A silent float network: no warning of a division, an arrow to the right."""
    silent = np.zeros_like(study.controls.rate)
    silent[1] = study.controls.rate[1]
    found = replace(study, controls=replace(study.controls, rate=silent))
    right = plot_fidelity(found).child_axes[2]
    (shown,) = (line for line in right.lines if line.get_gid() == "chip rate, mean over units")
    assert shown.get_marker() == ">"


def test_draws_on_given_axes_and_refuses_other_results(study: Fidelity) -> None:
    ax = Canvas(figsize=(7, 3)).add_subplot()
    assert plot_fidelity(study, ax=ax) is ax
    with pytest.raises(InputError, match="Fidelity"):
        plot_fidelity(zoo.pyloric())  # type: ignore[arg-type]
