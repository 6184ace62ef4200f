"""The FitzHugh-Nagumo neuron."""

from __future__ import annotations

from functools import cache

from causal_snn.models.define import equations
from causal_snn.models.neuron import Equations, NeuronModel
from causal_snn.models.parameters import Parameter, Parameters


def fitzhugh_nagumo(
    *,
    a: float = 0.7,
    b: float = 0.8,
    epsilon: float = 0.08,
    I: float = 0.0,  # noqa: E741
) -> NeuronModel:
    r"""Return the FitzHugh-Nagumo neuron.

    .. math:: \dot v = v - v^3/3 - w + I, \qquad \dot w = \epsilon\,(v + a - b w)

    All quantities are dimensionless; time is counted as ms.
    Source: FitzHugh, Biophys J 1:445 (1961); Nagumo, Arimoto and Yoshizawa, Proc IRE 50:2061
    (1962). FitzHugh's a and b; for epsilon he has 1/c^2 = 1/9, the default is the value
    that became customary.

    Parameters
    ----------
    a, b : float
        Offset and slope of the recovery nullcline.
    epsilon : float
        Rate of recovery, positive.
    I : float
        Input.

    Returns
    -------
    NeuronModel
        States v and w.

    Raises
    ------
    InputError
        If a value is not finite or epsilon is not positive.
    """
    return NeuronModel(
        name="fitzhugh_nagumo",
        equations=_equations(),
        parameters=Parameters(
            {
                "a": Parameter(a, "1", "offset of recovery"),
                "b": Parameter(b, "1", "slope of recovery"),
                "epsilon": Parameter(epsilon, "1", "rate of recovery", "positive"),
                "I": Parameter(I, "1", "input"),
            }
        ),
    )


@cache
def _equations() -> Equations:
    return equations(
        drift={"v": "v - v**3/3 - w + I", "w": "epsilon*(v + a - b*w)"},
        parameters=("a", "b", "epsilon", "I"),
        level=1.0,
        domain={"v": (-2.5, 2.5), "w": (-1.5, 2.5)},
    )
