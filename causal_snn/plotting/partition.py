"""Figure: where a system comes apart, its minimum partition drawn on the units."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Polygon
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.models.network import Network
from causal_snn.phi import SystemResult
from causal_snn.plotting import network_geometry as geometry
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.network import draw_connection, legend_below, network_axes, written
from causal_snn.plotting.network_legend import DASHES, entries
from causal_snn.plotting.style import BLACK, FONT, GREY, VERMILLION
from causal_snn.plotting.text import state_code, typeset
from causal_snn.tpm import TPM

Floats = NDArray[np.float64]
PARTS = (  # fill and rim
    ("#FBE3B5", "#E69F00"),
    ("#CDE6F7", "#0072B2"),
    ("#CDEBDF", "#009E73"),
    ("#F3DCE8", "#CC79A7"),
    ("#F6F2C4", "#B3A100"),
    ("#FBD9C4", "#D55E00"),
    ("#E4E4E4", "#6E6E6E"),
)
KEPT, CUT = GREY, VERMILLION
"""Colours of the dependences of a TPM; those of a network's connections tell their sign."""
WORDS = {"inputs": "inputs cut", "outputs": "outputs cut", "both": "cut both ways"}


class Part(NamedTuple):
    """A part of a partition: its units and which of its connections are cut."""

    units: tuple[str, ...]
    direction: str


def parts_of(result: SystemResult) -> list[Part]:
    """Return the parts of a minimum partition and how each is cut, whatever engine found it.

    Two units are in one part if neither direction between them is cut; a part alone is cut
    through. "inputs" means that all its inputs from the rest are cut, its outputs not all.
    """
    if result.partition is None:
        return []
    cut, left = set(result.partition.cut), list(result.labels)
    if all((one, one) in cut for one in left):
        return [Part(tuple(left), "both")]
    found = []
    while left:
        # Being in one part is an equivalence, so the first unit knows its part.
        mine = [k for k in left if k == left[0] or not {(k, left[0]), (left[0], k)} & cut]
        rest = [k for k in result.labels if k not in mine]
        inputs = all((k, one) in cut for k in rest for one in mine)
        outputs = all((one, k) in cut for k in rest for one in mine)
        found.append(
            Part(tuple(mine), "both" if inputs == outputs else "inputs" if inputs else "outputs")
        )
        left = [k for k in left if k not in mine]
    return found


