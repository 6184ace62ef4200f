"""The lumping problem: which chains, how many cells, and what a lumping must satisfy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad, check_whole

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

ROUNDING = 1e-12
"""Rounding of a radius: sums of at most a few hundred probabilities."""
ROW_SUM = 1e-8
"""How far the sum of a row may be from 1; rows are then made to sum to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A lumping problem.

    Attributes
    ----------
    matrices : array, shape (C, n, n)
        Transition matrix of the micro states in every context.
    k : int
        Number of cells.
    separation : float
        Least total variation between the macro rows of two cells, in every context.
    min_mass : float
        Least probability of a cell under `law`.
    min_size : int
        Least number of micro states in a cell.
    contiguous : bool
        Whether a cell must be a run of consecutive micro states.
    law : array, shape (n,)
        Probability of every micro state.
    """

    matrices: Floats
    k: int
    separation: float
    min_mass: float
    min_size: int
    contiguous: bool
    law: Floats

    @property
    def n(self) -> int:
        """Number of micro states."""
        return len(self.law)


def problem(
    P: ArrayLike,
    k: int,
    *,
    contexts: Sequence[ArrayLike],
    separation: float,
    min_mass: float,
    min_size: int,
    contiguous: bool,
    law: ArrayLike | None,
) -> Problem:
    """Return the checked problem, or raise `InputError`."""
    first = stochastic("P", P)
    matrices = [first]
    for index, other in enumerate(contexts):
        matrix = stochastic(f"contexts[{index}]", other)
        if matrix.shape != first.shape:
            raise bad(f"contexts[{index}]", matrix.shape, f"the shape of P, {first.shape}")
        matrices.append(matrix)
    n = len(first)
    cells = check_whole("k", k)
    if cells > n:
        raise bad("k", k, f"at most the number of micro states, {n}")
    size = check_whole("min_size", min_size)
    if size * cells > n:
        raise bad("min_size", min_size, f"at most {n // cells}, for {cells} cells of {n} states")
    mass = _fraction("min_mass", min_mass)
    if mass * cells > 1 + ROUNDING:
        raise bad("min_mass", min_mass, f"at most 1/k = {1 / cells:.6g}")
    return Problem(
        matrices=frozen(np.stack(matrices)),
        k=cells,
        separation=_fraction("separation", separation),
        min_mass=mass,
        min_size=size,
        contiguous=bool(contiguous),
        law=frozen(law_of(law, n)),
    )


def stochastic(name: str, matrix: ArrayLike) -> Floats:
    """Return a square row-stochastic matrix, or raise `InputError` that names the row."""
    try:
        found = np.array(matrix, dtype=float)
    except (TypeError, ValueError):
        raise bad(name, matrix, "a square matrix of probabilities") from None
    if found.ndim != 2 or found.shape[0] != found.shape[1] or not len(found):
        raise bad(name, found.shape, "a square matrix, shape (n, n)")
    for row, values in enumerate(found):
        if not np.isfinite(values).all() or values.min() < 0:
            worst = values[~(values >= 0) | ~np.isfinite(values)][0]
            raise bad(f"{name}[{row}]", float(worst), "probabilities of 0 or more")
        if abs(values.sum() - 1) > ROW_SUM:
            raise bad(
                f"{name}[{row}].sum()", float(values.sum()), "1", "Divide the row by its sum."
            )
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def law_of(law: ArrayLike | None, n: int, *, name: str = "law") -> Floats:
    """Return a law over n micro states, uniform by default, or raise `InputError`."""
    if law is None:
        return np.full(n, 1.0 / n)
    found = np.array(law, dtype=float)
    if found.shape != (n,) or not np.isfinite(found).all() or found.min() < 0:
        raise bad(name, law, f"{n} probabilities of 0 or more")
    if abs(found.sum() - 1) > ROW_SUM:
        raise bad(f"{name}.sum()", float(found.sum()), "1", "Divide the law by its sum.")
    return np.asarray(found / found.sum())


def by_first_appearance(labels: NDArray[Any]) -> Labels:
    """Return the same partition with its cells numbered as they appear, from 0."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def frozen[T: NDArray[Any]](array: T) -> T:
    """Return the array, made read-only."""
    array.setflags(write=False)
    return array


def _fraction(name: str, value: Any) -> float:
    if not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise bad(name, value, "a number from 0 to 1")
    return float(value)
