"""Figures: what a network keeps on a chip over precision, causal structure beside statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import (
    BAND,
    BLACK,
    BLUE,
    COLUMN,
    DIM,
    FONT,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SMALL,
    VERMILLION,
    axes_or_new,
    tidy,
)
from causal_snn.studies.critical_precision import Measure, PrecisionPoint, PrecisionSweep

Floats = NDArray[np.float64]
COOL = ("#08306B", "#0072B2", "#4292C6", "#7FB8DE", "#41699B", "#8C96C6", "#2B8CBE", "#A6BDDB")
"""Causal measures."""
WARM = ("#A63603", "#E6550D", "#FDAE6B")
"""Statistics."""
MARKERS = "osD^vP<>X*"
LINES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, BLACK)
AXIS = {
    "bits": "weight precision (bits)",
    "state_bits": "state precision (bits)",
    "decay_bits": "decay resolution (bits)",
}
FEW = 4
"""Lines whose legend has room among them."""
LEVEL, WIDE = 8.0, 0.32
"""Height of a line of words above the axes (points), and how much of their width words take."""
LOW, HIGH = 1e-2, 1e2
"""Deviations in units of their tolerance, below and above which they are drawn at the edge."""


def plot_critical_precision(
    sweep: PrecisionSweep,
    *,
    axis: str | None = None,
    show: str = "deviation",
    at: Mapping[str, Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot deviations from the float network, or one measure, over precision.

    Parameters
    ----------
    sweep : PrecisionSweep
        From `causal_snn.studies.critical_precision`.
    axis : str, optional
        bits, state_bits or decay_bits; default the first that was swept.
    show : str
        ``"deviation"``: every measure's deviation in units of its tolerance, causal measures
        in blues and statistics in oranges, a ring where each is kept from, and lines where
        all of a kind are. The name of a measure, as ``"phi_s"``: its value, a line for each
        setting of the other axes, and the float network's.
    at : mapping, optional
        With ``show="deviation"`` the settings of the other axes, as ``{"rounding": "zero"}``;
        default the first that were swept.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If `sweep` is none or has no axis to draw along, or the axis, the measure or the
        settings were not swept.
    """
    check_kind("sweep", sweep, PrecisionSweep, "studies.critical_precision")
    if not sweep.lined:
        raise bad(
            "sweep",
            f"{len(sweep)} settings of {', '.join(sweep.axes)}",
            "two or more values of bits, state_bits or decay_bits",
            "Sweep more of them, or print sweep.table().",
        )
    name = sweep.axis(axis)
    if show == "deviation":
        ax = _deviations(sweep, name, at or {}, axes_or_new(ax, width=4.6, height=3.1))
    else:
        measure = sweep.measure(show)
        wide = 4.6 if len(sweep.lines(name)) > FEW else COLUMN
        ax = _values(sweep, name, measure, axes_or_new(ax, width=wide, height=2.7))
    tidy(ax, xlabel=AXIS[name], ylabel=ax.get_ylabel())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    swept = [int(value) for value in sweep.axes[name] if value is not None]
    room = 0.04 * (max(swept) - min(swept))
    ax.set_xlim(min(swept) - room, max(swept) + room)
    # What the chip's own convention says of a swept axis is not what was done.
    own = {"state_bits", "rounding", "decay_bits"}.isdisjoint(sweep.axes)
    chip = sweep.chip if own else sweep.chip.partition(" (")[0]
    pad = 14.0 + (LEVEL if show == "deviation" else 0.0) * _levels(ax)
    ax.set_title(f"{sweep.network}, {chip}", loc="left", fontsize=FONT, fontweight="bold", pad=pad)
    return ax


def _line(
    sweep: PrecisionSweep, axis: str, at: Mapping[str, Any]
) -> tuple[Mapping[str, Any], list[PrecisionPoint]]:
    lines = sweep.lines(axis)
    for key in at:
        if key == axis or key not in sweep.axes:
            raise bad("at", dict(at), "settings of the other axes that were swept")
    for others, line in lines:
        if all(others[key] == value for key, value in at.items()):
            return others, line
    raise bad("at", dict(at), f"one of {[others for others, _ in lines]}")


