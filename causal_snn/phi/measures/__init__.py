"""Measures of integration for networks too large for exact Phi; values in bits."""

from causal_snn.phi.measures.chains import GaussianChain
from causal_snn.phi.measures.effective import integrated_effective_information
from causal_snn.phi.measures.geometric import geometric_phi
from causal_snn.phi.measures.mismatched import phi_star
from causal_snn.phi.measures.result import MeasureStatus, PartitionMeasure
from causal_snn.phi.measures.stochastic import stochastic_interaction

__all__ = [
    "GaussianChain",
    "MeasureStatus",
    "PartitionMeasure",
    "geometric_phi",
    "integrated_effective_information",
    "phi_star",
    "stochastic_interaction",
]
