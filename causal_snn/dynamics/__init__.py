"""2a dynamics: what one neuron does. Equilibria, bifurcations, cycles, reset maps, firing.

Importing this package imports none of its parts; using one of its names does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causal_snn.dynamics.bifurcation_diagram import Diagram, diagram
    from causal_snn.dynamics.continuation.branch import Branch
    from causal_snn.dynamics.continuation.continuation import continue_equilibria
    from causal_snn.dynamics.continuation.normal_form import (
        first_lyapunov,
        fold_normal_form,
        hopf_normal_form,
    )
    from causal_snn.dynamics.cycle.adjoint import adjoint
    from causal_snn.dynamics.cycle.branch import CycleBranch
    from causal_snn.dynamics.cycle.cycles import continue_cycles
    from causal_snn.dynamics.cycle.find_cycle import limit_cycle
    from causal_snn.dynamics.cycle.orbit import Orbit
    from causal_snn.dynamics.equilibrium.enclosure import Enclosure, enclose
    from causal_snn.dynamics.equilibrium.equilibria import Equilibria, equilibria
    from causal_snn.dynamics.equilibrium.equilibrium import Equilibrium
    from causal_snn.dynamics.field import Field
    from causal_snn.dynamics.firing.excitability import Excitability, excitability
    from causal_snn.dynamics.firing.firing import firing_rate
    from causal_snn.dynamics.firing.prc import PhaseResponse, prc
    from causal_snn.dynamics.firing.result import FiringRate
    from causal_snn.dynamics.firing.rheobase import Rheobase, rheobase
    from causal_snn.dynamics.firing.spike_indices import (
        adaptation_index,
        burst_index,
        coefficient_of_variation,
        isi,
        local_variation,
    )
    from causal_snn.dynamics.flight.flow import Flight, spike
    from causal_snn.dynamics.flight.lanes import Flights, spikes
    from causal_snn.dynamics.implementation.continuation import continue_map
    from causal_snn.dynamics.implementation.critical_step import critical_step
    from causal_snn.dynamics.implementation.discretised import StepModel, discretise
    from causal_snn.dynamics.implementation.fixed_points import fixed_points
    from causal_snn.dynamics.implementation.hopf_shift import HopfShift
    from causal_snn.dynamics.implementation.implementations import compare_implementations
    from causal_snn.dynamics.implementation.iterate import iterate
    from causal_snn.dynamics.implementation.shift_of_hopf import shift_of_hopf
    from causal_snn.dynamics.plane.phase_line import PhaseLine
    from causal_snn.dynamics.plane.phase_plane import PhasePlane, phase_plane
    from causal_snn.dynamics.plane.projection import project
    from causal_snn.dynamics.plane.trajectory import Trajectory, trajectory
    from causal_snn.dynamics.reset.branch import ResetBranch
    from causal_snn.dynamics.reset.continuation import continue_reset_map
    from causal_snn.dynamics.reset.orbit_diagram import OrbitDiagram, orbit_diagram
    from causal_snn.dynamics.reset.reset_map import ResetMap, reset_map
    from causal_snn.dynamics.special import LABELS, SpecialPoint, SpecialPoints
    from causal_snn.dynamics.two_parameter.curve import CodimOneCurve
    from causal_snn.dynamics.two_parameter.two_parameter import continue_special

_HOME = {
    "Branch": "continuation.branch",
    "CodimOneCurve": "two_parameter.curve",
    "CycleBranch": "cycle.branch",
    "Diagram": "bifurcation_diagram",
    "Enclosure": "equilibrium.enclosure",
    "Equilibria": "equilibrium.equilibria",
    "Equilibrium": "equilibrium.equilibrium",
    "Excitability": "firing.excitability",
    "Field": "field",
    "FiringRate": "firing.result",
    "Flight": "flight.flow",
    "Flights": "flight.lanes",
    "HopfShift": "implementation.hopf_shift",
    "LABELS": "special",
    "Orbit": "cycle.orbit",
    "OrbitDiagram": "reset.orbit_diagram",
    "PhaseLine": "plane.phase_line",
    "PhasePlane": "plane.phase_plane",
    "PhaseResponse": "firing.prc",
    "ResetBranch": "reset.branch",
    "ResetMap": "reset.reset_map",
    "Rheobase": "firing.rheobase",
    "SpecialPoint": "special",
    "SpecialPoints": "special",
    "StepModel": "implementation.discretised",
    "Trajectory": "plane.trajectory",
    "adaptation_index": "firing.spike_indices",
    "adjoint": "cycle.adjoint",
    "burst_index": "firing.spike_indices",
    "coefficient_of_variation": "firing.spike_indices",
    "compare_implementations": "implementation.implementations",
    "continue_cycles": "cycle.cycles",
    "continue_equilibria": "continuation.continuation",
    "continue_map": "implementation.continuation",
    "continue_reset_map": "reset.continuation",
    "continue_special": "two_parameter.two_parameter",
    "critical_step": "implementation.critical_step",
    "diagram": "bifurcation_diagram",
    "discretise": "implementation.discretised",
    "enclose": "equilibrium.enclosure",
    "equilibria": "equilibrium.equilibria",
    "excitability": "firing.excitability",
    "firing_rate": "firing.firing",
    "first_lyapunov": "continuation.normal_form",
    "fixed_points": "implementation.fixed_points",
    "fold_normal_form": "continuation.normal_form",
    "hopf_normal_form": "continuation.normal_form",
    "isi": "firing.spike_indices",
    "iterate": "implementation.iterate",
    "limit_cycle": "cycle.find_cycle",
    "local_variation": "firing.spike_indices",
    "orbit_diagram": "reset.orbit_diagram",
    "phase_plane": "plane.phase_plane",
    "prc": "firing.prc",
    "project": "plane.projection",
    "reset_map": "reset.reset_map",
    "rheobase": "firing.rheobase",
    "shift_of_hopf": "implementation.shift_of_hopf",
    "spike": "flight.flow",
    "spikes": "flight.lanes",
    "trajectory": "plane.trajectory",
}

__all__ = [
    "LABELS",
    "Branch",
    "CodimOneCurve",
    "CycleBranch",
    "Diagram",
    "Enclosure",
    "Equilibria",
    "Equilibrium",
    "Excitability",
    "Field",
    "FiringRate",
    "Flight",
    "Flights",
    "HopfShift",
    "Orbit",
    "OrbitDiagram",
    "PhaseLine",
    "PhasePlane",
    "PhaseResponse",
    "ResetBranch",
    "ResetMap",
    "Rheobase",
    "SpecialPoint",
    "SpecialPoints",
    "StepModel",
    "Trajectory",
    "adaptation_index",
    "adjoint",
    "burst_index",
    "coefficient_of_variation",
    "compare_implementations",
    "continue_cycles",
    "continue_equilibria",
    "continue_map",
    "continue_reset_map",
    "continue_special",
    "critical_step",
    "diagram",
    "discretise",
    "enclose",
    "equilibria",
    "excitability",
    "firing_rate",
    "first_lyapunov",
    "fixed_points",
    "fold_normal_form",
    "hopf_normal_form",
    "isi",
    "iterate",
    "limit_cycle",
    "local_variation",
    "orbit_diagram",
    "phase_plane",
    "prc",
    "project",
    "reset_map",
    "rheobase",
    "shift_of_hopf",
    "spike",
    "spikes",
    "trajectory",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"causal_snn.dynamics.{_HOME[name]}"), name)
    raise AttributeError(f"module 'causal_snn.dynamics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
