"""The Izhikevich neuron."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from causal_snn.models.define import equations
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters, preset


def _pattern(a: float, b: float, c: float, d: float) -> dict[str, float]:
    return {"a": a, "b": b, "c": c, "d": d}


PRESETS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "regular_spiking": _pattern(0.02, 0.2, -65.0, 8.0),
        "intrinsically_bursting": _pattern(0.02, 0.2, -55.0, 4.0),
        "chattering": _pattern(0.02, 0.2, -50.0, 2.0),
        "fast_spiking": _pattern(0.1, 0.2, -65.0, 2.0),
        "thalamo_cortical": _pattern(0.02, 0.25, -65.0, 0.05),
        "resonator": _pattern(0.1, 0.26, -65.0, 2.0),
        "low_threshold_spiking": _pattern(0.02, 0.25, -65.0, 2.0),
    }
)
"""The firing patterns of Izhikevich 2003, figure 2."""


def izhikevich(pattern: str = "regular_spiking", /, **parameters: float) -> NeuronModel:
    r"""Return the quadratic neuron with adaptation of Izhikevich.

    .. math:: \dot v = 0.04 v^2 + 5 v + 140 - u + I, \quad \dot u = a (b v - u), \qquad
        v \ge v_\mathrm{peak} \Rightarrow v \leftarrow c,\; u \leftarrow u + d

    Equilibria and their bifurcations do not depend on c, d and v_peak; the reset map does, on
    the cutoff v_peak too (Touboul, SIAM J Appl Dyn Syst 8:1524, 2009).
    Source: Izhikevich, IEEE Trans Neural Netw 14:1569 (2003).

    Parameters
    ----------
    pattern : str
        Firing pattern of the 2003 paper, see `PRESETS`.
    **parameters
        `a` (1/ms), `b`, `c` (mV), `d`, `I`, `v_peak` (mV), in place of the pattern's values.

    Returns
    -------
    NeuronModel
        States v (mV) and u.

    Raises
    ------
    InputError
        If a name is unknown, or a value not finite or outside its meaning.
    """
    values = Parameters(
        {
            "a": Parameter(0.02, "1/ms", "rate of recovery", "positive"),
            "b": Parameter(0.2, "1/ms", "sensitivity of recovery to the potential"),
            "c": Parameter(-65.0, "mV", "reset potential"),
            "d": Parameter(8.0, "mV/ms", "jump of recovery per spike"),
            "I": Parameter(0.0, "mV/ms", "input"),
            "v_peak": Parameter(30.0, "mV", "spike cutoff"),
        }
    )
    return NeuronModel(
        name="izhikevich",
        equations=_equations(),
        parameters=values.replace(**preset("pattern", pattern, PRESETS)).replace(**parameters),
    )


@cache
def _equations() -> Equations:
    return equations(
        drift={"v": "0.04*v**2 + 5*v + 140 - u + I", "u": "a*(b*v - u)"},
        threshold="v_peak",
        reset={"v": "c", "u": "u + d"},
        parameters=["a", "b", "c", "d", "I", "v_peak"],
        units={"v": "mV", "u": "mV/ms"},
        domain={"v": (-90.0, 40.0), "u": (-25.0, 25.0)},
    )