def _deviations(sweep: PrecisionSweep, axis: str, at: Mapping[str, Any], ax: Axes) -> Axes:
    others, line = _line(sweep, axis, at)
    ax.axhspan(LOW / 2, 1.0, color=BAND, lw=0, zorder=0)
    ax.axhline(1.0, color=GREY, lw=0.7, zorder=1)
    used = {"causal": 0, "statistic": 0, "task": 0}
    critical = {one.measure.name: one.value for one in sweep.critical(axis) if one.others == others}
    for k, measure in enumerate(sweep.measures):
        color = _color(measure, used)
        x, y = _curve(line, axis, measure)
        (drawn,) = ax.plot(
            x,
            y,
            marker=MARKERS[k % len(MARKERS)],
            ls="-" if measure.kind == "causal" else "--",
            color=color,
            ms=3.2,
            lw=1.2,
            gid=measure.name,
            label=_legend(measure) if x else f"{measure.label}: undefined",
            clip_on=False,
            zorder=3 if measure.kind == "causal" else 4,
        )
        value = critical.get(measure.name)
        if value is not None:
            there = y[list(x).index(value)]
            ax.plot([value], [there], "o", ms=7.5, mfc="none", mec=drawn.get_color(), mew=0.9,
                    clip_on=False, gid=f"critical {measure.name}")  # fmt: skip
    _mark_kinds(sweep, axis, others, ax)
    _mark_failed(line, axis, ax, LOW)
    ax.set_yscale("log")
    ax.set_ylim(LOW / 1.25, HIGH * 1.25)
    ax.set_yticks([LOW, 0.1, 1.0, 10.0, HIGH], ["≤ 0.01", "0.1", "1", "10", "≥ 100"])
    ax.minorticks_off()
    ax.set_ylabel("deviation / tolerance")
    given = "\n".join(f"{key} {value}" for key, value in others.items() if value is not None)
    ax.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=SMALL, frameon=False,
        title=given or None, title_fontsize=SMALL, alignment="left",
    )  # fmt: skip
    return ax


def _color(measure: Measure, used: dict[str, int]) -> str:
    place = used[measure.kind]
    used[measure.kind] += 1
    if measure.kind == "task":
        return BLACK
    colors = COOL if measure.kind == "causal" else WARM
    return colors[place % len(colors)]


def _curve(
    line: list[PrecisionPoint], axis: str, measure: Measure
) -> tuple[list[int], list[float]]:
    """Return precisions and deviations in units of the tolerance, within what is drawn."""
    x, y = [], []
    for point in line:
        deviation = point.deviations.get(measure.name, np.nan)
        if np.isnan(deviation):
            continue
        if measure.tolerance > 0:
            ratio = deviation / measure.tolerance
        else:
            ratio = 0.0 if deviation == 0 else np.inf
        x.append(int(point.settings[axis] or 0))
        y.append(float(np.clip(ratio, LOW, HIGH)))
    return x, y


def _legend(measure: Measure) -> str:
    if measure.relative:
        return f"{measure.label} (±{100 * measure.tolerance:.3g} %)"
    return f"{measure.label} (±{measure.tolerance:.3g})" if measure.tolerance else measure.label


