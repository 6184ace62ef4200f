"""Figures refuse what they cannot draw, and say what makes the result they want."""

from __future__ import annotations

from typing import Any

import pytest

from causal_snn import dynamics, models, plotting
from causal_snn.errors import InputError

FHN = models.fitzhugh_nagumo()
WANTED = {
    "plot_bifurcation": "a Branch or a CycleBranch",
    "plot_effect_kernel": r"an EffectKernel, from kernel\.next_spike",
    "plot_effect_kernels": r"a Report, from causal_snn\.analyze",
    "plot_fi": r"a(t least one)? FiringRate, from dynamics\.firing_rate",
    "plot_hopf_shift": r"a(t least one)? HopfShift, from dynamics\.shift_of_hopf",
    "plot_network": "a Network, from",
    "plot_orbit_diagram": r"an OrbitDiagram, from dynamics\.orbit_diagram",
    "plot_periods": "a CycleBranch",
    "plot_phase_line": r"a PhaseLine, from dynamics\.phase_plane",
    "plot_phase_plane": r"a PhasePlane, from dynamics\.phase_plane",
    "plot_phi_states": r"a(t least one)? PhiResult, from phi\.analyze",
    "plot_prc": r"a(t least one)? PhaseResponse, from dynamics\.prc",
    "plot_reset_map": r"a ResetMap, from dynamics\.reset_map",
    "plot_tpm": r"a TPM, from tpm\.build",
    "plot_two_parameter": r"a CodimOneCurve, from dynamics\.continue_special",
}
WRONG: list[Any] = [3, "a", None, FHN, [FHN], dynamics.equilibria(FHN)]


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize("wrong", WRONG, ids=["number", "text", "None", "model", "list", "points"])
def test_another_kind_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(InputError, match=WANTED[name]):
        getattr(plotting, name)(wrong)


def test_branches_in_a_list_or_diagram_are_to_be_unpacked() -> None:
    found = dynamics.diagram(FHN, "I", (0.0, 1.0), cycles=False)
    for wrong in (found, list(found.branches)):
        with pytest.raises(InputError, match=r"Unpack several: \*branches, or \*found\.named"):
            plotting.plot_bifurcation(wrong)  # type: ignore[arg-type]
    plotting.plot_bifurcation(*found.named().values())


def test_further_results_are_looked_at_too() -> None:
    adaptation = dynamics.reset_map(models.adex())
    with pytest.raises(InputError, match="orbit = 3: a SpikeTrain or a SpikeOrbit"):
        plotting.plot_reset_map(adaptation, orbit=3)  # type: ignore[arg-type]
    diagram = dynamics.orbit_diagram(
        models.adex(), "V_r", (-60.0, -55.0), spikes=3, transient=0, I=1000.0
    )
    with pytest.raises(InputError, match="at least one ResetBranch"):
        plotting.plot_orbit_diagram(diagram, branches=3)  # type: ignore[arg-type]


def test_axes_are_axes() -> None:
    plane = dynamics.phase_plane(FHN)
    with pytest.raises(InputError, match="ax = 'here': the matplotlib Axes"):
        plotting.plot_phase_plane(plane, ax="here")  # type: ignore[arg-type]
