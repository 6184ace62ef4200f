"""Memory: what a run needs is worked out before it starts, and refused where it is not there."""

from __future__ import annotations

from pathlib import Path

from causal_snn.errors import InputError

SHARE = 0.8
"""Part of the free memory that a run may take."""


def free_memory() -> int | None:
    """Return the bytes that can be had without swapping, or None where that is not known."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    return None


def check_memory(needed: int, what: str, fix: str) -> None:
    """Raise `InputError` if a run needs more memory than there is.

    Parameters
    ----------
    needed : int
        Bytes.
    what : str
        What needs them.
    fix : str
        What makes it need less, as a sentence.
    """
    free = free_memory()
    if free is not None and needed > SHARE * free:
        raise InputError(
            f"{what} needs {megabytes(needed)}, and {megabytes(int(SHARE * free))} of memory may "
            f"be used. {fix}"
        )


def megabytes(count: int) -> str:
    """Return a number of bytes for people, as '12 MB'."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.4g} TB"
