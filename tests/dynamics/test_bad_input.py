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

CASES: list[tuple[str, Callable[[], Any], str]] = [
    ("box", lambda: ANY.equilibria(FHN, box=[(5, 6)]), "a mapping of state"),
    ("parameter", lambda: ANY.continue_equilibria(FHN, 3, (0, 1)), "the name of a parameter"),
    ("enclose", lambda: ANY.enclose("a"), "a special point"),
    ("special", lambda: ANY.continue_special("HB1", "a", (0, 1)), "a special point"),
    ("dts", lambda: ANY.shift_of_hopf(IZHIKEVICH, "euler", "I", (0, 4), -1.0), "dts = -1"),
    ("drift", lambda: ANY_MODEL.define("x", drift=["v"], parameters={}), "mapping by state"),
    ("names", lambda: ANY_MODEL.define("x", drift={"v": "v"}, parameters=["I"]), "mapping of name"),
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
    branch = dynamics.continue_equilibria(FHN, "I", (0, 1))
    with pytest.raises(InputError, match="positive rate of recovery"):
        dynamics.continue_cycles(branch, parameter="epsilon", span=(0.2, -0.02))
