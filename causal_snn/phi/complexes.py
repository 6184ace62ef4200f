"""Complexes: the systems that exist, each a maximum of phi_s among those it overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import combinations
from typing import Any

from numpy.typing import ArrayLike

from causal_snn.errors import bad
from causal_snn.phi.checks import Question, ask
from causal_snn.phi.exact.ceiling import ceiling
from causal_snn.phi.exact.cost import check_size, seconds
from causal_snn.phi.exact.equal import slack
from causal_snn.phi.exact.factors import factors
from causal_snn.phi.structure import structure
from causal_snn.phi.system import MOST_UNITS_WITH_TIES, system
from causal_snn.phi.system_result import SystemResult
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.tpm import TOLERANCE, TPM

MOST_UNITS = 12
"""Units whose 4,095 subsets are gone through unasked."""
Units = tuple[int, ...]


class Status(StrEnum):
    """Whether every complex was found; the members are the messages."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted: what was evaluated is kept, pass it as resume= to go on"


@dataclass(frozen=True, slots=True)
class Complexes:
    """The complexes of a network in a state.

    Attributes
    ----------
    complexes : tuple of SystemResult
        In order of phi_s, no two with a unit in common.
    evaluated : mapping of tuple of str to SystemResult
        Every system whose phi_s was computed.
    excluded : int
        Systems left out unsearched: reducible, or bounded below a complex they overlap.
    unresolved : tuple of tuple of tuple of str
        Overlapping systems that tie in phi_s and in Phi, of which none is a complex.
    status : Status
    provenance : mapping
    """

    complexes: tuple[SystemResult, ...]
    evaluated: Mapping[tuple[str, ...], SystemResult]
    excluded: int
    unresolved: tuple[tuple[tuple[str, ...], ...], ...]
    status: Status
    provenance: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.complexes)

    @property
    def major(self) -> SystemResult | None:
        """The complex of largest phi_s; None if nothing is irreducible."""
        return self.complexes[0] if self.complexes else None


def complexes(
    tpm: TPM | ArrayLike,
    state: Sequence[int],
    *,
    formalism: str = "IIT_4_0_2026",
    units: Sequence[int | str] | None = None,
    tolerance: float = TOLERANCE,
    resume: Complexes | None = None,
    force: bool = False,
    progress: bool = False,
) -> Complexes:
    """Return the complexes of a network: recursively the systems of largest phi_s.

    Systems are searched in the order of an upper bound on their phi_s; those that overlap a
    complex and are bounded below it never are (Marshall et al., Entropy 25:334, 2023,
    Algorithm A1). Overlapping systems that tie are settled by Phi, up to six units.

    Parameters
    ----------
    tpm, state, formalism, tolerance
        See `causal_snn.phi.system`.
    units : sequence of int or str, optional
        Units among which complexes are sought; the others are always background.
    resume : Complexes, optional
        An interrupted result of the same question, to go on from.
    force : bool
        Go on with more than 12 units.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    Complexes
        An interruption (Ctrl-C) ends the search and keeps what was evaluated.

    Raises
    ------
    InputError
        As `causal_snn.phi.system`; for too many units; or if `resume` is of another question.
    """
    asked = ask(tpm, state, units, formalism=formalism, tolerance=tolerance)
    among = asked.units
    if len(among) > MOST_UNITS and not force:
        total = sum(
            seconds([2] * m) for m in range(1, len(among) + 1) for _ in combinations(among, m)
        )
        raise bad(
            "units",
            f"{len(among)} units",
            f"at most {MOST_UNITS} units, unless force=True; their {2 ** len(among) - 1:,} systems "
            f"could take {total / 3600:.2g} hours",
        )
    check_size(asked.sizes, force=force)
    search = _Search(asked, resume)
    try:
        search.bound(
            [s for m in range(1, len(among) + 1) for s in combinations(among, m)], progress
        )
        search.run(progress)
        status = Status.COMPLETE
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    return search.result(status)


