"""A network on a digital chip as an exact finite chain."""

from causal_snn.chips.chain.kernel import ChipKernel, MicroState, kernel
from causal_snn.chips.chain.markov import MarkovReport, Witness, markov
from causal_snn.chips.chain.reachable import NeuronStates, Reachable, reachable
from causal_snn.chips.chain.unit import UnitLaw

__all__ = [
    "ChipKernel",
    "MarkovReport",
    "MicroState",
    "NeuronStates",
    "Reachable",
    "UnitLaw",
    "Witness",
    "kernel",
    "markov",
    "reachable",
]
