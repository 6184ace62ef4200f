"""Figure: a network, the machine that runs it unit by unit, and Phi at each grain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Polygon
from numpy.typing import NDArray

from causal_snn.chips.schedule import Machine
from causal_snn.errors import bad
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.network_geometry import (
    connection,
    outline,
    positions,
    self_loop,
    triangle,
)
from causal_snn.plotting.style import (
    BLACK,
    BLUE,
    DIM,
    GREEN,
    GREY,
    LIGHT,
    ORANGE,
    PAGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    new_figure,
    tidy,
)
from causal_snn.plotting.text import typeset
from causal_snn.studies.multiplexing import Grain, Multiplexing, Small

Floats = NDArray[np.float64]
COMPLEX = (SKY, ORANGE, GREEN, PURPLE)
"""Fills of complexes, in turn; a complex of one unit is always the first."""
LONGEST = 4
"""Characters of a label that fit a circle."""
GRAIN = {"tick": BLUE, "micro": VERMILLION, "macro": GREEN}
SAID = {
    "clocked": "cells over a round,\nclock kept by the user",
    "unclocked": "cells over a round,\nclock unknown",
    "grouping": "macro units made of\nthe machine's units",
}


def plot_multiplexing(
    found: Multiplexing, *, phase: int = 0, ax: Sequence[Axes] | None = None
) -> Axes:
    """Plot a target, its machine with the complexes in one micro-step, and Phi by grain.

    Parameters
    ----------
    found : Multiplexing
        From `causal_snn.studies.multiplexing`.
    phase : int
        Which of the micro-steps that were analysed to draw.
    ax : sequence of three matplotlib.axes.Axes, optional
        Where to draw target, machine and bars; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        That of the target; machine and bars come next in its figure. Dark arrows of the
        machine act while the counter is held at this micro-step, light ones in others.

    Raises
    ------
    InputError
        If `found` is of another kind, `phase` was not analysed, or `ax` is not three Axes.
    """
    check_kind("found", found, Multiplexing, "studies.multiplexing")
    if isinstance(phase, bool) or not 0 <= phase < len(found.micro):
        raise bad("phase", phase, f"0 to {len(found.micro) - 1}, the micro-steps analysed")
    target, machine, bars = _panels(ax)
    _draw_target(target, found)
    _draw_machine(machine, found, found.micro[phase])
    _draw_bars(bars, found)
    return target


def _panels(ax: Sequence[Axes] | None) -> list[Axes]:
    if ax is None:
        figure = new_figure(PAGE, 3.4)
        grid = figure.add_gridspec(1, 3, width_ratios=(0.8, 1.5, 1.0))
        return [figure.add_subplot(grid[0, k]) for k in range(3)]
    given = list(np.ravel(np.array(ax, dtype=object)))
    if len(given) != 3 or not all(isinstance(one, Axes) for one in given):
        raise bad("ax", ax, "three Axes: target, machine, bars")
    return given


def _draw_target(ax: Axes, found: Multiplexing) -> None:
    n, tick = found.target.n, found.tick
    places = dict(enumerate(positions(n)))
    wiring = found.target.wiring
    r = 0.2
    _frame(ax, places, r, f"tick: target\n{_totals(tick)}", least=1.2)
    for i, j in np.argwhere(wiring):
        away = places[int(j)] / max(float(np.hypot(*places[int(j)])), 1e-9)
        outward = away if away.any() else np.array([0.0, 1.0])
        bent = bool(wiring[j, i])
        _arrow(ax, places, int(j), int(i), r, DIM, 0.9, bent=bent, outward=outward)
    colours = _colours(tick.complexes, tick.labels)
    names = _short(found)
    _units(ax, places, r, tick, names, colours, {})
    if names != found.target.labels:
        key = "\n".join(f"{a}: {b}" for a, b in zip(names, found.target.labels, strict=True))
        ax.text(0.5, -0.02, key, transform=ax.transAxes, fontsize=SMALL - 1, ha="center", va="top")


def _short(found: Multiplexing) -> tuple[str, ...]:
    """Return labels that fit a circle: the units' own, or numbers where one is too long."""
    labels = found.target.labels
    if max(map(len, labels)) <= LONGEST:
        return labels
    return tuple(str(k) for k in range(len(labels)))


