"""A report as files: report.md, report.json and figures, written all together or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from causal_snn.errors import InputError
from causal_snn.report.markdown import markdown
from causal_snn.report.stored import report_to_json

if TYPE_CHECKING:
    from os import PathLike

    from causal_snn.report.result import Report

FORMATS = ("png", "svg")


def write_report(report: Report, directory: str | PathLike[str]) -> Path:
    """Write report.md, report.json and the figures (PNG and SVG) into a directory.

    Everything is written beside the directory first and moved into place at the end, so
    that an interrupted run leaves what was there before.

    Parameters
    ----------
    report : Report
    directory : path
        Made if missing; an earlier report in it is replaced.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If the directory holds files that are not part of a report, or is a file.
    """
    target = Path(directory).resolve()  # a link's own target, so that the link stays
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _write(report, partial)
        partial.chmod(0o755)  # mkdtemp makes it private
        _swap(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _write(report: Report, folder: Path) -> None:
    from matplotlib import rc_context

    from causal_snn.plotting import report_figures

    names = {}
    with rc_context({"svg.hashsalt": report.network.name}):  # the same report, the same bytes
        for name, figure in report_figures(report).items():
            for suffix in FORMATS:
                # An SVG states when it was made unless told not to; PNGs do not.
                metadata = {"Date": None} if suffix == "svg" else None
                figure.savefig(
                    folder / f"{name}.{suffix}", dpi=160, bbox_inches="tight", metadata=metadata
                )
            names[name] = f"{name}.png"
    (folder / "report.md").write_text(markdown(report, names), encoding="utf-8")
    (folder / "report.json").write_text(report_to_json(report), encoding="utf-8")


def _is_ours(file: Path) -> bool:
    names = ("kernels", "tpm", "network", "phi_states")
    figures = {f"{name}.{suffix}" for name in names for suffix in FORMATS}
    return file.name in {"report.md", "report.json", *figures}


def check_target(target: Path) -> None:
    """Raise `InputError` if a report cannot be written there without losing something."""
    target = target.resolve()
    if target == Path.cwd():
        raise InputError(f"{target} is the working directory: name another one for the report")
    there = next(path for path in (target.parent, *target.parent.parents) if path.exists())
    if not os.access(there, os.W_OK):
        raise InputError(f"{there} is not writable: name another directory for the report")
    for path in (target, *target.parents):
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file: name a directory for the report")
    if target.is_dir():
        foreign = sorted(file.name for file in target.iterdir() if not _is_ours(file))
        if foreign:
            raise InputError(
                f"{target} holds {foreign[0]!r}, which is not part of a report and would be "
                "lost. Name another directory, or move it away."
            )


def _swap(partial: Path, target: Path) -> None:
    if not target.exists():
        partial.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    kept = old / target.name
    try:
        target.rename(kept)
        partial.rename(target)
    except BaseException:  # an interrupt too must not lose the earlier report
        if kept.exists() and not target.exists():
            kept.rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
