"""equilibria: every equilibrium of a neuron in a box, proven to be all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from causal_snn.dynamics.equilibrium.equilibrium import (
    Equilibria,
    Equilibrium,
    describe,
    fold_near,
    polish,
)
from causal_snn.dynamics.equilibrium.reduce import Reduced, reduce_equations
from causal_snn.dynamics.equilibrium.search_box import Ranges, check_box, phase, search_box
from causal_snn.dynamics.field import Field, field
from causal_snn.dynamics.interval.arithmetic import Interval, stack
from causal_snn.dynamics.interval.isolate import Isolation, isolate
from causal_snn.dynamics.interval.newton import Function, inflate, none_beyond
from causal_snn.models.neuron import NeuronModel
from causal_snn.progress import working
from causal_snn.provenance import provenance

__all__ = ["Equilibria", "equilibria"]

BUDGET = 300_000  # boxes: a second or two


def equilibria(
    model: NeuronModel,
    *,
    box: Mapping[str, tuple[float, float]] | None = None,
    progress: bool = False,
    **params: float,
) -> Equilibria:
    """Return every equilibrium of a neuron in a box, with proof that there is no other.

    States that enter linearly (gates, adaptation) are eliminated; the equations that are left
    are solved by branch and prune with the interval Newton operator, in arithmetic that rounds
    outward. Existence, number and place are proven, for parameters that are exactly the floats
    given; eigenvalues and kinds are computed in floating point.
    Source: Neumaier, Interval Methods for Systems of Equations (1990), ch. 5.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    box : mapping of str to (float, float), optional
        Ranges of states to search. Default: for a state that cannot be eliminated, the model's
        domain with ten times its width added on each side (Hodgkin-Huxley: V from -1590 to
        1560 mV), or one turn of a phase; an eliminated state is not restricted.
    progress : bool
        Whether to show a spinner if it takes long; only systems with three or more unknowns do.
    **params
        Parameter values to change, as in `field`.

    Returns
    -------
    Equilibria
        Empty, with the reason in `message`, if there is none. Where rounding hides whether there
        are two equilibria, one or none (at a fold), `complete` is False, and the fold is
        among the results without an enclosure.

    Raises
    ------
    InputError
        If a parameter or state is unknown, a range is reversed or not finite, or a formula uses
        a function that has no interval version.

    Examples
    --------
    >>> from causal_snn.models import fitzhugh_nagumo
    >>> [point.kind for point in equilibria(fitzhugh_nagumo(), I=0.8)]
    ['unstable node']
    """
    f = field(model, **params)
    asked = check_box(f, box or {})
    search = search_box(f.model, asked)
    reduced = reduce_equations(f.model.equations, f.names, f.p, search)
    with working(f"equilibria of {model.name}", show=progress):
        value, jacobian = _functions(f, reduced)
        found = _isolate(value, jacobian, reduced, search)
    unknown = [f.states[i] for i in reduced.unknowns]
    ranges = {
        name: (float(search.lo[i]), float(search.hi[i]))
        for i, name in enumerate(f.states)
        if name in asked or name in unknown
    }
    zeros = _all_states(f, reduced, found.zeros)
    points = [_certified(f, zero) for zero in _rows(zeros) if _meets(f, zero, ranges)]
    folds, remarks = _undecided(f, reduced, found, ranges)
    complete = not remarks
    everywhere = complete and not set(asked) - set(unknown)
    everywhere = everywhere and _none_beyond(f, value, jacobian, reduced, search)
    return Equilibria(
        points=tuple(sorted([*points, *folds], key=lambda point: tuple(point.state))),
        complete=complete,
        everywhere=everywhere,
        message="; ".join([_summary(len(points), ranges, complete, everywhere), *remarks]),
        box=ranges,
        model=f.model,
        provenance=provenance(
            "interval Newton branch and prune after elimination of linear states; "
            "Newton's method in floating point inside each proven box",
            unknowns=unknown,
            boxes=found.evaluations,
        ),
    )


def _isolate(value: Function, jacobian: Function, reduced: Reduced, search: Interval) -> Isolation:
    if not reduced.unknowns:
        one, none = Interval.of(np.empty((1, 0))), Interval.of(np.empty((0, 0)))
        return Isolation(zeros=one, undecided=none, evaluations=0, exhausted=False)
    return isolate(value, jacobian, search[list(reduced.unknowns)], budget=BUDGET)


def _functions(f: Field, reduced: Reduced) -> tuple[Function, Function]:
    residual, slopes = reduced.residual.at(f.p), reduced.slopes.at(f.p)
    n = len(reduced.unknowns)

    def value(x: Interval) -> Interval:
        return stack(residual(*(x[:, i] for i in range(n))), (x.shape[0],))

    def jacobian(x: Interval) -> Interval:
        flat = stack(slopes(*(x[:, i] for i in range(n))), (x.shape[0],))
        shape = (x.shape[0], n, n)
        return Interval(flat.lo.reshape(shape), flat.hi.reshape(shape))

    return value, jacobian


def _none_beyond(
    f: Field, value: Function, jacobian: Function, reduced: Reduced, search: Interval
) -> bool:
    """Return whether there is provably no equilibrium outside the box of the unknown."""
    if not reduced.unknowns:
        return True  # solved by formula
    if len(reduced.unknowns) > 1:
        return False
    turn = phase(f.model.equations)
    if turn is not None and reduced.unknowns == (0,):
        return bool(search.lo[0] <= turn[0] and turn[1] <= search.hi[0])  # all of the circle
    factors = reduced.coefficients.at(f.p)
    end = search[reduced.unknowns[0]]
    for ray in (Interval(end.hi, np.array(np.inf)), Interval(np.array(-np.inf), end.lo)):
        if not all(np.all(Interval.of(factor).mig > 0) for factor in factors(ray)):
            return False
    return none_beyond(value, jacobian, search[list(reduced.unknowns)])


def _all_states(f: Field, reduced: Reduced, x: Interval) -> Interval:
    """Return enclosures of all states, shape (K, n), from those of the unknowns, (K, m)."""
    columns: list[Any] = [None] * f.n
    for place, i in enumerate(reduced.unknowns):
        columns[i] = x[:, place]
    steady = reduced.steady.at(f.p)(*(x[:, i] for i in range(x.shape[1])))
    for i, column in zip(reduced.solved, steady, strict=True):
        columns[i] = column
    return stack(columns, (x.shape[0],))


def _rows(x: Interval) -> Iterator[Interval]:
    return (x[i] for i in range(x.shape[0]))


def _meets(f: Field, x: Interval, asked: Ranges) -> bool:
    ends = [asked.get(name, (-np.inf, np.inf)) for name in f.states]
    lo, hi = np.array(ends).T
    return bool(((x.lo <= hi) & (lo <= x.hi)).all())


def _certified(f: Field, zero: Interval) -> Equilibrium:
    state, _ = polish(f, zero.mid)
    return describe(f, np.clip(state, zero.lo, zero.hi), np.stack([zero.lo, zero.hi], axis=-1))


def _undecided(
    f: Field, reduced: Reduced, found: Isolation, ranges: Ranges
) -> tuple[list[Equilibrium], list[str]]:
    """Return the folds in undecided regions, and a remark on each region."""
    if found.exhausted:
        left = f"{found.undecided.shape[0]} undecided boxes"
        return [], [f"stopped after {found.evaluations} boxes with {left}: narrow the box"]
    names = [f.states[i] for i in reduced.unknowns]
    folds, remarks = [], []
    for region in _rows(found.undecided):
        where = _ranges_text(zip(names, zip(region.lo, region.hi, strict=True), strict=True))
        start = _all_states(f, reduced, Interval.of(region.mid[None])).mid[0]
        fold = fold_near(f, start)
        near = inflate(region, 1.0, 1e-9 * (1.0 + region.mag))
        if fold is None or fold[0][list(reduced.unknowns)] not in near:
            remarks.append(f"not decided: {where}")
        elif _meets(f, Interval.of(fold[0]), ranges):
            state, kind = fold
            folds.append(describe(f, state, None, kind))
            simple = kind == "saddle-node"
            number = "two, one or none" if simple else "one or more, or possibly none"
            remarks.append(f"{where} holds a {kind} point to rounding, {number} equilibria")
    return folds, remarks


def _summary(count: int, ranges: Ranges, complete: bool, everywhere: bool) -> str:
    number = {0: "no equilibrium", 1: "one equilibrium"}.get(count, f"{count} equilibria")
    text = f"{number} with {_ranges_text(ranges.items())}" if ranges else number
    if not complete:
        return f"{text} proven, but not all is decided"
    text += ": proven, and proven to be all" if count else ": proven"
    return f"{text}, none outside either" if everywhere and ranges else text


def _ranges_text(ranges: Iterable[tuple[str, tuple[float, float]]]) -> str:
    return ", ".join(f"{name} in [{lo:.10g}, {hi:.10g}]" for name, (lo, hi) in ranges)
