"""SpiNNaker's settings: biology as the integers that sPyNNaker makes of it."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from causal_snn.errors import bad

LOW, HIGH = -(1 << 31), (1 << 31) - 1
"""Ends of an accum, s16.15."""
UNIT = 1 << 15
"""1 as an accum."""
WHOLE = (1 << 32) - 1
"""The greatest u0.32."""


def lif_settings(
    *,
    dt: float = 1.0,
    tau_m: float = 20.0,
    tau_syn_e: float = 5.0,
    tau_syn_i: float = 5.0,
    c_m: float = 1.0,
    v_rest: float = -65.0,
    v_thresh: float = -50.0,
    v_reset: float = -65.0,
    t_ref: float = 0.1,
    i_offset: float = 0.0,
) -> dict[str, Any]:
    r"""Return the integers that sPyNNaker makes of a LIF neuron's biology.

    The host rounds each number to s16.15; the machine divides by truncation and takes
    f = exp(-dt/tau_m) in s16.15, d = exp(-dt/tau_syn) and init = (tau_syn/dt) (1 - d) in u0.32.
    Times are quantised before exp is taken, so d is off by up to about 2^-16 (relative), far
    more than its own last bit. Exponentials are truncated here; the machine sums a series, which
    read as source differs from that by at most 1 in the last place of f, in 1 of 140 cases, and
    by at most 1.3e-6 in d. Older releases took exp on the host.

    Parameters
    ----------
    dt, tau_m, tau_syn_e, tau_syn_i, t_ref : float
        ms. Refractory steps are ceil(t_ref/dt).
    c_m : float
        nF; the resistance is tau_m/c_m in MOhm.
    v_rest, v_thresh, v_reset : float
        mV.
    i_offset : float
        nA.

    Returns
    -------
    dict of str to int
        Settings of `spinnaker1`.

    Raises
    ------
    InputError
        If a time or the capacitance is not positive, or a number does not fit s16.15.
    """
    step = _positive("dt", dt)
    membrane = _positive("tau_m", tau_m)
    decay_exc, gain_exc = _synapse(step, _positive("tau_syn_e", tau_syn_e))
    decay_inh, gain_inh = _synapse(step, _positive("tau_syn_i", tau_syn_i))
    held = accum("t_ref", t_ref)
    if held < 0:
        raise bad("t_ref", t_ref, "0 ms or more")
    return {
        "decay_exc": decay_exc,
        "decay_inh": decay_inh,
        "gain_exc": gain_exc,
        "gain_inh": gain_inh,
        "decay_v": _exp(_divided(step, membrane), 15),
        "resistance": _divided(membrane, _positive("c_m", c_m)),
        "rest": accum("v_rest", v_rest),
        "threshold": accum("v_thresh", v_thresh),
        "reset": accum("v_reset", v_reset),
        "bias": accum("i_offset", i_offset),
        "refractory": -(-_divided(held, step) // UNIT),
    }


def accum(name: str, value: float) -> int:
    """Return a number as s16.15, rounded as the host does (ties to even)."""
    if not math.isfinite(value):
        raise bad(name, value, "a finite number")
    found = int((Decimal(value) * UNIT).to_integral_value(ROUND_HALF_EVEN))
    if not LOW <= found <= HIGH:
        raise bad(name, value, "-65536 to 65536, what s16.15 holds")
    return found


def _positive(name: str, value: float) -> int:
    found = accum(name, value)
    if found <= 0:
        raise bad(name, value, "a positive number that s16.15 holds, 2^-15 or more")
    return found


def _divided(a: int, b: int) -> int:
    """Return a/b for two s16.15 numbers of 0 or more, truncated."""
    return (a << 15) // b


def _exp(x: int, bits: int) -> int:
    """Return exp(-x/2^15) with `bits` binary places, truncated."""
    with localcontext() as context:
        context.prec = 40
        return int((-Decimal(x) / UNIT).exp() * (1 << bits))


def _synapse(step: int, tau: int) -> tuple[int, int]:
    """Return decay and init factor of a synapse, u0.32."""
    decay = min(_exp(_divided(step, tau), 32), WHOLE)
    return decay, min((_divided(tau, step) * (WHOLE - decay)) >> 15, WHOLE)
