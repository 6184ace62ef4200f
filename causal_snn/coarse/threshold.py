"""The causal threshold of a unit: the two-cell partition with the least worst diameter."""

from __future__ import annotations

from typing import overload

import numpy as np

from causal_snn.coarse.certificate import Certificate
from causal_snn.coarse.diameter import contrast, diameter
from causal_snn.coarse.partition import Alphabet, UnitPartition
from causal_snn.coarse.result import ThresholdResult, Verdict
from causal_snn.coarse.table_threshold import TableThresholdResult, table_threshold
from causal_snn.errors import bad
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.provenance import provenance


@overload
def threshold(
    kernel: EffectKernel,
    *,
    domain: tuple[float, float] | None = None,
    alphabet: Alphabet = "ternary",
    band_level: float = 0.05,
) -> ThresholdResult: ...


@overload
def threshold(
    kernel: TabulatedKernel,
    *,
    domain: tuple[float, float] | None = None,
    alphabet: Alphabet = "ternary",
    band_level: float = 0.05,
) -> TableThresholdResult: ...


def threshold(
    kernel: EffectKernel | TabulatedKernel,
    *,
    domain: tuple[float, float] | None = None,
    alphabet: Alphabet = "ternary",
    band_level: float = 0.05,
) -> ThresholdResult | TableThresholdResult:
    """Return the minimax-optimal threshold of a unit under all its contexts.

    T is where the worst diameters of the two cells are equal; the left one grows with T,
    the right one falls, so bisection finds it and encloses it (theory/01_lif.py L7). On the
    whole line it is (m_min + m_max)/2 in closed form (L5); without noise it is the middle
    of the midpoints inside the domain, the limit of small noise.

    On a tabulated kernel it is the best partition of the table's cells into two levels, with
    what effects vary within a cell counted (`table_threshold`).

    Parameters
    ----------
    kernel : EffectKernel or TabulatedKernel
        From `causal_snn.kernel.next_spike` and its kin.
    domain : (float, float), optional
        Scores that interventions may set (mV); potentials, for neurons without a synaptic
        current, which must then contain theta. Default: the kernel's declared range. A
        domain that reaches beyond theta is taken literally, as potentials without a spike.
        A table has its own.
    alphabet : {"binary", "ternary"}
        Macro states of the resulting partition, see `UnitPartition`.
    band_level : float
        Level of the abstain band, between 0 and 1/2.

    Returns
    -------
    ThresholdResult, or TableThresholdResult for a tabulated kernel

    Raises
    ------
    InputError
        If the domain is not increasing or excludes theta, or the level is out of range; if a
        domain is given for a table, or it has more than two outcomes.
    """
    if isinstance(kernel, TabulatedKernel):
        if domain is not None:
            raise bad("domain", domain, "None for a tabulated kernel", "Tabulate it on the domain.")
        return table_threshold(kernel, band_level=band_level)
    low, high = _domain(kernel, domain)
    if not 0.0 < band_level < 0.5:
        raise bad("band_level", band_level, "a probability between 0 and 1/2, as 0.05")
    m = kernel.midpoints
    cut, bracket, method = _solve(kernel, low, high)
    left, right = diameter(kernel, low, cut), diameter(kernel, cut, high)
    epsilon = max(left, right)
    band = _band(kernel, band_level)
    partition = UnitPartition(
        label=kernel.label,
        threshold=cut,
        theta=kernel.theta,
        score_coefficient=kernel.score_coefficient,
        alphabet=alphabet,
    )
    spiking, on = _spiking_diameters(kernel, cut, high)
    apart, power = _separation(kernel, low, high, band), contrast(kernel, low, cut, high)
    a, b = bracket
    return ThresholdResult(
        label=kernel.label,
        threshold=cut,
        epsilon=epsilon,
        band=band,
        band_level=band_level,
        separation=apart,
        contrast=power,
        spiking_diameter=spiking,
        cell_diameters=(left, right, spiking) if alphabet == "ternary" else (left, max(right, on)),
        floor=diameter(kernel, low, high) / 2.0 if kernel.scale > 0 else 0.0,
        whole_line=float(m.min() + m.max()) / 2.0,
        theta=kernel.theta,
        epsilon_at_theta=max(
            diameter(kernel, low, kernel.theta), diameter(kernel, kernel.theta, high)
        ),
        verdict=_verdict(kernel, low, high, epsilon, max(power, apart), band_level),
        partition=partition,
        certificate=Certificate(
            threshold=cut,
            upper=epsilon,
            lower=min(
                diameter(kernel, a, high),
                diameter(kernel, low, b),
                max(diameter(kernel, low, a), diameter(kernel, b, high)),
            ),
            method=method,
            domain=(low, high),
            midpoints=tuple(float(value) for value in m),
            interval=kernel.contexts.kind == "interval",
            scale=kernel.scale,
            bracket=bracket,
        ),
        provenance=provenance(
            method,
            objective="least worst-case total variation within a cell",
            domain=[low, high],
            contexts=kernel.contexts.kind,
            context_count=len(m),
            effect="own next spike",
        ),
    )


