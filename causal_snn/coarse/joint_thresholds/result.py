"""What is known about the thresholds of a network, chosen together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.certificate import JointCertificate
from causal_snn.coarse.partition import Partition

Floats = NDArray[np.float64]


class JointStatus(StrEnum):
    """How the search ended; the members are the messages."""

    OPTIMAL = "optimal: no choice of candidate thresholds costs less"
    BOUNDED = "stopped: the thresholds cost at most the certified gap more than the best"

    @property
    def short(self) -> str:
        """The status without its explanation."""
        return self.value.partition(":")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Thresholds and what they cost together.

    Attributes
    ----------
    thresholds : array, shape (n,)
        (mV)
    epsilon : float
        Their joint cost.
    per_unit : array, shape (n,)
        The cost of each unit.
    """

    thresholds: Floats
    epsilon: float
    per_unit: Floats


@dataclass(frozen=True, slots=True, eq=False)
class JointResult:
    """The thresholds of all units of a network, what they cost, and the proof.

    Attributes
    ----------
    thresholds : array, shape (n,)
        Threshold of each unit (mV).
    partition : Partition
    epsilon : float
        The joint cost: the sum of the units' mean squared differences between an effect and
        its prediction from macro states ("brier"), or the worst diameter of a cell
        ("minimax").
    per_unit : array, shape (n,)
        The cost of each unit.
    total_variation : float
        For ternary thresholds and the worst case: 1 - prod(1 - eps_i), which bounds the
        total variation between the joint next spikes of two micro states of one macro state
        (theory/11_joint.py J1); else NaN.
    variance : float
        For the mean objective: the cost of macro states that tell nothing; else NaN.
    separate : Choice
        Thresholds chosen for each unit by itself, as if the macro states told which of the
        others spike; its cost is what they really cost together.
    status : JointStatus
    certificate : JointCertificate
    provenance : mapping
    """

    thresholds: Floats
    partition: Partition
    epsilon: float
    per_unit: Floats
    total_variation: float
    variance: float
    separate: Choice
    status: JointStatus
    certificate: JointCertificate
    provenance: Mapping[str, Any]


def joint_total_variation(epsilons: Floats) -> float:
    """Return 1 - prod(1 - eps_i), at most the sum (J1)."""
    return 1.0 - prod(1.0 - float(eps) for eps in epsilons)
