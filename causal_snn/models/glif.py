"""The generalised leaky integrate-and-fire neuron with an adaptive threshold."""

from __future__ import annotations

from functools import cache

from causal_snn.models.define import equations
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def glif(
    *,
    C: float = 1.0,
    g_L: float = 0.05,
    E_L: float = -70.0,
    V_r: float = -70.0,
    Theta_inf: float = -50.0,
    Theta_r: float = -60.0,
    a: float = 0.0,
    b: float = 0.01,
    k: float = 0.02,
    A: float = 0.0,
    I: float = 0.0,  # noqa: E741
) -> NeuronModel:
    r"""Return the generalised linear integrate-and-fire neuron of Mihalas and Niebur.

    .. math::
        C \dot V &= -g_L (V - E_L) + J + I, \qquad \dot J = -k J \\
        \dot\Theta &= a (V - E_L) - b (\Theta - \Theta_\infty) \\
        V &\ge \Theta \Rightarrow V \leftarrow V_r,\; \Theta \leftarrow
            \max(\Theta_r, \Theta),\; J \leftarrow J + A

    The threshold Theta follows the potential, and each spike adds A to the after-spike current
    J: of their two currents the one that keeps what is left of it (R_2 = 1). Linear below
    threshold.
    Source: Mihalas and Niebur, Neural Comput 21:704 (2009). Defaults as in the replication of
    Detorakis (ReScience, 2017), whose tonic spiking is a = 0, I = 1.5 nA.

    Parameters
    ----------
    C : float
        Membrane capacitance (nF), positive.
    g_L : float
        Leak conductance (uS), positive.
    E_L, V_r : float
        Leak reversal and reset potential (mV).
    Theta_inf, Theta_r : float
        Threshold at rest, and lowest threshold after a spike (mV).
    a, b : float
        Adaptation and rebound of the threshold (1/ms); b positive.
    k : float
        Decay rate of the after-spike current (1/ms), positive.
    A : float
        After-spike current added by a spike (nA).
    I : float
        Input current (nA).

    Returns
    -------
    NeuronModel
        States V (mV), Theta (mV), J (nA).

    Raises
    ------
    InputError
        If a value is not finite or outside its meaning.
    """
    return NeuronModel(
        name="glif",
        equations=_equations(),
        parameters=Parameters(
            {
                "C": Parameter(C, "nF", "membrane capacitance", "positive"),
                "g_L": Parameter(g_L, "uS", "leak conductance", "positive"),
                "E_L": Parameter(E_L, "mV", "leak reversal potential"),
                "V_r": Parameter(V_r, "mV", "reset potential"),
                "Theta_inf": Parameter(Theta_inf, "mV", "threshold at rest"),
                "Theta_r": Parameter(Theta_r, "mV", "lowest threshold after a spike"),
                "a": Parameter(a, "1/ms", "adaptation of the threshold"),
                "b": Parameter(b, "1/ms", "rebound of the threshold", "positive"),
                "k": Parameter(k, "1/ms", "decay rate of the after-spike current", "positive"),
                "A": Parameter(A, "nA", "after-spike current per spike"),
                "I": Parameter(I, "nA", "input current"),
            }
        ),
    )


@cache
def _equations() -> Equations:
    return equations(
        drift={
            "V": "(-g_L*(V - E_L) + J + I)/C",
            "Theta": "a*(V - E_L) - b*(Theta - Theta_inf)",
            "J": "-k*J",
        },
        threshold="Theta",
        reset={"V": "V_r", "Theta": "Max(Theta_r, Theta)", "J": "J + A"},
        parameters=["C", "g_L", "E_L", "V_r", "Theta_inf", "Theta_r", "a", "b", "k", "A", "I"],
        units={"V": "mV", "Theta": "mV", "J": "nA"},
        domain={"V": (-90.0, -30.0), "Theta": (-70.0, -30.0), "J": (-5.0, 5.0)},
    )