def _domain(kernel: EffectKernel, domain: tuple[float, float] | None) -> tuple[float, float]:
    low, high = kernel.domain if domain is None else domain
    if not low < high:
        raise bad("domain", (low, high), "two scores, the lower one first (mV)")
    # A score also counts the synaptic current, so its range need not contain theta.
    if kernel.score_coefficient == 0 and not low < kernel.theta <= high:
        raise bad(
            "domain",
            (low, high),
            f"a range that contains the threshold theta = {kernel.theta} mV",
            "Interventions that never come near a spike cannot tell where it starts.",
        )
    return float(low), float(high)


def _solve(kernel: EffectKernel, low: float, high: float) -> tuple[float, tuple[float, float], str]:
    """Return the threshold, a bracket around it, and how it was found."""
    m = kernel.midpoints
    if kernel.scale == 0:
        cut = _noiseless(kernel, low, high)
        return cut, (cut, cut), "middle of the midpoints inside the domain (no noise)"
    if np.isinf(low) and np.isinf(high):
        cut = float(m.min() + m.max()) / 2.0
        return cut, (cut, cut), "closed form (m_min + m_max)/2 on the whole line"
    # An infinite end carries no weight beyond 40 widths of the transition.
    a = max(low, float(m.min()) - 40 * kernel.scale)
    b = min(high, float(m.max()) + 40 * kernel.scale)
    if not a < b:  # every context lies beyond one end
        a = low if np.isfinite(low) else high
        b = high if np.isfinite(high) else low
    centre = float(m.min() + m.max()) / 2.0
    while True:
        middle = 0.5 * (a + b)
        if not a < middle < b:
            break
        left, right = diameter(kernel, low, middle), diameter(kernel, middle, high)
        # Far in a tail both are 0, with strong contexts both are 1 to the last digit: there
        # every threshold is as good, and the one nearest the whole-line optimum is taken.
        if left < right or (left == right and middle < centre):
            a = middle
        else:
            b = middle
    cut = min((a, b), key=lambda t: max(diameter(kernel, low, t), diameter(kernel, t, high)))
    return cut, (a, b), "bisection of the two worst diameters to adjacent floats"


def _noiseless(kernel: EffectKernel, low: float, high: float) -> float:
    first, last = float(kernel.midpoints.min()), float(kernel.midpoints.max())
    if kernel.contexts.kind == "interval":
        if first < high and last > low:
            return (max(first, low) + min(last, high)) / 2.0
    else:
        inside = kernel.midpoints[(kernel.midpoints > low) & (kernel.midpoints < high)]
        if len(inside):
            return float(inside.min() + inside.max()) / 2.0
    # No midpoint inside: all admissible states act alike and one of the cells is empty.
    return float(np.clip((first + last) / 2.0, low, high))


def _band(kernel: EffectKernel, level: float) -> tuple[float, float]:
    """Return [m_min - s z, m_max + s z], z = Phi^-1(1 - level) (theory/01_lif.py L9)."""
    from scipy.special import ndtri

    reach = kernel.scale * float(ndtri(1.0 - level))
    return float(kernel.midpoints.min()) - reach, float(kernel.midpoints.max()) + reach


def _separation(kernel: EffectKernel, low: float, high: float, band: tuple[float, float]) -> float:
    if not (low < band[0] and band[1] < high):
        return 0.0
    if kernel.scale == 0:
        return 1.0
    effects = kernel.probability(np.array(band))
    return float(np.min(effects[:, 1] - effects[:, 0]))


def _spiking_diameters(kernel: EffectKernel, cut: float, high: float) -> tuple[float, float]:
    """Return the worst diameter of "just spiked", and of "primed or just spiked"."""
    r = kernel.range
    v, i = np.meshgrid([r.theta, r.v_high], [r.i_low, r.i_high])
    corners = kernel.after_spike(v, i).reshape(len(kernel.midpoints), -1)
    # The effect is monotone in v and in i, so its extremes are at the corners.
    spiking = float(np.max(corners.max(axis=1) - corners.min(axis=1)))
    if not cut < high:
        return spiking, spiking
    primed = kernel.probability(np.array([cut, high]))
    joined = np.concatenate([corners, primed], axis=1)
    return spiking, float(np.max(joined.max(axis=1) - joined.min(axis=1)))


def _verdict(
    kernel: EffectKernel, low: float, high: float, epsilon: float, power: float, level: float
) -> Verdict:
    from scipy.special import ndtri

    first, last = float(kernel.midpoints.min()), float(kernel.midpoints.max())
    if first >= high:
        return Verdict.ON_EMPTY
    if last <= low:
        return Verdict.OFF_EMPTY
    if epsilon <= level:
        # Closure alone is worth nothing: cells that cause the same are always homogeneous.
        return Verdict.SUFFICIENT if power >= 1.0 - 2.0 * level else Verdict.INDISTINCT
    # A state that almost surely causes a spike in one context and almost never in another.
    reach = kernel.scale * float(ndtri(1.0 - level))
    if max(low, first + reach) < min(high, last - reach):
        return Verdict.CONTEXT
    return Verdict.GRADED
