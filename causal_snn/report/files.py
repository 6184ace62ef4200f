"""A report as files: report.md, report.json and figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from causal_snn.io.folder import FORMATS, check_folder, save_figures, write_folder
from causal_snn.report.markdown import markdown
from causal_snn.report.stored import report_to_json

if TYPE_CHECKING:
    from os import PathLike

    from causal_snn.report.result import Report


def write_report(report: Report, directory: str | PathLike[str]) -> Path:
    """Write report.md, report.json and the figures (PNG and SVG) into a directory.

    Parameters
    ----------
    report : Report
    directory : path
        Made if missing; an earlier report in it is replaced. It holds either the whole
        report or what it held before.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If the directory holds files that are not part of a report, or is a file.
    """

    def write(folder: Path) -> None:
        from causal_snn.plotting import report_figures

        figures = report_figures(report)
        save_figures(folder, figures, salt=report.network.name)
        names = {name: f"{name}.png" for name in figures}
        (folder / "report.md").write_text(markdown(report, names), encoding="utf-8")
        (folder / "report.json").write_text(report_to_json(report), encoding="utf-8")

    return write_folder(directory, write, is_ours=_is_ours, kind="report")


def check_target(target: Path) -> None:
    """Raise `InputError` if a report cannot be written there without losing something."""
    check_folder(target, is_ours=_is_ours, kind="report")


def _is_ours(name: str) -> bool:
    figures = ("kernels", "tpm", "network", "phi_states")
    ours = {f"{figure}.{suffix}" for figure in figures for suffix in FORMATS}
    return name in {"report.md", "report.json", *ours}
