"""Figures: one function per figure, drawn on the Axes given or on fresh ones.

Importing this package does not import matplotlib; using one of its functions does. Nothing
goes through pyplot, so no figure is left open, no backend is needed and no rcParam changes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causal_snn.plotting.bifurcation import plot_bifurcation, plot_periods
    from causal_snn.plotting.critical_precision import plot_critical_precision
    from causal_snn.plotting.discretised import plot_hopf_shift
    from causal_snn.plotting.effect_kernel import plot_effect_kernel
    from causal_snn.plotting.effect_kernels import plot_effect_kernels
    from causal_snn.plotting.fidelity import plot_fidelity
    from causal_snn.plotting.figures import report_figures
    from causal_snn.plotting.firing import plot_fi, plot_prc
    from causal_snn.plotting.levels import plot_levels
    from causal_snn.plotting.network import plot_network
    from causal_snn.plotting.orbit_diagram import plot_orbit_diagram
    from causal_snn.plotting.pareto import plot_pareto
    from causal_snn.plotting.partition import plot_partition
    from causal_snn.plotting.phase_diagram import plot_phase_diagram
    from causal_snn.plotting.phase_line import plot_phase_line
    from causal_snn.plotting.phase_plane import plot_phase_plane
    from causal_snn.plotting.phi_enclosure import plot_enclosures
    from causal_snn.plotting.phi_landscape import plot_phi_landscape
    from causal_snn.plotting.phi_path import plot_phi_path
    from causal_snn.plotting.phi_states import plot_phi_states
    from causal_snn.plotting.prediction import plot_prediction_error
    from causal_snn.plotting.raster import plot_raster, plot_rate
    from causal_snn.plotting.reset_map import plot_reset_map
    from causal_snn.plotting.schedule import plot_multiplexing
    from causal_snn.plotting.structure import plot_structure
    from causal_snn.plotting.threshold_strips import plot_threshold_strips
    from causal_snn.plotting.time_scale import plot_time_scale
    from causal_snn.plotting.tpm import plot_tpm
    from causal_snn.plotting.traces import plot_interventions, plot_traces
    from causal_snn.plotting.transitions import plot_contrast, plot_transitions
    from causal_snn.plotting.two_parameter import plot_two_parameter

_HOME = {
    "plot_bifurcation": "bifurcation",
    "plot_contrast": "transitions",
    "plot_critical_precision": "critical_precision",
    "plot_effect_kernel": "effect_kernel",
    "plot_effect_kernels": "effect_kernels",
    "plot_enclosures": "phi_enclosure",
    "plot_fi": "firing",
    "plot_fidelity": "fidelity",
    "plot_hopf_shift": "discretised",
    "plot_interventions": "traces",
    "plot_levels": "levels",
    "plot_multiplexing": "schedule",
    "plot_network": "network",
    "plot_orbit_diagram": "orbit_diagram",
    "plot_pareto": "pareto",
    "plot_partition": "partition",
    "plot_periods": "bifurcation",
    "plot_phase_diagram": "phase_diagram",
    "plot_phase_line": "phase_line",
    "plot_phase_plane": "phase_plane",
    "plot_phi_landscape": "phi_landscape",
    "plot_phi_path": "phi_path",
    "plot_phi_states": "phi_states",
    "plot_prc": "firing",
    "plot_prediction_error": "prediction",
    "plot_raster": "raster",
    "plot_rate": "raster",
    "plot_reset_map": "reset_map",
    "plot_structure": "structure",
    "plot_threshold_strips": "threshold_strips",
    "plot_time_scale": "time_scale",
    "plot_tpm": "tpm",
    "plot_traces": "traces",
    "plot_transitions": "transitions",
    "plot_two_parameter": "two_parameter",
    "report_figures": "figures",
}

__all__ = [
    "plot_bifurcation",
    "plot_contrast",
    "plot_critical_precision",
    "plot_effect_kernel",
    "plot_effect_kernels",
    "plot_enclosures",
    "plot_fi",
    "plot_fidelity",
    "plot_hopf_shift",
    "plot_interventions",
    "plot_levels",
    "plot_multiplexing",
    "plot_network",
    "plot_orbit_diagram",
    "plot_pareto",
    "plot_partition",
    "plot_periods",
    "plot_phase_diagram",
    "plot_phase_line",
    "plot_phase_plane",
    "plot_phi_landscape",
    "plot_phi_path",
    "plot_phi_states",
    "plot_prc",
    "plot_prediction_error",
    "plot_raster",
    "plot_rate",
    "plot_reset_map",
    "plot_structure",
    "plot_threshold_strips",
    "plot_time_scale",
    "plot_tpm",
    "plot_traces",
    "plot_transitions",
    "plot_two_parameter",
    "report_figures",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"causal_snn.plotting.{_HOME[name]}"), name)
    raise AttributeError(f"module 'causal_snn.plotting' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
