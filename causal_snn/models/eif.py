"""The exponential integrate-and-fire neuron."""

from __future__ import annotations

from functools import cache

from causal_snn.models.define import equations
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def eif(
    *,
    C: float = 281.0,
    g_L: float = 30.0,
    E_L: float = -70.6,
    V_T: float = -50.4,
    Delta_T: float = 2.0,
    V_r: float = -70.6,
    I: float = 0.0,  # noqa: E741
    v_peak: float = 20.0,
) -> NeuronModel:
    r"""Return the exponential integrate-and-fire neuron.

    .. math:: C \dot V = -g_L (V - E_L) + g_L \Delta_T e^{(V - V_T)/\Delta_T} + I, \qquad
        V \ge v_\mathrm{peak} \Rightarrow V \leftarrow V_r

    Its rheobase is g_L (V_T - E_L - Delta_T). The same neuron as `adex` without adaptation.
    Source: Fourcaud-Trocme, Hansel, van Vreeswijk and Brunel, J Neurosci 23:11628 (2003).

    Parameters
    ----------
    C : float
        Membrane capacitance (pF), positive.
    g_L : float
        Leak conductance (nS), positive.
    E_L, V_T : float
        Leak reversal and threshold potential (mV).
    Delta_T : float
        Slope factor (mV), positive.
    V_r, v_peak : float
        Reset and spike cutoff (mV), V_r < v_peak.
    I : float
        Input current (pA).

    Returns
    -------
    NeuronModel
        State V (mV).

    Raises
    ------
    InputError
        If a value is not finite or outside its meaning.
    """
    return NeuronModel(
        name="eif",
        equations=_equations(),
        parameters=Parameters(
            {
                **exponential_membrane(C, g_L, E_L, V_T, Delta_T),
                "V_r": Parameter(V_r, "mV", "reset potential"),
                "I": Parameter(I, "pA", "input current"),
                "v_peak": Parameter(v_peak, "mV", "spike cutoff"),
            }
        ),
    )


def exponential_membrane(
    C: float, g_L: float, E_L: float, V_T: float, Delta_T: float
) -> dict[str, Parameter]:
    """Return the membrane parameters that `eif` and `adex` share."""
    return {
        "C": Parameter(C, "pF", "membrane capacitance", "positive"),
        "g_L": Parameter(g_L, "nS", "leak conductance", "positive"),
        "E_L": Parameter(E_L, "mV", "leak reversal potential"),
        "V_T": Parameter(V_T, "mV", "threshold potential"),
        "Delta_T": Parameter(Delta_T, "mV", "slope factor", "positive"),
    }


@cache
def _equations() -> Equations:
    return equations(
        drift={"V": "(-g_L*(V - E_L) + g_L*Delta_T*exp((V - V_T)/Delta_T) + I)/C"},
        threshold="v_peak",
        reset={"V": "V_r"},
        parameters=["C", "g_L", "E_L", "V_T", "Delta_T", "V_r", "I", "v_peak"],
        units={"V": "mV"},
        domain={"V": (-90.0, -30.0)},
    )
