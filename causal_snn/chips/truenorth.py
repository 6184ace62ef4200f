"""IBM TrueNorth: integrate, leak, fire, with deterministic and stochastic modes."""

from __future__ import annotations

from typing import Literal

from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.errors import bad, check_choice

CONVENTIONS = ("cassidy", "ranc")
RESETS = ("value", "subtract", "none")
"""Reset modes gamma = 0, 1 and 2."""

_HIGH = (1 << 19) - 1
_WORD = (1 << 31) - 1

_SOURCES = {
    "order": "traced: RANC simulator, the deterministic part; stochastic modes are from memory of "
    "Cassidy et al., IJCNN 2013, not verified",
    "settings": "memory: widths of Cassidy et al. 2013",
    "voltage": "memory: 20 bits signed, saturating; NeMo's source has +-393216, see `limit`; "
    "RANC's is as wide as C++'s int (read), here without an end",
    "weight": "memory: 9 bits signed, 4 axon types, Cassidy et al. 2013; RANC takes any (read)",
    "threshold": "traced: RANC simulator, at or above; also in the documentation of NeMo",
    "reset": "traced: RANC simulator; the third mode, none, is read in NeMo's documentation",
    "delay": "read: source comments of NeMo, 1 to 15 ticks",
    "fan_in": "memory: 256 axons of a core, Akopyan et al. 2015",
    "fan_out": "memory: one axon for each neuron, the same",
    "core": "memory: 256 neurons and 256 axons of a core, the same",
    "stochastic": "memory: Cassidy et al. 2013; draws assumed uniform and independent, see Notes",
}


def truenorth(
    *,
    convention: str = "cassidy",
    reset: Literal["value", "subtract", "none"] = "value",
    stochastic: bool = True,
    inclusive: bool = False,
    limit: int | None = None,
) -> Chip:
    r"""Return IBM's TrueNorth.

    With s the values of the synapses whose axons are active, in each tick of 1 ms

    .. math::
        V &\leftarrow V + \sum s + \sum_{b} F(s)\,\mathrm{sgn}(s) \\
        V &\leftarrow V + \Omega\,[(1-c)\lambda + c\,F(\lambda)\,\mathrm{sgn}(\lambda)], \qquad
        \Omega = 1 \text{ or } \mathrm{sgn}(V) \\
        V &\ge \alpha + \eta: \text{spike},\ V \leftarrow R,\ V - (\alpha + \eta)\text{ or } V \\
        V &< -(\beta + \eta):\ V \leftarrow -R,\ V + \beta + \eta\text{ or } V, \quad
        \text{or below } -\beta:\ V \leftarrow -\beta

    where the second sum is over stochastic synapses (`stochastic_weights`), F is 1 with
    probability abs(s)/256, and eta = rho & M for a random rho.

    Parameters
    ----------
    convention : {"cassidy", "ranc"}
        The neuron of the paper, or the RANC simulator's: deterministic, without saturation,
        and with a setting `symmetric` by which the negative threshold itself is crossed.
    reset : {"value", "subtract", "none"}
        Default of the setting `reset_mode`: gamma = 0, 1 or 2.
    stochastic : bool
        Whether the stochastic modes can be used; each is off until a setting turns it on.
    inclusive : bool
        Whether a draw that equals the magnitude counts: probability (abs(s) + 1)/256.
    limit : int, optional
        The potential saturates at -limit - 1 and limit; default 2^19 - 1 (20 bits). 393216
        gives NeMo's upper end.

    Returns
    -------
    Chip
        Weights act on the potential. A neuron has at most four different values of weights
        (one for each axon type) and 256 axons; its spikes go to one axon, so a source with
        targets on several cores needs a copy of the neuron for each.

    Raises
    ------
    InputError
        If an option is unknown, or `limit` is not positive.

    Notes
    -----
    - The chip draws from one linear-feedback shift register for each core, whose polynomial is
      not published. Draws are taken as uniform on 0 to 255 (and to 2^18 - 1 for the
      threshold) and independent: an assumption about the long run, not what one seed does.
    - F compares a magnitude with a draw. The notes at hand write 1 where abs(s) >= rho, which
      for uniform 8-bit draws makes abs(s) + 1 of 256 cases; the paper's prose has been read as
      abs(s)/256. The default is the latter. F(0, 0) has no effect: it is multiplied by sgn(0).
    - Saturation is applied after all synapses, after the leak and after the reset; the chip
      may saturate after each synapse.
    """
    check_choice("convention", convention, CONVENTIONS)
    check_choice("reset", reset, RESETS)
    if limit is not None and limit < 1:
        raise bad("limit", limit, "1 or more")
    ranc = convention == "ranc"
    modes = stochastic and not ranc
    return Chip(
        name="truenorth",
        convention=convention,
        order=(
            "add_v",
            *(("synapse",) if modes else ()),
            "clip_v",
            "leak",
            "clip_v",
            "fire_truenorth",
        ),
        settings=_settings(ranc, RESETS.index(reset), modes, inclusive),
        weight=WeightFormat(mantissa=Fixed(32) if ranc else Fixed(9, low=-255, high=255), values=4),
        voltage=_voltage(ranc, limit),
        threshold=">=",
        reset=reset,
        delay=(1, 15),
        stochastic=("synapse", "leak", "threshold") if modes else (),
        fan_in=256,
        fan_out=1,
        core=Core(neurons=256, in_axons=256, out_axons=256, synapse_bits=1 << 16, count=4096),
        sources=_SOURCES,
    )


def _voltage(ranc: bool, limit: int | None) -> Fixed:
    if limit is not None:
        return Fixed(limit.bit_length() + 1, low=-limit - 1, high=limit)
    return Fixed(40, overflow="none") if ranc else Fixed(20)


def _settings(ranc: bool, gamma: int, modes: bool, inclusive: bool) -> tuple[Setting, ...]:
    most = _WORD if ranc else (1 << 18) - 1
    span = _WORD if ranc else 255
    found = [
        Setting(name="threshold", meaning="alpha", low=-most if ranc else 0, high=most, default=1),
        Setting(
            name="negative_threshold",
            meaning="beta, the threshold below is -beta",
            low=-most if ranc else 0,
            high=most,
            default=min(most, _HIGH),
        ),
        Setting(name="leak", meaning="lambda, added in each tick", low=-span, high=span),
        Setting(name="reset", meaning="R, of mode 0", low=-most, high=most),
        Setting(
            name="reset_mode",
            meaning="gamma: 0 to R, 1 by the threshold, 2 none",
            low=0,
            high=2,
            default=gamma,
        ),
        Setting(
            name="negative_saturation",
            meaning="kappa: 1 stops V at -beta",
            low=0,
            high=int(not ranc),
        ),
        Setting(name="leak_reversal", meaning="epsilon: 1 turns the leak by sgn(V)", low=0, high=1),
    ]
    if ranc:
        found.append(Setting(name="symmetric", meaning="1: V = -beta crosses too", low=0, high=1))
    high = int(modes)
    found += [
        Setting(name="leak_stochastic", meaning="c: 1 for a random leak", low=0, high=high),
        Setting(
            name="threshold_mask",
            meaning="M, random bits of the thresholds",
            low=0,
            high=((1 << 18) - 1) * high,
        ),
        Setting(
            name="inclusive",
            meaning="1: a draw equal to the magnitude counts",
            low=0,
            high=1,
            default=int(inclusive),
        ),
    ]
    return tuple(found)
