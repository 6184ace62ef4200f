"""ResetMap: the adaptation map w -> Phi(w) of a two-state neuron that resets its potential.

Each spike sets the potential to one value, so the adaptation w right after a spike decides all
that follows: w_(n+1) = Phi(w_n) (Touboul and Brette, Biol Cybern 99:319, 2008; SIAM J Appl Dyn
Syst 8:1298, 2009). Tonic spiking is a fixed point of Phi, a burst of k spikes an orbit of
period k, and irregular spiking is chaos of Phi.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.field import Field
from causal_snn.dynamics.flight import flow
from causal_snn.dynamics.flight.flow import Flight, Floats
from causal_snn.dynamics.flight.lanes import Flights, fly_lanes
from causal_snn.dynamics.flight.variational import systems
from causal_snn.dynamics.floats import floats
from causal_snn.errors import InputError, bad, suggest
from causal_snn.models.neuron import NeuronModel

if TYPE_CHECKING:
    from causal_snn.dynamics.reset.shape import MapShape
    from causal_snn.dynamics.reset.spike_orbit import SpikeOrbit, SpikeOrbits
    from causal_snn.dynamics.reset.train import Lyapunov, SpikeTrain

RTOL = 1e-12
AT_THRESHOLD = "no flight: the reset is at or above threshold"


@dataclass(frozen=True, slots=True, eq=False)
class MapValues:
    """Phi at N values of the adaptation; NaN where it is undefined.

    Attributes
    ----------
    w, next : array, shape (N,)
        Adaptation after a spike, and after the next one.
    isi : array, shape (N,)
        Time between the two (ms).
    slope : array, shape (N,)
        Phi'(w).
    status : array of str, shape (N,)
        ``"spike"``, or why there is none, as in `Flight`.
    """

    w: Floats
    next: Floats
    isi: Floats
    slope: Floats
    status: NDArray[np.object_]

    @property
    def defined(self) -> NDArray[np.bool_]:
        """Where Phi is defined, shape (N,)."""
        return np.asarray(self.status == flow.SPIKE, dtype=bool)


@dataclass(frozen=True, slots=True, eq=False)
class ResetMap:
    """The map Phi of a neuron; made by `reset_map`.

    Attributes
    ----------
    field : Field
        The neuron's field with its parameter values.
    index : int
        Which state is the adaptation.
    window : (float, float)
        Range of adaptation that searches and figures take.
    rtol : float
        Relative tolerance of an integration step.
    max_time : float
        Longest interval between spikes (ms) that is followed.
    """

    field: Field
    index: int
    window: tuple[float, float]
    rtol: float = RTOL
    max_time: float = flow.MAX_TIME

    @property
    def model(self) -> NeuronModel:
        """The neuron."""
        return self.field.model

    @property
    def state(self) -> str:
        """Name of the adaptation variable."""
        return self.field.states[self.index]

    @property
    def unit(self) -> str:
        """Unit of the adaptation variable."""
        return self.model.equations.units[self.index]

    @property
    def reset_potential(self) -> float:
        """Potential after a spike (mV)."""
        return self.reset_at(self.field.p)[0]

    def at(self, **params: float) -> ResetMap:
        """Return the map with some parameters changed."""
        return replace(self, field=self.field.at(**params))

    def evaluate(self, w: ArrayLike) -> MapValues:
        """Return Phi, its slope and the time to the next spike at N values of w."""
        points = np.atleast_1d(floats(w))
        if points.ndim != 1 or not np.isfinite(points).all():
            raise bad("w", w, "a finite number or a list of them")
        flights, above = self.lanes(points)
        assert flights.d_after is not None
        status = np.where(above, AT_THRESHOLD, flights.status)
        lost = ~flights.spiked
        return MapValues(
            w=points,
            next=np.where(lost, np.nan, flights.after[self.index]),
            isi=np.where(lost, np.nan, flights.time),
            slope=np.where(lost, np.nan, flights.d_after[self.index, 0]),
            status=status,
        )

    def map(self, w: ArrayLike) -> Any:
        """Return Phi(w), a float or an array as `w` is; NaN where there is no next spike."""
        values = self.evaluate(w).next
        return float(values[0]) if np.ndim(w) == 0 else values

    def slope(self, w: ArrayLike) -> Any:
        """Return Phi'(w) from the variational equation; NaN where there is no next spike."""
        values = self.evaluate(w).slope
        return float(values[0]) if np.ndim(w) == 0 else values

    def orbit(self, w: float, spikes: int) -> SpikeTrain:
        """Return the spikes that follow from adaptation w; see `reset_train.orbit`."""
        from causal_snn.dynamics.reset.train import orbit

        return orbit(self, w, spikes)

    def fixed_points(self, window: tuple[float, float] | None = None) -> SpikeOrbits:
        """Return the fixed points of Phi (tonic spiking); see `reset_orbits.periodic`."""
        from causal_snn.dynamics.reset.orbits import periodic

        return periodic(self, 1, window=window)

    def periodic(self, period: int, window: tuple[float, float] | None = None) -> SpikeOrbits:
        """Return the orbits of `period` spikes (bursts); see `reset_orbits.periodic`."""
        from causal_snn.dynamics.reset.orbits import periodic

        return periodic(self, period, window=window)

    def attractor(self, w: float | None = None, *, longest: int = 64) -> SpikeOrbit | None:
        """Return the periodic orbit that spiking settles on; see `reset_train.attractor`."""
        from causal_snn.dynamics.reset.train import attractor

        return attractor(self, w, longest=longest)

    def lyapunov(self, spikes: int = 2000, w: float | None = None, **options: Any) -> Lyapunov:
        """Return the Lyapunov exponent per spike; see `reset_train.lyapunov`."""
        from causal_snn.dynamics.reset.train import lyapunov

        return lyapunov(self, spikes, w, **options)

    def shape(self, window: tuple[float, float] | None = None) -> MapShape:
        """Return the graph of Phi with its maximum, gaps and jumps; see `reset_shape.shape`."""
        from causal_snn.dynamics.reset.shape import shape

        return shape(self, window=window)

    def nullcline(self) -> Floats:
        """Return the w where the reset line meets the nullcline of the potential.

        There Phi' = 0: by Liouville's formula Phi'(w) has the sign of dV/dt at the reset point.
        """
        from causal_snn.dynamics.reset.shape import crossings

        return crossings(self, self.window)

    def reset_at(self, p: Sequence[float], parameter: int | None = None) -> tuple[float, float]:
        """Return the reset potential for parameter values p, and its derivative by one."""
        system = systems(self.model.equations, self.field.names, 1, parameter, False)
        n = self.field.n
        values = system.reset((0.0,) * n, p)
        return float(values[0]), float(values[n + n * n]) if parameter is not None else 0.0

    def flight(
        self, w: float, p: tuple[float, ...] | None = None, parameter: int | None = None
    ) -> Flight:
        """Return the flight from adaptation w with its derivatives by w and a parameter."""
        fld = self.field if p is None else replace(self.field, p=p)
        potential, by_parameter = self.reset_at(fld.p, parameter)
        seed = [float(i == self.index) for i in range(fld.n)]
        moved = [by_parameter if i == 0 else 0.0 for i in range(fld.n)]
        start = [w if i == self.index else potential for i in range(fld.n)]
        atol = flow.tolerances(fld, self.rtol, None)
        return flow.fly(fld, start, [seed], parameter, atol, self.rtol, self.max_time, moved)

    def lanes(
        self, w: Floats, p: Sequence[Any] | None = None, *, slopes: bool = True
    ) -> tuple[Flights, NDArray[np.bool_]]:
        """Return flights from many w, and where the reset is above threshold; p may vary."""
        fld = self.field
        values = tuple(fld.p if p is None else p)
        system = systems(fld.model.equations, fld.names, 0, None, True)
        zeros = np.zeros_like(w)
        starts = np.empty((fld.n, len(w)))
        with np.errstate(all="ignore"):
            starts[0] = system.reset((zeros,) * fld.n, values)[0]
            starts[self.index] = w
            height = system.by_time.begin(tuple(starts), system.by_time.prepare(values))[1][0]
        above = np.broadcast_to(~(np.asarray(height) < 0.0), w.shape)
        seed = [[float(i == self.index) for i in range(fld.n)]] if slopes else []
        atol = flow.tolerances(fld, self.rtol, None)
        safe = np.where(above, np.nan, starts)  # a lane of NaN ends at once
        return fly_lanes(fld, safe, seed, atol, self.rtol, self.max_time, values), above


