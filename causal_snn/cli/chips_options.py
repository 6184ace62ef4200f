"""What the options of ``causal-snn chips`` mean."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_snn.errors import InputError, suggest

if TYPE_CHECKING:
    from causal_snn.chips.chip import Chip
    from causal_snn.coarse import Partition
    from causal_snn.models.network import Network

WHOLE = ("bits", "state_bits", "refractory", "decay_bits")
"""Axes whose values are whole numbers."""


def read_axes(options: argparse.Namespace) -> dict[str, Any]:
    """Return the axes that were asked for."""
    found: dict[str, Any] = {}
    for name in WHOLE:
        text = getattr(options, name)
        if text is not None:
            found[name] = read_range(text, "--" + name.replace("_", "-"))
    if options.rounding is not None:
        found["rounding"] = split(options.rounding)
    return found


def read_range(text: str, option: str) -> list[int]:
    """Return whole numbers from ``4:8``, ``4:12:2``, ``4,6,8`` or several of these.

    Raises
    ------
    InputError
        If the text cannot be read, or names no number.
    """
    numbers: list[int] = []
    for part in split(text):
        try:
            first, *rest = (int(piece) for piece in part.split(":"))
        except ValueError:
            raise _range_error(option, text) from None
        if len(rest) > 2 or (len(rest) == 2 and rest[1] < 1):
            raise _range_error(option, text)
        last = rest[0] if rest else first
        numbers += range(first, last + 1, rest[1] if len(rest) == 2 else 1)
    if not numbers:
        raise _range_error(option, text)
    return list(dict.fromkeys(numbers))


def _range_error(option: str, text: str) -> InputError:
    return InputError(f"{option} {text!r}: write whole numbers, as 4:8, 4:12:2 or 4,6,8")


def read_chip(options: argparse.Namespace) -> Chip:
    """Return the chip that was asked for."""
    from causal_snn.chips import by_name

    given = _pairs(options.settings, "--set")
    if options.convention is not None:
        given["convention"] = options.convention
    return by_name(options.chip, **given)


def read_mapping(texts: list[str]) -> dict[str, Any]:
    """Return the options of `causal_snn.chips.map` that were given."""
    import inspect

    from causal_snn.chips.mapping.map import map_network

    known = [
        name
        for name, one in inspect.signature(map_network).parameters.items()
        if one.kind is one.KEYWORD_ONLY and name not in ("input_weights", "rng")
    ]
    found = _pairs(texts, "--map")
    for name in found:
        if name not in known:
            raise InputError(f"--map: no option {name!r}; {suggest(name, known)}")
    return found


def _pairs(texts: list[str], option: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in (part for text in texts for part in text.split(",") if part.strip()):
        name, equals, value = (piece.strip() for piece in pair.partition("="))
        if not (name and equals and value):
            raise InputError(f"{option} {pair!r}: write NAME=VALUE, as bits=16")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False, "none": None}.get(text.lower(), text)


_SAID = (
    (r"approximate=\('(\w+)',\)", r"--map approximate=\1"),
    (r"\b(origin|split|clip)='?(\w+)'?", r"--map \1=\2"),
    (r"\bnoise=None", "--noise none"),
)
"""How arguments of the library are given here."""


def in_options(message: str) -> str:
    """Return an error of the library with its arguments as options of the command."""
    for pattern, instead in _SAID:
        message = re.sub(pattern, instead, message)
    return message


def read_noise(text: str) -> Any:
    """Return what ``--noise`` says: "network", None or a number."""
    if text == "network":
        return text
    if text == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--noise {text!r}: 'network', 'none' or a number (mV)") from None


def read_chosen_network(options: argparse.Namespace) -> tuple[Network, Any]:
    """Return the network of the file, or the units of it that were asked for, and its inputs.

    Returns
    -------
    network : Network
    input_weights : array, shape (n, m), or None
        Of the input channels of a NIR file.
    """
    from causal_snn.io import read_network
    from causal_snn.io.network_file import read_input_weights
    from causal_snn.models.graph import strongest_units

    names = ("dt", "reset", "step", "reset_timing", "populations")
    given = {k: v for k in names if (v := getattr(options, k)) is not None}
    whole = read_network(options.file, **given)
    network = whole
    if options.units is not None:
        kind, _, size = options.units.partition(":")
        auto = kind == "auto" and size.isdigit()
        network = whole.subset(strongest_units(whole, int(size)) if auto else split(options.units))
    if Path(options.file).suffix.lower() != ".nir":
        return network, None
    given.pop("reset_timing", None)
    channels, table = read_input_weights(options.file, **given)
    rows = [whole.labels.index(label) for label in network.labels]
    return network, table[rows] if channels else None


def beyond_exact(network: Network, alphabet: str) -> str | None:
    """Return why a network has no exact macro TPM and what would do, or None if it has one."""
    from causal_snn.tpm.declared import MOST_STATES

    if any(neuron.name == "integrate_and_fire" for neuron in network.neurons):
        return (
            "integrate_and_fire has no leak, so no stationary potential and no exact TPM "
            "is defined; use lif neurons with a long tau"
        )
    letters = {"binary": 2, "ternary": 3}[alphabet]
    if letters**network.n > MOST_STATES:
        most = int(math.log(MOST_STATES, letters))
        return (
            f"{network.n} units have {letters}^{network.n} macro states, an exact TPM at most "
            f"{MOST_STATES:,}: at most {most} {alphabet} units. Give --units auto:4 for the 4 that "
            "act on each other most, or name them; the others are silent then"
        )
    return None


def partition_of(network: Network, alphabet: Any) -> Partition:
    """Return the macro states: binary at the threshold, ternary at the causal thresholds."""
    from causal_snn import coarse
    from causal_snn.kernel import next_spike

    if alphabet == "binary":
        theta = network.step().theta
        return coarse.Partition.from_thresholds(network, theta, alphabet="binary")
    units = [coarse.threshold(next_spike(network, k)).partition for k in range(network.n)]
    return coarse.Partition(tuple(units))


def split(text: str) -> list[str]:
    """Return what stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
