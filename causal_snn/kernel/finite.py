"""The effect of a chip neuron's integer potential on its next spike, exactly, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chain.contexts import Contexts, merged
from causal_snn.chips.chain.grid import on_grid
from causal_snn.chips.chain.kernel import ChipKernel, OnChip, kernel
from causal_snn.chips.chain.lanes import Lanes
from causal_snn.chips.chain.limits import MOST_LISTED, MOST_STATES, too_many
from causal_snn.chips.chain.memory import hidden_registers
from causal_snn.chips.chain.monotone import first_where, monotone, unwrapped
from causal_snn.chips.chain.noise import spike_probability
from causal_snn.errors import InputError, bad, check_whole
from causal_snn.kernel.chip_range import declared_range
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LISTED = 1 << 16
"""Register values up to which all are tried, although bisection would do."""
MOST_CONTEXTS = 4096
"""Different inputs for which a table is made."""


def finite(
    mapped: OnChip,
    unit: int | str,
    *,
    inputs: ArrayLike | None = None,
    noise: ArrayLike | str | None = None,
    potentials: tuple[float, float] | None = None,
    hidden: Mapping[str, Any] | None = None,
    context_law: ArrayLike | None = None,
    cells: int = 4096,
    max_states: int = MOST_STATES,
) -> TabulatedKernel:
    """Return P(spike in the next step | do(register), what arrives) of a neuron on a chip.

    The counterpart of `next_spike` in the chip's own arithmetic: `causal_snn.coarse.threshold`
    and `levels` choose thresholds on it, with a certificate about every register value.

    Parameters
    ----------
    mapped : Mapped, or (Chip, Parameters)
    unit : int or str
        The network's unit, by index or label.
    inputs, noise
        As in `causal_snn.chips.tpm`.
    potentials : (float, float), optional
        Declared range (mV), see `intervention_range`. Default: the mapped network's, or the
        whole register. The table ends at the threshold.
    hidden : mapping, optional
        Values of other registers, as ``{"u": 64}``; default at rest.
    context_law : array, shape (C,), optional
        Law on what arrives. Default: every spike pattern of the other neurons (on all delays)
        is as likely; patterns that bring the same are one context.
    cells : int
        Most cells. Neighbouring integers with the same effects are one cell, so that spreads are
        0; only where more different ones are left do cells hold several, with their spread.
    max_states : int
        Most spike patterns, see `kernel`.

    Returns
    -------
    TabulatedKernel
        Cells are runs of integers; the edges between them lie half a register below the least
        integer of a cell, in mV; on a chip of floats the integers are points of a grid. `inputs`
        is what arrives (with the receptors' signs) over the scale: mV on chips on which spikes
        act on the potential.

    Raises
    ------
    InputError
        If the chip is not synchronous, the unit unknown, a register unknown, or there are too
        many contexts or register values.
    """
    plain = kernel(mapped, inputs=inputs, noise=noise, max_states=max_states)
    chain = on_grid(plain)
    k = _index(chain, unit)
    if chain.n != chain.mapped.n:
        raise InputError(
            f"mapped: the network's {chain.mapped.n} units are {chain.n} neurons of "
            f"{chain.mapped.chip.title} (twins, or gathered fan-in), whose spikes are not free of "
            "each other. Use by_hand(chip, parameters), or a chip that takes the network as it is."
        )
    place = int(chain.mapped.place[k])
    found = merged(chain.incoming[place].contexts(without=place, most=max_states))
    if found.n > MOST_CONTEXTS:
        raise bad(
            "unit",
            unit,
            f"a neuron with at most {MOST_CONTEXTS:,} different inputs (here {found.n:,})",
            "Take a part of the network, or sample the chip (causal_snn.chips.run).",
        )
    ends = declared_range(chain, k, potentials)
    table = _Table(chain, k, found, hidden or {})
    starts = table.starts(ends.low, ends.top, check_whole("cells", cells))
    low, high = table.bounds(starts, ends.top)
    scale, rest = float(chain.mapped.scale[k]), float(chain.mapped.rest[k])
    edges = rest + (np.append(starts, ends.top + 1) - 0.5) / scale
    p = (low + high) / 2.0
    size = np.diff(np.append(starts, ends.top + 1))
    return TabulatedKernel(
        label=chain.mapped.labels[k],
        rows=np.stack([1.0 - p, p], axis=2),
        spread=(high - low) / 2.0,
        states=(rest + (starts + (size - 1) / 2.0) / scale)[:, None],
        mass=size / size.sum(),
        inputs=chain.incoming[place].signed(found) / plain.mapped.scale[k],
        context_law=_law(context_law, found),
        edges=edges,
        provenance=provenance(
            "exact law of one step of the chip",
            chip=chain.mapped.chip.title,
            unit=chain.mapped.labels[k],
            effect="own next spike",
            context_count=found.n,
            registers=[ends.low, ends.top],
            cells=len(starts),
            hidden=dict(hidden or {}),
            noise=float(chain.noise[place]),
            inputs=chain.inputs.tolist(),
        ),
    )


class _Table:
    """P(spike) of one neuron over its register and its contexts."""

    def __init__(
        self, chain: ChipKernel, k: int, contexts: Contexts, hidden: Mapping[str, Any]
    ) -> None:
        self.step = chain.steps[int(chain.mapped.place[k])]
        self.contexts = contexts
        self.registers = hidden_registers(chain, int(chain.mapped.place[k]), hidden)
        self.sigma = float(chain.noise[int(chain.mapped.place[k])] * chain.mapped.scale[k])
        if "hold" in self.step.chip.order and self.registers.get("r", 0) > 0:
            self.sigma = 0.0  # a held neuron has no noise
        self.theta = float(self.step.columns["threshold"].item())

    def probability(self, v: Ints, context: Ints) -> Floats:
        """Return P(spike) at register values, each in a context."""
        lanes = self._lanes(v, v, context)
        law = lanes.law(v)
        if self.sigma > 0:
            return spike_probability(law, np.array([self.theta]), self.sigma, len(v))[:, 0]
        total = np.zeros(len(v), dtype=law.weight.dtype)
        np.add.at(total, law.lane, np.where(law.spikes > 0, law.weight, 0))
        return np.asarray((total / law.denominator).astype(float))

    def starts(self, low: int, top: int, cells: int) -> Ints:
        """Return the least integer of each cell."""
        size, contexts = top - low + 1, self.contexts.n
        every = np.arange(contexts)
        lanes = self._lanes(np.full(contexts, low), np.full(contexts, top), every)
        parent, pieces = unwrapped(lanes)
        self.monotone = monotone(pieces, levels=False) and len(parent) == contexts
        if not self.monotone or (size <= min(cells, LISTED) and size * contexts <= MOST_LISTED):
            return self._runs(low, top, cells)
        if self.sigma > 0:
            return np.asarray(low + np.arange(cells) * size // cells)
        marks = self._marks(lanes, low, top)
        return marks if len(marks) <= cells else marks[np.arange(cells) * len(marks) // cells]

    def bounds(self, starts: Ints, top: int) -> tuple[Floats, Floats]:
        """Return least and greatest P(spike) of each cell in each context, (C, n)."""
        stops = np.append(starts[1:], top + 1)
        if self.monotone:
            ends = [self._grid(v) for v in (starts, stops - 1)]
            return np.minimum(*ends), np.maximum(*ends)
        table = self._grid(np.arange(starts[0], top + 1))
        where = starts - starts[0]
        return (
            np.minimum.reduceat(table, where, axis=1),
            np.maximum.reduceat(table, where, axis=1),
        )

    def _lanes(self, low: Ints, high: Ints, context: Ints) -> Lanes:
        return Lanes(
            self.step,
            {name: np.full(len(low), value) for name, value in self.registers.items()},
            {name: x[context] for name, x in self.contexts.arriving.items()},
            low,
            high,
        )

    def _grid(self, v: Ints) -> Floats:
        contexts = self.contexts.n
        if len(v) * contexts > MOST_LISTED:
            raise too_many(self.step.chip.title, len(v) * contexts)
        return np.stack([self.probability(v, np.full(len(v), c)) for c in range(contexts)])

    def _runs(self, low: int, top: int, cells: int) -> Ints:
        """Return where the effects change, from a list of all integers."""
        if (top - low + 1) * self.contexts.n > MOST_LISTED:
            raise too_many(self.step.chip.title, (top - low + 1) * self.contexts.n)
        table = self._grid(np.arange(low, top + 1))
        changes = np.any(np.diff(table, axis=1) != 0, axis=0)
        marks = low + np.append(0, np.flatnonzero(changes) + 1)
        return marks if len(marks) <= cells else marks[np.arange(cells) * len(marks) // cells]

    def _marks(self, lanes: Lanes, low: int, top: int) -> Ints:
        """Return where the effects change, by bisection: spikes possible, spikes certain."""
        n = self.contexts.n

        def some(v: Ints) -> NDArray[np.bool_]:
            return self.probability(v, np.arange(n)) > 0

        def all_(v: Ints) -> NDArray[np.bool_]:
            return self.probability(v, np.arange(n)) >= 1

        possible = first_where(some, lanes.low, lanes.high)
        certain = first_where(all_, lanes.low, lanes.high)
        if int((certain - possible).sum()) > MOST_LISTED:
            raise too_many(self.step.chip.title, int((certain - possible).sum()))
        between = [np.arange(a, b + 1) for a, b in zip(possible, certain, strict=True)]
        marks = np.unique(np.concatenate([[low], *between]))
        return marks[marks <= top]


def _index(chain: ChipKernel, unit: int | str) -> int:
    labels = chain.mapped.labels
    if isinstance(unit, str):
        if unit not in labels:
            raise bad("unit", unit, f"one of {', '.join(map(repr, labels))}, or an index")
        return labels.index(unit)
    if not -len(labels) <= unit < len(labels):
        raise bad("unit", unit, f"an index below {len(labels)}, or one of {labels}")
    return unit % len(labels)


def _law(given: ArrayLike | None, contexts: Contexts) -> Floats:
    if given is None:
        return np.asarray(contexts.patterns / contexts.patterns.sum())
    law = np.asarray(given, dtype=float)
    if law.shape != (contexts.n,):
        raise bad("context_law", f"shape {law.shape}", f"a law on the {contexts.n} contexts")
    return law
