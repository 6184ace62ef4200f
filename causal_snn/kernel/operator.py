"""The effect of a micro state over a bin of several steps, by the one-unit transfer operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, check_choice, check_whole
from causal_snn.kernel.bins import effects
from causal_snn.kernel.bins.cells import Cells, Coordinate, cells_of
from causal_snn.kernel.bins.crossing import spike_next
from causal_snn.kernel.bins.enclosure import between, between_inputs, bulging, parts_of
from causal_snn.kernel.bins.inputs import Inputs, Rng, inputs_of
from causal_snn.kernel.bins.mesh import resolve
from causal_snn.kernel.bins.noiseless import enclosed
from causal_snn.kernel.bins.task import Bin, Crossing, Effect
from causal_snn.kernel.contexts import Kind
from causal_snn.kernel.contexts import contexts as contexts_of
from causal_snn.kernel.intervention_range import intervention_range
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models.network import Network
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]
OverTime = Literal["constant", "independent"]
NAMES = {"spike": "a spike within the bin", "count": "spikes in the bin", "word": "spike word"}
GROUP = 4.0
"""Width (standard deviations of a step) of contexts that share one set of nodes."""
MOST_CONTEXTS, MOST_VALUES = 32, 20_000_000
"""Contexts, and doubles, of one group: they bound the memory."""


def operator(
    network: Network,
    unit: int | str,
    *,
    steps: int,
    effect: Effect = "spike",
    cells: int = 400,
    contexts: Kind | Sequence[float] | None = None,
    context_law: str | ArrayLike = "uniform",
    context_over_time: OverTime = "constant",
    potentials: tuple[float, float] | None = None,
    coordinate: Coordinate = "post_reset",
    crossing: Crossing = "end_of_step",
    ages: bool = False,
    tolerance: float = 1e-9,
    rng: Rng = None,
) -> TabulatedKernel:
    r"""Return P(effect over the next `steps` steps | do(v), context) on cells of the potential.

    With s_1, s_2, ... the unit's spikes, K_T the law of the effect of T steps and P the law of one,

    .. math:: K_T(v, \cdot) = \int P(dv', s_1 | v, c)\, K_{T-1}(v', \cdot - s_1),

    backwards on piecewise polynomials that a step integrates exactly (theory/08_effect_kernels.py
    K1); no Monte Carlo. For T = 1 it is the closed form of `causal_snn.kernel.next_spike`, and
    without noise the states are followed.

    Parameters
    ----------
    network : Network
        Of lif neurons, any convention.
    unit : int or str
        The unit, by index or label.
    steps : int
        Length of the bin, T.
    effect : {"spike", "count", "word"}
        ``"spike"``: at least one spike in the bin (Y = 2); ``"count"``: how many (Y = T + 1);
        ``"word"``: the spike train itself (Y = 2^T, T <= 10), numbered with the first step as
        the first unit of `causal_snn.order`.
    cells : int
        Equal cells of the potential; the reference law is uniform.
    contexts : {"states", "extremes", "interval"} or array, optional
        Inputs from the others, see `causal_snn.kernel.next_spike`.
    context_law : {"uniform", "patterns", "stationary"} or array, shape (C,)
        Law on the contexts, see `causal_snn.kernel.context_law.context_law`.
    context_over_time : {"constant", "independent"}
        ``"constant"``: the context is the input of every step of the bin. ``"independent"``: it
        is that of the first step; those of the later ones are drawn from `context_law`, anew in
        each step. The average of the rows over `context_law` is then the effect when all are.
    potentials : (float, float), optional
        Range of potentials interventions may set (mV), see `intervention_range`.
    coordinate : {"post_reset", "pre_reset"}
        ``"post_reset"``: potentials without a spike, up to theta. ``"pre_reset"``: beyond theta
        too, where the unit has just spiked. Not monotone: the effect falls at theta.
    crossing : {"end_of_step", "bridge"}
        ``"end_of_step"``: a spike is a potential at or above theta at the end of a step, as the
        simulator tests it. ``"bridge"``: a path that crosses theta within a step spikes too, by
        the Brownian bridge (K5; `causal_snn.simulation.crossing.missed_crossing`), and is reset
        at the end of the step. Inputs from others arrive at the end of a step.
    ages : bool
        Add a cell for each refractory age: the steps that the unit is still held at V_reset.
    tolerance : float
        Numerical error to aim for.
    rng : numpy.random.Generator or int, optional
        For the stationary law of contexts.

    Returns
    -------
    TabulatedKernel
        `spread` encloses the effect of every potential of a cell, and of every input of an
        interval of contexts; `provenance` holds the numerical error and whether it is within the
        tolerance (``"status"``).

    Raises
    ------
    InputError
        If the neuron is not a lif neuron, an option is unknown, a word is too long, or contexts
        are independent and there is no noise.
    """
    check_choice("effect", effect, effects.EFFECTS)
    check_choice("context_over_time", context_over_time, ("constant", "independent"))
    check_choice("crossing", crossing, ("end_of_step", "bridge"))
    effects.check_word(effect, check_whole("steps", steps))
    if not 0 < tolerance < 1:
        raise bad("tolerance", tolerance, "an error above 0 and below 1")
    k = network.index(unit)
    step = network.step().unit(k)
    if step.current_decay or step.gain_current:
        raise InputError(
            f"operator takes lif neurons; unit {network.labels[k]!r} has a synaptic current: "
            "use kernel.plane"
        )
    task = Bin(step, float(network.weights[k, k]), int(steps), effect, crossing)
    declared = intervention_range(network, k, potentials=potentials)
    table = cells_of(step, declared, cells, coordinate, ages)
    found = contexts_of(network, k, contexts)
    inputs = inputs_of(network, k, found, context_law, rng)
    lasting = context_over_time == "constant"
    rows, spread, error = _rows(task, table, inputs, lasting, tolerance)
    details: dict[str, Any] = {
        "effect": effect,
        "steps": task.steps,
        "bin_ms": task.steps * network.dt,
        "crossing": crossing,
        "coordinate": coordinate,
        "contexts": found.kind,
        "context_count": len(inputs.low),
        "context_over_time": context_over_time,
        "cells": table.n,
        "domain": [float(table.edges[0]), float(table.edges[-1])],
        "error": error,
        "tolerance": tolerance,
        "status": "within tolerance" if error <= tolerance else "not within tolerance",
    }
    held = table.hold if ages else None
    return TabulatedKernel(
        label=network.labels[k],
        rows=rows,
        spread=spread,
        states=table.middles[:, None] if held is None else np.c_[table.middles, held],
        mass=table.mass,
        inputs=inputs.middle,
        context_law=inputs.law,
        coordinates=("v (mV)",) if held is None else ("v (mV)", "held (steps)"),
        edges=table.edges if held is None else None,
        outcomes=effects.outcomes(effect, task.steps),
        effect=f"{NAMES[effect]} of {task.steps} steps",
        provenance=provenance(_method(task), **details),
    )


def _method(task: Bin) -> str:
    if task.step.sigma == 0:
        return "paths of a unit without noise"
    if task.steps == 1:
        return "closed form of one linear step with Gaussian noise"
    return "one-unit transfer operator, backwards, on composite Gauss-Legendre nodes"


def _rows(
    task: Bin, cells: Cells, inputs: Inputs, lasting: bool, tolerance: float
) -> tuple[Floats, Floats, float]:
    """Return rows (C, n, Y), spread (C, n) and the numerical error in it."""
    if task.step.sigma == 0:
        if not lasting and task.steps > 1 and len(inputs.law) > 1:
            raise bad(
                "context_over_time",
                "independent",
                "'constant' for a unit without noise",
                "Give the unit noise, or one context.",
            )
        return *enclosed(task, cells, inputs), 0.0
    monotone = task.effect == "spike" or task.steps == 1
    points = cells.points(1 if monotone else parts_of(task, cells))
    ends = [inputs.middle] if inputs.points or not monotone else [inputs.low, inputs.high]
    law = None if lasting else inputs.law
    solved = [_laws(task, points, some, inputs.middle, law, tolerance) for some in ends]
    error = max(found for _, found in solved)
    by_cell = [laws.reshape(len(laws), cells.n, -1, laws.shape[2]) for laws, _ in solved]
    if monotone:
        rows, spread = between(by_cell[0][:, :, 0, -1], by_cell[-1][:, :, -1, -1], cells.runs)
    else:
        rows, spread = bulging(task, cells, by_cell[0])
        times = task.steps if lasting else 1
        spread = spread + between_inputs(task, inputs.widths, times)[:, None]
    return rows, np.minimum(spread + error, 1.0), error


def _laws(
    task: Bin, points: Any, inputs: Floats, drawn: Floats, law: Floats | None, tolerance: float
) -> tuple[Floats, float]:
    """Return the law of the effect at points in each context, (C, M, Y), and its error."""
    if task.steps == 1:
        spikes = np.array([spike_next(task, points, float(c)) for c in inputs])
        return np.stack([1.0 - spikes, spikes], axis=-1), 0.0
    found, errors = [], []
    # Contexts that are drawn anew need the nodes of all of them anyway.
    near = GROUP * task.step.sigma / task.step.gain_potential if law is None else np.inf
    outcomes = len(effects.outcomes(task.effect, task.steps))
    most = min(MOST_CONTEXTS, max(1, MOST_VALUES // ((task.steps + 1) * max(outcomes, 256))))
    for group in _groups(inputs, near, most):
        solution = resolve(task, points, inputs[group], drawn, law, tolerance)
        found.append(effects.laws(task.effect, solution.at(points)))
        errors.append(solution.error)
    return np.concatenate(found), max(errors)


def _groups(inputs: Floats, width: float, most: int) -> list[slice]:
    """Return runs of at most so many neighbouring contexts within a width of each other."""
    found, first = [], 0
    for k in range(1, len(inputs) + 1):
        if k == len(inputs) or inputs[k] - inputs[first] > width or k - first == most:
            found.append(slice(first, k))
            first = k
    return found
