"""The effect of one unit's micro state on the next macro states of all units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad, check_whole
from causal_snn.kernel.context_law import given_law
from causal_snn.kernel.intervention_range import intervention_range
from causal_snn.kernel.macro_contexts import NAMES, MacroContext, macro_contexts
from causal_snn.kernel.macro_laws import MacroUnit
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models.network import Network
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]
MOST_OUTCOMES = 4096
MOST_ROWS = 50_000_000
"""Entries of the rows up to which a kernel is tabulated (400 MB)."""


class MacroStates(Protocol):
    """What is asked of a partition of all units; `causal_snn.coarse.Partition` is one."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the units."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Macro states of each unit: 2 (off, on) or 3 (quiet, primed, spiking)."""

    @property
    def thresholds(self) -> Floats:
        """Causal threshold of each unit on its score (mV)."""


def macro_effect(
    network: Network,
    partition: MacroStates,
    unit: int | str,
    *,
    contexts: str | ArrayLike | Mapping[str, ArrayLike] = "macro",
    context_law: ArrayLike | None = None,
    cells: int | Sequence[int] | None = None,
    potentials: tuple[float, float] | None = None,
) -> TabulatedKernel:
    """Return P(next macro states of all units | do(micro state of one unit), state of the others).

    Given what every unit sends in this step, the next states of the units are independent, so a
    row is a product. For lif and cuba_lif, in closed form. Below threshold the micro state acts on
    the unit's own factor alone; just spiked, it acts on all.

    Parameters
    ----------
    network : Network
    partition : Partition
        Macro states of all units, in the network's order: `causal_snn.coarse.Partition`, or
        whatever has its `labels`, `sizes` and `thresholds`.
    unit : int or str
    contexts : "macro", array of shape (C, n), or mapping {"v": ..., "i": ...} of such arrays
        ``"macro"``: each macro state of the others in little-endian order, its micro states
        uniform on the declared ranges (a unit that is "on" has just spiked as often as that part
        of its range is large). Else micro states: potentials before reset (mV), at or above
        threshold for just spiked, and currents (nA, default 0); the unit's own column is not read.
    context_law : array, shape (C,), optional
        Law on the contexts; default uniform.
    cells : int or (int, int), optional
        Cells of the potential below threshold, and of the current of cuba_lif; default 200, or
        (60, 40).
    potentials : (float, float), optional
        Declared range of the unit's potentials, see `causal_snn.kernel.intervention_range`.

    Returns
    -------
    TabulatedKernel
        Outcomes are all macro states in little-endian order, named as ``"quiet,primed"``. Cells:
        the potential below threshold (fastest), and last the states that have just spiked. The
        spread of a cell is exact in the potential: total variation of a product is that of the
        one factor that varies (theory/14_two_variables.py V9). No unit is refractory but those
        that have just spiked.

    Raises
    ------
    InputError
        If the partition or the contexts do not fit, or there are too many outcomes.
    """
    k = network.index(unit)
    units = _units(network, partition, k, potentials)
    sizes = tuple(int(size) for size in partition.sizes)
    outcomes = int(np.prod([float(size) for size in sizes]))
    if outcomes > MOST_OUTCOMES:
        raise bad("partition", f"{outcomes:,} macro states", f"at most {MOST_OUTCOMES:,}")
    found = macro_contexts(network, units, k, contexts)
    counts = _cell_counts(units[k], cells)
    if len(found) * (int(np.prod(counts)) + counts[-1]) * outcomes > MOST_ROWS:
        raise bad("cells", cells, f"a table of at most {MOST_ROWS:,} entries", "Take fewer cells.")
    low, high, spiked, edges, mass = _cells(units[k], counts)
    n = low.shape[1]
    laws = _Laws(network, units, k, low, high, spiked)
    rows, spread = np.zeros((len(found), n, outcomes)), np.zeros((len(found), n))
    for c, context in enumerate(found):
        for case, weight in enumerate(context.weights):
            law, keeps = laws.rows(context, case)
            rows[c] += weight * law
            spread[c] += weight * keeps
    rows /= rows.sum(axis=2, keepdims=True)
    count = len(found)
    names = [NAMES[size] for size in sizes]
    two = edges is None
    return TabulatedKernel(
        label=network.labels[k],
        rows=rows,
        spread=spread,
        states=((low + high) / 2.0).T[:, : 2 if two else 1],
        mass=mass,
        inputs=np.arange(count, dtype=float),
        context_law=np.full(count, 1.0 / count)
        if context_law is None
        else given_law(context_law, count),
        coordinates=("v (mV)", "i (nA)") if two else ("v (mV)",),
        edges=edges,
        outcomes=tuple(
            ",".join(names[j][x] for j, x in enumerate(state)) for state in order.states(sizes)
        ),
        effect="next macro state of all units",
        provenance=provenance(
            "closed form of one linear step with Gaussian noise, a product over units",
            contexts=[context.name for context in found],
            context_micro_states="uniform on the declared ranges"
            if isinstance(contexts, str)
            else "given",
            thresholds=np.asarray(partition.thresholds, dtype=float).tolist(),
            dt=float(network.dt),
            just_spiked=int(spiked.sum()),
        ),
    )


def _units(
    network: Network, partition: MacroStates, unit: int, potentials: tuple[float, float] | None
) -> list[MacroUnit]:
    labels, sizes = tuple(partition.labels), tuple(partition.sizes)
    if labels != network.labels:
        raise bad("partition", list(labels), f"one partition for each of {network.labels}")
    if any(size not in NAMES for size in sizes):
        raise bad("partition", list(sizes), "2 or 3 macro states of each unit")
    step = network.step()
    return [
        MacroUnit(
            step.unit(j),
            float(threshold),
            intervention_range(network, j, potentials=potentials if j == unit else None),
            int(size),
        )
        for j, (threshold, size) in enumerate(zip(partition.thresholds, sizes, strict=True))
    ]


def _cell_counts(u: MacroUnit, cells: int | Sequence[int] | None) -> list[int]:
    """Return the numbers of cells of potentials and of currents."""
    flat = u.range.i_low == u.range.i_high
    if cells is None:
        cells = 200 if flat else (60, 40)
    given = [cells] if isinstance(cells, int | np.integer) else list(cells)
    counts = [check_whole("cells", each) for each in given]
    if len(counts) not in (1, 2) or (not flat and len(counts) == 1):
        raise bad("cells", cells, "one number, or one for potentials and one for currents")
    return [counts[0], 1] if flat else counts


def _cells(
    u: MacroUnit, counts: Sequence[int]
) -> tuple[Floats, Floats, NDArray[np.bool_], Floats | None, Floats]:
    """Return boxes (2, n) of potential and current, which have just spiked, edges and mass."""
    r = u.range
    flat = r.i_low == r.i_high
    # an axis needs some width for what has just spiked, also where nothing reaches beyond theta
    top = max(r.v_high, np.nextafter(r.theta, np.inf))
    v = np.append(np.linspace(r.v_low, r.theta, counts[0] + 1), top)
    i = np.array([r.i_low, r.i_low]) if flat else np.linspace(r.i_low, r.i_high, counts[1] + 1)
    n, m = len(v) - 2, len(i) - 1
    low, high = (np.stack([np.tile(v[a : a + n], m), np.repeat(i[a : a + m], n)]) for a in (0, 1))
    fresh = [np.stack([np.full(m, v[n + a]), i[a : a + m]]) for a in (0, 1)]
    low, high = np.concatenate([low, fresh[0]], axis=1), np.concatenate([high, fresh[1]], axis=1)
    spiked = np.arange(low.shape[1]) >= n * m
    area = (high[0] - low[0]) * (1.0 if flat else high[1] - low[1])
    return low, high, spiked, v if flat else None, area / area.sum()


class _Laws:
    """Laws of next cells, each worked out once."""

    def __init__(
        self,
        network: Network,
        units: Sequence[MacroUnit],
        unit: int,
        low: Floats,
        high: Floats,
        spiked: NDArray[np.bool_],
    ) -> None:
        self.weights, self.units, self.unit = network.weights, units, unit
        self.low, self.high, self.spiked = low, high, spiked
        self.known: dict[Any, Any] = {}

    def rows(self, context: MacroContext, case: int) -> tuple[Floats, Floats]:
        """Return rows (n, outcomes) and spreads (n,) in one case of a context."""
        n = self.low.shape[1]
        found = [np.empty((n, u.cells)) for u in self.units]
        spread = np.zeros(n)
        for fresh in (False, True):
            where = self.spiked == fresh
            sent = context.sent[case].copy()
            sent[self.unit] = int(fresh)
            arrives = self.weights @ sent
            for j in range(len(self.units)):
                law, keeps = (
                    self._own(fresh, float(arrives[j]))
                    if j == self.unit
                    else self._other(context, case, j, float(arrives[j]), bool(sent[j]))
                )
                found[j][where] = law
                spread[where] += keeps
        return order.product(found), spread

    def _own(self, fresh: bool, arrives: float) -> tuple[Floats, Floats]:
        key = (fresh, round(arrives, 12))
        if key not in self.known:
            where = self.spiked == fresh
            self.known[key] = self.units[self.unit].boxes(
                self.low[:, where], self.high[:, where], fresh, arrives
            )
        own: tuple[Floats, Floats] = self.known[key]
        return own

    def _other(
        self, context: MacroContext, case: int, j: int, arrives: float, sent: bool
    ) -> tuple[Floats, float]:
        if context.cells is None:
            point = context.points[:, j : j + 1]
            return self.units[j].boxes(point, point, sent, arrives)[0], 0.0
        cell = int(context.cells[case, j])
        key = (j, cell, round(arrives, 12))
        if key not in self.known:
            self.known[key] = self.units[j].average(cell, arrives)
        average: tuple[Floats, float] = self.known[key]
        return average
