"""EffectKernel: p(the unit spikes next | do(its micro state), context)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import check_whole
from causal_snn.kernel.contexts import Contexts
from causal_snn.kernel.intervention_range import InterventionRange
from causal_snn.kernel.normal import above
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models.step import StepMap

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
CONTEXT_PIECES = 64
"""Pieces that cover an interval of contexts in a table."""


@dataclass(frozen=True, slots=True, eq=False)
class EffectKernel:
    """The closed-form effect of a unit's micro state on its own next spike.

    In context c, p = Phi((z - m_c) / s) of the causal score z = v + coefficient * i, with
    m_c = E + (theta - E - D - B0 c)/A00 and s = sigma/A00 (theory/01_lif.py L3, L11);
    a step at m_c when there is no noise.

    Attributes
    ----------
    label : str
        The unit.
    step : StepMap
        The unit's step, as scalars.
    own_weight : float
        Weight of the unit's spikes on itself.
    contexts : Contexts
        Inputs from the other units.
    midpoints : array, shape (C,)
        m_c, the score at which a spike is as likely as not (mV).
    scale : float
        s, the width of the transition (mV); 0 without noise.
    range : InterventionRange
        Micro states that interventions may set.
    provenance : mapping
        How it was made.
    """

    label: str
    step: StepMap
    own_weight: float
    contexts: Contexts
    midpoints: Floats
    scale: float
    range: InterventionRange
    provenance: Mapping[str, Any]

    @property
    def theta(self) -> float:
        """Biophysical threshold (mV)."""
        return float(self.step.theta)

    @property
    def domain(self) -> tuple[float, float]:
        """Range of the causal score without a spike (mV)."""
        return self.range.score(self.score_coefficient)

    @property
    def score_coefficient(self) -> float:
        """Weight of the synaptic current in the causal score (mV per nA)."""
        return float(self.step.score_coefficient)

    def score(self, v: ArrayLike, i: ArrayLike = 0.0) -> Floats:
        """Return the causal score v + coefficient * i of a state that is not a spike (mV)."""
        return np.asarray(np.add(v, np.multiply(self.score_coefficient, i)), dtype=float)

    def probability(self, v: ArrayLike, i: ArrayLike = 0.0) -> Floats:
        """Return P(spike next | do(v, i)) in every context.

        Parameters
        ----------
        v : array
            Potential after any reset (mV): a potential without a spike. See `after_spike`
            for the state that has just spiked.
        i : array
            Synaptic current (nA).

        Returns
        -------
        array, shape (C, ...)
        """
        z = self.score(v, i)
        midpoints = self.midpoints.reshape((-1,) + (1,) * z.ndim)
        return above(z, self.scale, midpoints)

    __call__ = probability

    def after_spike(self, v: ArrayLike | None = None, i: ArrayLike = 0.0) -> Floats:
        """Return P(spike next | do(just spiked)) in every context, shape (C, ...).

        Parameters
        ----------
        v : array, optional
            Potential before reset (mV), which matters for subtractive resets; default theta.
        i : array
            Synaptic current (nA).
        """
        potentials, current = np.broadcast_arrays(
            np.asarray(self.theta if v is None else v, dtype=float), np.asarray(i, dtype=float)
        )
        inputs = self.contexts.inputs.reshape((-1,) + (1,) * potentials.ndim)
        mean, _ = self.step.mean(potentials, current, True, inputs + self.own_weight)
        if self.step.refractory > 0:
            return np.zeros_like(np.asarray(mean, dtype=float))
        return above(mean, self.step.sigma, self.theta, strict=bool(self.step.strict))

    def tabulate(self, cells: int = 400) -> TabulatedKernel:
        """Return the kernel on equal cells of its domain, with what it varies within each.

        The effect increases with the score and falls with m_c, so a cell's extremes are at its
        ends: `spread` is exact. An interval of contexts is covered by `CONTEXT_PIECES` pieces.

        Parameters
        ----------
        cells : int
            Number of cells; the reference law is uniform on the domain.

        Raises
        ------
        InputError
            If `cells` is not a whole number of 1 or more.
        """
        edges = np.linspace(*self.domain, check_whole("cells", cells) + 1)
        first = last = self.midpoints
        inputs = self.contexts.inputs
        if self.contexts.kind == "interval" and len(first) > 1:
            pieces = np.linspace(first.min(), first.max(), CONTEXT_PIECES + 1)
            first, last = pieces[:-1], pieces[1:]
            ends = np.linspace(inputs.max(), inputs.min(), CONTEXT_PIECES + 1)
            inputs = (ends[:-1] + ends[1:]) / 2.0
        low = above(edges[:-1], self.scale, last[:, None])
        # A cell ends before its upper edge: without noise an effect that jumps there is not in it.
        top = edges[1:] if self.scale > 0 else np.nextafter(edges[1:], -np.inf)
        high = above(top, self.scale, first[:, None])
        probability = (low + high) / 2.0
        count = len(inputs)
        return TabulatedKernel(
            label=self.label,
            rows=np.stack([1.0 - probability, probability], axis=-1),
            spread=(high - low) / 2.0,
            states=((edges[:-1] + edges[1:]) / 2.0)[:, None],
            mass=np.full(cells, 1.0 / cells),
            inputs=inputs,
            context_law=np.full(count, 1.0 / count),
            coordinates=("score (mV)" if self.score_coefficient else "v (mV)",),
            edges=edges,
            provenance={**self.provenance, "cells": cells, "domain": list(self.domain)},
        )

    def to_xarray(self, points: int = 401) -> xr.DataArray:
        """Return the kernel on a grid of scores as an `xarray.DataArray` (context, score)."""
        import xarray as xr

        grid = np.linspace(*self.domain, points)
        return xr.DataArray(
            self.probability(grid),
            dims=("input", "score"),
            coords={
                "input": ("input", self.contexts.inputs),
                "score": ("score", grid, {"units": "mV"}),
            },
            name="p_next_spike",
            attrs={"unit": self.label, "theta_mV": self.theta},
        )
