"""Factors: what each unit of a system does, seen from its causes and from its effects.

The units outside the system are background. For effects they are fixed at their present state.
For causes they are averaged over what they may have been, given the present state of all
(Albantakis et al., PLOS Comput Biol 19:e1011465, 2023, Eqs. 3 and 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.checks import unreachable
from causal_snn.phi.result import State
from causal_snn.tpm import TPM

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """A system of n units in a state.

    Attributes
    ----------
    state : tuple of int
        Present state of the system's units.
    cause, effect : tuple of array
        For each unit P(its next state | state of the system), shape (*sizes, k_i).
    """

    state: State
    cause: tuple[Floats, ...]
    effect: tuple[Floats, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of states of each unit."""
        return tuple(int(factor.shape[-1]) for factor in self.effect)

    @property
    def likelihood(self) -> Floats:
        """P(present state | state one step before), shape sizes."""
        each = [factor[..., x] for factor, x in zip(self.cause, self.state, strict=True)]
        return np.asarray(reduce(np.multiply, each))


def factors(tpm: TPM, state: State, units: Sequence[int]) -> Factors:
    """Return the factors of the system of some units of a substrate in a state.

    Raises
    ------
    UnreachableError
        If no state leads to this one.
    """
    inside, n = list(units), tpm.n
    outside = [k for k in range(n) if k not in inside]
    present = [m[..., x] for m, x in zip(tpm.marginals, state, strict=True)]
    joint: Floats = np.asarray(reduce(np.multiply, present))
    if not joint.any():
        raise unreachable(tpm, state)
    at = tuple(state[k] if k in outside else slice(None) for k in range(n))
    mine = tuple(state[k] for k in inside)
    effect = [_in_order(tpm.marginals[k][at], inside) for k in inside]
    if not outside:
        return Factors(mine, tuple(effect), tuple(effect))
    weight = joint.sum(axis=tuple(inside), keepdims=True)
    weight = weight / weight.sum()
    hidden = tuple(outside)
    cause = [_in_order((tpm.marginals[k] * weight[..., None]).sum(hidden), inside) for k in inside]
    return Factors(mine, tuple(cause), tuple(effect))


def _in_order(factor: Floats, inside: Sequence[int]) -> Floats:
    """Return a factor whose axes follow the order that the system's units are named in."""
    places = [sorted(inside).index(k) for k in inside]
    return np.ascontiguousarray(np.moveaxis(factor, places, range(len(inside))))
