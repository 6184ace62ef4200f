"""Target: the network that one tick updates at once, and that hardware runs unit by unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad

Floats = NDArray[np.float64]
INDEPENDENT = 1e-9
"""Independence gap up to which units may be drawn one after the other."""
MOST_WEIGHT = 1 << 31
"""Of threshold units; sums of them stay exact in int64."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Binary units that are all updated in one tick.

    Attributes
    ----------
    labels : tuple of str
    state_by_node : array, shape (2^n, n)
        P(unit on next | state), little-endian.
    weights : array of int, shape (n, n), or None
        Of threshold units: [i, j] is the weight from unit j to unit i.
    thresholds : array of int, shape (n,), or None
        Unit i is on next if the sum of its inputs is at least this.
    """

    labels: tuple[str, ...]
    state_by_node: Floats
    weights: NDArray[np.int64] | None = None
    thresholds: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.labels)

    @property
    def deterministic(self) -> bool:
        """Whether every probability is 0 or 1."""
        return bool(np.isin(self.state_by_node, (0.0, 1.0)).all())

    @property
    def wiring(self) -> NDArray[np.bool_]:
        """Whether unit j acts on unit i, [i, j]."""
        grid = self.state_by_node.reshape((*(2,) * self.n, self.n), order="F")
        return np.array(
            [
                [bool(np.diff(grid[..., i], axis=j).any()) for j in range(self.n)]
                for i in range(self.n)
            ]
        ).reshape(self.n, self.n)

    @property
    def law(self) -> Floats:
        """P(next state | state), shape (2^n, 2^n): units are independent given the state."""
        return order.product([np.stack([1 - p, p], axis=1) for p in self.state_by_node.T])


def target(network: Target | ArrayLike | Any, *, labels: Sequence[str] | None = None) -> Target:
    """Return a network as a `Target`.

    Parameters
    ----------
    network : Target, array of shape (2^n, n), or TPM
        An array holds P(unit on next | state), rows little-endian; a truth table is one of 0
        and 1. A TPM (`causal_snn.tpm`, as of a mapped chip) must have binary units.
    labels : sequence of str, optional

    Raises
    ------
    InputError
        For a table of the wrong shape or with other numbers than probabilities, or a TPM whose
        units depend on each other within a tick.
    """
    if isinstance(network, Target):
        return network
    gap = float(getattr(network, "independence_gap", 0.0))
    if gap > INDEPENDENT:
        raise bad(
            "target",
            f"a TPM with independence gap {gap:.3g}",
            "units that are independent given the state: one after the other draws them so",
            "Use tpm.project() to accept the distance.",
        )
    names = labels if labels is not None else getattr(network, "labels", None)
    try:
        table = np.array(getattr(network, "state_by_node", network), dtype=float)
    except (TypeError, ValueError):
        raise bad(
            "target",
            type(network).__name__,
            "a Target, a table P(unit on next | state) of shape (2^n, n), or a TPM",
            "A network on a chip enters by its TPM: chips.tpm(mapped, noise='network').",
        ) from None
    n = table.shape[-1] if table.ndim == 2 else 0
    if n == 0 or table.shape != (2**n, n):
        raise bad("target", f"shape {table.shape}", "shape (2^n, n), a column for each unit")
    if not (np.isfinite(table).all() and (table >= 0).all() and (table <= 1).all()):
        raise bad("target", [float(table.min()), float(table.max())], "probabilities, 0 to 1")
    table.setflags(write=False)
    return Target(_labels(names, n), table)


def threshold_units(
    weights: ArrayLike, thresholds: ArrayLike, *, labels: Sequence[str] | None = None
) -> Target:
    """Return units that are on next if their summed input reaches a threshold.

    Parameters
    ----------
    weights : array of int, shape (n, n)
        [i, j] is the weight from unit j to unit i.
    thresholds : array of int, shape (n,), or int
    labels : sequence of str, optional

    Raises
    ------
    InputError
        If numbers are not whole, or shapes do not fit.
    """
    given = np.asarray(weights)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.size:
        raise bad("weights", f"shape {given.shape}", "shape (n, n)")
    n = len(given)
    try:
        level = np.broadcast_to(np.asarray(thresholds), (n,))
    except ValueError:
        shape = f"shape {np.shape(thresholds)}"
        raise bad("thresholds", shape, f"one number, or {n} of them") from None
    w, theta = _whole("weights", given), _whole("thresholds", level)
    table = (order.states((2,) * n) @ w.T >= theta).astype(float)
    table.setflags(write=False)
    return Target(_labels(labels, n), table, w, theta)


def _whole(name: str, given: NDArray[Any]) -> NDArray[np.int64]:
    if given.dtype.kind not in "iufb" or not (given == np.rint(given)).all():
        raise bad(name, given.tolist(), "whole numbers")
    if not np.isfinite(given).all() or (np.abs(given) > MOST_WEIGHT).any():
        raise bad(name, given.tolist(), f"whole numbers from -{MOST_WEIGHT:,} to {MOST_WEIGHT:,}")
    return given.astype(np.int64)


def _labels(labels: Sequence[str] | None, n: int) -> tuple[str, ...]:
    names = tuple(labels) if labels is not None else tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:n])
    if len(names) != n or len(set(names)) != n:
        raise bad("labels", list(names), f"{n} names that differ")
    return names
