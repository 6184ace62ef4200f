"""The adaptive exponential integrate-and-fire neuron."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from causal_snn.models.define import equations
from causal_snn.models.eif import exponential_membrane
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters, preset


def _pattern(
    C: float,
    g_L: float,
    E_L: float,
    a: float,
    tau_w: float,
    b: float,
    V_r: float,
    I: float,  # noqa: E741
) -> dict[str, float]:
    return {
        **{"C": C, "g_L": g_L, "E_L": E_L, "V_T": -50.0, "Delta_T": 2.0},
        **{"a": a, "tau_w": tau_w, "b": b, "V_r": V_r, "I": I, "v_peak": 0.0},
    }


PRESETS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "brette_gerstner": {},
        "tonic": _pattern(200, 10, -70, 2, 30, 0, -58, 500),
        "adapting": _pattern(200, 12, -70, 2, 300, 60, -58, 500),
        "initial_burst": _pattern(130, 18, -58, 4, 150, 120, -50, 400),
        "regular_bursting": _pattern(200, 10, -58, 2, 120, 100, -46, 210),
        "delayed_accelerating": _pattern(200, 12, -70, -10, 300, 0, -58, 300),
        "delayed_regular_bursting": _pattern(100, 10, -65, -10, 90, 30, -47, 110),
        "transient": _pattern(100, 10, -65, 10, 90, 100, -47, 180),
        "irregular": _pattern(100, 12, -60, -11, 130, 30, -48, 160),
    }
)
"""Parameter sets: Brette and Gerstner 2005, and the firing patterns of Naud et al. 2008.

`delayed_regular_bursting` and `transient` are P. Mueller's corrections, as in Brian2's example of
the 2008 paper: with the values that are quoted from its table 1 (a = -6 nS, I = 110 pA and
a = -10 nS, b = 30 pA, I = 350 pA) the neuron never fires and fires for ever.
`irregular` is so for its first second; integrated accurately it ends in a cycle of ten intervals.
"""


def adex(pattern: str = "brette_gerstner", /, **parameters: float) -> NeuronModel:
    r"""Return the adaptive exponential integrate-and-fire neuron.

    .. math::
        C \dot V &= -g_L (V - E_L) + g_L \Delta_T e^{(V - V_T)/\Delta_T} - w + I \\
        \tau_w \dot w &= a (V - E_L) - w \\
        V &\ge v_\mathrm{peak} \Rightarrow V \leftarrow V_r,\; w \leftarrow w + b

    Source: Brette and Gerstner, J Neurophysiol 94:3637 (2005); firing patterns of Naud,
    Marcille, Clopath and Gerstner, Biol Cybern 99:335 (2008), started from V = E_L, w = 0.

    Parameters
    ----------
    pattern : str
        Parameter set, see `PRESETS`. Those of Naud et al. include the current step I.
    **parameters
        `C` (pF), `g_L` (nS), `E_L`, `V_T`, `Delta_T` (mV), `a` (nS), `tau_w` (ms), `b` (pA),
        `V_r` (mV), `I` (pA), `v_peak` (mV), in place of the set's values.

    Returns
    -------
    NeuronModel
        States V (mV) and w (pA).

    Raises
    ------
    InputError
        If a name is unknown, or a value not finite or outside its meaning.
    """
    values = Parameters(
        {
            **exponential_membrane(281.0, 30.0, -70.6, -50.4, 2.0),
            "a": Parameter(4.0, "nS", "subthreshold adaptation"),
            "tau_w": Parameter(144.0, "ms", "time constant of adaptation", "positive"),
            "b": Parameter(80.5, "pA", "jump of adaptation per spike"),
            "V_r": Parameter(-70.6, "mV", "reset potential"),
            "I": Parameter(0.0, "pA", "input current"),
            "v_peak": Parameter(20.0, "mV", "spike cutoff"),
        }
    )
    return NeuronModel(
        name="adex",
        equations=_equations(),
        parameters=values.replace(**preset("pattern", pattern, PRESETS)).replace(**parameters),
    )


@cache
def _equations() -> Equations:
    return equations(
        drift={
            "V": "(-g_L*(V - E_L) + g_L*Delta_T*exp((V - V_T)/Delta_T) - w + I)/C",
            "w": "(a*(V - E_L) - w)/tau_w",
        },
        threshold="v_peak",
        reset={"V": "V_r", "w": "w + b"},
        parameters=["C", "g_L", "E_L", "V_T", "Delta_T", "a", "tau_w", "b", "V_r", "I", "v_peak"],
        units={"V": "mV", "w": "pA"},
        domain={"V": (-90.0, -30.0), "w": (-200.0, 600.0)},
    )
