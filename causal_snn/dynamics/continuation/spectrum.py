"""Spectrum: eigenvalues in a fixed order, and the pair of them that is next to crossing."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from causal_snn.dynamics.field import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sorted_eigenvalues(jacobians: Floats) -> NDArray[np.complex128]:
    """Return the eigenvalues of N matrices (N, n, n), largest real part first, shape (N, n)."""
    values = np.linalg.eigvals(jacobians).astype(complex)
    order = np.lexsort((-values.imag, -values.real))
    return np.take_along_axis(values, order, axis=-1)


def closest_pair(eigenvalues: NDArray[np.complex128]) -> tuple[Floats, Floats]:
    """Return the pair of eigenvalues whose sum is closest to zero, for N spectra (N, n).

    Returns
    -------
    total : array, shape (N,)
        Real part of that sum, with the sign of the product of all pair sums: continuous where
        it crosses zero, which is at Hopf points and neutral saddles. 1 for a single eigenvalue.
    product : array, shape (N,)
        Product of the two: omega^2 at a Hopf point, negative at a neutral saddle.
    """
    count, n = eigenvalues.shape
    if n < 2:
        return np.ones(count), np.ones(count)
    first, second = np.array(list(combinations(range(n), 2))).T
    sums = eigenvalues[:, first] + eigenvalues[:, second]
    rows, best = np.arange(count), np.abs(sums).argmin(axis=1)
    # Complex sums come in conjugate pairs, whose real parts share a sign: this is that of all.
    sign = np.where(sums.real < 0, -1.0, 1.0).prod(axis=1)
    product = (eigenvalues[:, first] * eigenvalues[:, second])[rows, best].real
    return sign * np.abs(sums[rows, best]), product
