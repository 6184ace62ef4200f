"""Figure: phi_s along a path of TPMs, its regimes, its jumps, and the independence gap."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.phi.path import PhiPath, regime
from causal_snn.phi.system_result import SystemResult
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.partition import parts_of
from causal_snn.plotting.style import (
    BLACK,
    BLUE,
    COLUMN,
    DIM,
    FONT,
    GREY,
    SMALL,
    VERMILLION,
    new_figure,
    tidy,
)
from causal_snn.plotting.text import ZERO, number, state_code

Floats = NDArray[np.float64]
TINTS = ("#D6E8F5", "#FBE3B5", "#CDEBDF", "#F3DCE8", "#F6F2C4", "#FBD9C4")
REDUCIBLE = "#E4E4E4"
MOST_NAMED = len(TINTS)
"""Regimes that have a colour and an entry in the legend, the widest first."""
SHORT = {"inputs": "in", "outputs": "out", "both": "both"}
JUMP = 1e-6
"""Share of the largest phi_s above which a change counts as a jump, not as a bend."""
WIDE = 58
"""Characters of a line of the legend in a figure of one column."""
NARROW = 0.002
"""Share of the path below which a regime is too narrow to be seen."""


class Stretch(NamedTuple):
    """A stretch of the path within one regime, with the curve over it."""

    x: Floats
    phi_s: Floats
    result: SystemResult


def plot_phi_path(
    found: PhiPath,
    *,
    xlabel: str = "parameter",
    legend: bool = True,
    ax: Axes | Sequence[Axes] | None = None,
) -> Axes:
    """Plot phi_s along a parameter, with its regimes shaded and its jumps marked.

    Parameters
    ----------
    found : PhiPath
        From `causal_snn.phi.path`.
    xlabel : str
        The parameter and its unit, as ``"threshold (mV)"``.
    legend : bool
        Say below what the letters of the regimes stand for.
    ax : matplotlib.axes.Axes or two of them, optional
        Where to draw phi_s and the independence gap; one Axes gets phi_s alone. Default a new
        figure, with a strip for the gap where it is not 0.

    Returns
    -------
    matplotlib.axes.Axes
        That of phi_s; the one of the gap comes next in its figure. A letter names each regime
        (the states specified and the minimum partition), widest first.

    Raises
    ------
    InputError
        If `found` is no path, or `ax` is not one Axes or two.
    """
    check_kind("found", found, PhiPath, "phi.path")
    gap = found.independence_gap
    pieces = stretches(found)
    regimes = _ranked(pieces)
    top = max(float(piece.phi_s.max()) for piece in pieces)
    entries = regime_entries(list(regimes.values())) + _extra(found, top)
    panels = _panels(ax, strip=bool(np.max(gap) > ZERO), lines=text_lines(entries) if legend else 0)
    first = panels[0]
    for piece in pieces:
        first.plot(piece.x, piece.phi_s, color=BLUE, lw=1.4, zorder=3, gid="phi_s", clip_on=False)
    _shade(first, pieces, regimes)
    _mark(first, found, top)
    first.plot(
        found.values, found.phi_s, "o", color=BLUE, ms=2.2, zorder=3.2, clip_on=False, gid="values"
    )
    tidy(first, ylabel=r"system $\varphi_s$ (ibit)")
    first.set_xlim(found.values[0], found.values[-1])
    first.set_ylim(0.0, 1.12 * top if top > ZERO else 1.0)
    first.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    _title(first, found)
    if len(panels) > 1:
        _gap(panels[1], found.values, gap)
        first.tick_params(labelbottom=False)
    panels[-1].set_xlabel(xlabel, fontsize=FONT)
    if legend:
        legend_below(panels[-1], entries)
    return first


def stretches(found: PhiPath) -> list[Stretch]:
    """Return the path in stretches of one regime, each with its ends at the changes."""
    pieces = []
    for k in range(len(found.changes) + 1):
        before = found.changes[k - 1] if k else None
        after = found.changes[k] if k < len(found.changes) else None
        low = -np.inf if before is None else before.at
        high = np.inf if after is None else after.at
        inside = (found.values > low) & (found.values < high)
        x, y = list(found.values[inside]), list(found.phi_s[inside])
        if before is not None:
            x, y = [before.at, *x], [before.after.phi_s, *y]
        if after is not None:
            x, y = [*x, after.at], [*y, after.before.phi_s]
        result = found.results[0] if before is None else before.after
        pieces.append(Stretch(np.array(x), np.array(y), result))
    return pieces


def _ranked(pieces: Sequence[Stretch]) -> dict[tuple[Any, ...], SystemResult]:
    """Return one result for each regime, the one that holds widest first."""
    width: dict[tuple[Any, ...], float] = {}
    for piece in pieces:
        key = regime(piece.result)
        width[key] = width.get(key, 0.0) + float(piece.x[-1] - piece.x[0])
    first = {regime(piece.result): piece.result for piece in reversed(pieces)}
    seen = [key for key in width if width[key] > NARROW * sum(width.values())]
    return {key: first[key] for key in sorted(seen, key=lambda key: -width[key])}


def _panels(ax: Axes | Sequence[Axes] | None, *, strip: bool, lines: int) -> list[Axes]:
    if ax is None:
        figure = new_figure(COLUMN, 2.45 + 0.7 * strip + 0.13 * lines)
        if not strip:
            return [figure.add_subplot()]
        return list(figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1)))
    given = [ax] if isinstance(ax, Axes) else list(ax)
    if not 1 <= len(given) <= 2 or not all(isinstance(one, Axes) for one in given):
        raise bad("ax", ax, "one matplotlib Axes or two, or None for a new figure")
    return given


def _shade(
    ax: Axes, pieces: Sequence[Stretch], regimes: Mapping[tuple[Any, ...], SystemResult]
) -> None:
    """Shade each stretch, with its regime's letter above where there is room for it."""
    whole = float(pieces[-1].x[-1] - pieces[0].x[0])
    ranks = {key: k for k, key in enumerate(regimes)}
    for piece in pieces:
        rank = ranks.get(regime(piece.result), MOST_NAMED)
        low, high = float(piece.x[0]), float(piece.x[-1])
        if rank >= MOST_NAMED:
            continue
        colour = tint(rank, piece.result)
        ax.axvspan(low, high, color=colour, lw=0, zorder=0, gid=f"regime-{rank}")
        if high - low > 0.03 * whole:
            ax.text(
                (low + high) / 2.0,
                0.985,
                ascii_lowercase[rank],
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="top",
                fontsize=SMALL,
                color=DIM,
                gid="regime-name",
            )