def reset_map(
    model: NeuronModel,
    *,
    window: tuple[float, float] | None = None,
    state: str | None = None,
    rtol: float = RTOL,
    max_time: float = flow.MAX_TIME,
    **params: float,
) -> ResetMap:
    """Return the adaptation map Phi of a neuron with two states.

    Parameters
    ----------
    model : NeuronModel
        A neuron with threshold and reset and two states, whose reset puts the potential on
        a value that does not depend on the states: `adex`, `izhikevich`, or your own.
    window : (float, float), optional
        Range of adaptation to look at. Default: the state's range in the model, widened to
        hold the spikes that follow from the reset line's crossing with the nullcline.
    state : str, optional
        The adaptation variable; default the second state.
    rtol : float
        Relative tolerance of an integration step.
    max_time : float
        Longest interval between spikes (ms) that is followed.
    **params
        Parameter values to change. The spike cutoff (`v_peak`) is one: reset maps of
        quadratic neurons depend on it (Touboul, SIAM J Appl Dyn Syst 8:1524, 2009).

    Returns
    -------
    ResetMap

    Raises
    ------
    InputError
        If the neuron has no reset, not two states, or a reset of the potential that depends
        on the states; or if a name is unknown or the window empty.
    """
    fld = flow.hybrid_field(model, **params)
    if fld.n != 2:
        raise bad(
            "model",
            fld.model.name,
            f"a neuron with two states, not {fld.n}: potential and adaptation",
            "Follow one flight after another with dynamics.spike instead." if fld.n > 2 else
            "Without adaptation every spike is like the last.",
        )  # fmt: skip
    name = fld.states[1] if state is None else state
    if name not in fld.states:
        raise bad("state", state, "a state of the neuron", suggest(name, fld.states))
    if name == fld.states[0]:
        raise bad("state", state, "a state other than the potential", f"Take {fld.states[1]!r}.")
    used = fld.model.reset[0].free_symbols & set(fld.model.equations.states)
    if used:
        raise InputError(
            f"model = {fld.model.name!r}: its reset of {fld.states[0]} depends on "
            f"{', '.join(sorted(map(str, used)))}; a reset map needs a potential after reset "
            "that is the same for every spike"
        )
    flow.tolerances(fld, rtol, None)
    max_time = flow.check_time(max_time)
    if window is None:
        return _with_window(ResetMap(fld, fld.states.index(name), (0.0, 1.0), rtol, max_time))
    return ResetMap(fld, fld.states.index(name), check_window(window), rtol, max_time)


