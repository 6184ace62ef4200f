"""Sections of a report about single units: the network, its thresholds, the macro states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from causal_snn.kernel import EffectKernel
from causal_snn.models.convention import Convention
from causal_snn.plotting.text import number
from causal_snn.report.blocks import bullets, counted, escape, listed, table

if TYPE_CHECKING:
    from causal_snn.report.result import Report

MOST_WEIGHTS = 12
"""Units up to which the table of weights is printed."""


def cell_names(report: Report) -> tuple[str, ...]:
    """Return the names of a unit's macro states."""
    return report.partition.units[0].cells


def input_unit(report: Report) -> str:
    """Return the unit of the weights."""
    return "/".join(
        sorted({m.equations.units[m.equations.synapse] for m in report.network.neurons})
    )


def network_section(report: Report) -> str:
    """Return what was analysed: the units, their parameters and weights."""
    network = report.network
    rows = [
        (
            label,
            model.name,
            ", ".join(f"{name} = {number(p)} {p.unit}" for name, p in model.parameters.items()),
            number(float(network.drive[k])),
            number(float(network.noise[k])),
            number(float(network.bias[k])),
        )
        for k, (label, model) in enumerate(zip(network.labels, network.neurons, strict=True))
    ]
    unit = input_unit(report)
    header = ("unit", "model", "parameters", "drive (mV)", "noise sd (mV)", f"bias ({unit})")
    parts = ["## The network", table(header, rows), _conventions(report)]
    if network.source:
        parts.append(f"Source: {escape(network.source)}.")
    if network.n <= MOST_WEIGHTS:
        weights = [
            (label, *(number(float(w)) for w in row))
            for label, row in zip(network.labels, network.weights, strict=True)
        ]
        sources = [f"from {escape(label)}" for label in network.labels]
        parts += [f"Weights ({unit} per spike):", table(("to", *sources), weights)]
    return "\n\n".join(parts)


def _conventions(report: Report) -> str:
    """Return what one time step means, for units that agree on it and those that do not."""
    groups: dict[str, list[str]] = {}
    for label, model in zip(report.network.labels, report.network.neurons, strict=True):
        current = model.equations.synapse != 0
        groups.setdefault(_in_words(model.convention, current=current), []).append(label)
    if len(groups) == 1:
        return f"One time step: {next(iter(groups))}."
    return "One time step:\n\n" + bullets(
        f"{listed(units)}: {chosen}." for chosen, units in groups.items()
    )


def _in_words(convention: Convention, *, current: bool) -> str:
    held = convention.refractory_steps
    words = [
        "exact decay" if convention.step == "exact" else "forward Euler",
        "reset to V_reset" if convention.reset == "value" else "reset by θ - V_reset",
        f"{convention.reset_timing} reset",
        f"drive weighted by {'1 - a' if convention.input_gain == 'exact' else '1'}",
        f"a spike where v {'>' if convention.strict_threshold else '≥'} θ",
        f"{counted(held, 'refractory step')}" if held else "no refractory steps",
    ]
    if current:
        words.append(f"spikes reach the current at the {convention.arrival} of the step")
    return escape(", ".join(words))


def threshold_section(report: Report, kernels: str) -> str:
    """Return the causal thresholds, what a macro state means, and the certificates."""
    return "\n\n".join(
        part
        for part in (
            "## Causal thresholds",
            _threshold_table(report),
            _COLUMNS,
            kernels,
            "### What a macro state means",
            _meaning(report),
            "### Certificates",
            _certificates(report),
            "A certificate bounds the worst within-cell diameter of the best possible threshold "
            "from both sides: no single threshold on this domain, under these contexts, does "
            "better than *lower*, and T\\* achieves *upper*. The last column is the verdict of a "
            "checker that shares no code with the solver.",
        )
        if part
    )


