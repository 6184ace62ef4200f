"""6 phi: integrated information of macro TPMs."""

from causal_snn.phi.adapter import from_pyphi, read_pyphi, to_pyphi
from causal_snn.phi.analyze import analyze
from causal_snn.phi.complexes import Complexes, complexes
from causal_snn.phi.enclosure import Enclosure, enclosure
from causal_snn.phi.landscape import PhiLandscape, landscape
from causal_snn.phi.measures import (
    GaussianChain,
    geometric_phi,
    integrated_effective_information,
    phi_star,
    stochastic_interaction,
)
from causal_snn.phi.path import PhiPath, path
from causal_snn.phi.posterior import PhiPosterior, posterior
from causal_snn.phi.result import Complex, MinimumPartition, PhiByState, PhiResult
from causal_snn.phi.structure import structure
from causal_snn.phi.structure_result import Distinction, StructureResult
from causal_snn.phi.system import system
from causal_snn.phi.system_result import SystemResult

__all__ = [
    "Complex",
    "Complexes",
    "Distinction",
    "Enclosure",
    "GaussianChain",
    "MinimumPartition",
    "PhiByState",
    "PhiLandscape",
    "PhiPath",
    "PhiPosterior",
    "PhiResult",
    "StructureResult",
    "SystemResult",
    "analyze",
    "complexes",
    "enclosure",
    "from_pyphi",
    "geometric_phi",
    "integrated_effective_information",
    "landscape",
    "path",
    "phi_star",
    "posterior",
    "read_pyphi",
    "stochastic_interaction",
    "structure",
    "system",
    "to_pyphi",
]
