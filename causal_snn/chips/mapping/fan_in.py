"""Fan-in: neurons with more sources than the chip allows, split by partial neurons.

A partial neuron gathers sources of one sign without a leak, and each time it has gathered the
charge q it spikes, keeps the rest and hands q on. No charge is lost; it comes at least a step
later, in portions, and at most one portion in each step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.report import Split
from causal_snn.chips.parameters import Parameters, parameters
from causal_snn.errors import InputError

Ints = NDArray[np.int64]

ACTIVE = 10
"""A portion is the charge of one in ten of the sources: more active ones in a step wait."""


def join_limit(chip: Chip) -> int | None:
    """Return the most sources that one neuron can have, or None.

    Circuits of an analog chip can be joined, so that there is no limit.
    """
    return None if chip.schedule == "continuous" else chip.fan_in


def split_fan_in(
    chip: Chip, made: Parameters, limit: int
) -> tuple[Parameters, tuple[Split, ...], list[str]]:
    """Return parameters in which no neuron has more sources than the limit.

    Partial neurons come after the network's own. Delays and input channels stay as they are.

    Raises
    ------
    InputError
        If the chip has no neuron that adds without a leak and subtracts its threshold.
    """
    if not chip.has("reset_mode"):
        raise InputError(
            f"fan-in over {limit} on {chip.title}: splitting takes partial neurons without leak "
            "that keep what is above their threshold, which this chip has not. Prune the weights"
        )
    n, m = made.n, made.inputs
    if np.ptp(np.asarray(made.delays)) > 0:
        raise InputError("fan-in and different delays: only equal delays can be split")
    table = scipy.sparse.csr_array(
        scipy.sparse.hstack([scipy.sparse.csr_array(t) for t in (made.weights, made.input_weights)])
    )
    table.eliminate_zeros()
    rows, columns, values = [], [], []
    portions: list[int] = []
    splits, heights = [], []
    for k in range(n):
        inside = slice(table.indptr[k], table.indptr[k + 1])
        sources, weights = table.indices[inside], table.data[inside]
        if len(sources) > limit:
            groups = _groups(sources, weights, limit, chip.weight.mantissa.most)
            splits.append(Split(unit=made.labels[k], sources=len(sources), partial=len(groups)))
            heights.append(groups[0][3] / max(float(made.neuron["threshold"][k]), 1.0))
            parts = [n + len(portions) + p for p in range(len(groups))]
            for part, (own, size, sign, portion) in zip(parts, groups, strict=True):
                rows.append(np.full(len(own), part))
                columns.append(own)
                values.append(size)
                portions.append(portion)
                rows.append(np.array([k]))
                columns.append(np.array([-part]))  # a neuron, not an input: see below
                values.append(np.array([sign * portion]))
        else:
            rows.append(np.full(len(sources), k))
            columns.append(sources)
            values.append(weights)
    total = n + len(portions)
    row, column, value = (np.concatenate(x) for x in (rows, columns, values))
    # Neurons first, then partial ones (marked negative), then input channels.
    column = np.where(column < 0, -column, np.where(column >= n, column + len(portions), column))
    wide = scipy.sparse.csr_array((value, (row, column)), shape=(total, total + m))
    return (
        _extended(chip, made, wide, np.array(portions, dtype=np.int64)),
        tuple(splits),
        [
            f"{len(splits)} neurons with more than {limit} sources get {len(portions)} partial "
            "neurons: their input comes a step later and in portions, and waits while more than "
            f"about 1 in {ACTIVE} sources of a part spike at once. A portion is up to "
            f"{max(heights):.2g} of the neuron's threshold: its spikes are not the same ones"
        ],
    )


def _groups(
    sources: Ints, weights: Any, limit: int, most: int
) -> list[tuple[Ints, Ints, int, int]]:
    """Return (sources, magnitudes, sign, portion) of each partial neuron."""
    found = []
    for sign in (1, -1):
        chosen = np.sign(weights) == sign
        own, size = sources[chosen], np.abs(weights[chosen]).astype(np.int64)
        # So many that no portion exceeds what a weight can be, and no part has too many.
        needed = max(-(-len(own) // limit), -(-int(size.sum()) // (ACTIVE * most)), 1)
        parts = np.array_split(np.arange(len(own)), needed) if len(own) else []
        # One portion for all parts of a sign: a neuron has few different values of weights.
        sums = [-(-int(size[part].sum()) // ACTIVE) for part in parts]
        portion = min(max([int(size.max(initial=0)), *sums]), most)
        found += [(own[part], size[part], sign, portion) for part in parts]
    return found


def _extended(chip: Chip, made: Parameters, wide: Any, portions: Ints) -> Parameters:
    n, extra = made.n, len(portions)
    total = n + extra
    neuron = {
        name: np.concatenate([v, np.zeros(extra, v.dtype)]) for name, v in made.neuron.items()
    }
    for setting in chip.settings:
        neuron[setting.name][n:] = int(setting.default)
    neuron["threshold"][n:] = portions
    neuron["reset_mode"][n:] = 1
    neuron["leak"][n:] = 0
    weights, inputs = wide[:, :total], wide[:, total:]
    dense = isinstance(made.weights, np.ndarray)
    return parameters(
        chip,
        weights=weights.toarray() if dense else weights,
        input_weights=inputs.toarray() if dense else inputs,
        exponent=made.exponent,
        delays=int(np.asarray(made.delays).flat[0]),
        labels=[*made.labels, *(f"partial {k}" for k in range(extra))],
        **neuron,
    )
