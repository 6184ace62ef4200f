"""3 kernel: p(next | do(micro state), context)."""

from causal_snn.kernel.contexts import Contexts
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.gaussian import next_spike
from causal_snn.kernel.intervention_range import InterventionRange, intervention_range

__all__ = ["Contexts", "EffectKernel", "InterventionRange", "intervention_range", "next_spike"]
