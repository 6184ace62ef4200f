"""Cells with the least mean squared error for a fixed effect matrix, with a rigorous bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.coarse.lumping.brier_bound import dual_matrix, lower_bound
from causal_snn.coarse.lumping.brier_certificate import BrierCertificate
from causal_snn.coarse.lumping.problem import Floats, Labels, by_first_appearance, frozen, law_of
from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.provenance import provenance

Relaxation = Literal["auto", "sdp", "spectral"]
LARGEST = 80
"""Effects up to which ``"auto"`` solves the semidefinite program."""


@dataclass(frozen=True, slots=True, eq=False)
class BrierResult:
    """Cells of given effects, their error, and the proof.

    Attributes
    ----------
    cells : array, shape (m,)
        Cell of every effect, numbered as they appear.
    error : float
        Sum over effects of mass times squared distance to the mean effect of the cell.
    centres : array, shape (k, Y)
        The mean effects.
    certificate : BrierCertificate
    provenance : mapping
    """

    cells: Labels
    error: float
    centres: Floats
    certificate: BrierCertificate
    provenance: Mapping[str, Any]


def brier_lump(
    rows: ArrayLike,
    k: int,
    *,
    mass: ArrayLike | None = None,
    relaxation: Relaxation = "auto",
    restarts: int = 20,
    rng: np.random.Generator | int | None = 0,
) -> BrierResult:
    """Return k cells of effects with a small mass-weighted variance within cells, and a bound.

    error = sum_i m_i |f_i - c(cell of i)|^2 with c the mean effect of a cell: what the Brier
    score of a prediction loses when only the cell is known. With rows sqrt(p/2) it is the mean
    squared Hellinger distance to the cell's mean. The upper bound is found by alternation and
    single moves from many starts, the lower bound by the semidefinite relaxation of Peng and
    Wei (SIAM J Optim 18:186, 2007), whose dual is repaired so that the bound holds whatever
    the accuracy of the solver (theory/10_lumping.py M6).

    Parameters
    ----------
    rows : array, shape (m, Y)
        Effects: laws, or their square roots. They are fixed; see `lump` for effects that are
        lumped by the partition itself.
    k : int
        Number of cells.
    mass : array, shape (m,), optional
        Probability of every effect, uniform by default.
    relaxation : {"auto", "sdp", "spectral"}
        ``"sdp"`` takes time with the third power of m and more; ``"spectral"`` uses the
        eigenvalues alone, weaker and fast; ``"auto"`` the first up to 80 effects.
    restarts : int
        Starts of the descent.
    rng : numpy.random.Generator or int, optional
        Source of the starts.

    Raises
    ------
    InputError
        If rows are not finite, masses are no law, or fewer than k effects have mass.
    """
    check_choice("relaxation", relaxation, ("auto", "sdp", "spectral"))
    check_whole("restarts", restarts)
    effects = np.array(rows, dtype=float)
    if effects.ndim != 2 or not effects.size or not np.isfinite(effects).all():
        raise bad("rows", effects.shape, "finite effects, shape (m, Y)")
    law = law_of(mass, len(effects), name="mass")
    if check_whole("k", k) > np.count_nonzero(law):
        raise bad("k", k, f"at most the number of effects with mass, {np.count_nonzero(law)}")
    cells = by_first_appearance(_descend(effects, law, k, np.random.default_rng(rng), restarts))
    centres = _centres(effects, law, cells, k)
    error = _error(effects, law, cells, centres)
    sdp = relaxation == "sdp" or (relaxation == "auto" and len(effects) <= LARGEST)
    dual = dual_matrix(effects, law, k) if sdp else np.zeros((len(effects), len(effects)))
    lower = min(error, lower_bound(effects, law, k, dual))
    method = "alternation and single moves; " + (
        "repaired dual of the Peng-Wei relaxation" if sdp else "spectral bound"
    )
    certificate = BrierCertificate(
        rows=frozen(effects),
        mass=frozen(law),
        k=k,
        cells=frozen(cells),
        upper=error,
        lower=lower,
        method=method,
        dual=frozen(dual),
    )
    return BrierResult(
        cells=cells,
        error=error,
        centres=frozen(centres),
        certificate=certificate,
        provenance=provenance(
            method,
            objective="mass-weighted variance within cells",
            distance="squared Euclidean",
            domain=f"{len(effects)} effects",
            relaxation="sdp" if sdp else "spectral",
            restarts=restarts,
        ),
    )


def _centres(rows: Floats, mass: Floats, cells: Labels, k: int) -> Floats:
    member = (cells[:, None] == np.arange(k)) * mass[:, None]
    return np.asarray(member.T @ rows / np.maximum(member.sum(axis=0), 1e-300)[:, None])


def _error(rows: Floats, mass: Floats, cells: Labels, centres: Floats) -> float:
    return float(mass @ ((rows - centres[cells]) ** 2).sum(axis=1))


def _descend(
    rows: Floats, mass: Floats, k: int, rng: np.random.Generator, restarts: int
) -> NDArray[np.int64]:
    best, least = np.zeros(len(rows), dtype=np.int64), np.inf
    for _ in range(restarts):
        cells = _moved(rows, mass, _start(rows, mass, k, rng), k)
        error = _error(rows, mass, cells, _centres(rows, mass, cells, k))
        if error < least:
            best, least = cells, error
    return best


def _start(rows: Floats, mass: Floats, k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return cells around k effects drawn far from each other (Arthur and Vassilvitskii, 2007)."""
    chosen = [int(rng.choice(len(rows), p=mass))]
    away = ((rows - rows[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < k:
        weight = mass * away
        weight[chosen] = 0
        if weight.sum() <= 0:  # all others equal one chosen already
            weight = mass.copy()
            weight[chosen] = 0
        chosen.append(int(rng.choice(len(rows), p=weight / weight.sum())))
        away = np.minimum(away, ((rows - rows[chosen[-1]]) ** 2).sum(axis=1))
    cells = ((rows[:, None] - rows[chosen]) ** 2).sum(axis=2).argmin(axis=1)
    cells[chosen] = np.arange(k)
    return np.asarray(cells)


def _moved(rows: Floats, mass: Floats, cells: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Return the cells after moving the effect that gains most, again and again.

    Moving i from a to b changes the error by m_b m_i/(m_b + m_i) |f_i - c_b|^2
    - m_a m_i/(m_a - m_i) |f_i - c_a|^2; a cell keeps at least one effect with mass.
    """
    cells = cells.copy()
    index = np.arange(len(rows))
    while True:
        total = np.bincount(cells, mass, minlength=k)
        away = ((rows[:, None] - _centres(rows, mass, cells, k)) ** 2).sum(axis=2)
        joined = total * mass[:, None] / np.maximum(total + mass[:, None], 1e-300) * away
        rest = total[cells] - mass
        alone = np.bincount(cells, mass > 0, minlength=k)[cells] <= 1
        stays = alone | (rest <= 0) | (mass == 0)
        left = np.where(stays, 0.0, total[cells] * mass / np.where(stays, 1.0, rest))
        change = joined - (left * away[index, cells])[:, None]
        change[index, cells] = 0.0
        change[stays] = 0.0
        i, b = np.unravel_index(int(np.argmin(change)), change.shape)
        if not change[i, b] < -1e-15:
            break
        cells[i] = b
    light = mass == 0  # they cost nothing; the nearest cell is theirs
    cells[light] = away[light].argmin(axis=1)
    return cells
