"""The few Markdown blocks a report is made of: tables, figures, lists, words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def escape(text: object) -> str:
    """Return text that Markdown shows as it is, on one line and inside a table cell."""
    line = " ".join(str(text).split())
    line = re.sub(r"([\\`*|<\[\]])", r"\\\1", line)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", line)  # within a word it is no markup


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; header cells are Markdown already, the others are escaped.

    Raises
    ------
    ValueError
        If a row has another number of cells than the header.
    """
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"{len(row)} cells under {len(header)} headings: {row!r}")
        lines.append("| " + " | ".join(escape(cell) or " " for cell in row) + " |")
    return "\n".join(lines)


def figure(path: str, title: str, caption: str) -> str:
    """Return an embedded figure with its caption."""
    place = f"<{path}>" if re.search(r"[\s()]", path) else path
    return f"![{escape(title)}]({place})\n\n*{title}.* {caption}"


def bullets(items: Iterable[str]) -> str:
    """Return a list of paragraphs that are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def listed(words: Iterable[object], *, last: str = "and") -> str:
    """Return names as a person lists them: A, B and C."""
    found = [escape(word) for word in words]
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: 1 unit, 2 units."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
