"""Report: every stage's object of one analysis, from network to integrated information."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_snn.coarse import Partition, ThresholdResult
from causal_snn.kernel import EffectKernel
from causal_snn.models.network import Network
from causal_snn.phi import PhiByState, PhiResult
from causal_snn.phi.result import Complex
from causal_snn.tpm import TPM

if TYPE_CHECKING:
    from os import PathLike


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What `causal_snn.analyze` returns.

    Attributes
    ----------
    network : Network
        The units analysed; the rest of the file's network is in `network.background`.
    kernels : tuple of EffectKernel
        Effect of each unit's micro state on its next spike.
    thresholds : tuple of ThresholdResult
        Causal threshold of each unit, with its certificate.
    partition : Partition
        The macro states.
    tpm : TPM
        Macro transition matrix; `tpm.independence_gap` says whether phi means something.
    phi : PhiResult
        Integrated information in one state, by default the most probable one.
    phi_by_state : PhiByState or None
        The same over all reachable states; None where that was too much work.
    options : mapping
        The arguments of the analysis, as given or chosen.
    provenance : mapping
    """

    network: Network
    kernels: tuple[EffectKernel, ...]
    thresholds: tuple[ThresholdResult, ...]
    partition: Partition
    tpm: TPM
    phi: PhiResult
    phi_by_state: PhiByState | None
    options: Mapping[str, Any]
    provenance: Mapping[str, Any]

    @property
    def unproved(self) -> tuple[str, ...]:
        """Labels of the units whose certificate the independent checker does not accept."""
        return tuple(
            result.label
            for result, kernel in zip(self.thresholds, self.kernels, strict=True)
            if not result.certificate.verify(kernel)
        )

    @property
    def major_complex(self) -> Complex | None:
        """The complex with the largest phi_s in the state of `phi`."""
        return self.phi.major_complex

    def save(self, directory: str | PathLike[str]) -> Path:
        """Write report.md, report.json and the figures; see `causal_snn.write_report`."""
        from causal_snn.report.files import write_report

        return write_report(self, directory)
