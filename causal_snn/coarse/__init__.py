"""4 coarse: micro states to macro states, under interventions, with certificates."""

from causal_snn.coarse.certificate import Certificate
from causal_snn.coarse.context_thresholds import ContextThresholds, context_thresholds
from causal_snn.coarse.diameter import contrast, diameter
from causal_snn.coarse.grain import Grains, grains
from causal_snn.coarse.joint_thresholds.certificate import JointCertificate
from causal_snn.coarse.joint_thresholds.joint import joint
from causal_snn.coarse.joint_thresholds.result import JointResult, JointStatus
from causal_snn.coarse.leveling.certificate import CutsCertificate, LevelsCertificate
from causal_snn.coarse.leveling.levels import levels
from causal_snn.coarse.leveling.result import LevelsResult, LevelsStatus
from causal_snn.coarse.lumping.brier import BrierResult, brier_lump
from causal_snn.coarse.lumping.certificate import LumpCertificate
from causal_snn.coarse.lumping.lump import lump
from causal_snn.coarse.lumping.packing import Packing, packing
from causal_snn.coarse.lumping.result import LumpResult, LumpStatus
from causal_snn.coarse.pareto import ParetoFront, pareto
from causal_snn.coarse.pareto_points import ParetoPoint
from causal_snn.coarse.partition import CELLS, Alphabet, Partition, UnitPartition
from causal_snn.coarse.phase_diagram import PhaseDiagram, phase_diagram
from causal_snn.coarse.result import ThresholdResult, Verdict
from causal_snn.coarse.table_threshold import TableThresholdResult
from causal_snn.coarse.threshold import threshold

__all__ = [
    "CELLS",
    "Alphabet",
    "BrierResult",
    "Certificate",
    "ContextThresholds",
    "CutsCertificate",
    "Grains",
    "JointCertificate",
    "JointResult",
    "JointStatus",
    "LevelsCertificate",
    "LevelsResult",
    "LevelsStatus",
    "LumpCertificate",
    "LumpResult",
    "LumpStatus",
    "Packing",
    "ParetoFront",
    "ParetoPoint",
    "Partition",
    "PhaseDiagram",
    "TableThresholdResult",
    "ThresholdResult",
    "UnitPartition",
    "Verdict",
    "brier_lump",
    "context_thresholds",
    "contrast",
    "diameter",
    "grains",
    "joint",
    "levels",
    "lump",
    "packing",
    "pareto",
    "phase_diagram",
    "threshold",
]
