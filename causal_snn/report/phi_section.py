"""Sections of a report about the whole: the macro TPM and its integrated information."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from causal_snn.phi import Complex, PhiResult
from causal_snn.plotting.text import ZERO, code_key, number, state_code, unit_order
from causal_snn.report.blocks import bullets, counted, escape, table
from causal_snn.report.units import tiny
from causal_snn.tpm import TOLERANCE, TPM

if TYPE_CHECKING:
    from causal_snn.report.result import Report

MOST_STATES = 30
"""States up to which the report lists every one; beyond, those with the largest values."""
TOP_STATES = 10
LAWS = {
    "uniform": (
        "uniform: a macro state stands for all micro states of its cell in the declared range, "
        "equally weighted, independently in each unit"
    ),
    "stationary": (
        "stationary: a macro state stands for the micro states that the freely running network "
        "visits in its cell, unit by unit, independently of the other units"
    ),
    "stationary_joint": "stationary, jointly: a macro state stands for what all units do together "
    "while the free network is in it; observational, not do()",
    "maximum_entropy": "maximum entropy: a macro state stands for what each unit does in its cell "
    "one step after every macro state was set with the same chance",
}
FORMALISMS = {
    "IIT_4_0_2026": (
        "IIT 4.0 with the intrinsic-information requirement (PyPhi's preset iit4_2026), which "
        "gives a deterministic system 0"
    ),
    "IIT_4_0_2023": "IIT 4.0, Albantakis et al., PLOS Comput Biol 19:e1011465 (2023)",
    "IIT_3_0": "IIT 3.0, Oizumi, Albantakis and Tononi, PLOS Comput Biol 10:e1003588 (2014)",
}


def phi_symbol(result: PhiResult) -> str:
    """Return the name of a system's integrated information."""
    return "Φ" if result.formalism == "IIT_3_0" else "φ_s"


def phi_value(result: PhiResult, value: float | None) -> str:
    """Return a value with its unit: IIT 4.0 counts in ibits, IIT 3.0 in earth mover's distance."""
    unit = "" if value is None or result.formalism == "IIT_3_0" else " ibit"
    return number(value) + unit


def tied_complexes(result: PhiResult) -> list[Complex] | None:
    """Return the complexes with the largest phi_s; None where none was looked for."""
    if result.complexes is None:
        return None
    top = max((each.phi_s for each in result.complexes), default=0.0)
    return [each for each in result.complexes if each.phi_s >= top * (1 - 1e-9)]


def tpm_section(report: Report, figure: str) -> str:
    """Return the size, the law and the independence gap of the macro TPM."""
    tpm = report.tpm
    size = len(tpm.states)
    key = "; ".join(filter(None, (unit_order(tpm.labels), code_key(tpm.cells))))
    intro = (
        f"The macro transition matrix has {size} x {size} entries: each row is the distribution of "
        f"the macro state one step ({number(report.network.dt)} ms) after an intervention sets a "
        "macro state. Every state has its row, also those that the free network never visits. "
        f"States are written in one character per unit ({escape(key)}) and counted little-endian: "
        "the first unit changes fastest."
    )
    facts = [f"**Within-cell law**: {LAWS.get(tpm.law, escape(tpm.law))}.", _gap(tpm)]
    if tpm.projection_distance is not None:
        facts.append(
            "**Projection**: the rows were replaced by the products of their marginals; the worst "
            f"row moved by {number(tpm.projection_distance)} in total variation."
        )
    return "\n\n".join(
        part for part in ("## Macro transition matrix", intro, bullets(facts), figure) if part
    )


def _gap(tpm: TPM) -> str:
    gap = tpm.independence_gap
    text = (
        f"**Independence gap**: {tiny(gap)}. Integrated information presumes that, given the "
        "present state, the next states of the units are independent. The gap is the worst "
        "distance (total variation) of a row from the product of its marginals."
    )
    if gap <= TOLERANCE:
        return f"{text} At most {TOLERANCE:g} counts as none: the matrix is sound for φ."
    worst = state_code(tpm.independence.worst_state, tpm.cells)
    return (
        f"{text} It is above {TOLERANCE:g}: up to {number(100 * gap, 3)} % of the probability in a "
        f"row (worst in state {escape(worst)}; {number(100 * tpm.independence.mean, 3)} % on "
        "average) is correlation inside macro states, which φ misreads as causation."
    )


def phi_section(report: Report, figure: str) -> str:
    """Return phi_s, Phi, the minimum partition, the complexes and the table over states."""
    result, tpm = report.phi, report.tpm
    chosen = report.options.get("state_chosen_by", "caller")
    head = (
        f"Formalism: {FORMALISMS.get(result.formalism, escape(result.formalism))}. State: "
        f"{escape(state_code(result.state, tpm.cells))} ({escape(tpm.state_name(result.state))}), "
        f"{'chosen by the caller' if chosen == 'caller' else escape(chosen)}."
    )
    parts = ["## Integrated information", head, bullets(_values(report)), _complexes(result)]
    parts += [figure, _states(report)]
    return "\n\n".join(part for part in parts if part)


