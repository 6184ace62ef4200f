"""TabulatedKernel: effects of a table of micro states, enclosed, whatever they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
ROUNDING = 1e-9
"""How far numbers may lie outside [0, 1], or a sum from 1, and still be probabilities."""


@dataclass(frozen=True, slots=True, eq=False)
class TabulatedKernel:
    """P(effect | do(micro state in a cell), context), for n cells, C contexts, Y outcomes.

    A cell is one micro state (a finite chain) or a piece of a continuum. Whatever micro state
    of cell j an intervention sets, its effect in context c lies within `spread[c, j]` (total
    variation) of `rows[c, j]`. So a coarse-graining that reckons with the spread is right about
    every micro state, not only about those of the table.

    Attributes
    ----------
    label : str
        The unit.
    rows : array, shape (C, n, Y)
        Effects at the cells, each a law over the outcomes.
    spread : array, shape (C, n)
        Total variation that the micro states of a cell keep from its row at most: what the
        effect varies within the cell plus the numerical (or statistical) error of the row.
    states : array, shape (n, d)
        A micro state of each cell, the middle of a piece of a continuum.
    coordinates : tuple of str
        Names and units of the d coordinates, as ``("v (mV)",)``.
    edges : array, shape (n + 1,), or None
        Ends of the cells where they are neighbouring intervals of one coordinate.
    mass : array, shape (n,)
        Reference law on the cells, for averages; sums to 1.
    inputs : array, shape (C,)
        The contexts: inputs from the other units, in the unit of the weights, or their numbers.
    context_law : array, shape (C,)
        Law on the contexts, for averages; sums to 1.
    outcomes : tuple of str
        Names of the Y outcomes; of two, the second is the spike.
    effect : str
        What the outcomes are, as ``"own next spike"``.
    confidence : float
        Probability with which all the spreads hold together: 1 for an enclosure, less for rows
        estimated from samples.
    provenance : mapping
        How it was made.
    """

    label: str
    rows: Floats
    spread: Floats
    states: Floats
    mass: Floats
    inputs: Floats
    context_law: Floats
    coordinates: tuple[str, ...] = ("v (mV)",)
    edges: Floats | None = None
    outcomes: tuple[str, ...] = ("quiet", "spike")
    effect: str = "own next spike"
    confidence: float = 1.0
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = np.asarray(self.rows)
        if rows.ndim != 3 or not rows.size or rows.shape[2] != len(self.outcomes):
            raise bad(
                "rows", f"an array of shape {rows.shape}", f"(C, n, Y), Y = {len(self.outcomes)}"
            )
        contexts, cells, _ = rows.shape
        shapes = {
            "spread": (contexts, cells),
            "states": (cells, len(self.coordinates)),
            "mass": (cells,),
            "inputs": (contexts,),
            "context_law": (contexts,),
        } | ({} if self.edges is None else {"edges": (cells + 1,)})
        for name, shape in shapes.items():
            if np.shape(getattr(self, name)) != shape:
                raise bad(name, f"an array of shape {np.shape(getattr(self, name))}", f"{shape}")
        _check_laws("rows", rows)
        _check_laws("mass", self.mass)
        _check_laws("context_law", self.context_law)
        if not (np.all(self.spread >= 0) and np.all(np.isfinite(self.spread))):
            raise bad("spread", self.spread, "finite numbers of 0 or more")
        if self.edges is not None and not np.all(np.diff(self.edges) > 0):
            raise bad("edges", self.edges, "increasing numbers")

    @property
    def n(self) -> int:
        """Number of cells."""
        return int(self.rows.shape[1])

    @property
    def binary(self) -> bool:
        """Whether there are two outcomes."""
        return len(self.outcomes) == 2

    @property
    def probability(self) -> Floats:
        """Probability of the last outcome (of two: the spike), shape (C, n)."""
        return np.asarray(self.rows[:, :, -1])

    @property
    def lower(self) -> Floats:
        """Least probability of the last outcome in each cell, shape (C, n)."""
        return np.asarray(np.clip(self.probability - self.spread, 0.0, 1.0))

    @property
    def upper(self) -> Floats:
        """Greatest probability of the last outcome in each cell, shape (C, n)."""
        return np.asarray(np.clip(self.probability + self.spread, 0.0, 1.0))

    @property
    def direction(self) -> int:
        """1 if in every context two-outcome effects rise with the cell, -1 if they fall, else 0."""
        if not self.binary:
            return 0
        steps = np.diff(self.probability, axis=1)
        return 1 if np.all(steps >= 0) else -1 if np.all(steps <= 0) else 0

    def to_xarray(self) -> xr.DataArray:
        """Return the rows as an `xarray.DataArray` (context, cell, outcome)."""
        import xarray as xr

        coordinates = {name: ("cell", self.states[:, k]) for k, name in enumerate(self.coordinates)}
        return xr.DataArray(
            self.rows,
            dims=("input", "cell", "outcome"),
            coords={
                "input": ("input", self.inputs),
                "outcome": ("outcome", list(self.outcomes)),
                "mass": ("cell", self.mass),
                **coordinates,
            },
            name="p_effect",
            attrs={"unit": self.label, "effect": self.effect, "confidence": self.confidence},
        )


def _check_laws(name: str, laws: Floats) -> None:
    """Raise `InputError` unless every law along the last axis is one."""
    good = np.isfinite(laws).all(axis=-1) & (laws >= -ROUNDING).all(axis=-1)
    good &= np.abs(laws.sum(axis=-1) - 1.0) <= ROUNDING * laws.shape[-1]
    if not np.all(good):
        where = tuple(int(k) for k in np.argwhere(~np.atleast_1d(good))[0])
        row = np.atleast_2d(laws)[where] if laws.ndim > 1 else laws
        raise bad(
            f"{name}{list(where) if laws.ndim > 1 else ''}",
            np.round(row, 6).tolist(),
            "probabilities that sum to 1",
        )
