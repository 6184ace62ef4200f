"""spikes: many flights at once, each lane with a step of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.dynamics.field import Field
from causal_snn.dynamics.flight import flow
from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.flight.lanes_run import Lanes
from causal_snn.dynamics.flight.variational import systems
from causal_snn.dynamics.floats import floats
from causal_snn.errors import bad
from causal_snn.models.neuron import NeuronModel


@dataclass(frozen=True, slots=True, eq=False)
class Flights:
    """N flights; attributes as those of `Flight`, lanes last. NaN where there was no spike.

    Attributes
    ----------
    status : array of str, shape (N,)
    time : array, shape (N,)
    before, after : array, shape (n, N)
    speed : array, shape (N,)
    d_after : array, shape (n, n, N), optional
    d_time : array, shape (n, N), optional
    """

    status: NDArray[np.object_]
    time: Floats
    before: Floats
    after: Floats
    speed: Floats
    d_after: Floats | None = None
    d_time: Floats | None = None

    @property
    def spiked(self) -> NDArray[np.bool_]:
        """Which lanes spiked, shape (N,)."""
        return np.asarray(self.status == flow.SPIKE, dtype=bool)


def spikes(
    model: NeuronModel | Field,
    starts: ArrayLike,
    *,
    rtol: float = flow.RTOL,
    atol: ArrayLike | None = None,
    max_time: float = flow.MAX_TIME,
    variational: bool = False,
    **params: float,
) -> Flights:
    """Follow the flow from many states to their next spikes, as `spike` does for one.

    Parameters
    ----------
    model : NeuronModel or Field
        A neuron with threshold and reset.
    starts : array, shape (n, N)
        States to start from, below threshold.
    rtol, atol, max_time, variational, **params
        As for `spike`.

    Returns
    -------
    Flights

    Raises
    ------
    InputError
        As `spike`.
    """
    fld = flow.hybrid_field(model, **params)
    x = floats(starts)
    if x.ndim != 2 or x.shape[0] != fld.n or not np.isfinite(x).all():
        raise bad("starts", starts, f"finite numbers of shape ({fld.n}, N)")
    if x.shape[1]:
        system = systems(fld.model.equations, fld.names, 0, None, True)
        with np.errstate(all="ignore"):
            height = system.by_time.begin(tuple(x), system.by_time.prepare(fld.p))[1][0]
        highest = int(np.argmax(np.broadcast_to(height, x.shape[1:])))
        flow.check_start(fld, x[:, highest])
    columns = np.eye(fld.n).tolist() if variational else []
    atols = flow.tolerances(fld, rtol, atol)
    return fly_lanes(fld, x, columns, atols, rtol, flow.check_time(max_time))


def fly_lanes(
    fld: Field,
    starts: Floats,
    columns: Sequence[Sequence[float]],
    atol: Floats,
    rtol: float,
    max_time: float,
    p: Sequence[Any] | None = None,
) -> Flights:
    """Return flights with tangent vectors `columns`; no checks.

    Entries of `p` may be arrays, one parameter value per lane.
    """
    scale = flow.column_tolerances(fld, atol, rtol, columns, None)
    lanes = Lanes(fld, atol, rtol, max_time, columns, scale, tuple(fld.p if p is None else p))
    with np.errstate(all="ignore"):
        out = lanes.go(starts)
    return Flights(
        status=out.status,
        time=out.time,
        before=out.before,
        after=out.after,
        speed=out.speed,
        d_after=out.d_after if columns else None,
        d_time=out.d_time if columns else None,
    )
