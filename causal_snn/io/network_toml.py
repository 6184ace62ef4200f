"""The TOML format of network files, version 1, and its reader.

Potentials are in mV, times in ms, currents in nA, resistances in MOhm. Row = target::

    format = "causal_snn-network/1"   # required
    name = "inhibited follower"       # optional
    source = "made up"                # optional: where the network comes from
    dt = 1.0                          # required: time step (ms), and the delay of connections

    [neuron]                          # required
    model = "lif"                     # required: "lif" or "cuba_lif"
    tau = 20.0                        # any parameter of models.lif() or models.cuba_lif();
    theta = [-50.0, -52.0]            # one number for all units, or a list, one for each

    [neuron.convention]               # optional: any field of models.Convention
    reset = "subtract"

    [network]                         # required
    labels = ["A", "B"]               # optional: default A, B, C, ...
    weights = [                       # jump of the target per spike of the source,
      [0.0, -3.0],                    # mV for lif, nA for cuba_lif: a row for each target,
      [5.0,  0.0],                    # a column for each source
    ]
    drive = [16.0, 10.0]              # optional: R I (mV), a number or a list; default 0
    noise = 4.0                       # optional: stationary sd (mV), likewise; default 0
    bias = 0.0                        # optional: constant input per step, unit of the weights

    [network.background]              # optional: units left outside, and their clamped state
    C = 0

Few connections among many units read better one by one, which needs `labels`; and units
whose models or conventions differ are written as several ``[[neuron]]`` tables, each with
its `units`; lists in a table are then one number for each of its units::

    format = "causal_snn-network/1"
    dt = 0.5

    [[neuron]]
    model = "lif"
    units = ["E"]

    [[neuron]]
    model = "cuba_lif"
    units = ["I1", "I2"]
    tau_syn = [5.0, 8.0]
    [neuron.convention]               # of the [[neuron]] table above it
    step = "euler"

    [network]
    labels = ["E", "I1", "I2"]
    connections = [
      {from = "E", to = "I1", weight = 2.0},
      {from = "I1", to = "E", weight = -3.0},
    ]
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import InputError, bad, suggest
from causal_snn.io.files import naming
from causal_snn.io.toml_neurons import read_neurons
from causal_snn.io.toml_values import check_keys, number, numbers, require, strings, table, text
from causal_snn.models.network import Network

FORMAT = "causal_snn-network/1"

TOP_KEYS = ("format", "name", "source", "dt", "neuron", "network")
NETWORK_KEYS = ("labels", "weights", "connections", "drive", "noise", "bias", "background")
CONNECTION_KEYS = ("from", "to", "weight")


def network_from_toml(source: str) -> Network:
    """Return the network that TOML text describes; the format is in the module docstring.

    Raises
    ------
    InputError
        If the text is not TOML (the line is named), or a key is unknown, missing or wrong.
    """
    document = _parse(source)
    _check_format(document)
    check_keys(document, TOP_KEYS, "top level")
    spec = table(require(document, "network", "top level"), "network")
    check_keys(spec, NETWORK_KEYS, "[network]")
    labels = strings(spec["labels"], "labels") if "labels" in spec else None
    weights = _read_weights(spec, labels)
    n = len(weights)
    # Before the neurons, which are told apart by label.
    if labels is not None and len(labels) != n:
        raise bad("labels", labels, f"{n} names, one for each row of weights")
    dt = number(require(document, "dt", "top level"), "dt")
    neurons = read_neurons(require(document, "neuron", "top level"), n, labels)
    return Network(
        neuron=neurons,
        weights=weights,
        dt=dt,
        labels=labels,
        name=text(document.get("name", "network"), "name"),
        source=text(document.get("source", ""), "source"),
        background=_read_background(spec.get("background", {})),
        drive=numbers(spec.get("drive", 0.0), "drive"),
        noise=numbers(spec.get("noise", 0.0), "noise"),
        bias=numbers(spec.get("bias", 0.0), "bias"),
    )


def _parse(source: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        # "at end of document" has no number.
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found.group(1)) if found else max(1, len(source.splitlines()))
        raise InputError(f"line {line}: not valid TOML: {error}") from None
    except RecursionError:
        raise InputError("not readable TOML: its values are nested too deeply") from None


def _check_format(document: dict[str, Any]) -> None:
    hint = f'A network file starts with the line format = "{FORMAT}".'
    if "format" not in document:
        raise InputError(f"top level: missing key 'format'. {hint}")
    version = document["format"]
    if version == FORMAT:
        return
    if isinstance(version, str) and re.fullmatch(r"causal_snn-network/\d+", version):
        raise bad("format", version, f"this causal_snn reads {FORMAT!r} only", "Update causal_snn.")
    raise bad("format", version, "not a network format", hint)


def _read_weights(spec: dict[str, Any], labels: list[str] | None) -> NDArray[np.float64]:
    if ("weights" in spec) == ("connections" in spec):
        seen = "both" if "weights" in spec else "neither"
        raise InputError(
            f"[network]: {seen} of weights and connections is there; give weights (a table, "
            "row = target) or connections (a list of {from, to, weight})"
        )
    if "connections" in spec:
        return _read_connections(spec["connections"], labels)
    rows = spec["weights"]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise bad("weights", rows, "a list of rows, one for each target, as [[0, 3], [3, 0]]")
    for k, row in enumerate(rows):
        if len(row) != len(rows):
            raise bad(
                f"weights[{k}]",
                row,
                f"a row of {len(rows)} numbers, for the table has {len(rows)} rows",
                "Row = target, column = source.",
            )
    return np.array(
        [
            [number(value, f"weights[{k}][{j}]") for j, value in enumerate(row)]
            for k, row in enumerate(rows)
        ]
    )


def _read_connections(entries: Any, labels: list[str] | None) -> NDArray[np.float64]:
    if labels is None:
        raise InputError("[network]: missing key 'labels', by which connections name units")
    if not isinstance(entries, list):
        raise bad("connections", entries, 'a list of {from = "A", to = "B", weight = 1.0}')
    weights = np.zeros((len(labels), len(labels)))
    seen: set[tuple[int, int]] = set()
    for k, entry in enumerate(entries):
        where = f"connections[{k}]"
        check_keys(table(entry, where), CONNECTION_KEYS, where)
        ends = {end: require(entry, end, where) for end in ("from", "to")}
        value = require(entry, "weight", where)
        with naming(where):
            for end, label in ends.items():
                if label not in labels:
                    raise bad(end, label, "the label of a unit", suggest(str(label), labels))
            pair = labels.index(ends["to"]), labels.index(ends["from"])
            if pair in seen:
                raise InputError(
                    f"{ends['from']!r} to {ends['to']!r} is given twice; keep one of the two"
                )
            seen.add(pair)
            weights[pair] = number(value, "weight")
    return weights


def _read_background(value: Any) -> dict[str, int]:
    states = table(value, "network.background")
    for label, state in states.items():
        if isinstance(state, bool) or state not in (0, 1):
            raise bad(f"background.{label}", state, "the clamped state, 0 or 1")
    return {label: int(state) for label, state in states.items()}
