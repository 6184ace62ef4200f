"""SpiNNaker's stages in s16.15: the closed-form membrane, and Izhikevich's equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.arithmetic.rounding import Rounding, dropped, shift_right
from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Work

Columns = Mapping[str, Any]
Stage = Callable[[Work, Chance], None]


def rounded(key: str, bits: int, rounding: Rounding, form: Fixed) -> Stage:
    """Return the stage x <- fit(round(x / 2^bits)) for one register, which holds a product.

    The routines that round saturate at the ends of `form`; a bare product of two accums, which
    the compiler makes by cutting bits out (``"floor"``), does to an overflow what `form` does.
    """
    ends = form if rounding == "floor" else replace(form, overflow="saturate")
    if rounding != "stochastic":

        def act_surely(work: Work, chance: Chance) -> None:  # noqa: ARG001
            work[key] = ends.fit(shift_right(work[key], bits, rounding))

        return act_surely

    def act(work: Work, chance: Chance) -> None:
        low, rest = work[key] >> bits, dropped(work[key], bits)
        # P(up) = dropped / 2^bits, so that an exact value never moves.
        chance.choose(
            work, key, [ends.fit(low), ends.fit(low + 1)], [(1 << bits) - rest, rest], 1 << bits
        )

    return act


def product(key: str, factor: Any, bits: int, rounding: Rounding, form: Fixed) -> Stage:
    """Return the stage x <- fit(round(x factor / 2^bits)) for one register, see `rounded`."""
    shrink = rounded(key, bits, rounding, form)

    def act(work: Work, chance: Chance) -> None:
        work[key] = work[key] * factor
        shrink(work, chance)

    return act


def relax_v(chip: Chip, columns: Columns) -> Stage:
    r"""Build: the potential relaxes to where the current of this step drives it.

    .. math:: v \leftarrow \alpha - \mathrm{rnd}(f (\alpha - v)),
              \qquad \alpha = \mathrm{rnd}(I R) + v_\mathrm{rest}

    with I = exc - inh + bias. Sums overflow as the format of the current does, products as
    `product` says. Source: sPyNNaker, neuron_model_lif_impl.h.
    """
    assert chip.voltage_decay is not None
    assert chip.current is not None
    decay, form = chip.voltage_decay, chip.current
    names = list(chip.receptors.items())
    resist = product("alpha", columns["resistance"], decay.bits, decay.rounding, form)
    forget = product("distance", columns["decay_v"], decay.bits, decay.rounding, form)
    rest, bias = columns["rest"], columns["bias"]

    def act(work: Work, chance: Chance) -> None:
        work["alpha"] = form.fit(sum(sign * work[name] for name, sign in names) + bias)
        resist(work, chance)
        work["alpha"] = form.fit(work["alpha"] + rest)
        work["distance"] = form.fit(work["alpha"] - work["v"])
        forget(work, chance)
        work["v"] = chip.voltage.fit(work.pop("alpha") - work.pop("distance"))

    return act


_FIVE, _140 = 5 << 15, 140 << 15
_STEEP = 1311  # 0.040008544921875, which the source takes in place of 0.04
_LONG = 60620  # 1.85, cut off


def izhikevich(chip: Chip, columns: Columns) -> Stage:
    r"""Build: one midpoint step of Izhikevich's equations in accums, product by product.

    .. math::
        \eta &= V + \tfrac h2 (p + (5 + k V) V), \quad p = 140 + I - U, \quad
            \beta = \tfrac h2 a (b V - U) \\
        V &\leftarrow V + h (p - \beta + (5 + k \eta) \eta), \quad
            U \leftarrow U + a h (b \eta - U - \beta)

    with h longer by 1.85 in the step after a spike. What a stochastic product may split into
    lanes is kept in `work`. Source: sPyNNaker, neuron_model_izh_impl.h.
    """
    assert chip.voltage_decay is not None
    assert chip.current is not None
    bits, form = chip.voltage_decay.bits, chip.current
    shrink = rounded("x", bits, chip.voltage_decay.rounding, form)
    names = list(chip.receptors.items())
    a, b, usual, bias = (columns[name] for name in ("a", "b", "step", "bias"))
    longer = (usual * _LONG) >> bits

    def times(work: Work, chance: Chance, x: Any, y: Any) -> None:
        work["x"] = x * y
        shrink(work, chance)

    def rise(work: Work, chance: Chance, key: str) -> None:
        times(work, chance, _STEEP, work[key])
        times(work, chance, form.fit(_FIVE + work["x"]), work[key])

    def half(work: Work, chance: Chance) -> None:
        times(work, chance, work["x"], 1 << (bits - 1))

    def act(work: Work, chance: Chance) -> None:
        work["h"] = np.where(work["r"] > 0, longer, usual)
        current = sum(sign * work[name] for name, sign in names)
        work["p"] = form.fit(_140 + form.fit(current + bias) - work["w"])
        rise(work, chance, "v")
        times(work, chance, work["h"], form.fit(work["p"] + work["x"]))
        half(work, chance)
        work["eta"] = form.fit(work["v"] + work["x"])
        times(work, chance, b, work["v"])
        times(work, chance, work["h"], form.fit(work["x"] - work["w"]))
        times(work, chance, work["x"], a)
        half(work, chance)
        work["beta"] = work["x"]
        rise(work, chance, "eta")
        times(work, chance, work["h"], form.fit(work["p"] - work["beta"] + work["x"]))
        work["v"] = chip.voltage.fit(work["v"] + work["x"])
        times(work, chance, b, work["eta"])
        work["eta"] = form.fit(work["x"] - work["w"] - work.pop("beta"))
        times(work, chance, a, work.pop("h"))
        times(work, chance, work["x"], work.pop("eta"))
        work["w"] = form.fit(work["w"] + work.pop("x"))
        del work["p"]

    return act


def kick(chip: Chip, columns: Columns) -> Stage:
    """Build: a spike adds d to the recovery variable."""
    assert chip.current is not None
    form, jump = chip.current, columns["d"]

    def act(work: Work, chance: Chance) -> None:  # noqa: ARG001
        work["w"] = form.fit(work["w"] + jump * work["s"])

    return act


SPINNAKER = {"relax_v": relax_v, "izhikevich": izhikevich, "kick": kick}
