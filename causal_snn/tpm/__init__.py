"""5 tpm: macro transition matrices, and what integrated information demands of them."""

from causal_snn.tpm.build import CONVERGED, build
from causal_snn.tpm.capacity import Capacity, CapacityStatus, causal_capacity
from causal_snn.tpm.closure import Closure, closure, closure_rate, lumpability_gap
from causal_snn.tpm.confounding import Confounding, confounding
from causal_snn.tpm.emergence import (
    Emergence,
    causal_emergence,
    coarse_network,
    coarse_tpm,
    unit_cells,
)
from causal_snn.tpm.grouping import Grouping, best_grouping, merge_path
from causal_snn.tpm.independence import TOLERANCE, Independence
from causal_snn.tpm.information import (
    InformationEstimate,
    Measures,
    degeneracy,
    determinism,
    effective_information,
    effective_information_from_counts,
    measures,
)
from causal_snn.tpm.interval import IntervalTPM
from causal_snn.tpm.prediction.chain import chain_prediction
from causal_snn.tpm.prediction.network import network_prediction
from causal_snn.tpm.prediction.result import PredictionError
from causal_snn.tpm.primitives import Apportionment, apportion, causal_primitives
from causal_snn.tpm.tpm import TPM

__all__ = [
    "CONVERGED",
    "TOLERANCE",
    "TPM",
    "Apportionment",
    "Capacity",
    "CapacityStatus",
    "Closure",
    "Confounding",
    "Emergence",
    "Grouping",
    "Independence",
    "InformationEstimate",
    "IntervalTPM",
    "Measures",
    "PredictionError",
    "apportion",
    "best_grouping",
    "build",
    "causal_capacity",
    "causal_emergence",
    "causal_primitives",
    "chain_prediction",
    "closure",
    "closure_rate",
    "coarse_network",
    "coarse_tpm",
    "confounding",
    "degeneracy",
    "determinism",
    "effective_information",
    "effective_information_from_counts",
    "lumpability_gap",
    "measures",
    "merge_path",
    "network_prediction",
    "unit_cells",
]
