"""Recording: what a run kept, as arrays, as a labelled dataset, as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, suggest
from causal_snn.simulation.spike_trains import SpikeTrains
from causal_snn.simulation.state import SimulationState

if TYPE_CHECKING:
    import xarray as xr

    from causal_snn.models.network import Network

Floats = NDArray[np.float64]

COMPLETE, INTERRUPTED, FULL, NOT_FINITE = "complete", "interrupted", "full", "not finite"
"""What `Recording.status` can be."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Recording:
    """What `simulate` returns.

    Attributes
    ----------
    network : Network
    trains : SpikeTrains
        All spikes.
    times : array, shape (T,)
        Times at which states were kept (ms).
    states : mapping of str to array, shape (T, units, replicas)
        Kept states; `state_units` names the units of each.
    state_units : mapping of str to tuple of str
    final : SimulationState
        Where the run ended; pass it as ``start=`` to go on.
    status : {"complete", "interrupted", "full", "not finite"}
        How the run ended; `message` says it in a sentence.
    message : str
    provenance : dict
        Method, schemes, dt, dtype, seed, interventions, versions.
    """

    network: Network
    trains: SpikeTrains
    times: Floats
    states: Mapping[str, Any]
    state_units: Mapping[str, tuple[str, ...]]
    final: SimulationState
    status: str
    message: str
    provenance: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Recording of {self.network.name!r}: {self.trains!r}, {self.status}>"

    @property
    def success(self) -> bool:
        """Whether the run came to its end."""
        return self.status == COMPLETE

    @property
    def duration(self) -> float:
        """How long the run was (ms)."""
        return self.trains.stop - self.trains.start

    def spike_times(self, unit: int | str, *, replica: int = 0) -> Floats:
        """Return the spike times of a unit (ms), in order."""
        return self.trains.of(unit, replica=replica)

    def rates(self) -> Floats:
        """Return the mean rate of each unit (Hz), shape (n,)."""
        return self.trains.rates()

    def state(self, name: str, unit: int | str, *, replica: int = 0) -> Floats:
        """Return the kept values of one state of one unit, shape (T,)."""
        if name not in self.states:
            hint = suggest(name, self.states) if self.states else "no states were kept"
            raise InputError(f"no state {name!r} in this recording; {hint}")
        label = self.network.labels[self.network.index(unit)]
        if label not in self.state_units[name]:
            raise InputError(f"{name!r} of {label!r} was not kept")
        self.trains.check_replica(replica)
        values: Floats = self.states[name][:, self.state_units[name].index(label), replica]
        return values

    def to_xarray(self) -> xr.Dataset:
        """Return spikes and states as a dataset with named dimensions, units in `attrs`."""
        import json

        import xarray as xr

        trains = self.trains
        ms = {"units": "ms"}
        variables: dict[str, Any] = {
            "spike_time": ("spike", trains.times, {**ms, "long_name": "time of a spike"}),
            "spike_unit": ("spike", trains.units, {"long_name": "index of the unit that spiked"}),
            "spike_replica": ("spike", trains.replicas, {"long_name": "replica of the spike"}),
        }
        coordinates: dict[str, Any] = {
            "unit": list(trains.labels),
            "time": ("time", self.times, ms),
            "replica": np.arange(trains.count),
        }
        for name, values in self.states.items():
            labels = self.state_units[name]
            dimension = "unit" if labels == trains.labels else f"unit_of_{name}"
            coordinates[dimension] = list(labels)
            attributes = {"units": self._unit_of(name), "long_name": f"state variable {name}"}
            variables[name] = (("time", dimension, "replica"), values, attributes)
        return xr.Dataset(
            variables,
            coords=coordinates,
            attrs={
                "network": self.network.name,
                "start": trains.start,
                "stop": trains.stop,
                "dt": self.network.dt,
                "status": self.status,
                "provenance": json.dumps(self.provenance, default=str),
            },
        )

    def _unit_of(self, state: str) -> str:
        for model in dict.fromkeys(self.network.neurons):
            if state in model.states:
                return model.equations.units[model.states.index(state)]
        raise AssertionError(state)

    def to_netcdf(self, path: str | Path) -> Path:
        """Write the dataset to a netCDF file, whole or not at all; needs the extra `io`."""
        target = Path(path)
        if not target.parent.is_dir():
            raise InputError(f"{target}: there is no folder {str(target.parent)!r}; make it first")
        part = target.with_name(target.name + ".part")
        try:
            import h5netcdf  # noqa: F401
        except ImportError:
            raise InputError(
                "to_netcdf needs h5netcdf: install the extra, pip install 'causal-snn[io]'"
            ) from None
        try:
            self.to_xarray().to_netcdf(part, engine="h5netcdf")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target