def _mark(ax: Axes, found: PhiPath, top: float) -> None:
    """Mark where phi_s jumps; where it only bends, the shading tells."""
    for change in found.changes:
        if abs(change.jump) > JUMP * top:
            ends = [change.before.phi_s, change.after.phi_s]
            ax.plot(
                [change.at] * 2,
                ends,
                color=VERMILLION,
                lw=1.0,
                ls=(0, (2, 1.2)),
                zorder=2.8,
                gid="jump",
            )
            ax.plot(
                [change.at] * 2,
                ends,
                "o",
                ms=3.2,
                mfc="white",
                mec=VERMILLION,
                mew=0.9,
                zorder=3.4,
                clip_on=False,
                gid="jump-ends",
            )


def _extra(found: PhiPath, top: float) -> list[Artist]:
    if not any(abs(change.jump) > JUMP * top for change in found.changes):
        return []
    return [
        Line2D(
            [],
            [],
            color=VERMILLION,
            lw=1.0,
            ls=(0, (2, 1.2)),
            marker="o",
            ms=3.2,
            mfc="white",
            mew=0.9,
            label="jump: another regime begins with another value",
        )
    ]


def _gap(ax: Axes, x: Floats, gap: Floats) -> None:
    ax.fill_between(x, gap, color=GREY, alpha=0.35, lw=0)
    ax.plot(x, gap, color=BLACK, lw=0.9, gid="gap", clip_on=False)
    tidy(ax)
    ax.set_ylabel("independence\ngap", fontsize=SMALL)
    ax.set_ylim(0.0, 1.1 * float(gap.max()) if gap.max() > ZERO else 1.0)
    ax.yaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))


def _title(ax: Axes, found: PhiPath) -> None:
    one, gap = found.results[0], float(found.independence_gap.max())
    note = "" if gap > ZERO else f"; independence gap {number(gap)}"
    ax.set_title(f"state {state_code(one.state)} of {', '.join(one.labels)}{note}", fontsize=SMALL)


def regime_text(result: SystemResult) -> str:
    """Return the states that a system specifies and where it comes apart, in one line."""
    if result.phi_s == 0.0:
        return "reducible"
    cause, effect = (
        "?" if state is None else state_code(state)
        for state in (result.cause_state, result.effect_state)
    )
    parts = [f"{{{', '.join(part.units)}}} {SHORT[part.direction]}" for part in parts_of(result)]
    cut = f"; cut {', '.join(parts)}" if parts else ""
    capped = result.intrinsic_information == result.phi_s
    return f"cause {cause}, effect {effect}{cut}{'; capped by ii' if capped else ''}"


def tint(rank: int, result: SystemResult) -> str:
    """Return the colour of a regime."""
    return REDUCIBLE if result.phi_s == 0.0 else TINTS[rank % len(TINTS)]


def regime_entries(regimes: Sequence[SystemResult], *, tinted: bool = True) -> list[Artist]:
    """Return legend entries: what each regime's letter stands for, with its colour."""
    found: list[Artist] = []
    for k, result in enumerate(regimes[:MOST_NAMED]):
        text = f"{ascii_lowercase[k]}  {regime_text(result)}"
        label = textwrap.fill(text, WIDE, subsequent_indent="    ")
        found.append(Patch(fc=tint(k, result) if tinted else "none", ec="none", label=label))
    if len(regimes) > MOST_NAMED:
        label = f"{len(regimes) - MOST_NAMED} more regimes, unnamed"
        found.append(Patch(fc="none", ec="none", label=label))
    return found


def text_lines(entries: Sequence[Artist]) -> int:
    """Return the number of lines of a legend of one column."""
    return sum(1 + str(entry.get_label()).count("\n") for entry in entries)


def legend_below(ax: Axes, entries: Sequence[Artist], *, keys: bool = True) -> None:
    """Write a legend below the axes' label, without the keys if these say nothing."""
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    below = ScaledTranslation(-0.42, -0.42, figure.dpi_scale_trans)  # inches
    ax.legend(
        handles=list(entries),
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        bbox_transform=ax.transAxes + below,
        fontsize=SMALL - 0.5,
        frameon=False,
        handlelength=1.4 if keys else 0.0,
        handletextpad=0.5 if keys else 0.0,
        labelspacing=0.3,
        borderaxespad=0.0,
    )
