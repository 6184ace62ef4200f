"""A generic fixed-point LIF neuron, for questions about precision that no one chip answers."""

from __future__ import annotations

from typing import Literal

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import OVERFLOWS, Fixed, Overflow
from causal_snn.chips.arithmetic.rounding import ROUNDINGS, Rounding
from causal_snn.chips.chip import Chip, Setting, WeightFormat
from causal_snn.errors import bad, check_choice

RESETS = ("value", "subtract", "none")
_CHOSEN = (
    "order", "settings", "weight", "voltage", "current", "current_decay", "voltage_decay",
    "threshold", "reset", "delay", "stochastic",
)  # fmt: skip
_INT64 = 62  # bits of a product that int64 holds with room for a sign


def fixed_point(
    bits: int = 16,
    frac: int = 8,
    rounding: Rounding = "nearest",
    overflow: Overflow = "saturate",
    *,
    decay_bits: int = 12,
    current: bool = False,
    weight_bits: int | None = None,
    reset: Literal["value", "subtract", "none"] = "value",
    threshold: Literal[">", ">="] = ">=",
    refractory: int = 0,
    max_delay: int = 255,
) -> Chip:
    r"""Return a LIF neuron in plain fixed point, every choice of which is an option.

    .. math::
        v \leftarrow \mathrm{fit}\bigl(\mathrm{round}(v\,(2^k - d)/2^k) + a + b\bigr), \qquad
        v \ge \theta: \text{spike, reset}

    with k = `decay_bits` and a the sum of what arrives, which is exact. With `current`, spikes
    enter a current u that forgets in the same way and is added to v in each step (updated first).

    Parameters
    ----------
    bits : int
        Width of potential, current and threshold, sign included; 2 to 40.
    frac : int
        Binary places of potential, current and weights: the integer x stands for x / 2^frac.
        It changes no result, only what an integer stands for.
    rounding : {"nearest", "zero", "floor", "nearest_away", "stochastic"}
        Of every decay. The default has no bias and ties up; ``"zero"`` and ``"floor"`` are what
        plain hardware does; ``"stochastic"`` rounds up with the probability of the dropped part.
    overflow : {"saturate", "wrap", "wrap_once", "error"}
        What a register does with a value that it cannot hold, see `Fixed`.
    decay_bits : int
        Resolution of the decay, 1 to 24: a setting d loses d / 2^decay_bits in each step.
    current : bool
        Whether there is a synaptic current; otherwise spikes act on the potential.
    weight_bits : int, optional
        Width of the weights, sign included; default `bits`. With fewer, a common exponent of 0
        to ``bits - weight_bits`` scales them.
    reset : {"value", "subtract", "none"}
        A spike sets v to the setting `reset`, takes the threshold off, or does nothing.
    threshold : {">=", ">"}
    refractory : int
        Default of the setting `refractory`: steps for which v is held after a spike.
    max_delay : int
        Longest delay, in steps.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If an option is outside its range.
    """
    _check(bits, frac, decay_bits, weight_bits, max_delay, refractory)
    check_choice("rounding", rounding, ROUNDINGS)
    check_choice("overflow", overflow, OVERFLOWS[:4])  # all that keep the width
    check_choice("reset", reset, RESETS)
    form = Fixed(bits, frac=frac, overflow=overflow)
    decay = Decay("multiply", bits=decay_bits, rounding=rounding)
    width = bits if weight_bits is None else weight_bits
    names = f"{form}, {rounding}"
    early = ("decay_u", "add_u") if current else ()
    return Chip(
        name="fixed_point",
        convention=names if current is False else f"{names}, current",
        order=(*early, "decay_v", "add_v", "clip_v", "hold", "fire", "count"),
        settings=_settings(form, decay_bits, current, refractory),
        weight=WeightFormat(mantissa=Fixed(width), exponents=(0, bits - width)),
        voltage=form,
        current=form if current else None,
        current_decay=decay if current else None,
        voltage_decay=decay,
        threshold=threshold,
        reset=reset,
        delay=(1, max_delay),
        stochastic=("rounding",) if rounding == "stochastic" else (),
        sources=dict.fromkeys(_CHOSEN, "chosen: by the caller; no silicon"),
    )


def _check(
    bits: int, frac: int, decay_bits: int, weight_bits: int | None, max_delay: int, refractory: int
) -> None:
    if bits not in range(2, 41):
        raise bad("bits", bits, "2 to 40 bits, sign included")
    if frac not in range(bits):
        raise bad("frac", frac, f"0 to {bits - 1} binary places, less than bits = {bits}")
    if decay_bits not in range(1, 25) or bits + decay_bits > _INT64:
        raise bad("decay_bits", decay_bits, "1 to 24, and with bits at most 62")
    if weight_bits is not None and weight_bits not in range(2, bits + 1):
        raise bad("weight_bits", weight_bits, f"2 to bits = {bits}")
    if max_delay < 1:
        raise bad("max_delay", max_delay, "1 step or more")
    if refractory not in range(256):
        raise bad("refractory", refractory, "0 to 255 steps")


def _settings(form: Fixed, decay_bits: int, current: bool, refractory: int) -> tuple[Setting, ...]:
    low, high, loss = form.least, form.most, 1 << decay_bits

    def decays(name: str, what: str) -> Setting:
        return Setting(name=name, meaning=f"loss of the {what} per step, /{loss}", low=0, high=loss)

    return (
        *((decays("decay_u", "current"),) if current else ()),
        decays("decay_v", "potential"),
        Setting(name="threshold", meaning="of the potential", low=low, high=high, default=high),
        Setting(name="reset", meaning="potential after a spike", low=low, high=high),
        Setting(name="bias", meaning="added in each step", low=low, high=high),
        Setting(
            name="refractory",
            meaning="steps held after a spike",
            low=0,
            high=255,
            default=refractory,
        ),
    )
