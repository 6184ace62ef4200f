"""The only importer of PyPhi: its values, under a configuration that is wholly explicit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from causal_snn.errors import InputError, bad
from causal_snn.phi.checks import FOUR, unreachable
from causal_snn.phi.exact.evaluate import ROUNDING
from causal_snn.phi.result import Complex, MinimumPartition, PhiResult, State
from causal_snn.phi.structure_result import Distinction, StructureResult
from causal_snn.phi.system_result import SystemResult
from causal_snn.provenance import provenance
from causal_snn.tpm import TPM

FORMALISMS = (*FOUR, "IIT_3_0")


def _pyphi() -> Any:
    # The banners go to stderr on import; a caller who wants them sets the variables first.
    os.environ.setdefault("PYPHI_WELCOME_OFF", "1")
    os.environ.setdefault("PYPHI_AGENT_NOTE_OFF", "1")
    try:
        import pyphi
        from pyphi import constants
    except Exception as error:
        stray = Path("pyphi_config.yml")
        if not stray.exists():
            raise
        raise InputError(
            f"PyPhi cannot read {stray} in the working directory ({error}). Remove it, or run "
            "elsewhere: causal_snn sets every option itself and needs no such file."
        ) from error

    if Path("__pyphi_cache__") == constants.DISK_CACHE_LOCATION:
        # Its earth mover's distances are cached in the working directory unless moved.
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        constants.DISK_CACHE_LOCATION = Path(home) / "causal_snn" / "pyphi"
    return pyphi


@contextmanager
def _configured(formalism: str) -> Iterator[Any]:
    """Run PyPhi under one formalism, whatever a stray pyphi_config.yml or the caller set.

    PyPhi's configuration belongs to the process, override included: for concurrent
    analyses use processes, not threads.
    """
    pyphi = _pyphi()
    preset = {
        "IIT_4_0_2026": pyphi.iit4_2026,
        "IIT_4_0_2023": pyphi.iit4_2023,
        "IIT_3_0": pyphi.iit3,
    }[formalism]
    explicit: dict[str, Any] = {
        "precision": 13,
        "parallel": False,
        "progress_bars": False,
        "relation_computation": "ANALYTICAL",
        "validate_system_states": True,
        "validate_conditional_independence": True,
        "validate_connectivity": True,
        **preset,
    }
    with pyphi.config.override(**explicit):
        yield pyphi


def to_pyphi(tpm: TPM) -> Any:
    """Return a TPM as a `pyphi.Substrate`."""
    return _pyphi().Substrate(
        marginals=[np.array(marginal) for marginal in tpm.marginals], node_labels=list(tpm.labels)
    )


def from_pyphi(network: Any) -> TPM:
    """Return the TPM of a `pyphi.Substrate`, or of the substrate of a `pyphi.System`.

    Raises
    ------
    InputError
        If it is neither.
    """
    pyphi = _pyphi()
    if isinstance(network, pyphi.System):
        network = network.substrate
    if not isinstance(network, pyphi.Substrate):
        raise bad("network", type(network).__name__, "a pyphi.Substrate or a pyphi.System")
    factors = [np.asarray(network.tpm.factor(k)) for k in range(network.tpm.n_nodes)]
    sizes = [factor.shape[-1] for factor in factors]
    return TPM(
        # An input that a unit does not have is an axis of length 1 there.
        marginals=tuple(np.broadcast_to(f, (*sizes, f.shape[-1])) for f in factors),
        labels=tuple(str(label) for label in network.node_labels),
        cells=tuple(
            ("off", "on") if size == 2 else tuple(str(x) for x in range(size)) for size in sizes
        ),
        provenance=provenance("taken from PyPhi"),
    )


def read_pyphi(path: str | Path) -> TPM:
    """Return the TPM of a substrate or system that PyPhi saved (JSON, or compressed).

    Raises
    ------
    InputError
        If there is no such file, or PyPhi saved something else in it.
    """
    if not Path(path).is_file():
        raise bad("path", str(path), "a file that pyphi.save wrote")
    return from_pyphi(_pyphi().load(str(path)))


class Substrate:
    """A TPM as PyPhi sees it, made once and analysed in many states."""

    def __init__(self, tpm: TPM) -> None:
        self._tpm = tpm
        self._substrate = to_pyphi(tpm)

    def evaluate(
        self, state: State, *, formalism: str, structure: bool, complexes: bool
    ) -> PhiResult:
        """Return the integrated information of all units in one state.

        Raises
        ------
        InputError
            If the state is unreachable.
        """
        with self._reaching(state, formalism) as pyphi:
            ces = None
            if structure and formalism != "IIT_3_0":
                analysis = pyphi.analyze(self._substrate, state)
                sia, ces = analysis.sia, analysis.ces
            else:
                sia = pyphi.analyze(self._substrate, state, compute="sia")
            found = self._substrate.complexes(state) if complexes else None
            return self._result(state, formalism, sia, ces, found)

    @contextmanager
    def _reaching(self, state: State, formalism: str) -> Iterator[Any]:
        """Run PyPhi under one formalism, in a state that it may find unreachable."""
        with _configured(formalism) as pyphi:
            try:
                yield pyphi
            except pyphi.exceptions.StateUnreachableError as error:
                raise unreachable(self._tpm, state) from error

    def system(self, state: State, *, formalism: str, units: tuple[int, ...]) -> SystemResult:
        """Return the system integrated information of some units, the others background.

        Raises
        ------
        InputError
            If the state is unreachable.
        """
        with self._reaching(state, formalism) as pyphi:
            sia = pyphi.analyze(self._substrate, state, subset=units, compute="sia")
            return self._system_result(sia, state, formalism, units)

    def _system_result(
        self, sia: Any, state: State, formalism: str, units: tuple[int, ...]
    ) -> SystemResult:
        specified = getattr(sia, "system_state", None)
        ii = getattr(sia, "intrinsic_information", None)
        return SystemResult(
            state=tuple(state[k] for k in units),
            labels=tuple(self._tpm.labels[k] for k in units),
            formalism=formalism,
            phi_s=_snapped(sia.phi),
            partition=self._mip(sia),
            cause_state=_state(specified, "cause"),
            effect_state=_state(specified, "effect"),
            intrinsic_information=None if ii is None else float(ii),
            ties=max(1, len(tuple(getattr(sia, "ties", None) or ()))),
            reasons=_reasons(sia),
            independence_gap=self._tpm.independence_gap,
            provenance=_provenance(self._tpm, formalism),
        )

    def structure(self, state: State, *, formalism: str, units: tuple[int, ...]) -> StructureResult:
        """Return the cause-effect structure of some units, the others background.

        Raises
        ------
        InputError
            If the state is unreachable.
        """
        with self._reaching(state, formalism) as pyphi:
            ces = pyphi.analyze(self._substrate, state, subset=units, compute="ces")
            return StructureResult(
                system=self._system_result(ces.sia, state, formalism, units),
                distinctions=tuple(self._distinction(one) for one in ces.distinctions),
                sum_phi_distinctions=float(ces.sum_phi_distinctions),
                sum_phi_relations=float(ces.sum_phi_relations),
                relations=int(ces.relations.num_relations()),
                reading_combinations=1,
                provenance=_provenance(self._tpm, formalism),
            )

    def _distinction(self, one: Any) -> Distinction:
        labels = self._tpm.labels
        return Distinction(
            mechanism=tuple(labels[int(k)] for k in one.mechanism),
            phi=float(one.phi),
            cause=tuple(labels[int(k)] for k in one.cause.purview),
            cause_state=tuple(int(x) for x in one.cause.specified_state.state),
            phi_cause=float(one.cause.phi),
            effect=tuple(labels[int(k)] for k in one.effect.purview),
            effect_state=tuple(int(x) for x in one.effect.specified_state.state),
            phi_effect=float(one.effect.phi),
        )

    def _result(self, state: State, formalism: str, sia: Any, ces: Any, found: Any) -> PhiResult:
        labels = self._tpm.labels
        phi_s = _snapped(sia.phi)
        specified = getattr(sia, "system_state", None)
        big_phi = phi_s if formalism == "IIT_3_0" else None
        if ces is not None:
            big_phi = float(ces.big_phi)
        return PhiResult(
            state=state,
            labels=labels,
            formalism=formalism,
            phi_s=phi_s,
            big_phi=big_phi,
            mip=self._mip(sia),
            complexes=None
            if found is None
            else tuple(
                Complex(tuple(labels[int(k)] for k in c.node_indices), float(c.phi))
                for c in found
                if _snapped(c.phi) > 0.0
            ),
            distinctions=None if ces is None else len(ces.distinctions),
            sum_phi_distinctions=None if ces is None else float(ces.sum_phi_distinctions),
            sum_phi_relations=None if ces is None else float(ces.sum_phi_relations),
            cause_state=_state(specified, "cause"),
            effect_state=_state(specified, "effect"),
            reasons=_reasons(sia),
            independence_gap=self._tpm.independence_gap,
            provenance=_provenance(self._tpm, formalism),
        )

    def _mip(self, sia: Any) -> MinimumPartition | None:
        partition = getattr(sia, "partition", None)
        if partition is None or getattr(partition, "is_null", False):
            return None
        labels = self._tpm.labels
        normalized = getattr(sia, "normalized_phi", None)
        edges = partition.removed_edges
        pairs = sorted((int(a), int(b)) for a, b in (edges() if callable(edges) else edges))
        return MinimumPartition(
            description=_describe(partition),
            cut=tuple(
                (labels[a], labels[b]) for a, b in sorted((int(a), int(b)) for a, b in pairs)
            ),
            normalized_phi=None if normalized is None else float(normalized),
        )


def _snapped(phi: Any) -> float:
    """Return a value of PyPhi's as a float, with rounding around 0 taken for 0."""
    return 0.0 if abs(float(phi)) < ROUNDING else float(phi)


def _reasons(sia: Any) -> tuple[str, ...]:
    return tuple(str(reason.description) for reason in getattr(sia, "reasons", None) or ())


def _provenance(tpm: TPM, formalism: str) -> dict[str, Any]:
    return provenance(
        "PyPhi, exact enumeration of partitions",
        formalism=formalism,
        precision_digits=6 if formalism == "IIT_3_0" else 13,
        law=tpm.law,
        projection_distance=tpm.projection_distance,
    )


def _describe(partition: Any) -> str:
    try:
        from pyphi.models.partitions import concise_partition

        return str(concise_partition(partition))
    except ImportError:  # its place may move between release candidates
        return type(partition).__name__


def _state(specified: Any, direction: str) -> State | None:
    side = getattr(specified, direction, None)
    return None if side is None else tuple(int(x) for x in side.state)
