"""The effect of a micro state of two variables on the unit's own spike in the next bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, check_whole
from causal_snn.kernel.context_law import context_law as law_of
from causal_snn.kernel.contexts import Contexts, Kind
from causal_snn.kernel.contexts import contexts as contexts_of
from causal_snn.kernel.effect import CONTEXT_PIECES
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.kernel.two_variables.bin_effect import Later, OneStep, enclose
from causal_snn.kernel.two_variables.certain import Certain
from causal_snn.kernel.two_variables.grid import Ranges, check_ranges, make_grid
from causal_snn.kernel.two_variables.survival import make_survival
from causal_snn.kernel.two_variables.unit import PlaneUnit, plane_unit
from causal_snn.models.network import Network
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]


def plane(
    network: Network,
    unit: int | str,
    *,
    steps: int = 1,
    cells: Sequence[int] = (60, 60),
    ranges: Ranges | None = None,
    at: Mapping[str, float] | None = None,
    contexts: Kind | Sequence[float] | None = None,
    context_law: str | ArrayLike = "uniform",
    scheme: str | None = None,
    tolerance: float = 1e-5,
    rng: np.random.Generator | int | None = None,
) -> TabulatedKernel:
    """Return P(spike in the next bin | do(v, w), context) on a grid of a plane of micro states.

    For neurons of two states that spike by a threshold (cuba_lif, adex, izhikevich) or whose
    threshold is a state (glif), as the simulator steps them. One step is in closed form,
    Phi(margin/sigma) with the margin by which the mean of the next potential passes the next
    threshold; bins of several steps by a transfer operator on a grid (`survival`). Without noise
    the flow is followed and the effect is 0 or 1.

    Parameters
    ----------
    network : Network
    unit : int or str
        The unit, by index or label.
    steps : int
        Length of the bin; the effect is at least one spike in it.
    cells : (int, int)
        Cells of the potential and of the second variable.
    ranges : mapping of str to (float, float), optional
        Declared ranges of the two state variables, by name, as ``{"V": (-80, 20), "w": (0, 300)}``.
        A range of potentials that ends below the threshold leaves out states that have just
        spiked; a second variable whose range has no width is one cell. Default: see
        `causal_snn.kernel.intervention_range` for cuba_lif, the model's domain for others.
    at : mapping of str to float, optional
        Values of further states (J of glif); default at rest.
    contexts : {"states", "extremes", "interval"} or array, optional
        Inputs of the others, the same in every step of the bin, as in
        `causal_snn.kernel.next_spike`.
    context_law : {"uniform", "patterns", "stationary"} or array, shape (C,)
        See `causal_snn.kernel.context_law`.
    scheme : str, optional
        How the neuron is stepped, as in `causal_snn.simulation.sweep`.
    tolerance : float
        Numerical error to aim at in bins of several steps; what was reached is in the spread and
        the provenance.
    rng : numpy.random.Generator or int, optional
        Source of noise for ``context_law="stationary"``.

    Returns
    -------
    TabulatedKernel
        Cells of (v, w), the potential changes fastest; then the states that have just spiked,
        whose effect is that of where the reset puts them; then those still refractory, whose
        potential is held. `spread` is rigorous for one step and without noise (interval
        arithmetic on the cell); of several steps it is rigorous up to the grid's own error, which
        is added. `mass` is uniform on the declared ranges, 0 for refractory states.

    Raises
    ------
    InputError
        If the neuron, the ranges or the contexts do not fit.
    """
    k = network.index(unit)
    length = check_whole("steps", steps)
    second = next((name for name in ranges or {} if name != network.neurons[k].states[0]), None)
    one = plane_unit(network, k, second=second, at=at, scheme=scheme)
    found = contexts_of(network, k, contexts)
    pieces = _pieces(found, length)
    table = check_ranges(network, k, one, ranges)
    grid = make_grid(one, table, cells)
    bounds, error = [], 0.0
    for piece in pieces:
        later = _later(one, table, piece, length, tolerance)
        bounds.append(enclose(one, grid, piece, length, later))
        error = max(error, later.error)
    low, high = (np.clip(np.stack(each), 0.0, 1.0) for each in zip(*bounds, strict=True))
    probability = (low + high) / 2.0
    count = len(pieces)
    exact = length == 1 or one.sigma == 0
    return TabulatedKernel(
        label=one.label,
        rows=np.stack([1.0 - probability, probability], axis=-1),
        spread=(high - low) / 2.0 + error,
        states=grid.middle.T,
        mass=grid.area,
        inputs=np.array([(a + b) / 2.0 for a, b in pieces]),
        context_law=(
            law_of(network, k, context_law, contexts=found, rng=rng)
            if count == len(found.inputs)
            else np.full(count, 1.0 / count)
        ),
        coordinates=one.coordinates,
        effect="own next spike" if length == 1 else f"own spike in {length} steps",
        provenance=provenance(
            "one step in closed form"
            if length == 1
            else "deterministic flow"
            if exact
            else "transfer operator: Gaussian convolution and flow on a grid",
            spread="interval arithmetic"
            if exact
            else "samples of the grid and bounds of its derivatives, numerical error added",
            numerical_error=error,
            steps=length,
            dt=float(network.dt),
            scheme=one.scheme,
            ranges={name: table[j].tolist() for j, name in enumerate(_names(one))},
            at={n: float(one.rest[j]) for j, n in enumerate(one.names) if n not in _names(one)},
            contexts=found.kind,
            context_law=context_law if isinstance(context_law, str) else "given",
            just_spiked=int(np.sum(grid.spiked)),
            refractory=int(np.sum(grid.hold > 0)),
        ),
    )


def _names(one: PlaneUnit) -> tuple[str, str]:
    return one.names[0], one.names[one.second]


def _pieces(found: Contexts, steps: int) -> list[tuple[float, float]]:
    """Return the inputs to compute: points, or pieces that cover an interval."""
    if found.kind != "interval":
        return [(float(c), float(c)) for c in found.inputs]
    if steps > 1:
        raise InputError(
            "contexts = 'interval': bins of several steps are computed input by input; "
            "use contexts='extremes', or a list of inputs"
        )
    ends = np.linspace(found.inputs[0], found.inputs[-1], CONTEXT_PIECES + 1)
    return [(float(a), float(b)) for a, b in pairwise(ends)]


def _later(
    one: PlaneUnit, ranges: Floats, piece: tuple[float, float], steps: int, tolerance: float
) -> Later:
    if one.sigma == 0:
        return Certain(one, piece)
    if steps == 1:
        return OneStep(one)
    return make_survival(one, ranges, piece[0], steps, tolerance)
