"""The figure of phi over states shows every value where its state is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causal_snn import order
from causal_snn.errors import InputError
from causal_snn.models import zoo
from causal_snn.phi import PhiByState, PhiResult
from causal_snn.pipeline import analyze
from causal_snn.plotting import plot_phi_states
from causal_snn.report import Report


def values(ax: Axes, *gids: str) -> dict[int, float]:
    return {
        int(x): float(y)
        for line in ax.lines
        if line.get_gid() in gids
        for x, y in zip(*(np.asarray(v, dtype=float) for v in line.get_data()), strict=True)
    }


def panels(ax: Axes) -> Sequence[Axes]:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure.axes


@pytest.fixture
def over_states(ring: Report) -> PhiByState:
    assert ring.phi_by_state is not None
    return ring.phi_by_state


def test_every_state_has_its_value_in_row_order(ring: Report, over_states: PhiByState) -> None:
    ax = plot_phi_states(PhiByState(over_states.results[::-1], ()), cells=ring.tpm.cells)
    drawn = values(ax, "states")
    expected = {order.number(r.state, (3, 3, 3)): r.phi_s for r in over_states}
    assert drawn == pytest.approx(expected)
    labels = [t.get_text() for t in panels(ax)[-1].get_xticklabels()]
    assert labels[:4] == ["QQQ", "PQQ", "SQQ", "QPQ"]
    assert ax.get_ylabel().endswith("(ibit)")


def test_chosen_state_stands_out(over_states: PhiByState) -> None:
    ax = plot_phi_states(over_states, chosen=(1, 1, 1))
    assert values(ax, "chosen") == {13: pytest.approx(over_states[1, 1, 1].phi_s)}
    assert 13 not in values(ax, "states")
    with pytest.raises(InputError, match="chosen"):
        plot_phi_states(over_states, chosen=(0, 0, 3))


def test_unreachable_states_are_crosses_not_zeros(over_states: PhiByState) -> None:
    lost = over_states.results[5]
    kept = tuple(r for r in over_states if r is not lost)
    ax = plot_phi_states(PhiByState(kept, (lost.state,)))
    (crosses,) = (line for line in ax.lines if line.get_gid() == "unreachable")
    assert list(np.asarray(crosses.get_xdata())) == [5]
    assert crosses.get_marker() == "x"
    assert 5 not in values(ax, "states")


def test_structure_gets_a_panel_where_it_was_computed(over_states: PhiByState) -> None:
    without = [replace(r, big_phi=None) for r in over_states]
    assert len(panels(plot_phi_states(without))) == 1
    some = [replace(r, big_phi=float(k)) for k, r in enumerate(over_states)]
    some[3] = replace(some[3], big_phi=None)
    first, second = panels(plot_phi_states(some))
    assert "Φ" in second.get_ylabel()
    found = values(second, "states")
    assert found[26] == 26.0
    assert np.isnan(found[3])
    assert not np.isnan(values(first, "states")[3])


def test_iit_3_has_one_quantity_and_one_panel(over_states: PhiByState) -> None:
    old = [replace(r, formalism="IIT_3_0", big_phi=r.phi_s) for r in over_states]
    (ax,) = panels(plot_phi_states(old))
    assert "Φ" in ax.get_ylabel()


def test_all_zero_says_so_on_an_axis_with_a_scale(over_states: PhiByState) -> None:
    ax = plot_phi_states([replace(r, phi_s=1e-17) for r in over_states])
    assert ax.get_ylim() == (0.0, 1.0)
    assert [text.get_text() for text in ax.texts] == ["0 in every state"]


def test_many_states_keep_few_labels_and_name_the_highest(over_states: PhiByState) -> None:
    many = [_at(over_states.results[0], state, phi_s=0.1) for state in order.states((3,) * 4)]
    many[40] = replace(many[40], phi_s=0.5)
    ax = plot_phi_states(many)
    assert len(ax.get_xticks()) <= 40
    assert len(values(ax, "states")) == 81
    assert [text.get_text() for text in ax.texts] == ["1111"]


def test_given_axes_are_used(over_states: PhiByState) -> None:
    ax = Figure().add_subplot()
    assert plot_phi_states(over_states, ax=ax) is ax
    pair = Figure().subplots(2, 1)
    some = [replace(r, big_phi=1.0) for r in over_states]
    assert plot_phi_states(some, ax=list(pair)) is pair[0]
    assert values(pair[1], "states")[0] == 1.0


def test_nothing_to_plot_is_an_error() -> None:
    with pytest.raises(InputError, match="results"):
        plot_phi_states([])


def _at(result: PhiResult, state: np.ndarray, *, phi_s: float) -> PhiResult:
    return replace(result, state=tuple(int(x) for x in state), labels=tuple("ABCD"), phi_s=phi_s)


def test_two_panels_fill_their_figure() -> None:
    ring = analyze(zoo.excitatory_ring())
    assert ring.phi_by_state is not None
    ax = plot_phi_states(ring.phi_by_state, cells=ring.tpm.cells)
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()  # warns, and so fails, where the layout collapses
    assert all(panel.get_position().height > 0.25 for panel in figure.axes)
