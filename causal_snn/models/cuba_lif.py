"""The leaky integrate-and-fire neuron with a current-based synapse."""

from __future__ import annotations

from functools import cache
from typing import Any

from causal_snn.errors import bad
from causal_snn.models.convention import convention as as_convention
from causal_snn.models.lif import membrane_parameters, time_constant
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def cuba_lif(
    *,
    tau: float = 20.0,
    tau_syn: float = 5.0,
    R: float = 1.0,
    E: float = -65.0,
    theta: float = -50.0,
    V_reset: float = -65.0,
    V_min: float | None = None,
    **convention: Any,
) -> NeuronModel:
    r"""Return a leaky integrate-and-fire neuron with an exponential synaptic current.

    .. math:: \tau \dot v = E - v + R i + \mathit{drive}, \quad
        \tau_s \dot i = -i, \qquad v \ge \theta \Rightarrow v \leftarrow V_\mathrm{reset}

    A presynaptic spike jumps i by its weight (nA; with the default R = 1 MOhm the number is
    also mV). The current is not reset. The next potential depends on (v, i) only through
    the *causal score* v + (A01/A00) i, A the one-step matrix.
    Source: Vogels and Abbott, J Neurosci 25:10786 (2005), current-based synapses with an
    exponential kernel; NIR's CubaLIF.

    Parameters
    ----------
    tau, tau_syn : float
        Membrane and synaptic time constants (ms), positive.
    R : float
        Membrane resistance (MOhm), positive.
    E, theta, V_reset, V_min : float
        As in `lif` (mV).
    **convention
        Discrete conventions, see `Convention`; `arrival` matters here. With
        ``step="euler"`` and ``arrival="start"`` the step is ``i' = alpha i + c``,
        ``v' = beta v + (dt/tau) R i'``, the order of snnTorch.

    Returns
    -------
    NeuronModel

    Raises
    ------
    InputError
        If a value is not finite, a time constant or R is not positive, or V_reset >= theta.
    """
    if not R > 0:
        raise bad("R", R, "a positive resistance in MOhm")
    parameters = Parameters(
        {
            "tau": time_constant("tau", tau, "membrane time constant"),
            "tau_syn": time_constant("tau_syn", tau_syn, "synaptic time constant"),
            "R": Parameter(R, "MOhm", "membrane resistance", "positive"),
            **membrane_parameters(E, theta, V_reset, V_min),
        }
    )
    return NeuronModel(
        name="cuba_lif",
        equations=_equations(),
        parameters=parameters,
        convention=as_convention("cuba_lif", parameters, convention),
    )


@cache
def _equations() -> Equations:
    import sympy as sp

    v, i, E, tau, tau_syn, R = sp.symbols("v i E tau tau_syn R", real=True)
    drive, theta, v_reset = sp.symbols("drive theta V_reset", real=True)
    return Equations(
        states=(v, i),
        units=("mV", "nA"),
        drift=((E - v + R * i + drive) / tau, -i / tau_syn),
        threshold=theta,
        reset=(v_reset, i),
        synapse=1,
    )
