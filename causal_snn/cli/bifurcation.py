"""``causal-snn bifurcation MODEL``: equilibria and cycles of a neuron along a parameter."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from causal_snn.cli.document import page
from causal_snn.cli.neuron import add_neuron, default_folder, read_neuron, read_settings


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "bifurcation",
        help="bifurcation diagram of a neuron",
        description="Branches of equilibria, and of the cycles born at every Hopf point, along a "
        "parameter, with their special points (HB, LP, BP, LPC, PD, NS, SNIC, HC). Writes "
        "bifurcation.png, bifurcation.svg, special.csv, one CSV file for each branch, and "
        "bifurcation.md.",
    )
    add_neuron(parser)
    parser.add_argument("--parameter", metavar="NAME", help="default: the input current")
    parser.add_argument(
        "--span", nargs=2, type=float, required=True, metavar=("FROM", "TO"), help="its range"
    )
    parser.add_argument("--state", metavar="STATE", help="state to draw (default: the potential)")
    parser.add_argument(
        "--cycles",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="follow the cycles from every Hopf point (default)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    from matplotlib.figure import Figure

    from causal_snn.dynamics import diagram
    from causal_snn.io.folder import check_folder, save_figures, write_folder
    from causal_snn.plotting import plot_bifurcation

    model = read_neuron(options.model)
    target = Path(default_folder("bifurcation", options))
    check_folder(target, is_ours=_is_ours, kind="bifurcation diagram")  # before the work
    parameter = options.parameter or model.input
    settings: dict[str, Any] = read_settings(options.settings)
    result = diagram(
        model,
        parameter,
        tuple(options.span),
        cycles=options.cycles,
        progress=not options.quiet,
        **settings,
    )
    figure = plot_bifurcation(*result.named().values(), state=options.state).get_figure()
    assert isinstance(figure, Figure)

    def write(folder: Path) -> None:
        save_figures(folder, {"bifurcation": figure}, salt=model.name)
        result.to_dataframe().to_csv(folder / "special.csv", index=False)
        for name, branch in result.named().items():
            branch.to_dataframe().to_csv(folder / f"{name}.csv", index=False)
        text = page(
            f"Bifurcations of {model.name} in {parameter}",
            result.model,
            figure="bifurcation.png",
            tables=[(name, branch.table()) for name, branch in result.named().items()],
            made=result.provenance,
        )
        (folder / "bifurcation.md").write_text(text, encoding="utf-8")

    write_folder(target, write, is_ours=_is_ours, kind="bifurcation diagram")
    print(result.table())
    print(f"Figure: {target / 'bifurcation.png'}")
    return 0


def _is_ours(name: str) -> bool:
    from causal_snn.io.folder import FORMATS

    figures = {f"bifurcation.{suffix}" for suffix in FORMATS}
    tables = {"bifurcation.md", "special.csv"}
    return name in figures | tables or (
        name.startswith(("equilibria", "cycles_")) and name.endswith(".csv")
    )