class _Search:
    """The walk down phi_s."""

    def __init__(self, asked: Question, resume: Complexes | None) -> None:
        tpm, state, formalism = asked.tpm, asked.state, asked.formalism
        self.tpm, self.state, self.formalism, self.capped = tpm, state, formalism, asked.capped
        self.ceilings: dict[Units, float] = {}
        self.values: dict[Units, SystemResult] = {}
        self.accepted: list[Units] = []
        self.unresolved: list[tuple[Units, ...]] = []
        self.question = {
            "formalism": formalism,
            "state": list(state),
            "labels": list(tpm.labels),
            "marginals": sha256(b"".join(m.tobytes() for m in tpm.marginals)).hexdigest(),
        }
        if resume is None:
            return
        if any(resume.provenance.get(key) != value for key, value in self.question.items()):
            raise bad("resume", resume.provenance.get("state"), "a result of the same question")
        for names, value in resume.evaluated.items():
            self.values[tuple(tpm.labels.index(name) for name in names)] = value

    def bound(self, systems: Sequence[Units], progress: bool) -> None:
        """Work out an upper bound on phi_s of every system."""
        for one in track(systems, label="bounds on phi_s", show=progress):
            inside = factors(self.tpm, self.state, one)
            self.ceilings[one] = ceiling(inside, capped=self.capped)

    def run(self, progress: bool) -> None:
        """Accept complexes in order of phi_s, searching only systems that may be the next."""
        open_systems = {one for one, bound in self.ceilings.items() if bound > 0.0}
        while open_systems:
            tier = self._tier(open_systems, progress)
            if not tier:
                return
            winners = self._settle(tier)
            self.accepted += winners
            covered = {k for one in winners for k in one}
            open_systems = {
                one for one in open_systems if one not in tier and not covered & set(one)
            }

    def _tier(self, open_systems: set[Units], progress: bool) -> list[Units]:
        """Return the systems of largest phi_s among the open ones, all evaluated."""
        best = 0.0
        waiting = sorted(open_systems, key=lambda one: (-self.ceilings[one], len(one), one))
        for one in track(waiting, label="phi_s of candidate systems", show=progress):
            if self.ceilings[one] < best - slack(best):
                break  # and so are all that follow
            best = max(best, self._value(one))
        if best == 0.0:
            return []
        known = [one for one in waiting if one in self.values]
        return [one for one in known if self._value(one) >= best - slack(best)]

    def _value(self, one: Units) -> float:
        if one not in self.values:
            self.values[one] = system(
                self.tpm,
                self.state,
                formalism=self.formalism,
                units=one,
                tolerance=1.0,  # the gap was checked before
                force=True,
            )
        return self.values[one].phi_s

    def _settle(self, tier: list[Units]) -> list[Units]:
        """Return which of tied systems are complexes; overlapping ones are settled by Phi."""
        winners: list[Units] = []
        left = list(tier)
        while left:
            free = [one for one in left if not any(_overlap(one, other) for other in left)]
            winners += free
            left = [one for one in left if one not in free]
            if not left:
                break
            top = self._largest_structures(left)
            tied = [one for one in top if any(_overlap(one, other) for other in top)]
            if tied:
                self.unresolved.append(tuple(tied))
            chosen = [one for one in top if one not in tied]
            winners += chosen
            left = [
                one
                for one in left
                if one not in top and not any(_overlap(one, other) for other in chosen)
            ]
        return winners

    def _largest_structures(self, tied: list[Units]) -> list[Units]:
        if max(map(len, tied)) > MOST_UNITS_WITH_TIES:
            return tied
        phis = {
            one: structure(
                self.tpm, self.state, formalism=self.formalism, units=one, tolerance=1.0
            ).big_phi
            for one in tied
        }
        top = max(phis.values())
        return [one for one in tied if phis[one] >= top - slack(top)]

    def result(self, status: Status) -> Complexes:
        """Return what was found."""
        labels = self.tpm.labels
        named = {tuple(labels[k] for k in one): value for one, value in self.values.items()}
        return Complexes(
            complexes=tuple(self.values[one] for one in self.accepted),
            evaluated=named,
            excluded=len(self.ceilings) - len(self.values),
            unresolved=tuple(
                tuple(tuple(labels[k] for k in one) for one in group) for group in self.unresolved
            ),
            status=status,
            provenance=provenance(
                "exact phi_s of every system that an upper bound does not exclude",
                **self.question,
            ),
        )


def _overlap(one: Units, other: Units) -> bool:
    return one != other and bool(set(one) & set(other))
