"""ODIN: an event-driven digital core of 256 time-multiplexed neurons (Frenkel et al. 2019)."""

from __future__ import annotations

from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip, Core, Setting, WeightFormat
from causal_snn.errors import bad

_EVENTS = ("inputs", "spikes", "reference")

_SOURCES = {
    "voltage": "read: ODIN RTL lif_neuron_state.v, 8 bits unsigned, saturating both ways",
    "settings": "read: lif_neuron_state.v, 8-bit threshold and 7-bit leak; rank is this model's",
    "weight": "read: neuron_core.v, 3 bits; the sign is one bit per source neuron "
    "(synaptic_core.v, SPI_SYN_SIGN)",
    "threshold": "read: lif_neuron_state.v, >= after any event, leak events too",
    "reset": "read: lif_neuron_state.v, to 0",
    "order": "chosen: inputs before spikes before the time reference; the controller serves a "
    "waiting input first and spikes as they were queued (controller.v, scheduler.v)",
    "delay": "chosen: spikes of one step are events of the next; the chip serves its queue at once",
    "input_latency": "chosen: inputs are events of their own step",
    "schedule": "read: controller.v, one event walks through all 256 neurons before the next",
    "max_spikes": "chosen: no more than events in a step, in general",
    "fan_in": "read: 256 x 256 crossbar, synaptic_core.v",
    "fan_out": "read: 256 x 256 crossbar, synaptic_core.v",
    "core": "read: neuron_core.v (256 neurons, 4 bits for a synapse)",
}


def odin(*, order: tuple[str, ...] = _EVENTS) -> Chip:
    r"""Return ODIN: leaky integrate-and-fire neurons that are updated event by event.

    .. math::
        \text{event of source } j:\; V_i &\leftarrow \mathrm{sat}(V_i + w_{ij}) \\
        \text{time reference}:\; V_i &\leftarrow \max(0, V_i - \lambda_i) \\
        \text{after any event}:\; V_i &\ge \theta_i \Rightarrow \text{spike, } V_i \leftarrow 0

    with V of 8 bits unsigned and \|w\| at most 7. Since saturation and threshold come after
    each event, the result of a step depends on the order of its events: inputs by channel,
    spiking neurons by their setting `rank` and then by address, a source's spikes in a row.

    A step lies between two time references. The chip's queue of 32 events, which drops what
    does not fit, bursts, learning and the Izhikevich neuron are not modelled.

    Parameters
    ----------
    order : tuple of str
        "inputs", "spikes" and "reference", each once: which events of a step come first.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If `order` is anything else.

    References
    ----------
    Frenkel, Lefebvre, Legat, Bol, "A 0.086-mm2 12.7-pJ/SOP 64k-synapse 256-neuron
    online-learning digital spiking neuromorphic processor in 28-nm CMOS", IEEE Trans. Biomed.
    Circuits Syst. 13(1):145-158 (2019).
    """
    if sorted(order) != sorted(_EVENTS):
        raise bad("order", order, "'inputs', 'spikes' and 'reference', each once")
    return Chip(
        name="odin",
        convention="RTL",
        order=tuple(order),
        settings=(
            Setting(name="threshold", meaning="spike at or above", low=1, high=255, default=255),
            Setting(name="leak", meaning="loss at each time reference", low=0, high=127),
            Setting(name="rank", meaning="when its spikes are served", low=0, high=255),
        ),
        weight=WeightFormat(mantissa=Fixed(4, low=-7, high=7), signs="by_column"),
        voltage=Fixed(8, signed=False),
        threshold=">=",
        max_spikes=256,
        schedule="serial",
        fan_in=256,
        fan_out=256,
        core=Core(neurons=256, in_axons=256, synapse_bits=256 * 256 * 4, count=1),
        sources=_SOURCES,
    )
