"""The quadratic integrate-and-fire neuron, and the theta neuron it becomes on a circle."""

from __future__ import annotations

import math
from functools import cache

from causal_snn.models.define import equations
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def qif(
    *,
    tau: float = 1.0,
    I: float = 0.0,  # noqa: E741
    V_r: float = -100.0,
    v_peak: float = 100.0,
) -> NeuronModel:
    r"""Return the quadratic integrate-and-fire neuron, the normal form of a SNIC.

    .. math:: \tau \dot V = V^2 + I, \qquad V \ge v_\mathrm{peak} \Rightarrow V \leftarrow V_r

    Potential and input are dimensionless; the fold of equilibria is at I = 0.
    Source: Ermentrout and Kopell, SIAM J Appl Math 46:233 (1986); Latham et al., J
    Neurophysiol 83:808 (2000).

    Parameters
    ----------
    tau : float
        Time constant (ms), positive.
    I : float
        Input.
    V_r, v_peak : float
        Reset and spike cutoff, V_r < v_peak. The period tends to pi tau/sqrt(I) as they go to
        minus and plus infinity.

    Returns
    -------
    NeuronModel
        State V.

    Raises
    ------
    InputError
        If a value is not finite or outside its meaning.
    """
    return NeuronModel(
        name="qif",
        equations=_qif(),
        parameters=Parameters(
            {
                "tau": Parameter(tau, "ms", "time constant", "positive"),
                "I": Parameter(I, "1", "input"),
                "V_r": Parameter(V_r, "1", "reset"),
                "v_peak": Parameter(v_peak, "1", "spike cutoff"),
            }
        ),
    )


def theta_neuron(*, tau: float = 1.0, I: float = 0.0) -> NeuronModel:  # noqa: E741
    r"""Return the theta neuron, the QIF neuron on a circle by V = tan(theta/2).

    .. math:: \tau \dot\theta = 1 - \cos\theta + (1 + \cos\theta) I, \qquad
        \theta \ge \pi \Rightarrow \theta \leftarrow \theta - 2\pi

    Its spike at theta = pi is the QIF neuron's V = infinity, so its period is exactly
    pi tau/sqrt(I).
    Source: Ermentrout and Kopell, SIAM J Appl Math 46:233 (1986).

    Parameters
    ----------
    tau : float
        Time constant (ms), positive.
    I : float
        Input.

    Returns
    -------
    NeuronModel
        State theta (rad).

    Raises
    ------
    InputError
        If a value is not finite or tau is not positive.
    """
    return NeuronModel(
        name="theta_neuron",
        equations=_theta(),
        parameters=Parameters(
            {
                "tau": Parameter(tau, "ms", "time constant", "positive"),
                "I": Parameter(I, "1", "input"),
            }
        ),
    )


@cache
def _qif() -> Equations:
    return equations(
        drift={"V": "(V**2 + I)/tau"},
        threshold="v_peak",
        reset={"V": "V_r"},
        parameters=("tau", "I", "V_r", "v_peak"),
        domain={"V": (-10.0, 10.0)},
    )


@cache
def _theta() -> Equations:
    return equations(
        drift={"theta": "(1 - cos(theta) + (1 + cos(theta))*I)/tau"},
        threshold="pi",
        reset={"theta": "theta - 2*pi"},
        parameters=("tau", "I"),
        units={"theta": "rad"},
        domain={"theta": (-math.pi, math.pi)},
    )
