"""The Morris-Lecar neuron."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from causal_snn.models.define import equations
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters, preset

PRESETS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "hopf": {"g_Ca": 4.4, "V3": 2.0, "V4": 30.0, "phi": 0.04},
        "snlc": {"g_Ca": 4.0, "V3": 12.0, "V4": 17.4, "phi": 1 / 15},
        "homoclinic": {"g_Ca": 4.0, "V3": 12.0, "V4": 17.4, "phi": 0.23},
    }
)
"""The three regimes of Rinzel and Ermentrout: how repetitive firing begins."""


def morris_lecar(regime: str = "hopf", /, **parameters: float) -> NeuronModel:
    r"""Return the barnacle muscle fibre of Morris and Lecar, reduced to two variables.

    .. math::
        C \dot V &= I - g_\mathrm{Ca} m_\infty(V)(V - V_\mathrm{Ca}) - g_\mathrm{K} w
            (V - V_\mathrm{K}) - g_\mathrm{L}(V - V_\mathrm{L}) \\
        \dot w &= \phi\,(w_\infty(V) - w)\cosh\frac{V - V_3}{2 V_4}

    with :math:`m_\infty = (1 + \tanh((V - V_1)/V_2))/2` and
    :math:`w_\infty = (1 + \tanh((V - V_3)/V_4))/2`.
    Source: Morris and Lecar, Biophys J 35:193 (1981); parameter sets of Rinzel and Ermentrout,
    in Koch and Segev, Methods in Neuronal Modeling (1998), ch. 7, again in Ermentrout and
    Terman, Mathematical Foundations of Neuroscience (2010), table 3.1, which rounds 1/15 to 0.067.

    Parameters
    ----------
    regime : {"hopf", "snlc", "homoclinic"}
        How firing begins: Hopf, saddle-node on a limit cycle, or saddle homoclinic.
    **parameters
        `C` (uF/cm2), `g_L`, `g_Ca`, `g_K` (mS/cm2), `V_L`, `V_Ca`, `V_K` (mV), `V1` to `V4`
        (mV), `phi` (1/ms), `I` (uA/cm2), in place of the regime's values.

    Returns
    -------
    NeuronModel
        States V (mV) and w.

    Raises
    ------
    InputError
        If a name is unknown, or a value not finite or outside its meaning.
    """
    values = Parameters(
        {
            "C": Parameter(20.0, "uF/cm2", "membrane capacitance", "positive"),
            "g_L": Parameter(2.0, "mS/cm2", "leak conductance", "non-negative"),
            "g_Ca": Parameter(4.4, "mS/cm2", "calcium conductance", "non-negative"),
            "g_K": Parameter(8.0, "mS/cm2", "potassium conductance", "non-negative"),
            "V_L": Parameter(-60.0, "mV", "leak reversal potential"),
            "V_Ca": Parameter(120.0, "mV", "calcium reversal potential"),
            "V_K": Parameter(-84.0, "mV", "potassium reversal potential"),
            "V1": Parameter(-1.2, "mV", "half-activation of calcium"),
            "V2": Parameter(18.0, "mV", "slope of calcium activation", "positive"),
            "V3": Parameter(2.0, "mV", "half-activation of potassium"),
            "V4": Parameter(30.0, "mV", "slope of potassium activation", "positive"),
            "phi": Parameter(0.04, "1/ms", "rate of potassium activation", "positive"),
            "I": Parameter(0.0, "uA/cm2", "applied current"),
        }
    )
    return NeuronModel(
        name="morris_lecar",
        equations=_equations(),
        parameters=values.replace(**preset("regime", regime, PRESETS)).replace(**parameters),
    )


@cache
def _equations() -> Equations:
    return equations(
        drift={
            "V": "(I - g_Ca*(1 + tanh((V - V1)/V2))/2*(V - V_Ca) - g_K*w*(V - V_K)"
            " - g_L*(V - V_L))/C",
            "w": "phi*((1 + tanh((V - V3)/V4))/2 - w)*cosh((V - V3)/(2*V4))",
        },
        parameters=[
            "C",
            "g_L",
            "g_Ca",
            "g_K",
            "V_L",
            "V_Ca",
            "V_K",
            "V1",
            "V2",
            "V3",
            "V4",
            "phi",
            "I",
        ],
        level=0.0,
        units={"V": "mV"},
        domain={"V": (-80.0, 60.0), "w": (0.0, 1.0)},
    )
