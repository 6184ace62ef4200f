"""The lumping of a finite chain that is nearest to closed, with a proof."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.coarse.lumping.apart import least_distance, macro_rows
from causal_snn.coarse.lumping.branching import branching_order
from causal_snn.coarse.lumping.certificate import LumpCertificate
from causal_snn.coarse.lumping.descent import allowed, descend
from causal_snn.coarse.lumping.nearest import nearest
from causal_snn.coarse.lumping.problem import (
    ROUNDING,
    Labels,
    Problem,
    by_first_appearance,
    frozen,
    problem,
)
from causal_snn.coarse.lumping.radius import radii
from causal_snn.coarse.lumping.result import LumpResult, LumpStatus
from causal_snn.coarse.lumping.search import Found, Outcome, search
from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.progress import working
from causal_snn.provenance import provenance

METHOD = "branch and bound on total variation of lumped rows"
ROW_DIGITS = 12
"""Decimal digits to which rows must agree to count as the same effect."""


def lump(
    P: ArrayLike,
    k: int,
    *,
    contexts: Sequence[ArrayLike] = (),
    separation: float = 0.0,
    min_mass: float = 0.0,
    min_size: int = 1,
    contiguous: bool = False,
    law: ArrayLike | None = None,
    distance: str = "tv",
    restarts: int = 8,
    time_limit: float = 60.0,
    rng: np.random.Generator | int | None = 0,
    progress: bool = False,
) -> LumpResult:
    """Return the partition of micro states into k cells whose macro chain is nearest to closed.

    The effect of a micro state is the law of the next macro state, so the effects are lumped by
    the same partition: x_v = (sum of P_vu over u in b, for every cell b). Epsilon is the largest
    Chebyshev radius of any cell's effects in total variation, in any context,

        epsilon = max over contexts and cells a of min_q max over v in a of TV(x_v, q),

    and no partition has a smaller one (theory/10_lumping.py). 0 is strong lumpability (Kemeny and
    Snell, Finite Markov Chains, 1960).

    Without `separation`, `min_mass` or `min_size` the optimum is degenerate: one giant cell and
    some cells of states that are hardly ever entered are always nearly closed (M7).

    Parameters
    ----------
    P : array, shape (n, n)
        Row-stochastic transition matrix of the micro states under intervention.
    k : int
        Number of cells, none of them empty. With fewer than k different rows in `P` there are
        only as many cells as different rows, and the status says so.
    contexts : sequence of arrays, shape (n, n)
        Transition matrices in further contexts; one partition has to serve in all.
    separation : float
        Least total variation between the macro rows of any two cells, in every context. A
        macro row is a Chebyshev centre of its cell; where there are many, those farthest apart.
    min_mass : float
        Least probability of a cell under `law`.
    min_size : int
        Least number of micro states in a cell.
    contiguous : bool
        Whether every cell must be a run of consecutive micro states.
    law : array, shape (n,), optional
        Probabilities of the micro states, uniform by default.
    distance : {"tv"}
        Distance between effects.
    restarts : int
        Descents for the first upper bound.
    time_limit : float
        Seconds after which the search stops and keeps its bounds.
    rng : numpy.random.Generator or int, optional
        Source of the random starts.
    progress : bool
        Whether to show that it is at work.

    Returns
    -------
    LumpResult
        With the certificate. Stopped by the time limit, `lower` is the largest epsilon below
        which no lumping exists for certain.

    Raises
    ------
    InputError
        If a matrix is not square or a row (named) is no law, if k is not between 1 and n, or if
        no partition has the sizes and masses demanded.

    Notes
    -----
    A separation that no partition has is replaced by the largest that one has, to within 0.001;
    the status and the notes in the provenance say so.
    """
    check_choice("distance", distance, ("tv",))
    check_whole("restarts", restarts)
    if not time_limit > 0:
        raise bad("time_limit", time_limit, "a time above 0 s")
    task = problem(
        P,
        k,
        contexts=contexts,
        separation=separation,
        min_mass=min_mass,
        min_size=min_size,
        contiguous=contiguous,
        law=law,
    )
    notes: list[str] = []
    kinds = int(_same_effect(task).max()) + 1
    if kinds < task.k:
        notes.append(f"{kinds} cells instead of {task.k}: only {kinds} effects differ")
        task = replace(task, k=kinds)
    generator = np.random.default_rng(rng)
    begun = time.monotonic()
    with working("lumping", show=progress):
        solved = _solved(task, generator, restarts, begun, time_limit, notes)
    if solved.status is LumpStatus.OPTIMAL and kinds < k:
        solved = replace(solved, status=LumpStatus.FEWER_CELLS)
    return _result(solved, notes, time.monotonic() - begun)


def _same_effect(task: Problem) -> Labels:
    """Return the partition of micro states into those with the same row in every context."""
    rows = np.hstack(list(task.matrices)).round(ROW_DIGITS)
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Solved:
    """A problem, its best lumping, and what is proved about it."""

    task: Problem
    best: Found
    lower: float
    status: LumpStatus
    nodes: int


def _solved(
    task: Problem,
    rng: np.random.Generator,
    restarts: int,
    begun: float,
    limit: float,
    notes: list[str],
) -> _Solved:
    """Return the solution of the problem, or of the one with the nearest separation."""
    end = begun + limit
    order = branching_order(task.matrices, contiguous=task.contiguous)
    same = _same_effect(task)
    if same.max() + 1 == task.k and allowed(task, same):
        # of all closed lumpings, which can be many, the one that tells every effect apart
        size = float(radii(task.matrices, same[None], task.k)[0])
        if size <= ROUNDING:
            return _Solved(task, Found(same, size), 0.0, LumpStatus.OPTIMAL, 0)
    best, ends = descend(task, rng, restarts=restarts, deadline=begun + 0.2 * limit)
    outcome = search(task, best, order=order, deadline=begun + 0.5 * limit)
    if outcome.best is not None:
        return _finished(task, outcome.best, outcome, order, end)
    status = LumpStatus.INFEASIBLE if outcome.complete else LumpStatus.UNDECIDED
    relaxed, found = nearest(task, ends, order, time.monotonic() + 0.25 * limit, notes)
    again = search(relaxed, found, order=order, deadline=begun + 0.9 * limit)
    return replace(_finished(relaxed, again.best or found, again, order, end), status=status)


def _finished(task: Problem, best: Found, outcome: Outcome, order: Labels, end: float) -> _Solved:
    """Return the solution with a lower bound: by refuting smaller epsilons if time was short."""
    nodes, lower, complete = outcome.nodes, 0.0, outcome.complete
    aim = best.radius / 2
    while not complete and (now := time.monotonic()) < end and aim > lower + 0.01 * best.radius:
        # each try gets a third of what is left: a larger epsilon takes much longer to refute
        tried = search(task, best, order=order, below=aim, deadline=now + (end - now) / 3)
        nodes += tried.nodes
        if tried.best is not None and tried.best.radius < best.radius:
            best, complete = tried.best, tried.complete
        elif tried.complete:
            lower, aim = aim, (aim + best.radius) / 2
        else:
            aim = (lower + aim) / 2
    proved = max(0.0, best.radius - ROUNDING)
    if complete:
        return _Solved(task, best, proved, LumpStatus.OPTIMAL, nodes)
    return _Solved(task, best, min(lower, proved), LumpStatus.TIME_LIMIT, nodes)


def _result(solved: _Solved, notes: list[str], seconds: float) -> LumpResult:
    task = solved.task
    cells = frozen(by_first_appearance(solved.best.labels))
    macro = frozen(macro_rows(task, cells))
    epsilon = float(radii(task.matrices, cells[None], task.k)[0])
    certificate = LumpCertificate(
        cells=cells,
        upper=epsilon,
        lower=min(solved.lower, epsilon),
        method=METHOD,
        matrices=task.matrices,
        k=task.k,
        macro=macro,
        separation=task.separation,
        min_mass=task.min_mass,
        min_size=task.min_size,
        contiguous=task.contiguous,
        law=task.law,
        order=frozen(branching_order(task.matrices, contiguous=task.contiguous)),
    )
    return LumpResult(
        cells=cells,
        epsilon=epsilon,
        macro=macro,
        separation=least_distance(macro),
        status=solved.status,
        certificate=certificate,
        provenance=provenance(
            METHOD,
            objective="largest Chebyshev radius of a cell's lumped rows",
            distance="total variation",
            domain=f"every one of {task.n} micro states",
            context_count=len(task.matrices),
            separation=task.separation,
            min_mass=task.min_mass,
            min_size=task.min_size,
            contiguous=task.contiguous,
            tolerance=ROUNDING,
            nodes=solved.nodes,
            seconds=seconds,
            notes=notes,
        ),
    )
