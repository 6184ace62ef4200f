"""The causal threshold over time step, noise and recurrent weight: a phase diagram."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.result import ThresholdResult
from causal_snn.coarse.threshold import threshold
from causal_snn.errors import StageWarning, bad
from causal_snn.kernel import next_spike
from causal_snn.kernel.contexts import Kind
from causal_snn.models.network import Network
from causal_snn.progress import Sized, track
from causal_snn.provenance import provenance

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
AXES: dict[str, str] = {"dt": "ms", "noise": "mV", "weight": "1"}
"""The axes of a phase diagram and their units; the weight is a factor on all weights."""
QUANTITIES: dict[str, str] = {
    "threshold": "mV",
    "epsilon": "1",
    "lower": "1",
    "separation": "1",
    "contrast": "1",
}


@dataclass(frozen=True, slots=True, eq=False)
class PhaseDiagram:
    """The causal threshold of one unit at every combination of three parameters.

    Attributes
    ----------
    label : str
        The unit.
    theta : float
        Its biophysical threshold (mV).
    dt, noise, weight : array
        The axes: time steps (ms), standard deviations of the free potential (mV), factors on
        all weights.
    results : array of ThresholdResult, shape (D, S, W)
        With every certificate.
    provenance : mapping
        How it was made.
    """

    label: str
    theta: float
    dt: Floats
    noise: Floats
    weight: Floats
    results: NDArray[np.object_]
    provenance: Mapping[str, Any]

    def of(self, name: str) -> Floats:
        """Return a number of every result, shape (D, S, W): ``"threshold"``, ``"epsilon"`` ...

        ``"lower"`` is the certificate's lower bound.
        """
        if name not in QUANTITIES:
            raise bad("name", name, "one of " + ", ".join(repr(known) for known in QUANTITIES))
        return np.array(
            [
                result.certificate.lower if name == "lower" else getattr(result, name)
                for result in self.results.flat
            ],
            dtype=float,
        ).reshape(self.results.shape)

    @property
    def threshold(self) -> Floats:
        """T* (mV), shape (D, S, W)."""
        return self.of("threshold")

    @property
    def epsilon(self) -> Floats:
        """Worst diameter within a cell, shape (D, S, W)."""
        return self.of("epsilon")

    @property
    def verdict(self) -> NDArray[np.str_]:
        """What T* can and cannot do, in short, shape (D, S, W)."""
        words = [result.verdict.short for result in self.results.flat]
        return np.array(words).reshape(self.results.shape)

    def to_xarray(self) -> xr.Dataset:
        """Return the diagram as an `xarray.Dataset` over (dt, noise, weight)."""
        import xarray as xr

        dims = tuple(AXES)
        numbers = {
            name: (dims, self.of(name), {"units": unit}) for name, unit in QUANTITIES.items()
        }
        return xr.Dataset(
            {**numbers, "verdict": (dims, self.verdict)},
            coords={name: (name, getattr(self, name), {"units": u}) for name, u in AXES.items()},
            attrs={"unit": self.label, "theta_mV": self.theta},
        )


def phase_diagram(
    network: Network,
    unit: int | str,
    *,
    dt: Sequence[float] | float | None = None,
    noise: Sequence[float] | float | None = None,
    weight: Sequence[float] | float = 1.0,
    contexts: Kind | Sequence[float] | None = None,
    potentials: tuple[float, float] | None = None,
    band_level: float = 0.05,
    progress: bool = False,
) -> PhaseDiagram:
    """Return the causal threshold of a unit at every combination of dt, noise and weight.

    The neuron is the same everywhere; what changes is how long one macro step lasts, how
    strong the noise is, and how much the others say. With dt the membrane forgets,
    a = exp(-dt/tau), and T* moves as m = E + (theta - E - D - c)/a (theory/01_lif.py L3).

    Parameters
    ----------
    network : Network
    unit : int or str
    dt : float or sequence of float, optional
        Time steps (ms), each of which discretises the neurons anew; default the network's.
    noise : float or sequence of float, optional
        Standard deviations of every unit's free potential (mV); default the network's own.
    weight : float or sequence of float
        Factors on all weights.
    contexts, potentials : optional
        See `causal_snn.kernel.next_spike`.
    band_level : float
        See `causal_snn.coarse.threshold`.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    PhaseDiagram

    Raises
    ------
    InputError
        If an axis is empty or not finite, or a combination cannot be discretised (the message
        names the parameter).
    """
    k = network.index(unit)
    steps = _axis("dt", network.dt if dt is None else dt)
    sds = None if noise is None else _axis("noise", noise)
    factors = _axis("weight", weight)
    combinations = list(product(steps, [None] if sds is None else sds, factors))
    results = np.empty(len(combinations), dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StageWarning)  # a long dt is what the axis is about
        for place, (step, sd, factor) in enumerate(
            track(
                Sized(combinations, len(combinations)),
                label="causal thresholds",
                show=progress,
            )
        ):
            changed = network.replace(
                dt=step,
                weights=factor * network.weights,
                **({} if sd is None else {"noise": sd}),
            )
            found = next_spike(changed, k, contexts=contexts, potentials=potentials)
            results[place] = threshold(found, band_level=band_level)
    first: ThresholdResult = results[0]
    sds = np.array([network.noise[k]]) if sds is None else sds
    return PhaseDiagram(
        label=network.labels[k],
        theta=first.theta,
        dt=steps,
        noise=sds,
        weight=factors,
        results=results.reshape(len(steps), len(sds), len(factors)),
        provenance=provenance(
            "minimax threshold at every combination of time step, noise and weight",
            network=network.name,
            unit=network.labels[k],
            distance="total variation",
            contexts=first.provenance["contexts"],
            potentials=None if potentials is None else list(potentials),
        ),
    )


def _axis(name: str, values: Sequence[float] | float) -> Floats:
    axis = np.atleast_1d(np.asarray(values, dtype=float))
    if axis.ndim != 1 or not axis.size or not np.all(np.isfinite(axis)):
        raise bad(name, values, "one finite number or a sequence of them")
    return axis