def _draw_machine(ax: Axes, found: Multiplexing, grain: Grain) -> None:
    machine = found.machine
    places, r = _places(machine), 0.28
    # Shown as the present state holds it: the counter is background of all else.
    rest = [k for k in range(machine.n) if k not in machine.counter]
    acting = np.zeros((machine.n, machine.n), dtype=bool)
    acting[np.ix_(rest, rest)] = machine.micro.held(rest, grain.state)
    counter = list(machine.counter)
    acting[np.ix_(counter, counter)] = machine.micro.held(counter, grain.state)
    step = grain.what.split(", ")[1]
    _frame(ax, places, r, f"micro: machine before {step}\n{_totals(grain)}")
    for dark in (False, True):
        for i, j in np.argwhere(machine.micro.wiring):
            if bool(acting[i, j]) is dark:
                colour, width = (BLACK, 0.9) if dark else (LIGHT, 0.4)
                outward = _outward(machine, int(j))
                _arrow(ax, places, int(j), int(i), r, colour, width, bent=True, outward=outward)
    colours = _colours(grain.complexes, grain.labels)
    values: dict[int, str] = {}
    for one in grain.complexes:
        members = [grain.labels.index(label) for label in one.labels]
        text = "?" if one.big_phi is None else typeset(one.big_phi, 2)
        values |= dict.fromkeys(members, text)
        if len(members) > 1:
            rim = outline(np.array([places[k] for k in members]), 1.4 * r)
            ax.add_patch(Polygon(rim, fc="none", ec=colours[members[0]], lw=1.2, zorder=1))
    own = _short(found)
    names = (*own, *(f"{own[k]}'" for k in range(len(machine.buffer))))
    names += machine.micro.labels[len(names) :]
    _units(ax, places, r, grain, names, colours, values)
    shown = list(dict.fromkeys(colours.values()))
    handles = [
        Patch(fc=fill, ec=BLACK, lw=0.6, label=f"complex of {_size(fill, colours)}")
        for fill in shown
    ]
    ax.legend(
        handles=[
            *handles,
            Patch(fc="white", ec=BLACK, lw=0.6, label="in no complex"),
            Patch(fc="white", ec=BLACK, lw=1.8, label="on (thick rim)"),
            *([Line2D([], [], ls="", label="number: its Φ (ibit)")] if values else []),
            Line2D([], [], color=BLACK, lw=0.9, label="acts in this micro-step"),
            Line2D([], [], color=LIGHT, lw=0.8, label="acts in others"),
        ],
        loc="upper center",
        bbox_to_anchor=(0.5, 0.02),
        ncols=2,
        fontsize=SMALL - 1,
        frameon=False,
        handlelength=1.2,
        columnspacing=1.0,
    )


def _size(fill: str, colours: Mapping[int, str]) -> str:
    if fill == COMPLEX[0]:
        return "one unit"
    return f"{sum(other == fill for other in colours.values())} units"


def _places(machine: Machine) -> Mapping[int, Floats]:
    """Return the centre of each unit: counter on top, accumulator, buffer, cells."""
    rows = (
        (machine.cells, 0.0),
        (machine.buffer, 1.15),
        (machine.accumulator, 2.3),
        (machine.counter, 3.45),
    )
    wide = max(len(units) for units, _ in rows)
    found: dict[int, Floats] = {}
    for units, height in rows:
        gap = 1.05 if len(units) > 1 else 0.0
        for k, unit in enumerate(units):
            x = gap * (k - (len(units) - 1) / 2.0)
            if units == machine.accumulator and len(units) == 1:
                x = 1.05 * (wide - 1) / 2.0 - 0.4  # off the counter's and the buffer's axis
            found[unit] = np.array([x, height])
    return found


def _outward(machine: Machine, unit: int) -> Floats:
    """Return the side on which a unit's loop to itself has room."""
    if unit in machine.counter:
        return np.array([0.0, 1.0])
    return np.array([0.0, -1.0]) if unit in machine.cells else np.array([-0.8, -0.6])


def _frame(
    ax: Axes, places: Mapping[int, Floats], r: float, title: str, *, least: float = 0.0
) -> None:
    """Set limits around the units, at least `least` each way from their middle."""
    points = np.array(list(places.values()))
    low, high = points.min(axis=0) - 2.6 * r, points.max(axis=0) + 2.6 * r
    middle = (low + high) / 2.0
    low, high = np.minimum(low, middle - least), np.maximum(high, middle + least)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])
    ax.set_aspect("equal")
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_title(title, fontsize=SMALL)


