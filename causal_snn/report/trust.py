"""Section of a report that says what to trust and what not, generated from the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from causal_snn.plotting.text import ZERO, number
from causal_snn.report.blocks import bullets, counted, escape, listed
from causal_snn.report.trust_units import GAP_TOLERANCE, threshold_cautions
from causal_snn.tpm import CONVERGED, TOLERANCE

if TYPE_CHECKING:
    from causal_snn.report.result import Report

FEW = 12
"""Clamped units up to which each is named."""


def trust_section(report: Report) -> str:
    """Return both lists; every entry follows from something in the report."""
    return "\n\n".join(
        (
            "## What to trust, and what not",
            "These hold:",
            bullets(trusted(report)),
            "Take these with care:",
            bullets(cautions(report)),
        )
    )


def trusted(report: Report) -> Iterator[str]:
    """Yield what holds without reservation, given the model."""
    certificates = [result.certificate for result in report.thresholds]
    if not report.unproved:
        best = all(c.gap <= GAP_TOLERANCE for c in certificates)
        claim = "are the best there are" if best else "are as good as stated"
        yield (
            f"**The thresholds {claim}**, for this criterion, domain and set of contexts: an "
            "independent checker confirmed the bounds of every certificate."
        )
    error = report.tpm.provenance.get("quadrature_error", 0.0)
    if report.tpm.law == "uniform" and error <= CONVERGED:
        yield "**The transition probabilities are exact**, given the model and the law: no samples."
    if report.tpm.independence_gap <= TOLERANCE and report.tpm.projection_distance is None:
        yield "**The matrix is what φ is defined on**: its rows are conditionally independent."
    digits = " PyPhi rounds IIT 3.0 to 6 digits." if report.phi.formalism == "IIT_3_0" else ""
    yield (
        "**φ is exact for this matrix**: the search over partitions is exhaustive, not "
        f"sampled.{digits}"
    )


def cautions(report: Report) -> Iterator[str]:
    """Yield what limits the result, the most serious first."""
    rules: tuple[Callable[[Report], Iterator[str]], ...] = (
        _independence,
        threshold_cautions,
        _law,
        _notes,
        _background,
        _refractory,
        _time,
        _phi,
    )
    for rule in rules:
        yield from rule(report)


def _independence(report: Report) -> Iterator[str]:
    tpm = report.tpm
    if tpm.independence_gap > TOLERANCE:
        yield (
            f"**The integrated information is partly spurious**: the independence gap is "
            f"{number(tpm.independence_gap)}, above the tolerance {TOLERANCE:g}. What units do "
            "together because of their unresolved micro states counts as causation between them. "
            "The ternary alphabet has no gap."
        )
    if tpm.projection_distance is not None:
        yield (
            f"**The matrix is a projection**: it lies up to {number(tpm.projection_distance)} "
            "(total variation, worst row) from what the network does; φ is that of the projection."
        )


def _law(report: Report) -> Iterator[str]:
    if report.tpm.law == "uniform":
        yield (
            "**The uniform law is a choice**: the free network does not spread evenly over a cell. "
            'Compare with `law="stationary"`.'
        )
    elif report.tpm.law in ("stationary", "stationary_joint"):
        made = report.tpm.provenance
        seed = made.get("seed", "unknown")
        samples = made.get("samples")
        count = counted(int(samples), "sample") if samples is not None else "samples"
        left_out = (
            ", and leaves out correlations between units"
            if report.tpm.law == "stationary"
            else ": it is observed, not set by intervention"
        )
        yield (
            f"**The stationary law is sampled** ({count}, seed {escape(seed)}): the matrix carries "
            f"their sampling error. It describes what the network does by itself{left_out}."
        )


def _notes(report: Report) -> Iterator[str]:
    for note in report.tpm.provenance.get("notes", ()):
        yield f"**Note on the matrix**: {escape(note)}."


def _background(report: Report) -> Iterator[str]:
    clamped = report.network.background
    if not clamped:
        return
    active = [label for label, state in clamped.items() if state]
    named = f" ({listed(clamped)})" if len(clamped) <= FEW else ""
    driven = f"{listed(active[:FEW])}{' and others' * (len(active) > FEW)} spiking in every step"
    yield (
        f"**The background is clamped**: {counted(len(clamped), 'unit')}{named} outside the "
        f"analysis, held fixed: {driven if active else 'silent'}. "
        "Their influence on the units, and all loops through them, are cut."
    )


def _refractory(report: Report) -> Iterator[str]:
    network = report.network
    units = [
        label
        for label, model in zip(network.labels, network.neurons, strict=True)
        if model.convention.refractory_steps > 0
    ]
    if units:
        yield (
            f"**Refractoriness outlasts the macro state** ({listed(units)}): how long ago a unit "
            "spiked is not part of it. "
            + (
                "Under the stationary law refractory units count as quiet or primed."
                if report.tpm.law.startswith("stationary")
                else "Under the uniform law only units that spike in this very step are refractory."
                if report.tpm.law == "uniform"
                else "Refractory units count as quiet or primed."
            )
        )


def _time(report: Report) -> Iterator[str]:
    dt = number(report.network.dt)
    current = any(kernel.score_coefficient for kernel in report.kernels)
    yield (
        f"**One step only**: sufficiency is about the spike of the next {dt} ms. Over several "
        "steps the errors of the macro states add up"
        + (", and the causal score of a synaptic current is another one." if current else ".")
    )
    yield (
        "**Discrete time**: the threshold is tested at the end of a step, and crossings within it "
        "are missed. T\\* and φ depend on dt; repeat the analysis with another one."
    )


def _phi(report: Report) -> Iterator[str]:
    result = report.phi
    yield (
        "**φ jumps**: it is discontinuous in the entries of the matrix, since another partition or "
        "another specified state can take over. A small error in the matrix can mean a large one "
        "in φ; an error bar does not describe it."
    )
    yield (
        "**φ is of the macro matrix taken as a network of its own**, at this grain; it is not a "
        "search over grains, and not the φ of the micro states."
    )
    if result.phi_s < ZERO and result.big_phi is not None and result.big_phi > ZERO:
        yield (
            f"**Φ = {number(result.big_phi)} belongs to nothing that exists as one**: in this "
            "state the units are not one whole (φ_s = 0), and Φ is that of a mere collection."
        )
    if report.phi_by_state is None:
        yield "**One state only**: φ differs from state to state; the others were not analysed."