def plot_partition(
    substrate: Network | TPM,
    result: SystemResult,
    *,
    cells: Sequence[Sequence[str]] | None = None,
    legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Plot the minimum partition of a system: units in the colour of their part, cuts dashed.

    Parameters
    ----------
    substrate : Network or TPM
        Whose connections to draw. Of a TPM these are the dependences of a unit's next state
        on a unit's state, as wide as the largest change in total variation.
    result : SystemResult
        From `causal_snn.phi.system`, of all units or some; the others are white and dotted.
    cells : sequence of sequence of str, optional
        Names of the macro states of the result's units, to write its state in initials.
    legend : bool
        Say below what is drawn, and how each part is cut.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Units stand where `plot_network` puts them.

    Raises
    ------
    InputError
        If an argument is of another kind, or the result's units are not the substrate's.
    """
    if not isinstance(substrate, Network | TPM):
        raise bad("substrate", substrate, "a Network or a TPM")
    check_kind("result", result, SystemResult, "phi.system")
    labels = tuple(substrate.labels)
    for label in result.labels:
        if label not in labels:
            raise bad("result", label, f"a result of the substrate's units {labels}")
    cut = set() if result.partition is None else set(result.partition.cut)
    parts = parts_of(result)
    weights = substrate.weights if isinstance(substrate, Network) else dependences(substrate)
    shown = _entries(substrate, result, parts, cut, weights)
    lines = legend * sum(1 + str(entry.get_label()).count("\n") for entry in shown)
    ax, centres, r = network_axes(ax, len(labels), 0.4 + 0.17 * lines)
    for i, j in np.argwhere(weights):
        severed = (labels[j], labels[i]) in cut
        if isinstance(substrate, Network):
            draw_connection(ax, centres, r, weights, int(i), int(j), cut=severed)
        else:
            _draw_dependence(ax, centres, r, weights, int(i), int(j), cut=severed)
    for label, centre in zip(labels, centres, strict=True):
        _draw_unit(ax, label, centre, r, parts, label in result.labels)
    ax.set_title(_title(substrate, result, cells), fontsize=FONT)
    if legend:
        legend_below(ax, shown)
    return ax


def dependences(tpm: TPM) -> Floats:
    """Return how much each unit's next state depends on each unit's state, shape (n, n).

    Entry ``[i, j]`` is the largest total variation between the next states of i that setting
    j to two values can make, over the states of the others.
    """
    found = np.zeros((tpm.n, tpm.n))
    for i, marginal in enumerate(tpm.marginals):
        for j in range(tpm.n):
            rows = np.moveaxis(marginal, j, 0)
            found[i, j] = max(0.5 * np.abs(rows - row).sum(axis=-1).max() for row in rows)
    return np.where(found > 1e-12, found, 0.0)  # below that it is rounding


def _draw_unit(
    ax: Axes, label: str, centre: Floats, r: float, parts: Sequence[Part], inside: bool
) -> None:
    rank = next((k for k, part in enumerate(parts) if label in part.units), None)
    fill, rim = ("white", BLACK if inside else GREY) if rank is None else PARTS[rank % len(PARTS)]
    ax.add_patch(
        Circle(
            (float(centre[0]), float(centre[1])),
            r,
            fc=fill,
            ec=rim,
            lw=1.8 if inside else 1.0,
            ls="-" if inside else (0, (1, 1.5)),
            zorder=4,
            gid="background" if not inside else "unit" if rank is None else f"part-{rank}",
        )
    )
    colour = BLACK if inside else GREY
    ax.text(*centre, **written(label, r), ha="center", va="center", zorder=5, color=colour)


def _draw_dependence(
    ax: Axes, centres: Floats, r: float, strength: Floats, target: int, source: int, *, cut: bool
) -> None:
    """Draw a dependence, which has no sign, as an arrow."""
    share, scale = strength[target, source] / strength.max(), r / geometry.radius(1)
    size, gap = r * (0.4 + 0.25 * share), 0.1 * r
    if source == target:
        place = centres[target]
        length = float(np.hypot(*place))
        outward = place / length if length else np.array([0.0, 1.0])
        curve = geometry.self_loop(place, outward, r, head=0.9 * size, gap=gap)
    else:
        bent = bool(strength[source, target])
        curve = geometry.connection(
            centres[source], centres[target], r, bent=bent, head=0.9 * size, gap=gap
        )
    colour, layer = (CUT, 3.2) if cut else (KEPT, 3.0)
    ax.add_line(
        Line2D(
            *curve.shaft.T,
            color=colour,
            lw=max(0.9 if cut else 0.4, (0.5 + 2.0 * share) * scale),
            ls=DASHES if cut else "-",
            solid_capstyle="butt",
            dash_capstyle="butt",
            zorder=layer,
            gid=f"connection-{source}-{target}",
        )
    )
    ax.add_patch(Polygon(geometry.triangle(curve, size, size), fc=colour, lw=0, zorder=layer + 0.1))


def _entries(
    substrate: Network | TPM,
    result: SystemResult,
    parts: Sequence[Part],
    cut: Collection[tuple[str, str]],
    weights: Floats,
) -> list[Artist]:
    shown: list[Artist] = []
    signed = isinstance(substrate, Network)
    if isinstance(substrate, Network):
        shown += entries(substrate, None, ())
    elif weights.any():
        text = f"dependence, up to {typeset(float(weights.max()), 3)} (total variation)"
        shown.append(Line2D([], [], color=KEPT, lw=1.6, marker=">", ms=6, mew=0.0, label=text))
    labels = substrate.labels
    if any((labels[j], labels[i]) in cut for i, j in np.argwhere(weights)):
        which = "a partition that gives 0" if result.phi_s == 0.0 else "the minimum partition"
        colour = GREY if signed else CUT
        shown.append(Line2D([], [], color=colour, lw=1.6, ls=DASHES, label=f"cut by {which}"))
    for k, part in enumerate(parts):
        fill, rim = PARTS[k % len(PARTS)]
        text = f"{{{', '.join(part.units)}}} {WORDS[part.direction]}"
        shown.append(Patch(fc=fill, ec=rim, label=text))
    if not parts:
        why = textwrap.fill("; ".join(result.reasons) or "no partition was evaluated", 48)
        shown.append(Patch(fc="none", ec="none", label=why))
    if len(result.labels) < len(labels):
        shown.append(
            Line2D([], [], ls="", marker="o", ms=7, mfc="white", mec=GREY, label="background unit")
        )
    return shown


def _title(
    substrate: Network | TPM, result: SystemResult, cells: Sequence[Sequence[str]] | None
) -> str:
    name = f"{substrate.name}\n" if isinstance(substrate, Network) else ""
    state = f"state {state_code(result.state, cells)}"
    return rf"{name}{state}: $\varphi_s$ = {typeset(result.phi_s, 3)} ibit"
