"""Branches that begin on a fold at the edge of their span, and options that make no branch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from causal_snn import dynamics, models
from causal_snn.errors import InputError


@pytest.mark.parametrize(
    ("model", "span", "fold"),
    [
        (models.izhikevich(), (4, 8), 4.0),
        (models.qif(), (0, 2), 0.0),
        (models.theta_neuron(), (0, 2), 0.0),
        (models.adex(), (627.3110937208723, 900), 627.3110937208723),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_branch_that_folds_out_of_the_span_is_its_fold(
    model: models.NeuronModel, span: tuple[float, float], fold: float
) -> None:
    branch = dynamics.continue_equilibria(model, "I", span)
    assert len(branch) == 1
    assert branch.special["LP1"].value == pytest.approx(fold, rel=1e-10, abs=1e-10)
    assert "folds back out of the span" in branch.stopped[1]


def test_map_that_folds_out_of_the_span_says_so() -> None:
    with pytest.raises(InputError, match="folds back out of the span"):
        dynamics.continue_map(models.izhikevich(), "euler", "I", (4, 9), dt=1)


def test_both_arms_are_followed_from_a_fold_into_the_span() -> None:
    branch = dynamics.continue_equilibria(models.izhikevich(), "I", (4, 0))
    assert [point.name for point in branch.special] == ["HB1", "LP1"]
    assert branch.special["LP1"].value == pytest.approx(4.0, abs=1e-10)
    # 0.04 v^2 + 4.8 v + 140 = 0 at I = 0, where u = 0.2 v
    assert np.sort(branch.states[[0, -1], 0]) == pytest.approx([-70, -50])


@pytest.mark.parametrize("span", [(-2, 0), (0, -2)])
def test_diagram_holds_the_arms_of_a_fold_once(span: tuple[float, float]) -> None:
    assert len(dynamics.diagram(models.qif(), "I", span).branches) == 1


@pytest.mark.parametrize("span", [(4, 0), (0, 4)])
def test_diagram_holds_each_arm_once(span: tuple[float, float]) -> None:
    found = dynamics.diagram(models.izhikevich(), "I", span, cycles=False)
    assert len(found.branches) == 1


def test_straight_branch_takes_few_points_beyond_the_domain() -> None:
    branch = dynamics.continue_equilibria(models.glif(), "I", (0, 200))
    assert branch.values[-1] == 200
    assert len(branch) < 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_step", math.nan),
        ("max_step", 0),
        ("max_step", -0.1),
        ("tolerance", 0),
        ("tolerance", -1e-9),
        ("tolerance", "small"),
        ("max_points", -1),
    ],
)
def test_options_are_checked(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=name):
        dynamics.continue_equilibria(models.izhikevich(), "I", (0, 4), **{name: value})


def test_point_of_another_model_and_values_beside_a_point_are_refused() -> None:
    neuron = models.izhikevich()
    point = dynamics.continue_equilibria(neuron, "I", (0, 4)).special["HB1"]
    with pytest.raises(InputError, match="special point"):
        dynamics.continue_equilibria(models.adex(), "I", (0, 4), start=point)
    with pytest.raises(InputError, match="leave it out"):
        dynamics.continue_equilibria(neuron, "I", (0, 4), start=point, I=2.0)


def test_start_by_state_names() -> None:
    branch = dynamics.continue_equilibria(
        models.izhikevich(), "I", (0, 3), start={"u": -14, "v": -70}
    )
    assert branch.states[0, 0] == pytest.approx(-70)


@pytest.mark.parametrize("value", [None, [1, 2], 1j, "10"])
def test_parameter_values_are_numbers(value: Any) -> None:
    with pytest.raises(InputError, match="I = "):
        dynamics.equilibria(models.izhikevich(), I=value)


def test_current_of_lif_is_its_drive() -> None:
    with pytest.raises(InputError, match="drive"):
        dynamics.equilibria(models.lif(), I=1.0)


def test_limit_cycle_refuses_a_name() -> None:
    with pytest.raises(InputError, match="NeuronModel"):
        dynamics.limit_cycle("hh")  # type: ignore[arg-type]
