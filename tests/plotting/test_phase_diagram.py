"""The phase diagram's figure shows the numbers at their place and says where a cell is empty."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from causal_snn import models
from causal_snn.coarse.phase_diagram import PhaseDiagram, phase_diagram
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.plotting.phase_diagram import plot_phase_diagram


@pytest.fixture(scope="module")
def diagram() -> PhaseDiagram:
    net = Network(neuron=models.lif(), weights=[[0, 3], [3, 0]], drive=12.0, noise=4.0, dt=1.0)
    return phase_diagram(
        net, "A", dt=[1.0, 2.0, 4.0, 8.0], noise=[1.0, 2.0, 3.0], weight=[0.0, 1.0]
    )


def test_shows_the_shift_of_the_threshold(diagram: PhaseDiagram) -> None:
    ax = plot_phase_diagram(diagram, at={"weight": 1.0})
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    shown = np.asarray(mesh.get_array())
    np.testing.assert_allclose(shown, diagram.threshold[:, :, 1].T + 50.0)
    assert ax.get_xscale() == "log"  # 1, 2, 4, 8
    assert ax.get_yscale() == "linear"
    assert ax.get_title(loc="right") == "weight = 1"
    assert ax.get_xlabel() == "time step (ms)"


def test_hatches_where_a_cell_is_empty(diagram: PhaseDiagram) -> None:
    ax = plot_phase_diagram(diagram, x="noise", y="dt", at={"weight": 0.0})
    empty = [c for c in ax.collections if c.get_gid() == "empty"]
    assert len(empty) == int((diagram.verdict[:, :, 0] == "ON cell empty").sum()) > 0
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ON cell empty"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "dt", "y": "dt"}, "y = 'dt': another axis"),
        ({"x": "tau"}, "x = 'tau': one of"),
        ({"at": {"weight": 0.5}}, r"at\['weight'\] = 0.5: one of"),
        ({"at": {"dt": 1.0}}, "at = .*not drawn"),
        ({"show": "T"}, "show = 'T'"),
    ],
)
def test_bad_choices_are_refused(
    diagram: PhaseDiagram, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        plot_phase_diagram(diagram, **options)  # type: ignore[arg-type]


def test_an_axis_of_one_value_is_refused(diagram: PhaseDiagram) -> None:
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=12.0, noise=4.0, dt=1.0)
    with pytest.raises(InputError, match="x = 'dt': an axis with two"):
        plot_phase_diagram(phase_diagram(net, 0, noise=[1.0, 2.0]))
    with pytest.raises(InputError, match="PhaseDiagram"):
        plot_phase_diagram(net)  # type: ignore[arg-type]
