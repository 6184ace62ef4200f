"""Named networks that the docs, tests and notebooks share, each with a source.

The sources give the wiring and the signs. Weights, drive and noise are scaled here so that
the units fire irregularly at a step of a few ms; each docstring says what to expect.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from causal_snn.errors import bad
from causal_snn.models.large_networks import izhikevich_2003, vogels_abbott
from causal_snn.models.lif import lif
from causal_snn.models.network import Network


def half_centre(*, inhibition: float = 6.0, drive: float = 18.0, dt: float = 5.0) -> Network:
    """Two units that inhibit each other.

    Source: Brown, Proc R Soc Lond B 84:308 (1911), the half-centre of spinal stepping.
    """
    return Network(
        neuron=lif(),
        weights=[[0.0, -inhibition], [-inhibition, 0.0]],
        drive=drive,
        noise=3.0,
        dt=dt,
        labels=("L", "R"),
        name="half-centre",
        source="Brown 1911, Proc R Soc Lond B 84:308 (wiring)",
    )


def pyloric(*, dt: float = 5.0) -> Network:
    """Return the three-cell pyloric motif: AB/PD, LP and PY, all synapses inhibitory.

    AB/PD paces and inhibits LP and PY; LP inhibits AB/PD and PY; PY inhibits LP.
    Source: Prinz, Bucher and Marder, Nat Neurosci 7:1345 (2004), Fig. 1.
    """
    return Network(
        neuron=lif(),
        weights=[
            [0.0, -4.0, 0.0],  # AB/PD <- LP
            [-8.0, 0.0, -4.0],  # LP <- AB/PD, PY
            [-8.0, -6.0, 0.0],  # PY <- AB/PD, LP
        ],
        drive=[20.0, 18.0, 18.0],
        noise=3.0,
        dt=dt,
        labels=("AB/PD", "LP", "PY"),
        name="pyloric",
        source="Prinz, Bucher and Marder 2004, Nat Neurosci 7:1345, Fig. 1 (wiring and signs)",
    )


def excitatory_ring(
    n: int = 3, *, weight: float = 8.0, drive: float = 10.0, dt: float = 5.0
) -> Network:
    """Return `n` units, each exciting the next around a ring.

    Source: Abeles, Corticonics (1991), ch. 7: a synfire chain closed on itself.
    """
    if n < 2:
        raise bad("n", n, "2 or more units in a ring")
    weights = np.zeros((n, n))
    weights[np.arange(n), np.arange(n) - 1] = weight
    return Network(
        neuron=lif(),
        weights=weights,
        drive=drive,
        noise=3.0,
        dt=dt,
        name="excitatory ring",
        source="Abeles 1991, Corticonics, ch. 7 (closed synfire chain)",
    )


def inhibition_stabilised(*, dt: float = 5.0) -> Network:
    """Return an E-I pair whose recurrent excitation needs its inhibition.

    Source: Tsodyks, Skaggs, Sejnowski and McNaughton, J Neurosci 17:4382 (1997);
    Ozeki et al., Neuron 62:578 (2009).
    """
    return Network(
        neuron=lif(),
        weights=[[7.0, -9.0], [9.0, -4.0]],
        drive=[16.0, 12.0],
        noise=3.0,
        dt=dt,
        labels=("E", "I"),
        name="inhibition-stabilised",
        source="Tsodyks et al. 1997, J Neurosci 17:4382; Ozeki et al. 2009, Neuron 62:578 (wiring)",
    )


def feed_forward(n: int = 3, *, weight: float = 8.0, dt: float = 5.0) -> Network:
    """Return a chain without any way back: the control whose system phi must be 0.

    Source: Oizumi, Albantakis and Tononi, PLOS Comput Biol 10:e1003588 (2014), Fig. 20.
    """
    if n < 2:
        raise bad("n", n, "2 or more units in a chain")
    return Network(
        neuron=lif(),
        weights=np.diag(np.full(n - 1, weight), k=-1),
        drive=12.0,
        noise=3.0,
        dt=dt,
        name="feed-forward control",
        source="Oizumi, Albantakis and Tononi 2014, PLOS Comput Biol 10:e1003588, Fig. 20 (idea)",
    )


__all__ = [
    "NETWORKS",
    "excitatory_ring",
    "feed_forward",
    "half_centre",
    "inhibition_stabilised",
    "izhikevich_2003",
    "pyloric",
    "vogels_abbott",
]

NETWORKS: dict[str, Callable[[], Network]] = {
    "half_centre": half_centre,
    "pyloric": pyloric,
    "excitatory_ring": excitatory_ring,
    "inhibition_stabilised": inhibition_stabilised,
    "feed_forward": feed_forward,
}
"""The small networks of the zoo by name."""
