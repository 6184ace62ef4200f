"""Lines and tables on the screen, for every benchmark."""

from __future__ import annotations

import sys


def say(line: str = "") -> None:
    """Write a line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def show(rows: list[tuple[str, ...]], *, indent: str = "") -> None:
    """Print rows of text as a table."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        say(indent + "  ".join(cells).rstrip())
