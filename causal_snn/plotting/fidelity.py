"""Figure: what a chip keeps of the causal structure, beside what it keeps of the spike trains."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import (
    BLUE,
    DIM,
    FONT,
    GREY,
    LIGHT,
    PAGE,
    SMALL,
    VERMILLION,
    axes_or_new,
    tidy,
)
from causal_snn.studies.chip_fidelity import Fidelity, Figure

CAUSAL = {
    "effective information": "effective inf.",
    "determinism": "determinism",
    "degeneracy": "degeneracy",
    "φₛ of all units, mean over states": "φₛ, mean of states",
    "Φ of all units": "Φ",
    "φₛ of the main complex": "φₛ, main complex",
}
CONTROLS = {
    "rate, mean over units": "rate",
    "CV of intervals, mean over units": "CV",
    "correlation, mean over pairs": "correlation",
    "Victor-Purpura per spike (float: other noise)": "Victor–Purpura*",
    "van Rossum (float: other noise)": "van Rossum*",
}
LEAST, MOST = 0.0, 2.0
"""Ratios of the axis; what is beyond sits at its end, with an arrow."""


def plot_fidelity(result: Fidelity, *, ax: Axes | None = None) -> Axes:
    """Plot figures of a chip relative to the float network: causal ones left, controls right.

    Between them the intervention effect of every edge, with changes of sign marked. Bars span
    5-95 % of the mismatch seeds. A spike-train distance is relative to that between two runs of
    the float network under different noise. Figures that neither side has, as Φ without
    ``structure``, are left out and named below.

    Parameters
    ----------
    result : Fidelity
        From `causal_snn.chips.fidelity`.
    ax : matplotlib.axes.Axes, optional
        Where to draw three panels; default a new figure as wide as a page.

    Returns
    -------
    matplotlib.axes.Axes
        With the three panels as its `child_axes`.

    Raises
    ------
    InputError
        If `result` is none.
    """
    check_kind("result", result, Fidelity, "chips.fidelity")
    ax = axes_or_new(ax, width=PAGE, height=3.1)
    ax.set_axis_off()
    left = ax.inset_axes((0.135, 0.25, 0.235, 0.63))
    middle = ax.inset_axes((0.475, 0.25, 0.2, 0.63))
    right = ax.inset_axes((0.805, 0.25, 0.195, 0.63))
    _dumbbells(left, result, CAUSAL, BLUE)
    _effects(middle, result)
    _dumbbells(right, result, CONTROLS, DIM)
    for panel, title in ((left, "causal"), (middle, "do(source), by edge"), (right, "controls")):
        panel.set_title(title, fontsize=FONT, loc="left")
    name = ", ".join(result.labels) if len(result.labels) <= 6 else f"{len(result.labels)} units"
    ax.set_title(f"{name} on {result.chip}", fontsize=FONT, fontweight="bold", loc="left")
    ax.text(0.0, -0.02, _words(result), transform=ax.transAxes, fontsize=SMALL, va="bottom")
    ax.text(
        1.0, 0.0, "* float: other noise", transform=ax.transAxes, fontsize=SMALL, va="bottom",
        ha="right", color=GREY,
    )  # fmt: skip
    _key(ax, result)
    return ax


def _key(ax: Axes, result: Fidelity) -> None:
    float_ = Line2D([], [], ls="", marker="o", mfc="white", mec=DIM, ms=4.5, label="float")
    chip = Line2D([], [], ls="", marker="o", color=DIM, ms=4.5, label="chip")
    seeds = Line2D([], [], color=VERMILLION, lw=1.6, label="seeds, 5–95 %")
    ax.legend(
        handles=[float_, chip, *([seeds] if result.seeds else [])], ncols=3, fontsize=SMALL,
        frameon=False, loc="lower right", bbox_to_anchor=(1.0, 0.98), handletextpad=0.3,
    )  # fmt: skip


def _missing(result: Fidelity, names: dict[str, str]) -> list[str]:
    """Return the figures that neither side has."""
    figures = {one.name: one for one in result.figures}
    both = {name: (figures[name].reference, figures[name].chip) for name in names}
    return [name for name, values in both.items() if np.isnan(values).all()]


def _dumbbells(panel: Axes, result: Fidelity, every: dict[str, str], color: str) -> None:
    figures = {one.name: (k, one) for k, one in enumerate(result.figures)}
    bars = result.quantiles[[0, 2]]
    panel.axvline(1.0, color=LIGHT, lw=0.8, zorder=0)
    missing = _missing(result, every)
    names = {name: label for name, label in every.items() if name not in missing}
    for row, name in enumerate(names):
        place, one = figures[name]
        panel.text(
            1.0, row - 0.36, _values(one), transform=panel.get_yaxis_transform(),
            fontsize=SMALL - 1.5, color=DIM, ha="right", va="center", zorder=3,
            bbox={"fc": "white", "ec": "none", "pad": 0.6},
        )  # fmt: skip
        ratio = _ratio(one)
        if math.isnan(ratio):
            continue
        shown = min(max(ratio, LEAST), MOST)
        panel.plot([1.0, shown], [row, row], color=color, lw=1.2, zorder=1)
        panel.plot(1.0, row, "o", mfc="white", mec=color, ms=4.5, gid="float")
        marker = "o" if shown == ratio else (">" if ratio > MOST else "<")
        panel.plot(shown, row, marker, color=color, ms=4.5, gid=f"chip {name}", clip_on=False)
        if one.reference == 0.0:
            continue  # no ratio to span
        ends = np.clip(bars[:, place] / one.reference, LEAST, MOST)
        if np.isfinite(ends).all():
            panel.plot(ends, [row + 0.22] * 2, color=VERMILLION, lw=1.6, gid="seeds")
    panel.set_yticks(range(len(names)), list(names.values()))
    panel.set_ylim(max(len(names), 1) - 0.4, -0.7)
    panel.set_xlim(LEAST, MOST)
    tidy(panel, xlabel="chip / float")
    panel.tick_params(axis="y", length=0)


def _effects(panel: Axes, result: Fidelity) -> None:
    edges = result.edges
    if not edges.edges.any():
        panel.text(0.5, 0.72, "no connections", transform=panel.transAxes, ha="center",
                   fontsize=SMALL, color=DIM, bbox={"fc": "white", "ec": "none"})  # fmt: skip
    reference, chip = edges.effect[:, edges.edges]
    flipped = reference * chip < 0
    flipped &= np.minimum(np.abs(reference), np.abs(chip)) > edges.tolerance
    reach = edges.reach[:, edges.edges]
    lost = (reach > edges.tolerance).sum(axis=0) == 1  # silenced or created
    end = 1.15 * max(np.abs(edges.effect[:, edges.edges]).max(initial=0.0), 1e-3)
    panel.plot([-end, end], [-end, end], color=LIGHT, lw=0.8, zorder=0)
    for line in (panel.axhline, panel.axvline):
        line(0.0, color=LIGHT, lw=0.5, zorder=0)
    kinds = (
        (~flipped & ~lost, "o", BLUE, "kept"),
        (flipped, "X", VERMILLION, "other sign"),
        (lost & ~flipped, "D", GREY, "silenced or created"),
    )
    special: list[Line2D] = []
    for which, marker, color, label in kinds:
        if not which.any():
            continue
        drawn = panel.plot(
            reference[which], chip[which], marker, color=color, ms=4, alpha=0.85, mew=0,
            label=label, gid=label,
        )  # fmt: skip
        special += drawn if label != "kept" else []
    panel.set_xlim(-end, end)
    panel.set_ylim(-end, end)
    what = "P(spike)" if result.provenance["alphabet"] == "ternary" else "P(on)"
    tidy(panel, xlabel=f"effect on {what}, float", ylabel="chip")
    panel.locator_params(nbins=3)
    if special:
        panel.legend(
            handles=special, fontsize=SMALL - 1, frameon=False, loc="best",
            handletextpad=0.2, borderpad=0.1,
        )  # fmt: skip


def _ratio(one: Figure) -> float:
    if math.isnan(one.reference) or math.isnan(one.chip):
        return math.nan
    if one.reference == 0.0:
        return 1.0 if one.chip == 0.0 else math.inf
    return one.chip / one.reference


def _values(one: Figure) -> str:
    unit = "" if one.unit == "1" else f" {one.unit}"
    return f"{_number(one.reference)} → {_number(one.chip)}{unit}"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}".replace("-", "−")


def _words(result: Fidelity) -> str:
    changed: Sequence[tuple[str, bool | None]] = (
        ("minimum partition", result.same_partition),
        ("main complex", result.same_complex),
    )
    parts = [f"rows differ by {result.rows.tv.mean():.2g}, at most {result.rows.tv.max():.2g} (TV)"]
    parts += [f"{'same' if same else 'other'} {what}" for what, same in changed if same is not None]
    names = CAUSAL | CONTROLS
    missing = [names[name].rstrip("*") for name in _missing(result, names)]
    lines = ["; ".join(parts)]
    if missing:
        lines.append(f"not computed or not defined: {', '.join(missing)}")
    return "\n".join(lines)
