"""How a result was made: versions, method, options, seed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any

from causal_snn import __version__


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of the libraries that numbers depend on, without importing them."""
    found = {"causal-snn": __version__}  # of this code, installed or not
    for package in ("numpy", "scipy", "sympy", "cvxpy", "pyphi"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return MappingProxyType(found)


def provenance(method: str, **details: Any) -> dict[str, Any]:
    """Return a provenance record: `method`, then `details`, then the versions.

    Parameters
    ----------
    method : str
        How the numbers were computed, in words a paper could use.
    **details
        Plain values (numbers, strings, lists) that were chosen or measured.
    """
    return {"method": method, **details, "versions": dict(versions())}
