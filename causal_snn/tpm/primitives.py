"""Causal primitives along a path of scales, and what each scale adds.

Version 2.0 of causal emergence (Hoel, arXiv 2503.13395, 2025; Jansma and Hoel, arXiv 2510.02649,
2025). Derivations: theory/12_information.py I7, I10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.errors import bad, check_choice
from causal_snn.provenance import provenance
from causal_snn.tpm.emergence import Cells, cell_labels, coarse_tpm
from causal_snn.tpm.information import measures, transition_rows
from causal_snn.tpm.tpm import TPM

type Convention = Literal["effectiveness", "mean", "sufficiency-necessity"]
CONVENTIONS = ("effectiveness", "mean", "sufficiency-necessity")


def causal_primitives(P: ArrayLike | TPM, *, convention: Convention = "effectiveness") -> float:
    """Return the causal primitives CP of one scale as one number, by a named convention.

    Parameters
    ----------
    P : array, shape (n, n), or TPM
    convention : {"effectiveness", "mean", "sufficiency-necessity"}
        ``"effectiveness"``: determinism + specificity - 1, the convention of both papers.
        ``"mean"``: (determinism + specificity)/2, met in software; it ranks scales alike
        and halves every gain.
        ``"sufficiency-necessity"``: <P(e|c)> + <1 - P(e|not c)> - 1, averaged over the
        transitions c to e with their probabilities; "not c" is any other state, alike.

    Returns
    -------
    float
        At most 1. A single state, which nothing distinguishes, has CP 0 ("mean": 1/2).
    """
    check_choice("convention", convention, CONVENTIONS)
    rows = transition_rows(P)
    if convention == "effectiveness":
        return measures(rows).effectiveness
    if convention == "mean":
        return (measures(rows).effectiveness + 1.0) / 2.0
    n = len(rows)
    if n == 1:
        return 0.0
    others = (rows.sum(axis=0) - rows) / (n - 1)
    return float((rows * (rows - others)).sum() / n)


@dataclass(frozen=True, slots=True)
class Apportionment:
    """Causal primitives along a path of scales, and what each scale adds.

    Attributes
    ----------
    path : tuple of tuple of int
        Cell of each micro state, per scale, finest first.
    primitives : tuple of float
        CP of each scale.
    convention : str
    provenance : mapping
    """

    path: tuple[tuple[int, ...], ...]
    primitives: tuple[float, ...]
    convention: str
    provenance: Mapping[str, Any]

    @property
    def gains(self) -> tuple[float, ...]:
        """CP of each scale less that of the one before, one fewer than scales."""
        return tuple(float(gain) for gain in np.diff(self.primitives))

    @property
    def causal_emergence(self) -> float:
        """Total gain along the path, CP(last) - CP(first)."""
        return self.primitives[-1] - self.primitives[0]

    @property
    def emergent_complexity(self) -> float:
        """Entropy in bits of the shares that scales have in the gains (Hoel 2025, sec. 4).

        The paper has gains of 0 or more only; losses count as 0 here. 0 without any gain.
        """
        gains = np.maximum(self.gains, 0.0)
        # Rounding is no gain: an exact tie of two scales leaves some 1e-16.
        gains = gains[gains > 1e-12]
        shares = gains / gains.sum() if len(gains) else gains
        return float(-(shares * np.log2(shares)).sum()) + 0.0


def apportion(
    P: ArrayLike | TPM,
    path: Sequence[Cells],
    *,
    convention: Convention = "effectiveness",
    law: ArrayLike | None = None,
) -> Apportionment:
    """Return what each scale of a path adds to the causal primitives.

    Parameters
    ----------
    P : array, shape (n, n), or TPM
    path : sequence of labels or groups
        Groupings of the states, each a coarsening of the one before; see
        `causal_snn.tpm.grouping.merge_path` for one found by merging.
    convention : {"effectiveness", "mean", "sufficiency-necessity"}
        See `causal_primitives`.
    law : array, shape (n,), optional
        Weights of the states within their cells; default uniform.

    Raises
    ------
    InputError
        If the path is empty or a scale does not coarsen the one before.
    """
    check_choice("convention", convention, CONVENTIONS)
    rows = transition_rows(P)
    scales = [cell_labels(cells, len(rows)) for cells in path]
    if not scales:
        raise bad("path", list(path), "at least one grouping of the states")
    for k, (fine, coarse) in enumerate(pairwise(scales), start=1):
        if len(np.unique(np.stack([fine, coarse]), axis=1).T) > fine.max() + 1:
            raise bad(f"path[{k}]", coarse.tolist(), "a grouping that only joins earlier cells")
    return Apportionment(
        tuple(tuple(scale.tolist()) for scale in scales),
        tuple(
            causal_primitives(coarse_tpm(rows, scale, law=law), convention=convention)
            for scale in scales
        ),
        convention,
        provenance(
            "causal primitives of U P A along the given path",
            convention=convention,
            intervention="uniform at each scale",
            within_cell="uniform" if law is None else "given",
        ),
    )
