"""Network files in and out: TOML and NIR, and the integers of a chip beside them.

Importing it is cheap: file libraries load inside the functions that need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causal_snn.io.network_file import read_input_weights, read_network, write_network

if TYPE_CHECKING:
    from causal_snn.io.nir_write import write_nir
    from causal_snn.io.sidecar import read_sidecar

__all__ = ["read_input_weights", "read_network", "read_sidecar", "write_network", "write_nir"]

_LAZY = {"read_sidecar": "sidecar", "write_nir": "nir_write"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"causal_snn.io.{_LAZY[name]}"), name)
