"""Intel Loihi 1 and 2: the current-based LIF compartment, in three emulators' conventions."""

from __future__ import annotations

from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.chips.decay import Decay
from causal_snn.chips.fixed import Fixed
from causal_snn.errors import InputError, suggest

CONVENTIONS = ("lava", "nengo", "brian2")

_LIMIT = (1 << 23) - 1  # of the potential, both signs

_CURRENT = {
    # lava keeps +2^23 and maps -2^23 to it; nengo is two's complement; brian2 does not check.
    "lava": Fixed(24, overflow="wrap_once"),
    "nengo": Fixed(24, overflow="wrap"),
    "brian2": Fixed(40, overflow="none"),
}

_SOURCES = {
    "current": "lava-nc 0.10.0, nengo-loihi 1.1.0, brian2-loihi 0.5.2, run on shared traces",
    "voltage": "the same traces: clipped at +-(2^23 - 1)",
    "current_decay": "the same traces; Davies et al., IEEE Micro 38(1):82 (2018)",
    "voltage_decay": "the same traces",
    "weight": "lava-nc 0.10.0 dense models; 8-bit mantissa, mixed signs lose the last bit",
    "align": "lava-nc 0.10.0 lif models: activation shifted left by 6",
    "accumulator": "nengo-loihi 1.1.0 (Q_BITS = 21 and a sign)",
    "threshold": "all three emulators: strictly above",
    "refractory_offset": "nengo-loihi and brian2-loihi hold R - 1 steps; lava's float model R",
    "delay": "brian2-loihi 0.5.2 (0 to 62, here counted from 1); lava DelayDense (0 to 63)",
    "input_latency": "the traces: lava and nengo 1, brian2 0",
    "fan_in": "nengo-loihi 1.1.0 block.py: 4096 input axons of a core",
    "core": "nengo-loihi 1.1.0 block.py and hardware/validate.py",
    "stochastic": "nengo-loihi 1.1.0 emulator; Loihi's own LFSR is not documented",
}


def loihi(*, convention: str = "lava", generation: int = 2, weight_bits: int = 8) -> Chip:
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
        of the current's register, the refractory length and when inputs arrive.
    generation : {1, 2}
        Loihi 1 (delays to 62 steps) or Loihi 2 (63); the compartment is the same.
    weight_bits : int
        Bits of the weights' mantissa, 1 to 8.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If the convention, the generation or the number of bits is unknown.
    """
    if convention not in CONVENTIONS:
        raise InputError(
            f"loihi has no convention {convention!r}; {suggest(convention, CONVENTIONS)}"
        )
    if generation not in (1, 2):
        raise InputError(f"generation = {generation!r}: 1 or 2")
    if weight_bits not in range(1, 9):
        raise InputError(f"weight_bits = {weight_bits!r}: 1 to 8 bits")
    brian2 = convention == "brian2"
    return Chip(
        name="loihi2" if generation == 2 else "loihi",
        convention=convention,
        order=("decay_u", "add_u", "decay_v", "add_v", "clip_v", "hold", "fire", "count"),
        settings=(
            Setting(
                name="decay_u",
                meaning="loss of the current per step, /4096",
                low=0,
                high=4096 if brian2 else 4095,
                default=4096 if brian2 else 4095,
            ),
            Setting(
                name="decay_v",
                meaning="loss of the potential per step, /4096",
                low=0,
                high=4096 if brian2 else 4095,
            ),
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
        ),
        weight=WeightFormat(
            # Signed mantissas: 8 bits of magnitude, in mixed mode by steps that lose the last.
            mantissa=Fixed(9, low=-256, high=255),
            step=1 << (9 - weight_bits),
            rounding={"lava": "floor", "nengo": "nearest", "brian2": "zero"}[convention],
            exponents=(-8, 7),
            exponent_stage="after_sum" if convention == "lava" else "per_weight",
        ),
        voltage=Fixed(24, low=-_LIMIT, high=_LIMIT),
        current=_CURRENT[convention],
        accumulator=Fixed(22, overflow="wrap") if convention == "nengo" else None,
        align=6,
        current_decay=Decay("multiply", offset=0 if brian2 else 1),
        voltage_decay=Decay("multiply"),
        threshold=">",
        refractory_offset=-1,
        delay=(1, 63 if generation == 1 else 64),
        input_latency=0 if brian2 else 1,
        stochastic=("noise",),
        fan_in=4096,
        fan_out=4096,
        core=Core(
            neurons=1024 if generation == 1 else 8192,
            in_axons=4096,
            out_axons=4096,
            synapse_bits=1 << 20,
            shared={"decay_u+decay_v+refractory+bias": 32, "threshold": 16},
        ),
        sources=_SOURCES,
    )
