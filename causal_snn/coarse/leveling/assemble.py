"""From solutions to results: levels with what they cause, their certificate and provenance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.leveling.certificate import CutsCertificate, LevelsCertificate
from causal_snn.coarse.leveling.closed import Cuts
from causal_snn.coarse.leveling.describe import describe, edges_of, effective_information
from causal_snn.coarse.leveling.enclosure import Floats, separation
from causal_snn.coarse.leveling.result import LevelsResult, LevelsStatus
from causal_snn.coarse.leveling.scattered import widest
from causal_snn.coarse.leveling.solve import Solved
from causal_snn.coarse.leveling.sum_bounds import cost_of
from causal_snn.coarse.leveling.task import Task
from causal_snn.coarse.leveling.width import width
from causal_snn.errors import check_whole
from causal_snn.kernel.distance import NAMES
from causal_snn.kernel.effect import CONTEXT_PIECES, EffectKernel
from causal_snn.kernel.normal import above, mean_above
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.provenance import provenance


def from_table(
    table: TabulatedKernel, task: Task, found: Solved, status: LevelsStatus
) -> LevelsResult:
    """Return the result of levels of a table."""
    cells, k = found.cells, int(found.cells.max()) + 1
    what = describe(table, cells)
    apart = separation(table, cells, task.distance)
    upper, lower = found.upper, min(found.lower, found.upper)
    certificate = LevelsCertificate(
        upper=upper,
        lower=lower,
        any_shape=found.any_shape,
        separation=apart,
        cells=cells,
        k=task.k,
        objective=task.objective,
        distance=task.distance,
        min_mass=task.min_mass,
        least_separation=task.separation,
        witnesses=found.witnesses,
        rows=table.rows,
        spread=table.spread,
        mass=table.mass,
        context_law=table.context_law,
    )
    minimax = task.objective == "minimax"
    return LevelsResult(
        label=table.label,
        k=k,
        cells=cells,
        cell_edges=table.edges,
        edges=edges_of(table, cells),
        objective=task.objective,
        distance=task.distance,
        epsilon=upper,
        lower=lower,
        value=_table_width(table, task, found)
        if task.objective == "minimax"
        else cost_of(table, cells, task.objective),
        diameter=upper if minimax else widest(table, cells, task.distance),
        separation=apart,
        masses=what.masses,
        effects=what.effects,
        radius=what.radius,
        means=what.means,
        effective_information=effective_information(what.means, table.context_law),
        contiguous=bool(np.count_nonzero(np.diff(cells[cells >= 0])) == k - 1),
        status=status,
        certificate=certificate,
        provenance=provenance(
            found.method,
            objective=task.objective,
            distance=NAMES[task.distance],
            levels_asked=task.k,
            min_mass=task.min_mass,
            separation=task.separation,
            contiguous=task.contiguous,
            cells=table.n,
            domain=None if table.edges is None else [float(table.edges[0]), float(table.edges[-1])],
            context_count=len(table.inputs),
            effect=table.effect,
            confidence=table.confidence,
            kernel=dict(table.provenance),
        ),
    )


def runs_of(table: TabulatedKernel, chosen: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Return the intervals (mV) that chosen cells make up; none if cells are no intervals."""
    if table.edges is None:
        return ()
    steps = np.diff(chosen.astype(np.int8), prepend=0, append=0)
    starts, stops = table.edges[:-1][steps[:-1] == 1], table.edges[steps == -1]
    return tuple((float(a), float(b)) for a, b in zip(starts, stops, strict=True))


def _table_width(table: TabulatedKernel, task: Task, found: Solved) -> float:
    worst = 0.0
    for level in range(int(found.cells.max()) + 1):
        members = np.flatnonzero(found.cells == level)
        worst = max(worst, width(table, members, task.distance, "table").cost(0, len(members) - 1))
    return worst


def from_cuts(
    kernel: EffectKernel, found: Cuts, asked: int, epsilon: float | None, cells: int
) -> LevelsResult:
    """Return the result of levels of the closed-form kernel, cut anywhere."""
    low, high = kernel.domain
    edges = np.linspace(low, high, check_whole("cells", cells) + 1)
    cuts = np.array(found.cuts)
    ends = np.concatenate([[low], cuts, [high]])
    midpoints = _midpoints(kernel)
    effects, means = _closed_effects(kernel, ends, midpoints)
    status = LevelsStatus.OPTIMAL
    if epsilon is not None and found.upper > epsilon + 1e-12:
        status = LevelsStatus.INFEASIBLE
    elif len(cuts) + 1 < asked:
        status = LevelsStatus.FEWER
    certificate = CutsCertificate(
        upper=found.upper,
        lower=found.lower,
        cuts=found.cuts,
        witnesses=found.witnesses,
        k=asked,
        domain=(low, high),
        midpoints=tuple(float(m) for m in kernel.midpoints),
        interval=kernel.contexts.kind == "interval",
        scale=kernel.scale,
    )
    return LevelsResult(
        label=kernel.label,
        k=len(cuts) + 1,
        cells=np.searchsorted(cuts, (edges[:-1] + edges[1:]) / 2.0, side="right"),
        cell_edges=edges,
        edges=cuts,
        objective="minimax",
        distance="tv",
        epsilon=found.upper,
        lower=found.lower,
        value=found.upper,
        diameter=found.upper,
        separation=_jump(kernel, cuts),
        masses=np.diff(ends) / (high - low),
        effects=effects,
        radius=found.upper / 2.0,
        means=means,
        effective_information=effective_information(
            means, np.full(len(midpoints), 1.0 / len(midpoints))
        ),
        contiguous=True,
        status=status,
        certificate=certificate,
        provenance=provenance(
            found.method,
            objective="minimax",
            distance=NAMES["tv"],
            levels_asked=asked,
            domain=[low, high],
            contexts=kernel.contexts.kind,
            context_count=len(kernel.midpoints),
            effect="own next spike",
        ),
    )


def _midpoints(kernel: EffectKernel) -> Floats:
    """Return m_c of the contexts, or of the middles of pieces of an interval."""
    m = kernel.midpoints
    if kernel.contexts.kind != "interval" or len(m) == 1:
        return m
    pieces = np.linspace(m.max(), m.min(), CONTEXT_PIECES + 1)
    return np.asarray((pieces[:-1] + pieces[1:]) / 2.0)


def _closed_effects(kernel: EffectKernel, ends: Floats, m: Floats) -> tuple[Floats, Floats]:
    """Return the middle and the mean effect of each level, shapes (k, C, 2)."""
    first, last = ends[:-1, None], ends[1:, None]
    if kernel.scale == 0:
        last = np.nextafter(last, -np.inf)
    middle = (above(first, kernel.scale, m) + above(last, kernel.scale, m)) / 2.0
    mean = mean_above(ends[:-1, None], ends[1:, None], kernel.scale, m)
    effects, means = (np.stack([1.0 - p, p], axis=-1) for p in (middle, mean))
    return effects, means


def _jump(kernel: EffectKernel, cuts: Floats) -> float:
    """Return the least jump of the effect at a cut, over contexts: 0 with noise."""
    if kernel.scale > 0 or not cuts.size:
        return 0.0
    after, before = kernel.probability(cuts), kernel.probability(np.nextafter(cuts, -np.inf))
    return float(np.min(after - before))
