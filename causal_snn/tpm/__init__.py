"""5 tpm: macro transition matrices, and what integrated information demands of them."""

from causal_snn.tpm.build import CONVERGED, build
from causal_snn.tpm.independence import TOLERANCE, Independence
from causal_snn.tpm.tpm import TPM

__all__ = ["CONVERGED", "TOLERANCE", "TPM", "Independence", "build"]
