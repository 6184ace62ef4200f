"""Intel Loihi 1 and 2: the current-based LIF compartment, in three emulators' conventions."""

from __future__ import annotations

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.arithmetic.rounding import Rounding
from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.chips.loihi_weights import (
    CONVENTIONS,
    RANGES,
    SIGN_MODES,
    SignMode,
    check_convention,
    effective_weights,
)
from causal_snn.errors import InputError, bad, check_choice

__all__ = ["CONVENTIONS", "effective_weights", "loihi"]

_LIMIT = (1 << 23) - 1  # of the potential, both signs

_UNCHECKED = Fixed(50, overflow="error")
"""Of brian2-loihi, which computes in float64: as far as its products are exact whole numbers."""

_CURRENT = {
    # lava keeps +2^23 and maps -2^23 to it; nengo is two's complement; brian2 does not check.
    "lava": Fixed(24, overflow="wrap_once"),
    "nengo": Fixed(24, overflow="wrap"),
    "brian2": _UNCHECKED,
}

# nengo clips at vmin and vmax, which a network may narrow; brian2's source has no clip.
_VOLTAGE = {
    "lava": Fixed(24, low=-_LIMIT, high=_LIMIT),
    "nengo": Fixed(24, low=-_LIMIT, high=_LIMIT),
    "brian2": _UNCHECKED,
}

# Of a mantissa to the bits that are kept; `effective_weights` is exact, ties and signs too.
_ROUNDING: dict[str, Rounding] = {"lava": "floor", "nengo": "nearest", "brian2": "zero"}

_SOURCES = {
    "order": "traced: lava-nc 0.10.0, nengo-loihi 1.1.0, brian2-loihi 0.5.2; in nengo-loihi "
    "u + bias wraps in 24 bits before it enters v",
    "settings": "read: nengo-loihi 1.1.0 and lava-nc 0.10.0 (12-bit decays, 17-bit threshold "
    "mantissa, 13-bit bias), brian2-loihi 0.5.2 (refractory 1 to 64)",
    "current": "traced: the overflow of lava-nc 0.10.0 and nengo-loihi 1.1.0; brian2-loihi 0.5.2 "
    "does not check (read)",
    "voltage": "traced: clipped at +-(2^23 - 1); brian2-loihi has no clip (read)",
    "current_decay": "traced: three emulators; Davies et al., IEEE Micro 38(1):82 (2018)",
    "voltage_decay": "traced: three emulators and the NIR paper's Loihi 2 recording",
    "weight": "traced: lava-nc 0.10.0 dense models; 8-bit mantissa, mixed signs lose the last "
    "bit; rounding as each emulator does (read, see `effective_weights`)",
    "align": "traced: lava-nc 0.10.0, the sum is shifted left by 6",
    "accumulator": "read: nengo-loihi 1.1.0 (Q_BITS = 21 and a sign)",
    "threshold": "traced: strictly above, in three emulators",
    "refractory_offset": "read: nengo-loihi and brian2-loihi hold R - 1 steps; lava's float "
    "model R",
    "delay": "read: brian2-loihi 0.5.2 (0 to 62, here counted from 1); lava DelayDense (0 to 63)",
    "input_latency": "traced: lava and nengo 1, brian2 0",
    "fan_in": "read: nengo-loihi 1.1.0 block.py, 4096 input axons of a core",
    "fan_out": "read: nengo-loihi 1.1.0 block.py, 4096 output axons of a core",
    "core": "read: nengo-loihi 1.1.0 block.py and hardware/validate.py, of Loihi 1; the 8192 "
    "neurons of a Loihi 2 core are from memory, and its other limits assumed the same. "
    "hardware/builder.py: a compartment has its own bias, and one of 32 profiles and 16 thresholds",
    "stochastic": "read: nengo-loihi 1.1.0 emulator; Loihi's own LFSR is not documented",
}


