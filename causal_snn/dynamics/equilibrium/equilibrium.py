"""Equilibria as results: their types, and Newton's method for regular ones and for folds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cache
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.columns import aligned
from causal_snn.dynamics.field import SCALAR, Field, compile_expressions
from causal_snn.models.neuron import Equations, NeuronModel

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
ZERO = 1e-10  # of the largest eigenvalue: a real part below this does not decide stability


@dataclass(frozen=True, slots=True, eq=False)
class Equilibrium:
    """A state at which nothing changes.

    Attributes
    ----------
    state : array, shape (n,)
        The states.
    eigenvalues : array, shape (n,)
        Of the Jacobian (per ms), by falling real part.
    kind : str
        ``"stable node"``, ``"unstable node"``, ``"stable focus"``, ``"unstable focus"``,
        ``"saddle"``, ``"saddle-focus"``, ``"centre"`` (a pair on the imaginary axis),
        ``"saddle-node"`` (a fold: a double zero of the drift) or ``"degenerate"`` (another zero
        eigenvalue). A focus has a complex pair among its eigenvalues.
    stable : bool
        Whether every eigenvalue has a negative real part.
    residual : float
        Largest |drift| left over (per ms).
    enclosure : array, shape (n, 2), or None
        Interval of each state in which exactly one equilibrium is proven to be.
    admissible : bool
        Whether it is below the spike threshold; without a threshold, always.
    """

    state: Floats
    eigenvalues: NDArray[np.complex128]
    kind: str
    stable: bool
    residual: float
    enclosure: Floats | None
    admissible: bool

    def __repr__(self) -> str:
        where = ", ".join(f"{value:.10g}" for value in self.state)
        return f"<{self.kind} at ({where}){'' if self.admissible else ' above threshold'}>"


@dataclass(frozen=True, slots=True, eq=False)
class Equilibria(Sequence[Equilibrium]):
    """The equilibria of a neuron, ordered by their first state; a sequence.

    Attributes
    ----------
    points : tuple of Equilibrium
        The equilibria.
    complete : bool
        Whether they are proven to be all equilibria in the box, each a simple one.
    everywhere : bool
        Whether, besides, there is provably none outside the box.
    message : str
        What is proven, or where it could not be and why.
    box : mapping
        Range of each state that was searched. A state that the others determine is searched
        without bounds, unless a range was asked for.
    model : NeuronModel
        The neuron with the parameter values used.
    provenance : mapping
        How they were found.
    """

    points: tuple[Equilibrium, ...]
    complete: bool
    everywhere: bool
    message: str
    box: Mapping[str, tuple[float, float]]
    model: NeuronModel
    provenance: Mapping[str, Any] = attribute(repr=False)

    @overload
    def __getitem__(self, key: int) -> Equilibrium: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Equilibrium, ...]: ...
    def __getitem__(self, key: Any) -> Any:
        return self.points[key]

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[Equilibrium]:
        return iter(self.points)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the equilibria as a pandas table, one row for each."""
        import pandas as pd

        rows = []
        for point in self.points:
            row: dict[str, Any] = dict(zip(self.model.states, point.state, strict=True))
            row |= {"kind": point.kind, "stable": point.stable, "admissible": point.admissible}
            for k, value in enumerate(point.eigenvalues, 1):
                row |= {f"Re lambda{k}": value.real, f"Im lambda{k}": value.imag}
            rows.append(row | {"residual": point.residual})
        return pd.DataFrame(rows)

    def table(self) -> str:
        """Return the equilibria as lines of text."""
        rows = [["kind", *self.model.states, "residual", "eigenvalues (1/ms)"]]
        for point in self.points:
            rows.append(
                [
                    point.kind + ("" if point.admissible else " (above threshold)"),
                    *(f"{value:.12g}" for value in point.state),
                    f"{point.residual:.1e}",
                    ", ".join(_complex_text(value) for value in point.eigenvalues),
                ]
            )
        return f"{aligned(rows)}\n{self.message}"


def classify(eigenvalues: ArrayLike, *, zero: float = ZERO) -> str:
    """Return the type of an equilibrium from its eigenvalues.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        Of the Jacobian.
    zero : float
        Real parts below this fraction of the largest |eigenvalue| count as zero.
    """
    values = np.asarray(eigenvalues, dtype=complex)
    size = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(size):
        return "degenerate"
    neutral = np.abs(values.real) <= zero * size
    pair = np.abs(values.imag) > zero * size
    if (neutral & ~pair).any():
        return "degenerate"
    if neutral.any():
        return "centre"
    growing = int((values.real > 0).sum())
    if 0 < growing < len(values):
        return "saddle-focus" if pair.any() else "saddle"
    shape = "focus" if pair.any() else "node"
    return f"unstable {shape}" if growing else f"stable {shape}"


