"""Entropies of every subset of units, by summing one unit out after the other.

Subsets are masks, unit k is bit k. Going down a tree that drops or keeps one unit at a time,
all 2^n marginals of a law over k^n states cost some (k + 1)^n operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.measures.chains import FiniteChain, GaussianChain
from causal_snn.tpm.information import entropy

Floats = NDArray[np.float64]
_AT_ONCE = 1 << 12  # determinants taken together


def subset_sums(tables: Floats, sizes: Sequence[int]) -> Iterator[tuple[int, Floats]]:
    """Yield every subset and its sums over the other units, (L, K) in the order of units.

    Parameters
    ----------
    tables : array, shape (L, *sizes)
        L functions of the state of units with so many states.
    """
    yield from _descend(tables.reshape(len(tables), 1, -1), sizes)


def _descend(rows: Floats, sizes: Sequence[int]) -> Iterator[tuple[int, Floats]]:
    """Go on from sums (L, K, R) over some units dropped, others kept (K); R states are left."""
    if not sizes:
        yield 0, rows[:, :, 0]
        return
    count, kept, rest = rows.shape
    apart = rows.reshape(count, kept, sizes[0], rest // sizes[0])
    for bit, down in ((0, apart.sum(axis=2)), (1, apart.reshape(count, -1, apart.shape[3]))):
        for mask, sums in _descend(down, sizes[1:]):
            yield mask << 1 | bit, sums


def subset_entropies(law: Floats) -> Floats:
    """Return the entropy of every subset's marginal in bits, shape (2^n,); one axis per unit."""
    found = np.empty(1 << law.ndim)
    for mask, sums in subset_sums(law[None], law.shape):
        found[mask] = entropy(sums[0])
    return found


def conditional_entropies(chain: FiniteChain | GaussianChain) -> tuple[Floats, Floats]:
    """Return H(X_S' | X_S) and H(X_S) for every subset S in bits, shape (2^n,) each.

    Of a Gaussian chain they are differential entropies; the units of x set their zero.
    """
    if isinstance(chain, GaussianChain):
        now = _log_determinants(chain.covariance, 1)
        both = _log_determinants(chain.joint_covariance, 2)
        size = np.bitwise_count(np.arange(1 << chain.n)).astype(float)
        per_unit = np.log2(2 * np.pi * np.exp(1.0)) / 2
        scale = 1 / (2 * np.log(2))
        return (both - now) * scale + size * per_unit, now * scale + size * per_unit
    n = chain.n
    # Present and next state of a unit side by side are one unit with k^2 states.
    paired = chain.joint.transpose([k + half for k in range(n) for half in (0, n)])
    together = paired.reshape([k**2 for k in chain.sizes])
    present = subset_entropies(chain.now)
    return np.maximum(subset_entropies(together) - present, 0.0), present


def _log_determinants(matrix: Floats, copies: int) -> Floats:
    """Return log|matrix restricted to S in each of its copies| for every subset S, (2^n,)."""
    n = len(matrix) // copies
    found = np.zeros(1 << n)
    for size in range(1, n + 1):
        chosen = np.array(list(combinations(range(n), size)))
        masks = (1 << chosen).sum(axis=1)
        index = np.concatenate([chosen + copy * n for copy in range(copies)], axis=1)
        for start in range(0, len(index), _AT_ONCE):
            part = index[start : start + _AT_ONCE]
            blocks = matrix[part[:, :, None], part[:, None, :]]
            found[masks[start : start + _AT_ONCE]] = np.linalg.slogdet(blocks).logabsdet
    return found


def subset_states(sizes: Sequence[int]) -> Floats:
    """Return the number of states of every subset of units, shape (2^n,)."""
    n = len(sizes)
    return np.array([prod(sizes[k] for k in range(n) if m >> k & 1) for m in range(1 << n)], float)


def part_entropy(chain: FiniteChain | GaussianChain, units: Sequence[int]) -> float:
    """Return H(X_S) of one subset of a finite chain's units, in bits."""
    if isinstance(chain, GaussianChain):
        raise TypeError("differential entropies compare no partitions")
    others = tuple(k for k in range(chain.n) if k not in units)
    return float(entropy(chain.now.sum(axis=others).ravel()))
