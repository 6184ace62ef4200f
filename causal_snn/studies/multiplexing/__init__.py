"""Multiplexing: one system at tick grain, and what hardware shared in time makes of it."""

from causal_snn.studies.multiplexing.readings import Grouping, macro_table
from causal_snn.studies.multiplexing.result import Concurrency, Grain, Multiplexing, Small
from causal_snn.studies.multiplexing.study import multiplexing
from causal_snn.studies.multiplexing.targets import FINDLAY, Published, stand_in

__all__ = [
    "FINDLAY",
    "Concurrency",
    "Grain",
    "Grouping",
    "Multiplexing",
    "Published",
    "Small",
    "macro_table",
    "multiplexing",
    "stand_in",
]
