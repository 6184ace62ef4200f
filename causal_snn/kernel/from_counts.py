"""Effect kernels from counts of outcomes: of a sweep, another simulator, or an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.kernel.bands import check_confidence, variation_band
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]


def from_counts(
    counts: ArrayLike,
    *,
    states: ArrayLike | None = None,
    coordinates: Sequence[str] = ("v (mV)",),
    edges: ArrayLike | None = None,
    mass: ArrayLike | None = None,
    inputs: ArrayLike | None = None,
    context_law: ArrayLike | None = None,
    outcomes: Sequence[str] = ("quiet", "spike"),
    effect: str = "own next spike",
    label: str = "unit",
    confidence: float = 0.95,
    details: Mapping[str, Any] | None = None,
) -> TabulatedKernel:
    """Return a kernel estimated from counts, with bands that hold together.

    With probability `confidence` at least, the true law of every cell in every context is within
    `spread` of its row (Bonferroni over cells and contexts; see `causal_snn.kernel.bands`), where
    the trials of a cell are independent and all set the same law of micro states. What micro
    states of a cell vary beside is not seen by counts: choose cells that are points, or narrow.

    Parameters
    ----------
    counts : array of whole numbers, shape (C, n, Y) or (n, Y)
        How often each outcome was seen under each intervention in each context.
    states : array, shape (n,) or (n, d)
        Micro state of each cell; default the middles of `edges`, or 0, 1, ....
    coordinates : sequence of str
        Names and units of the d coordinates.
    edges : array, shape (n + 1,), optional
        Ends of the cells, where they are neighbouring intervals.
    mass : array, shape (n,), optional
        Reference law on the cells; default uniform.
    inputs, context_law : array, shape (C,), optional
        The contexts, default 0, 1, ...; and their law, default uniform.
    outcomes : sequence of str
        Names of the Y outcomes.
    effect, label : str
    confidence : float
    details : mapping, optional
        Further facts for the provenance.

    Returns
    -------
    TabulatedKernel
        Rows are the observed shares. A cell without trials has the uniform law, which may be as
        wrong as a law can be, and says so in its spread and in the provenance.

    Raises
    ------
    InputError
        If counts are no whole numbers of 0 or more, or a shape does not fit.
    """
    table = _counts(counts, len(outcomes))
    level = check_confidence(confidence)
    contexts, n, number = table.shape
    trials = table.sum(axis=2)
    empty = trials == 0
    rows = np.where(empty[..., None], 1.0 / number, table / np.maximum(trials, 1.0)[..., None])
    spread = variation_band(table, (1.0 - level) / (contexts * n))
    return tabulate_estimates(
        rows,
        spread,
        states=states,
        coordinates=coordinates,
        edges=edges,
        mass=mass,
        inputs=inputs,
        context_law=context_law,
        outcomes=outcomes,
        effect=effect,
        label=label,
        confidence=level,
        about=provenance(
            "shares of observed outcomes",
            bands="Clopper-Pearson, Bonferroni over cells and contexts"
            if number == 2
            else "the lesser of Weissman's bound and that of Clopper-Pearson bands of the outcomes,"
            " Bonferroni over cells and contexts",
            confidence=level,
            least_trials=int(trials.min()),
            most_trials=int(trials.max()),
            cells_without_trials=int(empty.sum()),
            **dict(details or {}),
        ),
    )


def tabulate_estimates(
    rows: Floats,
    spread: Floats,
    *,
    states: ArrayLike | None,
    coordinates: Sequence[str],
    edges: ArrayLike | None,
    mass: ArrayLike | None,
    inputs: ArrayLike | None,
    context_law: ArrayLike | None,
    outcomes: Sequence[str],
    effect: str,
    label: str,
    confidence: float,
    about: Mapping[str, Any],
) -> TabulatedKernel:
    """Return estimated rows as a kernel, with defaults for what is not given."""
    contexts, n, _ = rows.shape
    ends = None if edges is None else np.asarray(edges, dtype=float)
    if states is None:
        middle = np.arange(n, dtype=float) if ends is None else (ends[1:] + ends[:-1]) / 2.0
    else:
        middle = np.asarray(states, dtype=float)
    return TabulatedKernel(
        label=label,
        rows=rows,
        spread=spread,
        states=middle[:, None] if middle.ndim == 1 else middle,
        mass=np.full(n, 1.0 / n) if mass is None else np.asarray(mass, dtype=float),
        inputs=np.arange(contexts, dtype=float)
        if inputs is None
        else np.asarray(inputs, dtype=float),
        context_law=np.full(contexts, 1.0 / contexts)
        if context_law is None
        else np.asarray(context_law, dtype=float),
        coordinates=tuple(coordinates),
        edges=ends,
        outcomes=tuple(outcomes),
        effect=effect,
        confidence=confidence,
        provenance=about,
    )


def _counts(counts: ArrayLike, outcomes: int) -> Floats:
    """Return counts, shape (C, n, Y), or raise `InputError`."""
    allowed = f"whole numbers of 0 or more, shape (C, n, {outcomes}) or (n, {outcomes})"
    try:
        table = np.asarray(counts, dtype=float)
    except (TypeError, ValueError):
        raise bad("counts", counts, allowed) from None
    if table.ndim == 2:
        table = table[None]
    if table.ndim != 3 or not table.size or table.shape[2] != outcomes or outcomes < 2:
        raise bad("counts", f"an array of shape {np.shape(counts)}", allowed)
    if not np.all(np.isfinite(table)) or np.any(table < 0) or np.any(table != np.rint(table)):
        wrong = table[~np.isfinite(table) | (table < 0) | (table != np.rint(table))]
        raise bad("counts", float(wrong.flat[0]), allowed)
    return table
