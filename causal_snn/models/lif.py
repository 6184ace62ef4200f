"""The leaky integrate-and-fire neuron."""

from __future__ import annotations

from functools import cache
from typing import Any

from causal_snn.errors import bad
from causal_snn.models.convention import convention as as_convention
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def lif(
    *,
    tau: float = 20.0,
    E: float = -65.0,
    theta: float = -50.0,
    V_reset: float = -65.0,
    V_min: float | None = None,
    **convention: Any,
) -> NeuronModel:
    r"""Return a leaky integrate-and-fire neuron.

    .. math:: \tau \dot v = E - v + \mathit{drive}, \qquad
        v \ge \theta \Rightarrow v \leftarrow V_\mathrm{reset}

    A presynaptic spike jumps v by its weight (mV). `drive` is R·I (mV), set on the network.
    Source: Lapicque 1907; Gerstner, Kistler, Naud and Paninski, Neuronal Dynamics (2014), ch. 1.

    Parameters
    ----------
    tau : float
        Membrane time constant (ms), positive.
    E : float
        Resting potential (mV).
    theta : float
        Biophysical spike threshold (mV).
    V_reset : float
        Potential after a spike (mV), below `theta`.
    V_min : float, optional
        Lowest potential an intervention may set (mV), as the reversal potential of
        inhibition. Default: 4/3 of theta - V_reset below the lower of `E` and `V_reset`,
        which is -85 mV for the default neuron.
    **convention
        Discrete conventions, see `Convention`: `step`, `reset`, `reset_timing`,
        `input_gain`, `strict_threshold`, `refractory_steps`.

    Returns
    -------
    NeuronModel

    Raises
    ------
    InputError
        If a value is not finite, tau <= 0, or V_reset >= theta.
    """
    parameters = Parameters(
        {
            "tau": time_constant("tau", tau, "membrane time constant"),
            **membrane_parameters(E, theta, V_reset, V_min),
        }
    )
    return NeuronModel(
        name="lif",
        equations=_equations(),
        parameters=parameters,
        convention=as_convention("lif", parameters, convention),
    )


def time_constant(name: str, value: float, meaning: str) -> Parameter:
    """Return a time-constant parameter (ms) after checking that it is positive."""
    if not value > 0:
        raise bad(name, value, "a positive time in ms")
    return Parameter(value, "ms", meaning, "positive")


def membrane_parameters(
    E: float, theta: float, V_reset: float, V_min: float | None
) -> dict[str, Parameter]:
    """Return the potentials that every integrate-and-fire neuron shares."""
    if V_min is None:
        V_min = min(E, V_reset) - 4.0 / 3.0 * (theta - V_reset)
    return {
        "E": Parameter(E, "mV", "resting potential"),
        "theta": Parameter(theta, "mV", "biophysical spike threshold"),
        "V_reset": Parameter(V_reset, "mV", "potential after a spike"),
        "V_min": Parameter(V_min, "mV", "lowest potential an intervention may set"),
    }


@cache
def _equations() -> Equations:
    import sympy as sp

    v, E, tau, drive, theta, v_reset = sp.symbols("v E tau drive theta V_reset", real=True)
    return Equations(
        states=(v,),
        units=("mV",),
        drift=((E - v + drive) / tau,),
        threshold=theta,
        reset=(v_reset,),
        synapse=0,
    )
