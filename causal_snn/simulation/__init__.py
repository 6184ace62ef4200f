"""2b simulation: what a network does, from chosen states or freely."""

from causal_snn.simulation.stationary import StationarySamples, sample_stationary
from causal_snn.simulation.stepper import State, advance, micro_state, rest_state, run

__all__ = [
    "State",
    "StationarySamples",
    "advance",
    "micro_state",
    "rest_state",
    "run",
    "sample_stationary",
]
