"""Spike trains of a reset map: what they settle on, and their Lyapunov exponent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from causal_snn.dynamics.flight import flow
from causal_snn.dynamics.flight.flow import Floats
from causal_snn.dynamics.floats import is_number
from causal_snn.dynamics.reset.orbits import (
    SAME,
    check_count,
    lower_period,
    polish,
    same,
)
from causal_snn.dynamics.reset.reset_map import ResetMap
from causal_snn.dynamics.reset.spike_orbit import SpikeOrbit
from causal_snn.errors import InputError, bad
from causal_snn.progress import track
from causal_snn.provenance import provenance


@dataclass(frozen=True, slots=True, eq=False)
class SpikeTrain:
    """Spikes that follow from a value of the adaptation.

    Attributes
    ----------
    w : array, shape (k + 1,)
        Adaptation at the start and after each of k spikes.
    isi : array, shape (k,)
        Times between them (ms).
    slopes : array, shape (k,)
        Phi' at each w but the last.
    status : str
        ``"spike"`` if all spikes came, else why the next one did not.
    """

    w: Floats
    isi: Floats
    slopes: Floats
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class Lyapunov:
    """Lyapunov exponent of a spike train.

    Attributes
    ----------
    exponent : float
        Mean of ``log|Phi'|`` per spike; above 0 is chaos.
    standard_error : float
        Of the mean, from the scatter of block means (which takes care of correlation).
    per_ms : float
        Exponent per ms.
    spikes : int
        Number of spikes averaged.
    status : str
        ``"spike"``, or why the train ended early.
    provenance : dict
    """

    exponent: float
    standard_error: float
    per_ms: float
    spikes: int
    status: str
    provenance: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Lyapunov exponent {self.exponent:.4f} +- {self.standard_error:.4f} per spike>"


def orbit(reset_map: ResetMap, w: float, spikes: int) -> SpikeTrain:
    """Return the spikes that follow from adaptation w.

    Parameters
    ----------
    reset_map : ResetMap
        The map.
    w : float
        Adaptation after a spike.
    spikes : int
        How many spikes to follow; the train is shorter if one does not come.

    Returns
    -------
    SpikeTrain
    """
    check_count("spikes", spikes)
    if not is_number(w):
        raise bad("w", w, "a finite number")
    ws, isi, slopes, status = [float(w)], [], [], flow.SPIKE
    for _ in range(spikes):
        flight = reset_map.flight(ws[-1])
        if not flight.spiked or flight.d_after is None:
            status = flight.status
            break
        ws.append(float(flight.after[reset_map.index]))
        isi.append(flight.time)
        slopes.append(float(flight.d_after[reset_map.index, 0]))
    return SpikeTrain(np.array(ws), np.array(isi), np.array(slopes), status)


def attractor(
    reset_map: ResetMap, w: float | None = None, *, longest: int = 64, transient: int = 300
) -> SpikeOrbit | None:
    """Return the stable periodic orbit that spiking settles on, or None.

    Parameters
    ----------
    reset_map : ResetMap
        The map.
    w : float, optional
        Adaptation to start from; default the map's maximum, else the middle of its window.
    longest : int
        Highest period to tell from chaos.
    transient : int
        Spikes to let pass first.

    Returns
    -------
    SpikeOrbit or None
        None if spiking stops, or has no period up to `longest`.
    """
    train = orbit(reset_map, start_of(reset_map, w), transient + longest)
    if train.status != flow.SPIKE:
        return None
    width = reset_map.window[1] - reset_map.window[0]
    tail = train.w[-(longest + 1) :]
    for period in range(1, longest + 1):
        if abs(tail[-1] - tail[-1 - period]) < 1e-3 * width:
            solved = polish(reset_map, tail[-1 - period : -1])
            near = solved is not None and same(solved.w, tail[-1 - period : -1], 1e4 * width)
            if solved is not None and solved.stable and near:
                return None if lower_period(solved.w, SAME * width) else solved
    return None


def lyapunov(
    reset_map: ResetMap,
    spikes: int = 2000,
    w: float | None = None,
    *,
    transient: int = 200,
    progress: bool = False,
) -> Lyapunov:
    """Return the Lyapunov exponent per spike, the mean of log|Phi'| along a spike train.

    Parameters
    ----------
    reset_map : ResetMap
        The map.
    spikes : int
        Number of spikes to average, at least 50.
    w : float, optional
        Adaptation to start from; default the map's maximum, else the middle of its window.
    transient : int
        Spikes to let pass first.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Lyapunov
    """
    check_count("spikes", spikes, 50)
    check_count("transient", transient, 0)
    point, status = start_of(reset_map, w), flow.SPIKE
    logs, total = [], 0.0
    steps = track(range(transient + spikes), label="spikes", show=progress)
    for i in steps:
        flight = reset_map.flight(point)
        if not flight.spiked or flight.d_after is None:
            status = flight.status
            break
        point = float(flight.after[reset_map.index])
        if i >= transient:
            slope = abs(float(flight.d_after[reset_map.index, 0]))
            logs.append(math.log(slope) if slope > 0.0 else -math.inf)
            total += flight.time
    if len(logs) < 50:
        raise InputError(
            f"spikes = {spikes}: spiking stops after {transient * (len(logs) > 0) + len(logs)} "
            f"spikes ({status}); an exponent needs 50"
        )
    blocks = np.array_split(np.array(logs), max(10, int(math.sqrt(len(logs)))))
    means = np.array([block.mean() for block in blocks])
    exponent = float(np.mean(logs))
    return Lyapunov(
        exponent=exponent,
        standard_error=float(means.std(ddof=1) / math.sqrt(len(means))),
        per_ms=exponent * len(logs) / total,
        spikes=len(logs),
        status=status,
        provenance=provenance(
            "mean of log|slope| of the reset map, slopes by the variational equation",
            transient=transient,
            blocks=len(blocks),
            step_tolerance=reset_map.rtol,
        ),
    )


def start_of(reset_map: ResetMap, w: float | None) -> float:
    """Return where a spike train starts: w, or the map's maximum, or the window's middle."""
    if w is not None:
        if not math.isfinite(w):
            raise bad("w", w, "a finite number")
        return float(w)
    found = reset_map.nullcline()
    return float(found[0]) if len(found) else 0.5 * sum(reset_map.window)
