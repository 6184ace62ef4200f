"""Write a network as TOML text: the inverse of `causal_snn.io.network_toml`, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from causal_snn.errors import InputError, bad, suggest
from causal_snn.io.network_toml import FORMAT
from causal_snn.models import BY_NAME

if TYPE_CHECKING:
    from causal_snn.models import Convention, Network, NeuronModel


def network_to_toml(network: Network) -> str:
    """Return TOML text that `network_from_toml` reads back as an equal network.

    Raises
    ------
    InputError
        If a neuron is not one that its named model makes, so that the text would lose it.
    """
    for model in set(network.neurons):
        _check_writable(model)
    if not network.plain:
        raise InputError(
            "a network file holds dense weights with delays of one step; sparse weights, "
            "`delays`, `synapses` and `inputs` have no place in it yet. Keep such a network as code"
        )
    labels: tuple[str, ...] = network.labels
    lines = [
        f"format = {toml(FORMAT)}",
        f"name = {toml(network.name)}",
        f"source = {toml(network.source)}",
        f"dt = {toml(network.dt)}  # ms; also the delay of every connection",
        *_neuron_lines(network, labels),
        "",
        "[network]",
        f"labels = {toml(labels)}",
        "# jump of the target per spike: mV for lif, nA for cuba_lif; row = target",
        "weights = [",
        *(f"  {toml(row)}," for row in network.weights.tolist()),
        "]",
        *_column("drive", network.drive.tolist(), "mV, R I"),
        *_column("noise", network.noise.tolist(), "mV, stationary sd"),
        *_column("bias", network.bias.tolist(), "per step, unit of the weights"),
    ]
    if network.background:
        lines += ["", "# units outside the network, and their clamped state"]
        lines += ["[network.background]"]
        lines += [f"{toml(label)} = {int(state)}" for label, state in network.background.items()]
    return "\n".join(lines) + "\n"


def toml(value: Any) -> str:
    """Return a string, boolean, number or sequence of these as a TOML value."""
    if isinstance(value, str):
        # JSON and TOML escape alike, but for the one control character JSON leaves alone.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(float(value))  # the shortest digits that give the same bits
    return "[" + ", ".join(toml(item) for item in value) + "]"


def _neuron_lines(network: Network, labels: tuple[str, ...]) -> list[str]:
    groups: dict[tuple[str, Convention], list[int]] = {}
    for k, model in enumerate(network.neurons):
        groups.setdefault((model.name, model.convention), []).append(k)
    lines = []
    for (name, convention), units in groups.items():
        lines += ["", "[neuron]" if len(groups) == 1 else "[[neuron]]", f"model = {toml(name)}"]
        if len(groups) > 1:
            lines += [f"units = {toml(labels[k] for k in units)}"]
        members = [network.neurons[k] for k in units]
        for key, first in members[0].parameters.items():
            values = [float(member.parameters[key]) for member in members]
            lines += _column(key, values, f"{first.unit}, {first.meaning}")
        lines += ["[neuron.convention]", *_pairs(asdict(convention))]
    return lines


def _column(key: str, values: list[float], comment: str) -> list[str]:
    """Return one value for all units where they agree, else the list of them."""
    # By their digits, which tell -0.0 from 0.0.
    if len(set(map(repr, values))) == 1:
        return [f"{key} = {toml(values[0])}  # {comment}"]
    return [f"# {comment}", f"{key} = {toml(values)}"]


def _pairs(table: Mapping[str, Any]) -> Iterable[str]:
    return (f"{key} = {toml(value)}" for key, value in table.items())


def _check_writable(model: NeuronModel) -> None:
    if model.name not in BY_NAME:
        raise bad("model", model.name, "not a model that files know", suggest(model.name, BY_NAME))
    try:
        again = BY_NAME[model.name](**dict(model.parameters), **asdict(model.convention))
    except TypeError:
        again = None
    if again != model:
        raise InputError(
            f"a neuron is called {model.name!r} but is not what models.{model.name}() makes of "
            "its parameters; a file cannot hold its equations"
        )
