"""How the command line names a neuron: ``MODEL[:SET]`` and ``--set NAME=VALUE``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from causal_snn.errors import InputError, suggest

if TYPE_CHECKING:
    from causal_snn.models.neuron import NeuronModel

SHORT = {
    "hh": "hodgkin_huxley",
    "ml": "morris_lecar",
    "fhn": "fitzhugh_nagumo",
    "theta": "theta_neuron",
    "cond_lif": "conductance_lif",
}
"""Short names that the field uses."""


def add_neuron(parser: Any) -> None:
    """Add the arguments that name a neuron and its parameters."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="lif, qif, eif, adex, izhikevich, hodgkin_huxley (hh), morris_lecar (ml), "
        "fitzhugh_nagumo (fhn), glif, ...; a named parameter set after a colon, as ml:snlc, "
        "adex:regular_bursting or izhikevich:chattering",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="parameter values, as --set I=90 phi=0.04",
    )
    parser.add_argument("--out", metavar="DIR", help="where to write (default: COMMAND-MODEL)")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def read_neuron(text: str) -> NeuronModel:
    """Return the neuron that ``MODEL[:SET]`` names.

    Raises
    ------
    InputError
        If there is no such model or no such parameter set.
    """
    from causal_snn.models import NEURONS

    name, _, chosen = text.partition(":")
    name = name.strip().lower().replace("-", "_")
    name = SHORT.get(name, name)
    if name not in NEURONS:
        raise InputError(f"MODEL {text!r}: no such neuron; {suggest(name, [*NEURONS, *SHORT])}")
    make: Any = NEURONS[name]
    if not chosen:
        return make()  # type: ignore[no-any-return]
    try:
        return make(chosen.strip().replace("-", "_"))  # type: ignore[no-any-return]
    except TypeError:
        raise InputError(f"MODEL {text!r}: {name} has no named parameter sets") from None


def read_settings(pairs: Iterable[str], option: str = "--set") -> dict[str, float]:
    """Return ``NAME=VALUE`` pairs, also separated by commas, as a mapping.

    Raises
    ------
    InputError
        If a pair cannot be read or a name comes twice.
    """
    values: dict[str, float] = {}
    for pair in (part for text in pairs for part in text.split(",") if part.strip()):
        name, equals, number = (piece.strip() for piece in pair.partition("="))
        try:
            value = float(number)
        except ValueError:
            equals = ""
        if not (name and equals):
            raise InputError(f"{option} {pair!r}: write NAME=NUMBER, as I=90")
        if name in values:
            raise InputError(f"{option} {pair!r}: {name} is given twice")
        values[name] = value
    return values


def default_folder(command: str, options: argparse.Namespace) -> str:
    """Return the folder to write: the one asked for, or one named by the command and model."""
    if options.out is not None:
        return str(options.out)
    return f"{command}-{options.model.replace(':', '-').replace('/', '-')}"
