"""The minimum information partition, without enumerating partitions.

Let R be the union of the parts whose inputs are cut (their outputs are not). Given R, what a
partition loses and how many connections it cuts are sums over its parts: a part P of R keeps P;
another part keeps P if it is cut both ways, P and R if its outputs are cut. So for any lambda the
least loss - lambda * cuts is found by dynamic programming over subsets, in sum_R 3^(n-|R|) = 4^n
operations, and the least ratio loss/cuts by Dinkelbach's iteration (Management Science 13:492,
1967): solve, put lambda to the ratio of the solution, repeat until nothing improves. Proof:
theory/15_minimum_partition.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from causal_snn.phi.exact.equal import EQUAL, slack
from causal_snn.phi.exact.partition import Cut, DirectedPartition, directed

Floats = NDArray[np.float64]
Masks = NDArray[np.int64]
LEAN = 2e-15
"""Greatest cost of a connection of its own."""
NEAR = (1e-12, 1e-13, 1e-14)
"""Weights of the number of cuts that single out, of tied partitions, the one with most cuts."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """All sets R of one size, and the subsets P of the m units outside each.

    Attributes
    ----------
    inputs : array, shape (c,)
        Masks of R.
    outside : array, shape (c, m)
        The units outside R.
    parts : array, shape (2^m, c)
        Mask of the P that the bits of the row select.
    """

    inputs: Masks
    outside: Masks
    parts: Masks


@lru_cache(maxsize=2)
def layers(n: int) -> tuple[Layer, ...]:
    """Return the layers |R| = 0 .. n - 1."""
    found = []
    for size in range(n):
        sets = list(combinations(range(n), size))
        inputs = np.array([sum(1 << k for k in s) for s in sets], dtype=np.int64)
        outside = np.array([[k for k in range(n) if k not in s] for s in sets], dtype=np.int64)
        parts = np.zeros((1, len(sets)), dtype=np.int64)
        for column in outside.T:
            parts = np.concatenate([parts, parts | (1 << column)])
        found.append(Layer(inputs, outside, parts))
    return tuple(found)


@lru_cache(maxsize=16)
def splits(n: int) -> tuple[tuple[Masks, Masks], ...]:
    """Return for each subset S of n units its parts P with S's last unit, and what is left."""
    found = [(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))]
    below = [np.zeros(1, dtype=np.int64)]
    for top in range(n):
        below += [np.concatenate([known, known | 1 << top]) for known in below]
        for rest in range(1 << top):
            parts = below[rest] | 1 << top
            found.append((parts, (rest | 1 << top) ^ parts))
    return tuple(found)


