"""Fidelity: a network on a chip against its float reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order, tpm
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.coarse import Partition, UnitPartition
from causal_snn.errors import InputError, bad, check_whole
from causal_snn.models.network import Network
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.studies.chip_fidelity.chip_side import causal_thresholds, chip_matrix, realised
from causal_snn.studies.chip_fidelity.driven import constant_inputs, noise_of
from causal_snn.studies.chip_fidelity.figures import edge_figures, row_figures
from causal_snn.studies.chip_fidelity.integration import Integrated, choose_state, integrated
from causal_snn.studies.chip_fidelity.reference import (
    CURRENTS,
    check_law,
    default_partition,
    has_currents,
    potential_cells,
    reference_tpm,
)
from causal_snn.studies.chip_fidelity.registers import register_figures
from causal_snn.studies.chip_fidelity.result import Fidelity
from causal_snn.studies.chip_fidelity.runs import Runs

Floats = NDArray[np.float64]
Rng = np.random.Generator | int | None
CHOICE = "the float network's most probable in the long run that both can be in"


def fidelity(
    reference: Network,
    mapped: Mapped,
    *,
    partition: Partition | Sequence[UnitPartition] | None = None,
    state: Sequence[int] | None = None,
    inputs: ArrayLike | None = None,
    noise: ArrayLike | str | None = "network",
    law: str = "uniform",
    formalism: str = "IIT_4_0_2026",
    seeds: Sequence[int] = (),
    steps: int = 5000,
    cost: float = 0.1,
    tau: float = 10.0,
    width: float | None = None,
    samples: int = 4000,
    rng: Rng = 0,
    structure: bool = True,
    progress: bool = True,
) -> Fidelity:
    """Return what a chip keeps of a network's causal structure, and of its spike statistics.

    Both are analysed at the grain of one tick, with the same macro states, the same law within
    them and the same noise. The figures stay apart: there is no single score.

    Parameters
    ----------
    reference : Network
        The float network, one time step = one tick.
    mapped : Mapped
        The same network on a chip, from `causal_snn.chips.map`.
    partition : Partition or sequence of UnitPartition, optional
        Macro states. Default: ternary, at the float network's causal thresholds.
    state : sequence of int, optional
        Macro state of phi_s, Phi, partition and complexes. Default: the float network's most
        probable in the long run among those that both can be in. phi_s of every state is
        computed too, up to 81.
    inputs : array of int, optional
        Spikes of the chip's input channels in every step; default none. The float network has
        no channels: what they bring in a step must be part of the reference's `bias`.
    noise : float or array (mV), "network" or None
        Standard deviation of the noise of a step, for both; default the reference's own.
    law : {"uniform", "stationary"}
        Micro states within a macro state, of both: all alike, synaptic currents at rest; or as
        often as in the long run, which on a chip needs ``noise=None``.
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023"}
    seeds : sequence of int
        Chips with fixed-pattern mismatch (`Chip.mismatch`) to compute everything again for.
    steps : int
        Ticks of the runs for the controls.
    cost, tau, width : float
        Victor-Purpura cost (per ms), van Rossum time constant (ms) and bins of the correlation
        (ms, default two ticks).
    samples : int
        Micro states per macro state of a continuous chip, which has no exact chain.
    rng : numpy.random.Generator or int, optional
    structure : bool
        Whether Phi and complexes are computed.
    progress : bool
        Show bars for work over two seconds.

    Returns
    -------
    Fidelity

    Raises
    ------
    InputError
        If the mapped network is not the reference's, has mismatch seeds but no mismatch, or an
        argument makes no sense.
    """
    _check(reference, mapped)
    check_law(law)
    sigma = noise_of(mapped, reference, noise)
    network = reference if isinstance(noise, str) else _with_noise(reference, sigma)
    units = _units(network, partition)
    given = constant_inputs(mapped, inputs)
    if given.any() and reference is mapped.network:
        raise InputError(
            f"inputs = {given.tolist()}: they reach the chip, and the float network has no input "
            "channels. Give as reference that network with what they bring in every step: "
            "network.replace(bias=network.bias + input_weights @ inputs)."
        )
    runs = Runs(network, mapped, sigma, given, check_whole("steps", steps), rng, cost, tau, width)
    side = _Side(network, units, sigma, given, law, formalism, structure, samples, rng, runs)
    found = side.compare(mapped, state, progress=progress)
    if not len(seeds):
        return found
    chips = track(list(seeds), label="mismatch seeds", show=progress)
    again = [side.compare(realised(mapped, seed), found.state, attractors=False) for seed in chips]
    return replace(
        found,
        seeds=tuple(int(seed) for seed in seeds),
        seed_figures=np.array([[one.chip for one in each.figures] for each in again]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The float network's side, that any chip is compared with."""

    network: Network
    units: tuple[UnitPartition, ...]
    noise: Floats
    inputs: NDArray[np.int64]
    law: str
    formalism: str
    structure: bool
    samples: int
    rng: Rng
    runs: Runs
    known: dict[Any, Any] = field(default_factory=dict)

    @property
    def matrix(self) -> tpm.TPM:
        """The float network's TPM."""
        if "matrix" not in self.known:
            self.known["matrix"] = reference_tpm(
                self.network, self.units, law=self.law, rng=self.rng
            )
        found: tpm.TPM = self.known["matrix"]
        return found

    def integrated(self, state: tuple[int, ...], *, progress: bool) -> Integrated:
        """Return the float network's integrated information in a state."""
        if ("phi", state) not in self.known:
            self.known["phi", state] = self._phi(self.matrix, state, progress=progress)
        found: Integrated = self.known["phi", state]
        return found

    def _phi(self, matrix: tpm.TPM, state: tuple[int, ...], *, progress: bool) -> Integrated:
        return integrated(
            matrix, state, formalism=self.formalism, structure=self.structure, progress=progress
        )

    def compare(
        self,
        mapped: Mapped,
        state: Sequence[int] | None,
        *,
        attractors: bool = True,
        progress: bool = False,
    ) -> Fidelity:
        """Return every figure of a chip."""
        reference = self.matrix
        matrix = chip_matrix(
            mapped, self.network, self.units, noise=self.noise, inputs=self.inputs, law=self.law,
            samples=self.samples, rng=self.rng,
        )  # fmt: skip
        chosen = (
            choose_state(reference, matrix)
            if state is None
            else order.check_state(state, reference.sizes)
        )
        thresholds, notes = causal_thresholds(
            mapped, self.network, noise=self.noise, inputs=self.inputs
        )
        return Fidelity(
            labels=self.network.labels,
            chip=mapped.chip.title,
            state=chosen,
            tpms=(reference, matrix),
            rows=row_figures(reference, matrix),
            information=(tpm.measures(reference), tpm.measures(matrix)),
            integration=(
                self.integrated(chosen, progress=progress),
                self._phi(matrix, chosen, progress=progress),
            ),
            edges=edge_figures(reference, matrix, tolerance=_tolerance(matrix)),
            threshold=thresholds,
            registers=register_figures(mapped, self.inputs, network=attractors),
            controls=self.runs.against(mapped),
            baseline=self.runs.baseline,
            seeds=(),
            seed_figures=np.zeros((0, 0)),
            provenance=provenance(
                "chip against float network: same macro states, law and noise",
                grain="tick",
                chip=mapped.chip.name,
                convention=mapped.chip.convention,
                network=self.network.name,
                dt_ms=self.network.dt,
                alphabet=self.units[0].alphabet,
                thresholds_mV=[unit.threshold for unit in self.units],
                law=self.law,
                synaptic_currents=CURRENTS if has_currents(self.network) else "none",
                noise_mV_per_step=self.noise.tolist(),
                inputs=self.inputs.tolist(),
                formalism=self.formalism,
                state_chosen_by=CHOICE if state is None else "caller",
                chip_tpm=matrix.provenance.get("method", ""),
                controls=dict(self.runs.options) | {"steps": len(self.runs.kicks)},
                seed=self.rng if isinstance(self.rng, int) else None,
                common_noise=mapped.chip.schedule != "continuous",
                notes=notes,
            ),
        )


def _check(reference: Network, mapped: Mapped) -> None:
    given: Any = reference
    if not isinstance(given, Network):
        raise bad("reference", given, "a Network")
    if not isinstance(mapped, Mapped):
        raise bad("mapped", mapped, "a Mapped, from causal_snn.chips.map(network, chip)")
    if mapped.labels != reference.labels:
        raise bad(
            "mapped",
            f"units {list(mapped.labels)}",
            f"the reference's units {list(reference.labels)}",
            "Map that network: chips.map(reference, chip).",
        )


def _with_noise(network: Network, sigma: Floats) -> Network:
    decay = np.atleast_1d(network.step().decay)
    return network.replace(noise=sigma / np.sqrt(1.0 - decay**2))


def _units(
    network: Network, partition: Partition | Sequence[UnitPartition] | None
) -> tuple[UnitPartition, ...]:
    if partition is None:
        return default_partition(network).units
    given = partition.units if isinstance(partition, Partition) else partition
    return potential_cells(given)


def _tolerance(matrix: tpm.TPM) -> float:
    """Return the effect below which a sampled TPM cannot tell one from none."""
    error = matrix.provenance.get("largest_standard_error")
    return 1e-9 if error is None else 4.0 * float(error)
