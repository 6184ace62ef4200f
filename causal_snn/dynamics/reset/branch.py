"""ResetBranch: orbits of a reset map along one parameter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.special import SpecialPoints
from causal_snn.models.neuron import NeuronModel


@dataclass(frozen=True, slots=True, eq=False)
class ResetBranch:
    """Orbits of k spikes of a reset map along one parameter; N points.

    Attributes
    ----------
    model : NeuronModel
        The neuron, with the parameter at the branch's start.
    parameter : str
        Name of the continued parameter.
    state : str
        Name of the adaptation variable.
    values : array, shape (N,)
        Parameter values.
    states : array, shape (N, k)
        Adaptation after each spike.
    isi : array, shape (N, k)
        Time from each spike to the next (ms).
    multipliers : array, shape (N,)
        Derivative of Phi^k.
    stable : array of bool, shape (N,)
        ``|multiplier| < 1``.
    special : SpecialPoints
        PD (multiplier -1), LP (fold, +1), BP (+1 without a fold), and where the branch ends at
        an edge of Phi: BC, HC or SNIC, see `continue_reset_map`. `state` is the orbit's w,
        `eigenvalues` its multiplier, `period` the time of one round.
    stopped : (str, str)
        Why the branch begins and ends where it does.
    provenance : dict
    """

    model: NeuronModel
    parameter: str
    state: str
    values: Floats
    states: Floats
    isi: Floats
    multipliers: Floats
    special: SpecialPoints
    stopped: tuple[str, str]
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def stable(self) -> Any:
        """Where the orbit is stable, shape (N,)."""
        return np.abs(self.multipliers) < 1.0

    @property
    def spikes(self) -> int:
        """Number of spikes of one round, k."""
        return int(self.states.shape[1])

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        names = ", ".join(map(repr, self.special)) or "no special points"
        return (
            f"<{len(self)} orbits of {self.spikes} spikes in {self.parameter}; {names}; "
            f"{self.stopped[1]}>"
        )
