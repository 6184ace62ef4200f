"""One setting of a sweep: map the network, measure what is left of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.errors import InputError
from causal_snn.models.network import Network
from causal_snn.studies.critical_precision.critical import PrecisionPoint, Setting
from causal_snn.studies.critical_precision.vary import state_bits, vary, weight_bits
from causal_snn.studies.critical_precision.yardstick import Yardstick, measured

NOT_MAPPED_NOISE = "the network's membrane noise is not on the chip"
"""What a mapping says, and a sweep makes up for: it adds the same noise to both."""


def measured_point(
    stick: Yardstick,
    base: Chip | Callable[..., Chip],
    setting: Mapping[str, Setting],
    options: Mapping[str, Any],
) -> PrecisionPoint:
    """Return what the chip of a setting keeps, or why it keeps nothing."""
    began = time.perf_counter()
    title = base.title if isinstance(base, Chip) else ""
    try:
        mapped = mapped_at(stick.network, base, setting, options)
        title = mapped.chip.title
        values, deviations = measured(stick, mapped)
    except InputError as error:
        text = " ".join(str(error).split())
        return PrecisionPoint(setting, title, {}, {}, text, (), time.perf_counter() - began)
    seconds = time.perf_counter() - began
    return PrecisionPoint(
        setting, title, values, deviations, "", _notes(base, setting, mapped), seconds
    )


def mapped_at(
    network: Network,
    base: Chip | Callable[..., Chip],
    setting: Mapping[str, Setting],
    options: Mapping[str, Any],
) -> Mapped:
    """Return the network mapped onto the chip of a setting."""
    from causal_snn.chips.mapping.map import map_network

    held: Any = setting.get("refractory")
    if held is not None:
        neurons = [one.with_convention(refractory_steps=held) for one in network.neurons]
        network = network.replace(neuron=neurons)
    asked: dict[str, Any] = {
        name: value for name, value in setting.items() if value is not None and name != "refractory"
    }
    made = vary(base, **asked) if isinstance(base, Chip) else base(**asked)
    return map_network(network, made, **options)


def _notes(
    base: Chip | Callable[..., Chip], setting: Mapping[str, Setting], mapped: Mapped
) -> tuple[str, ...]:
    """Return what the mapping had to give up, and where the silicon is left behind."""
    said = () if mapped.report is None else mapped.report.differences
    said = tuple(one for one in said if one != NOT_MAPPED_NOISE)
    if not isinstance(base, Chip):
        return said
    more = [
        f"{base.title} has {own} bits for its {what}: more are hypothetical"
        for name, what, own in (
            ("bits", "weights", weight_bits(base.weight)),
            ("state_bits", "potential", state_bits(base)),
        )
        if isinstance(asked := setting.get(name), int) and asked > own
    ]
    return (*more, *said)
