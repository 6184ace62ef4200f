"""Reporting: a draft compared with what was wanted, edge by edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from causal_snn.chips.mapping.demand import Demand
from causal_snn.chips.mapping.draft import Draft, Job
from causal_snn.chips.mapping.fan_in import join_limit
from causal_snn.chips.mapping.report import MappingReport, Split
from causal_snn.chips.mapping.settings import tau_error
from causal_snn.chips.mapping.sharing import Cores, cores
from causal_snn.chips.parameters import Parameters
from causal_snn.models.network_checks import is_sparse


def report_on(
    job: Job, draft: Draft, made: Parameters, splits: tuple[Split, ...], said: list[str]
) -> MappingReport:
    """Return the report on a mapping, from its job, draft, parameters and splits."""
    wanted: Demand = job.demand
    chip, labels = job.chip, job.labels
    edges, error, before, after, clipped = _edges(draft, wanted.n)
    counts = np.zeros(wanted.n, dtype=np.int64)
    np.add.at(counts, edges[after != 0, 1], 1)
    limit = join_limit(chip)
    too_many = () if limit is None else tuple(labels[k] for k in np.flatnonzero(counts > limit))
    groups = _groups(draft, labels, splits, made.n)
    placed = cores(chip, made, groups=groups, circuits=draft.circuits)
    return MappingReport(
        chip=chip.title,
        labels=labels,
        scale=draft.scale,
        exponent=draft.weights.exponent,
        weight_step=draft.per_unit
        * draft.weights.unit
        * 2.0 ** -(draft.weights.exponent + chip.align),
        weights=int(np.sum(before != 0)),
        clipped=edges[clipped],
        silenced=edges[(before != 0) & (after == 0)],
        created=edges[(before == 0) & (after != 0)],
        weight_error=error,
        edges=edges,
        tau_error=tau_error(wanted.decay, draft.decay),
        tau_syn_error=tau_error(
            np.where(wanted.has_current, wanted.current_decay, np.nan), draft.current_decay
        ),
        decay=draft.decay,
        current_decay=draft.current_decay,
        threshold_error=draft.threshold - wanted.theta,
        constant_error=draft.constant - wanted.constant,
        fan_in=int(counts.max(initial=0)),
        fan_in_limit=limit,
        too_many=too_many,
        splits=splits,
        cores=placed,
        differences=(*draft.differences, *said),
        extra=_by_core(draft, groups, placed),
    )


def _groups(
    draft: Draft, labels: tuple[str, ...], splits: tuple[Split, ...], n: int
) -> NDArray[np.int64] | None:
    """Return the group of every neuron of the chip; partial ones are in that of their neuron."""
    if draft.groups is None:
        return None
    partial = [np.full(one.partial, draft.groups[labels.index(one.unit)]) for one in splits]
    found = np.concatenate([draft.groups, *partial])
    assert len(found) == n
    return found


def _by_core(draft: Draft, groups: NDArray[np.int64] | None, placed: Cores) -> Mapping[str, Any]:
    """Return the further findings of a draft, axon types for each core of the report."""
    if groups is None or "axon_types" not in draft.extra:
        return draft.extra
    first = np.unique(placed.of, return_index=True)[1]  # a neuron of each core
    types = tuple(draft.extra["axon_types"][groups[k]] for k in first)
    return {**draft.extra, "axon_types": types}


def _edges(draft: Draft, n: int) -> tuple[Any, Any, Any, Any, Any]:
    """Return edges, errors (mV), weights before and after (mV), and which were clipped."""
    parts = []
    for k, first in enumerate((0, n)):
        before = scipy.sparse.csr_array(draft.wanted_weights[k])
        table = draft.weights.tables[k]
        after = scipy.sparse.csr_array(
            scipy.sparse.diags_array(draft.per_unit) @ scipy.sparse.csr_array(table)
        )
        pattern = (abs(before) + abs(after)).tocoo()
        rows, columns = pattern.row.astype(np.int64), pattern.col.astype(np.int64)
        old, new = _at(before, rows, columns), _at(after, rows, columns)
        flags = _at(draft.weights.clipped[k], rows, columns).astype(bool)
        parts.append((np.stack([columns + first, rows], axis=1), old, new, flags))
    edges, old, new, flags = (np.concatenate([part[k] for part in parts]) for k in range(4))
    return edges, new - old, old, new, flags


def _at(table: Any, rows: Any, columns: Any) -> Any:
    if not len(rows):
        return np.zeros(0)
    found = table[rows, columns]
    return found.toarray().ravel() if is_sparse(found) else np.asarray(found).ravel()
