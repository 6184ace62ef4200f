"""Bins and levels together: the best grain of a unit."""

from __future__ import annotations

import numpy as np
import pytest

from causal_snn import coarse, kernel, models
from causal_snn.coarse.grain import Grains, grains
from causal_snn.errors import InputError
from causal_snn.models import Network


@pytest.fixture(scope="module")
def found() -> Grains:
    net = Network(neuron=models.lif(), weights=[[0, 2], [2, 0]], drive=15.0, noise=4.0, dt=1.0)
    return grains(net, "A", steps=(1, 4, 16), k=(2, 4), cells=150)


def test_one_step_is_the_closed_form(found: Grains) -> None:
    net = Network(neuron=models.lif(), weights=[[0, 2], [2, 0]], drive=15.0, noise=4.0, dt=1.0)
    exact = coarse.threshold(kernel.next_spike(net, "A"))
    one = found.results[0, 0]
    # The table cuts between cells, so it can only be worse, by no more than a cell's effect.
    assert exact.epsilon <= one.epsilon <= exact.epsilon + 0.03
    assert one.certificate.verify()


def test_information_is_that_of_the_channel(found: Grains) -> None:
    """I(level; spike) with levels set alike, from the levels' effects."""
    result = found.results[2, 1]
    q = np.asarray(result.means)[..., -1].T  # (C, k): mean effects of the levels
    law = np.full(len(q), 1 / len(q))

    def bits(p: np.ndarray) -> np.ndarray:
        inside = np.clip(p, 1e-300, 1 - 1e-16)
        return np.asarray(-(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside)))

    information = law @ (bits(q.mean(axis=1)) - bits(q).mean(axis=1))
    assert found.effective_information[2, 1] == pytest.approx(information, abs=1e-9)


def test_the_best_grain_is_the_most_informative_closed_one(found: Grains) -> None:
    everything = found.best(1.0)
    assert everything is not None
    steps, k, result = everything
    row, column = found.steps.index(steps), found.k.index(k)
    assert result is found.results[row, column]
    assert found.effective_information[row, column] == found.effective_information.max()
    rate = found.best(1.0, per="ms")
    assert rate is not None
    per_ms = found.effective_information / np.array([[1.0], [4.0], [16.0]])
    assert per_ms[found.steps.index(rate[0]), found.k.index(rate[1])] == per_ms.max()
    assert found.best(0.0) is None
    tight = found.best(float(found.epsilon.min()))
    assert tight is not None
    assert tight[2].epsilon == found.epsilon.min()


def test_more_levels_are_closer_to_closed(found: Grains) -> None:
    assert np.all(found.epsilon[:, 1] <= found.epsilon[:, 0])
    table = found.to_xarray()
    assert table["epsilon"].sel(duration=4.0, k=2).item() == found.epsilon[1, 0]


def test_bad_input() -> None:
    net = Network(neuron=models.lif(), weights=[[0.0]], drive=15.0, noise=4.0, dt=1.0)
    with pytest.raises(InputError, match="steps = 0"):
        grains(net, 0, steps=(0,))
    with pytest.raises(InputError, match=r"k = 1\.5"):
        grains(net, 0, steps=(1,), k=(1.5,))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="one number or more of each"):
        grains(net, 0, steps=())
