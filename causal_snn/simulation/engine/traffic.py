"""Traffic: spikes on their way to their targets, by matrix products or one event at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from causal_snn.models.network_checks import is_sparse
from causal_snn.simulation.engine.group_lanes import AFTER, BEFORE, GroupLanes
from causal_snn.simulation.engine.program import Op
from causal_snn.simulation.engine.refractory import EventHold, LaneHold
from causal_snn.simulation.engine.synapses import Fan, Projection, fan


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
        self.now = 0

    def targets(self, more: Sequence[str | None]) -> list[str | None]:
        """Return the states that get input from connections, or from elsewhere (`more`)."""
        wanted = dict.fromkeys([*(link.state for link in self.links), *more])
        for state in wanted:
            self.buffers.setdefault(state, np.zeros(self.shape, self.dtype))
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
        fresh = set(self.buffers)
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


class EventTraffic(Traffic):
    """One lane to a row: every spike adds its row of weights to its targets."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.restore_weights()
        self.ring: list[Any] = [np.zeros(0, np.intp)] * self.longest

    def restore_weights(self) -> None:
        """Take the network's own weights."""
        self.fans: list[dict[int, Fan]] = [
            {d: fan(table, self.dtype) for d, table in link.by_delay.items()} for link in self.links
        ]
        self.own: dict[tuple[int, int], Any] = {}  # weights by row, where rows differ

    def direct(self, group: GroupLanes, whens: Any) -> dict[str, list[Op]] | None:
        """Return operations that add events to the states themselves, if one group is all."""
        if len(self.groups) > 1 or not all(isinstance(place, str) for *_, place in whens):
            return None
        ops: dict[str, list[Op]] = {BEFORE: [], AFTER: []}
        states = list(self.buffers)
        for k, link in enumerate(self.links):
            _, state, place = whens[states.index(link.state)]
            ops[place].append(partial(self._send, k, group.states[state].reshape(-1)))
        return ops

    def deliver(self) -> None:
        """Bring what arrives in this step into the buffers."""
        for buffer in self.buffers.values():
            buffer.fill(0)
        for k, link in enumerate(self.links):
            self._send(k, self.buffers[link.state].reshape(-1))

    def _send(self, k: int, into: Any) -> None:
        n = self.shape[1]
        for delay, to in self.fans[k].items():
            spikes = self.ring[(self.now + 1 - delay) % self.longest]
            if not spikes.size:
                continue
            if self.shape[0] > 1 or self.own:
                self._send_rows(k, delay, spikes, into.reshape(-1, n))
            elif to.full:
                into += np.add.reduce(to.weights[spikes])
            else:
                sources = spikes.tolist()
                targets = _joined([to.targets(j) for j in sources])
                weights = to.single
                if weights is None:
                    weights = _joined([to.jumps(j) for j in sources])
                np.add.at(into, targets, weights)

    def _send_rows(self, k: int, delay: int, spikes: Any, into: Any) -> None:
        """Send spikes of many rows, or with weights that differ from row to row."""
        to, own = self.fans[k][delay], self.own.get((k, delay))
        rows, sources = divmod(spikes, self.shape[1])
        if to.full:
            np.add.at(into, rows, to.weights[sources] if own is None else own[rows, sources])
            return
        starts = np.array(to.ends)
        counts = starts[sources + 1] - starts[sources]
        # positions of all their connections: each source's range, one after the other
        first = np.repeat(starts[sources] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        which = first + np.arange(len(first))
        rows = np.repeat(rows, counts)
        weights = to.weights[which] if own is None else own[rows, which]
        np.add.at(into, (rows, to.places[which]), weights)

    def refresh(self) -> None:
        """See anew who has just spiked."""
        self.ring[self.now % self.longest] = self.latest()

    def latest(self) -> Any:
        """Return the flat positions, row * n + place, of the latest spikes, in order of groups."""
        if len(self.groups) == 1:
            return self.holds[0].spikes()
        n, found = self.shape[1], []
        for group, hold in zip(self.groups, self.holds, strict=True):
            rows, places = divmod(hold.spikes(), group.group.size)
            found.append(rows * n + places + group.group.start)
        return np.concatenate(found)

    def start(self, step_number: int) -> None:
        """Begin with the units that have just spiked; nothing else is on its way."""
        self.now = step_number
        self.ring = [np.zeros(0, np.intp)] * self.longest
        self.refresh()

    def cut(self, source: int, target: int, rows: Any) -> None:
        """Take the connections source -> target (places) out, in some rows or all (None)."""
        all_rows = np.arange(self.shape[0]) if rows is None else rows
        for k, fans in enumerate(self.fans):
            for delay, to in fans.items():
                if (k, delay) not in self.own:  # weights of its own for every row
                    self.own[k, delay] = np.repeat(to.weights[None], self.shape[0], axis=0)
                own = self.own[k, delay]
                if to.full:
                    own[all_rows, source, target] = 0
                else:
                    hit = to.ends[source] + np.flatnonzero(to.targets(source) == target)
                    own[np.ix_(np.atleast_1d(all_rows), hit)] = 0

    def save(self, step_number: int) -> dict[str, Any]:
        """Return copies of the spikes on their way, the latest first."""
        order = [(step_number - back) % self.longest for back in range(self.longest)]
        lengths = np.array([self.ring[k].size for k in order])
        return {"ring": np.concatenate([self.ring[k] for k in order]), "lengths": lengths}

    def load(self, saved: dict[str, Any], step_number: int) -> None:
        """Put back what `save` gave."""
        self.now = step_number
        pieces = np.split(saved["ring"], np.cumsum(saved["lengths"])[:-1])
        for back, spikes in enumerate(pieces):
            self.ring[(step_number - back) % self.longest] = spikes


def _joined(pieces: list[Any]) -> Any:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
