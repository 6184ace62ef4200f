"""Whether two sides did the same work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Reports = Sequence[dict[str, Any]]
Z_BOUND = 5.0
"""Standard deviations beyond which a side is said to differ."""


def rows_agree(found: Reports, truth: Reports, replicas: int) -> str:
    """Compare the rows of two sides by a chi-square over all cells that are often hit.

    Cells with fewer than 10 expected counts in a row are pooled. Estimates of reduced variance
    lie closer than sampling would; only too large a distance is a disagreement.
    """
    ours, theirs = (np.mean([report["rows"] for report in side], axis=0) for side in (found, truth))
    n, m = replicas * len(found), replicas * len(truth)
    total, freedom = 0.0, 0
    for p, q in zip(ours, theirs, strict=True):
        pooled = (p * n + q * m) / (n + m)
        often = pooled * min(n, m) >= 10
        cells = [(p[k], q[k], pooled[k]) for k in np.flatnonzero(often)]
        rest = pooled[~often].sum()
        if rest * min(n, m) >= 10:
            cells.append((p[~often].sum(), q[~often].sum(), rest))
        total += sum((a - b) ** 2 / (c * (1 / n + 1 / m)) for a, b, c in cells)
        freedom += max(len(cells) - 1, 0)
    z = (total - freedom) / np.sqrt(2 * max(freedom, 1))
    return verdict(bool(z < Z_BOUND), f"chi2 z = {z:+.1f}")


def counts_agree(work: str, found: Reports, truth: Reports, dtype: str, name: str) -> str:
    """Compare spike counts: exactly for (b) in double, closely in single, by statistics for (d)."""
    ours, theirs = ([report["spikes"] for report in side] for side in (found, truth))
    if work == "d":
        n = len(ours) + len(theirs)
        if min(len(ours), len(theirs)) < 2:
            return f"{np.mean(ours):.0f}"
        spread = np.sqrt((np.var(ours) * len(ours) + np.var(theirs) * len(theirs)) / (n - 2))
        spread = max(float(spread), 100.0)  # what 20 seeds of the reference show is about 130
        z = (np.mean(ours) - np.mean(theirs)) / spread
        z /= np.sqrt(1 / len(ours) + 1 / len(theirs))
        return verdict(abs(z) < Z_BOUND, f"{np.mean(ours):.0f} spikes, z = {z:+.1f}")
    apart = abs(ours[0] / theirs[0] - 1)
    exact = work == "b" and dtype == "float64" and name != "brainpy"
    bound = 0.0 if exact else 0.03 if work == "b" else 0.001
    return verdict(apart <= bound, f"{ours[0]:.0f} spikes, {100 * apart:.2f} % apart")


def verdict(same: bool, text: str) -> str:
    """Return the text, marked if the sides differ."""
    return text if same else "DIFFERS: " + text
