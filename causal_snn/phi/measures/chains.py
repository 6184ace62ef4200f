"""Chains that the measures take: finite ones from a TPM, and linear Gaussian ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad
from causal_snn.phi.checks import as_tpm
from causal_snn.tpm.information import entropy, state_law
from causal_snn.tpm.tpm import TPM

Floats = NDArray[np.float64]
type Law = Literal["stationary", "uniform"] | ArrayLike
MOST_STATES = 4096
"""States up to which a finite chain is taken: its joint law then needs 134 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class FiniteChain:
    """The joint law of present and next state of units with finitely many states.

    Attributes
    ----------
    now : array, shape sizes
        Law of the present state, one axis per unit.
    joint : array, shape (*sizes, *sizes)
        Law of present and next state.
    labels : tuple of str
    next : array, shape sizes
        Law of the next state.
    """

    now: Floats
    joint: Floats
    labels: tuple[str, ...]
    next: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "next", self.joint.sum(axis=tuple(range(self.now.ndim))))

    @property
    def n(self) -> int:
        """Number of units."""
        return self.now.ndim

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of states of each unit."""
        return self.now.shape

    @property
    def information(self) -> float:
        """I(X; X') in bits."""
        bits = entropy(self.now.ravel()) + entropy(self.next.ravel()) - entropy(self.joint.ravel())
        return max(float(bits), 0.0)

    def part_law(self, units: Sequence[int]) -> Floats:
        """Return the law of present and next state of some units, shape (k, k')."""
        sizes = self.joint.shape
        rest = self.joint
        for axis in reversed(range(len(sizes))):  # one at a time: much faster than all at once
            if axis % self.n not in units:
                apart = rest.reshape(prod(sizes[:axis]), sizes[axis], -1)
                rest = apart[:, 0].copy()
                for state in range(1, sizes[axis]):
                    rest += apart[:, state]
        size = prod(self.sizes[k] for k in units)
        return rest.reshape(size, size)

    def grouped(self, parts: Sequence[Sequence[int]]) -> Floats:
        """Return the joint law, present and next state each in the order of parts, (S, S)."""
        axes = [k for part in parts for k in part]
        size = self.now.size
        return self.joint.transpose(*axes, *(k + self.n for k in axes)).reshape(size, size)


@dataclass(frozen=True, slots=True, eq=False)
class GaussianChain:
    """A linear chain x' = A x + e with Gaussian noise e, zero mean.

    Attributes
    ----------
    A : array, shape (n, n)
        Row i: what unit i takes from each unit.
    noise : array, shape (n, n)
        Covariance of e, positive definite (mV^2 where x is in mV).
    labels : tuple of str
        Default x0, x1, ...
    covariance : array, shape (n, n)
        Of the present state: `present` where it is given, else the stationary one, which
        solves S = A S A^T + noise and exists if all eigenvalues of A are below 1 in size.

    Raises
    ------
    InputError
        If shapes do not fit, a covariance is not symmetric and positive definite, or there
        is no stationary law.
    """

    A: Floats
    noise: Floats
    labels: tuple[str, ...] = ()
    present: InitVar[ArrayLike | None] = None
    covariance: Floats = field(init=False)

    def __post_init__(self, present: ArrayLike | None) -> None:
        A = np.array(self.A, dtype=float)
        if A.ndim != 2 or A.shape[0] != A.shape[1] or not A.size:
            raise bad("A", f"shape {A.shape}", "a square matrix, one row per unit")
        if not np.isfinite(A).all():
            raise bad("A", self.A, "finite numbers")
        noise = _positive_definite("noise", self.noise, len(A))
        if present is None:
            from scipy.linalg import solve_discrete_lyapunov

            radius = float(np.abs(np.linalg.eigvals(A)).max())
            if radius >= 1:
                raise bad(
                    "A", f"largest eigenvalue {radius:.6g} in size", "below 1 for a stationary law",
                    "Give the covariance of the present state as `present`.",
                )  # fmt: skip
            scale = np.sqrt(np.diag(noise))  # units may differ in size by much
            found = solve_discrete_lyapunov(
                A * scale / scale[:, None], noise / np.outer(scale, scale)
            )
            covariance = (found + found.T) / 2 * np.outer(scale, scale)
        else:
            covariance = _positive_definite("present", present, len(A))
        labels = tuple(self.labels) or tuple(f"x{k}" for k in range(len(A)))
        if len(labels) != len(A) or len(set(labels)) != len(A):
            raise bad("labels", list(labels), f"{len(A)} names that differ")
        values = {"A": A, "noise": noise, "covariance": covariance}
        for name, array in values.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        object.__setattr__(self, "labels", labels)

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.A)

    @property
    def next_covariance(self) -> Floats:
        """Covariance of the next state, A S A^T + noise."""
        return np.asarray(self.A @ self.covariance @ self.A.T + self.noise)

    @property
    def joint_covariance(self) -> Floats:
        """Covariance of (x, x'), shape (2n, 2n)."""
        across = self.A @ self.covariance
        return np.block([[self.covariance, across.T], [across, self.next_covariance]])

    @property
    def information(self) -> float:
        """I(X; X') in bits, log2(|next covariance| / |noise|)/2."""
        found = np.linalg.slogdet(np.stack([self.next_covariance, self.noise])).logabsdet
        return float(max(found[0] - found[1], 0.0) / (2 * np.log(2)))


