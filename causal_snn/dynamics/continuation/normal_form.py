"""Normal forms: what grows out of a Hopf point or a fold, from exact derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from causal_snn.dynamics.field import Field, Floats, field
from causal_snn.dynamics.special import SpecialPoint, check_point
from causal_snn.errors import bad, check_choice

if TYPE_CHECKING:
    from numpy.typing import NDArray

Convention = Literal["kuznetsov", "matcont"]
DEGENERATE = 1e-9
"""A coefficient below this fraction of its largest term is taken as zero."""

NEGLIGIBLE = 1e-12
"""A coefficient below this fraction of omega has no effect at any amplitude of a neuron."""


@dataclass(frozen=True, slots=True, eq=False)
class HopfNormalForm:
    r"""The flow near a Hopf point: :math:`\dot z = i \omega z + c_1 z |z|^2`.

    Attributes
    ----------
    omega : float
        Angular frequency (rad/ms).
    c1 : complex
        Cubic coefficient, for ||q|| = 1 in the units of the states (1/ms). NaN where 0 or
        2i omega is an eigenvalue too, so that this normal form does not exist.
    q, p : complex array, shape (n,)
        Right and left eigenvectors, <q, q> = <p, q> = 1.
    terms : float
        Size of the largest of the terms whose sum c1 is; says when c1 is only rounding.
    """

    omega: float
    c1: complex
    q: NDArray[np.complex128]
    p: NDArray[np.complex128]
    terms: float

    @property
    def criticality(self) -> str:
        """Return ``"subcritical"`` (unstable cycle), ``"supercritical"`` or ``"degenerate"``."""
        if not abs(self.c1.real) > DEGENERATE * self.terms + NEGLIGIBLE * self.omega:
            return "degenerate"  # or not a number, at a resonance
        return "subcritical" if self.c1.real > 0 else "supercritical"

    def l1(self, convention: Convention = "kuznetsov") -> float:
        """Return the first Lyapunov coefficient, see `first_lyapunov`."""
        check_choice("convention", convention, ("kuznetsov", "matcont"))
        return self.c1.real / (self.omega if convention == "kuznetsov" else 1.0)


def hopf_normal_form(
    fld: Field,
    state: Floats,
    *,
    p: tuple[float, ...] | None = None,
    omega: float | None = None,
) -> HopfNormalForm:
    r"""Return the cubic normal form at a Hopf point.

    .. math:: c_1 = \tfrac12 \langle p, C(q, q, \bar q) - 2 B(q, A^{-1} B(q, \bar q))
        + B(\bar q, (2 i \omega - A)^{-1} B(q, q)) \rangle

    Source: Kuznetsov, Elements of Applied Bifurcation Theory (2004), eq. 5.34.

    Parameters
    ----------
    fld : Field
        The vector field with the parameter values of the point.
    state : array, shape (n,)
        The equilibrium.
    p : tuple of float, optional
        Parameter values in place of the field's own.
    omega : float, optional
        Which pair of eigenvalues, by its frequency; default the one closest to the imaginary axis.

    Raises
    ------
    InputError
        If no pair of complex eigenvalues is near the imaginary axis.
    """
    a = fld.jac(state, p)
    values, vectors = np.linalg.eig(a)
    pairs = [k for k in range(fld.n) if values[k].imag > 0]
    if not pairs:
        raise bad("state", np.asarray(state).tolist(), "a Hopf point; its eigenvalues are real")
    off = np.abs(values.real if omega is None else values - 1j * omega)
    k = min(pairs, key=lambda j: float(off[j]))
    frequency, q = float(values[k].imag), vectors[:, k]
    left_values, left = np.linalg.eig(a.T)
    adjoint = left[:, np.abs(left_values - np.conj(values[k])).argmin()]
    adjoint = adjoint / np.conj(np.vdot(adjoint, q))  # <p, q> = 1, conjugate-linear in p
    second, third = fld.second(state, p), fld.third(state, p)
    mean = _solve(a, second @ q.conj() @ q)
    double = _solve(2j * frequency * np.eye(fld.n) - a, second @ q @ q)
    terms = (
        np.vdot(adjoint, third @ q.conj() @ q @ q),
        -2.0 * np.vdot(adjoint, second @ mean @ q),
        np.vdot(adjoint, second @ double @ q.conj()),
    )
    return HopfNormalForm(
        omega=frequency,
        c1=complex(sum(terms) / 2.0),
        q=q,
        p=adjoint,
        terms=max(map(abs, terms)) / 2,
    )


def _solve(matrix: NDArray[np.inexact], right: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the solution, or NaN where eigenvalue 0 or 2i omega leaves none."""
    try:
        return np.asarray(np.linalg.solve(matrix, right), dtype=complex)
    except np.linalg.LinAlgError:
        return np.full(right.shape, complex(np.nan, np.nan))


def first_lyapunov(point: SpecialPoint, *, convention: Convention = "kuznetsov") -> float:
    """Return the first Lyapunov coefficient of a Hopf point.

    Its sign says whether the cycle is born stable (negative, supercritical) or unstable. Its
    size depends on a convention and on the units of the states.

    Parameters
    ----------
    point : SpecialPoint
        A Hopf point (HB).
    convention : {"kuznetsov", "matcont"}
        ``"kuznetsov"``: Re c1/omega with ||q|| = 1, as in Kuznetsov's book. ``"matcont"``:
        Re c1, what MATCONT prints. Some programs print half of Kuznetsov's.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If the point is no Hopf point, or the convention unknown.
    """
    check_point("point", point)
    if point.label != "HB":
        raise bad("point", point, "a Hopf point (HB)")
    return hopf_normal_form(field(point.model), point.state).l1(convention)


@dataclass(frozen=True, slots=True, eq=False)
class FoldNormalForm:
    r"""The flow near a fold: :math:`\dot\xi = b\,\delta p + a\,\xi^2` along the null vector q.

    Attributes
    ----------
    a : float
        Quadratic coefficient <p, B(q, q)>/2 for ||q|| = <p, q> = 1; zero at a cusp.
    b : float
        Effect of the parameter, <p, df/dp>; zero at a branch point.
    q, p : array, shape (n,)
        Right and left null vectors.
    pq : float
        <p, q> for unit vectors p and q; zero at a Bogdanov-Takens point.
    """

    a: float
    b: float
    q: Floats
    p: Floats
    pq: float


def fold_normal_form(fld: Field, state: Floats, parameter: str) -> FoldNormalForm:
    """Return the quadratic normal form at a fold (Kuznetsov 2004, section 5.4).

    Parameters
    ----------
    fld : Field
        The vector field with the parameter values of the point.
    state : array, shape (n,)
        The equilibrium.
    parameter : str
        Parameter of the fold.
    """
    _, a, by = fld.f_jac_dp(state, fld.p, fld.index(parameter))
    left, _, right = np.linalg.svd(a)
    q, p = right[-1], left[:, -1]
    q = q * (1.0 if q[np.abs(q).argmax()] > 0 else -1.0)
    pq = float(p @ q)
    scale = pq if pq else 1.0
    quadratic = float(p @ (fld.second(state) @ q @ q)) / (2.0 * scale)
    return FoldNormalForm(a=quadratic, b=float(p @ by) / scale, q=q, p=p / scale, pq=pq)
