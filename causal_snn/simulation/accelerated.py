"""The step as one compiled loop (Numba), for single large networks; optional and never needed.

The loop is written from the same program or matrix as the array operations of the engine, works
on the engine's own buffers and draws from the same stream, so that a run may change between
the two. Sums are rounded in another order: spike trains of chaotic networks part after a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from causal_snn.errors import InputError
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.keeper import Keeper
from causal_snn.simulation.loop_source import LoopWriter

NUMBA = "numba"


def check_numba(reasons: Mapping[str, Any]) -> None:
    """Raise `InputError` without numba, or for the reasons that hold against compiled loops."""
    try:
        import numba  # noqa: F401
    except ImportError:
        raise InputError(
            "accelerate = 'numba' needs numba: install the extra, pip install 'causal-snn[numba]'"
        ) from None
    found = " and ".join(reason for reason, there in reasons.items() if there)
    if found:
        raise InputError(f"accelerate = 'numba' does not do {found}; leave accelerate out")


def check_accelerate(engine: Engine, interventions: Any) -> None:
    """Raise `InputError` where the compiled loop does not do what is asked."""
    lanes = engine.groups[0]
    reasons = {
        "interventions": bool(interventions),
        "several kinds of neurons": len(engine.groups) > 1,
        "replicas": engine.rows > 1,
        "currents or Poisson spikes from outside": engine.current is not None or engine.poisson,
        "interpolated spike times": engine.remember,
        "a threshold that is a state": np.shape(lanes.threshold()[1]) == lanes.shape,
        "resets other than to fixed values or by fixed amounts": lanes.group.convention.reset
        == "subtract"
        or lanes.group.convention.reset_timing == "delayed",
        "refractory resets that depend on the state": engine.holds[0].kept is not None,
    }
    check_numba(reasons)


class CompiledRun:
    """Advances an engine by many steps at a time; made once for a run."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        writer = LoopWriter(engine)
        self.segment = _compile(writer.source())
        self.arguments = writer.arguments
        n = engine.n
        self.left = np.zeros(n, np.int32)
        self.ring = np.zeros((engine.traffic.longest, n), np.int64)
        self.counts = np.zeros(engine.traffic.longest, np.int64)

    def advance(self, steps: int, keeper: Keeper) -> None:
        """Take some steps and keep their spikes."""
        engine = self.engine
        lanes, hold, traffic = engine.groups[0], engine.holds[0], engine.traffic
        self.left[:] = hold.save()
        for slot, spikes in enumerate(traffic.ring):
            self.counts[slot] = len(spikes)
            self.ring[slot, : len(spikes)] = spikes
        above = lanes.flat_spiked if lanes.above is None else lanes.above.reshape(-1)
        room = np.zeros(max(4 * engine.n, 1024), np.int64)
        done = 0
        while done < steps and not keeper.full:
            ends = np.zeros(steps - done, np.int64)
            took = self.segment(
                engine.step_number,
                steps - done,
                *lanes.flat,
                lanes.flat_spiked,
                above,
                self.left,
                self.ring,
                self.counts,
                room,
                keeper.left(),
                ends,
                engine.streams[0],
                *self.arguments,
            )
            if took:
                keeper.keep_many(room[: ends[took - 1]].copy(), ends[:took], engine.step_number)
            engine.step_number += took
            done += took
        for slot in range(traffic.longest):
            traffic.ring[slot] = self.ring[slot, : self.counts[slot]].copy()
        traffic.now = engine.step_number
        hold.load(self.left)


@cache
def _compile(source: str) -> Any:
    import numba

    space: dict[str, Any] = {"np": np, "linoid": numba.njit(_linoid), "relexp": numba.njit(_relexp)}
    exec(compile(source, "<compiled step>", "exec"), space)
    return numba.njit(space["segment"], error_model="numpy")


def _linoid(x: float) -> float:
    return 1.0 if x == 0.0 else -x / np.expm1(-x)


def _relexp(x: float) -> float:
    return 1.0 if x == 0.0 else -np.expm1(-x) / x
