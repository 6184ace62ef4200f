"""Figures: one function per figure, drawn on the Axes given or on fresh ones.

Importing this package does not import matplotlib; using one of its functions does. Nothing
goes through pyplot, so no figure is left open, no backend is needed and no rcParam changes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causal_snn.plotting.effect_kernel import plot_effect_kernel
    from causal_snn.plotting.effect_kernels import plot_effect_kernels
    from causal_snn.plotting.figures import report_figures
    from causal_snn.plotting.network import plot_network
    from causal_snn.plotting.phi_states import plot_phi_states
    from causal_snn.plotting.tpm import plot_tpm

_HOME = {
    "plot_effect_kernel": "effect_kernel",
    "plot_effect_kernels": "effect_kernels",
    "plot_network": "network",
    "plot_phi_states": "phi_states",
    "plot_tpm": "tpm",
    "report_figures": "figures",
}

__all__ = [
    "plot_effect_kernel",
    "plot_effect_kernels",
    "plot_network",
    "plot_phi_states",
    "plot_tpm",
    "report_figures",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"causal_snn.plotting.{_HOME[name]}"), name)
    raise AttributeError(f"module 'causal_snn.plotting' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
