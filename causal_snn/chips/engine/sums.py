"""Sums: what active sources add up to, exact in every case and quick in most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

_COUNT = 255
"""Counts of a source in one step up to which sums in floats are proved exact."""
_FULL = 0.2
"""A table with more entries than this share is dense: BLAS is quicker."""
_SMALL = 1 << 16
"""Entries of a table, zeros included, up to which a single lane takes it dense."""
_RARE = 8
"""A single lane goes by its events where fewer than one source in so many is active."""


class Sums:
    """A table of weights, a row for each sum and a column for each source.

    Whole numbers are added as floats where every partial sum is sure to be exact in them, which
    is two to four times as quick as in int64; a single lane event by event where few sources are
    active.

    Parameters
    ----------
    table : scipy.sparse.csr_array, shape (sums, sources)
    most : int
        Greatest count of a source, from a chip's own neurons.
    whole : bool
        Whether weights are whole numbers; otherwise they are added as they come.
    """

    def __init__(self, table: Any, *, most: int = 1, whole: bool = True) -> None:
        self.table = self.batch = self.single = table
        self.most = max(_COUNT, most)
        self.by_source = None
        bound = int(abs(table).sum(axis=1).max(initial=0)) * self.most if whole else 1 << 53
        if bound >= 1 << 53:
            return
        kind = np.float32 if bound < 1 << 24 else np.float64
        size = table.shape[0] * table.shape[1]
        dense = table.nnz > _FULL * size
        self.batch = table.astype(kind)
        if dense or size <= _SMALL:
            self.single = self.batch.toarray()
        else:
            self.by_source = table.T.tocsr()
        if dense:
            self.batch = self.single

    def __call__(self, counts: Sequence[Numbers], peak: int) -> Numbers:
        """Return the sums (sums, L), given the counts of the sources (.., L) one upon another.

        The last of `counts` may hold any number, of which `peak` is the greatest; the others at
        most what was declared.
        """
        lanes = counts[-1].shape[1]
        table = self.single if lanes == 1 else self.batch
        if peak > self.most:
            table = self.table
        sources = np.concatenate(counts, dtype=table.dtype, casting="unsafe")
        if lanes == 1 and self.by_source is not None:
            active = np.flatnonzero(sources)
            if active.size * _RARE < len(sources):
                return self._of_events(active, sources[active, 0])
        return np.asarray((table @ sources).astype(self.table.dtype, copy=False))

    def _of_events(self, active: Numbers, counts: Numbers) -> Numbers:
        """Return the sums over the weights of the active sources alone."""
        weights: Any = self.by_source
        ends = weights.indptr[active + 1]
        sizes = ends - weights.indptr[active]
        last = np.cumsum(sizes)
        at = np.repeat(ends - last, sizes) + np.arange(last[-1] if last.size else 0)
        found = np.zeros((weights.shape[1], 1), weights.dtype)
        np.add.at(found[:, 0], weights.indices[at], weights.data[at] * np.repeat(counts, sizes))
        return found
