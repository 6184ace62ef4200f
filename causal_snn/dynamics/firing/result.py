"""FiringRate: points of an f-I curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.models.neuron import NeuronModel

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FiringRate:
    """Firing of a neuron at one current or at many.

    Values are floats for a scalar current, arrays of the current's shape otherwise.

    Attributes
    ----------
    current : float or array
        The input: the parameter `I` of the model, or its ``drive`` R·I (mV).
    rate : float or array
        Steady rate (Hz), 0 if silent. Bursts and irregular trains: the mean rate.
    first : float or array
        Rate from the first interval (Hz); above `rate` in a neuron that adapts.
    period : float or array
        Period of the steady pattern (ms), of which there are `spikes` spikes; inf if silent; the
        mean interval if no period was found.
    spikes : int or array of int
        Spikes per period: 1 for tonic firing, more for bursts, 0 if silent or irregular.
    error : float or array
        Error of `rate` (Hz): the standard error of an irregular train, and an estimate of the
        numerical error of any other; 0 for a closed form.
    status : str or array of str
        ``"spiking"``, ``"silent..."``, ``"irregular: ..."`` or ``"not converged: ..."``, with
        the reason.
    method : str
        ``"closed form"``, ``"quadrature"`` or ``"integration"``.
    input : str
        Name of the current in the model.
    unit : str
        Its unit.
    model : NeuronModel
        The neuron.
    provenance : mapping
        How it was computed.
    """

    current: Any
    rate: Any
    first: Any
    period: Any
    spikes: Any
    error: Any
    status: Any
    method: str
    input: str
    unit: str
    model: NeuronModel = attribute(repr=False)
    provenance: Mapping[str, Any] = attribute(repr=False)

    def __float__(self) -> float:
        if np.ndim(self.rate):
            raise TypeError("a FiringRate at many currents is not one number; take its .rate")
        return float(self.rate)

    @property
    def adaptation(self) -> Any:
        """Fraction by which the rate falls from its first to its steady value; 0 if silent."""
        first, rate = np.asarray(self.first), np.asarray(self.rate)
        falls = (first > 0) & (rate > 0)
        part = np.where(falls, 1.0 - rate / np.where(falls, first, 1.0), 0.0)
        return part if part.ndim else float(part)

    def to_xarray(self) -> xr.Dataset:
        """Return the numbers as an `xarray.Dataset` along the current, units in attrs."""
        import xarray as xr

        units = {"rate": "Hz", "first": "Hz", "period": "ms", "spikes": "1", "error": "Hz"}
        columns = {
            name: (self.input, np.ravel(getattr(self, name)), {"units": unit})
            for name, unit in units.items()
        }
        current = (self.input, np.ravel(self.current), {"units": self.unit})
        return xr.Dataset(columns, coords={self.input: current})
