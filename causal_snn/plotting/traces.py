"""Figures: states against time, freely and under interventions."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from causal_snn.errors import bad
from causal_snn.plotting.bands import (
    Bands,
    draw_notes,
    draw_spikes,
    draw_trace,
    label_bands,
    lay_bands,
)
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import BLACK, BLUE, GREY, PAGE, SMALL, axes_or_new, tidy
from causal_snn.simulation.recording import Recording

SOURCE = "simulation.simulate"


def plot_traces(
    recording: Recording,
    state: str | None = None,
    *,
    units: Sequence[int | str] | None = None,
    replica: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Plot a state of some units against time, with their spikes and what was done to them.

    Parameters
    ----------
    recording : Recording
        From `causal_snn.simulation.simulate`, with ``record=``.
    state : str, optional
        Which state; default the first that was kept.
    units : sequence of int or str, optional
        Which units, from the top; default all whose state was kept (24 at most).
    replica : int
        Which replica.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        One band for each unit, all to one scale, which the bar at the right gives; spikes are
        strokes above it. A potential far above threshold, where the last step of a spike ends, is
        cut off. Interventions are marked at the unit they act on: by a bar below its
        trace while they last, or a line at their moment; a cut at its target.

    Raises
    ------
    InputError
        If `recording` is none, or did not keep what is asked for.
    """
    check_kind("recording", recording, Recording, SOURCE)
    bands = lay_bands({"recording": recording}, state, units, replica)
    ax = axes_or_new(ax, width=PAGE, height=_height(bands))
    draw_notes(ax, bands)
    draw_trace(ax, recording, bands, replica, gid="trace", color=BLUE, lw=0.9)
    draw_spikes(ax, recording, bands, replica, BLACK)
    tidy(ax, xlabel="time (ms)")
    label_bands(ax, recording, bands)
    return ax


def plot_interventions(
    intervened: Recording,
    free: Recording,
    state: str | None = None,
    *,
    units: Sequence[int | str] | None = None,
    replica: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Plot what a network does under interventions over what it would have done without.

    Parameters
    ----------
    intervened, free : Recording
        Two runs of one network from one seed, so that both saw the same noise.
    state, units, replica
        As in `plot_traces`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Bands as in `plot_traces`: the free run in grey below the other in blue, and its spikes
        in the lower of the two rows.

    Raises
    ------
    InputError
        If one is no recording, or they are not of the same noise and times.
    """
    check_kind("intervened", intervened, Recording, SOURCE)
    check_kind("free", free, Recording, SOURCE)
    _check_same(intervened, free)
    bands = lay_bands({"intervened": intervened, "free": free}, state, units, replica)
    ax = axes_or_new(ax, width=PAGE, height=_height(bands) + 0.2)
    draw_notes(ax, bands)
    grey = {"color": GREY, "lw": 0.9, "ls": (0, (3, 1.5)), "zorder": 2.5}
    draw_trace(
        ax, intervened, bands, replica, gid="intervened", color=BLUE, lw=1.0, label="intervened"
    )
    draw_trace(ax, free, bands, replica, gid="free", label="same noise, free", **grey)
    draw_spikes(ax, intervened, bands, replica, BLUE)
    draw_spikes(ax, free, bands, replica, GREY, row=1)
    tidy(ax, xlabel="time (ms)")
    label_bands(ax, intervened, bands)
    ax.legend(
        fontsize=SMALL,
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=2,
        borderaxespad=0.1,
    )
    return ax


def _check_same(intervened: Recording, free: Recording) -> None:
    """Raise `InputError` unless two runs differ by interventions alone."""
    if intervened.network != free.network:
        raise bad("free", free, f"a run of the same network, {intervened.network!r}")
    for name in ("seed", "replicas", "dtype", "schemes"):
        one, other = intervened.provenance[name], free.provenance[name]
        if one != other:
            raise bad("free", f"a run of {name} {other}", f"the {name} of the other run, {one}")
    spans = [(run.trains.start, run.trains.stop) for run in (intervened, free)]
    if spans[0] != spans[1]:
        raise bad("free", f"a run from {spans[1]} ms", f"a run of the same span, {spans[0]} ms")


def _height(bands: Bands) -> float:
    return 0.5 + 0.55 * bands.height / bands.span
