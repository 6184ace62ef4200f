"""SynSense Xylo: bit-shift decay, subtractive reset, several spikes in a step."""

from __future__ import annotations

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat

_SOURCES = {
    "order": "traced: xylosim 0.1.3 (v2); its source",
    "settings": "read: xylosim 0.1.3, types of its parameters; rockpool.ai (shifts of 4 bits)",
    "weight": "read: 8-bit weights, shifted to the left by input and recurrent shifts; xylosim, "
    "rockpool.ai",
    "voltage": "read: xylosim's source, 16 bits, saturating; no shared trace reaches the ends",
    "current": "read: xylosim's source, 16 bits, saturating; no shared trace reaches the ends",
    "current_decay": "traced: xylosim 0.1.3, x - (x >> d), by 1 toward 0 where the shift gives 0",
    "voltage_decay": "traced: xylosim 0.1.3, as the current's",
    "threshold": "traced: xylosim 0.1.3, at or above",
    "reset": "traced: xylosim 0.1.3, the threshold is subtracted for each spike",
    "max_spikes": "read: xylosim 0.1.3 and rockpool.ai, 31",
    "max_inputs": "read: XyloLayer.cpp of xylosim, 15; it drops those above",
    "delay": "read: XyloLayer.cpp, recurrent spikes of a step are delivered in the next",
    "core": "read: rockpool.ai (abstract), 1000 hidden neurons",
}


def xylo() -> Chip:
    r"""Return SynSense's Xylo (Audio 2 and 3, hidden neurons with one synapse).

    .. math::
        I &\leftarrow \mathrm{sat}(I + a), \qquad I \leftarrow I - m(I, d_I) \\
        V &\leftarrow \mathrm{sat}(V - m(V, d_V) + I + b) \\
        \text{while } V &\ge \theta \text{ and } n < 31: V \leftarrow V - \theta,\ n \leftarrow n+1

    with m(x, d) = x >> d (toward minus infinity), or sgn(x) where that is 0; 16 bits saturating.

    Returns
    -------
    Chip
        Weights are integers of 8 bits times a power of two. The two shifts of the chip, of
        input and of recurrent weights, are part of `input_weights` and `weights`;
        `Parameters.exponent` shifts both.

    Notes
    -----
    The current saturates after all events of a step here; xylosim saturates after each event,
    which differs only where events of both signs overrun 16 bits within one step. At most 15
    events of an input channel count in one step; those above are dropped, as in xylosim.
    """
    return Chip(
        name="xylo",
        convention="xylosim",
        order=("add_u", "decay_u", "settle_v", "fire"),
        settings=(
            Setting(name="decay_u", meaning="shift of the current's decay", low=0, high=15),
            Setting(name="decay_v", meaning="shift of the potential's decay", low=0, high=15),
            Setting(
                name="threshold",
                meaning="also what a spike takes off",
                low=1,
                high=32767,
                default=1,
            ),
            Setting(name="bias", meaning="added in each step", low=-32768, high=32767),
        ),
        weight=WeightFormat(mantissa=Fixed(8), exponents=(0, 7), exponent_stage="per_weight"),
        voltage=Fixed(16),
        current=Fixed(16),
        current_decay=Decay("shift"),
        voltage_decay=Decay("shift"),
        threshold=">=",
        reset="subtract",
        max_spikes=31,
        max_inputs=15,
        delay=(1, 1),
        core=Core(neurons=1000, count=1),
        sources=_SOURCES,
    )
