"""Enclosure: what phi_s can be while a TPM is known to within bounds only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.phi.checks import FOUR, UnreachableError
from causal_snn.phi.exact.all_cuts import all_cuts
from causal_snn.phi.exact.outer import Box, OuterReading, outer_readings
from causal_snn.phi.result import MinimumPartition, State
from causal_snn.phi.system import system
from causal_snn.phi.system_result import SystemResult
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.tpm import TPM
from causal_snn.tpm.interval import IntervalTPM

Floats = NDArray[np.float64]
Rng = np.random.Generator | int | None
SWEEPS = 4
"""Times that the search goes through all entries, while that finds more."""
MOST_UNITS = 6
"""Units whose cuts (7,896) are gone through one by one."""


@dataclass(frozen=True, slots=True)
class Regime:
    """TPMs of the box that were found to select the same states and the same partition.

    Attributes
    ----------
    cause_state, effect_state : tuple of int or None
    partition : MinimumPartition or None
        None where the system is reducible.
    phi_s : (float, float)
        Least and greatest value found (ibit).
    """

    cause_state: State | None
    effect_state: State | None
    partition: MinimumPartition | None
    phi_s: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Enclosure:
    """The range of phi_s over a box of TPMs, from inside and from outside.

    Attributes
    ----------
    outer : (float, float)
        No TPM of the box has phi_s outside (ibit).
    inner : (float, float)
        Least and greatest phi_s of a TPM that was found.
    lowest, highest : TPM
        Those TPMs.
    regimes : tuple of Regime
        What was selected where, among the TPMs tried: phi_s jumps between regimes.
    readings : tuple of OuterReading
        Every pair of specified states that may be selected.
    evaluations : int
        TPMs tried.
    provenance : mapping
    """

    outer: tuple[float, float]
    inner: tuple[float, float]
    lowest: TPM
    highest: TPM
    regimes: tuple[Regime, ...]
    readings: tuple[OuterReading, ...]
    evaluations: int
    provenance: Mapping[str, Any]

    @property
    def certain(self) -> bool:
        """Whether every TPM of the box is irreducible, or every one reducible."""
        return self.outer[0] > 0.0 or self.outer[1] == 0.0


def enclosure(
    tpm_lower: TPM | ArrayLike | IntervalTPM,
    tpm_upper: TPM | ArrayLike | None,
    state: Sequence[int],
    *,
    formalism: str = "IIT_4_0_2026",
    samples: int = 200,
    rng: Rng = 0,
    progress: bool = False,
) -> Enclosure:
    """Return bounds on phi_s for every TPM between two bounds.

    phi_s is not continuous in the probabilities: another minimum partition or another specified
    state makes it jump. So a value with an error bar says nothing; a set and its regimes do.
    The outer bound is an interval evaluation over every cut and every specified state that some
    TPM of the box may select; the inner one comes from corners, random TPMs and a search by
    coordinates. A system whose tied states specify different structures of the same Phi counts
    as reducible for `phi.system`; such TPMs, exact ties, are not reckoned with.

    Parameters
    ----------
    tpm_lower, tpm_upper : array of shape (2^n, n), or TPM of binary units
        Bounds on P(unit on next | state), little-endian. Or an `IntervalTPM` and None.
    state : sequence of int
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023"}
    samples : int
        TPMs to try before the search by coordinates.
    rng : numpy.random.Generator or int, optional
        Source of the random TPMs.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    Enclosure

    Raises
    ------
    InputError
        If the bounds are not bounds, or there are more than 6 units.
    """
    check_choice("formalism", formalism, FOUR)
    interval = _interval(tpm_lower, tpm_upper)
    if interval.n > MOST_UNITS:
        raise bad(
            "tpm_lower",
            f"{interval.n} units",
            f"at most {MOST_UNITS} units, whose cuts are gone through one by one",
            "Take a subset, or sample with causal_snn.phi.posterior.",
        )
    now = order.check_state(state, interval.sizes)
    box = Box(interval.lower, interval.upper)
    readings = outer_readings(box, now, capped=formalism == FOUR[0])
    outer = (
        min(reading.phi_s[0] for reading in readings),
        max(reading.phi_s[1] for reading in readings),
    )
    generator = np.random.default_rng(rng)
    found = _Inside(interval, now, formalism)
    for shares in track(
        list(_shares(box, check_whole("samples", samples), generator)),
        label="TPMs of the box",
        show=progress,
    ):
        found.try_point(shares)
    if not found.regimes:
        raise UnreachableError(
            f"state = {now}: no TPM that was tried leads to it. Choose a state that one can."
        )
    for sign in (-1, 1):
        found.climb(sign)
    return Enclosure(
        outer=outer,
        inner=(found.low[0], found.high[0]),
        lowest=found.tpm(found.low[1]),
        highest=found.tpm(found.high[1]),
        regimes=tuple(found.regimes.values()),
        readings=readings,
        evaluations=found.count,
        provenance=provenance(
            "interval evaluation of every cut (outer); corners, random TPMs, coordinates (inner)",
            formalism=formalism,
            state=list(now),
            cuts=len(all_cuts(len(now))),
            samples=samples,
            seed=rng if isinstance(rng, int) else None,
            widest=interval.widest[0],
        ),
    )


def _interval(lower: TPM | ArrayLike | IntervalTPM, upper: TPM | ArrayLike | None) -> IntervalTPM:
    if isinstance(lower, IntervalTPM):
        if upper is not None:
            raise bad("tpm_upper", type(upper).__name__, "None beside an IntervalTPM")
        return lower
    if upper is None:
        raise bad("tpm_upper", None, "upper bounds, or an IntervalTPM as the first argument")
    low, high = (t.state_by_node if isinstance(t, TPM) else t for t in (lower, upper))
    return IntervalTPM.from_state_by_node(low, high)


Shares = tuple[Floats, ...]
"""Where between its bounds each entry is, before rows are made to sum to 1."""


def _shares(box: Box, samples: int, rng: np.random.Generator) -> list[Shares]:
    """Return the two extreme corners, the centre, random corners and random points."""
    points: list[Shares] = [tuple(np.full_like(t, x) for t in box.lower) for x in (0.0, 1.0, 0.5)]
    for k in range(samples):
        draws = (rng.random(table.shape) for table in box.lower)
        points.append(tuple(np.round(draw) if k % 2 else draw for draw in draws))
    return points


class _Inside:
    """The TPMs tried, and the lowest and highest phi_s among them."""

    def __init__(self, interval: IntervalTPM, state: State, formalism: str) -> None:
        self.interval, self.state, self.formalism = interval, state, formalism
        self.low: tuple[float, Shares] = (np.inf, ())
        self.high: tuple[float, Shares] = (-np.inf, ())
        self.regimes: dict[tuple[Any, ...], Regime] = {}
        self.count = 0

    def tpm(self, shares: Shares) -> TPM:
        """Return a TPM of the box: the last state's probability is what the others leave."""
        marginals = []
        for low, high, share in zip(self.interval.lower, self.interval.upper, shares, strict=True):
            marginals.append(_row(low, high, share))
        return TPM(
            marginals=tuple(marginals),
            labels=self.interval.labels,
            cells=self.interval.cells,
            law=self.interval.law,
        )

    def try_point(self, shares: Shares) -> float:
        """Evaluate a TPM and keep it if it is extreme; NaN where the state is unreachable."""
        self.count += 1
        try:
            result = system(self.tpm(shares), self.state, formalism=self.formalism)
        except UnreachableError:
            return np.nan
        value = result.phi_s
        if value < self.low[0]:
            self.low = value, shares
        if value > self.high[0]:
            self.high = value, shares
        key = _key(result)
        known = self.regimes.get(key)
        least, most = (value, value) if known is None else known.phi_s
        self.regimes[key] = Regime(
            result.cause_state,
            result.effect_state,
            result.partition if value > 0 else None,
            (min(least, value), max(most, value)),
        )
        return value

    def climb(self, sign: int) -> None:
        """Move one entry at a time to an end of its interval, where that goes further down or up.

        `sign` is -1 to go down, 1 to go up.
        """
        value, shares = self.low if sign < 0 else self.high
        for _ in range(SWEEPS):
            before = value
            for k, place in [
                (k, place)
                for k, share in enumerate(shares)
                for place in np.ndindex(share.shape[:-1])
            ]:
                for end in (0.0, 1.0):
                    moved = shares[k].copy()
                    moved[place] = end
                    trial = (*shares[:k], moved, *shares[k + 1 :])
                    found = self.try_point(trial)
                    if sign * found > sign * value:
                        value, shares = found, trial
            if value == before or (sign < 0 and value == 0.0):
                break


def _row(low: Floats, high: Floats, share: Floats) -> Floats:
    """Return probabilities between bounds that sum to 1, as near to the shares as they can."""
    if low.shape[-1] == 2:
        on = low[..., 1] + share[..., 1] * (high[..., 1] - low[..., 1])
        return np.stack([1.0 - on, on], axis=-1)
    wanted = low + share * (high - low)
    missing = 1.0 - wanted.sum(axis=-1, keepdims=True)
    room = np.where(missing > 0, high - wanted, wanted - low)
    total = room.sum(axis=-1, keepdims=True)
    moved = wanted + missing * np.where(total > 0, room / np.where(total > 0, total, 1.0), 0.0)
    return np.asarray(moved / moved.sum(axis=-1, keepdims=True))


def _key(result: SystemResult) -> tuple[Any, ...]:
    cut = None if result.partition is None or result.phi_s == 0.0 else result.partition.cut
    return result.cause_state, result.effect_state, cut
