"""Reports that the tests of figures share, and what every figure must leave alone."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pytest

from causal_snn import analyze
from causal_snn.models import zoo
from causal_snn.report import Report


@pytest.fixture(scope="session")
def pyloric() -> Report:
    return analyze(zoo.pyloric())


@pytest.fixture(scope="session")
def ring() -> Report:
    return analyze(zoo.excitatory_ring())


@pytest.fixture(autouse=True)
def no_global_state() -> Iterator[None]:
    """Fail a test whose figures change an rcParam or stay open in pyplot."""
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    from matplotlib import pyplot as plt

    assert plt.get_fignums() == []
