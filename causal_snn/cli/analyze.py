"""``causal-snn analyze FILE``: thresholds, macro TPM and integrated information of a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_snn.errors import InputError

if TYPE_CHECKING:
    from causal_snn.models.network import Network
    from causal_snn.report import Report


def add(commands: Any) -> None:
    """Add the command to the parser."""
    analyze = commands.add_parser(
        "analyze",
        help="analyse a network file",
        description="Causal thresholds, macro TPM and integrated information of a network file "
        "(.toml or .nir). With --out, also a report with figures.",
    )
    analyze.add_argument("file", metavar="FILE", help="network file: .toml or .nir")
    _add_question(analyze)
    _add_nir(analyze)
    analyze.set_defaults(run=run)


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", help="write report.md, report.json and figures")
    parser.add_argument(
        "--units",
        metavar="LIST",
        help="units to analyse: labels or indices with commas, or auto:K for the K strongly "
        "connected units with the strongest recurrent weights; the others are background",
    )
    parser.add_argument(
        "--background",
        metavar="LIST",
        default="",
        help="labels of background units clamped to spike in every step (default: all silent)",
    )
    states = parser.add_mutually_exclusive_group()
    states.add_argument("--state", metavar="LIST", help="macro state, as 0,2,1 (first unit first)")
    states.add_argument(
        "--all-states", action="store_true", default=None, help="phi_s of every reachable state"
    )
    parser.add_argument("--alphabet", choices=("ternary", "binary"), default="ternary")
    parser.add_argument(
        "--law",
        choices=("uniform", "stationary", "stationary_joint", "maximum_entropy"),
        default="uniform",
    )
    parser.add_argument(
        "--range",
        nargs=2,
        type=float,
        metavar=("LOW", "HIGH"),
        help="potentials that interventions may set (mV); must contain the threshold",
    )
    parser.add_argument("--contexts", choices=("states", "extremes", "interval"))
    parser.add_argument(
        "--formalism",
        choices=("IIT_4_0_2026", "IIT_4_0_2023", "IIT_3_0"),
        default="IIT_4_0_2026",
    )
    parser.add_argument(
        "--structure",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="compute the cause-effect structure and Phi (default: while it costs seconds)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="refuse a TPM that is not conditionally independent"
    )
    parser.add_argument("--seed", type=_seed, default=0, help="seed of the stationary laws")
    parser.add_argument("--max-seconds", type=float, default=600.0, metavar="S")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def _add_nir(parser: argparse.ArgumentParser) -> None:
    nir = parser.add_argument_group("NIR files", "which carry none of these")
    nir.add_argument("--dt", type=float, help="time step in ms")
    nir.add_argument("--reset", choices=("value", "subtract"))
    nir.add_argument("--step", "--discretisation", choices=("exact", "euler"))
    nir.add_argument("--reset-timing", choices=("immediate", "delayed"))
    nir.add_argument("--noise", type=float, metavar="SD", help="membrane noise (mV), default 0")
    nir.add_argument(
        "--populations", choices=("recurrent", "all"), help="default: without pure readouts"
    )


def _read(options: argparse.Namespace) -> Network:
    from causal_snn.io import read_network

    names = ("dt", "reset", "step", "reset_timing", "noise", "populations")
    given = {name: getattr(options, name) for name in names}
    return read_network(options.file, **{k: v for k, v in given.items() if v is not None})


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    from causal_snn.pipeline import analyze
    from causal_snn.report.files import check_target
    from causal_snn.report.screen import show

    network = _read(options)
    if options.out is not None:
        check_target(Path(options.out))  # before the work, not after it
    report: Report = analyze(
        network,
        units=options.units,
        background=dict.fromkeys(_split(options.background), 1),
        alphabet=options.alphabet,
        contexts=options.contexts,
        potentials=None if options.range is None else tuple(options.range),
        law=options.law,
        state=None if options.state is None else _state(options.state),
        all_states=options.all_states,
        formalism=options.formalism,
        structure=options.structure,
        strict=options.strict,
        max_seconds=options.max_seconds,
        rng=options.seed,
        progress=not options.quiet,
    )
    show(report)
    if options.out is not None:
        report.save(options.out)
        print(f"Report: {Path(options.out) / 'report.md'}")
    return 0


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _state(text: str) -> list[int]:
    parts = _split(text) if "," in text else list(text.strip())
    try:
        return [int(part) for part in parts]
    except ValueError:
        raise InputError(
            f"--state {text!r}: one whole number for each unit, as 0,2,1 or 021"
        ) from None


def _seed(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or more")
    return int(text)
