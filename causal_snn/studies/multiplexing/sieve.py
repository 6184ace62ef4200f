"""Sieve: which units of a machine can be in one complex at all, from its wiring.

A system whose effects are not strongly connected, its background held at the present state, has
phi_s = 0: cut the connections that do not exist and nothing is lost on the effect side
(theory/20_schedules.py T4). So a complex lies within one set of units that reach one another, and
this goes on within the set, what is outside it being held.
"""

from __future__ import annotations

from collections.abc import Sequence

from causal_snn.chips.schedule import Micro, components

Units = tuple[int, ...]


def groups(micro: Micro, state: Sequence[int]) -> tuple[Units, ...]:
    """Return disjoint sets of units such that every complex lies within one of them.

    Parameters
    ----------
    micro : Micro
    state : sequence of int
        State of all units.

    Returns
    -------
    tuple of tuple of int
        Units in no set are in no complex: alone and without effect on themselves.
    """
    found: list[Units] = []
    waiting: list[Units] = [tuple(range(micro.n))]
    while waiting:
        units = waiting.pop()
        wiring = micro.held(units, state)
        parts = components(wiring)
        if len(parts) == 1:
            if len(units) > 1 or wiring[0, 0]:
                found.append(units)
            continue
        waiting += [tuple(units[k] for k in part) for part in parts]
    return tuple(sorted(found))
