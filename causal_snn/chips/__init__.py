"""2c chips: what silicon makes of a network.

What needs later stages of the pipeline (`kernel`, `tpm`, `fidelity`, ...) lives there and is
only named here: it loads on first use (PEP 562), so that this folder imports nothing above it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.chips.decay import Decay
from causal_snn.chips.fixed import Fixed
from causal_snn.chips.loihi import loihi
from causal_snn.chips.parameters import Parameters, parameters
from causal_snn.chips.run import ChipRun, run
from causal_snn.chips.step import ChipState

if TYPE_CHECKING:
    from causal_snn.kernel.finite import finite
    from causal_snn.studies.chip_fidelity import fidelity
    from causal_snn.tpm.finite import chip_tpm as tpm

_LATER = {
    "fidelity": ("causal_snn.studies.chip_fidelity", "fidelity"),
    "finite": ("causal_snn.kernel.finite", "finite"),
    "tpm": ("causal_snn.tpm.finite", "chip_tpm"),
}

__all__ = [
    "Chip",
    "ChipRun",
    "ChipState",
    "Core",
    "Decay",
    "Fixed",
    "Parameters",
    "Setting",
    "WeightFormat",
    "fidelity",
    "finite",
    "loihi",
    "parameters",
    "run",
    "tpm",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module, attribute = _LATER[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'causal_snn.chips' has no attribute {name!r}")
