"""The applications: small studies, each on the whole pipeline."""

from causal_snn.studies.time_scale import TimeScale, time_scale

__all__ = ["TimeScale", "time_scale"]
