"""A report as a table on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from causal_snn.plotting.text import number
from causal_snn.tpm import TOLERANCE

if TYPE_CHECKING:
    from causal_snn.phi import PhiResult
    from causal_snn.report.result import Report

MOST_ROWS = 30
"""States up to which every state has a line of its own."""


def show(report: Report) -> None:
    """Print the thresholds, the TPM's gap, phi per state and the major complex."""
    from rich.console import Console

    console = Console()
    network = report.network
    console.print(
        f"[bold]{escape(network.name)}[/bold]: {network.n} units, dt = {network.dt:g} ms, "
        f"{len(network.background)} background units clamped",
        highlight=False,
        soft_wrap=True,
    )
    console.print(_units(report))
    gap = report.tpm.independence_gap
    sound = "sound for phi" if gap <= TOLERANCE else "NOT conditionally independent: phi spurious"
    console.print(
        f"Macro TPM: {len(report.tpm.states)} states ({report.partition.alphabet}), "
        f"law {report.tpm.law}, independence gap {gap:.2g} ({sound})",
        highlight=False,
        soft_wrap=True,
    )
    for note in report.tpm.provenance.get("notes", []):
        console.print(f"  note: {escape(note)}", highlight=False, soft_wrap=True)
    console.print(_states(report))
    console.print(
        f"Major complex in {_name(report.phi)}: {escape(_major(report.phi))}",
        highlight=False,
        soft_wrap=True,
    )


def _units(report: Report) -> object:
    from rich.table import Table

    table = Table(title="Causal thresholds")
    for name, side in (
        ("unit", "left"),
        ("theta (mV)", "right"),
        ("T* (mV)", "right"),
        ("epsilon", "right"),
        ("band (mV)", "right"),
        ("verdict", "left"),
    ):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for result in report.thresholds:
        low, high = result.band
        table.add_row(
            escape(result.label),
            f"{result.theta:.4g}",
            f"{result.threshold:.5g}",
            f"{result.epsilon:.3f}",
            escape(f"[{low:.4g}, {high:.4g}]"),
            result.verdict.short,
        )
    return table


def _states(report: Report) -> object:
    from rich.table import Table

    table = Table(title=f"Integrated information ({report.phi.formalism})")
    for name in ("state", "meaning", "phi_s", "Phi"):
        table.add_column(name, justify="left" if name in ("state", "meaning") else "right")
    others = list(report.phi_by_state or ())
    rows = [report.phi] + [r for r in others if r.state != report.phi.state]
    rows.sort(key=lambda r: (r.state != report.phi.state, -r.phi_s))
    for result in rows[:MOST_ROWS]:
        table.add_row(
            _name(result) + (" *" if result is report.phi else ""),
            escape(report.tpm.state_name(result.state)),
            number(result.phi_s),
            "-" if result.big_phi is None else number(result.big_phi),
        )
    if len(rows) > MOST_ROWS:
        table.caption = f"* the state analysed in full; {len(rows) - MOST_ROWS} more in report.json"
    else:
        table.caption = "* the state analysed in full"
    if any(r.phi_s == 0.0 and r.big_phi for r in rows):
        table.caption += "\nPhi of a state with phi_s = 0 belongs to no whole"
    return table


def _major(result: PhiResult) -> str:
    """Return the complex with the largest phi_s, and those that tie with it."""
    found = result.complexes or ()
    tied = [c for c in found if c.phi_s > found[0].phi_s - 1e-9]
    if not tied:
        return "none"
    names = " and ".join(f"{{{', '.join(c.units)}}}" for c in tied)
    return f"{names}{' (tied)' if len(tied) > 1 else ''}, phi_s = {number(tied[0].phi_s)}"


def _name(result: PhiResult) -> str:
    return "(" + ",".join(str(x) for x in result.state) + ")"
