"""The figures of a report, by the names that the report embeds them under."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causal_snn.plotting.effect_kernels import plot_effect_kernels
from causal_snn.plotting.network import plot_network
from causal_snn.plotting.phi_states import plot_phi_states
from causal_snn.plotting.tpm import plot_tpm
from causal_snn.report.result import Report


def report_figures(report: Report) -> dict[str, Figure]:
    """Return the figures of a report: kernels, tpm, network and, where known, phi_states.

    Parameters
    ----------
    report : Report
        From `causal_snn.analyze`.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        Under the keys that `causal_snn.report.markdown.markdown` embeds.
    """
    cells = report.tpm.cells
    figures = {
        "kernels": plot_effect_kernels(report),
        "tpm": _figure(plot_tpm(report.tpm)),
        "network": _figure(plot_network(report.network, report.phi, cells=cells)),
    }
    if report.phi_by_state is not None:
        chosen = report.phi.state
        ax = plot_phi_states(report.phi_by_state, chosen=chosen, cells=cells)
        figures["phi_states"] = _figure(ax)
    return figures


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure
