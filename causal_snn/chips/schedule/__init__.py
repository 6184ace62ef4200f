"""Schedules: the micro-steps in which hardware that is shared in time makes one tick."""

from causal_snn.chips.schedule.micro import Micro, components
from causal_snn.chips.schedule.program import Step
from causal_snn.chips.schedule.rounds import Equivalence, equivalence, propagate, round_law
from causal_snn.chips.schedule.target import Target, target, threshold_units
from causal_snn.chips.schedule.unfold import Machine, unfold

__all__ = [
    "Equivalence",
    "Machine",
    "Micro",
    "Step",
    "Target",
    "components",
    "equivalence",
    "propagate",
    "round_law",
    "target",
    "threshold_units",
    "unfold",
]
