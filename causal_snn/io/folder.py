"""A result as a folder of files, written all together or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from causal_snn.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg")
"""What figures are saved as."""


def write_folder(
    directory: str | os.PathLike[str],
    write: Callable[[Path], None],
    *,
    is_ours: Callable[[str], bool],
    kind: str,
) -> Path:
    """Let `write` fill a folder, and put it in place when it is complete.

    Everything is written beside the directory first and moved into place at the end, so
    that an interrupted run leaves what was there before.

    Parameters
    ----------
    directory : path
        Made if missing; an earlier result in it is replaced.
    write : function of a Path
        Writes the files into the folder it is given.
    is_ours : function of a file name
        Whether an earlier result of this kind may hold such a file.
    kind : str
        What the folder holds, for messages.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If the directory holds other files, or is a file.
    """
    target = Path(directory).resolve()  # a link's own target, so that the link stays
    check_folder(target, is_ours=is_ours, kind=kind)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        write(partial)
        partial.chmod(0o755)  # mkdtemp makes it private
        _swap(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def check_folder(target: Path, *, is_ours: Callable[[str], bool], kind: str) -> None:
    """Raise `InputError` if a result cannot be written there without losing something."""
    target = target.resolve()
    if target == Path.cwd():
        raise InputError(f"{target} is the working directory: name another one for the {kind}")
    there = next(path for path in (target.parent, *target.parent.parents) if path.exists())
    if not os.access(there, os.W_OK):
        raise InputError(f"{there} is not writable: name another directory for the {kind}")
    for path in (target, *target.parents):
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file: name a directory for the {kind}")
    if target.is_dir():
        foreign = sorted(file.name for file in target.iterdir() if not is_ours(file.name))
        if foreign:
            raise InputError(
                f"{target} holds {foreign[0]!r}, which is not part of a {kind} and would be "
                "lost. Name another directory, or move it away."
            )


def save_figures(folder: Path, figures: Mapping[str, Figure], *, salt: str) -> None:
    """Save figures in every format; the same figure and `salt` give the same bytes."""
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": salt}):
        for name, figure in figures.items():
            for suffix in FORMATS:
                # An SVG states when it was made unless told not to; PNGs do not.
                metadata = {"Date": None} if suffix == "svg" else None
                figure.savefig(
                    folder / f"{name}.{suffix}", dpi=160, bbox_inches="tight", metadata=metadata
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
    except BaseException:  # an interrupt too must not lose the earlier result
        if kept.exists() and not target.exists():
            kept.rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
