"""Memory: which hidden registers of a chip matter beyond the step in which they are set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from causal_snn.chips.chain.kernel import ChipKernel
from causal_snn.chips.chain.reachable import sent_depth
from causal_snn.errors import InputError, bad, suggest


def hidden_registers(
    chain: ChipKernel, place: int, given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return all registers of a neuron but the potential: at rest, or as given.

    Parameters
    ----------
    chain : ChipKernel
    place : int
        The neuron's number on the chip.
    given : mapping, optional
        An integer by register name, or one for each unit of the network.

    Raises
    ------
    InputError
        If there is no such register, or a value is no integer.
    """
    found = dict(zip(chain.registers, chain.start.registers[place], strict=True))
    del found["v"]
    for name, value in (given or {}).items():
        if name not in found:
            raise InputError(
                f"hidden: {chain.mapped.chip.title} has no hidden register {name!r}; "
                f"{suggest(name, found)}"
            )
        values = np.asarray(value)
        if values.shape not in ((), (chain.mapped.n,)) or values.dtype.kind not in "iu":
            raise bad("hidden", given, f"an integer for {name!r}, or {chain.mapped.n} of them")
        where = int(np.flatnonzero(chain.mapped.place == place)[0])
        found[name] = int(np.broadcast_to(values, (chain.mapped.n,))[where])
    return found


def carried(chain: ChipKernel) -> tuple[str, ...]:
    """Return the hidden registers whose value some neuron's next step depends on.

    A current that forgets everything in one step is not among them, nor a counter that a spike
    never sets above 1 (the spiking cell then says it), nor delays of one step. A current is
    probed at 0, at +-1 and at the ends of its register.
    """
    found = []
    for name in chain.registers:
        if name not in ("v", "r") and any(_depends(chain, k, name) for k in range(chain.n)):
            found.append(name)
    if "r" in chain.registers and any(_most_held(chain, k) > 1 for k in range(chain.n)):
        found.append("r")
    depth = max(sent_depth(chain, k) for k in range(chain.n))
    found += [f"spikes {d}" for d in range(2, depth + 1)]
    return tuple(found)


def _depends(chain: ChipKernel, k: int, name: str) -> bool:
    form = chain.mapped.chip.current
    if form is None:
        return False
    probes = np.array([0, -1, 1, form.least, form.most])
    probes = probes[form.holds(probes)]
    start = dict(zip(chain.registers, chain.start.registers[k], strict=True))
    arriving = {key: value[:1] for key, value in chain.incoming[k].contexts().arriving.items()}
    law = chain.unit(k, {**start, name: probes}, arriving)
    first = law.outcomes(0)
    return any(law.outcomes(lane) != first for lane in range(1, len(probes)))


def _most_held(chain: ChipKernel, k: int) -> int:
    chip = chain.mapped.chip
    setting = chain.steps[k].columns.get("refractory")
    return 0 if setting is None else int(setting.item()) + chip.refractory_offset
