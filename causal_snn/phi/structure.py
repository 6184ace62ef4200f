"""Structure integrated information Phi: what a system specifies, distinction by distinction."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from causal_snn.errors import check_choice
from causal_snn.phi.checks import Question, ask
from causal_snn.phi.exact.cost import check_structure_size
from causal_snn.phi.exact.distinctions import every_candidate
from causal_snn.phi.exact.evaluate import evaluate
from causal_snn.phi.exact.factors import factors
from causal_snn.phi.exact.relations import Bound
from causal_snn.phi.exact.structures import settled
from causal_snn.phi.structure_result import Distinction, StructureResult
from causal_snn.phi.system import AGREE, ENGINES, system_result
from causal_snn.provenance import provenance
from causal_snn.tpm import TOLERANCE, TPM


def structure(
    tpm: TPM | ArrayLike,
    state: Sequence[int],
    *,
    formalism: str = "IIT_4_0_2026",
    units: Sequence[int | str] | None = None,
    engine: str = "auto",
    tolerance: float = TOLERANCE,
    force: bool = False,
    progress: bool = False,
) -> StructureResult:
    """Return the cause-effect structure of a system: its distinctions, relations and Phi.

    Every mechanism over every purview, with exact minimum partitions; tied readings are
    settled by the largest Phi (Albantakis et al., PLOS Comput Biol 19:e1011465, 2023,
    Eqs. 24-58).

    Parameters
    ----------
    tpm, state, formalism, units, engine, tolerance, force
        See `causal_snn.phi.system`.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    StructureResult

    Raises
    ------
    InputError
        As `causal_snn.phi.system`.
    RuntimeError
        If two engines were asked for and differ by more than 1e-9 of Phi; not where phi_s is 0
        and readings tie: PyPhi settles ties of irreducible systems alone.
    """
    check_choice("engine", engine, ENGINES)
    asked = ask(tpm, state, units, formalism=formalism, tolerance=tolerance)
    if engine == "pyphi":
        return _by_pyphi(asked)
    check_structure_size(asked.sizes, force=force)
    result = _exact(asked, progress)
    if engine == "both":
        other = _by_pyphi(asked)
        settled_by_both = result.phi_s > 0 or result.system.ties == 1
        differ = abs(other.big_phi - result.big_phi) > AGREE * max(1.0, other.big_phi)
        if settled_by_both and differ:
            raise RuntimeError(
                f"the engines differ in state {asked.state}: exact Phi {result.big_phi!r}, "
                f"PyPhi {other.big_phi!r}; please report this TPM"
            )
    return result


def _by_pyphi(asked: Question) -> StructureResult:
    from causal_snn.phi.adapter import Substrate

    substrate = Substrate(asked.tpm)
    return substrate.structure(asked.state, formalism=asked.formalism, units=asked.units)


def _exact(asked: Question, progress: bool) -> StructureResult:
    system = factors(asked.tpm, asked.state, asked.units)
    candidates = every_candidate(system, progress=progress)
    best, found = settled(evaluate(system, capped=asked.capped), candidates)
    labels = tuple(asked.tpm.labels[k] for k in asked.units)
    return StructureResult(
        system=system_result(asked, found),
        distinctions=tuple(_named(one, labels) for one in best.chosen.distinctions),
        sum_phi_distinctions=best.sum_phi_distinctions,
        sum_phi_relations=best.sum_phi_relations,
        relations=best.relations,
        reading_combinations=best.chosen.combinations,
        provenance=provenance(
            "exact: every mechanism over every purview, relations in closed form",
            formalism=asked.formalism,
            readings="all compared" if best.chosen.exact else "chosen one distinction at a time",
        ),
    )


def _named(one: Bound, labels: Sequence[str]) -> Distinction:
    return Distinction(
        mechanism=tuple(labels[k] for k in one.mechanism),
        phi=one.phi,
        cause=tuple(labels[k] for k in one.cause.units),
        cause_state=one.cause.state,
        phi_cause=one.cause.phi,
        effect=tuple(labels[k] for k in one.effect.units),
        effect_state=one.effect.state,
        phi_effect=one.effect.phi,
    )
