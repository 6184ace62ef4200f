"""What makes no sense is refused in the library's words, whichever door it comes in by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from causal_snn import dynamics, models
from causal_snn.errors import InputError

ANY: Any = dynamics  # so that what types forbid can be tried
ANY_MODEL: Any = models
FHN = models.fitzhugh_nagumo()
IZHIKEVICH = models.izhikevich()
ADEX = models.adex()
EULER = dynamics.discretise(FHN, "euler", dt=0.1)
BRANCH = dynamics.continue_equilibria(FHN, "I", (0, 1))

CASES: list[tuple[str, Callable[[], Any], str]] = [
    ("box", lambda: ANY.equilibria(FHN, box=[(5, 6)]), "a mapping of state"),
    ("parameter", lambda: ANY.continue_equilibria(FHN, 3, (0, 1)), "the name of a parameter"),
    ("enclose", lambda: ANY.enclose("a"), "a special point"),
    ("special", lambda: ANY.continue_special("HB1", "a", (0, 1)), "a special point"),
    ("dts", lambda: ANY.shift_of_hopf(IZHIKEVICH, "euler", "I", (0, 4), -1.0), "dts = -1"),
    ("drift", lambda: ANY_MODEL.define("x", drift=["v"], parameters={}), "mapping by state"),
    ("names", lambda: ANY_MODEL.define("x", drift={"v": "v"}, parameters=["I"]), "mapping of name"),
    ("guess", lambda: ANY.limit_cycle(FHN, guess="a", I=0.8), "an Orbit, or 2 finite numbers"),
    ("orbit", lambda: ANY.continue_reset_map(ADEX, "V_r", (-49, -48), start="x"), "a value of w"),
    ("map", lambda: ANY.reset_map(ADEX).map("x"), "a finite number or a list"),
    ("values", lambda: ANY.orbit_diagram(ADEX, "V_r", "x"), "a list of finite numbers"),
    ("iterate", lambda: ANY.iterate(EULER, {"v": 0, "w": 0}, 5), "values of the states v, w"),
    ("isi", lambda: ANY.isi("abc"), "spike_times = 'abc': finite times"),
    ("indices", lambda: ANY.local_variation(["a", "b", "c"]), "finite times in ms"),
    ("phases", lambda: ANY.prc(FHN, phases="x", I=0.8), "rising numbers from 0 to 1"),
    ("current", lambda: ANY.firing_rate(FHN, {"I": 1}), "a finite number or an array"),
    ("way", lambda: ANY.firing_rate(FHN, 0.5, start={"v": 1}), "2 finite numbers"),
    ("flight", lambda: ANY.spike(IZHIKEVICH, "ab"), "2 finite numbers"),
    ("flights", lambda: ANY.spikes(IZHIKEVICH, "ab"), "finite numbers of shape"),
    ("atol", lambda: ANY.spike(IZHIKEVICH, (-70, -14), atol="x"), "a positive number"),
    ("starts", lambda: ANY.phase_plane(FHN, trajectories=3), "a list of states"),
    ("axes", lambda: ANY.project(models.hodgkin_huxley(), "V", "q"), "y = 'q': a state"),
    ("hopf", lambda: ANY.continue_cycles(BRANCH, 3), "the name of a Hopf point"),
    ("stop", lambda: ANY.continue_cycles(BRANCH, stop_after=3), "number of cycle folds"),
    ("degree", lambda: ANY.continue_cycles(BRANCH, degree="x"), "from 2 to 7"),
    ("duration", lambda: ANY.limit_cycle(FHN, duration="x"), "a positive finite time"),
    ("adjoint", lambda: ANY.adjoint(3), "orbit = 3: an Orbit"),
    ("l1", lambda: ANY.first_lyapunov(3), "point = 3: a special point"),
    ("adaptation", lambda: ANY.reset_map(ADEX).orbit("x", 5), "a finite number"),
    ("step", lambda: ANY.continue_reset_map(ADEX, "V_r", (-49, -48), step="x"), "a fraction"),
    ("spikes", lambda: ANY.orbit_diagram(ADEX, "V_r", (-49, -48), spikes="x"), "at least 1"),
    ("level", lambda: ANY.firing_rate(FHN, 0.5, level="x"), "a potential"),
    ("longest", lambda: ANY.firing_rate(FHN, 0.5, longest="x"), "a positive finite time"),
    ("rtol", lambda: ANY.spike(IZHIKEVICH, (-70, -14), rtol="x"), "between 3e-14 and 1e-3"),
    ("time", lambda: ANY.spike(IZHIKEVICH, (-70, -14), max_time="x"), "a positive finite time"),
    ("scheme", lambda: ANY.fixed_points(FHN), "a StepModel, from dynamics.discretise"),
    ("burst", lambda: ANY.burst_index([1, 2, 3], longest="x"), "a positive time in ms"),
    *(
        (
            f"domain {ends}",
            lambda ends=ends: ANY_MODEL.define(
                "x", drift={"v": "v"}, parameters={}, domain={"v": ends}
            ),
            "a pair",
        )
        for ends in (3, (0, 1, 2), ("a", "b"), (0, float("inf")), (1, 0))
    ),
]


@pytest.mark.parametrize(
    ("call", "message"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_refused_in_our_words(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_one_time_step_need_not_be_a_list() -> None:
    one = dynamics.shift_of_hopf(IZHIKEVICH, "euler", "I", (0, 4), 1.0)
    # Closed form: I_SN - (b - s)^2/.16 with s = a(1 - dt b)/(1 - dt a) (theory/05).
    s = 0.02 * (1 - 0.2) / (1 - 0.02)
    assert one.values.tolist() == pytest.approx([4 - (0.2 - s) ** 2 / 0.16], abs=1e-9)


def test_cycles_do_not_enter_parameters_without_meaning() -> None:
    with pytest.raises(InputError, match="positive rate of recovery"):
        dynamics.continue_cycles(BRANCH, parameter="epsilon", span=(0.2, -0.02))


def test_a_cycle_is_asked_for_at_finite_times() -> None:
    orbit: Any = dynamics.limit_cycle(FHN, I=0.8)
    for times in ("x", [0.0, float("nan")]):
        with pytest.raises(InputError, match=r"times = .*: finite times \(ms\)"):
            orbit.at(times)