def _totals(grain: Grain) -> str:
    if grain.phi_s is None:
        return "not worked out"
    parts = [rf"$\varphi_s$ = {typeset(grain.phi_s, 3)}"]
    if grain.big_phi is not None:
        parts.append(f"Φ = {typeset(grain.big_phi, 5)}")
    return ", ".join(parts) + " ibit"


def _colours(complexes: Sequence[Small], labels: Sequence[str]) -> Mapping[int, str]:
    """Return the fill of each unit that is in a complex."""
    found = {}
    larger = 0
    for one in complexes:
        colour = COMPLEX[0]
        if len(one.labels) > 1:
            larger += 1
            colour = COMPLEX[larger % len(COMPLEX)]
        for label in one.labels:
            found[labels.index(label)] = colour
    return found


def _arrow(
    ax: Axes,
    places: Mapping[int, Floats],
    start: int,
    stop: int,
    r: float,
    colour: str,
    width: float,
    *,
    bent: bool,
    outward: Floats,
) -> None:
    head, gap = 0.11, 0.03
    if start == stop:
        curve = self_loop(places[start], outward, r, head=head, gap=gap)
    else:
        curve = connection(places[start], places[stop], r, bent=bent, head=head, gap=gap)
    ax.plot(*curve.shaft.T, color=colour, lw=width, zorder=2 if colour != LIGHT else 1)
    ax.add_patch(
        Polygon(triangle(curve, head, 0.09), fc=colour, ec="none",
                zorder=2 if colour != LIGHT else 1)
    )  # fmt: skip


def _units(
    ax: Axes,
    places: Mapping[int, Floats],
    r: float,
    grain: Grain,
    names: Sequence[str],
    colours: Mapping[int, str],
    values: Mapping[int, str],
) -> None:
    """Draw the units, those that are on with a thick rim, with the Phi of their complexes."""
    for k, place in places.items():
        on = bool(grain.state[k])
        x, y = float(place[0]), float(place[1])
        fill, width = colours.get(k, "white"), 1.8 if on else 0.6
        ax.add_patch(Circle((x, y), r, fc=fill, ec=BLACK, lw=width, zorder=4))
        up = 0.25 * r if k in values else 0.0
        middle: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 5}
        weight = "bold" if on else "normal"
        ax.text(x, y + up, names[k], fontsize=SMALL - 1, fontweight=weight, **middle)
        if k in values:
            ax.text(x, y - 0.45 * r, values[k], fontsize=5.0, **middle)


def _draw_bars(ax: Axes, found: Multiplexing) -> None:
    """Draw Phi of each grain; a value that was not worked out is said so."""
    rows: list[tuple[str, float | None, str]] = [
        ("target", found.tick.big_phi, GRAIN["tick"]),
        ("whole machine", _most([one.big_phi for one in found.micro]), GRAIN["micro"]),
        ("its largest complex", max(one.largest for one in found.micro), GRAIN["micro"]),
        *((SAID[one.reading or "grouping"], one.big_phi, GRAIN["macro"]) for one in found.macro),
    ]
    for y, (_, value, colour) in enumerate(rows):
        ax.barh(y, value or 0.0, color=colour, height=0.6)
        text = "not worked out" if value is None else typeset(value, 4)
        ax.annotate(
            text, (value or 0.0, y), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=SMALL - 1, color=DIM,
        )  # fmt: skip
    top = max([value or 0.0 for _, value, _ in rows] + [1.0])
    ax.set_xscale("symlog", linthresh=1.0)
    ax.set_xlim(0.0, 12.0 * top)
    powers = [10.0**k for k in range(int(np.log10(12.0 * top)) + 1)]
    ax.set_xticks([0.0, *powers[:: 1 if len(powers) < 5 else 2]])
    ax.set_xticks([], minor=True)
    ax.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    ax.invert_yaxis()
    tidy(ax, xlabel="Φ (ibit)")
    ax.tick_params(axis="y", labelsize=SMALL - 1, length=0)
    ax.set_title("Φ by grain", fontsize=SMALL)
    handles = [Patch(fc=colour, label=name) for name, colour in GRAIN.items()]
    ax.legend(handles=handles, fontsize=SMALL - 1, frameon=False, loc="lower right",
              handlelength=1.0, title="grain", title_fontsize=SMALL - 1)  # fmt: skip
    ax.axvline(0.0, color=GREY, lw=0.6)


def _most(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None
