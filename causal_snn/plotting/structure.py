"""Figure: a cause-effect structure, its distinctions by order and their strongest relations."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import ceil
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.phi import Distinction, StructureResult
from causal_snn.phi.result import State
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import (
    BLACK,
    BLUE,
    COLUMN,
    FONT,
    GREY,
    PAGE,
    SMALL,
    VERMILLION,
    axes_or_new,
)
from causal_snn.plotting.text import ZERO, typeset

Floats = NDArray[np.float64]
WIDEST = 10
"""Distinctions beside each other before a row is broken into two."""
CELL = (0.7, 0.8)
"""Width and height that a distinction takes (inches)."""
READABLE = 5.0
"""Type size below which units are named by letters (points)."""
LINK = "#8C8C8C"
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Pair(NamedTuple):
    """A relation of two distinctions, by their positions, and its phi_r (ibit)."""

    first: int
    second: int
    phi: float


def pair_relations(distinctions: Sequence[Distinction]) -> list[Pair]:
    """Return the relations of degree two, the strongest first.

    phi_r of two distinctions is the number of units that they share, in one state, among
    their causes and effects, times the lesser phi_d for each unit that a distinction specifies
    (Albantakis et al., PLOS Comput Biol 19:e1011465, 2023, S3 Appendix).
    """
    units = [
        set(zip(one.cause, one.cause_state, strict=True))
        | set(zip(one.effect, one.effect_state, strict=True))
        for one in distinctions
    ]
    density = [one.phi / len(mine) for one, mine in zip(distinctions, units, strict=True)]
    pairs = [
        Pair(j, k, shared * min(density[j], density[k]))
        for j, k in combinations(range(len(distinctions)), 2)
        if (shared := len(units[j] & units[k]))
    ]
    return sorted(pairs, key=lambda pair: -pair.phi)


def plot_structure(
    found: StructureResult, *, most: int = 30, purviews: bool = True, ax: Axes | None = None
) -> Axes:
    """Plot the distinctions of a structure by the size of their mechanism, and relations.

    Parameters
    ----------
    found : StructureResult
        From `causal_snn.phi.structure`.
    most : int
        Relations of two distinctions to draw, the strongest; 0 for none.
    purviews : bool
        Write the cause above and the effect below each distinction, units with their states.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure. The colour bar takes its space from it.

    Returns
    -------
    matplotlib.axes.Axes
        Size and colour of a disc are phi_d; the width of a link is phi_r. Relations of more
        than two distinctions, and of a distinction with itself, are not drawn.

    Raises
    ------
    InputError
        If `found` is no structure, or `most` is no whole number of 0 or more.
    """
    check_kind("found", found, StructureResult, "phi.structure")
    most = _count(most)
    rows = _rows(found.distinctions)
    places, lines = _places(rows, found.distinctions)
    pairs = pair_relations(found.distinctions)
    widest = max((len(line) for row in rows for line in row), default=1)
    width = min(PAGE, max(COLUMN, CELL[0] * widest + 1.2))
    ax = axes_or_new(ax, width=width, height=1.1 + CELL[1] * max(len(lines), 1))
    ax.set(xlim=(-widest / 2.0, widest / 2.0), ylim=(-0.5, max(len(lines), 1) - 0.55))
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xticks([])
    ax.set_title(_title(found, pairs, most), fontsize=SMALL)
    if not found.distinctions:
        ax.set_yticks([])
        ax.text(0.0, 0.0, "no distinctions", ha="center", va="center", fontsize=FONT, color=GREY)
        return ax
    ticks = [(k, f"{size} unit{'s' if size > 1 else ''}") for k, size in lines if size]
    ax.set_yticks([k for k, _ in ticks], [name for _, name in ticks], fontsize=SMALL)
    ax.tick_params(left=False)
    _links(ax, pairs[:most], places)
    _discs(ax, found.distinctions, places)
    room = 72.0 * (width - 1.2) / widest  # points for each distinction
    names, size = _names(found, room, purviews)
    for one, place in zip(found.distinctions, places, strict=True):
        _write(ax, one, place, names, size, purviews)
    _legend(ax, pairs[:most], names, purviews)
    return ax


def _count(most: object) -> int:
    if isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 0:
        raise bad("most", most, "a whole number of 0 or more")
    return int(most)


def _rows(distinctions: Sequence[Distinction]) -> list[list[list[int]]]:
    """Return the positions of distinctions by mechanism size, each size in lines not too long."""
    found = []
    for size in sorted({len(one.mechanism) for one in distinctions}):
        mine = [k for k, one in enumerate(distinctions) if len(one.mechanism) == size]
        length = ceil(len(mine) / ceil(len(mine) / WIDEST))
        found.append([mine[k : k + length] for k in range(0, len(mine), length)])
    return found


def _places(
    rows: Sequence[Sequence[Sequence[int]]], distinctions: Sequence[Distinction]
) -> tuple[Floats, list[tuple[int, int]]]:
    """Return the centre of each distinction, and each line's height with its mechanism size."""
    places = np.zeros((len(distinctions), 2))
    lines: list[tuple[int, int]] = []
    for row in rows:
        for part, line in enumerate(row):
            height = len(lines)
            for x, k in enumerate(line):
                places[k] = x - (len(line) - 1) / 2.0, height
            lines.append((height, 0 if part else len(distinctions[line[0]].mechanism)))
    return places, lines


