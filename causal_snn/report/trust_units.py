"""What limits the thresholds of a report: proof, sufficiency, contexts, intervention range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from causal_snn.coarse import ThresholdResult, Verdict
from causal_snn.plotting.text import ZERO, number
from causal_snn.report.blocks import escape, listed

if TYPE_CHECKING:
    from causal_snn.report.result import Report

GAP_TOLERANCE = 1e-9
"""Gap of a certificate up to which its threshold counts as the best one."""


def threshold_cautions(report: Report) -> Iterator[str]:
    """Yield what limits the thresholds, the most serious first."""
    for rule in (_proof, _epsilon, _verdicts, _spiking, _coverage, _range):
        yield from rule(report)


def _proof(report: Report) -> Iterator[str]:
    failed = report.unproved
    if failed:
        yield (
            f"**A certificate does not hold** ({listed(failed)}): the independent checker "
            "disagrees. Do not use these thresholds, and report it as a bug."
        )
    open_gaps = [r for r in report.thresholds if r.certificate.gap > GAP_TOLERANCE]
    if open_gaps:
        worst = max(r.certificate.gap for r in open_gaps)
        yield (
            f"**Not proved best**: the thresholds of {listed(r.label for r in open_gaps)} may miss "
            f"the least possible ε by up to {number(worst)}."
        )


def _epsilon(report: Report) -> Iterator[str]:
    large = [r for r in report.thresholds if r.epsilon > r.band_level]
    if not large:
        return
    worst = max(large, key=lambda r: r.epsilon)
    noisy = [r for r in large if r.floor > r.band_level]
    why = (
        f" With noise this cannot be helped for {listed(r.label for r in noisy)}: a graded effect "
        "on two cells costs at least the floor; use the abstain band, or more levels."
        if noisy
        else ""
    )
    yield (
        f"**The macro states of {listed(r.label for r in large)} are not causally sufficient** at "
        f"the level {number(worst.band_level)}: ε is up to {number(worst.epsilon)} (unit "
        f"{escape(worst.label)}). Micro states called the same act differently, and the macro "
        f"matrix averages over that by the within-cell law.{why}"
    )


def _with(report: Report, verdict: Verdict) -> list[ThresholdResult]:
    return [r for r in report.thresholds if r.verdict is verdict]


def _verdicts(report: Report) -> Iterator[str]:
    moved: dict[str, list[str]] = {}
    for r in _with(report, Verdict.CONTEXT):
        m = r.certificate.midpoints
        moved.setdefault(f"{number(min(m))} to {number(max(m))} mV", []).append(r.label)
    if moved:
        spans = "; ".join(f"{span} ({listed(labels)})" for span, labels in moved.items())
        yield (
            "**The threshold depends on the input**: between the greatest and the least input it "
            f"moves over {spans}. There the causal state is the pair of potential and input."
        )
    same = _with(report, Verdict.INDISTINCT)
    if same:
        yield (
            f"**The cells of {listed(r.label for r in same)} are homogeneous because nothing "
            "differs**: on the declared range the state hardly changes the effect."
        )
    empty = _with(report, Verdict.ON_EMPTY)
    if empty:
        yield (
            f"**ON cell empty** ({listed(r.label for r in empty)}): a spike follows no admissible "
            "state with probability 1/2 or more, in any context. The threshold splits unlikely "
            'from less unlikely, and "primed" or "on" does not mean about to spike.'
        )
    full = _with(report, Verdict.OFF_EMPTY)
    if full:
        yield (
            f"**OFF cell empty** ({listed(r.label for r in full)}): a spike follows every "
            "admissible state with probability 1/2 or more, in every context."
        )


def _spiking(report: Report) -> Iterator[str]:
    mixed = [r for r in report.thresholds if r.spiking_diameter > ZERO]
    if mixed:
        yield (
            f"**Just spiked is not one state** for {listed(r.label for r in mixed)}: where the "
            "potential or current before the reset carries over, its effect varies by up to "
            f"{number(max(r.spiking_diameter for r in mixed))}."
        )
    joined = [r for r in report.thresholds if max(r.cell_diameters) > r.epsilon + ZERO]
    if joined and report.partition.alphabet == "binary":
        yield (
            f'**"on" is wider than ε** for {listed(r.label for r in joined)}: it joins states '
            "about to spike with states just reset, whose effects differ by up to "
            f"{number(max(max(r.cell_diameters) for r in joined))}."
        )


def _coverage(report: Report) -> Iterator[str]:
    for kind, text in (
        ("extremes", "only under the least and the greatest input"),
        ("given", "only under the inputs that the caller gave"),
    ):
        units = [k.label for k in report.kernels if k.contexts.kind == kind]
        if units:
            yield f"**Contexts**: the thresholds of {listed(units)} hold {text}."
    units = [k.label for k in report.kernels if k.contexts.kind == "interval"]
    if units:
        yield (
            f"**Contexts**: the thresholds of {listed(units)} are judged under every input of an "
            "interval, also inputs that no spike pattern gives; ε may be larger than need be."
        )


def _range(report: Report) -> Iterator[str]:
    ranges: dict[tuple[float, float], list[str]] = {}
    for k in report.kernels:
        ranges.setdefault((k.range.v_low, k.range.theta), []).append(k.label)
    words = "; ".join(
        f"{number(low)} to {number(high)} mV" + (f" ({listed(units)})" if len(ranges) > 1 else "")
        for (low, high), units in ranges.items()
    )
    yield (
        f"**The intervention range is part of the result**: potentials from {words} without a "
        "spike. Another range gives another T\\*, ε, matrix and φ."
    )
