"""Pieces: curves cut where they change style, as stability changes along a branch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causal_snn.plotting.style import BLACK, BLUE, LIGHT, SMALL, VERMILLION

Floats = NDArray[np.float64]


class Piece(NamedTuple):
    """A piece of a curve in one style."""

    x: Floats
    y: Floats
    kind: str


class Joint(NamedTuple):
    """A special point of a curve: the point that follows it, and where it is."""

    before: int
    x: float
    y: float


STYLES: dict[str, dict[str, Any]] = {
    "stable equilibria": {"color": BLACK, "linewidth": 1.6, "linestyle": "-"},
    "unstable equilibria": {"color": BLACK, "linewidth": 0.8, "linestyle": (0, (4, 2))},
    "equilibria above threshold": {"color": LIGHT, "linewidth": 0.8, "linestyle": (0, (1, 1.5))},
    "stable cycles": {"color": BLUE, "linewidth": 1.6, "linestyle": "-"},
    "unstable cycles": {"color": BLUE, "linewidth": 0.8, "linestyle": (0, (4, 2))},
    "folds": {"color": BLACK, "linewidth": 1.2, "linestyle": "-"},
    "supercritical Hopf": {"color": VERMILLION, "linewidth": 1.2, "linestyle": "-"},
    "subcritical Hopf": {"color": VERMILLION, "linewidth": 1.2, "linestyle": (0, (4, 2))},
}


def cut(x: Floats, y: Floats, kinds: Sequence[str], joints: Sequence[Joint]) -> list[Piece]:
    """Cut a curve where its kind changes; pieces meet at the special point between them."""
    points = [(float(a), float(b), kind) for a, b, kind in zip(x, y, kinds, strict=True)]
    for joint in reversed(joints):
        if 0 < joint.before < len(points):  # beyond it, the kind is that of the point after
            points.insert(joint.before, (joint.x, joint.y, points[joint.before][2]))
    pieces: list[Piece] = []
    start = 0
    for k in range(1, len(points) + 1):
        if k == len(points) or points[k][2] != points[k - 1][2]:
            piece = points[start : k + 1]  # with the first point of the next piece
            pieces.append(
                Piece(
                    np.array([point[0] for point in piece]),
                    np.array([point[1] for point in piece]),
                    points[k - 1][2],
                )
            )
            start = k
    return pieces


def draw_pieces(
    ax: Axes, pieces: Sequence[Piece], *, margin: float = 0.0, legend: bool = True
) -> None:
    """Draw pieces, with one entry in a legend above the axes for each style that occurs."""
    seen = [kind for kind in STYLES if any(piece.kind == kind for piece in pieces)]
    for kind in seen:
        for k, piece in enumerate(piece for piece in pieces if piece.kind == kind):
            ax.plot(piece.x, piece.y, label="" if k else kind, zorder=2, **STYLES[kind])
    ax.margins(x=margin, y=0.06)
    if legend and len(seen) > 1:
        ax.legend(
            fontsize=SMALL - 1.0,
            frameon=False,
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=2,
            handlelength=2.2,
            columnspacing=1.2,
            borderaxespad=0.2,
        )
