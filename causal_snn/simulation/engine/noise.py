"""Streams of random numbers: one for each row of lanes, named by where the row belongs.

A row's stream is SFC64 seeded by SeedSequence(seed, spawn_key=key), so what it draws depends
neither on how many rows run together nor on which worker runs them.

In single precision normal numbers come from Box and Muller's transform of the raw 64 bits, half
for the radius, half for the angle (log, sqrt, sine and cosine are vectorised by NumPy, and the
largest normal number is 6.6); in double precision from NumPy's ziggurat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from causal_snn.errors import bad

Rng = np.random.Generator | int | None


def seed_of(rng: Rng) -> int:
    """Return a whole number that stands for `rng`: pass it as ``rng=`` to get the same again.

    An int stands for itself; a Generator is drawn from once; None takes fresh entropy.
    """
    if isinstance(rng, np.random.Generator):
        words = rng.integers(0, 2**64, size=2, dtype=np.uint64)
        return int(words[0]) | int(words[1]) << 64
    if rng is None:
        sequence = np.random.default_rng().bit_generator.seed_seq
        entropy: Any = getattr(sequence, "entropy", 0)
        return int(entropy)
    whole: object = rng
    if isinstance(whole, bool) or not isinstance(whole, int | np.integer) or whole < 0:
        raise bad("rng", rng, "a numpy.random.Generator, a whole number of 0 or more, or None")
    return int(rng)


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the stream of a key."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


class Normals:
    """Normal numbers for some streams, `count` of each at a time, in one buffer.

    Attributes
    ----------
    values : array, shape (streams, count)
        The numbers of the latest `draw`.
    """

    def __init__(
        self,
        streams: Sequence[np.random.Generator],
        count: int,
        dtype: Any,
        scale: float = 1.0,
    ) -> None:
        self.streams, self.scale = streams, scale
        self.half = -(-count // 2)
        self.fast = np.dtype(dtype) == np.float32
        shape = (len(streams), 2 * self.half if self.fast else count)
        self.whole = np.empty(shape, dtype)
        self.values = self.whole[:, :count]
        if self.fast:
            self.radius = np.empty((len(streams), self.half), dtype)
            self.angle = np.empty_like(self.radius)

    def view(self, shape: tuple[int, int, int]) -> Any:
        """Return `values` in another shape, (deep, n, lanes), without a copy."""
        if self.whole.shape[1] != self.values.shape[1] and len(self.streams) > 1:
            row, item = self.whole.strides  # an odd count leaves one number of each row unused
            return np.lib.stride_tricks.as_strided(self.whole, shape, (row, shape[2] * item, item))
        return self.values.reshape(shape)

    def draw(self) -> None:
        """Draw the next numbers of every stream into `values`."""
        if self.fast:
            self._box_muller()
            return
        for generator, row in zip(self.streams, self.values, strict=True):
            generator.standard_normal(out=row)
        if self.scale != 1.0:
            self.values *= self.scale

    def _box_muller(self) -> None:
        radius, angle, one = self.radius, self.angle, np.float32
        for k, generator in enumerate(self.streams):
            words = generator.bit_generator.random_raw(self.half).view(np.int32)
            np.copyto(radius[k], words[: self.half], casting="unsafe")
            np.copyto(angle[k], words[self.half :], casting="unsafe")
        np.absolute(radius, out=radius)
        np.maximum(radius, one(0.5), out=radius)  # log(0) never happens
        np.multiply(radius, one(2.0**-31), out=radius)  # u in (0, 1]
        np.log(radius, out=radius)
        np.multiply(radius, one(-2.0 * self.scale**2), out=radius)
        np.sqrt(radius, out=radius)
        np.multiply(angle, one(np.pi * 2.0**-31), out=angle)  # in [-pi, pi]
        cosine, sine = self.whole[:, : self.half], self.whole[:, self.half :]
        np.cos(angle, out=cosine)
        np.multiply(cosine, radius, out=cosine)
        np.sin(angle, out=sine)
        np.multiply(sine, radius, out=sine)
