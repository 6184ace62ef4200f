"""The loop of a run: what is done and kept between steps, and what ends it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from causal_snn.progress import track
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.schedule import Schedule
from causal_snn.simulation.interrupt import Stop
from causal_snn.simulation.keeper import Keeper
from causal_snn.simulation.not_finite import find_fault, is_finite
from causal_snn.simulation.recording import COMPLETE, FULL, INTERRUPTED, NOT_FINITE

LOOK_EVERY = 200
"""Steps between looks at the clock, at Ctrl-C and for values that are not finite."""


def run_to(
    engine: Engine,
    schedule: Schedule,
    keeper: Keeper,
    end: int,
    advance: Callable[[int, Keeper], None],
    stop: Stop,
    label: str,
    progress: bool,
) -> tuple[str, str]:
    """Run to the end, or as far as it goes; return the status and a sentence."""
    dt, saved = engine.dt, engine.snapshot()
    looks = range(engine.step_number + LOOK_EVERY, end + LOOK_EVERY, LOOK_EVERY)
    acts = [step for step in schedule.steps() if step < end]
    for look in track(looks, label=label, show=progress):
        while engine.step_number < min(look, end) and not (stop.asked or keeper.full):
            _before_step(engine, schedule, keeper)
            nearest = bisect_right(acts, engine.step_number)
            targets = (look, end, keeper.next_step(), *acts[nearest : nearest + 1])
            advance(min(targets) - engine.step_number, keeper)
        if not is_finite(engine):
            text = find_fault(engine, saved, schedule)
            keeper.forget_after(engine.step_number)
            return NOT_FINITE, text
        saved = engine.snapshot(saved)
        if engine.step_number == end:
            break
        if keeper.full:
            limit = keeper.plan.record.most_spikes
            return FULL, (
                f"stopped at {engine.step_number * dt:g} ms: there are more than most_spikes = "
                f"{limit} spikes; allow more, or keep none (Record(spikes=False))"
            )
        if stop.asked:
            return INTERRUPTED, (
                f"interrupted at {engine.step_number * dt:g} ms of {end * dt:g} ms; pass `final` "
                "as start= to go on"
            )
    if keeper.next_step() == end:
        keeper.keep_states()
    return COMPLETE, "the run came to its end"


def stepwise(engine: Engine, stop: Stop) -> Callable[[int, Keeper], None]:
    """Return how an engine advances by itself."""

    def advance(steps: int, keeper: Keeper) -> None:
        for _ in range(steps):
            engine.step()
            keeper.keep_spikes()
            if keeper.full or stop.asked:
                return

    return advance


def _before_step(engine: Engine, schedule: Schedule, keeper: Keeper) -> None:
    """Do what is to be done at this moment, then keep what is to be kept of it."""
    step = engine.step_number
    if step in schedule.actions:
        before = engine.traffic.latest()
        schedule.act(engine.controls, step)
        keeper.set_spikes(before)
    if step == keeper.next_step():
        keeper.keep_states()