def polish(f: Field, x: Floats, *, steps: int = 20) -> tuple[Floats, float]:
    """Return an equilibrium near x by Newton's method, and its largest |drift|.

    Stops when a step no longer lowers the drift; a step that does not is not taken.
    """
    value, jacobian = f.f_jac(x)
    residual = _size(value)
    for _ in range(steps):
        try:
            new = x - np.linalg.solve(jacobian, value)
        except np.linalg.LinAlgError:
            break
        value, jacobian = f.f_jac(new)
        if not _size(value) < residual:
            break
        x, residual = new, _size(value)
    return x, residual


def fold_near(f: Field, x: Floats, *, steps: int = 40) -> tuple[Floats, str] | None:
    """Return the fold of equilibria near x and its kind.

    Solves f(x) = s p, J q = 0, <q0, q> = 1 for x, q and s by Newton's method, where p and q0 span
    the left and right null spaces of J at the start (Moore and Spence, SIAM J Numer Anal 17:567,
    1980, with the unfolding s). None if it does not converge, or s is not zero to rounding.
    """
    n = f.n
    value, jacobian = f.f_jac(x)
    if not np.isfinite(jacobian).all():
        return None
    left, _, right = np.linalg.svd(jacobian)
    p, q0 = left[:, -1], right[-1]
    z = np.concatenate([x, q0, [float(p @ value)]])
    matrix = np.zeros((2 * n + 1, 2 * n + 1))
    matrix[:n, -1], matrix[-1, n:-1] = -p, q0
    size = np.inf
    for _ in range(steps):
        x, q, s = z[:n], z[n:-1], z[-1]
        value, jacobian = f.f_jac(x)
        matrix[:n, :n] = matrix[n:-1, n:-1] = jacobian
        matrix[n:-1, :n] = bend = f.second(x) @ q
        if not np.isfinite(matrix).all():
            return None
        rest = np.concatenate([value - s * p, jacobian @ q, [q0 @ q - 1.0]])
        step = np.linalg.lstsq(matrix, rest)[0]
        z = z - step
        size = _size(step[:n]) / (1.0 + _size(z[:n]))
        if size <= 1e-12:
            if abs(z[-1]) > ZERO * _size(jacobian) * (1.0 + _size(x)):
                return None  # a fold for other parameters
            simple = abs(p @ bend @ q) > ZERO * max(_size(bend @ q), _size(jacobian))
            return z[:n], "saddle-node" if simple else "degenerate"
    # beyond a fold (a cusp) the system is singular and Newton's method creeps
    return (z[:n], "degenerate") if size <= 1e-6 else None


def describe(
    f: Field, state: Floats, enclosure: Floats | None, kind: str | None = None
) -> Equilibrium:
    """Return an equilibrium with its eigenvalues; its kind follows from them if not given."""
    value, jacobian = f.f_jac(state)
    eigenvalues = np.linalg.eigvals(jacobian).astype(complex)
    eigenvalues = eigenvalues[np.lexsort((-eigenvalues.imag, -eigenvalues.real))]
    kind = kind or classify(eigenvalues)
    return Equilibrium(
        state=state,
        eigenvalues=eigenvalues,
        kind=kind,
        stable=kind.startswith("stable"),
        residual=_size(value),
        enclosure=enclosure,
        admissible=below_threshold(f, state),
    )


def below_threshold(f: Field, state: Floats) -> bool:
    """Return whether a state is below the spike threshold; without a threshold, always."""
    if f.model.equations.threshold is None:
        return True
    (threshold,) = _threshold(f.model.equations, f.names)(*state.tolist(), *f.p)
    return bool(state[0] < threshold)


@cache
def _threshold(equations: Equations, names: tuple[str, ...]) -> Any:
    return compile_expressions(equations, names, [equations.threshold], SCALAR)


def _size(value: Floats) -> float:
    return float(np.abs(value).max())


def _complex_text(value: complex) -> str:
    return f"{value.real:.6g}" + (f"{value.imag:+.6g}i" if value.imag else "")
