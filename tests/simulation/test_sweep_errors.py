"""Standard errors of rows and contrasts: as large as the errors are, over many seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from causal_snn import models
from causal_snn import simulation as sim
from causal_snn.errors import InputError
from causal_snn.models import Network

Floats = NDArray[np.float64]
STATES = np.array([[-60.0, -48.0, -55.0], [-52.0, -58.0, -45.0]])


def network(*, sparse: bool = False) -> Network:
    weights = np.random.default_rng(1).normal(scale=4.0, size=(3, 3))
    return Network(
        neuron=models.lif(),
        weights=csr_array(weights) if sparse else weights,
        drive=15.0,
        noise=6.0,
        dt=2.0,
    )


def many(count: int, *, net: Network | None = None, **call: Any) -> tuple[Floats, Floats]:
    """Return rows and errors of independent repeats, shape (count, 2, K).

    Copies of a state in one sweep are independent, unless they share their noise.
    """
    net = network() if net is None else net
    call = {"states": STATES, "steps": 3, **call}
    if call.get("noise") == "shared":
        found = [sim.sweep(net, rng=(7 << 32) + k, **call) for k in range(count)]
        return np.array([r.rows for r in found]), np.array([r.standard_error for r in found])
    result = sim.sweep(net, rng=7, **{**call, "states": np.tile(call["states"], (count, 1))})
    shape = (count, 2, -1)
    return result.rows.reshape(shape), result.standard_error.reshape(shape)


def calibration(estimates: Floats, errors: Floats, low: float = 0.05) -> tuple[float, float]:
    """Return the sd of z scores, and the sd of estimates by the root mean square of errors.

    Of entries between `low` and 1 - `low`: rare outcomes make z skewed.
    """
    mean = estimates.mean(axis=0)
    keep = (mean > low) & (mean < 1 - low) if low else estimates.std(axis=0) > 1e-4
    estimates, errors, count = estimates[:, keep], errors[:, keep], len(estimates)
    z = (estimates - mean[keep]) / errors * np.sqrt(count / (count - 1))
    ratio = estimates.std(axis=0, ddof=1) / np.sqrt((errors**2).mean(axis=0))
    assert keep.sum() >= 4
    return float(z.std()), float(ratio.mean())


@pytest.mark.parametrize(
    "call",
    [
        {"smooth": False},
        {"smooth": True},
        {"noise": "antithetic", "smooth": False},
        {"noise": "antithetic"},
        {"noise": "shared"},
        {"noise": "shared", "smooth": False},
        {"units": "apart"},
        {"window": 2},
    ],
)
def test_errors_are_as_large_as_they_say(call: dict[str, Any]) -> None:
    """With 32 or 33 batches z is Student's t, whose sd is 1.03."""
    count = 200 if call.get("noise") == "shared" else 800
    sd, ratio = calibration(*many(count, replicas=264, **call))
    margin = 0.05 if count == 800 else 0.09
    assert abs(sd - 1.03) < margin
    assert abs(ratio - 1.0) < margin


def test_errors_of_events() -> None:
    sd, ratio = calibration(*many(250, replicas=72, net=network(sparse=True)))
    assert abs(sd - 1.03) < 0.08
    assert abs(ratio - 1.0) < 0.08


def test_errors_of_cells() -> None:
    cells = sim.Cells(np.tile(STATES - 4.0, (600, 1)), np.tile(STATES + 4.0, (600, 1)))
    result = sim.sweep(network(), states=cells, steps=3, replicas=256, rng=3, units="apart")
    shape = (600, 2, -1)
    sd, ratio = calibration(result.rows.reshape(shape), result.standard_error.reshape(shape), 0.03)
    assert abs(sd - 1.03) < 0.06
    assert abs(ratio - 1.0) < 0.06


