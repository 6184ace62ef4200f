"""Tables of effects: their checks, and the closed form on cells, enclosed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from causal_snn import kernel, models
from causal_snn.errors import InputError
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models import Network

Floats = NDArray[np.float64]


def table(**changes: Any) -> TabulatedKernel:
    """Two contexts, three cells, two outcomes."""
    p = np.array([[0.1, 0.4, 0.9], [0.2, 0.5, 1.0]])
    fields: dict[str, Any] = {
        "label": "A",
        "rows": np.stack([1 - p, p], axis=-1),
        "spread": np.full((2, 3), 0.05),
        "states": np.array([[-60.0], [-55.0], [-51.0]]),
        "mass": np.array([0.5, 0.3, 0.2]),
        "inputs": np.array([0.0, 3.0]),
        "context_law": np.array([0.25, 0.75]),
        "edges": np.array([-62.0, -58.0, -52.0, -50.0]),
    }
    return TabulatedKernel(**{**fields, **changes})


def test_what_it_says_of_itself() -> None:
    found = table()
    assert found.n == 3
    assert found.binary
    assert found.probability.tolist() == [[0.1, 0.4, 0.9], [0.2, 0.5, 1.0]]
    assert found.lower[0] == pytest.approx([0.05, 0.35, 0.85])
    assert found.upper[1] == pytest.approx([0.25, 0.55, 1.0])  # no probability is above 1
    assert found.direction == 1
    assert table(rows=found.rows[:, ::-1]).direction == -1
    assert table(rows=found.rows[:, [0, 2, 1]]).direction == 0
    assert table(rows=np.stack([found.rows[0], found.rows[0, ::-1]])).direction == 0
    assert table(rows=found.rows[:, [1, 1, 1]]).direction == 1  # never falls
    three = np.full((2, 3, 3), 1 / 3)
    words = table(rows=three, outcomes=("a", "b", "c"))
    assert not words.binary
    assert words.direction == 0


def test_to_xarray_has_names_and_units() -> None:
    data = table().to_xarray()
    assert data.dims == ("input", "cell", "outcome")
    assert data.sel(outcome="spike", input=3.0).values.tolist() == [0.2, 0.5, 1.0]
    assert data.coords["v (mV)"].values.tolist() == [-60.0, -55.0, -51.0]
    assert data.attrs["unit"] == "A"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": np.zeros((2, 3))}, r"rows = 'an array of shape \(2, 3\)'"),
        ({"rows": np.zeros((2, 0, 2))}, "rows = "),
        ({"outcomes": ("a", "b", "c")}, r"\(C, n, Y\), Y = 3"),
        ({"rows": np.full((2, 3, 2), 0.4)}, r"rows\[0, 0\] = \[0.4, 0.4\]: prob"),
        ({"rows": np.full((2, 3, 2), np.nan)}, r"rows\[0, 0\]"),
        ({"rows": np.tile([1.2, -0.2], (2, 3, 1))}, r"rows\[0, 0\]"),
        ({"spread": np.full((2, 3), -0.1)}, "spread = "),
        ({"spread": np.full((2, 3), np.inf)}, "spread = "),
        ({"spread": np.zeros((3, 2))}, r"spread = 'an array of shape \(3, 2\)'"),
        ({"states": np.zeros((3, 2))}, "states = "),
        ({"mass": np.array([0.5, 0.5, 0.5])}, "mass = "),
        ({"context_law": np.array([0.5, 0.4])}, "context_law = "),
        ({"inputs": np.zeros(3)}, "inputs = "),
        ({"edges": np.array([0.0, 1.0, 1.0, 2.0])}, "edges = "),
        ({"edges": np.array([0.0, 1.0, 2.0])}, "edges = "),
    ],
)
def test_tables_that_are_none(changes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        table(**changes)


@given(
    dt=st.floats(0.2, 8.0),
    sd=st.one_of(st.just(0.0), st.floats(0.05, 8.0)),
    drive=st.floats(-10.0, 40.0),
    cells=st.integers(1, 60),
    seed=st.integers(0, 1000),
)
def test_the_closed_form_lies_within_its_table(
    dt: float, sd: float, drive: float, cells: int, seed: int
) -> None:
    """Any potential of any cell, under any input of any context, has the effect enclosed."""
    net = Network(
        neuron=models.lif(), weights=[[0, 3, -2], [0] * 3, [0] * 3], drive=drive, noise=sd, dt=dt
    )
    rng = np.random.default_rng(seed)
    a = np.exp(-dt / 20)
    for kind in ("states", "interval"):
        found = kernel.next_spike(net, 0, contexts=kind).tabulate(cells)
        assert found.edges is not None
        assert (found.edges[0], found.edges[-1]) == (-85.0, -50.0)
        assert found.n == cells
        place, c = rng.integers(cells, size=50), rng.integers(len(found.inputs), size=50)
        v = np.minimum(
            found.edges[place] + rng.random(50) * np.diff(found.edges)[place],
            np.nextafter(found.edges[place + 1], -np.inf),
        )
        half = (found.inputs[0] - found.inputs[1]) / 2 if kind == "interval" else 0.0
        inputs = found.inputs[c] + half * rng.uniform(-1, 1, 50)
        mean = -65 + a * (v + 65) + (1 - a) * drive + inputs
        p = (
            stats.norm.sf((-50 - mean) / (sd * np.sqrt(1 - a * a)))
            if sd
            else (mean >= -50).astype(float)
        )
        far = sd > 0 or np.abs(mean + 50) > 1e-9  # at threshold itself rounding decides
        off = np.abs(p - found.probability[c, place])
        assert np.all((off <= found.spread[c, place] + 1e-12) | ~np.asarray(far))
        assert found.direction == 1
        assert found.mass == pytest.approx(np.full(cells, 1 / cells))


def test_the_spread_is_no_larger_than_needed() -> None:
    """The ends of a cell reach it."""
    net = Network(neuron=models.lif(), weights=[[0, 3], [3, 0]], drive=16.0, noise=4.0, dt=1.0)
    closed = kernel.next_spike(net, 0)
    found = closed.tabulate(20)
    assert found.edges is not None
    ends = closed.probability(found.edges)
    assert found.lower == pytest.approx(ends[:, :-1], abs=1e-12)
    assert found.upper == pytest.approx(ends[:, 1:], abs=1e-12)
    with pytest.raises(InputError, match="cells = 0"):
        closed.tabulate(0)


def test_a_current_is_told_by_its_score() -> None:
    net = Network(neuron=models.cuba_lif(), weights=[[0, 30], [0, 0]], noise=3.0, dt=1.0)
    closed = kernel.next_spike(net, 0)
    found = closed.tabulate(10)
    assert found.coordinates == ("score (mV)",)
    assert found.edges is not None
    assert (found.edges[0], found.edges[-1]) == closed.domain