def _values(report: Report) -> list[str]:
    result, cells = report.phi, report.tpm.cells
    symbol = phi_symbol(result)
    facts = [
        f"**System integrated information {symbol}** = {phi_value(result, result.phi_s)}"
        f"{'' if symbol == 'Φ' else ' (intrinsic bits)'}: how much the whole, in this state, says "
        "about its own past and future beyond what it would say with the connections of the "
        "minimum partition cut."
    ]
    if result.formalism != "IIT_3_0":
        facts.append(_structure(result))
    if result.phi_s < ZERO:
        facts.append(f"**A partition that already gives 0**: {_partition(report)}")
    else:
        facts.append(f"**Minimum partition**: {_partition(report)}")
    specified = result.cause_state is not None and result.effect_state is not None
    if specified and not result.reasons:
        assert result.cause_state is not None
        assert result.effect_state is not None
        cause, effect = (state_code(s, cells) for s in (result.cause_state, result.effect_state))
        facts.append(
            f"The whole specifies {escape(cause)} as its cause and {escape(effect)} as its effect."
        )
    facts += [f"Why it is 0: {escape(reason)}." for reason in result.reasons]
    return facts


def _structure(result: PhiResult) -> str:
    if result.big_phi is None:
        return (
            "**Structure integrated information Φ**: not computed (ask for it with "
            "`structure=True`; its cost grows about twentyfold with each unit)."
        )
    text = f"**Structure integrated information Φ** = {phi_value(result, result.big_phi)}"
    if result.distinctions is not None:
        text += (
            f": {counted(result.distinctions, 'distinction')} "
            f"({number(result.sum_phi_distinctions)}) and their relations "
            f"({number(result.sum_phi_relations)})"
        )
    return text + "."


def _partition(report: Report) -> str:
    """Return which of the network's connections the partition cuts, grouped by their source."""
    result, network = report.phi, report.network
    if result.mip is None:
        return "none was evaluated."
    cut, labels = result.mip.cut, result.labels
    if not cut:
        return f"{escape(result.mip.description)}."
    there = {
        (labels[source], labels[target]) for target, source in np.argwhere(network.weights).tolist()
    }
    targets = {a: [b for b in labels if (a, b) in cut and (a, b) in there] for a in labels}
    words = "; ".join(
        f"{escape(source)} → {', '.join(escape(b) for b in found)}"
        for source, found in targets.items()
        if found
    )
    count = sum(len(found) for found in targets.values())
    text = (
        f"it cuts {counted(count, 'connection')}: {words}."
        if count
        else "it cuts no connection that is there."
    )
    if result.mip.normalized_phi is not None and result.phi_s >= ZERO:
        text += (
            f" Over the {counted(len(cut), 'directed pair')} of units that it separates: "
            f"{phi_value(result, result.mip.normalized_phi)} each."
        )
    return text


def _complexes(result: PhiResult) -> str:
    if result.complexes is None:
        return "Complexes were not looked for."
    if not result.complexes:
        return "There is no complex: no set of units is irreducible in this state."
    rows = [
        (rank, "{" + ", ".join(each.units) + "}", number(each.phi_s))
        for rank, each in enumerate(result.complexes, start=1)
    ]
    intro = (
        "Complexes are the sets of units that are more irreducible than any set they overlap "
        "with; the first is the major complex. A single unit can be one, by what it carries over "
        "to its own next state."
    )
    return f"{intro}\n\n{table(('rank', 'complex', phi_symbol(result)), rows)}"


def _states(report: Report) -> str:
    by_state, tpm = report.phi_by_state, report.tpm
    if by_state is None:
        return "The other states were not analysed (ask for them with `all_states=True`)."
    every = len(tpm.states) <= MOST_STATES
    shown = list(by_state) if every else _largest(list(by_state))
    structures = any(r.big_phi is not None for r in shown) and report.phi.formalism != "IIT_3_0"
    chance = _long_run(tpm) if every else {}
    header = ["state", "in words"]
    header += ["long-run probability"] if every else []
    header += [phi_symbol(report.phi)] + (["Φ"] if structures else [])
    rows: list[Sequence[str]] = []
    for r in shown:
        row = [_marked(r.state, report), tpm.state_name(r.state)]
        row += [number(chance[r.state])] if every else []
        rows.append([*row, number(r.phi_s), *([number(r.big_phi)] if structures else [])])
    if every:
        empty = ["unreachable"] + (["unreachable"] if structures else [])
        for state in by_state.unreachable:
            row = [_marked(state, report), tpm.state_name(state), number(chance[state])]
            rows.append([*row, *empty])
    intro, lost = "All macro states", ""
    if not every:
        symbol, unreachable = phi_symbol(report.phi), len(by_state.unreachable)
        intro = f"The {len(rows)} states with the largest {symbol} of {len(tpm.states):,}"
        lost = f"; {counted(unreachable, 'state')} unreachable" if unreachable else ""
    return f"{intro}{lost} (an arrow marks the state analysed in full):\n\n{table(header, rows)}"


def _largest(results: list[PhiResult]) -> list[PhiResult]:
    return sorted(results, key=lambda r: -r.phi_s)[:TOP_STATES]


def _long_run(tpm: TPM) -> dict[tuple[int, ...], float]:
    chance = np.asarray(tpm.stationary())
    return {tuple(int(x) for x in s): float(p) for s, p in zip(tpm.states, chance, strict=True)}


def _marked(state: Sequence[int], report: Report) -> str:
    code = state_code(state, report.tpm.cells)
    return f"→ {code}" if tuple(state) == report.phi.state else code
