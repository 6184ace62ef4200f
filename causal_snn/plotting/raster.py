"""Figures: who spikes when, and how often all do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import (
    BLACK,
    BLUE,
    COLUMN,
    FONT,
    GREEN,
    ORANGE,
    PAGE,
    PURPLE,
    SMALL,
    VERMILLION,
    axes_or_new,
    tidy,
)
from causal_snn.simulation.recording import Recording
from causal_snn.simulation.spike_trains import SpikeTrains

Groups = Mapping[str, Sequence[int | str]]
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, BLACK)
FEW = 24
"""Units up to which each is named and its spikes are strokes, not dots."""


def plot_raster(
    result: Recording | SpikeTrains,
    *,
    groups: Groups | None = None,
    replica: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Plot the spikes of every unit against time.

    Parameters
    ----------
    result : Recording or SpikeTrains
        From `causal_snn.simulation.simulate`, or read.
    groups : mapping of str to sequence of int or str, optional
        Units by the name of their group, in the order drawn, each group in its colour; units in
        none are left out. Default all, in the network's order.
    replica : int
        Which replica.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        One row for each unit: up to 24 units have strokes and names, from the top; more have
        dots, from the bottom.

    Raises
    ------
    InputError
        If `result` has no spike trains, or there is no such unit or replica.
    """
    trains = trains_of(result)
    trains.check_replica(replica)
    members = group_members(trains, groups)
    rows = np.concatenate(list(members.values()))
    few = len(rows) <= FEW
    ax = axes_or_new(ax, width=COLUMN if few else PAGE, height=_height(len(rows)))
    first = 0
    for k, (name, units) in enumerate(members.items()):
        colour = BLACK if groups is None else COLOURS[k % len(COLOURS)]
        _spikes(ax, trains, replica, units, first, colour, total=len(rows), gid=f"spikes-{name}")
        if groups is not None:
            _name(ax, name, first, len(units), colour, few=few)
        first += len(units)
    tidy(ax, xlabel="time (ms)", ylabel="" if few else "unit")
    ax.set_xlim(trains.start, trains.stop)
    ends = (-0.5, len(rows) - 0.5)
    ax.set_ylim(*(reversed(ends) if few else ends))
    if few:
        ax.set_yticks(range(len(rows)), [trains.labels[u] for u in rows], fontsize=SMALL)
        ax.tick_params(axis="y", length=0.0)
    return ax


def plot_rate(
    result: Recording | SpikeTrains,
    *,
    bin_width: float = 1.0,
    groups: Groups | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot the mean rate of units against time.

    Parameters
    ----------
    result : Recording or SpikeTrains
        From `causal_snn.simulation.simulate`, or read.
    bin_width : float
        Width of the bins (ms); a last bin that the run does not fill is left out.
    groups : mapping of str to sequence of int or str, optional
        Units by the name of their group, a curve for each; default all units in one.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Rate of a unit (Hz), the mean over the units of the group and over replicas.

    Raises
    ------
    InputError
        If `result` has no spike trains, or the bins are wider than the run.
    """
    trains = trains_of(result)
    given: Any = bin_width
    number = isinstance(given, int | float | np.number) and not isinstance(given, bool)
    span = trains.stop - trains.start
    if not number or not 0.0 < given <= span:
        raise bad("bin_width", bin_width, f"a time above 0 and up to the run's {span:g} ms")
    members = group_members(trains, groups)
    ax = axes_or_new(ax, height=1.6)
    for k, (name, units) in enumerate(members.items()):
        edges, rate = binned_rate(trains, units, float(bin_width))
        colour = BLACK if groups is None else COLOURS[k % len(COLOURS)]
        ax.stairs(rate, edges, color=colour, lw=0.9, label=name, gid=f"rate-{name}")
    tidy(ax, xlabel="time (ms)", ylabel="rate (Hz)")
    ax.set_xlim(trains.start, trains.stop)
    ax.set_ylim(bottom=0.0)
    if groups is not None:
        ax.legend(
            fontsize=SMALL,
            frameon=False,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=3,
            handlelength=1.2,
            borderaxespad=0.1,
        )
    return ax


def binned_rate(
    trains: SpikeTrains, units: NDArray[np.int64], width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges of whole bins (ms), and the mean rate (Hz) of some units in each.

    A bin holds its right edge: a step's spikes are counted at the step's end. Spikes at the very
    start, which were set, are counted in the first bin.
    """
    # Whole counts, not sums of widths: a bin of 0.1 ms is no exact float.
    count = int(np.floor((trains.stop - trains.start) / width + 1e-9))
    place = np.ceil((trains.times - trains.start) / width - 1e-9).astype(np.int64) - 1
    place = np.maximum(place, 0)[np.isin(trains.units, units)]
    spikes = np.bincount(place[place < count], minlength=count)
    edges = trains.start + width * np.arange(count + 1, dtype=float)
    return edges, np.asarray(spikes / (len(units) * trains.count * width / 1000.0))


def trains_of(result: Any) -> SpikeTrains:
    """Return the spike trains of what a figure of spikes was given."""
    if isinstance(result, SpikeTrains):
        return result
    return check_kind("result", result, Recording, "simulation.simulate, or SpikeTrains").trains


def group_members(trains: SpikeTrains, groups: Any) -> dict[str, NDArray[np.int64]]:
    """Return the units of each group; all in one where there are no groups."""
    if groups is None:
        return {"all": np.arange(len(trains.labels))}
    if not isinstance(groups, Mapping) or not groups:
        raise bad("groups", groups, "units by the name of their group, as {'E': range(800)}")
    found = {}
    for name, units in groups.items():
        if isinstance(units, str) or not len(units):
            raise bad(f"groups[{name!r}]", units, "at least one unit, in a sequence")
        found[str(name)] = np.array([trains.index(unit) for unit in units])
    return found


def _height(rows: int) -> float:
    return 0.55 + 0.16 * rows if rows <= FEW else 3.0


def _spikes(
    ax: Axes,
    trains: SpikeTrains,
    replica: int,
    units: NDArray[np.int64],
    first: int,
    colour: str,
    *,
    total: int,
    gid: str,
) -> None:
    """Draw the spikes of some units in rows from `first` on, of so many in total."""
    row = np.full(len(trains.labels), -1)
    row[units] = first + np.arange(len(units))
    keep = (trains.replicas == replica) & (row[trains.units] >= 0)
    times, rows = trains.times[keep], row[trains.units[keep]]
    if total <= FEW:
        ax.vlines(times, rows - 0.36, rows + 0.36, color=colour, lw=0.9, gid=gid)
        return
    # Dots as large as the rows are high, within what the eye can see.
    size = float(np.clip(1500.0 / total, 0.8, 3.0))
    ax.plot(times, rows, ".", color=colour, ms=size, mew=0.0, gid=gid, rasterized=True)


def _name(ax: Axes, name: str, first: int, count: int, colour: str, *, few: bool) -> None:
    """Write the name of a group at the right of its rows."""
    ax.annotate(
        name,
        (1.0, first + 0.5 * (count - 1)),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        color=colour,
        fontsize=FONT,
        va="center",
        rotation=0 if few or len(name) <= 3 else 270,
    )
