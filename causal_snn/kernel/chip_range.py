"""What interventions may set on a chip's neuron: integer registers of its potential."""

from __future__ import annotations

import numpy as np

from causal_snn.chips.chain.contexts import merged
from causal_snn.chips.chain.fired import Range, settled_range
from causal_snn.chips.chain.kernel import ChipKernel
from causal_snn.errors import InputError, bad
from causal_snn.kernel.intervention_range import intervention_range

_SNAP = 1e-9
"""How far above a whole number the end of a range may be and still be that number, relatively."""


def declared_range(
    chain: ChipKernel, unit: int, potentials: tuple[float, float] | None = None
) -> Range:
    """Return the potentials that do() may set on a unit of the network, as registers.

    From the mapped network's declared range (`intervention_range`) where it has one, else the
    whole register, with potentials of a spike up to the highest that a step can reach from below
    threshold.

    Raises
    ------
    InputError
        If the range does not begin below the threshold.
    """
    mapped = chain.mapped
    place = int(mapped.place[unit])
    step = chain.steps[place]
    anchors = [chain.start.registers[place][chain.registers.index("v")]]
    anchors += [
        int(step.columns[name].item()) for name in ("reset", "rest") if name in step.columns
    ]
    low, top = settled_range(step, [*anchors, 0, int(step.columns["threshold"].item()) - 1])
    declared = _in_mv(chain, unit, potentials)
    if declared is None:
        return Range(low, top, highest(chain, place, top))
    scale, rest = mapped.scale[unit], mapped.rest[unit]
    least, most = ((x - rest) * scale for x in declared)
    bottom = max(low, int(np.ceil(least - _SNAP * max(1.0, abs(least)))))
    if bottom > top:
        raise bad(
            "potentials",
            declared,
            f"a range that begins below the threshold of unit {mapped.labels[unit]!r}, "
            f"{rest + (top + 1) / scale:g} mV",
        )
    high = int(np.floor(most)) if most > top + 1 else highest(chain, place, top)
    return Range(bottom, top, max(high, top + 1))


def highest(chain: ChipKernel, place: int, top: int) -> int:
    """Return the greatest potential that one step reaches from below threshold, at rest else."""
    contexts = merged(chain.incoming[place].contexts(most=chain.max_states))
    registers = dict(zip(chain.registers, chain.start.registers[place], strict=True))
    law = chain.unit(place, {**registers, "v": top}, contexts.arriving)
    return max(int(law.potential.max()), top + 1)


def _in_mv(
    chain: ChipKernel, unit: int, potentials: tuple[float, float] | None
) -> tuple[float, float] | None:
    network = chain.mapped.network
    if network is None or not network.plain:
        return potentials
    try:
        network.step()
    except InputError:  # no closed form: nothing is declared but what the caller gives
        return potentials
    found = intervention_range(network, unit, potentials=potentials)
    return found.v_low, found.v_high
