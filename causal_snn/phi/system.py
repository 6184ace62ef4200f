"""System integrated information phi_s: how much a system is more than its parts."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from causal_snn.errors import check_choice
from causal_snn.phi.checks import Question, ask
from causal_snn.phi.exact.cost import check_size
from causal_snn.phi.exact.distinctions import every_candidate
from causal_snn.phi.exact.equal import EQUAL
from causal_snn.phi.exact.evaluate import Evaluation, evaluate
from causal_snn.phi.exact.factors import Factors, factors
from causal_snn.phi.exact.partition import Cut, DirectedPartition
from causal_snn.phi.exact.structures import settled
from causal_snn.phi.result import MinimumPartition
from causal_snn.phi.system_result import SystemResult
from causal_snn.provenance import provenance
from causal_snn.tpm import TOLERANCE, TPM

ENGINES = ("auto", "exact", "pyphi", "both")
MOST_UNITS_WITH_TIES = 6
"""Units up to which tied specified states are settled by Phi; `ties` tells of them beyond."""
AGREE = 1e-9
"""Difference up to which the two engines agree (ibit)."""
WORDS = {Cut.CAUSE: "inputs cut", Cut.EFFECT: "outputs cut", Cut.BOTH: "cut both ways"}


def system(
    tpm: TPM | ArrayLike,
    state: Sequence[int],
    *,
    formalism: str = "IIT_4_0_2026",
    units: Sequence[int | str] | None = None,
    engine: str = "auto",
    tolerance: float = TOLERANCE,
    force: bool = False,
) -> SystemResult:
    """Return the system integrated information of a network, or of some of its units.

    phi_s is the least of what a directed partition loses, over the connections it cuts, at the
    cause and effect state that the system specifies (Albantakis et al., PLOS Comput Biol
    19:e1011465, 2023, Eqs. 13-23; capped by ii(s) in the formalism of 2026).

    Parameters
    ----------
    tpm : TPM, or array of shape (2^n, n)
        An array is a little-endian state-by-node table, see `TPM.from_state_by_node`.
    state : sequence of int
        State of every unit of the TPM.
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023"}
    units : sequence of int or str, optional
        The system; the other units are background. Default: all.
    engine : {"auto", "exact", "pyphi", "both"}
        ``"exact"`` finds the minimum partition in 4^n operations, without enumeration;
        ``"pyphi"`` enumerates partitions, up to 6 or 7 units; ``"both"`` runs both and raises
        where they differ. ``"auto"`` is ``"exact"``.
    tolerance : float
        Largest independence gap of the TPM at which phi_s means what it says.
    force : bool
        Go on where more memory is needed than is used unasked.

    Returns
    -------
    SystemResult

    Raises
    ------
    InputError
        For an unknown formalism, engine or unit, a state of the wrong length or unreachable,
        too many units, or a TPM whose independence gap exceeds `tolerance`.
    RuntimeError
        If the two engines differ by more than 1e-9.
    """
    check_choice("engine", engine, ENGINES)
    asked = ask(tpm, state, units, formalism=formalism, tolerance=tolerance)
    if engine == "pyphi":
        return _by_pyphi(asked)
    check_size(asked.sizes, force=force)
    inside = factors(asked.tpm, asked.state, asked.units)
    result = system_result(asked, _settled(inside, evaluate(inside, capped=asked.capped)))
    if engine == "both":
        other = _by_pyphi(asked)
        if abs(other.phi_s - result.phi_s) > AGREE:
            raise RuntimeError(
                f"the engines differ in state {asked.state}: exact {result.phi_s!r}, "
                f"PyPhi {other.phi_s!r}; please report this TPM"
            )
    return result


def _by_pyphi(asked: Question) -> SystemResult:
    from causal_snn.phi.adapter import Substrate

    return Substrate(asked.tpm).system(asked.state, formalism=asked.formalism, units=asked.units)


def _settled(system: Factors, found: Evaluation) -> Evaluation:
    """Return the evaluation with tied readings settled by their Phi, where that is in reach."""
    if len(found.readings) == 1 or found.readings[0].phi_s == 0.0:
        return found
    if len(system.state) > MOST_UNITS_WITH_TIES:
        return found
    return settled(found, every_candidate(system))[1]


def system_result(asked: Question, found: Evaluation) -> SystemResult:
    """Return an evaluation in the names of a TPM."""
    tpm, state, units, formalism = asked.tpm, asked.state, asked.units, asked.formalism
    labels = tuple(tpm.labels[k] for k in units)
    first = found.readings[0]
    least = first.minimum
    return SystemResult(
        state=tuple(state[k] for k in units),
        labels=labels,
        formalism=formalism,
        phi_s=first.phi_s,
        partition=None
        if least is None
        else named_partition(least.partition, labels, least.normalized),
        cause_state=first.cause.state,
        effect_state=first.effect.state,
        intrinsic_information=first.information,
        ties=len(found.readings),
        reasons=found.reasons,
        independence_gap=tpm.independence_gap,
        provenance=provenance(
            "exact minimum partition by dynamic programming over subsets",
            formalism=formalism,
            tolerance=EQUAL,
            iterations=None if least is None else least.iterations,
            background={tpm.labels[k]: state[k] for k in range(tpm.n) if k not in units},
            law=tpm.law,
            projection_distance=tpm.projection_distance,
        ),
    )


def named_partition(
    partition: DirectedPartition, labels: Sequence[str], normalized: float
) -> MinimumPartition:
    """Return a partition in the units' names."""
    parts = [
        f"{{{', '.join(labels[k] for k in part)}}} {WORDS[cut]}"
        for part, cut in zip(partition.parts, partition.cuts, strict=True)
    ]
    cut = sorted((labels[j], labels[i]) for j, i in partition.connections)
    return MinimumPartition("; ".join(parts), tuple(cut), normalized)
