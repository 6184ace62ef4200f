"""Effects of two-variable micro states on one axis: the causal score, or the effect itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, check_whole
from causal_snn.kernel.context_law import context_law as law_of
from causal_snn.kernel.contexts import Kind
from causal_snn.kernel.contexts import contexts as contexts_of
from causal_snn.kernel.effect import CONTEXT_PIECES
from causal_snn.kernel.normal import above
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.kernel.two_variables.bin_effect import OneStep, enclose
from causal_snn.kernel.two_variables.grid import Ranges, check_ranges, make_grid
from causal_snn.kernel.two_variables.unit import PlaneUnit, plane_unit
from causal_snn.models.network import Network
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]
CERTAIN = 8.0
"""Standard deviations beyond which a spike is certain or excluded (6e-16)."""
DIGITS = 12
"""Decimals of an effect beyond which cells are alike."""


def causal_score(
    network: Network,
    unit: int | str,
    *,
    cells: int = 400,
    ranges: Ranges | None = None,
    at: Mapping[str, float] | None = None,
    contexts: Kind | Sequence[float] | None = None,
    context_law: str | ArrayLike = "uniform",
    plane_cells: Sequence[int] = (200, 200),
    scheme: str | None = None,
    rng: np.random.Generator | int | None = None,
) -> TabulatedKernel:
    """Return P(spike in the next step | do(causal score), context), in closed form.

    The causal score of a micro state (v, w) is its margin without input from the others: how far
    the mean of the next potential lies above the next threshold (mV). States of one score act
    alike in every context, as an input c only adds its own margin: p_c = Phi((score + B c)/sigma)
    (theory/14_two_variables.py V2). So partitions of the plane are partitions of this axis.

    Parameters
    ----------
    network, unit, ranges, at, contexts, context_law, scheme, rng
        As in `causal_snn.kernel.plane`.
    cells : int
        Equal cells of the scores between which some effect is not certain; one more at each end.
        Without noise the cells are those that the steps of the effect cut.
    plane_cells : (int, int)
        Cells of the plane whose areas tell the reference law of the score.

    Returns
    -------
    TabulatedKernel
        With `edges` in mV, over all scores of the declared ranges, states that have just spiked
        included as the score of where the reset puts them. Refractory states are not: their
        effect is 0.

    Raises
    ------
    InputError
        As `causal_snn.kernel.plane`, or if an input changes the score of some states more than
        that of others, or every state has the same score.
    """
    k = network.index(unit)
    check_whole("cells", cells)
    second = next((name for name in ranges or {} if name != network.neurons[k].states[0]), None)
    one = plane_unit(network, k, second=second, at=at, scheme=scheme)
    grid = make_grid(one, check_ranges(network, k, one, ranges), plane_cells)
    if one.refractory:
        grid = replace(grid, spiked=np.zeros_like(grid.spiked))
    free = grid.quiet | grid.spiked
    least, most = enclose(one, grid, (0.0, 0.0), 1, _Scores(one))
    low, high = float(least[free].min()), float(most[free].max())
    if not low < high:
        raise bad("ranges", dict(ranges or {}), "states of more than one causal score")
    found = contexts_of(network, k, contexts)
    inputs = found.inputs
    ends = np.stack([inputs, inputs])
    if found.kind == "interval":
        pieces = np.linspace(inputs[0], inputs[-1], CONTEXT_PIECES + 1)
        ends = np.stack([pieces[:-1], pieces[1:]])
    shift = _gain(one, grid.low, grid.high) * ends
    edges = _edges(one, low, high, np.unique(shift), cells)
    first = above(edges[:-1] + shift.min(axis=0)[:, None], one.sigma, 0.0, strict=one.strict)
    top = edges[1:] if one.sigma > 0 else np.nextafter(edges[1:], -np.inf)
    last = above(top + shift.max(axis=0)[:, None], one.sigma, 0.0, strict=one.strict)
    probability, count = (first + last) / 2.0, shift.shape[1]
    middle = ((least + most) / 2.0)[free]
    mass = np.histogram(np.clip(middle, low, high), edges, weights=grid.area[free])[0]
    law = (
        law_of(network, k, context_law, contexts=found, rng=rng)
        if count == len(inputs)
        else np.full(count, 1.0 / count)
    )
    return TabulatedKernel(
        label=one.label,
        rows=np.stack([1.0 - probability, probability], axis=-1),
        spread=(last - first) / 2.0,
        states=((edges[:-1] + edges[1:]) / 2.0)[:, None],
        mass=mass / mass.sum(),
        inputs=ends.mean(axis=0),
        context_law=law,
        coordinates=("causal score (mV)",),
        edges=edges,
        provenance=provenance(
            "one step in closed form, by the causal score",
            scheme=one.scheme,
            dt=float(network.dt),
            domain=[low, high],
            contexts=found.kind,
            context_law=context_law if isinstance(context_law, str) else "given",
            cells=len(edges) - 1,
        ),
    )


class _Scores(OneStep):
    """Bounds of the margin in place of the probability."""

    def spike(self, low: Floats, high: Floats, steps: int) -> tuple[Floats, Floats]:  # noqa: ARG002
        """Return least and greatest margins."""
        return low[0], high[0]


def _gain(one: PlaneUnit, low: Floats, high: Floats) -> float:
    """Return B: what one unit of input adds to every margin (mV)."""
    finite = np.all(np.isfinite(low), axis=0)
    ends = [
        np.concatenate([one.points(*x[:, finite]), np.full((1, finite.sum()), c)])
        for x, c in ((low, -1.0), (high, 1.0))
    ]
    least, most = (s[0, -1] for s in one.step.slopes(*ends))
    if most.max() - least.min() > 1e-9 * max(1.0, abs(float(most.max()))):
        raise InputError(
            f"{one.group.model.name}: an input changes the scores of some states more than those "
            "of others, so that no order of the states serves all contexts; use kernel.plane"
        )
    return float((most.max() + least.min()) / 2.0)


def _edges(one: PlaneUnit, low: float, high: float, shifts: Floats, cells: int) -> Floats:
    """Return the ends of the cells of scores."""
    sigma = one.sigma
    if sigma == 0:  # the effect in a context jumps where the score meets the input's margin
        jumps = np.nextafter(-shifts, np.inf) if one.strict else -shifts
        return np.unique([low, *jumps[(jumps > low) & (jumps < high)], high])
    first = max(low, -CERTAIN * sigma - float(shifts.max()))
    last = min(high, CERTAIN * sigma - float(shifts.min()))
    if not first < last:
        return np.array([low, high])
    return np.unique([low, *np.linspace(first, last, cells + 1), high])


def by_score(kernel: TabulatedKernel) -> TabulatedKernel:
    """Return a kernel with its cells in the order of their effect, on one axis.

    The axis is the effect itself: the probability of the last of two outcomes, averaged over the
    law on contexts. Levels of it are unions of level sets of the plane, what an optimal partition
    is made of where all contexts order the states alike. Cells of equal effect are joined.

    Parameters
    ----------
    kernel : TabulatedKernel
        With two outcomes, as from `causal_snn.kernel.plane`.

    Returns
    -------
    TabulatedKernel
        Rows and spreads of the cells go with them (of joined cells: the hull), so that it says
        the same about every micro state. `edges` lie between neighbouring effects.

    Raises
    ------
    InputError
        If there are more than two outcomes.
    """
    if not kernel.binary:
        raise bad("kernel", f"a kernel of {len(kernel.outcomes)} outcomes", "two outcomes")
    score = np.round(kernel.context_law @ kernel.probability, DIGITS)
    values, group = np.unique(score, return_inverse=True)
    shape = len(kernel.inputs), len(values)
    low, high, spread = np.full(shape, np.inf), np.full(shape, -np.inf), np.zeros(shape)
    for c, p in enumerate(kernel.probability):
        np.minimum.at(low[c], group, p)
        np.maximum.at(high[c], group, p)
    probability = np.where(low == high, low, (low + high) / 2.0)
    for c, p in enumerate(kernel.probability):
        np.maximum.at(spread[c], group, kernel.spread[c] + np.abs(p - probability[c, group]))
    between = (values[1:] + values[:-1]) / 2.0
    half = np.diff(values)[[0, -1]] / 2.0 if len(values) > 1 else [0.5, 0.5]
    edges = np.concatenate([[values[0] - half[0]], between, [values[-1] + half[1]]])
    return replace(
        kernel,
        rows=np.stack([1.0 - probability, probability], axis=-1),
        spread=spread,
        states=values[:, None],
        mass=np.bincount(group, weights=kernel.mass, minlength=len(values)),
        coordinates=("mean effect",),
        edges=edges,
        provenance={**kernel.provenance, "sorted": "by the mean effect over contexts"},
    )
