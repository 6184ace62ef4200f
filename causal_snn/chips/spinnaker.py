"""SpiNNaker 1 (s16.15 fixed point, sPyNNaker's IF_curr_exp) and SpiNNaker 2 (float32)."""

from __future__ import annotations

import math

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.arithmetic.rounding import Rounding
from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.chips.spinnaker_settings import HIGH, LOW, UNIT, WHOLE, lif_settings
from causal_snn.errors import check_choice

_SOURCES_1 = {
    "order": "read: sPyNNaker neuron_impl_standard.h and neuron_model_lif_impl.h at 001e4d93: "
    "inputs are added, membrane, threshold, then the synapses decay; a refractory neuron does "
    "not integrate, its threshold is still tested",
    "voltage": "read: s16.15 accum (int32); GCC arm-fixed.md: sums are bare adds, which wrap; "
    "spinn_common round.h: products that round saturate",
    "current": "read: as voltage",
    "current_decay": "read: sPyNNaker decay.h, (s u) >> 32 on int64, so a floor; factors u0.32",
    "voltage_decay": "read: neuron_model_lif_impl.h, MULT_ROUND_NEAREST_ACCUM; round-half-up is "
    "__stdfix_round_s64 of stdfix-full-iso.h; before it a bare product, which GCC's arm-fixed.md "
    "cuts out without rounding; stochastic: round.h, up if p < dropped",
    "weight": "read: SYNAPSE_WEIGHT_BITS 16, unsigned, sign by synapse type; "
    "synapses_convert_weight_to_input shifts left; the exponent is that shift, which the chip "
    "keeps for each synapse type and this model for both",
    "accumulator": "read: synapses.c, ring buffers of 16 bits, unsigned, saturate at 0xFFFF",
    "accumulates": "read: the shift is applied when the ring buffer is drained",
    "threshold": "read: threshold_type_static.h, V >= V_th",
    "reset": "read: neuron_model_lif_impl.h, V = V_reset",
    "refractory_offset": "read: the timer is set to T_refract and holds that many steps",
    "delay": "read: SYNAPSE_DELAY_BITS 4 in synapse_row.h; longer delays need extension vertices",
    "receptors": "read: synapse types 0 and 1 of IF_curr_exp, excitatory and inhibitory",
    "settings": "read: parameters of IF_curr_exp, s16.15 and u0.32, see `lif_settings`",
    "core": "memory: neurons per core, sPyNNaker's default",
    "stochastic": "read: spinn_common round.h",
}


def spinnaker1(*, rounding: Rounding = "nearest", synapse_rounding: Rounding = "floor") -> Chip:
    r"""Return SpiNNaker 1 running sPyNNaker's current-based LIF neuron (IF_curr_exp).

    .. math::
        g_r &\leftarrow g_r + \lfloor x_r \, \mathrm{init}_r \rfloor
            \quad\text{for the receptors } r = \mathrm{exc}, \mathrm{inh} \\
        \alpha &= \mathrm{rnd}((g_\mathrm{exc} - g_\mathrm{inh} + b) R) + v_\mathrm{rest},
            \qquad v \leftarrow \alpha - \mathrm{rnd}(f (\alpha - v)) \\
        v &\ge \theta \Rightarrow v \leftarrow v_\mathrm{reset}, \text{ held for } T
            \text{ steps} \\
        g_r &\leftarrow \lfloor g_r d_r \rfloor

    with x the sum of 16-bit weights of this step, saturated and shifted left by the exponent.
    Potentials are mV and currents nA, times 2^15; `lif_settings` makes the settings from
    biology. A recording of the machine's v shows each step's start: what `run` gives a step
    before. No trace of the machine is at hand: the model follows the public sources, see
    `Chip.sources`.

    Parameters
    ----------
    rounding : {"nearest", "floor", "stochastic"}
        Of the two products of the membrane: round-half-up and saturating (current releases),
        GCC's bare product (older ones), or stochastic with P(up) = dropped/2^15 exactly.
    synapse_rounding : {"floor", "nearest", "stochastic"}
        Of the products with u0.32 factors in the synapses; every release seen floors.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If a rounding is unknown.

    References
    ----------
    Hopkins, Mikaitis, Lester, Furber, "Stochastic rounding and reduced-precision fixed-point
    arithmetic for solving neural ordinary differential equations", Phil. Trans. A 378:20190052
    (2020).
    """
    roundings = ("nearest", "floor", "stochastic")
    check_choice("rounding", rounding, roundings)
    check_choice("synapse_rounding", synapse_rounding, roundings)
    chance = "stochastic" in (rounding, synapse_rounding)
    accum = Fixed(32, frac=15, overflow="wrap")
    return Chip(
        name="spinnaker1",
        convention="sPyNNaker IF_curr_exp",
        order=("gain_u", "add_u", "relax_v", "hold", "fire", "count", "decay_u"),
        settings=_settings_1(),
        weight=WeightFormat(mantissa=Fixed(17, low=-0xFFFF, high=0xFFFF), exponents=(0, 15)),
        voltage=accum,
        current=accum,
        accumulator=Fixed(16, signed=False),
        accumulates="unshifted",
        receptors={"exc": 1, "inh": -1},
        current_decay=Decay("multiply", bits=32, rounding=synapse_rounding, coding="kept"),
        voltage_decay=Decay("multiply", bits=15, rounding=rounding, coding="kept"),
        threshold=">=",
        delay=(1, 16),
        stochastic=("rounding",) if chance else (),
        core=Core(neurons=256),
        sources=_SOURCES_1,
    )


