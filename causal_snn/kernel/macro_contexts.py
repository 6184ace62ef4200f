"""Contexts of a macro effect: macro or micro states of the other units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product as every
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.errors import bad
from causal_snn.kernel.macro_laws import SPIKING, MacroUnit
from causal_snn.models.network import Network

Floats = NDArray[np.float64]
NAMES = {2: ("off", "on"), 3: ("quiet", "primed", "spiking")}
"""Names of the macro states of a unit."""


@dataclass(frozen=True, slots=True, eq=False)
class MacroContext:
    """A state of the others: a mixture of cases, in each of which it is known what they send.

    Attributes
    ----------
    name : str
    weights : array, shape (cases,)
        Their law.
    sent : array of int, shape (cases, n)
        Spikes; the unit's own entry is 0.
    cells : array of int, shape (cases, n), or None
        Sub-cell of each unit (quiet, primed, spiking), over which it is averaged.
    points : array, shape (2, n)
        Where `cells` is None: potential (mV) and current (nA) of each unit.
    """

    name: str
    weights: Floats
    sent: NDArray[np.int64]
    cells: NDArray[np.int64] | None
    points: Floats


def macro_contexts(
    network: Network, units: Sequence[MacroUnit], unit: int, contexts: Any
) -> list[MacroContext]:
    """Return the states of the others."""
    if isinstance(contexts, str):
        if contexts != "macro":
            raise bad("contexts", contexts, "'macro', or micro states of shape (C, n)")
        return _macro_states(network, units, unit)
    given = contexts if isinstance(contexts, Mapping) else {"v": contexts}
    unknown = set(given) - {"v", "i"}
    if unknown or "v" not in given:
        raise bad("contexts", sorted(map(str, given)), "potentials 'v', and currents 'i' if any")
    try:
        tables = {name: np.array(value, dtype=float) for name, value in given.items()}
    except (TypeError, ValueError):
        raise bad("contexts", contexts, f"numbers of shape (C, {network.n})") from None
    for name, table in tables.items():
        if table.ndim != 2 or table.shape[1] != network.n or not len(table):
            raise bad(f"contexts[{name!r}]", f"shape {table.shape}", f"shape (C, {network.n})")
        if not np.all(np.isfinite(np.delete(table, unit, axis=1))):
            raise bad(f"contexts[{name!r}]", table.tolist(), "finite numbers")
    v = tables["v"]
    i = tables.get("i", np.zeros_like(v))
    if i.shape != v.shape:
        raise bad("contexts['i']", f"shape {i.shape}", f"shape {v.shape}, as 'v'")
    found = []
    for c in range(len(v)):
        sent = np.array([int(u.step.spikes(x)) for u, x in zip(units, v[c], strict=True)])
        sent[unit] = 0
        name = ", ".join(
            f"{label} {x:g}"
            for j, (label, x) in enumerate(zip(network.labels, v[c], strict=True))
            if j != unit
        )
        found.append(MacroContext(name, np.ones(1), sent[None], None, np.stack([v[c], i[c]])))
    return found


def _macro_states(network: Network, units: Sequence[MacroUnit], unit: int) -> list[MacroContext]:
    sizes = [1 if j == unit else u.cells for j, u in enumerate(units)]
    areas = [u.weights() for u in units]
    found = []
    for state in order.states(sizes):
        parts = []
        for j, x in enumerate(state):
            if j == unit:
                parts.append([(0, 1.0)])
            elif units[j].cells == 2 and x == 1:  # primed, or has just spiked
                on = areas[j][1:] if areas[j][1:].sum() > 0 else np.array([0.0, 1.0])
                parts.append([(1 + s, float(w)) for s, w in enumerate(on / on.sum()) if w > 0])
            else:
                parts.append([(int(x), 1.0)])
        cases = list(every(*parts))
        cells = np.array([[cell for cell, _ in case] for case in cases])
        sent = (cells == SPIKING).astype(np.int64)
        sent[:, unit] = 0
        weights = np.array([np.prod([w for _, w in case]) for case in cases])
        name = ", ".join(
            f"{network.labels[j]} {NAMES[units[j].cells][x]}"
            for j, x in enumerate(state)
            if j != unit
        )
        found.append(MacroContext(name or "no other units", weights, sent, cells, np.zeros((2, 0))))
    return found
