"""Fingerprints: short texts that tell arrays, networks and formulas apart, to resume the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from causal_snn.models.network_checks import is_sparse


def fingerprint(value: Any) -> str:
    """Return a short text that is the same for the same arrays and formulas, else another."""
    return fingerprint_bytes(value).hex()[:16]


def fingerprint_bytes(value: Any) -> bytes:
    """Return the whole fingerprint."""
    digest = hashlib.sha256()
    for piece in _pieces_of(value):
        digest.update(piece)
    return digest.digest()


def _pieces_of(value: Any) -> Any:
    """Yield bytes: every piece begins with its kind, so that no two values run together."""
    if is_sparse(value):
        entries = value.tocoo()
        yield from _pieces_of([value.shape, entries.row, entries.col, entries.data])
    elif isinstance(value, np.ndarray):
        yield f"array {value.dtype} {value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _pieces_of([str(key), value[key]])
    elif isinstance(value, list | tuple):
        yield f"list {len(value)}".encode()
        known: dict[int, bytes] = {}  # thousands of units share their neuron
        for each in value:
            if id(each) not in known:
                known[id(each)] = fingerprint_bytes(each)
            yield known[id(each)]
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__.encode()
        for field in fields(value):
            yield from _pieces_of(getattr(value, field.name))
    else:
        text = getattr(value, "__qualname__", None) if callable(value) else None
        yield f"value {text or repr(value)};".encode()
