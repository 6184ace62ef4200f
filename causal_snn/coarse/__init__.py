"""4 coarse: micro states to macro states, under interventions, with certificates."""

from causal_snn.coarse.certificate import Certificate
from causal_snn.coarse.diameter import contrast, diameter
from causal_snn.coarse.partition import CELLS, Alphabet, Partition, UnitPartition
from causal_snn.coarse.result import ThresholdResult, Verdict
from causal_snn.coarse.threshold import threshold

__all__ = [
    "CELLS",
    "Alphabet",
    "Certificate",
    "Partition",
    "ThresholdResult",
    "UnitPartition",
    "Verdict",
    "contrast",
    "diameter",
    "threshold",
]
