"""6 phi: integrated information of macro TPMs."""

from causal_snn.phi.analyze import analyze
from causal_snn.phi.result import Complex, MinimumPartition, PhiByState, PhiResult

__all__ = ["Complex", "MinimumPartition", "PhiByState", "PhiResult", "analyze"]