_COLUMNS = bullets(
    (
        "**θ**: the biophysical threshold, where the unit emits a spike.",
        "**T\\***: the causal threshold, the cut that makes the two cells below θ as homogeneous "
        "in their effect as any cut can.",
        "**ε**: the worst diameter of a cell. Two micro states with the same macro state can "
        "differ by this much in the probability of a spike in the next step (0 is perfect).",
        "**floor**: half the widest range of the effect in any one context. Where there is noise, "
        "no two cells of any shape have a smaller ε.",
        "**abstain band**: micro states that neither almost surely cause a spike nor almost surely "
        "prevent it in every context. A cautious reader abstains there.",
        "**separation**: least difference of effect between states above and below the band, "
        "0 where the declared range leaves one of them empty.",
        "**contrast**: least difference, over contexts, of the mean effects of the two cells.",
    )
)


def _threshold_table(report: Report) -> str:
    rows = [
        (
            r.label,
            number(r.theta),
            number(r.threshold),
            number(r.shift),
            number(r.epsilon),
            number(r.floor),
            f"{number(r.band[0])} to {number(r.band[1])}",
            number(r.separation),
            number(r.contrast),
            str(r.verdict),
        )
        for r in report.thresholds
    ]
    header = (
        "unit",
        "θ (mV)",
        "T\\* (mV)",
        "T\\* - θ (mV)",
        "ε",
        "floor",
        "abstain band (mV)",
        "separation",
        "contrast",
        "verdict",
    )
    return table(header, rows)


def _meaning(report: Report) -> str:
    units = report.partition.units
    scores = {u.label: u.score_coefficient for u in units if u.score_coefficient}
    level = "causal score" if scores else "potential v"
    below, above = f"its {level} (after any reset) is below T\\*", f"its {level} is T\\* or above"
    if report.partition.alphabet == "binary":
        cells: Sequence[str] = (
            f"**off** (0): the unit does not spike in this step, and {below}.",
            f"**on** (1): {above}, or the unit spikes in this step.",
        )
    else:
        cells = (
            f"**quiet** (0): the unit does not spike in this step, and {below}.",
            f"**primed** (1): it does not spike in this step, and {above}: nearer to "
            "a spike than any quiet state.",
            "**spiking** (2): it emits a spike in this step and is reset.",
        )
    text = f"Each unit is in one of {len(cells)} macro states:\n\n{bullets(cells)}"
    if len(units) > 1:
        text += (
            "\n\nA macro state of the network names one of them for each unit, in the order "
            f"{listed(report.partition.labels)}."
        )
    if scores:
        one = len(set(scores.values())) == 1 and len(scores) == len(units)
        sums = (
            f"{number(next(iter(scores.values())))} for every unit"
            if one
            else listed(f"{number(k)} for {label}" for label, k in scores.items())
        )
        text += (
            "\n\nThe causal score is v + k i, the combination of potential v (mV) and synaptic "
            "current i (nA) through which alone they act on the next potential; k (mV/nA) is "
            f"{sums}."
        )
    return text


def _certificates(report: Report) -> str:
    rows, unproved = [], report.unproved
    for kernel, result in zip(report.kernels, report.thresholds, strict=True):
        c = result.certificate
        rows.append(
            (
                result.label,
                number(c.upper),
                number(c.lower),
                tiny(c.gap),
                c.method,
                f"{number(c.domain[0])} to {number(c.domain[1])}",
                contexts_in_words(kernel),
                "DOES NOT HOLD" if result.label in unproved else "verified",
            )
        )
    header = ("unit", "upper", "lower", "gap", "method", "domain (mV)", "contexts", "checked")
    return table(header, rows)


def tiny(value: float) -> str:
    """Return a number that may be at the level of rounding."""
    return f"below {1e-12:g}" if 0.0 < abs(value) < 1e-12 else f"{value:.4g}"


def contexts_in_words(kernel: EffectKernel) -> str:
    """Return the inputs under which the threshold of a unit was certified."""
    inputs: Sequence[float] = [float(value) for value in kernel.contexts.inputs]
    unit = "nA" if kernel.score_coefficient or kernel.step.gain_current else "mV"
    if len(inputs) == 1:
        return f"the one input there is, {number(inputs[0])} {unit}"
    span = f"{number(inputs[0])} to {number(inputs[-1])} {unit}"
    return {
        "states": f"all spike patterns of the others: {counted(len(inputs), 'input')}, {span}",
        "extremes": f"the two extreme inputs, {span}",
        "interval": f"every input from {span}",
        "given": f"{counted(len(inputs), 'input')} given by the caller, {span}",
    }[kernel.contexts.kind]
