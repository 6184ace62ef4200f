"""Copies: neurons of a chip that do what a unit of the network does, as sources' twins do."""

from __future__ import annotations

import numpy as np

from causal_snn.chips.chain.kernel import ChipKernel
from causal_snn.errors import InputError

_ORDER_ONLY = ("rank",)
"""Settings that do not act on the neuron itself, but on when its spikes are served."""


def copies(chain: ChipKernel) -> dict[int, int]:
    """Return, for each neuron that is no unit of the network, the unit's neuron it copies.

    With the same weights, delays and settings, and no chance, it spikes with it from rest on.

    Raises
    ------
    InputError
        If there is a neuron that is neither.
    """
    mapped = chain.mapped
    units = mapped.place.tolist()
    found = {}
    for extra in sorted(set(range(chain.n)) - set(units)):
        same = [k for k in units if _alike(chain, extra, k)]
        if not same or mapped.chip.stochastic:
            raise InputError(
                f"mapped: the network's {mapped.n} units are {chain.n} neurons of "
                f"{mapped.chip.title}, {mapped.parameters.labels[extra]!r} among them, which "
                "gathers fan-in that was split; a macro state of the units says nothing of it. Use "
                "a chip with more fan-in, or by_hand(chip, parameters), whose units are the chip's "
                "neurons."
            )
        found[extra] = same[0]
    return found


def _alike(chain: ChipKernel, a: int, b: int) -> bool:
    p = chain.mapped.parameters
    return (
        np.array_equal(p.weights[a], p.weights[b])
        and np.array_equal(p.input_weights[a], p.input_weights[b])
        and np.array_equal(p.delays[a], p.delays[b])
        and all(x[a] == x[b] for name, x in p.neuron.items() if name not in _ORDER_ONLY)
    )
