"""The leaky integrate-and-fire neuron with conductance-based synapses."""

from __future__ import annotations

from functools import cache

from causal_snn.models.define import equations
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def conductance_lif(
    *,
    C: float = 200.0,
    g_L: float = 10.0,
    E_L: float = -60.0,
    E_e: float = 0.0,
    E_i: float = -80.0,
    tau_e: float = 5.0,
    tau_i: float = 10.0,
    V_th: float = -50.0,
    V_r: float = -60.0,
    I: float = 0.0,  # noqa: E741
) -> NeuronModel:
    r"""Return a leaky integrate-and-fire neuron with exponential synaptic conductances.

    .. math::
        C \dot V &= -g_L (V - E_L) - g_e (V - E_e) - g_i (V - E_i) + I \\
        \tau_e \dot g_e &= -g_e, \qquad \tau_i \dot g_i = -g_i, \qquad
        V \ge V_\mathrm{th} \Rightarrow V \leftarrow V_r

    Source: Vogels and Abbott, J Neurosci 25:10786 (2005). Defaults as in benchmark 1 of Brette
    et al., J Comput Neurosci 23:349 (2007), without its 5 ms of refractory time.

    Parameters
    ----------
    C : float
        Membrane capacitance (pF), positive.
    g_L : float
        Leak conductance (nS), positive.
    E_L, E_e, E_i : float
        Reversal potentials of leak, excitation and inhibition (mV).
    tau_e, tau_i : float
        Synaptic time constants (ms), positive.
    V_th, V_r : float
        Threshold and reset potential (mV), V_r < V_th.
    I : float
        Input current (pA).

    Returns
    -------
    NeuronModel
        States V (mV), g_e and g_i (nS).

    Raises
    ------
    InputError
        If a value is not finite or outside its meaning.
    """
    return NeuronModel(
        name="conductance_lif",
        equations=_equations(),
        parameters=Parameters(
            {
                "C": Parameter(C, "pF", "membrane capacitance", "positive"),
                "g_L": Parameter(g_L, "nS", "leak conductance", "positive"),
                "E_L": Parameter(E_L, "mV", "leak reversal potential"),
                "E_e": Parameter(E_e, "mV", "excitatory reversal potential"),
                "E_i": Parameter(E_i, "mV", "inhibitory reversal potential"),
                "tau_e": Parameter(tau_e, "ms", "decay of excitation", "positive"),
                "tau_i": Parameter(tau_i, "ms", "decay of inhibition", "positive"),
                "V_th": Parameter(V_th, "mV", "spike threshold"),
                "V_r": Parameter(V_r, "mV", "reset potential"),
                "I": Parameter(I, "pA", "input current"),
            }
        ),
    )


@cache
def _equations() -> Equations:
    return equations(
        drift={
            "V": "(-g_L*(V - E_L) - g_e*(V - E_e) - g_i*(V - E_i) + I)/C",
            "g_e": "-g_e/tau_e",
            "g_i": "-g_i/tau_i",
        },
        threshold="V_th",
        reset={"V": "V_r"},
        parameters=["C", "g_L", "E_L", "E_e", "E_i", "tau_e", "tau_i", "V_th", "V_r", "I"],
        units={"V": "mV", "g_e": "nS", "g_i": "nS"},
        domain={"V": (-90.0, -30.0), "g_e": (0.0, 50.0), "g_i": (0.0, 100.0)},
        synapse="g_e",
    )