def check_window(window: Sequence[float]) -> tuple[float, float]:
    """Return a range after checking that it is one."""
    try:
        low, high = (float(value) for value in window)
    except (TypeError, ValueError):
        raise bad("window", window, "two numbers (lowest, highest adaptation)") from None
    if not (np.isfinite([low, high]).all() and low < high):
        fix = f"Swap them: ({high:g}, {low:g})." if low > high else ""
        raise bad("window", window, "two finite numbers, the lower first", fix)
    return low, high


def _with_window(found: ResetMap) -> ResetMap:
    """Return the map with a window that holds the first spikes from its maximum."""
    from causal_snn.dynamics.reset.shape import crossings

    domain = found.model.equations.domain or ((-100.0, 100.0),) * 2
    low, high = domain[found.index]
    width = high - low
    points = [low, high]
    starts = crossings(found, (low - 4.0 * width, high + 4.0 * width)).tolist()
    for w in starts[:1]:
        points.append(w)
        for _ in range(8):
            flight = found.flight(w)
            if not flight.spiked:
                break
            w = float(flight.after[found.index])
            points.append(w)
    margin = 0.05 * (max(points) - min(points))
    low = min(points) - margin if min(points) < low else low
    high = max(points) + margin if max(points) > high else high
    return replace(found, window=(low, high))
