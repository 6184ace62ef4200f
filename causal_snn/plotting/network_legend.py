"""The legend of a network figure: signs, weights, the cut and the complexes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.legend_handler import HandlerLine2D
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from causal_snn.models.network import Network
from causal_snn.phi import PhiResult
from causal_snn.plotting.style import BLUE, GREY, VERMILLION
from causal_snn.plotting.text import number, typeset

EXCITATORY, INHIBITORY = BLUE, VERMILLION
COMPLEXES = (  # fill and rim, the major complex first
    ("#FBE3B5", "#E69F00"),
    ("#CDEBDF", "#009E73"),
    ("#F3DCE8", "#CC79A7"),
    ("#E4E4E4", "#9A9A9A"),
)
DASHES = (0, (2.2, 1.4))


class Headed(HandlerLine2D):
    """Draw the marker of a legend's line at its right end, as the head of an arrow."""

    def create_artists(
        self,
        legend: Any,
        orig_handle: Any,
        xdescent: float,
        ydescent: float,
        width: float,
        height: float,
        fontsize: float,
        trans: Any,
    ) -> list[Artist]:
        """Return the shaft and the head."""
        made = super().create_artists(
            legend, orig_handle, xdescent, ydescent, width, height, fontsize, trans
        )
        for artist in made:
            if isinstance(artist, Line2D) and artist.get_marker() not in ("None", "", None):
                artist.set_markevery([len(np.atleast_1d(artist.get_xdata())) - 1])
        return list(made)


def phi_symbol(phi_result: PhiResult) -> str:
    """Return the name of the system's integrated information: phi_s, or Phi in IIT 3.0."""
    return "Φ" if phi_result.formalism == "IIT_3_0" else r"$\varphi_s$"


def entries(
    network: Network, phi_result: PhiResult | None, cut: Collection[tuple[str, str]]
) -> list[Artist]:
    """Return the legend entries of a network figure; `cut` holds (source, target) labels."""
    weights = network.weights
    unit = "/".join(sorted({m.equations.units[m.equations.synapse] for m in network.neurons}))
    shown: list[Artist] = []
    for sign, name, colour, marker in (
        (1, "excitatory", EXCITATORY, ">"),
        (-1, "inhibitory", INHIBITORY, "|"),
    ):
        found = sign * weights[sign * weights > 0]
        if found.size:
            text = f"{name}, up to {number(float(found.max()))} {unit}"
            edge = 2.0 if marker == "|" else 0.0
            shown.append(
                Line2D([], [], color=colour, lw=1.6, marker=marker, ms=6, mew=edge, label=text)
            )
    labels = network.labels
    if any((labels[j], labels[i]) in cut for i, j in np.argwhere(weights)):
        none = phi_result is not None and phi_result.phi_s == 0.0
        text = "cut by a partition that gives 0" if none else "cut by the minimum partition"
        shown.append(Line2D([], [], color=GREY, lw=1.6, ls=DASHES, label=text))
    return shown + ([] if phi_result is None else _complexes(phi_result))


def _complexes(phi_result: PhiResult) -> list[Artist]:
    complexes, symbol = phi_result.complexes, phi_symbol(phi_result)
    if complexes is None:
        return []
    if not complexes:
        return [Patch(fc="none", ec="none", label="no complex: nothing is irreducible")]
    one_by_one = len(complexes) if len(complexes) <= len(COMPLEXES) else len(COMPLEXES) - 1
    shown: list[Artist] = []
    for each, (fill, rim) in zip(complexes[:one_by_one], COMPLEXES, strict=False):
        text = f"complex {{{', '.join(each.units)}}}: {symbol} = {typeset(each.phi_s, 3)}"
        shown.append(Patch(fc=fill, ec=rim, label=text))
    rest = complexes[one_by_one:]
    if rest:
        fill, rim = COMPLEXES[-1]
        most = typeset(max(each.phi_s for each in rest), 3)
        text = f"{len(rest)} more complexes: {symbol} up to {most}"
        shown.append(Patch(fc=fill, ec=rim, label=text))
    return shown
