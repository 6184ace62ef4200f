"""The Hodgkin-Huxley neuron of 1952."""

from __future__ import annotations

from functools import cache

from causal_snn.models.define import equations
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def hodgkin_huxley(
    *,
    C: float = 1.0,
    g_Na: float = 120.0,
    g_K: float = 36.0,
    g_L: float = 0.3,
    E_Na: float = 50.0,
    E_K: float = -77.0,
    E_L: float = -54.387,
    I: float = 0.0,  # noqa: E741
    scale_Na: float = 1.0,
    scale_K: float = 1.0,
    scale_L: float = 1.0,
    phi: float = 1.0,
) -> NeuronModel:
    r"""Return the squid axon of Hodgkin and Huxley at 6.3 degrees, rest at -65 mV.

    .. math::
        C \dot V &= I - s_\mathrm{Na} g_\mathrm{Na} m^3 h (V - E_\mathrm{Na})
            - s_\mathrm{K} g_\mathrm{K} n^4 (V - E_\mathrm{K}) - s_\mathrm{L} g_\mathrm{L}(V - E_L)
        \\ \dot x &= \phi\,(\alpha_x(V)(1 - x) - \beta_x(V) x), \qquad x = m, h, n

    with the rates of the 1952 paper, voltages shifted so that rest is at -65 mV; `alpha_m` and
    `alpha_n` are smooth through their removable singularities at -40 and -55 mV.
    Source: Hodgkin and Huxley, J Physiol 117:500 (1952). The default E_L is their 10.613 mV
    above rest; it enters only as g_L E_L, so writing -54.4 instead moves every current by
    0.0039 uA/cm2.

    Parameters
    ----------
    C : float
        Membrane capacitance (uF/cm2), positive.
    g_Na, g_K, g_L : float
        Maximal conductances (mS/cm2), not negative.
    E_Na, E_K, E_L : float
        Reversal potentials (mV).
    I : float
        Applied current (uA/cm2).
    scale_Na, scale_K, scale_L : float
        Fraction of each conductance that is left: below 1 for a drug that blocks the channel or
        a loss-of-function channelopathy, above 1 for a gain of function.
    phi : float
        Factor on all gating rates, 3^((T - 6.3)/10) at T degrees Celsius; positive.

    Returns
    -------
    NeuronModel
        States V (mV), m, h, n.

    Raises
    ------
    InputError
        If a value is not finite or outside its meaning.
    """
    return NeuronModel(
        name="hodgkin_huxley",
        equations=_equations(),
        parameters=Parameters(
            {
                "C": Parameter(C, "uF/cm2", "membrane capacitance", "positive"),
                "g_Na": Parameter(g_Na, "mS/cm2", "sodium conductance", "non-negative"),
                "g_K": Parameter(g_K, "mS/cm2", "potassium conductance", "non-negative"),
                "g_L": Parameter(g_L, "mS/cm2", "leak conductance", "non-negative"),
                "E_Na": Parameter(E_Na, "mV", "sodium reversal potential"),
                "E_K": Parameter(E_K, "mV", "potassium reversal potential"),
                "E_L": Parameter(E_L, "mV", "leak reversal potential"),
                "I": Parameter(I, "uA/cm2", "applied current"),
                "scale_Na": Parameter(scale_Na, "1", "fraction of sodium", "non-negative"),
                "scale_K": Parameter(scale_K, "1", "fraction of potassium", "non-negative"),
                "scale_L": Parameter(scale_L, "1", "fraction of leak", "non-negative"),
                "phi": Parameter(phi, "1", "factor on gating rates", "positive"),
            }
        ),
    )


@cache
def _equations() -> Equations:
    return equations(
        drift={
            "V": "(I - scale_Na*g_Na*m**3*h*(V - E_Na) - scale_K*g_K*n**4*(V - E_K)"
            " - scale_L*g_L*(V - E_L))/C",
            "m": "phi*(linoid((V + 40)/10)*(1 - m) - 4*exp(-(V + 65)/18)*m)",
            "h": "phi*(0.07*exp(-(V + 65)/20)*(1 - h) - h/(1 + exp(-(V + 35)/10)))",
            "n": "phi*(0.1*linoid((V + 55)/10)*(1 - n) - 0.125*exp(-(V + 65)/80)*n)",
        },
        parameters=[
            "C",
            "g_Na",
            "g_K",
            "g_L",
            "E_Na",
            "E_K",
            "E_L",
            "I",
            "scale_Na",
            "scale_K",
            "scale_L",
            "phi",
        ],
        level=0.0,
        units={"V": "mV"},
        domain={"V": (-90.0, 60.0), "m": (0.0, 1.0), "h": (0.0, 1.0), "n": (0.0, 1.0)},
    )
