"""Figure: a network, its complexes and the connections its minimum partition cuts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon

from causal_snn.errors import bad
from causal_snn.models.network import Network
from causal_snn.phi import Complex, PhiResult
from causal_snn.plotting import network_geometry as geometry
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.network_legend import (
    COMPLEXES,
    DASHES,
    EXCITATORY,
    INHIBITORY,
    Headed,
    entries,
    phi_symbol,
)
from causal_snn.plotting.style import BLACK, COLUMN, FONT, SMALL, axes_or_new
from causal_snn.plotting.text import state_code, typeset


def plot_network(
    network: Network,
    phi_result: PhiResult | None = None,
    *,
    cells: Sequence[Sequence[str]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot the units on a circle, their connections, and which of them form complexes.

    Parameters
    ----------
    network : Network
    phi_result : PhiResult, optional
        From `causal_snn.phi.analyze`: adds the complexes with their phi_s, and dashes the
        connections that the minimum partition cuts.
    cells : sequence of sequence of str, optional
        Names of each unit's macro states, to write the state of `phi_result` in initials.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Arrow heads are excitatory, bars inhibitory; the width of a connection grows with
        the magnitude of its weight.

    Raises
    ------
    InputError
        If the network or the result is of another kind.
    """
    check_kind("network", network, Network, "Network(...) or read_network")
    if phi_result is not None:
        check_kind("phi_result", phi_result, PhiResult, "phi.analyze")
    weights, labels = network.weights, network.labels
    cut = set() if phi_result is None or phi_result.mip is None else set(phi_result.mip.cut)
    shown = entries(network, phi_result, cut)
    ax, centres, r = network_axes(ax, network.n, 0.5 + 0.17 * len(shown))
    complexes = () if phi_result is None else phi_result.complexes or ()
    for rank, each in enumerate(complexes):
        _draw_complex(ax, centres[_members(each, labels)], r, rank)
    for target, source in np.argwhere(weights):
        draw_connection(
            ax,
            centres,
            r,
            weights,
            int(target),
            int(source),
            cut=(labels[source], labels[target]) in cut,
        )
    for label, centre in zip(labels, centres, strict=True):
        ax.add_patch(Circle(tuple(centre), r, fc="white", ec=BLACK, lw=1.0, zorder=4))
        ax.text(*centre, **written(label, r), ha="center", va="center", zorder=5)
    _title(ax, network, phi_result, cells)
    if shown:
        legend_below(ax, shown)
    return ax


def network_axes(ax: Axes | None, n: int, room: float) -> tuple[Axes, np.ndarray, float]:
    """Return axes for n units, with `room` (inches) for title and legend, and where units stand.

    Returns
    -------
    (Axes, array of shape (n, 2), float)
        The axes, the centres of the units and their radius.
    """
    centres, r = geometry.positions(n), geometry.radius(n)
    low, high = _limits(centres, r)
    shape = (high[1] - low[1]) / (high[0] - low[0])
    ax = axes_or_new(ax, width=COLUMN, height=0.95 * COLUMN * shape + room)
    ax.set(aspect="equal", xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.set_axis_off()
    return ax, centres, r


def legend_below(ax: Axes, shown: Sequence[Any]) -> None:
    """Say below the axes what is drawn; lines stand for connections and have heads."""
    ax.legend(
        handles=list(shown),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        fontsize=SMALL,
        frameon=False,
        handlelength=2.4,
        borderaxespad=0.2,
        handler_map={Line2D: Headed()},
    )


def _members(found: Complex, labels: Sequence[str]) -> list[int]:
    for label in found.units:
        if label not in labels:
            raise bad("phi_result", label, f"complexes of the network's units {tuple(labels)}")
    return [labels.index(label) for label in found.units]


def _draw_complex(ax: Axes, members: np.ndarray, r: float, rank: int) -> None:
    """Fill the hull of a complex and a disc around each member, under one common rim."""
    fill, rim = COMPLEXES[min(rank, len(COMPLEXES) - 1)]
    # A narrow hull stays clear of units between two members; the discs mark the members.
    shapes = [geometry.outline(members, 0.5 * r)] if len(members) > 1 else []
    shapes += [geometry.outline(member[None, :], 1.4 * r) for member in members]
    for colour, width, layer in ((rim, 2.2, 0.0), (fill, 0.0, 0.1)):
        for shape in shapes:
            ax.add_patch(
                Polygon(
                    shape,
                    fc=colour,
                    ec=colour,
                    lw=width,
                    joinstyle="round",
                    zorder=layer,
                    gid=f"complex-{rank}",
                )
            )


def draw_connection(
    ax: Axes,
    centres: np.ndarray,
    r: float,
    weights: np.ndarray,
    target: int,
    source: int,
    *,
    cut: bool,
) -> None:
    """Draw one weight as an arrow, or with a bar where it inhibits; dashed where it is cut."""
    weight = weights[target, source]
    excites = weight > 0
    share = abs(weight) / np.abs(weights).max()
    colour, width = (EXCITATORY if excites else INHIBITORY), 0.6 + 2.0 * share
    size = r * (0.4 + 0.25 * share)
    head, gap = (0.9 * size, 0.1 * r) if excites else (0.0, 0.22 * r)
    if source == target:
        place = centres[target]
        length = float(np.hypot(*place))
        outward = place / length if length else np.array([0.0, 1.0])
        curve = geometry.self_loop(place, outward, r, head=head, gap=gap)
    else:
        bent = bool(weights[source, target])
        curve = geometry.connection(
            centres[source], centres[target], r, bent=bent, head=head, gap=gap
        )
    ax.add_line(
        Line2D(
            *curve.shaft.T,
            color=colour,
            lw=width,
            ls=DASHES if cut else "-",
            solid_capstyle="butt",
            dash_capstyle="butt",
            zorder=3,
            gid=f"connection-{source}-{target}",
        )
    )
    if excites:
        ax.add_patch(
            Polygon(
                geometry.triangle(curve, size, size), fc=colour, lw=0, zorder=3.1, gid="excitatory"
            )
        )
    else:
        ax.add_line(
            Line2D(
                *geometry.bar(curve, centres[target], 1.4 * size).T,
                color=colour,
                lw=1.2 + 0.5 * width,
                solid_capstyle="butt",
                zorder=3.1,
                gid="inhibitory",
            )
        )


def written(label: str, r: float) -> dict[str, Any]:
    """Return a label in lines and in a size that fit into a unit of radius `r`."""
    lines = textwrap.wrap(label, 8) or [label]
    size = 44.0 * (r / 0.22) / max(4, *(len(line) for line in lines))
    return {"s": "\n".join(lines), "fontsize": min(FONT, max(size, 4.5)), "linespacing": 0.95}


def _limits(centres: np.ndarray, r: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper corner of what units of radius `r` and their loops take."""
    room = 2.3 * r  # for self-loops, which point outwards
    low, high = centres.min(axis=0) - room, centres.max(axis=0) + room
    if len(centres) == 1:
        low, high = low - np.array([3 * r, 0]), high + np.array([3 * r, 0])
    return low, high


def _title(
    ax: Axes,
    network: Network,
    phi_result: PhiResult | None,
    cells: Sequence[Sequence[str]] | None,
) -> None:
    text = network.name
    if phi_result is not None:
        value = typeset(phi_result.phi_s, 3)
        text += f"\nstate {state_code(phi_result.state, cells)}: {phi_symbol(phi_result)} = {value}"
    ax.set_title(text, fontsize=min(FONT, 45 * FONT / max(len(network.name), 1)))
