"""table: a precision sweep as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causal_snn.plotting.text import number
from causal_snn.studies.critical_precision.critical import KINDS
from causal_snn.studies.critical_precision.result import FINER

if TYPE_CHECKING:
    from causal_snn.studies.critical_precision.critical import Critical
    from causal_snn.studies.critical_precision.result import PrecisionSweep


def columns(rows: list[list[str]]) -> str:
    """Return rows of text in columns, all to the right but for the last, a remark."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [*(text.rjust(w) for text, w in zip(row[:-1], widths[:-1], strict=True)), row[-1]]
        ).rstrip()
        for row in rows
    )


def table(sweep: PrecisionSweep) -> str:
    """Return every setting's values and deviations, then the critical precisions."""
    parts = [f"{sweep.network} on {sweep.chip}; * outside its tolerance", _values(sweep)]
    notes = dict.fromkeys(note for point in sweep.points for note in point.notes)
    if notes:
        parts.append("\n".join(f"note: {note}" for note in notes))
    for axis in FINER:
        if len(sweep.axes.get(axis, ())) > 1 and (found := sweep.critical(axis)):
            parts.append(critical_table(found))
            parts.append("\n".join(str(one) for one in sweep.kept(axis)))
    if sweep.status.name != "COMPLETE":
        parts.append(str(sweep.status))
    return "\n\n".join(parts)


def _values(sweep: PrecisionSweep) -> str:
    names = [one.name for one in sweep.measures]
    rows = [[*sweep.axes, *names, ""]]
    blanks = ["float", *[""] * (len(sweep.axes) - 1)] if sweep.axes else []
    rows.append([*blanks, *(number(sweep.reference.get(name, float("nan"))) for name in names), ""])
    for point in sweep.points:
        settings = ["own" if v is None else str(v) for v in point.settings.values()]
        cells = []
        for one in sweep.measures:
            if one.name not in point.values:
                cells.append("-")
                continue
            outside = point.deviations[one.name] > one.tolerance
            cells.append(number(point.values[one.name]) + ("*" if outside else " "))
        rows.append([*settings, *cells, point.error])
    return columns(rows)


def critical_table(found: tuple[Critical, ...]) -> str:
    """Return critical precisions, a row for each measure and a column for each other setting."""
    axis = found[0].axis
    others = list(dict.fromkeys(_words(one) for one in found))
    rows = [["measure", "tolerance", *others, ""]]
    for name in dict.fromkeys(one.measure.name for one in found):
        mine = [one for one in found if one.measure.name == name]
        measure = mine[0].measure
        tolerance = (
            f"{measure.tolerance:.3g}"
            if not measure.relative
            else (f"{100 * measure.tolerance:.3g} %")
        )
        by = {_words(one): str(one) for one in mine}
        cells = [by.get(words, "-") for words in others]
        rows.append([name, tolerance, *cells, KINDS[measure.kind]])
    head = f"Critical {axis}: the least from which on a measure stays within its tolerance"
    return f"{head}\n{columns(rows)}"


def _words(one: Critical) -> str:
    given = [f"{key}={value}" for key, value in one.others.items() if value is not None]
    return ", ".join(given) or one.axis
