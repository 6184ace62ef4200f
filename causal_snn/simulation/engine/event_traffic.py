"""Traffic by events: every spike adds its row of weights to its targets, for single runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.simulation.engine.group_lanes import AFTER, BEFORE, GroupLanes
from causal_snn.simulation.engine.program import Op
from causal_snn.simulation.engine.synapses import Fan, fan, full_fan, is_full
from causal_snn.simulation.engine.traffic import Traffic

FEW = 4
"""Spikes up to which it is quicker to send them one by one."""
NOBODY: NDArray[np.intp] = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """Where a projection (its number is `link`) adds to: a flat array, from an offset on."""

    link: int
    array: Any
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """What goes one way: connections of one delay into one flat array.

    Attributes
    ----------
    delay : int
    into : array
        Where the connections of all projections of this way add to, if there is a single row.
    fan : Fan
        These connections.
    parts : tuple of (int, array)
        The projections, and where each of them adds to, row after row.
    """

    delay: int
    into: Any
    fan: Fan
    parts: tuple[tuple[int, Any], ...]


class EventTraffic(Traffic):
    """One lane to a row: every spike adds its row of weights to its targets."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ring: list[Any] = [NOBODY] * self.longest
        self.fans: dict[Any, Fan] = {}
        self.own: dict[tuple[int, int], Any] = {}  # weights by row, where rows differ
        self.buffered: tuple[Route, ...] | None = None
        self.full = {
            (k, delay)
            for k, link in enumerate(self.links)
            for delay, table in link.by_delay.items()
            if is_full(table)
        }

    def restore_weights(self) -> None:
        """Take the network's own weights."""
        self.own.clear()

    # --- ways

    def direct(self, group: GroupLanes, whens: Any) -> dict[str, list[Op]] | None:
        """Return operations that add events to the states themselves, if one group is all."""
        if len(self.groups) > 1 or not all(isinstance(place, str) for *_, place in whens):
            return None
        return {
            when: [partial(self.send, routes)] if routes else []
            for when, routes in self.direct_routes(group, whens).items()
        }

    def direct_routes(self, group: GroupLanes, whens: Any) -> dict[str, tuple[Route, ...]]:
        """Return the ways to the states of a group, by when what arrives is added."""
        states, size = list(self.buffers), group.states[0].size
        into = group.block.reshape(-1)
        homes: dict[str, list[Home]] = {BEFORE: [], AFTER: []}
        for k, link in enumerate(self.links):
            _, state, when = whens[states.index(link.state)]
            homes[when].append(Home(k, into, state * size))
        return {when: self.routes(each) for when, each in homes.items()}

    def deliver(self) -> None:
        """Bring what arrives in this step into the buffers."""
        if self.buffered is None:
            self.buffered = self.routes(self._buffer_homes())
        if self.stack.size:
            self.stack.fill(0)
        self.send(self.buffered)

    def _buffer_homes(self) -> list[Home]:
        own = [state for state in self.buffers if state not in self.poured]
        size, stack = int(np.prod(self.shape)), self.stack.reshape(-1)
        return [
            Home(k, self.buffers[link.state].reshape(-1), 0)
            if link.state in self.poured
            else Home(k, stack, own.index(link.state) * size)
            for k, link in enumerate(self.links)
        ]

    def routes(self, homes: Sequence[Home]) -> tuple[Route, ...]:
        """Return the ways of some projections: as few as there can be.

        Those of one delay that add to different parts of one array go together. Full tables go
        alone, many rows do, and so does what is added where another projection adds already.
        """
        together: dict[Any, list[Home]] = {}
        for home in homes:
            for delay in self.links[home.link].by_delay:
                key: Any = (delay, id(home.array))
                taken = any(home.offset == other.offset for other in together.get(key, ()))
                if self.shape[0] > 1 or (home.link, delay) in self.full or taken:
                    key = (*key, home.link)
                together.setdefault(key, []).append(home)
        return tuple(self._route(delay, some) for (delay, *_), some in together.items())

    def _route(self, delay: int, homes: Sequence[Home]) -> Route:
        first, size = min(home.offset for home in homes), int(np.prod(self.shape))
        return Route(
            delay=delay,
            into=homes[0].array[first:],
            fan=self._fan(delay, [(home.link, home.offset - first) for home in homes]),
            parts=tuple((home.link, home.array[home.offset :][:size]) for home in homes),
        )

    def _fan(self, delay: int, links: Sequence[tuple[int, int]]) -> Fan:
        """Return what units send over some projections, each from an offset on."""
        key = (delay, *links)
        if key not in self.fans:
            tables = [self.links[k].by_delay[delay] for k, _ in links]
            if (links[0][0], delay) in self.full:
                self.fans[key] = full_fan(tables[0], self.dtype)
            else:
                self.fans[key] = fan(tables, [offset for _, offset in links], self.dtype)
        return self.fans[key]

    # --- sending

    def send(self, routes: Sequence[Route]) -> None:
        """Add what arrives in this step."""
        for route in routes:
            spikes = self.ring[(self.now + 1 - route.delay) % self.longest]
            if not spikes.size:
                continue
            if self.shape[0] > 1 or self.own:
                for k, into in route.parts:
                    self._send_rows(k, route.delay, spikes, into)
                continue
            to, into = route.fan, route.into
            if to.full:
                row = into[: self.shape[1]]
                row += np.add.reduce(to.weights.take(spikes, axis=0))
            elif spikes.size <= FEW:
                for source in spikes.tolist():
                    into[to.targets[source]] += to.jumps[source]
            else:
                sources = spikes.tolist()
                targets = np.concatenate([to.targets[source] for source in sources])
                spans = [slice(to.ends[source], to.ends[source + 1]) for source in sources]
                np.add.at(into, targets, np.concatenate([to.weights[span] for span in spans]))

    def _send_rows(self, k: int, delay: int, spikes: Any, into: Any) -> None:
        """Send spikes of many rows, or with weights that differ from row to row."""
        to, own = self._fan(delay, [(k, 0)]), self.own.get((k, delay))
        n = self.shape[1]
        rows, sources = divmod(spikes, n)
        if to.full:
            order = np.argsort(rows, kind="stable")
            for where in np.split(order, np.flatnonzero(np.diff(rows[order])) + 1):
                row = rows[where[0]]
                table = to.weights if own is None else own[row]
                into.reshape(-1, n)[row] += np.add.reduce(table.take(sources[where], axis=0))
            return
        starts = np.array(to.ends)
        counts = starts[sources + 1] - starts[sources]
        # positions of all their connections: each source's range, one after the other
        first = np.repeat(starts[sources] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        which = first + np.arange(len(first))
        rows = np.repeat(rows, counts)
        weights = to.weights[which] if own is None else own[rows, which]
        np.add.at(into, rows * n + to.places[which], weights)

    def cut(self, source: int, target: int, rows: Any) -> None:
        """Take the connections source -> target (places) out, in some rows or all (None)."""
        some = np.arange(self.shape[0]) if rows is None else np.atleast_1d(rows)
        for k, link in enumerate(self.links):
            for delay in link.by_delay:
                to = self._fan(delay, [(k, 0)])
                if (k, delay) not in self.own:  # weights of its own for every row
                    self.own[k, delay] = np.repeat(to.weights[None], self.shape[0], axis=0)
                own = self.own[k, delay]
                if to.full:
                    own[some, source, target] = 0
                else:
                    first, end = to.ends[source : source + 2]
                    hit = first + np.flatnonzero(to.places[first:end] == target)
                    own[np.ix_(some, hit)] = 0

    # --- spikes on their way

    def latest(self) -> Any:
        """Return the flat positions, row * n + place, of the latest spikes, in order of groups."""
        if len(self.groups) == 1:
            return self.holds[0].spikes()
        n, found = self.shape[1], []
        for group, hold in zip(self.groups, self.holds, strict=True):
            rows, places = divmod(hold.spikes(), group.group.size)
            found.append(rows * n + places + group.group.start)
        return np.concatenate(found)

    def collect(self) -> None:
        """Send the spikes of this step on their way."""
        self.now += 1
        self.ring[self.now % self.longest] = self.latest()

    def refresh(self) -> None:
        """See anew who has just spiked."""
        self.ring[self.now % self.longest] = self.latest()

    def start(self, step_number: int) -> None:
        """Begin with the units that have just spiked; nothing else is on its way."""
        self.now = step_number
        self.ring = [NOBODY] * self.longest
        self.refresh()

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
