"""``causal-snn chips FILE``: what a chip makes of a network, and at which precision it breaks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_snn.cli.chips_options import (
    beyond_exact,
    in_options,
    partition_of,
    read_axes,
    read_chip,
    read_chosen_network,
    read_mapping,
    read_noise,
    split,
)
from causal_snn.cli.neuron import read_settings
from causal_snn.errors import InputError

if TYPE_CHECKING:
    from causal_snn.chips.chip import Chip
    from causal_snn.models.network import Network


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "chips",
        help="map a network onto a chip",
        description="Maps a network file (.toml or .nir) onto a chip and sets the chip's exact "
        "macro TPM, effective and integrated information beside those of the float network. "
        "With --bits or another axis, at every precision, and where causal structure and spike "
        "statistics break. A network too large for an exact TPM is mapped, and its spikes are "
        "compared. With --out, a folder with chips.md, CSV files and figures.",
    )
    parser.add_argument("file", metavar="FILE", help="network file: .toml or .nir")
    parser.add_argument(
        "--chip",
        default="loihi2",
        metavar="NAME",
        help="loihi, loihi2 (default), truenorth, spinnaker1, spinnaker2, brainscales2, xylo, "
        "odin, fixed",
    )
    parser.add_argument(
        "--convention", metavar="NAME", help="whose reading of the chip, as lava, nengo, brian2"
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="further options of the chip, as --chip fixed --set bits=16 frac=8",
    )
    parser.add_argument(
        "--map",
        dest="mapping",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="options of the mapping: scale, clip, rounding, split, origin, approximate, as "
        "--map approximate=true",
    )
    _add_axes(parser)
    _add_question(parser)
    _add_nir(parser)
    parser.set_defaults(run=run)


def _add_axes(parser: argparse.ArgumentParser) -> None:
    axes = parser.add_argument_group(
        "precision", "axes to sweep: whole numbers as 4:8 (both ends), 4:12:2 or 4,6,8"
    )
    axes.add_argument("--bits", metavar="RANGE", help="bits of the weights, sign included")
    axes.add_argument("--state-bits", metavar="RANGE", help="bits of the potential's register")
    axes.add_argument(
        "--rounding",
        metavar="LIST",
        help="of decay: zero, floor, nearest, nearest_away, stochastic, with commas",
    )
    axes.add_argument("--refractory", metavar="RANGE", help="steps that the chip holds a neuron")
    axes.add_argument("--decay-bits", metavar="RANGE", help="resolution of the decay factors")
    axes.add_argument(
        "--design",
        choices=("grid", "each"),
        default="grid",
        help="all combinations (default), or one axis at a time",
    )


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", help="write chips.md, CSV files and figures")
    parser.add_argument(
        "--units",
        metavar="LIST",
        help="units to map: labels or indices with commas, or auto:K; the others are silent",
    )
    parser.add_argument(
        "--noise",
        default="network",
        metavar="SD",
        help="mV that a step adds to every potential, in both: 'network' (default: the "
        "network's own), 'none' or a number",
    )
    parser.add_argument("--alphabet", choices=("ternary", "binary"), default="ternary")
    parser.add_argument(
        "--measures", metavar="LIST", help="default: tv,ei,phi_s,mip,edges,rate,cv,correlation"
    )
    parser.add_argument(
        "--tolerance",
        action="extend",
        nargs="+",
        default=[],
        metavar="MEASURE=NUMBER",
        help="largest deviation that counts as kept, as --tolerance phi_s=0.05",
    )
    parser.add_argument(
        "--steps", type=int, metavar="N", help="steps of the runs for statistics (a sweep has 64)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the runs for statistics")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def _add_nir(parser: argparse.ArgumentParser) -> None:
    nir = parser.add_argument_group("NIR files", "which carry none of these")
    nir.add_argument("--dt", type=float, help="time step in ms")
    nir.add_argument("--reset", choices=("value", "subtract"))
    nir.add_argument("--step", "--discretisation", choices=("exact", "euler"))
    nir.add_argument("--reset-timing", choices=("immediate", "delayed"))
    nir.add_argument(
        "--populations", choices=("recurrent", "all"), help="default: without pure readouts"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    try:
        return _run(options)
    except InputError as error:
        raise InputError(in_options(str(error))) from None


def _run(options: argparse.Namespace) -> int:
    from causal_snn.cli import chips_output
    from causal_snn.io.folder import check_folder

    axes = read_axes(options)
    for name in ("measures", "tolerance"):
        if getattr(options, name) and not axes:
            raise InputError(f"--{name} is for sweeps: also give an axis, as --bits 4:8")
    if options.seed < 0:
        raise InputError(f"--seed {options.seed}: a whole number, 0 or more")
    chip = read_chip(options)
    mapping = read_mapping(options.mapping)
    target = None if options.out is None else Path(options.out)
    if target is not None:  # before the work
        check_folder(target, is_ours=chips_output.is_ours, kind="chip study")
    network, channels = read_chosen_network(options)
    if channels is not None:
        mapping["input_weights"] = channels
    question: dict[str, Any] = {"noise": read_noise(options.noise), "rng": options.seed}
    if options.steps is not None:
        question["steps"] = options.steps
    beyond = beyond_exact(network, options.alphabet)
    if beyond is None:
        question["partition"] = partition_of(network, options.alphabet)
    elif axes:
        raise InputError(f"{network.name}: {beyond}")
    if axes:
        if options.measures is not None:
            question["measures"] = split(options.measures)
        question["tolerances"] = read_settings(options.tolerance, "--tolerance")
        return _sweep(network, chip, {**axes, "map_options": mapping}, question, options, target)
    if beyond is not None:
        return chips_output.mapping_only(network, chip, mapping, question, target, beyond=beyond)
    return chips_output.one(network, chip, mapping, question, target, quiet=options.quiet)


def _sweep(
    network: Network,
    chip: Chip,
    axes: dict[str, Any],
    question: dict[str, Any],
    options: argparse.Namespace,
    target: Path | None,
) -> int:
    from causal_snn.cli import chips_output
    from causal_snn.studies.critical_precision import critical_precision

    found = critical_precision(
        network,
        chip=chip,
        **{"bits": None, **axes},
        design=options.design,
        progress=not options.quiet,
        **question,
    )
    return chips_output.sweep(network, chip, found, target)
