"""Arguments of a chain: what was mapped, inputs and noise, checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.mapped import Mapped, by_hand
from causal_snn.chips.parameters import Parameters
from causal_snn.errors import InputError, bad

Ints = NDArray[np.int64]


def as_mapped(given: Any) -> Mapped:
    """Return what was mapped, or what was loaded by hand, as `Mapped`."""
    if isinstance(given, Mapped):
        return given
    if isinstance(given, Iterable):
        pair = tuple(given)
        if len(pair) == 2 and isinstance(pair[0], Chip) and isinstance(pair[1], Parameters):
            return by_hand(*pair)
    raise bad("mapped", given, "what `map` or `by_hand` returned, or (chip, parameters)")


def constant_inputs(given: ArrayLike | None, channels: int) -> Ints:
    """Return the spikes of each input channel in every step, (channels,)."""
    if given is None:
        return np.zeros(channels, dtype=np.int64)
    spikes = np.asarray(given)
    if spikes.shape not in ((), (channels,)):
        raise bad(
            "inputs",
            f"shape {spikes.shape}",
            f"one count of spikes for each of {channels} input channels, the same in every step",
        )
    if spikes.dtype.kind not in "biuf" or not np.all((spikes >= 0) & (spikes % 1 == 0)):
        raise bad("inputs", given, "counts of spikes, 0 or more")
    return np.broadcast_to(spikes.astype(np.int64), (channels,)).copy()


def noise_of(given: ArrayLike | str | None, mapped: Mapped) -> NDArray[np.float64]:
    """Return the noise (mV) of each of the chip's neurons, (n,)."""
    found = np.zeros(mapped.parameters.n)
    if given is None:
        return found
    if isinstance(given, str):
        if given != "network":
            raise bad("noise", given, "a standard deviation (mV), or 'network'")
        if mapped.network is None:
            raise InputError(
                "noise = 'network': these parameters were made by hand and come from no network. "
                "Give a standard deviation (mV)."
            )
        given = mapped.network.noise_per_step
    values = np.asarray(given, dtype=float)
    if values.shape not in ((), (mapped.n,)) or not np.all(np.isfinite(values) & (values >= 0)):
        raise bad("noise", given, f"a standard deviation (mV), 0 or more, or {mapped.n} of them")
    found[mapped.place] = values
    return found
