"""Structure integrated information Phi: what a system specifies, distinction by distinction."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from causal_snn import order
from causal_snn.errors import check_choice
from causal_snn.phi.checks import as_tpm, check_gap, unit_indices
from causal_snn.phi.exact.cost import check_structure_size
from causal_snn.phi.exact.distinctions import Tables, candidate, mechanisms
from causal_snn.phi.exact.evaluate import evaluate
from causal_snn.phi.exact.factors import factors
from causal_snn.phi.exact.relations import Bound
from causal_snn.phi.exact.structures import settle
from causal_snn.phi.result import State
from causal_snn.phi.structure_result import Distinction, StructureResult
from causal_snn.phi.system import AGREE, ENGINES, FOUR, NONUNIQUE, system_result
from causal_snn.progress import track
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
        If two engines were asked for and differ by more than 1e-9 of Phi.
    """
    check_choice("formalism", formalism, FOUR)
    check_choice("engine", engine, ENGINES)
    matrix = as_tpm(tpm)
    check_gap(matrix, strict=True, tolerance=tolerance)
    now = order.check_state(state, matrix.sizes)
    chosen = unit_indices(matrix, units)
    if engine == "pyphi":
        return _by_pyphi(matrix, now, chosen, formalism)
    check_structure_size([matrix.sizes[k] for k in chosen], force=force)
    result = _exact(matrix, now, chosen, formalism, progress)
    if engine == "both":
        other = _by_pyphi(matrix, now, chosen, formalism)
        if abs(other.big_phi - result.big_phi) > AGREE * max(1.0, other.big_phi):
            raise RuntimeError(
                f"the engines differ in state {now}: exact Phi {result.big_phi!r}, "
                f"PyPhi {other.big_phi!r}; please report this TPM"
            )
    return result


def _by_pyphi(tpm: TPM, state: State, units: tuple[int, ...], formalism: str) -> StructureResult:
    from causal_snn.phi.adapter import Substrate

    return Substrate(tpm).structure(state, formalism=formalism, units=units)


def _exact(
    tpm: TPM, state: State, units: tuple[int, ...], formalism: str, progress: bool
) -> StructureResult:
    system = factors(tpm, state, units)
    found = evaluate(system, capped=formalism == FOUR[0])
    tables = Tables(system)
    candidates = [
        one
        for mechanism in track(mechanisms(len(units)), label="mechanisms", show=progress)
        if (one := candidate(tables, mechanism)) is not None
    ]
    best, unique = settle(found.readings, candidates)
    if best.reading.phi_s == 0.0 or unique:
        settled = found.settled(best.reading)
    else:
        settled = found.refused(NONUNIQUE)
    labels = tuple(tpm.labels[k] for k in units)
    return StructureResult(
        system=system_result(tpm, state, units, formalism, settled),
        distinctions=tuple(_named(one, labels) for one in best.chosen.distinctions),
        sum_phi_distinctions=best.sum_phi_distinctions,
        sum_phi_relations=best.sum_phi_relations,
        relations=best.relations,
        reading_combinations=best.chosen.combinations,
        provenance=provenance(
            "exact: every mechanism over every purview, relations in closed form",
            formalism=formalism,
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
