"""What is left of a unit's probability when only some of its inputs are kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.exact.factors import Factors
from causal_snn.phi.exact.specified import Specified
from causal_snn.phi.result import State

Floats = NDArray[np.float64]


def kept_inputs(table: Floats, state: State) -> Floats:
    """Return a unit's probability with inputs kept at a state, the others averaged.

    Parameters
    ----------
    table : array, shape (..., *sizes)
        Probability of an event, or of several, given the state of every input.
    state : tuple of int
        State that kept inputs are in.

    Returns
    -------
    array, shape (..., 2^n)
        Entry `mask`: input i is kept where bit i of the mask is set, averaged uniformly
        where it is not.
    """
    events = table.ndim - len(state)
    for axis, x in enumerate(state, start=events):
        both = [table.mean(axis=axis), np.take(table, x, axis=axis)]
        table = np.stack(both, axis=axis)
    inputs = range(table.ndim - 1, events - 1, -1)  # the first input is the lowest bit
    return table.transpose(*range(events), *inputs).reshape(*table.shape[:events], -1)


def losses(system: Factors, cause: Specified, effect: Specified) -> Floats:
    """Return what a system loses, for each direction, unit and mask of kept inputs.

    Entry [d, i, mask] is selectivity_d (log2 p_i(all inputs) - log2 p_i(inputs in mask)); the
    integrated information over a partition is their sum over units (Eqs. 19 and 20 of
    Albantakis et al. 2023), direction 0 for causes and 1 for effects.

    Returns
    -------
    array, shape (2, n, 2^n)
    """
    rows = []
    for direction, specified in enumerate((cause, effect)):
        for k, x in enumerate(system.state):
            if direction == 0:
                kept = kept_inputs(system.cause[k][..., x], cause.state)
            else:
                kept = kept_inputs(system.effect[k][..., effect.state[k]], system.state)
            # A kept table holds no zero: the state with all inputs is possible and has a share
            # in every average.
            rows.append(specified.selectivity * (np.log2(kept[-1]) - np.log2(kept)))
    n = len(system.state)
    return np.stack(rows).reshape(2, n, 2**n)
