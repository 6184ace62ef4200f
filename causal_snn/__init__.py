"""causal_snn: from spiking dynamics to causal structure."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causal_snn import (
        chips,
        coarse,
        dynamics,
        io,
        kernel,
        models,
        phi,
        plotting,
        simulation,
        spikes,
        studies,
        tpm,
    )
    from causal_snn.io import read_network, write_network
    from causal_snn.models.network import Network
    from causal_snn.models.neuron import NeuronModel
    from causal_snn.pipeline import analyze
    from causal_snn.report import Report, read_report, write_report
    from causal_snn.tpm import TPM

__version__ = "0.1.0"

# Names load on first use (PEP 562), so that importing the package costs next to nothing.
_FOLDERS = (
    "chips",
    "coarse",
    "dynamics",
    "io",
    "kernel",
    "models",
    "phi",
    "plotting",
    "simulation",
    "spikes",
    "studies",
    "tpm",
)
_NAMES = {
    "Network": "causal_snn.models.network",
    "NeuronModel": "causal_snn.models.neuron",
    "Report": "causal_snn.report",
    "TPM": "causal_snn.tpm",
    "analyze": "causal_snn.pipeline",
    "read_network": "causal_snn.io",
    "read_report": "causal_snn.report",
    "write_network": "causal_snn.io",
    "write_report": "causal_snn.report",
}

__all__ = [  # noqa: RUF022  (grouped: flow, objects, folders)
    "analyze",
    "read_network",
    "read_report",
    "write_network",
    "write_report",
    "Network",
    "NeuronModel",
    "Report",
    "TPM",
    "chips",
    "coarse",
    "dynamics",
    "io",
    "kernel",
    "models",
    "phi",
    "plotting",
    "simulation",
    "spikes",
    "studies",
    "tpm",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _FOLDERS:
        return import_module(f"causal_snn.{name}")
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'causal_snn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