@pytest.mark.parametrize("replicas", [2, 3, 33, 65, 1025, 1090])
def test_batches_of_unequal_size_are_unbiased(replicas: int) -> None:
    """E SE^2 equals the variance of the rows whatever is left over in the last batch."""
    rows, errors = many(1000 if replicas < 100 else 400, replicas=replicas, smooth=False)
    p = rows.mean(axis=(0))
    keep = (p > 0.05) & (p < 0.95)
    ratio = ((errors**2).mean(axis=0)[keep] * replicas / (p * (1 - p))[keep]).mean()
    assert ratio == pytest.approx(1.0, abs=0.06)


def test_shared_noise_makes_contrasts_sharp_and_knows_how_sharp() -> None:
    net = network()
    near = np.array([[-60.0, -55.0, -55.0], [-58.0, -55.0, -55.0]])
    errors = {}
    for noise in ("independent", "shared"):
        call: dict[str, Any] = {"steps": 4, "replicas": 512, "noise": noise, "units": "apart"}
        found = [sim.sweep(net, states=near, rng=k, **call).contrast(0, 1) for k in range(100)]
        difference = np.array([each.difference for each in found])
        error = np.array([each.standard_error for each in found])
        sd, ratio = calibration(difference, error, 0.0)
        assert abs(sd - 1.03) < 0.12
        assert abs(ratio - 1.0) < 0.12
        errors[noise] = error.mean(axis=0)
    assert (errors["shared"] < errors["independent"]).all()
    assert errors["shared"].sum() < 0.6 * errors["independent"].sum()


def test_the_last_step_in_closed_form_lowers_the_error_and_not_the_truth() -> None:
    rows, errors = {}, {}
    for smooth in (False, True):
        found, error = many(40, replicas=2048, smooth=smooth)
        rows[smooth], errors[smooth] = found.mean(axis=0), error.mean(axis=0)
    assert errors[True].sum() < 0.7 * errors[False].sum()
    together = np.hypot(errors[True], errors[False]) / np.sqrt(40)
    assert (np.abs(rows[True] - rows[False]) / np.maximum(together, 1e-12)).max() < 4.5


def test_mirrored_pairs_lower_the_error_of_means() -> None:
    call: dict[str, Any] = {"units": "apart", "replicas": 4096}
    _, plain = many(5, **call)
    _, mirrored = many(5, noise="antithetic", **call)
    assert mirrored.sum() < plain.sum()


def one(replicas: int) -> sim.SweepResult:
    return sim.sweep(network(), states=STATES, steps=3, replicas=replicas, rng=1)


def test_replicas_that_are_not_finished_do_not_count() -> None:
    result = one(640)
    done = result.done.copy()
    done[0, 5:] = False
    done[1, :] = False
    sums = np.where(done[:, :, None], result.sums, 1e9)
    part = sim.SweepResult(
        sums=sums, batch_sizes=result.batch_sizes, done=done, sizes=result.sizes, joint=True,
        labels=result.labels, status="interrupted", message="", provenance=result.provenance,
    )  # fmt: skip
    assert not part.success
    size = result.batch_sizes[:5].sum()
    assert part.rows[0] == pytest.approx(result.sums[0, :5].sum(axis=0) / size)
    assert np.isnan(part.rows[1]).all()
    assert np.isnan(part.standard_error[1]).all()
    assert (part.standard_error[0] > result.standard_error[0])[result.rows[0] > 0.05].all()
    with pytest.raises(InputError, match="fewer than two batches"):
        part.contrast(0, 1)


def test_one_replica_has_no_error() -> None:
    result = one(1)
    assert np.isnan(result.standard_error).all()
    assert result.rows.sum(axis=1) == pytest.approx(1.0)
    with pytest.raises(InputError, match="fewer than two batches"):
        result.contrast(0, 1)


@pytest.mark.parametrize("state", [-1, 2, 0.5, True, "A"])
def test_a_contrast_of_no_state(state: Any) -> None:
    with pytest.raises(InputError, match=r"other = .*the number of a state, 0 to 1"):
        one(8).contrast(0, state)
