"""Fold: the step of the commonest lanes with reset and constants folded into one product.

With n = 1 - s who has not spiked, a the decay and k the constant of the step,

    v' = a v n + W s + a V_reset s + k = a v n + K - (W + a diag(V_reset)) n,

so two products of arrays and one of matrices take the place of a masked reset, its value, the
input and the constant. The entries lie on a grid (`exact_sums`): sums are exact.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.simulation.engine.exact_sums import on_grid
from causal_snn.simulation.engine.layout import is_lif_family
from causal_snn.simulation.engine.program import Op

if TYPE_CHECKING:
    from causal_snn.simulation.engine.core import Engine

MOST = 64
"""Units above which the larger product costs more than it saves."""


def foldable(engine: Engine) -> bool:
    """Return whether all units are lif units of the plainest kind, in lanes."""
    lanes, traffic = engine.groups[0], engine.traffic
    convention = lanes.group.convention
    return (
        engine.lanes > 1
        and len(engine.groups) == 1
        and engine.n <= MOST
        and is_lif_family(lanes.group.model)
        and lanes.count == 1
        and lanes.linear is not None
        and len(lanes.linear.constant[0]) == 1
        and convention.reset == "value"
        and convention.reset_timing == "immediate"
        and not convention.refractory_steps
        and traffic.longest == 1
        and len(traffic.links) <= 1
        and all(link.state is None for link in traffic.links)
        and engine.current is None
        and not engine.poisson
        and not engine.forceful
    )


class Fold:
    """The calls of a folded step; made for an engine that is `foldable`."""

    def __init__(self, engine: Engine) -> None:
        lanes = engine.groups[0]
        step: Any = lanes.linear
        n, dtype = engine.n, engine.dtype
        self.spiked = lanes.spiked
        self.silent = np.empty(lanes.shape, bool)
        self.factors = np.ones((engine.rows, n + 1, engine.lanes), dtype)
        self.quiet = self.factors[:, :n]
        decay, reset = step.matrix[0, 0, 0], lanes.parameters["V_reset"][0]
        weights = np.zeros((n, n))
        traffic: Any = engine.traffic
        for by_delay in traffic.tables:
            weights = np.asarray(by_delay[1], dtype=float)
        table = np.concatenate([-(weights + np.diag(decay * reset)), np.zeros((n, 1))], axis=1)
        table[:, n] = step.constant[0, 0] - table.sum(axis=1)
        with np.errstate(over="ignore"):  # what is too large for the type is found as inf
            table = on_grid(table, dtype).astype(dtype)
        arrived = np.empty(lanes.shape, dtype)
        v = lanes.states[0]
        self.first: list[Op] = [
            partial(np.multiply, v, self.quiet, out=v),
            partial(np.multiply, v, lanes.number(step.matrix[0, 0]), out=v),
            partial(np.matmul, table, self.factors, out=arrived),
            partial(np.add, v, arrived, out=v),
        ]
        self.last: list[Op] = [*lanes.detect_ops(), self.refresh]
        self.refresh()

    def refresh(self) -> None:
        """See who has not just spiked."""
        np.logical_not(self.spiked, out=self.silent)
        np.copyto(self.quiet, self.silent)
