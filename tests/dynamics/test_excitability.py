"""Rheobase and class of excitability: closed forms, known bifurcations, collocation."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import models
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.cycle.cycles import continue_cycles
from causal_snn.dynamics.firing.excitability import excitability
from causal_snn.dynamics.firing.firing import firing_rate
from causal_snn.dynamics.firing.rheobase import rheobase
from causal_snn.dynamics.reset.continuation import continue_reset_map
from causal_snn.errors import InputError


@given(E=st.floats(-80, -55), tau=st.floats(1, 50))
@settings(max_examples=20)
def test_lif_needs_theta_minus_E(E: float, tau: float) -> None:
    found = rheobase(models.lif(E=E, tau=tau))
    assert found.from_rest == pytest.approx(-50.0 - E, rel=1e-14)
    assert found.sustained == found.from_rest
    assert (found.loss, found.end, found.bistable) == ("threshold", "with rest", False)


@given(g_L=st.floats(1, 50), E_L=st.floats(-80, -60), V_T=st.floats(-55, -45), D=st.floats(0.5, 5))
@settings(max_examples=20)
def test_eif_in_closed_form(g_L: float, E_L: float, V_T: float, D: float) -> None:
    found = rheobase(models.eif(g_L=g_L, E_L=E_L, V_T=V_T, Delta_T=D, V_r=-75.0))
    assert found.from_rest == pytest.approx(g_L * (V_T - E_L - D), rel=1e-12)
    assert found.loss == "fold"
    assert not found.bistable


def test_qif_with_a_high_reset_is_bistable() -> None:
    found = rheobase(models.qif(V_r=2.0))
    assert found.from_rest == pytest.approx(0.0, abs=1e-20)
    assert found.sustained == pytest.approx(-4.0, rel=1e-14)
    assert (found.end, found.bistable) == ("reset", True)
    assert rheobase(models.theta_neuron()).from_rest == pytest.approx(0.0, abs=1e-20)
    eif = rheobase(models.eif(V_r=-48.0))
    # the current that holds V at -48: g_L (V - E_L) - g_L D exp((V - V_T)/D)
    assert eif.sustained == pytest.approx(30 * 22.6 - 60 * math.exp(1.2), rel=1e-13)


def test_conductance_lif_and_glif_meet_their_threshold() -> None:
    assert float(rheobase(models.conductance_lif())) == pytest.approx(100.0, rel=1e-14)
    found = rheobase(models.glif())
    assert found.from_rest == pytest.approx(1.0, rel=1e-12)  # g_L (Theta - E_L) = 0.05 * 20
    assert (found.loss, found.point) == ("threshold", None)
    # with a = b/2 the threshold follows: Theta = -50 + (V + 70)/2 = V at V = -30
    follows = rheobase(models.glif(a=0.005))
    assert follows.from_rest == pytest.approx(0.05 * 40, rel=1e-12)


def test_adex_by_touboul_and_brette() -> None:
    found = rheobase(models.adex())
    assert found.from_rest == pytest.approx(627.1824645086, abs=1e-9)
    assert found.loss == "Hopf"
    assert found.point is not None
    assert found.point.l1 == pytest.approx(1.882481489, rel=1e-8)
    assert found.sustained < found.from_rest
    # a = 1 nS < C/tau_w: the saddle-node comes first
    a, g = 1.0, 30.0
    exact = (g + a) * (-50.4 + 70.6 - 2 + 2 * math.log(1 + a / g))
    fold = rheobase(models.adex(a=a))
    assert fold.from_rest == pytest.approx(exact, abs=1e-8)
    assert (fold.loss, fold.end) == ("fold", "with rest")


def test_izhikevich_hopf_and_the_end_of_firing() -> None:
    found = rheobase(models.izhikevich())
    assert found.from_rest == pytest.approx(3.7975, abs=1e-10)
    assert (found.loss, found.end) == ("Hopf", "infinite period")
    above, below = (
        firing_rate(models.izhikevich(), found.sustained + d, start="spiking", longest=1e5)
        for d in (1e-3, -1e-3)
    )
    assert above.rate > 0
    assert below.rate == 0


def test_morris_lecar_cycle_fold_against_collocation() -> None:
    from causal_snn.dynamics.continuation.continuation import continue_equilibria
    from causal_snn.dynamics.cycle.cycles import continue_cycles

    found = rheobase(models.morris_lecar("hopf"))
    assert found.from_rest == pytest.approx(93.857618373725, abs=1e-9)
    assert found.end == "fold of cycles"
    branch = continue_equilibria(models.morris_lecar("hopf"), "I", (0.0, 150.0))
    cycles = continue_cycles(branch, "HB1", span=(0.0, 150.0), intervals=100)
    assert found.sustained == pytest.approx(cycles.special["LPC1"].value, abs=1e-7)


@pytest.mark.slow
def test_fitzhugh_nagumo_sharp_fold_against_collocation() -> None:
    from causal_snn.dynamics.continuation.continuation import continue_equilibria
    from causal_snn.dynamics.cycle.cycles import continue_cycles

    found = rheobase(models.fitzhugh_nagumo())
    assert found.from_rest == pytest.approx(0.3312813374547458, abs=1e-12)
    branch = continue_equilibria(models.fitzhugh_nagumo(), "I", (0.0, 1.0))
    cycles = continue_cycles(branch, "HB1", span=(0.0, 1.0), intervals=100)
    fold = cycles.special["LPC1"].value
    assert found.sustained == pytest.approx(fold, abs=2 * found.error + 1e-9)
    assert found.end == "fold of cycles"


@pytest.mark.slow
def test_morris_lecar_homoclinic_against_collocation() -> None:
    from causal_snn.dynamics.continuation.continuation import continue_equilibria
    from causal_snn.dynamics.cycle.cycles import continue_cycles

    model = models.morris_lecar("homoclinic")
    found = rheobase(model)
    branch = continue_equilibria(model, "I", (-50.0, 100.0))
    cycles = continue_cycles(branch, "HB1", span=(-50.0, 100.0), intervals=100, max_period=1000.0)
    assert cycles.special["HC1"].value == pytest.approx(found.sustained, abs=1e-6)
    assert found.end == "infinite period"


@pytest.mark.slow
def test_hodgkin_huxley_at_the_third_cycle_fold_of_auto() -> None:
    found = rheobase(models.hodgkin_huxley())
    assert found.from_rest == pytest.approx(9.7754379953931, abs=1e-10)
    assert found.sustained == pytest.approx(6.2603212745, abs=2e-10)
    assert found.end == "fold of cycles"
    assert found.bistable
    verdict = excitability(models.hodgkin_huxley())
    assert (verdict.onset, verdict.offset) == (2, 2)
    assert verdict.bifurcation == "subcritical Hopf"
    assert min(verdict.rates) > 50


CLASSES = [
    (models.lif(), 1, 1, "threshold", False),
    (models.glif(), 1, 1, "threshold", False),
    (models.qif(), 1, 1, "saddle-node on an invariant circle", False),
    (models.theta_neuron(), 1, 1, "saddle-node on an invariant circle", False),
    (models.eif(), 1, 1, "saddle-node on an invariant circle", False),
    (models.qif(V_r=2.0), 2, 1, "saddle-node off the cycle", True),
    (models.morris_lecar("hopf"), 2, 2, "subcritical Hopf", True),
    (models.morris_lecar("snlc"), 1, 1, "saddle-node on an invariant circle", False),
    (models.morris_lecar("homoclinic"), 2, 1, "saddle-node off the cycle", True),
    (models.adex(), 2, 1, "subcritical Hopf", True),
    (models.adex(a=0.0), 1, 1, "saddle-node on an invariant circle", False),
    (models.izhikevich("resonator"), 2, 2, "subcritical Hopf", True),
    (models.izhikevich(a=0.3), 2, 1, "saddle-node off the cycle", True),
]


@pytest.mark.parametrize(
    ("model", "onset", "offset", "bifurcation", "bistable"),
    CLASSES,
    ids=[f"{case[0].name}-{k}" for k, case in enumerate(CLASSES)],
)
def test_classes(model: Any, onset: int, offset: int, bifurcation: str, bistable: bool) -> None:
    found = excitability(model)
    assert (found.onset, found.offset, found.bifurcation) == (onset, offset, bifurcation)
    assert found.hodgkin_class == "I" * onset
    assert found.bistable == bistable
    assert found.resonator == ("Hopf" in bifurcation)
    if bifurcation.endswith("circle"):
        # the rate grows as the square root of the distance, which rises a hundredfold
        slow = 0.03 < found.rates[1] / found.rates[0] < 0.3
        assert slow


def test_snlc_rate_grows_as_the_square_root() -> None:
    model = models.morris_lecar("snlc")
    edge = 39.96315309274533  # the fold, by arithmetic in 30 digits
    near = firing_rate(model, [edge + 1e-6, edge + 4e-6], longest=1e7)
    assert near.rate[1] / near.rate[0] == pytest.approx(2.0, abs=0.01)


def test_neurons_without_rest_or_firing_are_refused() -> None:
    dead = models.morris_lecar(g_Ca=0.0)
    assert rheobase(dead).sustained == math.inf
    with pytest.raises(InputError, match="class of excitability"):
        excitability(dead)
    with pytest.raises(InputError, match="did you mean"):
        rheobase(models.lif(), Tau=3.0)
    with pytest.raises(InputError, match="did you mean"):
        excitability(models.adex(), delta_T=3.0)


@pytest.mark.parametrize("phi", [0.235, 0.26])
def test_firing_that_lies_wholly_below_the_end_of_rest(phi: float) -> None:
    # The stable cycles begin at a homoclinic orbit and are gone, in a fold or at the Hopf point,
    # before rest ends in its saddle-node at 39.963: independent of them, by collocation.
    model = models.morris_lecar("homoclinic", phi=phi)
    cycles = continue_cycles(continue_equilibria(model, "I", (-50.0, 300.0)))
    found = rheobase(model)
    assert found.from_rest == pytest.approx(39.963153092745, abs=1e-8)
    assert found.sustained == pytest.approx(cycles.special["HC1"].value, abs=1e-4)
    assert found.sustained < cycles.values[cycles.stable].max() < found.from_rest
    with pytest.raises(InputError, match="No firing follows where rest ends"):
        excitability(model)


def test_firing_between_two_stable_equilibria_is_found_by_the_rate() -> None:
    # Rest and the focus inside the cycles are both stable here; periods by collocation.
    model = models.morris_lecar("homoclinic", phi=0.26)
    cycles = continue_cycles(continue_equilibria(model, "I", (-50.0, 300.0)))
    currents = [26.8, 28.0, 29.3]
    orbits = [next(o for o in cycles.at(value) if o.stable) for value in currents]
    found = firing_rate(model, currents, start="spiking")
    assert found.rate == pytest.approx([orbit.frequency for orbit in orbits], rel=1e-7)
    assert not firing_rate(model, currents).rate.any()


@pytest.mark.slow
def test_firing_may_end_in_a_subcritical_period_doubling() -> None:
    # independent of the halving of currents: the reset map's orbit, followed to multiplier -1
    model = models.izhikevich("resonator")
    found = rheobase(model)
    point = continue_reset_map(model, "I", (0.3, 0.1)).special["PD1"]
    assert point.criticality == "subcritical"
    assert found.end == "period doubling"
    assert found.sustained == pytest.approx(point.value, abs=1e-11)
