"""report.json: every number of a report, versioned and reloadable.

Kernels are not stored: they are closed forms of the network and come back from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_snn.coarse import Partition, ThresholdResult
from causal_snn.errors import InputError, bad
from causal_snn.io.files import naming, read_text, require_file
from causal_snn.io.network_toml import network_from_toml
from causal_snn.io.toml_writer import network_to_toml
from causal_snn.phi import PhiByState, PhiResult
from causal_snn.tpm import TPM

if TYPE_CHECKING:
    from os import PathLike

    from causal_snn.report.result import Report

FORMAT = "causal_snn-report/1"


@dataclass(frozen=True, slots=True)
class _Stored:
    """What report.json holds, in the order it is written."""

    format: str
    options: dict[str, Any]
    provenance: dict[str, Any]
    network: str  # the TOML text of the network: its own format is versioned too
    thresholds: tuple[ThresholdResult, ...]
    tpm: TPM
    phi: PhiResult
    phi_by_state: PhiByState | None


def report_to_json(report: Report) -> str:
    """Return a report as JSON text."""
    import msgspec

    stored = _Stored(
        format=FORMAT,
        options=dict(report.options),
        provenance=dict(report.provenance),
        network=network_to_toml(report.network),
        thresholds=report.thresholds,
        tpm=report.tpm,
        phi=report.phi,
        phi_by_state=report.phi_by_state,
    )
    encoded = msgspec.json.encode(stored, enc_hook=_encode)
    return msgspec.json.format(encoded, indent=1).decode()


def read_report(path: str | PathLike[str]) -> Report:
    """Return the report stored in a report.json, or in the directory that holds one.

    Raises
    ------
    InputError
        If there is no such file, or it is not a report of a known version.
    """
    import msgspec

    from causal_snn.kernel import next_spike
    from causal_snn.report.result import Report

    file = Path(path)
    if file.is_dir():
        file = file / "report.json"
    require_file(file)
    with naming(file):
        text = read_text(file)
        _check_format(text)
        try:
            stored = msgspec.json.decode(text, type=_Stored, dec_hook=_decode)
        except msgspec.ValidationError as error:
            raise InputError(f"not a complete {FORMAT} file: {error}") from error
    network = network_from_toml(stored.network)
    contexts = stored.options.get("contexts")
    potentials = stored.options.get("potentials")
    return Report(
        network=network,
        kernels=tuple(
            next_spike(
                network,
                k,
                contexts=contexts,
                potentials=None if potentials is None else (potentials[0], potentials[1]),
            )
            for k in range(network.n)
        ),
        thresholds=stored.thresholds,
        partition=Partition(tuple(result.partition for result in stored.thresholds)),
        tpm=stored.tpm,
        phi=stored.phi,
        phi_by_state=stored.phi_by_state,
        options=stored.options,
        provenance=stored.provenance,
    )


def _check_format(text: str) -> None:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error}") from error
    version = found.get("format") if isinstance(found, Mapping) else None
    if version != FORMAT:
        raise bad("format", version, f"{FORMAT!r}, which this version reads")


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(f"cannot store {type(value).__name__} in report.json")


def _decode(_: Any, value: Any) -> Any:
    # Arrays are the only fields that JSON has no type for.
    return np.array(value, dtype=float)
