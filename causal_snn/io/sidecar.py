"""The sidecar of a NIR file: a chip's description, its integers and what the mapping cost, as JSON.

Arrays are lists with their type and shape, sparse ones lists of rows, columns and values;
numbers that are not finite are the words nan, inf and -inf, so that the text is plain JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from causal_snn import __version__
from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.chips.mapping.report import MappingReport, Split
from causal_snn.chips.mapping.sharing import Cores
from causal_snn.chips.parameters import Parameters
from causal_snn.errors import InputError
from causal_snn.io.files import naming, read_text
from causal_snn.models import BY_NAME, Network
from causal_snn.models.network_checks import is_sparse

FORMAT = "causal_snn-chip/1"

_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Chip,
        Core,
        Cores,
        Decay,
        Fixed,
        MappingReport,
        Parameters,
        Setting,
        Split,
        WeightFormat,
    )
}
_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def sidecar_path(path: Path) -> Path:
    """Return where the sidecar of a file is: ``name.chip.json`` beside it."""
    return path.with_name(f"{path.stem}.chip.json")


def sidecar_text(mapped: Mapped) -> str:
    """Return the sidecar of a mapping as text."""
    content = {
        "format": FORMAT,
        "version": __version__,
        "chip": _encode(mapped.chip),
        "parameters": _encode(mapped.parameters),
        "scale": _encode(mapped.scale),
        "rest": _encode(mapped.rest),
        "place": _encode(mapped.place),
        "network": None if mapped.network is None else _network(mapped.network),
        "report": _encode(mapped.report),
        "provenance": _encode(dict(mapped.provenance)),
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def digest(text: str) -> str:
    """Return the sha256 of a sidecar's text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_sidecar(path: str | PathLike[str]) -> Mapped:
    """Return the mapping that a sidecar holds.

    Parameters
    ----------
    path : path-like
        A ``.chip.json`` file, or the ``.nir`` file beside it, whose recorded sha256 is then
        checked.

    Returns
    -------
    Mapped
        Equal to what was written: chip, integers, network, report.

    Raises
    ------
    InputError
        If the file is missing or malformed, or not the one that the NIR file was written with.
    """
    path = Path(path)
    if path.suffix.lower() == ".nir":
        from causal_snn.io.nir_write import recorded_digest

        wanted = recorded_digest(path)
        path = sidecar_path(path)
        text = read_text(path)
        if digest(text) != wanted:
            raise InputError(
                f"{path}: not the sidecar that the NIR file beside it was written with (its sha256 "
                "differs); write both again"
            )
    else:
        text = read_text(path)
    with naming(path):
        return _decoded(text)


def _decoded(text: str) -> Mapped:
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise InputError(f"format {content['format']!r}: this version reads {FORMAT!r}")
        kept = {
            name: _decode(content[name])
            for name in ("chip", "parameters", "scale", "rest", "place", "report")
        }
        network = None if content["network"] is None else _as_network(content["network"])
        return Mapped(**kept, network=network, provenance=_plain(content["provenance"]))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise InputError(f"not a sidecar of a chip ({type(error).__name__}: {error})") from None


def _network(network: Network) -> dict[str, Any]:
    """Return a network of neurons that files can name."""
    models = list(dict.fromkeys(network.neurons))
    place = {model: k for k, model in enumerate(models)}
    return {
        "models": [
            {
                "model": model.name,
                "parameters": {k: float(v) for k, v in model.parameters.items()},
                "convention": asdict(model.convention),
            }
            for model in models
        ],
        "neurons": [place[model] for model in network.neurons],
        "delays": _encode(network.delays),
        "background": dict(network.background),
        "labels": list(network.labels),
        **{name: getattr(network, name) for name in ("dt", "name", "source")},
        **{name: _encode(getattr(network, name)) for name in ("weights", "drive", "noise", "bias")},
    }


def _as_network(content: dict[str, Any]) -> Network:
    models = [
        BY_NAME[one["model"]](**one["parameters"], **one["convention"]) for one in content["models"]
    ]
    arrays = ("weights", "drive", "noise", "bias", "delays")
    plain = ("dt", "labels", "name", "source", "background")
    return Network(
        neuron=[models[k] for k in content["neurons"]],
        **{name: _decode(content[name]) for name in arrays},
        **{name: content[name] for name in plain},
    )


def _encode(value: Any) -> Any:
    if is_sparse(value):
        table = value.tocoo()
        return {
            "$sparse": [table.row.tolist(), table.col.tolist(), _encode(table.data)],
            "shape": list(table.shape),
        }
    if isinstance(value, np.ndarray):
        if value.ndim == 2 and value.size and not any(value.strides):  # one number for all
            return {
                "$all": _encode(value.flat[0].item()),
                "type": str(value.dtype),
                "shape": list(value.shape),
            }
        return {
            "$array": [_encode(x) for x in value.ravel().tolist()],
            "type": str(value.dtype),
            "shape": list(value.shape),
        }
    if is_dataclass(value) and not isinstance(value, type):
        found = {one.name: _encode(getattr(value, one.name)) for one in fields(value)}
        return {"$is": type(value).__name__, **found}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: _encode(x) for key, x in value.items()}
        return {"$pairs": [[_encode(key), _encode(x)] for key, x in value.items()]}
    if isinstance(value, list | tuple):
        return [_encode(x) for x in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")}
    return value


def _decode(value: Any) -> Any:
    """Return what `_encode` encoded; lists are tuples."""
    if isinstance(value, list):
        return tuple(_decode(x) for x in value)
    if not isinstance(value, dict):
        return value
    if "$float" in value:
        return _WORDS[value["$float"]]
    if "$array" in value:
        flat = [_decode(x) for x in value["$array"]]
        return np.array(flat, dtype=value["type"]).reshape(value["shape"])
    if "$all" in value:
        return np.broadcast_to(np.array(_decode(value["$all"]), value["type"]), value["shape"])
    if "$sparse" in value:
        import scipy.sparse

        rows, columns, data = value["$sparse"]
        entries = (_decode(data), (np.array(rows, np.int64), np.array(columns, np.int64)))
        return scipy.sparse.csr_array(entries, shape=tuple(value["shape"]))
    if "$pairs" in value:
        return {_decode(key): _decode(x) for key, x in value["$pairs"]}
    if "$is" in value:
        kind = _TYPES.get(value["$is"])
        if kind is None:
            raise InputError(f"a part of unknown kind {value['$is']!r}")
        return kind(**{key: _decode(x) for key, x in value.items() if key != "$is"})
    return {key: _decode(x) for key, x in value.items()}


def _plain(value: Any) -> Any:
    """Return plain values as they are, lists too."""
    if isinstance(value, dict):
        return (
            _WORDS[value["$float"]]
            if "$float" in value
            else {k: _plain(x) for k, x in value.items()}
        )
    return [_plain(x) for x in value] if isinstance(value, list) else value
