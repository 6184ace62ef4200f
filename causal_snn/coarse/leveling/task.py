"""What is asked of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.kernel.distance import DISTANCES, Distance

Objective = Literal["minimax", "brier", "kl"]
OBJECTIVES = ("minimax", "brier", "kl")


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of levels; the arguments of `levels` with a number of levels."""

    k: int
    objective: Objective
    distance: Distance
    min_mass: float
    separation: float
    contiguous: bool


def check_task(task: Task, epsilon: float | None) -> None:
    """Raise `InputError` unless the question makes sense."""
    check_whole("k", task.k)
    check_choice("objective", task.objective, OBJECTIVES)
    check_choice("distance", task.distance, DISTANCES)
    if epsilon is not None and not epsilon >= 0:
        raise bad("epsilon", epsilon, "a number of 0 or more")
    if not 0 <= task.min_mass <= 1:
        raise bad("min_mass", task.min_mass, "a mass between 0 and 1")
    if not task.separation >= 0:
        raise bad("separation", task.separation, "a number of 0 or more")
    if task.separation > 0 and task.objective != "minimax":
        raise bad(
            "separation",
            task.separation,
            f"0 with objective {task.objective!r}",
            "Mean costs are those of all micro states, and a separation leaves some out.",
        )
    if task.distance != "tv" and task.objective != "minimax":
        raise bad("distance", task.distance, f"'tv' with objective {task.objective!r}")
