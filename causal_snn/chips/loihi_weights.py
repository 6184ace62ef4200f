"""Loihi's weights: what a mantissa adds to the sum, as three emulators round it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, check_choice, suggest

Ints = NDArray[np.int64]
SignMode = Literal["mixed", "excitatory", "inhibitory"]
CONVENTIONS = ("lava", "nengo", "brian2")
SIGN_MODES = ("mixed", "excitatory", "inhibitory")
RANGES = {"mixed": (-256, 255), "excitatory": (0, 255), "inhibitory": (-256, 0)}
"""Mantissas that a synapse of each sign mode takes."""

_BRIAN2_LIMIT = (1 << 15) - 1  # 2^21 - 2^6, in units of the 6 bits of the align shift


def check_convention(convention: str) -> None:
    """Raise `InputError` unless `convention` names one of the three emulators."""
    if convention not in CONVENTIONS:
        raise InputError(
            f"loihi has no convention {convention!r}; {suggest(str(convention), CONVENTIONS)}"
        )


def sign_mode_of(mantissas: ArrayLike) -> SignMode:
    """Return the sign mode that fits: one sign keeps a bit more than mixed signs."""
    weights = np.asarray(mantissas)
    if weights.size == 0 or weights.min() >= 0:
        return "excitatory"
    return "inhibitory" if weights.max() <= 0 else "mixed"


def effective_weights(
    mantissas: ArrayLike,
    *,
    convention: str,
    exponent: int = 0,
    weight_bits: int = 8,
    sign_mode: SignMode | None = None,
) -> Ints:
    r"""Return what a spike adds to the sum that arrives, before its shift by 6 to the left.

    With s = 8 - `weight_bits`, and 1 more where signs are mixed, the emulators round a
    mantissa w to a multiple of :math:`2^s` and apply the exponent e:

    ========= ============================================== ==============================
    lava      floor (inhibitory weights: of -w)              to the sum, not here
    nengo     nearest, ties to even, within +-(2^(8-s) - 1)  here; nearest if s + e < 0
    brian2    toward zero                                    here; floor, within 2^15 - 1
    ========= ============================================== ==============================

    Parameters
    ----------
    mantissas : array of int
        Weights as they are given to the emulator, -256 to 255.
    convention : {"lava", "nengo", "brian2"}
    exponent : int
        Exponent of the weights, -8 to 7. For nengo and brian2 the result contains it, and
        `Parameters.exponent` stays 0; for lava it acts after the sum, as `Parameters.exponent`.
    weight_bits : int
        Bits of the mantissa, 0 to 8.
    sign_mode : {"mixed", "excitatory", "inhibitory"}, optional
        Default by the signs of the mantissas.

    Returns
    -------
    array of int, shape of `mantissas`

    Raises
    ------
    InputError
        If an argument is unknown, or a mantissa outside the sign mode's range.

    Notes
    -----
    Read from the emulators' sources: lava-nc (utils/weightutils.py, dense models),
    nengo-loihi (discretize.py) and brian2-loihi (LoihiSynapses.calcActualWeights).
    """
    check_convention(convention)
    if weight_bits not in range(9):
        raise bad("weight_bits", weight_bits, "0 to 8 bits")
    if exponent not in range(-8, 8):
        raise bad("exponent", exponent, "-8 to 7 on loihi")
    weights = _mantissas(mantissas)
    mode = sign_mode_of(weights) if sign_mode is None else sign_mode
    check_choice("sign_mode", mode, SIGN_MODES)
    low, high = RANGES[mode]
    if convention == "lava" and mode == "inhibitory":
        low = -255  # it negates first, and 256 has no 8 bits
    if np.any((weights < low) | (weights > high)):
        worst = weights.ravel()[np.argmax(((weights < low) | (weights > high)).ravel())]
        raise bad("mantissas", int(worst), f"{low} to {high} in sign mode {mode!r}")
    lost = 8 - weight_bits + (mode == "mixed")
    match convention:
        case "lava":
            sign = -1 if mode == "inhibitory" else 1
            return sign * (((sign * weights) >> lost) << lost)
        case "brian2":
            return _brian2(weights, lost, exponent)
        case _:
            return _nengo(weights, lost, exponent)


def _mantissas(given: ArrayLike) -> Ints:
    values = np.asarray(given)
    whole = values.astype(np.int64)
    if np.any(whole != values):
        raise bad("mantissas", given, "whole numbers")
    return whole


def _brian2(weights: Ints, lost: int, exponent: int) -> Ints:
    kept = np.sign(weights) * ((np.abs(weights) >> lost) << lost)
    scaled = kept << exponent if exponent >= 0 else kept >> -exponent
    return np.asarray(np.clip(scaled, -_BRIAN2_LIMIT, _BRIAN2_LIMIT))


def _nengo(weights: Ints, lost: int, exponent: int) -> Ints:
    most = (1 << max(8 - lost, 0)) - 1
    # rint takes ties to the even neighbour; float64 holds these numbers exactly.
    kept = np.clip(np.rint(weights / (1 << lost)), -most, most).astype(np.int64)
    shift = lost + exponent
    if shift >= 0:
        return kept << shift
    # Bits that the shift would cut are rounded first, and the shift then only floors what the
    # clip has left of them.
    rounded = np.rint(kept / (1 << -shift)).astype(np.int64) << -shift
    return np.asarray(np.clip(rounded, -most, most) >> -shift)
