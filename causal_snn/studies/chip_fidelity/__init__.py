"""What a chip keeps of a network's causal structure: separate figures, beside controls."""

from causal_snn.studies.chip_fidelity.figures import EdgeFigures, RowFigures
from causal_snn.studies.chip_fidelity.integration import Integrated
from causal_snn.studies.chip_fidelity.listing import Figure
from causal_snn.studies.chip_fidelity.registers import RegisterFigures
from causal_snn.studies.chip_fidelity.result import Fidelity
from causal_snn.studies.chip_fidelity.sampled import sampled_tpm
from causal_snn.studies.chip_fidelity.study import fidelity

__all__ = [
    "EdgeFigures",
    "Fidelity",
    "Figure",
    "Integrated",
    "RegisterFigures",
    "RowFigures",
    "fidelity",
    "sampled_tpm",
]