def _links(ax: Axes, pairs: Sequence[Pair], places: Floats) -> None:
    """Draw relations as bent lines, the strongest on top and widest."""
    if not pairs:
        return
    strongest = pairs[0].phi
    curves, widths = [], []
    for pair in reversed(pairs):
        curves.append(_bent(places[pair.first], places[pair.second]))
        widths.append(0.3 + 2.2 * pair.phi / strongest)
    ax.add_collection(
        LineCollection(curves, colors=LINK, lw=widths, alpha=0.65, zorder=1, gid="relations"),
        autolim=False,
    )


def _bent(start: Floats, stop: Floats) -> Floats:
    """Return a curve that keeps clear of discs on the straight line between its ends."""
    if start[1] == stop[1]:
        rise = min(0.3 + 0.12 * abs(stop[0] - start[0]), 0.9)
        control = (start + stop) / 2.0 + np.array([0.0, rise])
    else:
        way = stop - start
        side = np.sign(way[0] * way[1]) or 1.0
        aside = np.clip(0.16 * side * np.array([-way[1], way[0]]), -0.5, 0.5)
        control = (start + stop) / 2.0 + aside
    t = np.linspace(0.0, 1.0, 41)[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * stop)


def _discs(ax: Axes, distinctions: Sequence[Distinction], places: Floats) -> None:
    values = np.array([one.phi for one in distinctions])
    top = max(float(values.max()), ZERO)
    norm = Normalize(0.0, top)
    ax.scatter(
        places[:, 0],
        places[:, 1],
        s=14.0 + 130.0 * values / top,
        c=values,
        cmap="viridis_r",
        norm=norm,
        ec="white",
        lw=0.8,
        zorder=3,
        gid="distinctions",
        clip_on=False,
    )
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    bar = figure.colorbar(ScalarMappable(norm, "viridis_r"), ax=ax, shrink=0.7, aspect=24, pad=0.02)
    bar.set_label(r"distinction $\varphi_d$ (ibit)", fontsize=FONT)
    bar.ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    bar.outline.set_linewidth(0.6)


def _names(found: StructureResult, room: float, purviews: bool) -> tuple[dict[str, str], float]:
    """Return a name for each unit, and the type size (points) that fits a distinction's room.

    Names are the labels, or letters where labels would have to be too small to read.
    """
    labels = found.system.labels
    names = dict(zip(labels, labels, strict=True))
    size = _size(found.distinctions, names, room, purviews)
    if size < READABLE and len(labels) <= len(ascii_uppercase):
        names = dict(zip(labels, ascii_uppercase, strict=False))
        size = _size(found.distinctions, names, room, purviews)
    return names, min(size, 6.5)


