"""pareto: closure against separation, or against effective information, for several k."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from causal_snn.coarse.leveling.constrained import terrain
from causal_snn.coarse.leveling.enclosure import Floats
from causal_snn.coarse.leveling.solve import best_order
from causal_snn.coarse.leveling.task import Task, check_task
from causal_snn.coarse.pareto_points import ParetoPoint, informations, separations
from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.provenance import provenance

Second = Literal["separation", "effective_information"]


@dataclass(frozen=True, slots=True, eq=False)
class ParetoFront:
    """The compromises between closure and what levels tell apart, one front for each k.

    Attributes
    ----------
    label : str
        The unit.
    second : {"separation", "effective_information"}
        What closure is weighed against.
    points : tuple of ParetoPoint
        By k, then by increasing epsilon and second objective.
    floor : dict of int to float
        (p_max - p_min)/k in the worst context, of what the effects are for sure: k levels that
        leave nothing out are at least this wide if the effect is continuous in the state
        (theory/02_threshold.py L8). Points that abstain may be below it.
    floors : array, shape (C,)
        p_max - p_min in each context.
    min_mass : float
        Least mass of a level.
    complete : dict of int to bool
        Whether the points of a k are all those of the table, or only some of them.
    provenance : mapping
    """

    label: str
    second: Second
    points: tuple[ParetoPoint, ...]
    floor: Mapping[int, float]
    floors: Floats
    min_mass: float
    complete: Mapping[int, bool]
    provenance: Mapping[str, Any]

    def of(self, k: int) -> tuple[ParetoPoint, ...]:
        """Return the points with k levels."""
        return tuple(point for point in self.points if point.k == k)

    def nearest(self, epsilon: float, second: float, *, k: int | None = None) -> ParetoPoint:
        """Return the point that misses least of an epsilon and a least second objective.

        A point that meets both misses nothing; of several, that of the least epsilon.

        Raises
        ------
        InputError
            If there is no point with k levels.
        """
        points = self.points if k is None else self.of(k)
        if not points:
            raise bad("k", k, f"one of {sorted({point.k for point in self.points})}")

        def missing(point: ParetoPoint) -> tuple[float, float]:
            short = max(second - getattr(point, self.second), 0.0)
            return float(np.hypot(max(point.epsilon - epsilon, 0.0), short)), point.epsilon

        return min(points, key=missing)


def pareto(
    kernel: EffectKernel | TabulatedKernel,
    *,
    levels: Iterable[int] = range(2, 9),
    second: Second = "separation",
    min_mass: float = 0.05,
    contiguous: bool = True,
    points: int = 17,
    cells: int = 400,
) -> ParetoFront:
    """Return what closure costs: the non-dominated levels of a unit's effects.

    ``"separation"``: levels are runs of cells that may leave others between them to abstain
    (without, levels of a continuum touch and are not separated at all); for a separation the
    least epsilon is found exactly, then the greatest separation for that epsilon, so that every
    point is non-dominated on the table. ``"effective_information"``: levels cover everything;
    all sets of cuts up to 20,000, else the best of each objective of `levels`.

    Parameters
    ----------
    kernel : EffectKernel or TabulatedKernel
        Of two outcomes.
    levels : iterable of int
        Numbers of levels k.
    second : {"separation", "effective_information"}
    min_mass : float
        Least mass of a level: without, levels shrink to single cells.
    contiguous : bool
        Whether levels are runs of neighbouring cells, or of cells sorted by effect.
    points : int
        Separations, evenly spaced, from which each front is followed; a front of no more points
        than that is complete.
    cells : int
        Number of cells for an EffectKernel.

    Returns
    -------
    ParetoFront

    Raises
    ------
    InputError
        If an option is unknown or out of range, or there are more than two outcomes.
    """
    table = kernel.tabulate(cells) if isinstance(kernel, EffectKernel) else kernel
    check_choice("second", second, ("separation", "effective_information"))
    check_whole("points", points)
    asked = [check_whole("levels", k) for k in levels]
    contiguous = contiguous and len(table.coordinates) == 1
    check_task(Task(1, "minimax", "tv", min_mass, 0.0, contiguous), None)
    order = best_order(table, contiguous=contiguous)
    field = terrain(table, order, "tv", min_mass=min_mass)
    found: list[ParetoPoint] = []
    complete: dict[int, bool] = {}
    for k in sorted(set(asked)):
        task = Task(k, "minimax", "tv", min_mass, 0.0, contiguous)
        if second == "separation":
            some, complete[k] = separations(table, task, order, field, points)
        else:
            some, complete[k] = informations(table, task, order)
        found += some
    ranges = np.maximum(table.lower.max(axis=1) - table.upper.min(axis=1), 0.0)
    return ParetoFront(
        label=table.label,
        second=second,
        points=tuple(found),
        floor={k: float(ranges.max()) / k for k in complete},
        floors=ranges,
        min_mass=min_mass,
        complete=complete,
        provenance=provenance(
            "least epsilon for each separation and back"
            if second == "separation"
            else "enumeration of cuts, or the best of each objective",
            second=second,
            min_mass=min_mass,
            contiguous=contiguous,
            cells=table.n,
            kernel=dict(table.provenance),
        ),
    )
