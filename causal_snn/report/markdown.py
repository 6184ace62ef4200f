"""A report as Markdown text, for a reader who has never seen the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from causal_snn.coarse import Verdict
from causal_snn.phi.result import Complex
from causal_snn.plotting.text import ZERO, number
from causal_snn.report.blocks import counted, escape, figure, listed
from causal_snn.report.method import method_section, record_section
from causal_snn.report.phi_section import (
    phi_section,
    phi_symbol,
    phi_value,
    tied_complexes,
    tpm_section,
)
from causal_snn.report.trust import trust_section
from causal_snn.report.units import cell_names, network_section, threshold_section
from causal_snn.tpm import TOLERANCE

if TYPE_CHECKING:
    from causal_snn.report.result import Report

WHAT_VERDICTS_SAY = {
    Verdict.SUFFICIENT: "One threshold is causally sufficient for {units}.",
    Verdict.INDISTINCT: (
        "For {units} both cells cause nearly the same, so that the cut separates nothing."
    ),
    Verdict.GRADED: (
        "For {units} the effect is graded: within a band of potentials no single threshold "
        "tells whether a spike follows."
    ),
    Verdict.CONTEXT: (
        "For {units} the threshold moves with the input from the other units, so that no "
        "single one is causally sufficient."
    ),
    Verdict.ON_EMPTY: (
        "For {units} no admissible potential makes a spike in the next step likely (the ON "
        "cell is empty)."
    ),
    Verdict.OFF_EMPTY: (
        "For {units} every admissible potential makes a spike in the next step likely (the "
        "OFF cell is empty)."
    ),
}

INTRODUCTION = (
    "Which states of these neurons are causally the same? An intervention sets a unit's potential, "
    "and the probability that it spikes next is computed under every input the other units can "
    "give it. Potentials with nearly the same effect form one macro state. From the transitions "
    "between macro states follows how integrated the network is, in the sense of integrated "
    "information theory."
)
MODELS = {
    "lif": "leaky integrate-and-fire",
    "cuba_lif": "leaky integrate-and-fire with synaptic currents",
}
CAPTIONS = {
    "network": (
        "The network",
        "Arrow heads excite, bars inhibit, wider lines are stronger. Coloured areas are "
        "complexes; dashed connections are those that the minimum partition cuts.",
    ),
    "kernels": (
        "Effect kernels",
        "Probability that a unit spikes in the next step, given the micro state that an "
        "intervention sets, for the inputs that the other units can give it. Solid line: "
        "causal threshold T\\*; dotted: biophysical threshold θ; shaded: the abstain band; "
        "hatched: outside the declared range of interventions.",
    ),
    "tpm": (
        "Macro transition matrix",
        "Row: the macro state set by intervention. Column: the macro state one step later. "
        "The first unit changes fastest.",
    ),
    "phi_states": (
        "Integrated information of every macro state",
        "The diamond is the state analysed in full; crosses are states that nothing leads to.",
    ),
}
"""Title and caption of each figure, by its key."""


def markdown(report: Report, figures: Mapping[str, str]) -> str:
    """Return a report as self-contained Markdown text.

    Parameters
    ----------
    report : Report
        From `causal_snn.analyze`.
    figures : mapping of str to str
        Relative file names of the figures to embed, under the keys ``"kernels"``,
        ``"tpm"``, ``"network"`` and ``"phi_states"``; those that are missing are left out.

    Returns
    -------
    str
        Ends in a newline; tables are in GitHub's dialect.
    """
    embedded = {
        key: figure(figures[key], title, caption)
        for key, (title, caption) in CAPTIONS.items()
        if key in figures
    }
    parts = [
        f"# {escape(report.network.name)}: macro states and integrated information",
        INTRODUCTION,
        "## The answer in short",
        answer(report),
        embedded.get("network", ""),
        network_section(report),
        threshold_section(report, embedded.get("kernels", "")),
        tpm_section(report, embedded.get("tpm", "")),
        phi_section(report, embedded.get("phi_states", "")),
        method_section(report),
        trust_section(report),
        record_section(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def answer(report: Report) -> str:
    """Return what was found, as one paragraph."""
    return " ".join(
        [_found(report), _sufficiency(report), _soundness(report), _integration(report)]
    )


def _found(report: Report) -> str:
    network, names = report.network, cell_names(report)
    models = listed(sorted({MODELS.get(m.name, m.name) for m in network.neurons}))
    text = (
        f"The network *{escape(network.name)}* ({counted(network.n, 'unit')}: "
        f"{listed(network.labels)}; {models}; time step {number(network.dt)} ms"
    )
    if network.background:
        text += f"; {counted(len(network.background), 'further unit')} held fixed as background"
    count = {2: "two", 3: "three"}.get(len(names), str(len(names)))
    return (
        f"{text}) was reduced to {count} macro states per unit, {listed(names)}, which makes "
        f"{counted(len(report.tpm.states), 'macro state')} of the whole."
    )


def _sufficiency(report: Report) -> str:
    sentences = []
    for verdict, sentence in WHAT_VERDICTS_SAY.items():
        units = [result.label for result in report.thresholds if result.verdict is verdict]
        if units:
            which = "every unit" if len(units) == report.network.n > 1 else listed(units)
            sentences.append(sentence.format(units=which))
    worst = max(report.thresholds, key=lambda result: result.epsilon)
    sentences.append(
        f"At worst (unit {escape(worst.label)}) two micro states on the same side of the threshold "
        f"differ by ε = {number(worst.epsilon)} in the probability of a spike in the next step."
    )
    return " ".join(sentences)


def _soundness(report: Report) -> str:
    gap = report.tpm.independence_gap
    if report.tpm.projection_distance is not None:
        return (
            "The macro transition matrix was projected onto conditionally independent rows, over "
            f"a distance of {number(report.tpm.projection_distance)} in total variation."
        )
    if gap <= TOLERANCE:
        return (
            "The macro transition matrix is conditionally independent, as integrated information "
            "demands."
        )
    return (
        f"**The macro transition matrix is not conditionally independent (gap {number(gap)}), so "
        "the integrated information below is partly spurious.**"
    )


def _integration(report: Report) -> str:
    result, symbol = report.phi, phi_symbol(report.phi)
    state = f"In the macro state {escape(report.tpm.state_name(result.state))}"
    if report.options.get("state_chosen_by") != "caller":
        state += ", the most probable one in the long run,"
    value = f"the whole has {symbol} = {phi_value(result, result.phi_s)}"
    if result.phi_s < ZERO:
        value += ": in this state it is not one whole"
    best = tied_complexes(result)
    return f"{state} {value}. {_about_complexes(best, symbol, report.network.n)}".strip()


def _about_complexes(best: list[Complex] | None, symbol: str, n: int) -> str:
    if best is None:
        return ""
    if not best:
        return "No set of units is irreducible, so there is no complex."
    names = ["{" + ", ".join(each.units) + "}" for each in best]
    value = f"{symbol} = {number(best[0].phi_s)}"
    if len(best) > 1:
        return f"The complexes {listed(names)} are tied, each with {value}."
    if len(best[0].units) == n:
        return "The whole is itself the major complex."
    alone = ", a single unit that acts on its own future" if len(best[0].units) == 1 else ""
    return f"The major complex is {escape(names[0])}{alone}, with {value}."