def _size(
    distinctions: Sequence[Distinction], names: Mapping[str, str], room: float, purviews: bool
) -> float:
    texts = [_joined(one.mechanism, names) for one in distinctions]
    if purviews:
        texts += [_with_states(one.cause, one.cause_state, names) for one in distinctions]
        texts += [_with_states(one.effect, one.effect_state, names) for one in distinctions]
    return room / (0.62 * max(map(len, texts)))


def _write(
    ax: Axes, one: Distinction, place: Floats, names: Mapping[str, str], size: float, purviews: bool
) -> None:
    """Write a mechanism above its disc, and its cause and effect below."""
    texts = [("mechanism", _joined(one.mechanism, names), BLACK, 6.5)]
    if purviews:
        cause = _with_states(one.cause, one.cause_state, names)
        effect = _with_states(one.effect, one.effect_state, names)
        texts += [("cause", cause, BLUE, -7.0), ("effect", effect, VERMILLION, -14.5)]
    for gid, text, colour, offset in texts:
        ax.annotate(
            text,
            (float(place[0]), float(place[1])),
            xytext=(0.0, offset),
            textcoords="offset points",
            ha="center",
            va="bottom" if offset > 0 else "top",
            fontsize=size if gid == "mechanism" else size - 0.5,
            fontweight="bold" if gid == "mechanism" else "normal",
            color=colour,
            path_effects=[withStroke(linewidth=1.8, foreground="white")],
            zorder=5,
            gid=gid,
        )


def _joined(units: Sequence[str], names: Mapping[str, str]) -> str:
    """Return units in one word, with commas where a name is longer than a letter."""
    short = [names[unit] for unit in units]
    return ("" if all(len(name) == 1 for name in short) else ",").join(short)


def _with_states(units: Sequence[str], state: State, names: Mapping[str, str]) -> str:
    """Return units with their states as subscripts, as ``A₁B₀``."""
    gap = "" if all(len(names[unit]) == 1 for unit in units) else " "
    return gap.join(
        names[unit] + str(x).translate(SUBSCRIPTS) for unit, x in zip(units, state, strict=True)
    )


def _title(found: StructureResult, pairs: Sequence[Pair], most: int) -> str:
    count, n = len(found.distinctions), len(pairs)
    total = found.sum_phi_distinctions + found.sum_phi_relations
    first = f"{count} distinction{'' if count == 1 else 's'}, Φ = {typeset(total, 4)} ibit"
    if found.relations is not None:
        first += f" over {found.relations:,} relations"
    if not n:
        return first
    if not most:
        return f"{first}\n{n} relations of two, not drawn"
    share = sum(pair.phi for pair in pairs[:most]) / sum(pair.phi for pair in pairs)
    which = f"all {n}" if most >= n else f"strongest {most} of {n}"
    return f"{first}\n{which} relations of two drawn ({100 * share:.0f}% of their φ)"


def _legend(ax: Axes, pairs: Sequence[Pair], names: Mapping[str, str], purviews: bool) -> None:
    shown: list[Artist] = []
    if purviews:
        shown += [
            Line2D([], [], color=colour, marker="$A_1$", ms=8, mew=0.0, ls="", label=label)
            for colour, label in (
                (BLUE, "cause, units with their states"),
                (VERMILLION, "effect"),
            )
        ]
    if pairs:
        label = rf"relation, up to $\varphi_r$ = {typeset(pairs[0].phi, 3)} ibit"
        shown.append(Line2D([], [], color=LINK, lw=2.5, alpha=0.65, label=label))
    if any(label != name for label, name in names.items()):
        key = ", ".join(f"{name} {label}" for label, name in names.items())
        shown.append(Patch(fc="none", ec="none", label=textwrap.fill(key, 60)))
    if shown:
        ax.legend(
            handles=shown,
            loc="upper center",
            bbox_to_anchor=(0.5, 0.0),
            ncols=1 if ax.get_xlim()[1] < 4.0 else 3,
            fontsize=SMALL,
            frameon=False,
            borderaxespad=0.2,
        )
