"""Figure: closure, effective and integrated information over the time step."""

from __future__ import annotations

from matplotlib.axes import Axes

from causal_snn.plotting.checks import check_kind
from causal_snn.plotting.style import (
    BLUE,
    DIM,
    FONT,
    GREEN,
    SMALL,
    VERMILLION,
    axes_or_new,
    tidy,
)
from causal_snn.plotting.text import typeset
from causal_snn.studies import TimeScale


def plot_time_scale(
    study: TimeScale, *, epsilon: float | None = None, ax: Axes | None = None
) -> Axes:
    """Plot effective information and phi_s over the time step, and the closure error below.

    Parameters
    ----------
    study : TimeScale
        From `causal_snn.studies.time_scale`.
    epsilon : float, optional
        Largest closure error that a macro model may have: marks the best grain under it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure. A second axis for phi_s is added on the right.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If `study` is none.
    """
    check_kind("study", study, TimeScale, "studies.time_scale")
    ax = axes_or_new(ax, height=2.8)
    (information,) = ax.plot(
        study.dt, study.effective_information, "o-", color=BLUE, ms=3, lw=1.4, gid="information"
    )
    information.set_label("effective information (bit per step)")
    right = ax.twinx()
    (whole,) = right.plot(study.dt, study.phi_s, "s--", color=VERMILLION, ms=3, lw=1.2, gid="phi_s")
    whole.set_label("φₛ, long-run mean (ibit)")
    (open_,) = right.plot(study.dt, study.epsilon, "^:", color=GREEN, ms=3, lw=1.2, gid="epsilon")
    open_.set_label("closure error ε")
    tidy(ax, xlabel="time step (ms)", ylabel="effective information (bit)")
    tidy(right, ylabel="φₛ (ibit), ε")
    right.spines["right"].set_visible(True)
    right.set_ylim(0.0, None)
    ax.set_ylim(0.0, None)
    if len(study.dt) > 2 and study.dt.max() > 5 * study.dt.min() > 0:
        ax.set_xscale("log")
    best = None if epsilon is None else study.best(epsilon)
    if best is not None:
        ax.axvline(study.dt[best], color=DIM, lw=0.9, ls=(0, (2, 1.5)), gid="best")
        ax.set_title(
            f"best grain {typeset(study.dt[best])} ms (ε ≤ {typeset(epsilon or 0.0)})",
            loc="right",
            fontsize=SMALL,
        )
    elif epsilon is not None:
        ax.set_title(f"no grain with ε ≤ {typeset(epsilon)}", loc="right", fontsize=SMALL)
    ax.set_title(", ".join(study.labels), loc="left", fontsize=FONT, fontweight="bold")
    ax.legend(
        handles=[information, whole, open_],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.2),
        fontsize=SMALL,
        frameon=False,
    )
    return ax
