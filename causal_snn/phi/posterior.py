"""phi_s of a TPM that was estimated from counts: its posterior distribution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.errors import bad, check_whole
from causal_snn.phi.system import system
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.tpm import TPM

Floats = NDArray[np.float64]
Rng = np.random.Generator | int | None


@dataclass(frozen=True, slots=True, eq=False)
class PhiPosterior:
    """Samples of phi_s under the posterior of transition probabilities.

    Attributes
    ----------
    samples : array, shape (M,)
        phi_s (ibit). It is no bell curve: regimes mix, and 0 has weight.
    regimes : mapping
        How often each pair of specified states was selected.
    unseen : int
        States of the network without a single count, where the prior alone speaks.
    provenance : mapping
    """

    samples: Floats
    regimes: Mapping[tuple[Any, Any], int]
    unseen: int
    provenance: Mapping[str, Any]

    @property
    def reducible(self) -> float:
        """Probability that phi_s is 0."""
        return float(np.mean(self.samples == 0.0))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the central credible interval of phi_s (ibit)."""
        if not 0.0 < level < 1.0:
            raise bad("level", level, "a probability between 0 and 1, as 0.95")
        low, high = np.quantile(self.samples, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
        return float(low), float(high)


def posterior(
    counts: ArrayLike,
    state: Sequence[int],
    *,
    trials: ArrayLike | None = None,
    prior: float = 0.5,
    samples: int = 200,
    formalism: str = "IIT_4_0_2026",
    rng: Rng = None,
    progress: bool = False,
) -> PhiPosterior:
    """Return the posterior of phi_s, given how often each unit was on after each state.

    Every P(unit on | state) has a Beta(prior + on, prior + off) posterior, independent of the
    others, which is what the likelihood of conditionally independent units gives.

    Parameters
    ----------
    counts : array, shape (2^n, n)
        How often each unit was on one step after each state, little-endian; or, without
        `trials`, joint counts of transitions, shape (2^n, 2^n).
    state : sequence of int
    trials : array, shape (2^n,), optional
        How often each state was seen (or set).
    prior : float
        Parameter of the symmetric Beta prior: 1/2 is Jeffreys', 1 is uniform.
    samples : int
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023"}
    rng : numpy.random.Generator or int, optional
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    PhiPosterior

    Raises
    ------
    InputError
        If counts are negative, exceed the trials, or have another shape.
    """
    on, seen = _counts(counts, trials)
    if not prior > 0:
        raise bad("prior", prior, "a number above 0: 0.5 for Jeffreys' prior, 1 for a uniform one")
    n = on.shape[1]
    now = order.check_state(state, (2,) * n)
    generator = np.random.default_rng(rng)
    values, regimes = [], Counter[tuple[Any, Any]]()
    for _ in track(range(check_whole("samples", samples)), label="phi_s", show=progress):
        table = generator.beta(prior + on, prior + seen[:, None] - on)
        found = system(TPM.from_state_by_node(table), now, formalism=formalism)
        values.append(found.phi_s)
        regimes[found.cause_state, found.effect_state] += 1
    return PhiPosterior(
        samples=np.array(values),
        regimes=dict(regimes.most_common()),
        unseen=int(np.sum(seen == 0)),
        provenance=provenance(
            "independent Beta posteriors of every probability",
            formalism=formalism,
            state=list(now),
            prior=prior,
            samples=samples,
            seed=rng if isinstance(rng, int) else None,
        ),
    )


def _counts(counts: ArrayLike, trials: ArrayLike | None) -> tuple[Floats, Floats]:
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or not table.size or not np.all(np.isfinite(table)) or np.any(table < 0):
        raise bad("counts", f"shape {table.shape}", "a table of counts of 0 or more")
    n = max(len(table).bit_length() - 1, 1)
    if len(table) != 2**n:
        raise bad("counts", f"{len(table)} rows", "2^n rows, one for each state")
    if trials is None:
        if table.shape != (2**n, 2**n):
            raise bad(
                "counts",
                f"shape {table.shape}",
                f"joint counts, shape {(2**n, 2**n)}",
                "Give trials= with counts of each unit, shape (2^n, n).",
            )
        return table @ order.states((2,) * n), table.sum(axis=1)
    seen = np.asarray(trials, dtype=float)
    if table.shape != (2**n, n) or seen.shape != (2**n,):
        raise bad("trials", f"shape {seen.shape}", f"({2**n},) beside counts of {(2**n, n)}")
    if np.any(table > seen[:, None]):
        row = int(np.argwhere(table > seen[:, None])[0][0])
        raise bad(f"counts[{row}]", table[row].tolist(), f"at most the {seen[row]:g} trials")
    return table, seen
