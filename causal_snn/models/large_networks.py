"""Networks of thousands of neurons that simulators are measured with; drawn at random."""

from __future__ import annotations

import numpy as np

from causal_snn.errors import bad, check_choice
from causal_snn.models.conductance_lif import conductance_lif
from causal_snn.models.define import define
from causal_snn.models.inputs import OUCurrent
from causal_snn.models.izhikevich import izhikevich
from causal_snn.models.network import Network
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.parameters import Parameter


def vogels_abbott(
    n: int = 4000,
    *,
    kind: str = "cuba",
    connections: float = 0.02,
    dt: float = 0.1,
    rng: np.random.Generator | int | None = 0,
) -> Network:
    """Return the excitatory-inhibitory network of Vogels and Abbott, 4 to 1, at random.

    Start it from potentials spread between reset and threshold: at rest it stays silent (coba).

    Parameters
    ----------
    n : int
        Number of neurons.
    kind : {"cuba", "coba"}
        Synaptic currents or synaptic conductances.
    connections : float
        Probability of a connection.
    dt : float
        Time step (ms), also the delay; the refractory time is 5 ms, rounded to whole steps.
    rng : numpy.random.Generator or int, optional
        Source of the connections.

    Source: Vogels and Abbott, J Neurosci 25:10786 (2005), as in benchmarks 1 and 2 of Brette et
    al., J Comput Neurosci 23:349 (2007).
    """
    check_choice("kind", kind, ("cuba", "coba"))
    if n < 5:
        raise bad("n", n, "5 or more neurons")
    refractory = round(5.0 / dt)
    cuba = kind == "cuba"
    neuron = _current_based(refractory) if cuba else conductance_lif()
    neuron = neuron.with_convention(refractory_steps=refractory, arrival="end")
    excitatory = n * 4 // 5
    source, target = _at_random(n, connections, rng)
    strength = (1.62, -9.0) if cuba else (6.0, 67.0)  # mV; nS
    from scipy.sparse import csr_array

    tables = []
    for weight, keep in zip(strength, (source < excitatory, source >= excitatory), strict=True):
        where = (target[keep], source[keep])
        tables.append(csr_array((np.full(int(keep.sum()), weight), where), shape=(n, n)))
    return Network(
        neuron=neuron,
        weights=tables[0],
        synapses={"g_i": tables[1]},
        dt=dt,
        name=f"Vogels-Abbott ({kind})",
        source="Vogels and Abbott 2005, J Neurosci 25:10786; Brette et al. 2007",
    )


def _current_based(refractory: int) -> NeuronModel:
    return define(
        "cuba_ei",
        drift={
            "v": "(E_L - v + g_e + g_i)/tau",
            "g_e": "-g_e/tau_e",
            "g_i": "-g_i/tau_i",
        },
        parameters={
            "E_L": Parameter(-49.0, "mV", "resting potential"),
            "tau": Parameter(20.0, "ms", "membrane time constant", "positive"),
            "tau_e": Parameter(5.0, "ms", "decay of excitation", "positive"),
            "tau_i": Parameter(10.0, "ms", "decay of inhibition", "positive"),
            "V_th": Parameter(-50.0, "mV", "spike threshold"),
            "V_r": Parameter(-60.0, "mV", "reset potential"),
        },
        threshold="V_th",
        reset={"v": "V_r"},
        units={"v": "mV", "g_e": "mV", "g_i": "mV"},
        domain={"v": (-90.0, -40.0), "g_e": (0.0, 50.0), "g_i": (-100.0, 0.0)},
        synapse="g_e",
        refractory_steps=refractory,
    )


def _at_random(
    n: int, probability: float, rng: np.random.Generator | int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return sources and targets of connections, each there with the same probability."""
    if not 0.0 < probability <= 1.0:
        raise bad("connections", probability, "a probability above 0 and up to 1")
    generator = np.random.default_rng(rng)
    found = [np.flatnonzero(generator.random(n) < probability) for _ in range(n)]
    source = np.repeat(np.arange(n), [len(each) for each in found])
    return source, np.concatenate(found)


def izhikevich_2003(
    n: int = 1000, *, dt: float = 1.0, rng: np.random.Generator | int | None = 0
) -> Network:
    """Return the pulse-coupled network of Izhikevich's program, 4 to 1, with thalamic input.

    Spikes act as currents that last one step, and so does the thalamic input, drawn anew in each
    (5 for excitatory, 2 for inhibitory neurons). Simulate it with ``scheme="published"`` from
    v = -65, u = b v, as the program does.

    Parameters
    ----------
    n : int
        Number of neurons; with 1000 the weights are those of the program, otherwise they are
        scaled by 1000/n.
    dt : float
        Time step (ms).
    rng : numpy.random.Generator or int, optional
        Source of parameters and weights.

    Source: Izhikevich, IEEE Trans Neural Netw 14:1569 (2003), the program net.m.
    """
    if n < 5:
        raise bad("n", n, "5 or more neurons")
    generator = np.random.default_rng(rng)
    excitatory = n * 4 // 5
    inhibitory = n - excitatory
    re, ri = generator.random(excitatory), generator.random(inhibitory)
    a = np.concatenate([np.full(excitatory, 0.02), 0.02 + 0.08 * ri])
    b = np.concatenate([np.full(excitatory, 0.2), 0.25 - 0.05 * ri])
    c = np.concatenate([-65.0 + 15.0 * re**2, np.full(inhibitory, -65.0)])
    d = np.concatenate([8.0 - 6.0 * re**2, np.full(inhibitory, 2.0)])
    weights = np.concatenate(
        [0.5 * generator.random((n, excitatory)), -generator.random((n, inhibitory))], axis=1
    )
    thalamic = np.concatenate([np.full(excitatory, 5.0), np.full(inhibitory, 2.0)])
    return Network(
        neuron=[
            izhikevich(a=float(w), b=float(x), c=float(y), d=float(z))
            for w, x, y, z in zip(a, b, c, d, strict=True)
        ],
        weights=np.zeros((n, n)),
        synapses={"I": weights * (1000.0 / n)},
        inputs=[OUCurrent(sd=thalamic, tau=dt / 100.0)],  # nothing is left after a step
        dt=dt,
        name="Izhikevich 2003",
        source="Izhikevich 2003, IEEE Trans Neural Netw 14:1569 (net.m)",
    )
