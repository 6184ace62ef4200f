"""What is followed in two parameters: the equations of folds or Hopf points, and test functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from causal_snn.dynamics.continuation.arclength import System, null_vector
from causal_snn.dynamics.continuation.defining import Setting, fold, hopf
from causal_snn.dynamics.continuation.normal_form import hopf_normal_form
from causal_snn.dynamics.continuation.polish import hopf_start
from causal_snn.dynamics.continuation.spectrum import closest_pair, sorted_eigenvalues
from causal_snn.dynamics.continuation.start import widths
from causal_snn.dynamics.field import Floats, field
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.errors import bad
from causal_snn.models.neuron import DRIVE

FOLD = ("BT", "CP", "ZH")
HOPF = ("GH", "ZH", "HH")
"""Labels of the zeros of the test functions, in the order of `fold_tests` and `hopf_tests`."""


def fold_tests(setting: Setting, z: Floats) -> tuple[Floats, Floats]:
    r"""Return test functions of a fold curve (3,) at unknowns (x, v, p1, p2), and products (3,).

    BT: <p, v>, zero where left and right null vector are orthogonal. CP: <p, B(v, v)>. ZH: the
    sum of the pair of other eigenvalues that is closest to zero, whose product must be positive.
    The left null vector is that of the adjugate matrix, adj J ~ v p^T, so that its sign is
    continuous along the curve.
    """
    n = setting.field.n
    x, v, p = z[:n], z[n : 2 * n], setting.at(z[2 * n :])
    jacobian = setting.field.jac(x, p)
    left, _, right = np.linalg.svd(jacobian * setting.scale / setting.scale[:, None])
    sign = np.linalg.det(left) * np.linalg.det(right) * np.sign(right[-1] @ (v / setting.scale))
    null = sign * left[:, -1] / setting.scale
    values = sorted_eigenvalues(jacobian[None])[0]
    rest = np.delete(values, np.abs(values).argmin())
    total, product = closest_pair(rest[None])
    zeros = [null @ v, null @ (setting.field.second(x, p) @ v @ v), total[0]]
    return np.array(zeros), np.array([1.0, 1.0, product[0]])


def hopf_tests(setting: Setting, z: Floats) -> tuple[Floats, Floats]:
    r"""Return test functions of a Hopf curve (3,) at (x, v, w, kappa, p1, p2), and products (3,).

    GH: the first Lyapunov coefficient; NaN where omega is nearly 0. ZH: the product of the other
    eigenvalues. HH: the sum of the pair of other eigenvalues that is closest to zero, whose
    product must be positive.
    """
    n = setting.field.n
    x, kappa, p = z[:n], float(z[3 * n]), setting.at(z[3 * n + 1 :])
    omega = np.sqrt(max(kappa, 0.0))
    jacobian = setting.field.jac(x, p)
    values = sorted_eigenvalues(jacobian[None])[0]
    for target in (1j * omega, -1j * omega):
        values = np.delete(values, np.abs(values - target).argmin())
    total, product = closest_pair(values[None])
    l1 = np.nan
    if omega > 1e-6 * np.abs(jacobian).max():
        l1 = hopf_normal_form(setting.field, x, p=p, omega=float(omega)).l1()
    return np.array([l1, values.prod().real, total[0]]), np.array([1.0, 1.0, product[0]])


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What folds and Hopf points differ in: the unknowns before the parameters, and tests."""

    label: str
    setting: Setting
    system: System
    tests: Callable[[Floats], tuple[Floats, Floats]]
    labels: tuple[str, ...]
    z: Floats
    scale: Floats
    kappa: int | None


def kind_of(point: SpecialPoint, second: str) -> tuple[Kind, float]:
    """Return what to follow, with its unknowns at the point, and the second parameter there."""
    if point.label not in ("LP", "HB"):
        raise bad("point", point, "a fold (LP) or a Hopf point (HB) of equilibria")
    drive = {DRIVE: point.value} if point.parameter == DRIVE else {}
    fld = field(point.model, **drive)
    free = (fld.index(point.parameter), fld.index(second))
    if free[0] == free[1]:
        raise bad("second", second, f"a parameter other than {point.parameter}")
    s = widths(fld)
    setting = Setting(fld, free, s)
    values = np.array([fld.p[free[0]], fld.p[free[1]]])
    if point.label == "LP":
        v = null_vector(fld.jac(point.state) * s / s[:, None]) * s
        return Kind(
            label="LP",
            setting=setting,
            system=partial(fold, setting),
            tests=partial(fold_tests, setting),
            labels=FOLD,
            z=np.concatenate([point.state, v, values]),
            scale=np.concatenate([s, s]),
            kappa=None,
        ), float(values[1])
    across, z, scale = hopf_start(fld, fld.p, s, point.state)
    return Kind(
        label="HB",
        setting=setting,
        system=partial(hopf, setting, across),
        tests=partial(hopf_tests, setting),
        labels=HOPF,
        z=np.concatenate([z, values]),
        scale=scale,
        kappa=3 * fld.n,
    ), float(values[1])