def _settings_1() -> tuple[Setting, ...]:
    usual = lif_settings()

    def setting(name: str, meaning: str, low: int = LOW, high: int = HIGH) -> Setting:
        return Setting(name=name, meaning=meaning, low=low, high=high, default=usual[name])

    return (
        setting("decay_exc", "u0.32 factor of the excitatory current per step", 0, WHOLE),
        setting("decay_inh", "u0.32 factor of the inhibitory current per step", 0, WHOLE),
        setting("gain_exc", "u0.32 factor of what enters the excitatory current", 0, WHOLE),
        setting("gain_inh", "u0.32 factor of what enters the inhibitory current", 0, WHOLE),
        setting("decay_v", "s16.15 factor of the membrane per step", 0, UNIT),
        setting("resistance", "MOhm in s16.15", 0),
        setting("rest", "mV in s16.15"),
        setting("threshold", "mV in s16.15"),
        setting("reset", "mV in s16.15"),
        setting("bias", "offset current, nA in s16.15"),
        setting("refractory", "steps held after a spike", 0),
    )


_SOURCES_2 = {
    "number": "read: the chip's Cortex-M4F has float32 (TU Dresden FAQ)",
    "order": "traced: NIR paper's recording paper/01_lif/lif_spinnaker2.csv; committed scripts "
    "run it on a simulator, not on the chip",
    "settings": "traced: decay and threshold of that recording; a bias is assumed",
    "voltage": "assumed: float32 without an end",
    "voltage_decay": "traced: that recording, forward Euler, v <- (1 - dt/tau) v + w",
    "threshold": "traced: that recording, strictly above",
    "reset": "traced: that recording, to zero",
    "weight": "read: the NIR importer rounds to whole numbers; signed 8 bits are what its scaling "
    "102/102.02 suggests, an assumption",
    "delay": "assumed: recurrent delays 1 to 16 as on SpiNNaker 1",
    "input_latency": "traced: that recording, an input acts in its own step",
    "core": "assumed: nothing known, no limit",
}


def spinnaker2() -> Chip:
    r"""Return SpiNNaker 2 as the NIR importer uses it: a LIF neuron in float32.

    .. math:: v \leftarrow v f + x, \qquad v > \theta \Rightarrow v \leftarrow 0

    with f = 1 - dt/tau (forward Euler) and whole weights; every operation rounds to float32.
    It reproduces the published recording of 1000 steps in all spikes, and in v to 1.9e-7 of its
    unit. That recording is probably a simulator's, see `Chip.sources`.

    Returns
    -------
    Chip
    """
    return Chip(
        name="spinnaker2",
        convention="NIR import",
        order=("decay_v", "add_v", "fire"),
        settings=(
            Setting(
                name="decay_v", meaning="factor per step, 1 - dt/tau", low=0, high=1, default=1
            ),
            Setting(
                name="threshold", meaning="in units of the weights", low=0, high=math.inf, default=1
            ),
            Setting(name="bias", meaning="added in each step", low=-math.inf, high=math.inf),
        ),
        weight=WeightFormat(mantissa=Fixed(8, low=-127, high=127)),
        voltage=Fixed(62, overflow="none"),
        voltage_decay=Decay("float"),
        threshold=">",
        delay=(1, 16),
        number="float32",
        sources=_SOURCES_2,
    )
