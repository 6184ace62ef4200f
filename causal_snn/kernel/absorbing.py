"""The effect of a potential over a stretch of continuous time: the threshold absorbs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad
from causal_snn.kernel.bins.cells import cells_of
from causal_snn.kernel.bins.diffusion import Membrane, deterministic, survival
from causal_snn.kernel.bins.enclosure import between
from causal_snn.kernel.bins.inputs import Rng, inputs_of
from causal_snn.kernel.contexts import Kind
from causal_snn.kernel.contexts import contexts as contexts_of
from causal_snn.kernel.intervention_range import intervention_range
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models.network import Network
from causal_snn.models.step import StepMap
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]


def absorbing(
    network: Network,
    unit: int | str,
    duration: float,
    *,
    cells: int = 400,
    contexts: Kind | Sequence[float] | None = None,
    context_law: str | ArrayLike = "uniform",
    potentials: tuple[float, float] | None = None,
    tolerance: float = 1e-9,
    rng: Rng = None,
) -> TabulatedKernel:
    r"""Return P(the potential reaches theta within `duration` | do(v), context), time continuous.

    g(v, t) solves the backward equation of the leaky integrator,

    .. math:: g_t = \frac{\mu_c - v}{\tau} g_v + \frac{sd^2}{\tau} g_{vv}, \qquad
        g(\theta, t) = 1, \quad g(v, 0) = 0,

    by spectral elements. For mu = theta it is 2 Phi(-(theta - v) e^{-t/tau} /
    (sd sqrt(1 - e^{-2t/tau}))) (reflection principle, theory/08_effect_kernels.py K7). Unlike a
    test at the end of steps it misses no crossing, so it is likelier: `kernel.operator` with
    ``crossing="bridge"`` tends to it as dt goes to 0.

    Parameters
    ----------
    network : Network
        Of lif neurons. A context's input c, which arrives in every step, counts as the constant
        drive that has the same mean: mu_c = E + (D + c)/(1 - a), with the network's step.
    unit : int or str
        The unit, by index or label.
    duration : float
        Length of the bin (ms).
    cells : int
        Equal cells of the potentials up to theta; the reference law is uniform.
    contexts, context_law, potentials, rng
        As in `causal_snn.kernel.operator`; contexts last for the whole bin.
    tolerance : float
        Numerical error to aim for.

    Returns
    -------
    TabulatedKernel
        The effect rises with v and with the input, so `spread` is exact but for the numerical
        error, which it includes: the change on a finer discretisation, in `provenance` too.

    Raises
    ------
    InputError
        If the neuron is not a lif neuron, or the duration is not a positive time.
    """
    if not 0 < duration < np.inf:
        raise bad("duration", duration, "a positive time in ms")
    if not 0 < tolerance < 1:
        raise bad("tolerance", tolerance, "an error above 0 and below 1")
    k = network.index(unit)
    step = network.step().unit(k)
    if step.current_decay or step.gain_current:
        raise InputError(
            f"absorbing takes lif neurons; unit {network.labels[k]!r} has a synaptic current"
        )
    table = cells_of(
        step, intervention_range(network, k, potentials=potentials), cells, "post_reset", False
    )
    found = contexts_of(network, k, contexts)
    inputs = inputs_of(network, k, found, context_law, rng)
    tau, sd = float(network.neurons[k].parameters["tau"]), float(network.noise[k])

    drives = np.unique([inputs.low, inputs.high])
    p, error = _reach(step, drives, sd, tau, table.edges, float(duration), tolerance)
    low, high = (p[np.searchsorted(drives, c)] for c in (inputs.low, inputs.high))
    if sd == 0:  # a cell ends before its upper edge: an effect that jumps there is not in it
        before = np.nextafter(table.edges, -np.inf)
        p, _ = _reach(step, drives, sd, tau, before, float(duration), tolerance)
        high = p[np.searchsorted(drives, inputs.high)]
    rows, spread = between(low[:, :-1], high[:, 1:], table.runs)
    return TabulatedKernel(
        label=network.labels[k],
        rows=rows,
        spread=np.minimum(spread + error, 1.0),
        states=table.middles[:, None],
        mass=table.mass,
        inputs=inputs.middle,
        context_law=inputs.law,
        edges=table.edges,
        effect=f"a spike within {duration:g} ms, time continuous",
        provenance=provenance(
            "backward equation with absorbing threshold, spectral elements"
            if sd > 0
            else "flow of a unit without noise",
            effect="spike",
            bin_ms=float(duration),
            contexts=found.kind,
            context_count=len(inputs.low),
            context_over_time="constant",
            cells=table.n,
            domain=[float(table.edges[0]), float(table.edges[-1])],
            error=error,
            tolerance=tolerance,
            status="within tolerance" if error <= tolerance else "not within tolerance",
        ),
    )


def settling(step: StepMap, c: float) -> float:
    """Return mu_c = E + (D + B0 (c + bias))/(1 - a), where input c in every step leads (mV)."""
    moved = step.drive + step.gain_potential * (c + step.bias)
    return float(step.rest + moved / (1.0 - step.decay))


def _reach(
    step: StepMap, inputs: Floats, sd: float, tau: float, v: Floats, t: float, tolerance: float
) -> tuple[Floats, float]:
    """Return P(theta reached within t) at potentials v under each input, and its error."""
    found, errors, edges = [], [0.0], None
    for c in inputs:
        membrane = Membrane(settling(step, float(c)), sd, tau, float(step.theta))
        if sd == 0:
            found.append(1.0 - deterministic(membrane, v, t))
            continue
        stay, error, edges = survival(membrane, v, t, tolerance, edges)
        found.append(1.0 - stay)
        errors.append(error)
    return np.array(found), max(errors)
