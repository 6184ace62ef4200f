"""3 kernel: p(next | do(micro state), context)."""

from causal_snn.kernel.absorbing import absorbing
from causal_snn.kernel.causal_score import by_score, causal_score
from causal_snn.kernel.context_law import context_law
from causal_snn.kernel.contexts import Contexts
from causal_snn.kernel.distance import distance
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.from_counts import from_counts
from causal_snn.kernel.from_result import from_result
from causal_snn.kernel.from_sweep import from_sweep
from causal_snn.kernel.gaussian import next_spike
from causal_snn.kernel.intervention_range import InterventionRange, intervention_range
from causal_snn.kernel.macro_effect import macro_effect
from causal_snn.kernel.operator import operator
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.kernel.two_variables.plane import plane

__all__ = [
    "Contexts",
    "EffectKernel",
    "InterventionRange",
    "TabulatedKernel",
    "absorbing",
    "by_score",
    "causal_score",
    "context_law",
    "distance",
    "from_counts",
    "from_result",
    "from_sweep",
    "intervention_range",
    "macro_effect",
    "next_spike",
    "operator",
    "plane",
]
