"""2b simulation: what a network does, freely and under interventions."""

from causal_snn.simulation.crossing import missed_crossing
from causal_snn.simulation.intervention import (
    change,
    clamp,
    clamp_spikes,
    cut,
    do,
    inject,
)
from causal_snn.simulation.neo_trains import from_neo, to_neo
from causal_snn.simulation.portable import PortableStep, portable_step
from causal_snn.simulation.quadrature.rows import Quadrature, quadrature_rows
from causal_snn.simulation.record import Record
from causal_snn.simulation.recording import Recording
from causal_snn.simulation.simulate import simulate
from causal_snn.simulation.spike_trains import SpikeTrains
from causal_snn.simulation.state import SimulationState
from causal_snn.simulation.stationary import StationarySamples, sample_stationary
from causal_snn.simulation.stepper import State, advance, micro_state, rest_state, run
from causal_snn.simulation.sweeping.lane import SweepLane, sweep_lane
from causal_snn.simulation.sweeping.result import Contrast, SweepResult
from causal_snn.simulation.sweeping.states import Cells, macro_states, spiking_states
from causal_snn.simulation.sweeping.sweep import sweep
from causal_snn.simulation.transitions import Transitions, transitions

__all__ = [
    "Cells",
    "Contrast",
    "PortableStep",
    "Quadrature",
    "Record",
    "Recording",
    "SimulationState",
    "SpikeTrains",
    "State",
    "StationarySamples",
    "SweepLane",
    "SweepResult",
    "Transitions",
    "advance",
    "change",
    "clamp",
    "clamp_spikes",
    "cut",
    "do",
    "from_neo",
    "inject",
    "macro_states",
    "micro_state",
    "missed_crossing",
    "portable_step",
    "quadrature_rows",
    "rest_state",
    "run",
    "sample_stationary",
    "simulate",
    "spiking_states",
    "sweep",
    "sweep_lane",
    "to_neo",
    "transitions",
]
