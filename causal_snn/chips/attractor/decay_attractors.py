"""Attractors of a register: where it stops decaying, after how long, and what a step forgets.

How a decay is rounded changes where a neuron ends, not only by how much it errs. Truncation
toward zero brings every potential to 0; floor and rounding to nearest freeze about 2^bits/d of
them, so that a leaky neuron keeps a memory for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.attractor.decay_loss import (
    Image,
    decay_factor,
    decay_loss,
    decay_map,
    loss_per_period,
)
from causal_snn.errors import InputError, bad
from causal_snn.provenance import provenance

MOST_STEPS = 1 << 22
"""Steps up to which a decay is followed."""


@dataclass(frozen=True, slots=True, eq=False)
class DecayAttractors:
    """What repeated decay makes of a register.

    Attributes
    ----------
    states : int
        Values that the register can hold.
    fixed_points : int
        Values that decay leaves alone (for stochastic rounding: surely).
    frozen : (int, int)
        The least and the greatest of them; all between are frozen too.
    transient : int or None
        Most steps until a value is frozen; None for stochastic rounding and beyond 2^22.
    information_lost : float or None
        Bits of a uniform register that one step forgets, H(x | next x), ends of the register
        included; None where the register is too wide to count.
    bits_per_period : float or None
        The same over one period of 2^bits values, away from the ends: `loss_per_period`.
    provenance : mapping
    """

    states: int
    fixed_points: int
    frozen: tuple[int, int]
    transient: int | None
    information_lost: float | None
    bits_per_period: float | None
    provenance: Mapping[str, Any]

    @property
    def dead_zone(self) -> int:
        """Width of the frozen range, in steps of the register: 0 for a single fixed point."""
        return self.frozen[1] - self.frozen[0]


def decay_attractors(decay: Decay, setting: int, form: Fixed) -> DecayAttractors:
    """Return fixed points, dead zone, transient and information loss of a decay, exactly.

    With N = 2^bits and d = N - factor, the values frozen by each rounding are

    * toward zero: 0 alone;
    * floor: -N/d < x <= 0;
    * nearest (ties up): -N/2d < x <= N/2d;
    * nearest, ties away: abs(x) <= N/2d;
    * stochastic: 0 alone, the only value that surely stays.

    Parameters
    ----------
    decay : Decay
        Of kind "multiply" or "shift".
    setting : int
        The chip's number for it.
    form : Fixed
        The register, which must hold 0.

    Returns
    -------
    DecayAttractors

    Raises
    ------
    InputError
        For a decay in floating point, a factor outside 0 to 1, or a register without 0.
    """
    if decay.kind == "float":
        raise InputError(
            "decay of kind 'float' has no register of whole numbers to count; "
            "decay_attractors takes 'multiply' and 'shift'"
        )
    least, most = form.least, form.most
    if not least <= 0 <= most:
        raise bad("form", str(form), "a register that holds 0")
    image = decay_map(decay, int(setting))
    shift = decay.kind == "shift"
    factor = 0 if shift else decay_factor(decay, int(setting))
    d = (1 << decay.bits) - factor
    low, high = (0, 0) if shift else _frozen(decay, d)
    low, high = (least, most) if d == 0 else (max(low, least), min(high, most))
    surely = shift or decay.rounding != "stochastic"
    return DecayAttractors(
        states=most - least + 1,
        fixed_points=high - low + 1,
        frozen=(low, high),
        transient=_transient(image, form) if surely else None,
        information_lost=decay_loss(image, decay, int(setting), form),
        bits_per_period=loss_per_period(d, decay.bits) if factor > 0 and surely else None,
        provenance=provenance(
            "frozen values in closed form; loss from the number of values of each image",
            kind=decay.kind,
            rounding=decay.rounding,
            bits=decay.bits,
            loss=None if shift else d,
            register=str(form),
            law="uniform over the register",
            grain="tick",
        ),
    )


def _frozen(decay: Decay, d: int) -> tuple[int, int]:
    period = 1 << decay.bits
    if d == 0:
        return 0, 0
    match decay.rounding:
        case "floor":
            return 1 - -(-period // d), 0
        case "nearest":
            return 1 - -(-period // (2 * d)), period // (2 * d)
        case "nearest_away":
            return -(period // (2 * d)), period // (2 * d)
        case _:
            return 0, 0


def _transient(image: Image, form: Fixed) -> int | None:
    longest = 0
    for x in (form.least, form.most):  # the maps are monotone, so the ends take longest
        steps = 0
        while (following := image(x)) != x:
            x, steps = following, steps + 1
            if steps > MOST_STEPS:
                return None
        longest = max(longest, steps)
    return longest
