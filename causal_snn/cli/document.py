"""A page of results: what was asked, the figure, the tables, and how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causal_snn.models.neuron import NeuronModel


def page(
    title: str,
    model: NeuronModel,
    *,
    figure: str,
    tables: Iterable[tuple[str, str]],
    made: Mapping[str, Any],
) -> str:
    """Return a Markdown page.

    Parameters
    ----------
    title : str
        What it shows.
    model : NeuronModel
        The neuron, whose equations and parameters are stated.
    figure : str
        File name of the figure.
    tables : iterable of (str, str)
        Heading and plain text of each table.
    made : mapping
        Provenance of the numbers.
    """
    lines = [f"# {title}", "", f"![{title}]({figure})", ""]
    for heading, text in tables:
        lines += [f"## {heading}", "", "```text", text, "```", ""]
    lines += ["## The neuron", "", "$$", model.latex(), "$$", ""]
    lines += ["| parameter | value | unit | meaning |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {float(value):.12g} | {value.unit} | {value.meaning} |"
        for name, value in model.parameters.items()
    ]
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    lines += ["", "## How it was made", "", f"- method: {made['method']}"]
    lines += [
        f"- {name}: {value}" for name, value in made.items() if name not in ("method", "versions")
    ]
    return "\n".join([*lines, f"- versions: {versions}", ""])
