"""4 coarse: micro states to macro states, under interventions, with certificates."""

from causal_snn.coarse.certificate import Certificate
from causal_snn.coarse.diameter import contrast, diameter
from causal_snn.coarse.joint_thresholds.certificate import JointCertificate
from causal_snn.coarse.joint_thresholds.joint import joint
from causal_snn.coarse.joint_thresholds.result import JointResult, JointStatus
from causal_snn.coarse.partition import CELLS, Alphabet, Partition, UnitPartition
from causal_snn.coarse.phase_diagram import PhaseDiagram, phase_diagram
from causal_snn.coarse.result import ThresholdResult, Verdict
from causal_snn.coarse.threshold import threshold

__all__ = [
    "CELLS",
    "Alphabet",
    "Certificate",
    "JointCertificate",
    "JointResult",
    "JointStatus",
    "Partition",
    "PhaseDiagram",
    "ThresholdResult",
    "UnitPartition",
    "Verdict",
    "contrast",
    "diameter",
    "joint",
    "phase_diagram",
    "threshold",
]
