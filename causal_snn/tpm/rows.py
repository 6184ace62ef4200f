"""Rows of macro transitions from the rows of single units, for one law on each unit's cells.

Given what every unit sends in this step (the pattern s of spikes), the next states of the
units are independent. A ternary alphabet fixes s, so its rows are products; a binary one
leaves s open, so its rows are mixtures over the patterns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product as every

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.models.network import Network
from causal_snn.tpm.laws.worst import Extremes
from causal_snn.tpm.within_cell import PRIMED, QUIET, SPIKING, CellLaw

Floats = NDArray[np.float64]


def inputs_from_others(network: Network, k: int) -> tuple[Floats, NDArray[np.int64], float]:
    """Return the inputs W s of unit k from the others, which one each pattern gives, its own.

    Inputs that differ in rounding only are one; the numbers of patterns are little-endian.
    """
    row = network.weights[k].copy()
    own = float(row[k])
    row[k] = 0.0
    patterns = order.states((2,) * network.n)
    inputs, of_pattern = np.unique(np.round(patterns @ row, 12), return_inverse=True)
    return inputs, of_pattern, own


class UnitRows:
    """One unit's rows for every sub-cell and every spike pattern of the network."""

    def __init__(self, network: Network, k: int, law: CellLaw) -> None:
        inputs, self._of_pattern, own = inputs_from_others(network, k)
        found = [
            law.next_cell(cell, inputs + (own if cell == SPIKING else 0.0)) for cell in range(3)
        ]
        self._rows = np.stack([rows for rows, _ in found])
        self.error = max(error for _, error in found)
        self.spiking_weight = law.spiking_weight()

    def rows(self, cells: NDArray[np.int64], patterns: NDArray[np.int64]) -> Floats:
        """Return P(next sub-cell) for sub-cells and pattern numbers, shape (P, 3)."""
        return np.asarray(self._rows[cells, self._of_pattern[patterns]])


def refined_rows(tables: Sequence[UnitRows], sizes: Sequence[int]) -> list[Floats]:
    """Return the marginals of a ternary alphabet: what is sent is part of the state."""
    states, numbers = _sent(sizes)
    return [table.rows(states[:, k], numbers) for k, table in enumerate(tables)]


def mixed_rows(tables: Sequence[UnitRows]) -> Floats:
    """Return joint rows of a binary alphabet: mixtures over what the "on" units send."""
    n = len(tables)
    weight = np.array([table.spiking_weight for table in tables])
    joint = np.empty((2**n, 2**n))
    for number, state in enumerate(order.states((2,) * n)):
        sent = np.array(list(every(*[(0, 1) if x else (0,) for x in state])))
        on = state.astype(bool)
        weights = np.prod(np.where(sent, weight, 1.0 - weight), axis=1, where=on)
        numbers = sent @ (2 ** np.arange(n))
        factors = []
        for k, table in enumerate(tables):
            rows = table.rows(state[k] + sent[:, k], numbers)
            factors.append(np.stack([rows[:, 0], rows[:, 1] + rows[:, 2]], axis=1))
        joint[number] = order.product(factors, weights).sum(axis=0)
    return joint


def bounds(
    network: Network, found: Sequence[Extremes], sizes: Sequence[int]
) -> tuple[list[Floats], list[Floats]]:
    """Return lower and upper rows of each unit, (S, k_i), over all micro states of all units."""
    of_pattern = [inputs_from_others(network, k)[1] for k in range(network.n)]
    lower, upper = ([np.empty((int(np.prod(sizes)), size)) for size in sizes] for _ in range(2))
    for number, cells, patterns in _micro_patterns(found, sizes):
        for k, each in enumerate(found):
            pair = cells[:, k], of_pattern[k][patterns]
            low, high = each.lower[pair].min(axis=0), each.upper[pair].max(axis=0)
            if sizes[k] == 2:  # P(on) = 1 - P(off)
                low, high = np.array([low[0], 1 - high[0]]), np.array([high[0], 1 - low[0]])
            lower[k][number], upper[k][number] = low, high
    return lower, upper


def _micro_patterns(
    found: Sequence[Extremes], sizes: Sequence[int]
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield for each macro state the sub-cells (P, n) and pattern numbers (P,) it may stand for."""
    states, numbers = _sent(sizes)
    bits = 2 ** np.arange(len(sizes))
    for number, state in enumerate(states):
        if sizes[0] == 3:
            yield number, state[None], numbers[number : number + 1]
            continue
        choices = [
            (QUIET,) if not x else (SPIKING,) if each.empty[PRIMED] else (PRIMED, SPIKING)
            for x, each in zip(state, found, strict=True)
        ]
        cells = np.array(list(every(*choices)))
        yield number, cells, (cells == SPIKING) @ bits


def _sent(sizes: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every state, and the number of the pattern of spikes in it (ternary alphabets)."""
    states = order.states(sizes)
    return states, (states == SPIKING) @ (2 ** np.arange(len(sizes)))