def loihi(
    *,
    convention: str = "lava",
    generation: int = 2,
    weight_bits: int = 8,
    sign_mode: SignMode = "mixed",
    refractory_offset: int = -1,
    noise: str | None = None,
) -> Chip:
    r"""Return Intel's Loihi: a LIF compartment with an exponential synaptic current.

    .. math::
        u &\leftarrow \mathrm{wrap}(\mathrm{tz}(u (4096 - \delta_u - 1)) + a) \\
        v &\leftarrow \mathrm{clip}(\mathrm{tz}(v (4096 - \delta_v)) + u + b), \qquad
        v > \theta \Rightarrow v \leftarrow 0

    with tz(x) = x/4096 truncated toward zero and a the sum of what arrives, shifted left by 6.

    Parameters
    ----------
    convention : {"lava", "nengo", "brian2"}
        Whose emulator: they agree on decay and differ in the rounding of weights, the edges
        of the registers, the refractory length and when inputs arrive.
    generation : {1, 2}
        Loihi 1 (delays to 62 steps) or Loihi 2 (63); the compartment is the same.
    weight_bits : int
        Bits of the weights' mantissa, 1 to 8.
    sign_mode : {"mixed", "excitatory", "inhibitory"}
        Mixed signs cost the mantissa its last bit.
    refractory_offset : {-1, 0}
        A neuron with the setting R is held R - 1 steps after a spike (nengo and brian2), or R
        (lava's LIFRefractory, which exists in floating point only).
    noise : {"current", "voltage"}, optional
        nengo's emulator of the chip's noise: (x + 64 offset) 2^(exponent - 7) with x uniform
        on -127 to 127, added to what arrives or to current and bias. Loihi's own generator is
        not documented; draws are taken as independent.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If an option is unknown, or noise asked of a convention other than nengo.
    """
    check_convention(convention)
    if generation not in (1, 2):
        raise bad("generation", generation, "1 or 2")
    if weight_bits not in range(1, 9):
        raise bad("weight_bits", weight_bits, "1 to 8 bits")
    if refractory_offset not in (-1, 0):
        raise bad("refractory_offset", refractory_offset, "-1 (held R - 1 steps) or 0 (R)")
    check_choice("sign_mode", sign_mode, SIGN_MODES)
    _check_noise(noise, convention)
    return Chip(
        name="loihi2" if generation == 2 else "loihi",
        convention=convention,
        order=_order(convention, noise),
        settings=(*_settings(convention), *(_NOISE if noise else ())),
        weight=_weight(convention, weight_bits, sign_mode),
        voltage=_VOLTAGE[convention],
        current=_CURRENT[convention],
        accumulator=Fixed(22, overflow="wrap") if convention == "nengo" else None,
        align=6,
        current_decay=Decay("multiply", offset=0 if convention == "brian2" else 1),
        voltage_decay=Decay("multiply"),
        threshold=">",
        refractory_offset=refractory_offset,
        delay=(1, 63 if generation == 1 else 64),
        input_latency=0 if convention == "brian2" else 1,
        stochastic=("noise",) if noise else (),
        fan_in=4096,
        fan_out=4096,
        core=Core(
            neurons=1024 if generation == 1 else 8192,
            in_axons=4096,
            out_axons=4096,
            synapse_bits=1 << 20,
            shared={"decay_u+decay_v+refractory": 32, "threshold": 16},
        ),
        sources=_SOURCES,
    )


def _check_noise(noise: str | None, convention: str) -> None:
    if noise is None:
        return
    check_choice("noise", noise, ("current", "voltage"))
    if convention != "nengo":
        raise InputError(
            f"noise = {noise!r}: only nengo's emulator has Loihi's noise, not {convention}. "
            "Use convention='nengo'."
        )


def _order(convention: str, noise: str | None) -> tuple[str, ...]:
    last = ("clip_v", "hold", "fire", "count")
    if convention != "nengo":
        return ("decay_u", "add_u", "decay_v", "add_v", *last)
    early = ("noise_arriving",) if noise == "current" else ()
    late = ("noise_drive",) if noise == "voltage" else ()
    return (*early, "decay_u", "add_u", "drive", *late, "decay_v", "add_drive", *last)


def _settings(convention: str) -> tuple[Setting, ...]:
    # brian2's decay contains the 1 that the others add to the current's.
    most = 4096 if convention == "brian2" else 4095
    return (
        Setting(
            name="decay_u",
            meaning="loss of the current per step, /4096",
            low=0,
            high=most,
            default=most,
        ),
        Setting(name="decay_v", meaning="loss of the potential per step, /4096", low=0, high=most),
        Setting(
            name="threshold",
            meaning="mantissa of 17 bits, shifted by 6",
            low=0,
            high=((1 << 17) - 1) << 6,
            default=64,
            step=64,
        ),
        Setting(
            name="bias",
            meaning="13-bit mantissa with an exponent to 7",
            low=-4096 << 7,
            high=4095 << 7,
        ),
        Setting(name="refractory", meaning="steps", low=1, high=64, default=1),
    )


_NOISE = (
    Setting(name="noise", meaning="1 where the neuron has noise", low=0, high=1, default=1),
    Setting(name="noise_exponent", meaning="of 2, plus 7", low=0, high=23, default=7),
    Setting(name="noise_offset", meaning="added to the draw, times 64", low=-128, high=127),
)


def _weight(convention: str, weight_bits: int, sign_mode: SignMode) -> WeightFormat:
    low, high = RANGES[sign_mode]
    return WeightFormat(
        mantissa=Fixed(9, low=max(low, -255) if sign_mode == "inhibitory" else low, high=high),
        # Mixed signs lose the last bit.
        step=1 << (8 - weight_bits + (sign_mode == "mixed")),
        rounding=_ROUNDING[convention],
        exponents=(-8, 7),
        exponent_stage="after_sum" if convention == "lava" else "per_weight",
    )