def _mark_kinds(sweep: PrecisionSweep, axis: str, others: Mapping[str, Any], ax: Axes) -> None:
    """Draw a line where all measures of a kind are kept from, named at the top."""
    kept = next(one for one in sweep.kept(axis) if one.others == others)
    colors = {"causal": COOL[1], "statistic": WARM[1], "task": BLACK}
    words = {"causal": "causal structure", "statistic": "statistics", "task": "task"}
    by_place: dict[int, list[str]] = {}
    for kind, value in kept.by_kind.items():
        if value is not None:
            by_place.setdefault(value, []).append(kind)
    swept = [int(v) for v in sweep.axes[axis] if v is not None]
    low, span = min(swept), max(swept) - min(swept)
    level, before = 0, -np.inf
    for value, kinds in sorted(by_place.items()):
        color = colors[kinds[0]] if len(kinds) == 1 else DIM
        place = (value - low) / span
        level = level + 1 if place - before < WIDE else 0
        before = place
        ax.axvline(value, color=color, lw=0.9, ls=(0, (3, 2)), zorder=2, gid=f"kept {kinds[0]}")
        ax.annotate(
            " and ".join(words[kind] for kind in kinds),
            (value, 1.0),
            (0, 2 + LEVEL * level),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if place < WIDE / 2 else "right" if place > 1 - WIDE / 2 else "center",
            va="bottom",
            fontsize=SMALL - 1,
            color=color,
            gid="kept",
        )


def _levels(ax: Axes) -> int:
    """Return how many lines of words above the axes are one upon the other, less one."""
    heights = [one.xyann[1] for one in ax.texts if isinstance(one, Annotation)]
    return round((max(heights, default=2.0) - 2.0) / LEVEL)


def _mark_failed(line: list[PrecisionPoint], axis: str, ax: Axes, height: float) -> None:
    failed = sorted({int(point.settings[axis] or 0) for point in line if not point.mapped})
    if failed:
        ax.plot(
            failed,
            np.full(len(failed), height),
            "x",
            color=GREY,
            ms=4,
            mew=1.0,
            clip_on=False,
            gid="not mappable",
            label="not mappable",
        )


def _values(sweep: PrecisionSweep, axis: str, measure: Measure, ax: Axes) -> Axes:
    reference = sweep.reference.get(measure.name, np.nan)
    margin = measure.tolerance * (abs(reference) if measure.relative else 1.0)
    if np.isfinite(reference):
        ax.axhspan(reference - margin, reference + margin, color=BAND, lw=0, zorder=0)
        ax.axhline(reference, color=GREY, lw=0.8, zorder=1, label="float network", gid="reference")
    lines, drawn = sweep.lines(axis), [reference]
    for k, (others, line) in enumerate(lines):
        known = [p for p in line if np.isfinite(p.values.get(measure.name, np.nan))]
        drawn += [p.values[measure.name] for p in known]
        words = ", ".join(str(value) for value in others.values() if value is not None)
        ax.plot(
            [int(point.settings[axis] or 0) for point in known],
            [point.values[measure.name] for point in known],
            marker=MARKERS[k % len(MARKERS)],
            color=LINES[k % len(LINES)],
            ls=("-", "--", "-.", ":")[k % 4],
            ms=3.2,
            lw=1.2,
            label=words or sweep.chip,
            gid=f"line {k}",
        )
    unit = "" if measure.unit == "1" else f" ({measure.unit})"
    ax.set_ylabel(f"{measure.label}{unit}")
    seen = np.array([value for value in drawn if np.isfinite(value)])
    if not seen.size:
        ax.text(0.5, 0.5, "undefined at every precision", transform=ax.transAxes, ha="center",
                fontsize=SMALL, color=DIM)  # fmt: skip
        ax.set_yticks([])
        return ax
    lowest = float(np.nanmin([*seen, reference - margin]))
    _mark_failed([p for _, line in lines for p in line], axis, ax, lowest)
    if np.ptp(seen) < 1e-9 * max(float(np.abs(seen).max()), 1.0) and margin < 1e-9:
        middle = float(seen[0])
        ax.set_ylim(middle - 0.5 * max(abs(middle), 1.0), middle + 0.5 * max(abs(middle), 1.0))
    names = [key for key, value in lines[0][0].items() if value is not None]
    beside: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
    ax.legend(
        fontsize=SMALL if len(lines) <= FEW else SMALL - 1, frameon=False,
        title=", ".join(names) or None, title_fontsize=SMALL,
        **(beside if len(lines) > FEW else {"loc": "best"}),
    )  # fmt: skip
    return ax
