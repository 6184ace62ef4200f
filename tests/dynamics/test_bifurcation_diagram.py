"""The whole diagram: every branch that reaches an end of the span, each cycle branch once."""

from __future__ import annotations

import math

import pytest

from causal_snn import dynamics, models
from causal_snn.errors import InputError


def test_the_squid_axon_from_model_to_diagram() -> None:
    found = dynamics.diagram(models.hodgkin_huxley(), "I", (0.0, 200.0))
    assert len(found.branches) == 1
    assert list(found.cycles) == ["HB1"]  # the cycles end at HB2, and are not followed twice
    values = {point.name: point.value for point in found.special}
    # Hopf points proved by Hendrick's computer-assisted proof; folds by AUTO at 200 intervals.
    assert values["HB1"] == pytest.approx(9.775437995393, abs=1e-9)
    assert values["HB2"] == pytest.approx(154.522433665808, abs=1e-9)
    assert values["LPC1"] == pytest.approx(7.8423471202, rel=1e-7)
    assert values["LPC2"] == pytest.approx(7.9177854943, rel=1e-7)
    assert values["LPC3"] == pytest.approx(6.2603212745, rel=1e-7)
    table = found.to_dataframe()
    assert len(table) == len(found.special)
    assert set(table["branch"]) == {"equilibria", "cycles_HB1"}
    assert "LPC3" in found.table()
    assert found.provenance["versions"]


def test_branches_that_do_not_meet_are_all_followed() -> None:
    # x' = (x^2 - 1 - r)(x - 3): the roots +-sqrt(1 + r) join in a fold at r = -1; x = 3 is apart
    # from them until r = 8.
    model = models.define("two", drift={"x": "-(x**2 - 1 - r)*(x - 3)"}, parameters={"r": 0.0})
    found = dynamics.diagram(model, "r", (0.0, -3.0))
    assert sorted(len(branch.special) for branch in found.branches) == [0, 1]
    assert [p.value for p in found.special] == pytest.approx([-1.0], abs=1e-10)
    assert set(found.named()) == {"equilibria", "equilibria_2"}


def test_a_span_whose_first_end_has_no_equilibrium_is_begun_at_the_other() -> None:
    found = dynamics.diagram(models.qif(), "I", (1.0, -4.0))
    assert [point.label for point in found.special] == ["LP"]
    assert math.isclose(found.special[0].value, 0.0, abs_tol=1e-12)


def test_cycles_of_two_hopf_points_that_share_no_branch() -> None:
    # Two planar oscillators side by side, with Hopf points at r = 0 and r = 1 and exact cycles of
    # radius sqrt(r) and sqrt(r - 1).
    model = models.define(
        "pair",
        drift={
            "x": "r*x - y - x*(x**2 + y**2)",
            "y": "x + r*y - y*(x**2 + y**2)",
            "u": "(r - 1)*u - 2*z - u*(u**2 + z**2)",
            "z": "2*u + (r - 1)*z - z*(u**2 + z**2)",
        },
        parameters={"r": 0.0},
        domain=dict.fromkeys("xyuz", (-2.0, 2.0)),
    )
    found = dynamics.diagram(model, "r", (-0.5, 1.5))
    assert list(found.cycles) == ["HB1", "HB2"]
    assert found.cycles["HB1"].maxima[-1, 0] == pytest.approx(math.sqrt(1.5), abs=1e-6)
    assert found.cycles["HB2"].maxima[-1, 2] == pytest.approx(math.sqrt(0.5), abs=1e-6)


def test_without_cycles() -> None:
    found = dynamics.diagram(models.fitzhugh_nagumo(), "I", (0.0, 2.0), cycles=False)
    assert not found.cycles
    assert [point.name for point in found.special] == ["HB1", "HB2"]


def test_no_equilibrium_at_either_end() -> None:
    with pytest.raises(InputError, match="no equilibrium at either end"):
        dynamics.diagram(models.qif(), "I", (1.0, 2.0))


def test_unknown_parameter() -> None:
    with pytest.raises(InputError, match="did you mean 'g_Na'"):
        dynamics.diagram(models.hodgkin_huxley(), "gNa", (0.0, 200.0))
