"""Manifolds of saddles: closed forms, invariance, and what they separate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_snn import models
from causal_snn.dynamics.equilibrium.equilibria import equilibria
from causal_snn.dynamics.field import field
from causal_snn.dynamics.plane.manifolds import Manifold, manifolds
from causal_snn.dynamics.plane.trajectory import trajectory

Floats = NDArray[np.float64]


def branches(model: Any, window: Any) -> tuple[Manifold, ...]:
    flow, points = field(model), equilibria(model)
    found = [manifolds(flow, p, window, others=points) for p in points]
    (own,) = [four for four in found if four]
    return own


def stable(four: tuple[Manifold, ...]) -> list[Manifold]:
    return [branch for branch in four if branch.kind == "stable"]


def unstable(four: tuple[Manifold, ...]) -> list[Manifold]:
    return [branch for branch in four if branch.kind == "unstable"]


def test_manifolds_in_closed_form() -> None:
    # v' = v, w' = -2w + v^2: unstable manifold w = v^2/4, stable manifold v = 0
    window = ((-2.0, 2.0), (-3.0, 3.0))
    model = models.define(
        "saddle",
        drift={"v": "v", "w": "-2*w + v**2"},
        parameters={},
        domain={"v": window[0], "w": window[1]},
    )
    four = branches(model, window)
    assert [branch.kind for branch in four] == ["unstable", "unstable", "stable", "stable"]
    assert [branch.eigenvalue for branch in four] == pytest.approx([1, 1, -2, -2])
    for branch in unstable(four):
        v, w = branch.x
        assert np.abs(w - v**2 / 4).max() < 1e-9
        assert branch.ended == "window"
        assert np.all(np.diff(branch.t) >= 0)
    assert {float(np.sign(branch.x[0, -1])) for branch in unstable(four)} == {-1.0, 1.0}
    for branch in stable(four):
        assert np.abs(branch.x[0]).max() < 1e-9
        assert np.abs(branch.x[1]).max() > 3.0
        assert np.all(np.diff(branch.t) <= 0)
    for branch in four:
        assert branch.x[:, 0] == pytest.approx([0.0, 0.0], abs=1e-15)


def test_separatrix_of_the_pendulum() -> None:
    # w^2/2 + cos v = 1 on all four branches of the saddle v'' = sin v at 0
    window = ((-3.0, 3.0), (-3.0, 3.0))
    model = models.define(
        "pendulum",
        drift={"v": "w", "w": "sin(v)"},
        parameters={},
        domain={"v": (-3.0, 3.0), "w": (-3.0, 3.0)},
    )
    flow = field(model)
    (saddle,) = [p for p in equilibria(model, box={"v": (-1.0, 1.0)}) if p.kind == "saddle"]
    for branch in manifolds(flow, saddle, window):
        v, w = branch.x
        assert np.abs(0.5 * w**2 + np.cos(v) - 1).max() < 1e-9


def test_a_branch_passes_another_saddle() -> None:
    # A trace of friction: the branch comes within 1e-4 of the saddle at 2 pi, and falls back.
    window = ((-1.0, 8.0), (-3.0, 3.0))
    model = models.define(
        "damped",
        drift={"v": "w", "w": "sin(v) - w/10**9"},
        parameters={},
        domain={"v": window[0], "w": window[1]},
    )
    points = equilibria(model, box={"v": (-1.0, 8.0)})
    first, _, last = points
    assert first.kind == last.kind == "saddle"
    right = next(
        branch
        for branch in manifolds(field(model), first, window, others=points)
        if branch.kind == "unstable" and branch.x[0].max() > 3.0
    )
    gap = np.max(np.abs(right.x - last.state[:, None]) / [[9.0], [6.0]], axis=0).min()
    assert gap < 1e-4
    assert right.x[0].max() < last.state[0]
    assert right.ended != "equilibrium"
    assert right.x[1].min() < -1.5  # on its way back


def test_only_saddles_have_manifolds() -> None:
    model = models.fitzhugh_nagumo(I=0.5)
    (focus,) = equilibria(model)
    assert manifolds(field(model), focus, ((-2.5, 2.5), (-1.5, 2.5))) == ()


ML = models.morris_lecar("snlc", I=35.0)
ML_WINDOW = ((-80.0, 60.0), (-0.1, 1.0))


def test_stable_manifold_of_morris_lecar_separates_spikes_from_returns() -> None:
    four = branches(ML, ML_WINDOW)
    lower = min(stable(four), key=lambda branch: float(branch.x[1].min()))
    saddle = lower.saddle
    at = int(np.argmin(np.abs(lower.x[1])))  # where it crosses w = 0
    crossing, rate = lower.x[:, at], field(ML).f(lower.x[:, at])
    across = np.array([1.0, 0.0])
    assert abs(rate @ np.array([rate[1], -rate[0]])) < 1e-12
    highest = []
    for side in (-1e-4, 1e-4):  # mV
        run = trajectory(ML, crossing + side * across, 400.0)
        assert run.x[:, -1] == pytest.approx(equilibria(ML)[0].state, abs=1e-4)
        highest.append(float(run["V"].max()))
    assert highest[0] < saddle[0] + 1.0  # straight back to rest
    assert highest[1] > 20.0  # a spike first


def test_unstable_manifold_of_morris_lecar_is_the_invariant_circle() -> None:
    four = branches(ML, ML_WINDOW)
    rest = equilibria(ML)[0].state
    for branch in unstable(four):
        assert branch.ended == "equilibrium"
        assert branch.x[:, -1] == pytest.approx(rest, abs=1e-12)
        assert np.isinf(branch.t[-1])
    assert sorted(float(branch.x[0].max()) > 20.0 for branch in unstable(four)) == [False, True]


def test_upper_stable_manifold_comes_out_of_the_unstable_focus() -> None:
    upper = max(stable(branches(ML, ML_WINDOW)), key=lambda branch: float(branch.x[1].min()))
    assert upper.ended == "equilibrium"
    assert upper.x[:, -1] == pytest.approx(equilibria(ML)[2].state, abs=1e-12)


def test_manifolds_are_invariant() -> None:
    four = branches(ML, ML_WINDOW)
    for branch in four:
        inner = branch.x[:, 1:-1] if branch.ended == "equilibrium" else branch.x[:, 1:]
        time = branch.t[1 : 1 + inner.shape[1]]
        order = slice(None) if branch.kind == "unstable" else slice(None, None, -1)
        inner, time = inner[:, order], time[order]
        # from a point on it, the flow is on it later
        i, j = inner.shape[1] // 3, 2 * inner.shape[1] // 3
        run = trajectory(ML, inner[:, i], float(time[j] - time[i]))
        assert run.x[:, -1] == pytest.approx(inner[:, j], abs=1e-6)


def test_separatrix_of_izhikevich() -> None:
    model = models.izhikevich(I=3.0)
    window = ((-90.0, 40.0), (-25.0, 25.0))
    four = branches(model, window)
    assert sorted(branch.ended for branch in unstable(four)) == ["equilibrium", "threshold"]
    spike = next(branch for branch in unstable(four) if branch.ended == "threshold")
    assert spike.x[0, -1] == pytest.approx(30.0, abs=1e-9)
    right = next(branch for branch in stable(four) if branch.x[1].max() > 20.0)
    left = next(branch for branch in stable(four) if branch.x[0].min() < -85.0)
    for branch, step in ((right, np.array([1e-3, 0.0])), (left, np.array([0.0, -1e-3]))):
        inside = np.flatnonzero((branch.x[0] > -85.0) & (branch.x[1] < 20.0))
        point = branch.x[:, inside[len(inside) // 2]]
        calm = trajectory(model, point - step, 250.0)
        fires = trajectory(model, point + step, 250.0)
        assert calm.spikes.size == 0
        assert calm.x[:, -1] == pytest.approx([-65.0, -13.0], abs=0.05)
        assert fires.spikes.size >= 1


def test_branches_near_a_fold_and_at_a_winding() -> None:
    near_fold = branches(models.morris_lecar("snlc", I=39.963), ML_WINDOW)  # 1.5e-4 below the fold
    assert all(branch.ended in {"equilibrium", "window"} for branch in near_fold)
    # the homoclinic set has a stable cycle: the unstable manifold winds onto it and is left
    winding = branches(models.morris_lecar("homoclinic", I=36.0), ML_WINDOW)
    assert sorted(branch.ended for branch in unstable(winding)) == ["equilibrium", "length"]


def test_equilibrium_above_threshold_has_no_manifold() -> None:
    # the saddle v = 1 of v' = v^2 - 1 lies above the threshold 0.5
    model = models.define(
        "high",
        drift={"v": "v**2 - 1", "w": "-w"},
        parameters={},
        threshold="0.5",
        reset={"v": "-2"},
        domain={"v": (-3.0, 3.0), "w": (-1.0, 1.0)},
    )
    saddle = equilibria(model)[1]
    assert saddle.kind == "saddle"
    assert manifolds(field(model), saddle, ((-3.0, 3.0), (-1.0, 1.0))) == ()
