"""Bands: traces of several units one above the other, with spikes and interventions marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from causal_snn.errors import bad, suggest
from causal_snn.models.neuron import NeuronModel
from causal_snn.plotting.dynamics_text import in_unit
from causal_snn.plotting.notes import Note, notes_on
from causal_snn.plotting.style import BAND, DIM, FONT, GREY, SMALL, VERMILLION
from causal_snn.simulation.recording import Recording

ABOVE, NOTE, BETWEEN = 0.34, 0.24, 0.08
"""Space for spikes above a trace, for a line of notes below, and between bands, in traces."""
MOST_BANDS = 24


class Bands(NamedTuple):
    """Where the traces of one state go.

    Attributes
    ----------
    state : str
    unit : str
        Of the state, as its model names it.
    rows : dict of int to float
        Where the trace of each unit of the network begins.
    notes : dict of int to list of Note
        What was done to each unit.
    low : float
        Smallest value of any trace.
    span : float
        Height of a trace.
    height : float
        Of all bands.
    """

    state: str
    unit: str
    rows: dict[int, float]
    notes: dict[int, list[Note]]
    low: float
    span: float
    height: float


def lay_bands(given: Mapping[str, Recording], state: str | None, units: Any, replica: int) -> Bands:
    """Return bands for some units of recordings of one state, the first unit on top.

    Recordings come by the name of their argument; what was done is told of the first.

    Raises
    ------
    InputError
        If the state was not kept, of all of them for all of the units, or at no time.
    """
    name = _check_state(given, state)
    argument, first = next(iter(given.items()))
    if units is not None and (isinstance(units, str) or not np.size(units)):
        raise bad("units", units, "a sequence of units, or None for all")
    kept = first.state_units[name] if units is None else units
    chosen = list(dict.fromkeys(first.network.index(unit) for unit in kept))
    if len(chosen) > MOST_BANDS:
        raise bad("units", f"{len(chosen)} units", f"at most {MOST_BANDS}", "Name some: units=.")
    values = np.concatenate(
        [one.state(name, u, replica=replica) for one in given.values() for u in chosen]
    )
    if not np.any(np.isfinite(values)):
        raise bad(argument, first, "one that kept the state at some time")
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    high = min(high, max(_ceiling(first.network.neurons[u], name, low) for u in chosen))
    if low == high:
        low, high = low - 0.5, high + 0.5
    span = high - low
    notes = {u: notes_on(first, u) for u in chosen}
    rows, height = {}, 0.0
    for u in reversed(chosen):  # from the lowest upwards
        lines = 1 + max((note.line for note in notes[u]), default=-1)
        rows[u] = height + (BETWEEN + NOTE * lines) * span
        height = rows[u] + (1.0 + ABOVE) * span
    model = first.network.neurons[chosen[0]]
    unit = model.equations.units[model.states.index(name)]
    return Bands(name, unit, {u: rows[u] for u in chosen}, notes, low, span, height)


def _check_state(given: Mapping[str, Recording], state: str | None) -> str:
    name = state
    for argument, one in given.items():
        if not one.states:
            raise bad(argument, one, "one that kept a state", "simulate(..., record=('v',)).")
        name = next(iter(one.states)) if name is None else name
        if name not in one.states:
            raise bad("state", name, "a state that was kept", suggest(str(name), one.states))
    assert name is not None
    return name


def _ceiling(model: NeuronModel, state: str, low: float) -> float:
    """Return where a potential is cut off: half as far above threshold as the lowest is below.

    One step of an exponential upstroke ends anywhere, at 1e11 mV just as well.
    """
    threshold = model.threshold
    if threshold is None or state != model.states[0]:
        return np.inf
    values = {x: model.parameters.get(str(x)) for x in threshold.free_symbols}
    level = threshold.subs({x: float(value) for x, value in values.items() if value is not None})
    if not level.is_number or float(level) <= low:  # the threshold is a state
        return np.inf
    return float(level) + 0.5 * (float(level) - low)


def draw_trace(
    ax: Axes,
    recording: Recording,
    bands: Bands,
    replica: int,
    *,
    gid: str,
    label: str = "",
    **style: Any,
) -> None:
    """Draw the trace of each band; `style` goes to the lines."""
    for k, (unit, bottom) in enumerate(bands.rows.items()):
        values = recording.state(bands.state, unit, replica=replica)
        values = np.minimum(values, bands.low + bands.span)
        shown = "" if k else label
        ax.plot(recording.times, values - bands.low + bottom, label=shown, gid=gid, **style)


def draw_spikes(
    ax: Axes, recording: Recording, bands: Bands, replica: int, colour: str, *, row: int = 0
) -> None:
    """Mark the spikes of each band above it; row 1 is below row 0."""
    length = 0.11 * bands.span
    for unit, bottom in bands.rows.items():
        times = recording.spike_times(unit, replica=replica)
        foot = bottom + (1.06 if row else 1.19) * bands.span
        ax.vlines(times, foot, foot + length, color=colour, lw=0.9, gid="spikes")


def draw_notes(ax: Axes, bands: Bands) -> None:
    """Mark what was done to each unit: a bar below its trace while it lasts, a line at a moment."""
    for unit, notes in bands.notes.items():
        bottom = bands.rows[unit]
        for text, start, stop, line in notes:
            high = bottom - NOTE * line * bands.span
            low = high - 0.9 * NOTE * bands.span
            if stop is None:
                top = bottom + bands.span
                ax.plot([start, start], [low, top], color=VERMILLION, lw=0.8, zorder=1, gid="at")
            else:
                ax.fill_between([start, stop], low, high, color=BAND, lw=0.0, zorder=0, gid="bar")
            colour = VERMILLION if stop is None else DIM
            ax.annotate(
                text,
                (start, 0.5 * (low + high)),
                xytext=(2, 0),
                textcoords="offset points",
                fontsize=SMALL - 1.0,
                color=colour,
                va="center",
                gid="note",
            )


def label_bands(ax: Axes, recording: Recording, bands: Bands) -> None:
    """Name the units at the left, and give the scale of the traces at the right."""
    labels = recording.network.labels
    ticks = [bottom + 0.5 * bands.span for bottom in bands.rows.values()]
    ax.set_yticks(ticks, [labels[unit] for unit in bands.rows], fontsize=FONT)
    ax.tick_params(axis="y", length=0.0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(0.0, bands.height)
    ax.set_xlim(recording.trains.start, recording.trains.stop)
    size = _round(0.5 * bands.span)
    low = min(bands.rows.values())
    ends, across = [low, low + size], ax.get_yaxis_transform()
    ax.plot([1.015, 1.015], ends, color=GREY, lw=1.4, transform=across, clip_on=False)
    ax.annotate(
        f"{size:g} {in_unit(bands.unit).strip(' ()')}".strip(),
        (1.015, low + 0.5 * size),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=SMALL,
        color=GREY,
        va="center",
    )


def _round(size: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above `size`."""
    power = float(10.0 ** np.floor(np.log10(size)))
    return max(k * power for k in (1.0, 2.0, 5.0) if k * power <= size * (1.0 + 1e-12))
