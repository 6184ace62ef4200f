"""BrainScaleS-2 (HICANN-X): analog neurons in continuous time, with fixed-pattern mismatch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np

from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.chips.parameters import Parameters
from causal_snn.errors import InputError, bad, check_choice, check_whole

MODELS = ("lif", "adex")

CALIBRATED = {
    "tau_mem": 0.05,
    "tau_syn_exc": 0.05,
    "tau_syn_inh": 0.05,
    "threshold": 0.05,
    "gain_exc": 0.1,
    "gain_inh": 0.1,
}
"""Coefficients of variation after calibration: assumptions, no measured value was found."""

_UNCALIBRATED = {"tau_mem": 0.25, "tau_syn_exc": 0.25, "tau_syn_inh": 0.25, "threshold": 0.25}

_SOURCES = {
    "order": "read: documentation of PyNN.brainscales2, AdEx with current-based synapses",
    "settings": "read: calix NeuronCalibTarget, defaults 80/70/125 CADC LSB of leak, reset and "
    "threshold, 10 us of both time constants, 2 us refractory; ranges of time constants are "
    "calix's; gains and adaptation are assumed",
    "weight": "read: 6 bits, open-neuromorphic.org; sign by synapse row is from memory",
    "voltage": "memory: CADC of 8 bits",
    "current": "assumed: analog, no register, nothing is cut off (the circuit saturates)",
    "receptors": "read: documentation of PyNN.brainscales2, excitatory and inhibitory currents",
    "threshold": "chosen: a comparator, >= or > make no difference",
    "reset": "read: calix, to the reset potential, clamped for the refractory time",
    "max_spikes": "chosen: the comparator is read once in each piece of a step",
    "delay": "memory: no delay circuit on the chip; one step is assumed",
    "number": "chosen: analog values as float64",
    "mismatch": "assumed: no measured sigma was found",
    "stochastic": "assumed: Gaussian noise on the membrane as in hxtorch's mock mode (read); its "
    "size is not known",
    "fan_in": "memory: 256 rows, more by joining neuron circuits",
    "core": "read: 512 neurons, 131072 synapses, the vendor's page of the hardware",
    "schedule": "read: analog, about 1000 times faster than biology, the vendor's page",
}


def brainscales2(*, model: str = "lif", dt: float = 1.0, substeps: int = 10) -> Chip:
    r"""Return BrainScaleS-2: analog neurons with exponential synaptic currents.

    .. math::
        \dot V &= -\frac{V - E}{\tau_m} + \frac{\Delta}{\tau_m} e^{(V - V_T)/\Delta} - w
            + I_\mathrm{exc} - I_\mathrm{inh} + b_0 \\
        \tau_w \dot w &= a (V - E) - w, \qquad \dot I_r = -I_r/\tau_r,
            \qquad \text{spike: } I_r \leftarrow I_r + g_r |w_{ij}| \\
        V &\ge \theta \Rightarrow V \leftarrow V_\mathrm{reset} \text{ for } t_\mathrm{ref},
            \quad w \leftarrow w + b

    without the exponential term and w for ``"lif"``. Potentials are in LSB of the 8-bit CADC
    (0 to 255), times in hardware microseconds (1 us stands for 1 ms of biology), currents in
    LSB per us. `v` of a run is the CADC's reading; the register `membrane` is not rounded.

    Fixed-pattern mismatch is put on by `mismatched`, the steps of the analog parameter memory
    by `on_capmem`, and noise by the setting `noise` (1 to 2 LSB are plausible, an assumption).

    Parameters
    ----------
    model : {"lif", "adex"}
    dt : float
        Hardware us of one step.
    substeps : int
        How often in a step the comparator is read; for ``"adex"`` also the integration steps.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If the model is unknown, or dt or substeps is not positive.
    """
    check_choice("model", model, MODELS)
    pieces = check_whole("substeps", substeps)
    if not (math.isfinite(dt) and dt > 0):
        raise bad("dt", dt, "a positive time in hardware us")
    adex = model == "adex"
    return Chip(
        name="brainscales2",
        convention=model,
        order=("arrive", "adapt" if adex else "relax", "fire"),
        settings=(*_settings(dt, pieces), *(_adaptive() if adex else ())),
        weight=WeightFormat(mantissa=Fixed(7, low=-63, high=63), signs="by_column"),
        voltage=Fixed(8, signed=False),
        current=Fixed(62, overflow="none"),
        receptors={"exc": 1, "inh": -1},
        threshold=">=",
        max_spikes=pieces,
        stochastic=("noise",),
        number="float64",
        schedule="continuous",
        fan_in=256,
        core=Core(neurons=512, synapse_bits=131072 * 6, count=1),
        mismatch=CALIBRATED,
        sources=_SOURCES,
    )


def _real(name: str, meaning: str, low: float, high: float, default: float) -> Setting:
    return Setting(name=name, meaning=meaning, low=low, high=high, default=default, step=0)


def _settings(dt: float, substeps: int) -> tuple[Setting, ...]:
    return (
        _real("rest", "leak potential, CADC LSB", 0, 255, 80),
        _real("reset", "CADC LSB", 0, 255, 70),
        _real("threshold", "CADC LSB", 0, 255, 125),
        _real("tau_mem", "hardware us", 0.1, 200, 10),
        _real("tau_syn_exc", "hardware us", 0.1, 50, 10),
        _real("tau_syn_inh", "hardware us", 0.1, 50, 10),
        _real("refractory", "clamped after a spike, hardware us", 0.04, math.inf, 2),
        _real("gain_exc", "LSB per us for weight 1", 0, math.inf, 0.1),
        _real("gain_inh", "LSB per us for weight 1", 0, math.inf, 0.1),
        _real("bias", "constant current, LSB per us", -math.inf, math.inf, 0),
        _real("noise", "sd of the membrane without input, CADC LSB", 0, 255, 0),
        _real("dt", "hardware us of a step, fixed by the chip", dt, dt, dt),
        _real("substeps", "pieces of a step, fixed by the chip", substeps, substeps, substeps),
    )


def _adaptive() -> tuple[Setting, ...]:
    return (
        _real("slope", "of the exponential term, CADC LSB", 0.1, 255, 4),
        _real("exp_threshold", "of the exponential term, CADC LSB", 0, 255, 110),
        _real("tau_w", "of the adaptation, hardware us", 0.1, 10000, 100),
        _real("a", "subthreshold adaptation, per us", -10, 10, 0.01),
        _real("b", "adaptation per spike, LSB per us", -255, 255, 0.2),
    )


def mismatched(
    chip: Chip, parameters: Parameters, *, seed: int, calibrated: bool = True
) -> Parameters:
    r"""Return the parameters as one chip realises them: a frozen pattern of factors.

    Each setting of `chip.mismatch` is multiplied neuron by neuron by a lognormal factor of mean
    1 and coefficient of variation c,

    .. math:: f = e^{\sigma z - \sigma^2/2}, \qquad \sigma^2 = \ln(1 + c^2), \quad z \sim N(0, 1),

    and brought into the setting's range. z belongs to the chip (the seed), the setting and the
    neuron alone: two networks on one chip, or one before and after calibration, share it.

    Parameters
    ----------
    chip : Chip
    parameters : Parameters
        What was asked for.
    seed : int
        Which chip.
    calibrated : bool
        The chip's own coefficients, or those before calibration (0.25 for time constants and
        thresholds where the calibrated are smaller). Both are assumptions.

    Returns
    -------
    realised : Parameters
        Whole settings are rounded.

    Raises
    ------
    InputError
        If the chip has no mismatch, or the seed is not a whole number of 0 or more.
    """
    if not chip.mismatch:
        raise InputError(f"{chip.title} has no mismatch: it is digital, every copy is the same")
    number = _seed(seed)
    spreads: Mapping[str, float] = dict(chip.mismatch)
    if not calibrated:
        spreads = {name: max(c, _UNCALIBRATED.get(name, 0.0)) for name, c in spreads.items()}
    changed = dict(parameters.neuron)
    for name, spread in spreads.items():
        setting = chip.setting(name)
        draws = np.random.default_rng([number, *name.encode()])
        sigma = math.sqrt(math.log1p(spread**2))
        factors = np.exp(sigma * draws.standard_normal(parameters.n) - sigma**2 / 2)
        found = np.clip(changed[name] * factors, setting.low, setting.high)
        changed[name] = found if setting.step == 0 else np.rint(found).astype(np.int64)
    return replace(parameters, neuron=changed)


def _seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise bad("seed", seed, "a whole number of 0 or more, the chip's")
    return int(seed)


def on_capmem(chip: Chip, parameters: Parameters, *, bits: int = 10) -> Parameters:
    """Return the parameters on the grid of the analog parameter memory.

    Every real setting with a finite range is rounded to one of 2^bits values, evenly spaced
    over its range. That the memory has 10 bits is from memory, and even spacing (also of time
    constants) is an assumption.

    Parameters
    ----------
    chip : Chip
    parameters : Parameters
    bits : int

    Returns
    -------
    rounded : Parameters

    Raises
    ------
    InputError
        If `bits` is not a whole number of 1 or more.
    """
    codes = (1 << check_whole("bits", bits)) - 1
    changed = dict(parameters.neuron)
    for setting in chip.settings:
        span = setting.high - setting.low
        if setting.step == 0 and 0 < span < math.inf and setting.name != "noise":
            code = np.rint((changed[setting.name] - setting.low) / span * codes)
            changed[setting.name] = setting.low + code / codes * span
    return replace(parameters, neuron=changed)
