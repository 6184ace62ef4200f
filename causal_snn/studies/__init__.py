"""The applications: small studies, each on the whole pipeline."""

from causal_snn.studies.critical_precision import PrecisionSweep, critical_precision
from causal_snn.studies.multiplexing import Multiplexing, multiplexing
from causal_snn.studies.time_scale import TimeScale, time_scale

__all__ = [
    "Multiplexing",
    "PrecisionSweep",
    "TimeScale",
    "critical_precision",
    "multiplexing",
    "time_scale",
]
