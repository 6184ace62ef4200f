"""Thresholds with the least mean squared difference between effects and predictions."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds import descent
from causal_snn.coarse.joint_thresholds.branch import Search, branch_and_bound
from causal_snn.coarse.joint_thresholds.certificate import JointCertificate
from causal_snn.coarse.joint_thresholds.factors import Effect, factors, variance
from causal_snn.coarse.joint_thresholds.result import Choice, JointResult, JointStatus
from causal_snn.coarse.joint_thresholds.unit_step import UnitStep
from causal_snn.coarse.partition import Alphabet, Partition
from causal_snn.models.network import Network
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]
_RESTARTS = 20
_MOST_NODES = 20_000
# The bound over all thresholds: intervals of each unit, boxes looked at.
_INTERVALS, _NODES_EVERYWHERE = 352, 16
_ROUNDING = 1e-13


def mean_regret(
    network: Network,
    units: tuple[UnitStep, ...],
    candidates: Sequence[Floats],
    *,
    alphabet: Alphabet,
    effect: Effect,
    seconds: float,
    rng: np.random.Generator | int | None,
) -> JointResult:
    """Return the candidates with the least total regret; see `joint`."""
    end = time.monotonic() + seconds
    problem = factors(units, candidates, candidates, alphabet=alphabet, effect=effect)
    start = descent.search(problem, np.random.default_rng(rng), restarts=_RESTARTS)
    scale = sum(variance(unit, units) for unit in units)
    found = branch_and_bound(
        problem,
        *start,
        improve=True,
        tolerance=_ROUNDING * max(1.0, scale),
        until=end - 0.2 * seconds,
        most_nodes=_MOST_NODES,
    )
    chosen = _choice(problem.n, candidates, descent.regrets(problem, found.labels), found.labels)
    lone = descent.alone(problem)
    edges, wide = [], None
    # Intervals are judged by one effect for all their thresholds, so not by the next macro state.
    if effect == "spike" and time.monotonic() < end:
        edges = [np.linspace(unit.low, unit.theta, _INTERVALS + 1) for unit in units]
        wide = _everywhere(units, edges, found, alphabet=alphabet, until=end)
    certificate = JointCertificate(
        objective="brier",
        alphabet=alphabet,
        effect=effect,
        thresholds=tuple(chosen.thresholds.tolist()),
        upper=chosen.epsilon,
        lower=min(found.lower, chosen.epsilon),
        everywhere=-np.inf if wide is None else min(wide.lower, found.lower),
        units=units,
        candidates=tuple(tuple(cuts.tolist()) for cuts in candidates),
        tree=found.tree,
        edges=tuple(tuple(ends.tolist()) for ends in edges),
        tree_everywhere=() if wide is None else wide.tree,
        separate=(),
        spiking=(),
        contexts=None,
        method="branch and bound over candidate thresholds, prices on what sources tell",
    )
    optimal = certificate.gap <= 10 * _ROUNDING * max(1.0, scale)
    return JointResult(
        thresholds=chosen.thresholds,
        partition=Partition.from_thresholds(network, chosen.thresholds, alphabet=alphabet),
        epsilon=chosen.epsilon,
        per_unit=chosen.per_unit,
        total_variation=np.nan,
        variance=scale,
        separate=_choice(problem.n, candidates, descent.regrets(problem, lone), lone),
        status=JointStatus.OPTIMAL if optimal else JointStatus.BOUNDED,
        certificate=certificate,
        provenance=provenance(
            certificate.method,
            objective="least sum of the units' mean squared differences (brier)",
            effect="own next spike" if effect == "spike" else "own next macro state",
            alphabet=alphabet,
            distance=certificate.distance,
            domain=[[unit.low, unit.high] for unit in units],
            law="independent, uniform on the declared ranges",
            contexts="states",
            candidates=[len(cuts) for cuts in candidates],
            boxes=found.nodes,
            boxes_everywhere=0 if wide is None else wide.nodes,
            restarts=_RESTARTS,
            seed=rng if isinstance(rng, int) else None,
        ),
    )


def _choice(n: int, candidates: Sequence[Floats], regrets: Floats, labels: Sequence[int]) -> Choice:
    cuts = np.array([candidates[i][labels[i]] for i in range(n)])
    return Choice(cuts, float(regrets.sum()), regrets)


def _everywhere(
    units: Sequence[UnitStep],
    edges: Sequence[Floats],
    found: Search,
    *,
    alphabet: Alphabet,
    until: float,
) -> Search:
    """Return a lower bound for every choice of thresholds, on the grid or off it (J5)."""
    problem = factors(
        units,
        [ends[:-1] for ends in edges],
        [ends[1:] for ends in edges],
        alphabet=alphabet,
        effect="spike",
    )
    return branch_and_bound(
        problem,
        found.cost,
        found.labels,
        improve=False,
        tolerance=0.01 * found.cost,
        until=until,
        most_nodes=_NODES_EVERYWHERE,
    )
