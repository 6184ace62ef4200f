"""Flights of many lanes at once: the steps of `flow_run`, each lane with a size of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.dynamics.field import Field
from causal_snn.dynamics.flight import flow
from causal_snn.dynamics.flight import run as flow_run
from causal_snn.dynamics.flight.flow import Flight, Floats
from causal_snn.dynamics.flight.runge_kutta import GROW, ORDER, SAFETY, SHRINK, Stepper
from causal_snn.dynamics.flight.variational import Systems, systems

FEW = 6  # so many lanes or fewer are quicker one by one
LONG = 400  # steps after which a lane goes on alone


@dataclass(slots=True)
class Lanes:
    """Flights under way. Lanes with anything unusual are finished one by one."""

    fld: Field
    atol: Floats
    rtol: float
    max_time: float
    columns: Sequence[Sequence[float]]
    scale: list[list[float]]
    p: tuple[Any, ...]

    def go(self, starts: Floats) -> Out:
        """Fly all lanes to their ends."""
        n, total = starts.shape
        width = n + len(self.columns) * n
        y = np.empty((width, total))
        y[:n] = starts
        for j, column in enumerate(self.columns):
            y[n * (j + 1) : n * (j + 2)] = np.asarray(column)[:, None]
        out = Out.empty(n, len(self.columns), total)
        time = np.zeros(total)
        reach = np.zeros(total)
        ready, alone = self._by_time(y, time, reach)
        missed = self._by_height(y, time, reach, ready, out)
        for lane in np.concatenate((alone, missed)):
            out.put(lane, self._finish(y[:, lane], time[lane], lane))
        return out

    def _select(self, stepper: Stepper, lanes: NDArray[np.intp]) -> Any:
        return stepper.prepare([v[lanes] if np.ndim(v) else v for v in self.p])

    def _system(self) -> Systems:
        equations, names = self.fld.model.equations, self.fld.names
        return systems(equations, names, len(self.columns), None, True)

    def _by_time(
        self, y: Floats, time: Floats, reach: Floats
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Step all lanes in place until each is ready for the height; others go on alone."""
        stepper, n = self._system().by_time, self.fld.n
        atol = (*self.atol.tolist(), *(value for column in self.scale for value in column))
        lanes = np.arange(y.shape[1])
        constants = self._select(stepper, lanes)
        state = y.copy()
        k, (h, speed, _) = _begin(stepper, state, constants)
        width = flow.widths(self.fld)[:, None]
        rates = k[:n] / width
        fastest = np.max(np.abs(rates), axis=0) + 1e-9
        short = 0.01 / fastest
        near = np.concatenate((state[:n] + short * k[:n], state[n:]))
        later = _begin(stepper, near, constants)[0][:n] / width
        change = np.max(np.abs(later - rates), axis=0) / short
        dt = np.fmin(2.0 * short, flow_run.FIRST * fastest / np.maximum(change, 1e-300))
        t, rate = time.copy(), np.zeros(len(lanes))
        ready: list[NDArray[np.intp]] = []
        alone: list[NDArray[np.intp]] = []
        count = 0
        while len(lanes):
            if len(lanes) <= FEW or count > LONG:
                alone.append(lanes)
                y[:, lanes], time[lanes] = state, t
                break
            count += 1
            new, k_new, (h_new, speed_new, push), error = _step(
                stepper, state, k, dt, constants, atol, self.rtol
            )
            fine = error <= 1.0
            crossed = fine & (h_new >= 0.0)
            odd = fine & ~crossed & (speed > 0.0) & (speed_new < 0.0)  # may have passed a top
            odd |= crossed & ~(speed > 0.0)
            moved = fine & ~crossed & ~odd
            state[:, moved], k[:, moved] = new[:, moved], k_new[:, moved]
            t[moved] += dt[moved]
            h, speed = np.where(moved, h_new, h), np.where(moved, speed_new, speed)
            now = np.where(speed > 0.0, push / speed, 0.0)
            order = (now - rate) / (now * rate * dt)
            bursts = moved & (np.minimum(rate, now) > 0.0) & (-h * now > flow_run.HURRY * speed)
            bursts &= (order > flow_run.EXPLODES[0]) & (order < flow_run.EXPLODES[1])
            rate = np.where(moved, now, rate)
            go = (crossed & ~odd) | bursts
            slow = np.max(np.abs(k[:n]) / width, axis=0) < 1e-5
            odd |= (slow & ~go) | (t > self.max_time) | ~(dt > 1e-12)
            factor = SAFETY * np.maximum(error, 1e-20) ** (-1.0 / ORDER)
            factor = np.where(np.isfinite(error), np.clip(factor, SHRINK, GROW), SHRINK)
            dt = dt * np.where(odd, 1.0, factor)
            leave = go | odd
            if leave.any():
                y[:, lanes[leave]], time[lanes[leave]] = state[:, leave], t[leave]
                reach[lanes[leave]] = dt[leave]
                ready.append(lanes[go & ~odd])
                alone.append(lanes[odd])
                keep = ~leave
                lanes, state, k = lanes[keep], state[:, keep], k[:, keep]
                dt, t, rate, h, speed = dt[keep], t[keep], rate[keep], h[keep], speed[keep]
                constants = self._select(stepper, lanes)
        none = np.empty(0, dtype=np.intp)
        return np.concatenate([none, *ready]), np.concatenate([none, *alone])

    def _by_height(
        self, y: Floats, time: Floats, reach: Floats, lanes: NDArray[np.intp], out: Out
    ) -> NDArray[np.intp]:
        """Bring lanes to threshold and reset; return those that did not arrive."""
        if not len(lanes):
            return lanes
        stepper = self._system().by_height
        constants = self._select(stepper, lanes)
        z = self._turned(y[:, lanes], time[lanes], lanes)
        k, (h, speed, push) = _begin(stepper, z, constants)
        passed = np.maximum(time[lanes], -h / speed)
        share = [max(column) / max(flow.widths(self.fld)) for column in self.scale]
        near = flow_run.FIRST * speed * speed / np.maximum(np.abs(push), 1e-300)
        dh = np.fmin(np.fmin(-h, speed * reach[lanes]), near)
        missed = [lanes[:0]]
        while len(lanes):
            if len(lanes) <= FEW:
                missed.append(lanes)
                break
            atol: list[Any] = [*self.atol.tolist(), 0.01 * self.rtol * passed]
            for column, part in zip(self.scale, share, strict=True):
                atol += [*column, part * passed]
            last = dh >= -h
            dh = np.where(last, -h, dh)
            new, k_new, (_, speed_new, _), error = _step(
                stepper, z, k, dh, constants, atol, self.rtol
            )
            fine = (error <= 1.0) & (speed_new > 0.0)
            z[:, fine], k[:, fine] = new[:, fine], k_new[:, fine]
            h, speed = np.where(fine, h + dh, h), np.where(fine, speed_new, speed)
            factor = SAFETY * np.maximum(error, 1e-20) ** (-1.0 / ORDER)
            factor = np.where(np.isfinite(error), np.clip(factor, SHRINK, GROW), SHRINK)
            dh = dh * np.where(fine, factor, np.minimum(factor, 0.5))
            stuck = dh < 1e-12 * np.maximum(np.abs(z[0]), 1.0)
            done = fine & last
            leave = done | stuck
            if leave.any():
                self._land(z[:, done], speed[done], lanes[done], out)
                missed.append(lanes[stuck & ~done])
                keep = ~leave
                lanes, z, k, dh = lanes[keep], z[:, keep], k[:, keep], dh[keep]
                h, speed, passed = h[keep], speed[keep], passed[keep]
                constants = self._select(stepper, lanes)
        return np.concatenate(missed)

    def _turned(self, y: Floats, time: Floats, lanes: NDArray[np.intp]) -> Floats:
        """Return variables of `by_height` from those of `by_time`: tangents at equal h."""
        n, values = self.fld.n, self._values("surface", y, lanes)
        drift, gradient = values[:n], values[n : 2 * n]
        speed = np.sum(drift * gradient, axis=0)
        z = [y[:n], time[None]]
        for j in range(len(self.columns)):
            column = y[n * (j + 1) : n * (j + 2)]
            later = -np.sum(gradient * column, axis=0) / speed
            z += [column + drift * later, later[None]]
        return np.concatenate(z)

    def _values(self, which: str, y: Floats, lanes: NDArray[np.intp]) -> Floats:
        p = [v[lanes] if np.ndim(v) else v for v in self.p]
        return _rows(getattr(self._system(), which)(tuple(y[: self.fld.n]), p), y.shape[1])

    def _land(self, z: Floats, speed: Floats, lanes: NDArray[np.intp], out: Out) -> None:
        n = self.fld.n
        values = self._values("reset", z, lanes)
        late = z[n] > self.max_time
        out.status[lanes] = np.where(late, flow.LATE, flow.SPIKE)
        out.status[lanes[~np.isfinite(values[:n]).all(axis=0)]] = flow.BLOW_UP
        out.time[lanes], out.speed[lanes] = z[n], np.where(late, np.nan, speed)
        out.before[:, lanes], out.after[:, lanes] = z[:n], np.where(late, np.nan, values[:n])
        by_state = values[n : n + n * n].reshape(n, n, -1)
        for j in range(len(self.columns)):
            tangent = z[(n + 1) * (j + 1) : (n + 1) * (j + 2)]
            out.d_after[:, j, lanes] = np.einsum("ikl,kl->il", by_state, tangent[:n])
            out.d_time[j, lanes] = tangent[n]

    def _finish(self, y: Floats, time: float, lane: int) -> Flight:
        """Fly one lane on from where it is."""
        p = tuple(float(v[lane]) if np.ndim(v) else float(v) for v in self.p)
        fld = replace(self.fld, p=p)
        count = len(self.columns)
        return flow.fly_on(
            fld, tuple(y.tolist()), float(time), count, None, self.atol, self.rtol,
            self.max_time, self.scale,
        )  # fmt: skip


