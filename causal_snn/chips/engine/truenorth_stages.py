"""Stages of TrueNorth's neuron: stochastic synapses, leak, threshold and reset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.chance import Chance, Work

Columns = Mapping[str, Any]
Stage = Callable[[Work, Chance], None]
Ints = NDArray[np.int64]

DRAWS = 256
"""Equally likely values of the 8-bit random number rho."""

STOCHASTIC = "arriving stochastic "
"""Start of the names under which a step keeps how many stochastic synapses are active."""


def _favourable(magnitude: Any, inclusive: Any) -> Any:
    """Return how many of 256 draws rho let F be 1: those below |s|, or not above it."""
    return np.where(magnitude > 0, magnitude + inclusive, 0)


def synapse(chip: Chip, columns: Columns) -> Stage:  # noqa: ARG001
    """Build: each active stochastic synapse adds sgn(s) with probability |s|/256."""
    inclusive = columns["inclusive"]

    def act(work: Work, chance: Chance) -> None:
        for key in [key for key in work if key.startswith(STOCHASTIC)]:
            value = int(key.removeprefix(STOCHASTIC))
            sign, hits = (1 if value > 0 else -1), _favourable(abs(value), inclusive)
            for turn in range(int(work[key].max(initial=0))):
                v = work["v"]
                count = np.where(work[key] > turn, hits, 0)
                chance.choose(work, "v", [v, v + sign], [DRAWS - count, count], DRAWS)
                chance.merge(work)
            del work[key]

    return act


def leak(chip: Chip, columns: Columns) -> Stage:  # noqa: ARG001
    """Build: V <- V + Omega ((1 - c) lambda + c F(lambda) sgn(lambda))."""
    size, reversal = columns["leak"], columns["leak_reversal"] > 0
    random = columns["leak_stochastic"] > 0
    count = np.where(random, _favourable(np.abs(size), columns["inclusive"]), 0)
    sure = np.where(random, 0, size)
    chosen = bool(np.any(count))

    def act(work: Work, chance: Chance) -> None:
        v = work["v"]
        direction = np.where(reversal, np.sign(v), 1)
        work["v"] = v + direction * sure
        if chosen:
            # Both outcomes are the same where V is 0 and the leak turns with its sign.
            step, v = direction * np.sign(size), work["v"]
            hits = np.where(step != 0, count, 0)
            chance.choose(work, "v", [v, v + step], [DRAWS - hits, hits], DRAWS)

    return act


def submasks(mask: int) -> Ints:
    """Return every value of rho & mask, in ascending order; each is equally likely."""
    found = np.zeros(1, dtype=np.int64)
    for bit in range(mask.bit_length()):
        if mask >> bit & 1:
            found = np.concatenate([found, found + (1 << bit)])
    return found


def fire(chip: Chip, columns: Columns) -> Stage:
    """Build: threshold and reset, with a random part eta = rho & M of both thresholds."""
    masks = columns["threshold_mask"]
    settled = _Reset(chip, columns)
    if not np.any(masks):
        return settled.surely
    rows = [submasks(int(mask)) for mask in masks.ravel()]
    total = max(len(row) for row in rows)
    # Neurons with fewer random bits repeat their values: as likely, and one table for all.
    table = np.stack([np.repeat(row, total // len(row)) for row in rows])

    def act(work: Work, chance: Chance) -> None:
        settled.randomly(work, chance, table)

    return act


class _Reset:
    """Threshold test and reset of every neuron, given eta."""

    def __init__(self, chip: Chip, columns: Columns) -> None:
        self.form = chip.voltage
        self.alpha, self.beta = columns["threshold"], columns["negative_threshold"]
        self.to, self.gamma = columns["reset"], columns["reset_mode"]
        self.kappa = columns["negative_saturation"] > 0
        self.closed = columns["symmetric"] > 0 if chip.has("symmetric") else False
        # Where eta changes V and not only whether there is a spike, every eta counts.
        linear = self.gamma == 1
        self.apart = bool(np.any(linear & (columns["threshold_mask"] > 0)))

    def outcome(self, v: Ints, eta: Any) -> tuple[Ints, Ints]:
        """Return (V after the reset, spikes)."""
        up = self.alpha + eta
        down = self.beta + np.where(self.kappa, 0, eta)
        spike = v >= up
        below = (v < -down) | (self.closed & (v == -down))
        high = np.where(self.gamma == 0, self.to, np.where(self.gamma == 1, v - up, v))
        low = np.where(self.gamma == 0, -self.to, np.where(self.gamma == 1, v + down, v))
        low = np.where(self.kappa, -self.beta, low)
        after = np.where(spike, high, np.where(below, low, v))
        return self.form.fit(after), spike.astype(np.int64)

    def surely(self, work: Work, chance: Chance) -> None:  # noqa: ARG002
        """Apply them without randomness."""
        work["v"], work["s"] = self.outcome(work["v"], 0)

    def randomly(self, work: Work, chance: Chance, table: Ints) -> None:
        """Draw eta - or, where it only decides whether V crosses, one of the two outcomes."""
        # What eta was is forgotten at once, so that lanes that end alike are one.
        work["eta"] = np.zeros_like(work["v"])
        if self.apart:
            chance.pick(work, "eta", table)
        else:
            total, crossed = table.shape[1], self._crossings(work["v"], table)
            ends, counts = [table[:, :1], table[:, -1:]], [crossed, total - crossed]
            chance.choose(work, "eta", ends, counts, total)
        work["v"], work["s"] = self.outcome(work["v"], work.pop("eta"))
        chance.merge(work)

    def _crossings(self, v: Ints, table: Ints) -> Ints:
        """Return for how many eta a threshold is crossed as it is for the least, 0.

        Both outcomes are then those of eta = 0 and of the greatest: V crosses alpha + eta, or
        -(beta + eta), for the small eta and not for the large ones.
        """
        room = np.where(v >= 0, v - self.alpha, -self.beta - v - np.where(self.closed, 0, 1))
        if len(table) == 1:
            count = np.searchsorted(table[0], room, side="right")
        else:
            rows = zip(table, np.broadcast_to(room, v.shape), strict=True)
            count = np.stack([np.searchsorted(*pair, side="right") for pair in rows])
        # A neuron whose negative threshold has no random part crosses it for every eta.
        return np.asarray(np.where(self.kappa & (v < 0), table.shape[1], count))


TRUENORTH = {"synapse": synapse, "leak": leak, "fire_truenorth": fire}
"""Stages by name."""
