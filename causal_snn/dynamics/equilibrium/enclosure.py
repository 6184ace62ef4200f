"""enclose: a fold or a Hopf point proven to exist, with intervals around its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.equilibrium.extended import (
    fold_start,
    fold_system,
    hopf_start,
    hopf_system,
)
from causal_snn.dynamics.equilibrium.lyapunov import lyapunov_interval
from causal_snn.dynamics.field import field
from causal_snn.dynamics.interval.arithmetic import Interval, stack
from causal_snn.dynamics.interval.compile import Bound
from causal_snn.dynamics.interval.verify import krawczyk
from causal_snn.dynamics.special import SpecialPoint, check_point
from causal_snn.errors import bad
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Enclosure:
    """Intervals in which a special point is proven to be.

    They hold for the model whose parameters are exactly the floats in use; the numbers in its
    formulas (0.04, pi) are taken exactly.

    Attributes
    ----------
    name, parameter : str
        Name of the point; the parameter that was continued.
    verified : bool
        Whether the proof worked.
    reason : str
        What is proven, or why not.
    value : (float, float), or None
        Interval of the parameter.
    state : array, shape (n, 2), or None
        Interval of each state.
    omega : (float, float), or None
        At a Hopf point, interval of the angular frequency (rad/ms).
    l1 : (float, float), or None
        At a Hopf point, interval of the first Lyapunov coefficient (Kuznetsov's convention,
        ||q|| = 1).
    provenance : mapping
        How it was found.
    """

    name: str
    parameter: str
    verified: bool
    reason: str
    value: Pair | None = None
    state: Floats | None = None
    omega: Pair | None = None
    l1: Pair | None = None
    provenance: Mapping[str, Any] = attribute(default_factory=dict, repr=False)

    @property
    def criticality(self) -> str:
        """``"subcritical"`` or ``"supercritical"`` where the sign of l1 is proven, else ""."""
        if self.l1 is None or self.l1[0] <= 0 <= self.l1[1]:
            return ""
        return "subcritical" if self.l1[0] > 0 else "supercritical"


def enclose(point: SpecialPoint) -> Enclosure:
    r"""Prove that a fold or Hopf point exists and enclose it.

    A fold solves f = 0, J q = 0, <c, q> = 1 for the state x, q and the parameter; a Hopf point
    f = 0, J a = -\omega b, J b = \omega a, <c, a> = 1, <c, b> = 0 for x, q = a + ib, \omega and
    the parameter. Krawczyk's operator proves that there is exactly one solution nearby, and
    that it is regular: the fold is quadratic, or the pair of eigenvalues is simple and crosses
    the axis at non-zero speed.

    Parameters
    ----------
    point : SpecialPoint
        Of kind ``"LP"`` or ``"HB"``, from continuation of equilibria.

    Returns
    -------
    Enclosure
        With `verified` False and a reason if the proof fails.

    Raises
    ------
    InputError
        If the point is of another kind.
    """
    check_point("point", point)
    if point.label not in ("LP", "HB"):
        raise bad("point", point.name, "a fold (LP) or a Hopf point (HB) of equilibria")
    f = field(point.model)
    index = f.index(point.parameter)
    p = f.with_p(index, point.value)
    hopf = point.label == "HB"
    start, c = (hopf_start if hopf else fold_start)(f, point, p)
    others = (*p[:index], *p[index + 1 :])
    residual, slopes = (hopf_system if hopf else fold_system)(f.model.equations, f.names, index)
    z = _prove(residual.at([*others, *c]), slopes.at([*others, *c]), start)
    made = provenance("Krawczyk operator on the extended system, outward rounding")
    n = f.n
    if z is None or (hopf and z.lo[3 * n] <= 0):
        why = "no proof: this is no regular point of its kind, or not accurate enough to start from"
        return Enclosure(point.name, point.parameter, False, why, provenance=made)
    omega = l1 = None
    if hopf:
        q = z[n : 2 * n], z[2 * n : 3 * n]
        l1 = lyapunov_interval(f, index, others, x=z[:n], q=q, omega=z[3 * n], value=z[-1])
        omega = z[3 * n]
    what = "a Hopf point" if hopf else "a quadratic fold"
    return Enclosure(
        name=point.name,
        parameter=point.parameter,
        verified=True,
        reason=f"{what} is proven to exist, regular and alone in these intervals",
        value=_pair(z[-1]),
        state=np.stack([z.lo[:n], z.hi[:n]], axis=-1),
        omega=None if omega is None else _pair(omega),
        l1=None if l1 is None else _pair(l1),
        provenance=made,
    )


def _prove(residual: Bound, slopes: Bound, start: Floats) -> Interval | None:
    if not np.isfinite(start).all():
        return None
    m = len(start)

    def value(z: Interval) -> Interval:
        return stack(residual(*(z[i] for i in range(m))), ())

    def jacobian(z: Interval) -> Interval:
        flat = stack(slopes(*(z[i] for i in range(m))), ())
        return Interval(flat.lo.reshape(m, m), flat.hi.reshape(m, m))

    return krawczyk(value, jacobian, start)


def _pair(x: Interval) -> Pair:
    return float(x.lo), float(x.hi)
