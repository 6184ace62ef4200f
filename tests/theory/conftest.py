"""Reach the derivations from the tests: their file names start with a digit."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import sympy as sp

THEORY = Path(__file__).parents[2] / "theory"


def _load(name: str) -> ModuleType:
    if str(THEORY) not in sys.path:  # the derivations import each other by plain name
        sys.path.insert(0, str(THEORY))
    return importlib.import_module(name)


def _evaluate(expr: sp.Expr, **values: float) -> float:
    numbers = {symbol: values[symbol.name] for symbol in expr.free_symbols}
    return float(sp.N(expr.subs(numbers)))


@pytest.fixture(scope="session")
def load_theory() -> Callable[[str], ModuleType]:
    """Import a derivation by its stem: ``load_theory("01_lif").RESULTS["L3"]()["m"]``."""
    return _load


@pytest.fixture(scope="session")
def evaluate() -> Callable[..., float]:
    """Evaluate a proved formula at named values: ``evaluate(expr, theta=-50.0, E=-65.0, ...)``."""
    return _evaluate
