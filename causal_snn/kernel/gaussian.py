"""The next-spike kernel of linear neurons with Gaussian noise, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causal_snn.kernel.contexts import Kind
from causal_snn.kernel.contexts import contexts as contexts_of
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.intervention_range import intervention_range
from causal_snn.models.network import Network
from causal_snn.provenance import provenance


def next_spike(
    network: Network,
    unit: int | str,
    *,
    contexts: Kind | Sequence[float] | None = None,
    potentials: tuple[float, float] | None = None,
) -> EffectKernel:
    """Return the probability that a unit spikes in the next step, given do(micro state).

    p_c(v) = Phi((v - m_c)/s), m_c = E + (theta - E - D - c)/a, s = sigma_dt/a; derived in
    theory/01_lif.py (L3; L11 for a synaptic current).

    Parameters
    ----------
    network : Network
    unit : int or str
        The unit, by index or label.
    contexts : {"states", "extremes", "interval"} or array, optional
        Inputs from the other units under which the effect is described: every spike
        pattern (the default, up to 16 presynaptic units), the two extreme inputs, every
        input between them (the default beyond), or inputs given in the weights' unit.
    potentials : (float, float), optional
        Range of potentials interventions may set (mV), see `intervention_range`.

    Returns
    -------
    EffectKernel

    Raises
    ------
    InputError
        If the unit does not exist, the neuron is not linear, or the range excludes theta.
    """
    k = network.index(unit)
    step = network.step().unit(k)
    found = contexts_of(network, k, contexts)
    total = found.inputs + step.bias
    midpoints = (
        step.rest + (step.theta - step.rest - step.drive - step.gain_potential * total) / step.decay
    )
    if step.sigma == 0 and step.strict:
        # A spike where v' > theta is one where the score reaches the next number above m.
        midpoints = np.nextafter(midpoints, np.inf)
    return EffectKernel(
        label=network.labels[k],
        step=step,
        own_weight=float(network.weights[k, k]),
        contexts=found,
        midpoints=midpoints,
        scale=step.sigma / step.decay,
        range=intervention_range(network, k, potentials=potentials),
        provenance=provenance(
            "closed form of one linear step with Gaussian noise",
            effect="own next spike",
            contexts=found.kind,
            context_count=len(found.inputs),
        ),
    )
