"""Statistics of spike trains: rates, irregularity, correlation, and distances between trains."""

from causal_snn.spikes.compare import TrainComparison, compare
from causal_snn.spikes.distances import van_rossum, victor_purpura
from causal_snn.spikes.rates import binned, correlation, cv, rate

__all__ = [
    "TrainComparison",
    "binned",
    "compare",
    "correlation",
    "cv",
    "rate",
    "van_rossum",
    "victor_purpura",
]
