"""Figure: the macro transition matrix."""

from __future__ import annotations

from math import prod

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import COLUMN, FONT, SMALL, axes_or_new, tidy
from causal_snn.plotting.text import code_key, number, state_code, tick_step, unit_order
from causal_snn.tpm import TPM

MOST_LABELS = 27
"""States up to which each one is labelled: three ternary units."""


def plot_tpm(tpm: TPM, *, ax: Axes | None = None, colormap: str = "Blues") -> Axes:
    """Plot P(next macro state | do(macro state)) as a heat map.

    Parameters
    ----------
    tpm : TPM
        From `causal_snn.tpm.build`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure. The colour bar takes its space from it.
    colormap : str
        Name of a matplotlib colour map; the default is light at 0 and even in lightness.

    Returns
    -------
    matplotlib.axes.Axes
        Rows and columns in little-endian order (the first unit changes fastest).

    Raises
    ------
    InputError
        If `tpm` is none.
    """
    check_kind("tpm", tpm, TPM, "tpm.build")
    ax = axes_or_new(ax, width=COLUMN, height=3.4)
    rows = tpm.state_by_state
    image = ax.imshow(
        rows,
        cmap=colormap,
        vmin=0.0,
        vmax=float(rows.max()),
        interpolation="nearest",
        aspect="equal",
    )
    tidy(ax, xlabel="next macro state", ylabel="macro state set by intervention")
    _label_states(ax, tpm)
    for spine in ax.spines.values():
        spine.set_visible(True)
    ax.set_title(_title(tpm), fontsize=SMALL)
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    bar = figure.colorbar(image, ax=ax, shrink=0.85, aspect=24)
    bar.set_label("probability", fontsize=FONT)
    bar.ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    bar.outline.set_linewidth(0.6)
    return ax


def _label_states(ax: Axes, tpm: TPM) -> None:
    total = prod(tpm.sizes)
    step = tick_step(tpm.sizes, MOST_LABELS)
    ticks = np.arange(0, total, step)
    names = [state_code(tpm.states[k], tpm.cells) for k in ticks]
    size = SMALL if len(ticks) <= 12 else 5.0
    upright = len(ticks) * len(names[0]) <= 30
    ax.set_xticks(ticks, names, rotation=0 if upright else 90, fontsize=size, family="monospace")
    ax.set_yticks(ticks, names, fontsize=size, family="monospace")
    ax.set_xlabel(f"next macro state\n({unit_order(tpm.labels)})", fontsize=FONT)


def _title(tpm: TPM) -> str:
    gap = tpm.independence_gap
    first = f"law: {tpm.law}; independence gap {number(gap, 3)}"
    if tpm.projection_distance is not None:
        first += f" (projected over {number(tpm.projection_distance, 3)})"
    key = code_key(tpm.cells)
    return f"{first}\n{key}" if key else first
