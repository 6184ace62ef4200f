"""Engine: a network in many lanes at once, stepped by one list of array calls.

A *row* is a replica, or a set of replicas that share their intervention; its `lanes` lie side by
side. Small networks run with many lanes to a row and dense weights (a matrix product a step),
large or sparse ones with one lane to a row and one event for each spike.
The engine is the one mutable thing of the simulator: `simulate` and `sweep` make it, run it and
hand out frozen results.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from causal_snn.models.inputs import OUCurrent, PoissonInput
from causal_snn.simulation.engine.controls import Controls
from causal_snn.simulation.engine.event_traffic import EventTraffic
from causal_snn.simulation.engine.fold import Fold, foldable
from causal_snn.simulation.engine.group_lanes import AFTER, BEFORE, GroupLanes
from causal_snn.simulation.engine.layout import Layout
from causal_snn.simulation.engine.noise import Normals
from causal_snn.simulation.engine.noise_ops import noise_ops, noise_scale
from causal_snn.simulation.engine.program import Op
from causal_snn.simulation.engine.refractory import make_hold
from causal_snn.simulation.engine.resets import reset_ops
from causal_snn.simulation.engine.sources import OrnsteinUhlenbeck, PoissonSource
from causal_snn.simulation.engine.synapses import projections
from causal_snn.simulation.engine.traffic import DenseTraffic

type Snapshot = tuple[int, dict[str, Any], list[dict[str, Any]]]
"""Step, arrays by name, and the states of the random streams."""


class Engine:
    """All lanes of a network; see the module.

    Parameters
    ----------
    layout : Layout
    rows, lanes : int
        Rows of lanes, and lanes to a row; with one lane to a row spikes are events.
    dtype : numpy dtype
        float64 or float32.
    streams : sequence of numpy.random.Generator
        One for each row, or fewer: one for all rows together (`shared` False), one whose numbers
        all rows share (`shared` True), or half as many for antithetic pairs (`antithetic`).
    varying : bool
        Whether currents will be injected.
    forceful : bool
        Whether spikes will be set from outside.
    remember : bool
        Whether the potential at the start of each step is kept, in `GroupLanes.before`.
    fold : bool
        Whether a quicker form of the step may be used, which knows of no interventions.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        rows: int,
        lanes: int,
        dtype: Any,
        streams: Sequence[np.random.Generator],
        shared: bool = False,
        antithetic: bool = False,
        varying: bool = False,
        forceful: bool = False,
        remember: bool = False,
        fold: bool = False,
    ) -> None:
        self.layout, self.dtype = layout, np.dtype(dtype)
        self.rows, self.lanes, self.n = rows, lanes, layout.n
        self.streams, self.shared, self.antithetic = list(streams), shared, antithetic
        self.step_number, self.forceful, self.remember = 0, forceful, remember
        network = layout.network
        self.dt = network.dt
        self.groups = [GroupLanes(g, rows, lanes, dtype, network.dt) for g in layout.groups]
        self.holds = [make_hold(group) for group in self.groups]
        links = projections(layout)
        longest = max((link.longest for link in links), default=1)
        traffic: type[DenseTraffic | EventTraffic] = DenseTraffic if lanes > 1 else EventTraffic
        shape = (rows, self.n, lanes)
        self.traffic = traffic(self.groups, self.holds, links, longest, shape, self.dtype)
        self.ou = [OrnsteinUhlenbeck(source, self) for source in layout.inputs(OUCurrent)]
        self.poisson = [PoissonSource(source, self) for source in layout.inputs(PoissonInput)]
        # Connections may act on a current, which is no state but flows for one step.
        self.pulsed = {link.state for link in links if link.state is not None} - {
            name for group in layout.groups for name in group.states
        }
        alone = len(self.ou) == 1 and not varying and not self.pulsed
        varies = varying or bool(self.ou) or bool(self.pulsed)
        self.current: Any = np.zeros(shape, self.dtype) if varies else None
        if alone:
            self.current = self.ou[0].value
        self.traffic.pour(sorted(self.pulsed), self.current)
        self.injected: Any = np.zeros(shape, self.dtype) if varying else None
        self.clamps: list[Op] = []
        self.may_fold = fold
        self.fold: Fold | None = None
        self.controls = Controls(self)
        self.first: list[Op] = []
        self.noisy: list[Op] = []
        self.last: list[Op] = []
        self.build()

    # --- making the list of calls

    def build(self) -> None:
        """Make the calls of a step from the parameters and weights in force."""
        network = self.layout.network
        self.sigma = noise_scale(self)
        targets = self.traffic.targets([source.state for source in self.poisson])
        self.first = self._current_ops()
        self.first += [self.traffic.deliver, *(source.deliver for source in self.poisson)]
        self.last = []
        forced = [self.controls.apply_forced] if self.forceful else []
        states = [state for state in targets if state not in self.pulsed]
        for group, hold in zip(self.groups, self.holds, strict=True):
            span = group.group.span
            own = [self._state_of(group, state) for state in states]
            current = None if self.current is None else self.current[:, span]
            flow, places = group.flow(tuple(own), network.bias[group.group.units], current)
            arrived = [self.traffic.arrived(state, span) for state in states]
            whens = list(zip(arrived, own, places, strict=True))
            buffered = self.poisson or self.pulsed
            direct = None if buffered else self.traffic.direct(group, whens)
            self.first += reset_ops(group, hold.spikes)
            if hold.kept is not None:
                self.first.append(hold.keep)
            if self.remember:
                self.first.append(partial(np.copyto, group.before, group.states[0]))
            if direct is None:
                for a, k, place in whens:
                    self.first += group.add_input(a, k, place, BEFORE)
                self.first += flow
                for a, k, place in whens:
                    self.first += group.add_input(a, k, place, AFTER)
            else:
                self.first.remove(self.traffic.deliver)
                self.first += [*direct[BEFORE], *flow, *direct[AFTER]]
            self.first += group.restart_ops()
            hold.build()
            self.last += [*hold.ops(), *group.detect_ops(), *forced, hold.update]
        self.noisy = noise_ops(self)
        self.last.append(self.traffic.collect)
        if self.may_fold and foldable(self):
            self.fold = Fold(self)
            self.first, self.last = self.fold.first, self.fold.last

    def _state_of(self, group: GroupLanes, state: str | None) -> int:
        equations = group.group.equations
        return equations.synapse if state is None else group.group.states.index(state)

    def _current_ops(self) -> list[Op]:
        if self.current is None:
            return []
        ops: list[Op] = [source.advance for source in self.ou]
        values = [source.value for source in self.ou]
        if values and self.current is values[0]:
            return ops
        if self.injected is not None:
            ops += [partial(np.copyto, self.current, self.injected), self.controls.add_series]
        elif values:
            ops.append(partial(np.copyto, self.current, values.pop(0)))
        else:
            ops.append(partial(self.current.fill, 0))
        return [*ops, *(partial(np.add, self.current, x, out=self.current) for x in values)]

    @property
    def deep(self) -> int:
        """Rows of normal numbers that are drawn: one, one for each row, or one for each pair."""
        if self.shared:
            return 1
        return self.rows // 2 if self.antithetic else self.rows

    def fits(self, rows: int, lanes: int) -> bool:
        """Return whether this is the size of the engine."""
        return (self.rows, self.lanes) == (rows, lanes)

    def begin(self, streams: Sequence[np.random.Generator]) -> None:
        """Start over with other streams; states are still to be set."""
        self.streams[:] = streams
        self.step_number = 0

    def uniforms(self) -> Any:
        """Return uniform numbers for every unit and lane, (rows, n, lanes), mirrored in pairs."""
        each = self.deep // len(self.streams)
        shape = (each, self.n, self.lanes)
        drawn = np.concatenate([stream.random(shape) for stream in self.streams])
        if self.antithetic:
            drawn = np.concatenate([drawn, 1.0 - drawn])
        return np.broadcast_to(drawn, (self.rows, self.n, self.lanes))

    def new_normals(self, scale: float = 1.0) -> tuple[Normals, Any]:
        """Return a source of normal numbers, and its buffer as (deep, n, lanes)."""
        count = (self.deep // len(self.streams)) * self.n * self.lanes
        normals = Normals(self.streams, count, self.dtype, scale)
        return normals, normals.view((self.deep, self.n, self.lanes))

    # --- running

    def step(self) -> None:
        """Take one step."""
        for op in self.first:
            op()
        for op in self.noisy:
            op()
        for op in self.clamps:
            op()
        for op in self.last:
            op()
        self.step_number += 1

    def flow_only(self) -> None:
        """Take the last step without its noise: potentials are then the means of the step."""
        for op in self.first:
            op()
        for hold in self.holds:
            for op in hold.ops():
                op()

    def held_now(self) -> Any:
        """Return which units are refractory, shape (n, rows, lanes)."""
        held = [hold.mask() for hold in self.holds]
        return np.concatenate([np.moveaxis(each, 1, 0) for each in held])

    def settle(self) -> None:
        """Find what follows from states that were set: who has just spiked."""
        for group, hold in zip(self.groups, self.holds, strict=True):
            if group.above is None:
                for op in group.detect_ops():
                    op()
            else:
                np.greater_equal(group.states[0], group.threshold()[1], out=group.above)
                group.spiked[...] = False
            hold.start()
        self.traffic.start(self.step_number)
        if self.fold is not None:
            self.fold.refresh()

    def snapshot(self, over: Snapshot | None = None) -> Snapshot:
        """Return everything that what follows depends on, but parameters and weights.

        A snapshot that is needed no more may be given: its memory is used again.
        """
        streams = [dict(stream.bit_generator.state) for stream in self.streams]
        return self.step_number, self.state_arrays({} if over is None else over[1]), streams

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot."""
        step_number, arrays, streams = snapshot
        self.set_state_arrays(arrays, step_number)
        for stream, state in zip(self.streams, streams, strict=True):
            stream.bit_generator.state = state

    def state_arrays(self, over: dict[str, Any]) -> dict[str, Any]:
        """Return copies of everything that the next step depends on, but the streams.

        Arrays of `over` are written over.
        """
        now: dict[str, Any] = {}
        for k, group in enumerate(self.groups):
            now |= {
                f"{k}.{name}": x for name, x in zip(group.group.states, group.states, strict=True)
            }
            now[f"{k}.spiked"] = group.spiked
            if group.above is not None:
                now[f"{k}.above"] = group.above
        now |= {f"ou{k}": source.value for k, source in enumerate(self.ou)}
        for name, value in now.items():
            if name in over:
                np.copyto(over[name], value)
            else:
                over[name] = value.copy()
        over |= {f"{k}.hold": hold.save() for k, hold in enumerate(self.holds)}
        return over | self.traffic.save(self.step_number)

    def set_state_arrays(self, found: dict[str, Any], step_number: int) -> None:
        """Put back what `state_arrays` gave."""
        self.step_number = step_number
        for k, (group, hold) in enumerate(zip(self.groups, self.holds, strict=True)):
            for name, value in zip(group.group.states, group.states, strict=True):
                value[...] = found[f"{k}.{name}"]
            group.spiked[...] = found[f"{k}.spiked"]
            hold.load(found[f"{k}.hold"])
            if group.above is not None:
                group.above[...] = found[f"{k}.above"]
        for k, source in enumerate(self.ou):
            source.value[...] = found[f"ou{k}"]
        self.traffic.load(found, step_number)
        if self.fold is not None:
            self.fold.refresh()
