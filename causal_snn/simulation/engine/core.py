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
from numpy.typing import NDArray

from causal_snn.models.inputs import OUCurrent, PoissonInput, WhiteNoise
from causal_snn.simulation.engine.controls import Controls
from causal_snn.simulation.engine.fold import Fold, foldable
from causal_snn.simulation.engine.group_lanes import AFTER, BEFORE, GroupLanes
from causal_snn.simulation.engine.layout import Layout
from causal_snn.simulation.engine.noise import Normals
from causal_snn.simulation.engine.program import Op
from causal_snn.simulation.engine.refractory import make_hold
from causal_snn.simulation.engine.sources import OrnsteinUhlenbeck, PoissonSource
from causal_snn.simulation.engine.synapses import projections
from causal_snn.simulation.engine.traffic import DenseTraffic, EventTraffic

Floats = NDArray[np.float64]
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
        varies = varying or bool(self.ou) or bool(self.pulsed)
        self.current: Any = np.zeros(shape, self.dtype) if varies else None
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
        self.sigma = self._sigma()
        targets = self.traffic.targets([source.state for source in self.poisson])
        self.first = [self.traffic.deliver, *(source.deliver for source in self.poisson)]
        self.first += self._current_ops()
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
            self.first += group.reset_ops(hold.spikes)
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
            self.last += [hold.apply, *group.detect_ops(), *forced, hold.update]
        self.noisy = self._noise_ops()
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
        terms = [source.value for source in self.ou]
        terms += [self.traffic.arrived(name, slice(None)) for name in self.pulsed]
        if self.injected is not None:
            ops += [partial(np.copyto, self.current, self.injected), self.controls.add_series]
        else:
            ops.append(partial(np.copyto, self.current, terms.pop(0)))
        return [*ops, *(partial(np.add, self.current, x, out=self.current) for x in terms)]

    def _sigma(self) -> Floats:
        """Return the noise of a step on every potential, shape (R, n)."""
        network, rows = self.layout.network, []
        white = np.zeros(self.n)
        for source in self.layout.inputs(WhiteNoise):
            white += source.per_unit("amplitude", self.n) ** 2
        for group in self.groups:
            units = group.group.units
            rows.append(group.noise_scale(network.noise[units], white[units]))
        most = max(len(row) for row in rows)
        sigma = np.concatenate([np.broadcast_to(r, (most, r.shape[1])) for r in rows], axis=1)
        return sigma[:1] if np.all(sigma == sigma[:1]) else sigma

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

    def _noise_ops(self) -> list[Op]:
        if not np.any(self.sigma):
            return []
        many = len(self.sigma) > 1
        same = not many and bool(np.all(self.sigma == self.sigma.flat[0]))
        scale = float(self.sigma.flat[0]) if same else 1.0
        normals, z = self.new_normals(scale)
        ops: list[Op] = [normals.draw]
        column = self.sigma.astype(self.dtype)[:, :, None]
        if not same and not many:
            ops.append(partial(np.multiply, z, column, out=z))
        half = self.rows // 2
        parts: list[tuple[slice, np.ufunc]] = [(slice(None), np.add)]
        if self.antithetic:
            parts = [(slice(half), np.add), (slice(half, None), np.subtract)]
        for group in self.groups:
            span = group.group.span
            xi = z[:, span]
            for rows, combine in parts:
                x = group.states[0][rows]
                if many:
                    scaled = (xi, column[rows, span], group.scratch[rows])
                    ops.append(partial(_scaled, combine, x, *scaled))
                else:
                    ops.append(partial(combine, x, xi, out=x))
        return ops

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
            hold.apply()

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

    def snapshot(self) -> Snapshot:
        """Return everything that what follows depends on, but parameters and weights."""
        streams = [dict(stream.bit_generator.state) for stream in self.streams]
        return self.step_number, self.state_arrays(), streams

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot."""
        step_number, arrays, streams = snapshot
        self.set_state_arrays(arrays, step_number)
        for stream, state in zip(self.streams, streams, strict=True):
            stream.bit_generator.state = state

    def state_arrays(self) -> dict[str, Any]:
        """Return copies of everything that the next step depends on, but the streams."""
        found: dict[str, Any] = {}
        for k, (group, hold) in enumerate(zip(self.groups, self.holds, strict=True)):
            for name, value in zip(group.group.states, group.states, strict=True):
                found[f"{k}.{name}"] = value.copy()
            found[f"{k}.spiked"] = group.spiked.copy()
            found[f"{k}.hold"] = hold.save()
            if group.above is not None:
                found[f"{k}.above"] = group.above.copy()
        for k, source in enumerate(self.ou):
            found[f"ou{k}"] = source.value.copy()
        return found | self.traffic.save(self.step_number)

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


def _scaled(combine: np.ufunc, x: Any, xi: Any, column: Any, scratch: Any) -> None:
    """Add (or subtract) normal numbers whose standard deviation differs from row to row."""
    np.multiply(xi, column, out=scratch)
    combine(x, scratch, out=x)
