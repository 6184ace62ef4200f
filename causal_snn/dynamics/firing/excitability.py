"""excitability: whether a neuron begins to fire arbitrarily slowly or with a jump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Literal

import numpy as np

from causal_snn.dynamics.field import field
from causal_snn.dynamics.firing.firing import firing_rate
from causal_snn.dynamics.firing.rest_end import current_scale
from causal_snn.dynamics.firing.rheobase import Rheobase, rheobase
from causal_snn.errors import InputError
from causal_snn.models.neuron import NeuronModel
from causal_snn.provenance import provenance

ABOVE = (1e-3, 1e-5)
"""Currents above the onset at which rates are measured, as fractions of the current's scale."""
SLOWS = 0.5
"""The rate falls below this part of itself from the first to the second: it comes from 0."""
LONGEST = 1e6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Excitability:
    """How a neuron begins to fire as its current rises slowly, and how it stops again.

    Attributes
    ----------
    onset : {1, 2}
        Hodgkin's class of excitability: 1 if firing begins at arbitrarily low rates, 2 if it
        begins with a jump.
    offset : {1, 2}
        The class of spiking: the same for the end of firing as the current falls again. It may
        differ from `onset` where the neuron is bistable.
    bifurcation : str
        How rest ends: ``"saddle-node on an invariant circle"``, ``"saddle-node off the
        cycle"``, ``"subcritical Hopf"``, ``"supercritical Hopf"`` or ``"threshold"``.
    resonator : bool
        Whether rest ends in a Hopf bifurcation, with subthreshold oscillations before it; else
        the neuron is an integrator.
    bistable : bool
        Whether rest and firing coexist at some currents.
    currents : tuple of float
        Currents just above the onset.
    rates : tuple of float
        Steady rates there (Hz), the evidence for `onset`.
    rheobase : Rheobase
        Where firing begins and ends.
    reason : str
        The verdict in words.
    provenance : mapping
        How it was computed.
    """

    onset: Literal[1, 2]
    offset: Literal[1, 2]
    bifurcation: str
    resonator: bool
    bistable: bool
    currents: tuple[float, ...]
    rates: tuple[float, ...]
    rheobase: Rheobase
    reason: str
    provenance: Mapping[str, Any] = attribute(repr=False)

    @property
    def hodgkin_class(self) -> Literal["I", "II"]:
        """The class of `onset` as a Roman numeral."""
        return "I" if self.onset == 1 else "II"


def excitability(model: NeuronModel, *, progress: bool = False, **params: float) -> Excitability:
    """Return the class of a neuron's excitability, with the bifurcation behind it.

    Rest ends in a saddle-node, in a Hopf bifurcation, or at the threshold. A Hopf bifurcation
    makes class 2. At a saddle-node the cycle either passes the place where rest was (on an
    invariant circle: class 1, the rate grows from 0 as the square root of the distance) or not
    (class 2); the rates just above tell which. At a threshold the interval grows without bound,
    as a logarithm: class 1. Class and type of firing are not the same for a bistable neuron:
    one whose cycle ends at a saddle is of class 2 when the current rises and fires ever more
    slowly when it falls.
    Source: Hodgkin, J Physiol 107:165 (1948); Rinzel and Ermentrout, in Koch and Segev, Methods
    in Neuronal Modeling (1998), ch. 7; Izhikevich, Dynamical Systems in Neuroscience (2007),
    sec. 7.1 and 7.2.

    Parameters
    ----------
    model : NeuronModel
        The neuron.
    progress : bool
        Whether a sign of life may appear on stderr.
    **params
        Parameter values to change.

    Returns
    -------
    Excitability

    Raises
    ------
    InputError
        If a parameter is unknown, rest never ends, the neuron never fires, or it fires only
        at currents at which it can also rest, so that firing never begins by the end of rest.
    """
    found = rheobase(model, progress=progress, **params)
    _check_fires(found)
    scale = current_scale(field(found.model), found.from_rest)
    currents = tuple(found.from_rest + part * scale for part in ABOVE)
    rates = _just_above(found, currents, progress)
    if not any(rates) and found.end != "with rest":
        raise InputError(
            f"{found.model.name}: {found.reason}. No firing follows where rest ends (it goes to "
            "another rest), so that its onset has no class; see rheobase for where firing is."
        )
    bifurcation, onset = _verdict(found, rates)
    offset = _offset(found, onset)
    slow = "comes from 0" if onset == 1 else "begins with a jump"
    reason = (
        f"{bifurcation} at {found.input} = {found.from_rest:.8g}: the rate {slow} "
        f"({rates[0]:.4g} Hz at {currents[0]:.8g}, {rates[1]:.4g} Hz at {currents[1]:.8g}); "
        f"{found.reason.split('; ')[1]}"
    )
    return Excitability(
        onset=onset,
        offset=offset,
        bifurcation=bifurcation,
        resonator=found.loss == "Hopf",
        bistable=found.bistable,
        currents=currents,
        rates=rates,
        rheobase=found,
        reason=reason,
        provenance=provenance(
            "class of excitability by the bifurcation of rest", above=list(ABOVE)
        ),
    )


def _check_fires(found: Rheobase) -> None:
    if not np.isfinite(found.from_rest) or found.sustained == np.inf:
        raise InputError(
            f"{found.model.name}: {found.reason}. The class of excitability is that of a neuron "
            "that rests at some currents and fires at others: change a parameter."
        )


def _just_above(found: Rheobase, currents: tuple[float, ...], progress: bool) -> tuple[float, ...]:
    """Return the steady rates at currents that follow a slow rise to the end of rest."""
    scale = currents[0] - found.from_rest
    result = firing_rate(
        found.model,
        currents,
        holding=found.from_rest - scale,
        longest=LONGEST,
        progress=progress,
    )
    return tuple(float(rate) for rate in result.rate)


def _verdict(found: Rheobase, rates: tuple[float, ...]) -> tuple[str, Literal[1, 2]]:
    if found.loss == "threshold":
        return "threshold", 1
    if found.loss == "Hopf":
        kind = found.point.criticality if found.point is not None else ""
        return f"{kind} Hopf".strip(), 2
    if rates[1] < SLOWS * rates[0] or not any(rates):
        return "saddle-node on an invariant circle", 1
    return "saddle-node off the cycle", 2


def _offset(found: Rheobase, onset: Literal[1, 2]) -> Literal[1, 2]:
    """Return the class of spiking by how firing ends."""
    if found.end == "with rest":
        return onset
    return 2 if found.end in ("fold of cycles", "period doubling") else 1
