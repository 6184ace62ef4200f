"""Decay: how a register forgets in one step, and what the integers round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from causal_snn.chips.arithmetic.rounding import ROUNDINGS, Rounding
from causal_snn.errors import bad, check_choice

KINDS = ("multiply", "shift", "float")


@dataclass(frozen=True, slots=True)
class Decay:
    """What one step leaves of a register x, given its decay setting d.

    Attributes
    ----------
    kind : {"multiply", "shift", "float"}
        ``"multiply"``: round(x f / 2^bits), f = 2^bits - (d + offset) or f = d (`coding`);
        ``"shift"``: x - (x >> d), and by 1 toward zero where the shift is 0 and x is not;
        ``"float"``: x f in float32.
    bits : int
        Resolution of the factor.
    offset : int
        Added to d where d codes the loss (Loihi's ds and dm).
    rounding : {"zero", "floor", "nearest", "nearest_away", "stochastic"}
    coding : {"loss", "kept"}
        What the setting codes: 1 - f or f.
    """

    kind: Literal["multiply", "shift", "float"]
    bits: int = 12
    offset: int = 0
    rounding: Rounding = "zero"
    coding: Literal["loss", "kept"] = "loss"

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_choice("rounding", self.rounding, ROUNDINGS)
        check_choice("coding", self.coding, ("loss", "kept"))
        if not 1 <= self.bits <= 32:
            raise bad("bits", self.bits, "1 to 32 bits, so that int64 holds the product")