def finite_chain(tpm: TPM | ArrayLike, law: Law) -> FiniteChain:
    """Return the joint law of a TPM's present and next state.

    Parameters
    ----------
    tpm : TPM, or array of shape (2^n, n)
        An array is a little-endian state-by-node table.
    law : {"stationary", "uniform"} or array, shape (S,)
        Law of the present state: that of the free chain in the long run, all states equally
        often as under interventions, or given in little-endian order.

    Raises
    ------
    InputError
        If the law is none, or the chain has more states than `MOST_STATES`.
    """
    matrix = as_tpm(tpm)
    size = prod(matrix.sizes)
    if size > MOST_STATES:
        raise bad(
            "tpm", f"{size} states", f"at most {MOST_STATES} states",
            f"The joint law would need {8 * size**2 / 1e9:.3g} GB.",
        )  # fmt: skip
    if isinstance(law, str):
        if law not in ("stationary", "uniform"):
            raise bad("law", law, "'stationary', 'uniform' or one probability for each state")
        p = matrix.stationary() if law == "stationary" else np.full(size, 1.0 / size)
    else:
        p = state_law(law, size, "law")
    rows = np.maximum(matrix.state_by_state, 0.0)
    joint = (p[:, None] * rows).ravel("F")  # a state of 2n units: the present ones, then the next
    return FiniteChain(
        order.unflat(p[:, None], matrix.sizes)[..., 0],
        np.ascontiguousarray(order.unflat(joint[:, None], (*matrix.sizes, *matrix.sizes))[..., 0]),
        matrix.labels,
    )


def grouped_law(law: Floats, parts: Sequence[Sequence[int]]) -> Floats:
    """Return a law over states with one axis per part, from one with an axis per unit."""
    sizes = [prod(law.shape[k] for k in part) for part in parts]
    return law.transpose([k for part in parts for k in part]).reshape(sizes)


def as_chain(chain: TPM | GaussianChain | ArrayLike, law: Law) -> FiniteChain | GaussianChain:
    """Return a chain that a measure can work on, of two units or more."""
    if isinstance(chain, GaussianChain) and not (isinstance(law, str) and law == "stationary"):
        raise bad("law", law, "'stationary'", "The chain itself holds its present covariance.")
    found = chain if isinstance(chain, GaussianChain) else finite_chain(chain, law)
    if found.n < 2:
        raise bad("chain", f"{found.n} unit", "two units or more, else there are no parts")
    return found


def law_name(chain: object, law: Law) -> str:
    """Return how the law of the present state is called in a record."""
    if isinstance(chain, GaussianChain):
        return "the chain's covariance"
    return law if isinstance(law, str) else "given"


def _positive_definite(argument: str, value: ArrayLike, n: int) -> Floats:
    matrix = np.array(value, dtype=float)
    if matrix.shape != (n, n):
        raise bad(argument, f"shape {matrix.shape}", f"shape {(n, n)}")
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T, rtol=1e-9, atol=0):
        raise bad(argument, value, "a symmetric matrix of finite numbers")
    matrix = (matrix + matrix.T) / 2
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least <= 0:
        raise bad(argument, f"least eigenvalue {least:.3g}", "above 0: every direction has noise")
    return np.asarray(matrix)
