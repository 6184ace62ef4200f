"""Marks: special points with labels that cover neither each other nor the curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from causal_snn.dynamics.special import SpecialPoint
from causal_snn.plotting.style import (
    BLACK,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
)

Floats = NDArray[np.float64]

MARKS = {
    "LP": ("s", BLACK),
    "HB": ("o", VERMILLION),
    "BP": ("X", PURPLE),
    "LPC": ("D", GREEN),
    "PD": ("^", ORANGE),
    "NS": ("P", SKY),
    "SNIC": ("*", GREEN),
    "HC": ("*", PURPLE),
    "BT": ("s", PURPLE),
    "CP": ("v", BLACK),
    "GH": ("D", VERMILLION),
    "ZH": ("P", SKY),
    "HH": ("X", ORANGE),
}
"""Marker and colour of each kind of special point; a small dot for others."""
DIRECTIONS = 16
"""Ways from a point in which a label may stand."""
REACHES = (7.0, 12.0, 18.0, 26.0, 36.0, 48.0)
"""Distances of a label from its point that are tried (points)."""
SAME = 2e-3
"""Marks of one kind that are closer than this, relative to the spread of all, are one."""
DIGITS = "0123456789"
LEADER = 15.0
"""Distance from which a line leads to the label (points)."""


class Mark(NamedTuple):
    """A point to mark: where, with which marker and colour, and its label; "" for none."""

    x: float
    y: float
    marker: str
    color: str
    label: str


def draw_marks(ax: Axes, marks: Sequence[Mark], *, avoid: Iterable[tuple[Floats, Floats]]) -> None:
    """Draw marks over the curves, each label where it covers least.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes with all curves drawn and labelled: distances are those of the finished figure.
    marks : sequence of Mark
        What to mark.
    avoid : iterable of (array, array)
        Curves, as x and y, that labels should leave free.
    """
    for mark in marks:
        ax.plot(
            mark.x,
            mark.y,
            linestyle="",
            marker=mark.marker,
            markersize=7.0 if mark.marker == "*" else 4.5,
            markerfacecolor=mark.color,
            markeredgecolor="white",
            markeredgewidth=0.5,
            zorder=5,
            clip_on=False,
        )
    labelled = [mark for mark in marks if mark.label]
    if not labelled:
        return
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()  # fixes the layout and the limits
    points = 72.0 / figure.dpi
    to_points = ax.transData
    obstacles = [_dense(to_points.transform(np.column_stack(curve)) * points) for curve in avoid]
    dots = to_points.transform([(mark.x, mark.y) for mark in marks]) * points
    obstacles.append(np.repeat(dots, 8, axis=0))  # a covered mark is worse than a covered line
    cloud = np.concatenate(obstacles)
    frame = np.asarray(ax.bbox.extents, dtype=float) * points
    taken: list[Floats] = []
    for mark in sorted(labelled, key=lambda mark: mark.x):
        here = to_points.transform((mark.x, mark.y)) * points
        offset, box, reach = _best(here, mark.label, cloud, taken, frame)
        taken.append(box)
        ax.annotate(
            mark.label,
            (mark.x, mark.y),
            xytext=(float(offset[0]), float(offset[1])),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=SMALL,
            color=mark.color,
            arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.4, "shrinkA": 1, "shrinkB": 3}
            if reach >= LEADER
            else None,
            zorder=6,
            annotation_clip=False,
        )


def _best(
    here: Floats, label: str, cloud: Floats, taken: list[Floats], frame: Floats
) -> tuple[Floats, Floats, float]:
    """Return the offset (points) at which a label covers least, its box there, and the reach."""
    half = np.array([0.31 * SMALL * len(label) + 0.5, 0.5 * SMALL + 0.5])
    best: tuple[float, Floats, Floats, float] | None = None
    for reach in REACHES:
        for k in range(DIRECTIONS):
            angle = 2.0 * np.pi * (k + 2) / DIRECTIONS  # up and to the right first
            way = np.array([np.cos(angle), np.sin(angle)])
            offset = way * (reach + half * np.array([1.0, 0.4]))
            box = np.concatenate([here + offset - half, here + offset + half])
            cost = _covered(box, cloud, taken, frame) + 0.3 * reach
            if best is None or cost < best[0]:
                best = (cost, offset, box, reach)
    assert best is not None
    return best[1:]


def _covered(box: Floats, cloud: Floats, taken: list[Floats], frame: Floats) -> float:
    inside = (cloud > box[:2]).all(axis=1) & (cloud < box[2:]).all(axis=1)
    clash = sum(bool(((box[:2] < o[2:]) & (o[:2] < box[2:])).all()) for o in taken)
    out = np.maximum(frame[:2] - box[:2], 0.0).sum() + np.maximum(box[2:] - frame[2:], 0.0).sum()
    return float(3.0 * inside.sum() + 200.0 * clash + 5.0 * out)


def _dense(curve: Floats) -> Floats:
    """Return points at most 2 points of type apart on a polygon, shape (M, 2)."""
    curve = curve[np.isfinite(curve).all(axis=1)]
    if len(curve) < 2:
        return curve
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, along[-1], int(min(along[-1] / 2.0, 5000)) + 2)
    return np.column_stack([np.interp(at, along, curve[:, k]) for k in range(2)])


def mark_of(point: SpecialPoint, y: float) -> Mark:
    """Return the mark of a special point at height `y`."""
    marker, color = MARKS.get(point.label, (".", BLACK))
    return Mark(point.value, y, marker, color, point.name)


def told_apart(marks: Sequence[Mark]) -> list[Mark]:
    """Return marks with numbers only where a kind occurs twice, and each place marked once.

    Two branches of cycles often are the same one, followed from either end.
    """
    if not marks:
        return []
    spread = np.ptp([(mark.x, mark.y) for mark in marks], axis=0)
    places: list[Mark] = []
    for mark in marks:
        if not any(_same_place(mark, other, spread) for other in places):
            places.append(mark)
    kinds = [name.rstrip(DIGITS) for name in {mark.label for mark in places}]
    return [
        mark._replace(label=kind) if kinds.count(kind) == 1 else mark
        for mark in places
        for kind in [mark.label.rstrip(DIGITS)]
    ]


def _same_place(a: Mark, b: Mark, spread: Floats) -> bool:
    near = np.abs([a.x - b.x, a.y - b.y]) <= SAME * spread
    return a[2:4] == b[2:4] and bool(near.all())
