"""Thresholds with the least worst-case diameter: unit by unit, or binary and coupled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds import minimax
from causal_snn.coarse.joint_thresholds.certificate import JointCertificate
from causal_snn.coarse.joint_thresholds.result import (
    Choice,
    JointResult,
    JointStatus,
    joint_total_variation,
)
from causal_snn.coarse.joint_thresholds.unit_step import UnitStep
from causal_snn.coarse.partition import Alphabet, Partition
from causal_snn.coarse.threshold import threshold
from causal_snn.kernel.contexts import Kind
from causal_snn.kernel.gaussian import next_spike
from causal_snn.models.network import Network
from causal_snn.provenance import provenance

Floats = NDArray[np.float64]


def ternary_worst(
    network: Network,
    contexts: Kind | Sequence[float] | None,
    potentials: tuple[float, float] | None,
) -> JointResult:
    """Return the thresholds that are best unit by unit, which is best together (J1)."""
    kernels = [
        next_spike(network, i, contexts=contexts, potentials=potentials) for i in range(network.n)
    ]
    found = [threshold(kernel) for kernel in kernels]
    spiking = tuple(one.spiking_diameter for one in found)
    per_unit = np.array([max(one.cell_diameters) for one in found])
    lower = max(*spiking, *(one.certificate.lower for one in found))
    choice = Choice(np.array([one.threshold for one in found]), float(per_unit.max()), per_unit)
    certificate = JointCertificate(
        objective="minimax",
        alphabet="ternary",
        effect="spike",
        thresholds=tuple(choice.thresholds.tolist()),
        upper=choice.epsilon,
        lower=lower,
        everywhere=lower,
        units=(),
        candidates=(),
        tree=(),
        edges=(),
        tree_everywhere=(),
        separate=tuple(one.certificate for one in found),
        spiking=spiking,
        contexts=contexts if contexts is None or isinstance(contexts, str) else tuple(contexts),
        method="unit by unit: a ternary macro state tells the spike, so thresholds separate",
    )
    domain = [list(one.domain) for one in found]
    kinds = sorted({kernel.contexts.kind for kernel in kernels})
    return _result(network, certificate, choice, choice, domain=domain, contexts=kinds)


def binary_worst(
    network: Network, units: tuple[UnitStep, ...], candidates: Sequence[Floats]
) -> JointResult:
    """Return the candidates with the least worst diameter, exactly (J9)."""
    best = minimax.least_worst(units, candidates)
    lone = minimax.worst_of(units, candidates, minimax.alone(units, candidates))
    choice, separate = (_choice(candidates, found) for found in (best, lone))
    certificate = JointCertificate(
        objective="minimax",
        alphabet="binary",
        effect="spike",
        thresholds=tuple(choice.thresholds.tolist()),
        upper=best.cost,
        lower=best.cost,
        everywhere=-np.inf,
        units=units,
        candidates=tuple(tuple(cuts.tolist()) for cuts in candidates),
        tree=(),
        edges=(),
        tree_everywhere=(),
        separate=(),
        spiking=(),
        contexts=None,
        method="least set of units that must be cut below theta",
    )
    domain = [[unit.low, unit.high] for unit in units]
    return _result(network, certificate, choice, separate, domain=domain, contexts=["states"])


def _choice(candidates: Sequence[Floats], found: minimax.Worst) -> Choice:
    cuts = np.array([cut[t] for cut, t in zip(candidates, found.labels, strict=True)])
    return Choice(cuts, found.cost, found.diameters)


def _result(
    network: Network,
    certificate: JointCertificate,
    choice: Choice,
    separate: Choice,
    *,
    domain: list[list[float]],
    contexts: Sequence[str],
) -> JointResult:
    alphabet: Alphabet = certificate.alphabet
    ternary = alphabet == "ternary"
    return JointResult(
        thresholds=choice.thresholds,
        partition=Partition.from_thresholds(network, choice.thresholds, alphabet=alphabet),
        epsilon=choice.epsilon,
        per_unit=choice.per_unit,
        total_variation=joint_total_variation(choice.per_unit) if ternary else np.nan,
        variance=np.nan,
        separate=separate,
        status=JointStatus.OPTIMAL if certificate.gap <= 1e-12 else JointStatus.BOUNDED,
        certificate=certificate,
        provenance=provenance(
            certificate.method,
            objective="least worst diameter of a cell (minimax)",
            effect="own next spike",
            alphabet=alphabet,
            distance=certificate.distance,
            domain=domain,
            contexts=contexts[0] if len(contexts) == 1 else list(contexts),
            candidates=[len(cuts) for cuts in certificate.candidates],
        ),
    )
