"""2a dynamics: what one neuron does. Equilibria, bifurcations, cycles, reset maps, firing.

Importing this package imports none of its parts; using one of its names does.
"""

from importlib import import_module
from typing import Any

_HOME: dict[str, str] = {}

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"causal_snn.dynamics.{_HOME[name]}"), name)
    raise AttributeError(f"module 'causal_snn.dynamics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
