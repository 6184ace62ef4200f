"""Effect kernels from a sweep that has been run, and the bands of its estimates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad
from causal_snn.kernel.bands import bounded_mean, check_confidence, variation_band
from causal_snn.kernel.from_counts import tabulate_estimates
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.provenance import provenance
from causal_snn.simulation.sweeping.result import SweepResult

Floats = NDArray[np.float64]


def from_result(
    result: SweepResult,
    unit: int | str | None = None,
    *,
    inputs: ArrayLike | None = None,
    confidence: float = 0.95,
    **options: Any,
) -> TabulatedKernel:
    """Return a kernel from a sweep that has been run, with bands that hold together.

    Parameters
    ----------
    result : SweepResult
        Of states in the order of contexts: first all states in the first context.
    unit : int or str, optional
        The unit whose outcome is the effect; default that of all units together, in
        little-endian order.
    inputs : array, shape (C,), optional
        The contexts; default one.
    confidence : float
    **options
        `states`, `coordinates`, `edges`, `mass`, `context_law`, `outcomes`, `effect` as in
        `causal_snn.kernel.from_counts`.

    Raises
    ------
    InputError
        If replicas are not independent, or states do not make up whole contexts.
    """
    if result.provenance.get("noise") == "antithetic":
        raise bad("result", "antithetic noise", "independent replicas, which the bands are for")
    level = check_confidence(confidence)
    count = 1 if inputs is None else len(np.atleast_1d(np.asarray(inputs)))
    total = len(result.sums)
    if total % count:
        raise bad("inputs", f"{count} contexts", f"a divisor of the {total} states of the result")
    sums = np.where(result.done[:, :, None], result.sums, 0.0).sum(axis=1)
    table = _of_unit(sums, result, unit).reshape(count, total // count, -1)
    trials = result.replicas.reshape(count, -1)
    rows, spread, note = estimates(table, trials, level, is_sampled(result))
    number = table.shape[2]
    two = ("quiet", "spike") if number == 2 else tuple(str(y) for y in range(number))
    defaults: dict[str, Any] = {
        **{"states": None, "coordinates": ("state",), "edges": None, "mass": None},
        **{"context_law": None, "outcomes": two, "effect": "next state"},
    }
    unknown = set(options) - set(defaults)
    if unknown:
        raise bad("options", sorted(unknown), f"some of {sorted(defaults)}")
    return tabulate_estimates(
        rows,
        spread,
        inputs=inputs,
        label="all units" if unit is None else result.labels[_index(result, unit)],
        confidence=level,
        about=provenance("simulated interventions", **note, sweep=dict(result.provenance)),
        **{**defaults, **options},
    )


def is_sampled(result: SweepResult) -> bool:
    """Return whether outcomes were counted, and not averaged in closed form."""
    return bool(result.provenance["method"] == "Monte Carlo")


def _index(result: SweepResult, unit: int | str) -> int:
    if unit in result.labels:
        return result.labels.index(str(unit))
    if isinstance(unit, str) or not 0 <= unit < len(result.labels):
        raise bad("unit", unit, f"a label of {result.labels}, or its number")
    return int(unit)


def _of_unit(sums: Floats, result: SweepResult, unit: int | str | None) -> Floats:
    """Return the sums of one unit's outcomes, shape (S, Y)."""
    if unit is None:
        if not result.joint:
            raise bad("unit", unit, "a unit: this sweep counted each unit alone")
        return sums
    k = _index(result, unit)
    if not result.joint:
        first = sum(result.sizes[:k])
        return sums[:, first : first + result.sizes[k]]
    own = order.states(result.sizes)[:, k]
    return np.stack([sums[:, own == y].sum(axis=1) for y in range(result.sizes[k])], axis=1)


def estimates(
    table: Floats, trials: Any, level: float, sampled: bool
) -> tuple[Floats, Floats, dict[str, Any]]:
    """Return rows, spreads and the kind of bands, from sums of outcomes.

    Parameters
    ----------
    table : array, shape (C, n, Y)
        Counts, or sums of probabilities.
    trials : array, shape (C, n)
    level : float
        Confidence of all bands together.
    sampled : bool
        Whether these are counts.
    """
    contexts, n, outcomes = table.shape
    miss = (1.0 - level) / (contexts * n)
    if sampled:
        counts = np.rint(table)
        name = "Clopper-Pearson" if outcomes == 2 else "Weissman and Clopper-Pearson"
        rows = np.where(
            trials[..., None] > 0, counts / np.maximum(trials, 1)[..., None], 1.0 / outcomes
        )
        return rows, variation_band(counts, miss), {"bands": f"{name}, Bonferroni"}
    means = np.clip(table / np.maximum(trials, 1)[..., None], 0.0, 1.0)
    means /= means.sum(axis=-1, keepdims=True)
    # one band for two outcomes, as one is 1 - the other
    low, high = bounded_mean(means, trials[..., None], miss / (1 if outcomes == 2 else outcomes))
    spread = np.minimum((high - means).sum(axis=-1), (means - low).sum(axis=-1))
    if outcomes == 2:
        spread = np.maximum(high - means, means - low)[..., 1]
    return means, spread, {"bands": "Hoeffding (relative entropy), Bonferroni"}
