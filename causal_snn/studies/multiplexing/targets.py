"""Targets: what is known of PQRS, and the four units that stand in for it here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causal_snn import order
from causal_snn.chips.schedule import Target, target


@dataclass(frozen=True, slots=True)
class Published:
    """Numbers of Findlay, Marshall, Albantakis, David, Mayner, Koch and Tononi.

    "Dissociating Artificial Intelligence from Artificial Consciousness", arXiv:2412.04571. The
    paper itself was not read: the numbers come from its abstract and from public notes by
    others on its full text. Their target's mechanisms are in none of these, so no table here
    is theirs.

    Attributes
    ----------
    state : tuple of int
        pQrS: the second and the fourth unit on.
    phi_s, big_phi : float
        Of the target PQRS in that state (ibit), as printed.
    distinctions, relations : int
    machine_units : int
        Units of the stored-program computer that simulates it.
    micro_steps : int
        Updates of the computer for one of the target.
    machine_phi_s : float
        Of the whole computer (ibit).
    complexes : int
        Complexes into which it falls.
    most_big_phi : float
        No complex of it has more (ibit).
    """

    state: tuple[int, ...] = (0, 1, 0, 1)
    phi_s: float = 1.51
    big_phi: float = 391.25
    distinctions: int = 13
    relations: int = 8184
    machine_units: int = 117
    micro_steps: int = 8
    machine_phi_s: float = 0.0
    complexes: int = 24
    most_big_phi: float = 6.0


FINDLAY = Published()


def stand_in() -> Target:
    """Return four units of our own with phi_s = 1.51 ibit in state 0101, as PQRS has.

    P is on next if exactly one of Q, R, S is; Q if at most one of P, R, S is; R if P and R are
    alike; S unless exactly two of all four are on. Only phi_s agrees with the published target:
    Phi is 240.51 ibit here, from 12 distinctions, and the mechanisms are not the paper's.

    PQRS was sought by its four published numbers (phi_s, Phi, distinctions, relations) among
    deterministic networks in that state, under the formalism of 2023: all networks of counting
    gates (a unit's next state depends on how many units of a set are on: 130 gates for each
    unit), all with any inputs of such gates inverted, and all whose four units have one truth
    table, inputs permuted. Many have phi_s = 1.508, none of these has Phi = 391.25 as well.
    This is the one of largest Phi among the networks of plain counting gates with that phi_s.
    """
    p, q, r, s = order.states((2,) * 4).T
    nexts = [q + r + s == 1, p + r + s <= 1, p == r, p + q + r + s != 2]
    return target(np.stack(nexts, axis=1).astype(float), labels=("P", "Q", "R", "S"))
