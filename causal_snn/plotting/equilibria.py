"""How an equilibrium is marked in every figure of dynamics."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from causal_snn.plotting.style import BLACK


def equilibrium_marker(
    ax: Axes, x: float, y: float, *, kind: str, stable: bool, size: float = 5.0
) -> Line2D:
    """Mark an equilibrium: filled if stable, open if unstable, half filled for saddles.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    x, y : float
        Where it is.
    kind : str
        As in `causal_snn.dynamics.equilibrium.equilibrium.Equilibrium`; the label for a legend.
    stable : bool
        Whether it attracts in every direction.
    size : float
        Diameter (points).

    Returns
    -------
    matplotlib.lines.Line2D
    """
    half = kind.startswith("saddle")
    (marker,) = ax.plot(
        [x],
        [y],
        linestyle="none",
        marker="o",
        markersize=size,
        markeredgewidth=0.9,
        markeredgecolor=BLACK,
        markerfacecolor=BLACK if stable or half else "white",
        markerfacecoloralt="white",
        fillstyle="left" if half else "full",
        label=kind,
        gid="equilibrium",
        zorder=6,
        clip_on=False,
    )
    return marker
