"""Functional graph: where the states of a deterministic map end, and after how many steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FunctionalGraph:
    """Cycles and basins of a map of S states into themselves.

    Attributes
    ----------
    period : array of int, shape (C,)
        Length of each cycle; 1 is a fixed point.
    start : array of int, shape (C,)
        The least state of each cycle.
    basin : array of int, shape (C,)
        How many states end in each cycle, its own included.
    cycle : array of int, shape (S,)
        Cycle in which each state ends.
    transient : array of int, shape (S,)
        Steps from each state to its cycle.
    """

    period: Ints
    start: Ints
    basin: Ints
    cycle: Ints
    transient: Ints

    @property
    def fixed_points(self) -> int:
        """Number of cycles of length 1."""
        return int(np.count_nonzero(self.period == 1))


def functional_graph(successor: ArrayLike) -> FunctionalGraph:
    """Return cycles, basins and transients of a map, by repeated squaring.

    Parameters
    ----------
    successor : array of int, shape (S,)
        The state that follows each state.

    Raises
    ------
    InputError
        If a successor is not the number of a state.
    """
    step = np.asarray(successor)
    size = step.size
    if step.ndim != 1 or not size or step.dtype.kind not in "iu":
        raise bad("successor", f"shape {step.shape}, {step.dtype}", "one whole number per state")
    if step.min() < 0 or step.max() >= size:
        raise bad("successor", int(step.max()), f"numbers from 0 to {size - 1}")
    # powers[k] is the map taken 2^k times. Where doubling no longer shrinks the image, the map
    # permutes it: every state is on its cycle by then.
    powers = [step.astype(np.int64)]
    on_cycle = _image(powers[0])
    while True:
        doubled = powers[-1][powers[-1]]
        image = _image(doubled)
        if np.count_nonzero(image) == np.count_nonzero(on_cycle):
            break
        powers.append(doubled)
        on_cycle = image
    last = powers[-1]
    transient = np.zeros(size, dtype=np.int64)
    at = np.arange(size)
    for k in range(len(powers) - 1, -1, -1):
        further = ~on_cycle[powers[k][at]]
        at = np.where(further, powers[k][at], at)
        transient += np.where(further, 1 << k, 0)
    transient += ~on_cycle
    recurrent = np.flatnonzero(on_cycle)
    least = _least_of_cycle(step, recurrent, size)
    start, place = np.unique(least[recurrent], return_inverse=True)
    number = np.zeros(size, dtype=np.int64)
    number[recurrent] = place
    cycle = number[last]
    return FunctionalGraph(
        period=np.bincount(place, minlength=len(start)),
        start=start,
        basin=np.bincount(cycle, minlength=len(start)),
        cycle=cycle,
        transient=transient,
    )


def _image(step: Ints) -> NDArray[np.bool_]:
    found = np.zeros(step.size, dtype=bool)
    found[step] = True
    return found


def _least_of_cycle(step: Ints, recurrent: Ints, size: int) -> Ints:
    """Return for each state on a cycle the least state of that cycle, by doubling."""
    least = np.arange(size)
    ahead = step.astype(np.int64)
    reach = 1
    while reach < len(recurrent):
        least[recurrent] = np.minimum(least[recurrent], least[ahead[recurrent]])
        ahead[recurrent] = ahead[ahead[recurrent]]
        reach *= 2
    if len(recurrent) > 1:
        least[recurrent] = np.minimum(least[recurrent], least[ahead[recurrent]])
    return least
