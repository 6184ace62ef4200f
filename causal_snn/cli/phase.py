"""``causal-snn phase MODEL``: nullclines, equilibria, manifolds and trajectories of a neuron."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from causal_snn.cli.document import page
from causal_snn.cli.neuron import add_neuron, default_folder, read_neuron, read_settings
from causal_snn.errors import InputError


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "phase",
        help="phase plane of a neuron",
        description="Phase plane of a neuron (phase line, if it has one state): nullclines, "
        "every equilibrium with its type, manifolds of saddles, trajectories with resets. "
        "Writes phase.png, phase.svg, equilibria.csv and phase.md.",
    )
    add_neuron(parser)
    parser.add_argument("--x", metavar="STATE", help="horizontal axis (default: the potential)")
    parser.add_argument("--y", metavar="STATE", help="vertical axis (default: the second state)")
    parser.add_argument(
        "--window",
        action="extend",
        nargs="+",
        default=[],
        metavar="STATE=LOW:HIGH",
        help="range of an axis, as --window V=-80:60",
    )
    parser.add_argument(
        "--start",
        action="append",
        default=[],
        metavar="STATES",
        help="also draw the trajectory from here, as --start V=-20,w=0.1; may be repeated",
    )
    parser.add_argument(
        "--duration", type=float, default=200.0, metavar="MS", help="of trajectories (default 200)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    from matplotlib.figure import Figure

    from causal_snn import dynamics
    from causal_snn.io.folder import check_folder, save_figures, write_folder
    from causal_snn.plotting import plot_phase_plane

    model = read_neuron(options.model)
    target = Path(default_folder("phase", options))
    check_folder(target, is_ours=_is_ours, kind="phase plane")  # before the work
    settings: dict[str, Any] = read_settings(options.settings)
    plane = dynamics.phase_plane(
        model,
        x=options.x,
        y=options.y,
        window=_window(options.window) or None,
        trajectories=[_start(text, model.states) for text in options.start],
        duration=options.duration,
        progress=not options.quiet,
        **settings,
    )
    figure = plot_phase_plane(plane).get_figure()
    assert isinstance(figure, Figure)
    table = plane.equilibria.table()

    def write(folder: Path) -> None:
        save_figures(folder, {"phase": figure}, salt=model.name)
        plane.equilibria.to_dataframe().to_csv(folder / "equilibria.csv", index=False)
        text = page(
            f"Phase plane of {model.name}",
            model.with_parameters(**{k: v for k, v in settings.items() if k in model.parameters}),
            figure="phase.png",
            tables=[("Equilibria", table)],
            made=plane.provenance,
        )
        (folder / "phase.md").write_text(text, encoding="utf-8")

    write_folder(target, write, is_ours=_is_ours, kind="phase plane")
    print(table)
    print(f"Figure: {target / 'phase.png'}")
    return 0


def _window(texts: list[str]) -> dict[str, tuple[float, float]]:
    window = {}
    for text in (part for item in texts for part in item.split(",") if part.strip()):
        state, _, span = text.partition("=")
        low, _, high = span.partition(":")
        try:
            window[state.strip()] = (float(low), float(high))
        except ValueError:
            raise InputError(f"--window {text!r}: write STATE=LOW:HIGH, as V=-80:60") from None
    return window


def _start(text: str, states: tuple[str, ...]) -> list[float]:
    values = read_settings([text], "--start")
    for name in values:
        if name not in states:
            raise InputError(f"--start {text!r}: no state {name!r}; states: {', '.join(states)}")
    missing = [state for state in states if state not in values]
    if missing:
        raise InputError(f"--start {text!r}: also give {', '.join(missing)}")
    return [values[state] for state in states]


def _is_ours(name: str) -> bool:
    from causal_snn.io.folder import FORMATS

    return name in {"equilibria.csv", "phase.md", *(f"phase.{suffix}" for suffix in FORMATS)}
