"""Sections of a report about its making: how it was computed, with which versions and options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from causal_snn.plotting.text import number
from causal_snn.report.blocks import listed, table

if TYPE_CHECKING:
    from causal_snn.report.result import Report

DEFAULTS = {
    "contexts": "default: all spike patterns of the other units, or an interval beyond 16 of them",
    "potentials": "default: from each unit's V_min to its threshold",
}
"""What an option that was not given stands for."""
FEW = 12
"""Clamped units up to which the state of each is printed."""


def method_section(report: Report) -> str:
    """Return the computation in five steps, each with the label of its derivation."""
    steps = [_step(report), _effect(report), _threshold(report), _rows(report), _phi(report)]
    numbered = "\n".join(f"{k}. {text}" for k, text in enumerate(steps, start=1))
    return (
        "## How this was computed\n\nN is the standard normal distribution function. Labels such "
        "as L3 name derivations that `theory/01_lif.py` proves when it is run (L4 to L9 are in "
        f"`theory/02_threshold.py`).\n\n{numbered}"
    )


def _step(report: Report) -> str:
    kinds = {model.convention.step for model in report.network.neurons}
    decay = {"exact": "a = exp(-dt/τ)", "euler": "a = 1 - dt/τ (forward Euler)"}
    current = any(kernel.score_coefficient for kernel in report.kernels)
    term = " + b i" if current else ""
    where = "; b i what the synaptic current i adds to v (L11)" if current else ""
    return (
        f"**One time step.** v' = E + a (r(v) - E) + D + c{term} + σ ξ, with "
        f"{listed((decay[kind] for kind in sorted(kinds)), last='or')}, r(v) the potential after "
        f"reset, D the drive, c what synaptic input and bias add{where}, ξ standard normal, and "
        "σ = sd sqrt(1 - a²), which gives the free potential the stated stationary sd (L1, L2). A "
        "unit spikes when v' reaches θ at the end of a step; its spike arrives one step later."
    )


def _effect(report: Report) -> str:
    current = any(kernel.score_coefficient for kernel in report.kernels)
    score = (
        " Where there is a synaptic current, v stands for the causal score v + (b/a) i, through "
        "which alone the next potential depends on (v, i) (L11)."
        if current
        else ""
    )
    still = (
        " Without noise the effect is a step at m_c."
        if any(kernel.scale == 0 for kernel in report.kernels)
        else ""
    )
    return (
        "**Effect kernel.** The probability of a spike in the next step, given do(v) and the "
        "context c, is p_c(v) = N((v - m_c)/s) with m_c = E + (θ - E - D - c)/a and s = σ/a "
        f"(L3).{score}{still}"
    )


def _threshold(report: Report) -> str:
    level = number(float(report.thresholds[0].band_level))
    return (
        "**Causal threshold.** T\\* minimises the worst within-cell diameter, the maximum over "
        "contexts c of p_c(T) - p_c(low) and p_c(high) - p_c(T), on the domain from low to high. "
        "On the whole line T\\* = (m_min + m_max)/2 and ε = N((m_max - m_min)/(2 s)) (L5); on a "
        "bounded domain the two diameters cross once, in closed form for one context (L6), found "
        "and enclosed by bisection for several (L7). No two cells do better than half the range of "
        "the effect (L8). The abstain band is m_min - s z to m_max + s z with "
        f"z = N⁻¹(1 - {level}) (L9)."
    )


def _rows(report: Report) -> str:
    current = any(kernel.score_coefficient for kernel in report.kernels)
    quadrature = ", those over synaptic currents are refined until stable to 1e-12" * current
    average = (
        f"averages over the potentials of a cell are closed forms (L10){quadrature}"
        if report.tpm.law == "uniform"
        else "what each unit does in its cell one step after all macro states were set with the "
        "same chance is worked out by quadrature"
        if report.tpm.law == "maximum_entropy"
        else "micro states are sampled from the freely running network, and the transition from "
        "each of them is exact"
    )
    independent = (
        "The alphabet contains the spike itself, so a macro state fixes what every unit sends and "
        "the rows are exact products over units."
        if report.partition.alphabet == "ternary"
        else 'A binary state leaves open whether an "on" unit spikes, so rows are mixtures over '
        "what is sent; the gap measures what is lost when they are taken as products."
    )
    return (
        f"**Macro transition matrix.** Transitions are computed, not simulated: {average}. "
        f'{independent} After a reset to a value the state "just spiked" is exactly homogeneous '
        "(L13)."
    )


def _phi(report: Report) -> str:
    version = report.phi.provenance.get("versions", {}).get("pyphi", "of unknown version")
    return (
        f"**Integrated information.** PyPhi {version} evaluates the matrix, unit by unit, as a "
        "network of its own, searches its partitions exhaustively, and weights all past states "
        "alike."
    )


def record_section(report: Report) -> str:
    """Return the options of the analysis and the versions of the libraries."""
    options = [(name, _plain(name, value)) for name, value in report.options.items()]
    versions: Mapping[str, str] = report.provenance.get("versions", {})
    return "\n\n".join(
        (
            "## Options and versions",
            table(("option", "value"), options),
            table(("library", "version"), list(versions.items())),
        )
    )


def _plain(name: str, value: Any) -> str:
    if value is None:
        return DEFAULTS.get(name, "default")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        if len(value) > FEW:
            active = [str(key) for key, state in value.items() if state]
            return f"{len(value)} units, of which 1: {', '.join(active) or 'none'}; the others 0"
        return ", ".join(f"{key} = {_plain(name, v)}" for key, v in value.items()) or "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain(name, item) for item in value) or "none"
    return str(value)
