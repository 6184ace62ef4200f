"""2c chips: what silicon makes of a network.

What needs later stages of the pipeline (`tpm`, `finite`, `fidelity`) lives there and is only
named here: it loads on first use (PEP 562), so that this folder imports nothing above it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.attractor.decay_attractors import decay_attractors
from causal_snn.chips.attractor.network_attractors import network_attractors
from causal_snn.chips.attractor.neuron_attractors import neuron_attractors
from causal_snn.chips.brainscales import brainscales2, mismatched
from causal_snn.chips.by_name import CHIPS, by_name
from causal_snn.chips.chain import (
    ChipKernel,
    MarkovReport,
    MicroState,
    Reachable,
    kernel,
    markov,
    reachable,
)
from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.chips.engine.step import ChipState
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.loihi import loihi
from causal_snn.chips.loihi_weights import effective_weights
from causal_snn.chips.mapping.map import map_network as map
from causal_snn.chips.mapping.mapped import Mapped, by_hand
from causal_snn.chips.mapping.report import MappingReport
from causal_snn.chips.mapping.sharing import Cores
from causal_snn.chips.odin import odin
from causal_snn.chips.parameters import Parameters, parameters
from causal_snn.chips.run import ChipRun, run
from causal_snn.chips.schedule import Machine, equivalence, target, unfold
from causal_snn.chips.spinnaker import spinnaker1, spinnaker2
from causal_snn.chips.spinnaker_izhikevich import izhikevich_settings, spinnaker1_izhikevich
from causal_snn.chips.spinnaker_settings import lif_settings
from causal_snn.chips.trace import Replay, replay
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo

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
    "CHIPS",
    "Chip",
    "ChipKernel",
    "ChipRun",
    "ChipState",
    "Core",
    "Cores",
    "Decay",
    "Fixed",
    "Machine",
    "Mapped",
    "MappingReport",
    "MarkovReport",
    "MicroState",
    "Parameters",
    "Reachable",
    "Replay",
    "Setting",
    "WeightFormat",
    "brainscales2",
    "by_hand",
    "by_name",
    "decay_attractors",
    "effective_weights",
    "equivalence",
    "fidelity",
    "finite",
    "fixed_point",
    "izhikevich_settings",
    "kernel",
    "lif_settings",
    "loihi",
    "map",
    "markov",
    "mismatched",
    "network_attractors",
    "neuron_attractors",
    "odin",
    "parameters",
    "reachable",
    "replay",
    "run",
    "spinnaker1",
    "spinnaker1_izhikevich",
    "spinnaker2",
    "target",
    "tpm",
    "truenorth",
    "unfold",
    "xylo",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module, attribute = _LATER[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'causal_snn.chips' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
