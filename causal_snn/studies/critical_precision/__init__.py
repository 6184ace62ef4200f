"""At which precision a network's causal structure breaks on a chip, and at which its rates do."""

from causal_snn.studies.critical_precision.critical import Critical, Kept, PrecisionPoint
from causal_snn.studies.critical_precision.measures import MEASURES, Measure
from causal_snn.studies.critical_precision.result import PrecisionSweep, Status
from causal_snn.studies.critical_precision.sweep import critical_precision
from causal_snn.studies.critical_precision.vary import vary

__all__ = [
    "MEASURES",
    "Critical",
    "Kept",
    "Measure",
    "PrecisionPoint",
    "PrecisionSweep",
    "Status",
    "critical_precision",
    "vary",
]