class Search:
    """Least loss - lambda * cuts over all directed partitions of one system.

    Parameters
    ----------
    losses : array, shape (D, n, 2^n)
        What each unit loses with the inputs of a mask kept, in each direction.
    """

    def __init__(self, losses: Floats) -> None:
        self.losses = losses
        self.directions, self.n, count = losses.shape
        masks = np.arange(count)
        member = (masks[:, None] >> np.arange(self.n)) & 1
        self.size = member.sum(axis=1)
        # Loss and cuts of a part that keeps only its own inputs.
        self.alone = np.einsum("dim,mi->md", losses, member.astype(float))
        self.alone_cuts = self.size * (self.n - self.size)
        self.open = [self._open(layer) for layer in layers(self.n)]

    def _open(self, layer: Layer) -> Floats:
        """Return the loss of parts that also keep R, shape (2^m, D, c)."""
        rows = np.zeros((len(layer.parts), self.directions, len(layer.inputs)))
        kept = layer.parts | layer.inputs
        for bit, column in enumerate(layer.outside.T):
            with_unit = np.flatnonzero(np.arange(len(rows)) >> bit & 1)
            rows[with_unit] += np.moveaxis(self.losses[:, column, kept[with_unit]], 0, 1)
        return rows

    def best(self, weight: float) -> tuple[float, DirectedPartition]:
        """Return the least loss - weight * cuts, and a partition that has it."""
        cost = self.alone - weight * self.alone_cuts[:, None]
        inside = self._blocks(cost)
        where: tuple[int | None, int, int] = (None, 0, int(inside[-1].argmin()))
        least = inside[-1].min()
        for size, layer in enumerate(layers(self.n)):
            found = self._outside(size, layer, cost, weight)[-1]
            total = found + inside[layer.inputs].T  # (D, c)
            place = int(total.argmin())
            if total.flat[place] < least:
                direction, column = divmod(place, total.shape[1])
                least, where = total.flat[place], (size, column, direction)
        return float(least), self._trace(where, cost, weight)

    def _outside(self, size: int, layer: Layer, cost: Floats, weight: float) -> Floats:
        """Return the least cost of the units outside R, for every subset, (2^m, D, c)."""
        part = self._part(layer, self.open[size], cost, weight)
        least = np.zeros_like(part)
        for subset, (parts, rest) in enumerate(splits(len(layer.outside.T))[1:], start=1):
            if size == 0 and subset == len(part) - 1:
                parts, rest = parts[:-1], rest[:-1]  # all units in one part is no partition
            least[subset] = (part[parts] + least[rest]).min(axis=0)
        return least

    def _part(self, layer: Layer, opened: Floats, cost: Floats, weight: float) -> Floats:
        """Return the cost of a part outside R: cut both ways, or its outputs only."""
        size = np.arange(len(opened))
        count = self.size[size]
        cuts = count * (len(layer.outside.T) - count)
        closed = np.moveaxis(cost[layer.parts], 2, 1)
        return np.minimum(closed, opened - weight * cuts[:, None, None])

    def _blocks(self, cost: Floats) -> Floats:
        """Return the least cost of every set of units split into parts cut at their inputs."""
        least = np.zeros_like(cost)
        for subset, (parts, rest) in enumerate(splits(self.n)[1:], start=1):
            if subset == len(cost) - 1:
                parts, rest = parts[:-1], rest[:-1]
            least[subset] = (cost[parts] + least[rest]).min(axis=0)
        return least

    def _trace(
        self, where: tuple[int | None, int, int], cost: Floats, weight: float
    ) -> DirectedPartition:
        """Return the partition behind a minimum, by going back through the choices."""
        size, column, direction = where
        mine = cost[:, direction]
        inside = self._blocks(cost)[:, direction]
        full = len(cost) - 1
        masks: list[int] = []
        cuts: list[Cut] = []
        inputs = full
        if size is not None:
            layer = layers(self.n)[size]
            one = Layer(layer.inputs[[column]], layer.outside[[column]], layer.parts[:, [column]])
            opened = self.open[size][:, direction : direction + 1, column : column + 1]
            part = self._part(one, opened, cost[:, [direction]], weight)[:, 0, 0]
            names = one.parts[:, 0]
            inputs = int(one.inputs[0])
            for row in self._go_back(part, len(part) - 1, whole=size > 0):
                mask = int(names[row])
                masks.append(mask)
                cuts.append(Cut.BOTH if part[row] == mine[mask] else Cut.EFFECT)
        if inputs:
            for mask in self._go_back(mine, inputs, whole=inputs != full, known=inside):
                masks.append(mask)
                cuts.append(Cut.CAUSE)
        return directed(masks, cuts)

    def _go_back(
        self, cost: Floats, subset: int, *, whole: bool, known: Floats | None = None
    ) -> Iterator[int]:
        """Yield the parts of the cheapest split of a set; not the set itself unless `whole`."""
        table = splits(len(cost).bit_length() - 1)
        if known is None:
            known = np.zeros_like(cost)
            for s, (parts, rest) in enumerate(table[1:], start=1):
                known[s] = (cost[parts] + known[rest]).min()
        first = True
        while subset:
            parts, rest = table[subset]
            if first and not whole:
                parts, rest = parts[:-1], rest[:-1]
            first = False
            choice = int((cost[parts] + known[rest]).argmin())
            yield int(parts[choice])
            subset = int(rest[choice])


@dataclass(frozen=True, slots=True)
class Minimum:
    """The partition of least normalised loss.

    Attributes
    ----------
    partition : DirectedPartition
    loss : float
        What it loses, in the direction that loses less (ibit, signed).
    normalized : float
        That over the number of connections cut.
    iterations : int
        Dynamic programmes solved.
    """

    partition: DirectedPartition
    loss: float
    normalized: float
    iterations: int


def minimum(losses: Floats) -> Minimum:
    """Return the partition of least normalised loss; of tied ones, one with the largest loss.

    Once the ratio is not positive the system is reducible and the search ends.
    """
    n = losses.shape[1]
    if n == 1:
        return _measure(losses, directed([1], [Cut.BOTH]), 0)
    search = Search(losses + _lean(n))
    now = _measure(losses, directed([1 << k for k in range(n)], [Cut.BOTH] * n), 0)
    count = 0
    while now.normalized > EQUAL:
        _, partition = search.best(now.normalized)
        count += 1
        better = _measure(losses, partition, count)
        if better.normalized >= now.normalized - slack(now.normalized):
            break
        now = better
    else:
        return _measure(losses, now.partition, count)
    for weight in NEAR:  # a tie is a tie to 13 digits
        _, partition = search.best(now.normalized + weight)
        count += 1
        other = _measure(losses, partition, count)
        if abs(other.normalized - now.normalized) <= slack(now.normalized):
            return other if other.loss > now.loss else _measure(losses, now.partition, count)
    return _measure(losses, now.partition, count)


def _lean(n: int) -> Floats:
    """Return what settles ties of partitions in the same way every time, (n, 2^n).

    Every connection costs a little of its own, far less than what counts as equal, so that of
    partitions which tie by symmetry rounding does not choose. Values are measured without it.
    """
    connection = np.arange(1, n * n + 1).reshape(n, n)
    own = LEAN * (connection * (np.sqrt(5.0) - 1.0) / 2.0 % 1.0)
    cut = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) == 0
    return np.asarray(own @ cut.T)


def _measure(losses: Floats, partition: DirectedPartition, iterations: int) -> Minimum:
    loss = float(partition.loss(losses).min())
    size = partition.size
    return Minimum(partition, loss, loss / size, iterations)