@dataclass(slots=True)
class Out:
    """Arrays that results are written to."""

    status: NDArray[np.object_]
    time: Floats
    before: Floats
    after: Floats
    speed: Floats
    d_after: Floats
    d_time: Floats

    @classmethod
    def empty(cls, n: int, columns: int, total: int) -> Out:
        """Return arrays for lanes that have not arrived."""
        return cls(
            status=np.full(total, flow.BLOW_UP, dtype=object),
            time=np.full(total, np.nan),
            before=np.full((n, total), np.nan),
            after=np.full((n, total), np.nan),
            speed=np.full(total, np.nan),
            d_after=np.full((n, columns, total), np.nan),
            d_time=np.full((columns, total), np.nan),
        )

    def put(self, lane: int, flight: Flight) -> None:
        """Write down a flight."""
        self.status[lane], self.time[lane] = flight.status, flight.time
        self.before[:, lane], self.after[:, lane] = flight.before, flight.after
        self.speed[lane] = flight.speed
        if flight.d_after is not None and flight.d_time is not None:
            self.d_after[:, :, lane], self.d_time[:, lane] = flight.d_after, flight.d_time


def _rows(values: Sequence[Any], lanes: int) -> Floats:
    """Return values, some of them plain numbers, as rows of one array."""
    out = np.empty((len(values), lanes))
    for row, value in zip(out, values, strict=True):
        row[:] = value
    return out


def _begin(stepper: Stepper, y: Floats, constants: Any) -> tuple[Floats, Floats]:
    k, outputs = stepper.begin(tuple(y), constants)
    return _rows(k, y.shape[1]), _rows(outputs, y.shape[1])


def _step(
    stepper: Stepper, y: Floats, k: Floats, h: Floats, constants: Any, atol: Any, rtol: float
) -> tuple[Floats, Floats, Floats, Floats]:
    new, k_new, outputs, error = stepper.step(tuple(y), tuple(k), h, constants, atol, rtol)
    lanes = y.shape[1]
    return _rows(new, lanes), _rows(k_new, lanes), _rows(outputs, lanes), error
