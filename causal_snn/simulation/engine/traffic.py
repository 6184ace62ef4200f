"""Traffic: spikes on their way to their targets; here by matrix products, for lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from causal_snn.models.network_checks import is_sparse
from causal_snn.simulation.engine.group_lanes import GroupLanes
from causal_snn.simulation.engine.refractory import EventHold, LaneHold
from causal_snn.simulation.engine.synapses import Projection


class Traffic:
    """What both kinds share: a buffer for what arrives at each state."""

    def __init__(
        self,
        groups: Sequence[GroupLanes],
        holds: Sequence[LaneHold | EventHold],
        links: Sequence[Projection],
        longest: int,
        shape: tuple[int, int, int],
        dtype: Any,
    ) -> None:
        self.groups, self.holds = groups, holds
        self.links, self.longest = links, longest
        self.shape, self.dtype = shape, dtype
        self.buffers: dict[str | None, Any] = {}
        self.poured: tuple[str, ...] = ()
        self.stack = np.zeros((0, *shape), dtype)
        self.now = 0

    def pour(self, states: Sequence[str], into: Any) -> None:
        """Let what arrives at some states be added to a buffer that another fills."""
        self.poured = tuple(states)
        self.buffers |= dict.fromkeys(states, into)

    def targets(self, more: Sequence[str | None]) -> list[str | None]:
        """Return the states that get input from connections, or from elsewhere (`more`)."""
        wanted = dict.fromkeys([*(link.state for link in self.links), *more])
        if any(state not in self.buffers for state in wanted):
            own = [state for state in wanted if state not in self.poured]
            self.stack = np.zeros((len(own), *self.shape), self.dtype)
            self.buffers |= dict(zip(own, self.stack, strict=True))
        return list(wanted)

    def latest(self) -> Any:
        """Return the flat positions, row * n + place, of the latest spikes; events only."""
        raise NotImplementedError

    def refresh(self) -> None:
        """See anew who has just spiked."""
        raise NotImplementedError

    def collect(self) -> None:
        """Send the spikes of this step on their way."""
        self.now += 1
        self.refresh()

    def arrived(self, state: str | None, span: slice) -> Any:
        """Return the buffer of what arrives at a state of some units."""
        return self.buffers[state][:, span]


class DenseTraffic(Traffic):
    """Many lanes to a row: input = W s, one matrix product for each delay."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.restore_weights()
        self.ring = np.zeros((self.longest, *self.shape), self.dtype)
        self.product = np.zeros(self.shape, self.dtype)

    def restore_weights(self) -> None:
        """Take the network's own weights."""
        self.tables = [
            {d: self._dense(table) for d, table in link.by_delay.items()} for link in self.links
        ]

    def _dense(self, table: Any) -> Any:
        array = table.toarray() if is_sparse(table) else table
        return np.array(array, dtype=self.dtype, order="C")

    def direct(self, group: GroupLanes, whens: Any) -> None:
        """Lanes always go through the buffers."""

    def deliver(self) -> None:
        """Bring what arrives in this step into the buffers."""
        fresh = set(self.buffers) - set(self.poured)
        for link, tables in zip(self.links, self.tables, strict=True):
            buffer = self.buffers[link.state]
            for delay, table in tables.items():
                spikes = self.ring[(self.now + 1 - delay) % self.longest]
                if link.state in fresh:
                    np.matmul(table, spikes, out=buffer)
                    fresh.discard(link.state)
                else:
                    np.matmul(table, spikes, out=self.product)
                    np.add(buffer, self.product, out=buffer)
        for state in fresh:
            self.buffers[state].fill(0)

    def refresh(self) -> None:
        """See anew who has just spiked."""
        slot = self.ring[self.now % self.longest]
        for group in self.groups:
            np.copyto(slot[:, group.group.span], group.spiked)

    def start(self, step_number: int) -> None:
        """Begin with the units that have just spiked; nothing else is on its way."""
        self.now = step_number
        self.ring.fill(0)
        self.refresh()

    def cut(self, source: int, target: int, rows: Any) -> None:
        """Take the connections source -> target (places) out, in some rows or all (None)."""
        for tables in self.tables:
            for delay, table in tables.items():
                if rows is None:
                    table[..., target, source] = 0
                else:
                    if table.ndim == 2:
                        tables[delay] = np.repeat(table[None], self.shape[0], axis=0)
                    tables[delay][rows, target, source] = 0

    def save(self, step_number: int) -> dict[str, Any]:
        """Return copies of the spikes on their way, the latest first."""
        order = [(step_number - back) % self.longest for back in range(self.longest)]
        return {"ring": self.ring[order].astype(bool)}

    def load(self, saved: dict[str, Any], step_number: int) -> None:
        """Put back what `save` gave."""
        self.now = step_number
        for back, spikes in enumerate(saved["ring"]):
            self.ring[(step_number - back) % self.longest] = spikes
