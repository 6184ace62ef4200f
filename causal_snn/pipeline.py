"""The whole flow: network, effect kernels, causal thresholds, macro TPM, integrated information."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from causal_snn import coarse, kernel, order, phi, tpm
from causal_snn.errors import StageWarning, bad, check_choice
from causal_snn.kernel.contexts import Kind
from causal_snn.models.graph import strongest_units
from causal_snn.models.network import Network
from causal_snn.phi.adapter import FORMALISMS
from causal_snn.phi.cost import check_feasible, seconds
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.report.result import Report
from causal_snn.tpm.within_cell import LAW_NAMES, LawName

ALL_STATES_SECONDS = 60.0
"""All states are analysed unasked while phi_s of them costs less than this."""


def analyze(
    network: Network,
    *,
    units: Sequence[int | str] | str | None = None,
    background: Mapping[str, int] | Sequence[int] | int = 0,
    alphabet: coarse.Alphabet = "ternary",
    contexts: Kind | Sequence[float] | None = None,
    potentials: tuple[float, float] | None = None,
    law: LawName = "uniform",
    state: Sequence[int] | None = None,
    all_states: bool | None = None,
    formalism: str = "IIT_4_0_2026",
    structure: bool | None = None,
    band_level: float = 0.05,
    strict: bool = False,
    max_seconds: float = 600.0,
    rng: np.random.Generator | int | None = 0,
    progress: bool = False,
) -> Report:
    """Return the causally sufficient macro states of a network and how integrated it is.

    Parameters
    ----------
    network : Network
    units : sequence of int or str, or "auto:K", optional
        Units to analyse, the others clamped as background; ``"auto:K"`` takes the K-unit
        strongly connected subset with the strongest recurrent weights. Default: all.
    background : 0, 1, sequence or mapping
        State the other units are clamped at, see `Network.subset`.
    alphabet : {"ternary", "binary"}
        Macro states of a unit. Ternary (quiet, primed, spiking) refines the emission
        boundary, so that the TPM is conditionally independent; binary does not.
    contexts : str or array, optional
        Inputs under which thresholds must hold, see `causal_snn.kernel.next_spike`.
    potentials : (float, float), optional
        Range of potentials that interventions may set (mV).
    law : {"uniform", "stationary", "stationary_joint", "maximum_entropy"}
        Micro states that stand for a macro state, see `causal_snn.tpm.build`.
    state : sequence of int, optional
        Macro state for `Report.phi`; default the most probable one in the long run.
    all_states : bool, optional
        Whether to analyse every reachable state too; default while it costs under a minute.
    formalism, structure, max_seconds : optional
        See `causal_snn.phi.analyze`.
    band_level : float
        Level of the abstain band.
    strict : bool
        Refuse a TPM that is not conditionally independent, rather than warn.
    rng : numpy.random.Generator or int, optional
        Source of noise for the stationary laws.
    progress : bool
        Show bars for work over two seconds.

    Returns
    -------
    Report
    """
    if not isinstance(network, Network):
        raise bad("network", network, "a Network", "Read files with causal_snn.read_network.")
    if units is not None:
        network = network.subset(_unit_list(network, units), background=background)
    elif background not in (0, {}):
        raise bad(
            "background",
            background,
            "a clamped state of units left out by `units`",
            "Name the units to analyse, or leave background out.",
        )
    check_choice("alphabet", alphabet, tuple(coarse.CELLS))
    check_choice("formalism", formalism, FORMALISMS)
    check_choice("law", law, LAW_NAMES)
    sizes = (len(coarse.CELLS[alphabet]),) * network.n
    if state is not None:
        state = order.check_state(state, sizes)
    check_feasible(sizes, formalism=formalism, structure=bool(structure), max_seconds=max_seconds)
    if all_states:
        check_feasible(
            sizes,
            formalism=formalism,
            states=prod(sizes),
            structure=bool(structure),
            complexes=False,
            max_seconds=max_seconds,
        )
    indices = range(network.n)
    kernels = tuple(
        kernel.next_spike(network, k, contexts=contexts, potentials=potentials)
        for k in track(indices, label="effect kernels", show=progress)
    )
    thresholds = tuple(
        coarse.threshold(each, alphabet=alphabet, band_level=band_level)
        for each in track(kernels, label="causal thresholds", show=progress)
    )
    partition = coarse.Partition(tuple(result.partition for result in thresholds))
    matrix = tpm.build(network, partition, law=law, potentials=potentials, rng=rng)
    chosen = _likeliest(matrix) if state is None else tuple(state)
    one = phi.analyze(
        matrix,
        chosen,
        formalism=formalism,
        structure=structure,
        strict=strict,
        max_seconds=max_seconds,
        progress=progress,
    )
    # Structures of all states only where they are cheap, or where both were asked for.
    per_state = structure if all_states else (False if structure is False else None)
    if all_states is None:
        cost = seconds(sizes, formalism=formalism, states=len(matrix.states), complexes=False)
        all_states = cost <= min(ALL_STATES_SECONDS, max_seconds)
    return Report(
        network=network,
        kernels=kernels,
        thresholds=thresholds,
        partition=partition,
        tpm=matrix,
        phi=one,
        phi_by_state=_over_states(matrix, formalism, per_state, max_seconds, progress)
        if all_states
        else None,
        options={
            "units": list(network.labels),
            "background": dict(network.background),
            "alphabet": alphabet,
            "contexts": contexts
            if contexts is None or isinstance(contexts, str)
            else [float(c) for c in contexts],
            "potentials": None if potentials is None else [float(v) for v in potentials],
            "law": law,
            "state": list(chosen),
            "state_chosen_by": "most probable in the long run" if state is None else "caller",
            "formalism": formalism,
            "band_level": band_level,
            "structure": structure,
            "strict": strict,
            "max_seconds": max_seconds,
            "seed": rng if isinstance(rng, int) else None,
        },
        provenance=provenance("causal_snn pipeline"),
    )


def _unit_list(network: Network, units: Sequence[int | str] | str) -> Sequence[int | str]:
    if not isinstance(units, str):
        return units
    kind, _, size = units.partition(":")
    if kind != "auto":
        return [part.strip() for part in units.split(",")]
    if not size.isdigit():
        raise bad("units", units, "labels or indices, or 'auto:K' with a whole number K")
    return strongest_units(network, int(size))


def _likeliest(matrix: tpm.TPM) -> tuple[int, ...]:
    chance = np.where(matrix.reachable(), matrix.stationary(), -1.0)
    return tuple(int(x) for x in matrix.states[int(np.argmax(chance))])


def _over_states(
    matrix: tpm.TPM,
    formalism: str,
    structure: bool | None,
    max_seconds: float,
    progress: bool,
) -> phi.PhiByState:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StageWarning)  # said once already, for `phi`
        return phi.analyze(
            matrix,
            formalism=formalism,
            structure=structure,
            complexes=False,
            max_seconds=max_seconds,
            progress=progress,
        )
