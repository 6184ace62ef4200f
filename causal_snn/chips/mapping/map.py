"""map: a network as the integers of a chip, and a report of what that cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.demand import demand
from causal_snn.chips.mapping.draft import APPROXIMATIONS, Draft, Job
from causal_snn.chips.mapping.fan_in import join_limit, split_fan_in
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.chips.mapping.quantise import ROUNDINGS
from causal_snn.chips.mapping.registers import map_registers
from causal_snn.chips.mapping.report import Split
from causal_snn.chips.mapping.reporting import report_on
from causal_snn.chips.mapping.twins import with_twins
from causal_snn.chips.parameters import Parameters, parameters
from causal_snn.errors import InputError, bad, check_choice, suggest
from causal_snn.provenance import provenance

if TYPE_CHECKING:
    from causal_snn.models.network import Network


def map_network(
    network: Network,
    chip: Chip,
    *,
    scale: ArrayLike | str | None = None,
    clip: bool = False,
    rounding: str = "nearest",
    split: bool = True,
    input_weights: ArrayLike | None = None,
    origin: str = "rest",
    approximate: Sequence[str] | str | bool = (),
    rng: np.random.Generator | int | None = None,
) -> Mapped:
    """Return a network as a chip's integers.

    Parameters
    ----------
    network : Network
        Neurons of the models lif, cuba_lif or integrate_and_fire; dense or sparse weights, any
        delays.
    chip : Chip
    scale : float, array of shape (n,) or "largest", optional
        Register units per mV. Default: the format's own, 2^frac, where the registers have binary
        places and everything fits; otherwise the largest at which threshold, V_min, bias and
        weights fit unclipped, registers that wrap never do so, and the largest weight is exact.
    clip : bool
        Whether weights that do not fit at the given scale are cut off; otherwise that is an
        error.
    rounding : {"nearest", "nearest_away", "zero", "floor", "stochastic"}
        How weights become multiples of the chip's step; "stochastic" keeps their mean.
    split : bool
        Whether a neuron with more sources than the chip allows gets partial neurons that gather
        them; otherwise that is an error.
    input_weights : array or scipy.sparse array, shape (n, m), optional
        Weights of m input channels, in the unit of the network's weights.
    origin : {"rest", "reset"}
        Potential at which registers are 0. "reset" is for chips that reset to 0 only and
        neurons with V_reset other than E.
    approximate : sequence of {"reset", "current"}, or bool
        What the chip's own way may stand in for (True: both); see Notes.
    rng : numpy.random.Generator or int, optional
        For stochastic rounding (SPEC 7).

    Returns
    -------
    Mapped
        With a `MappingReport`.

    Raises
    ------
    InputError
        If the chip cannot hold the network: the message says what of it, and what would do.

    Notes
    -----
    Below threshold the network's step is linear, and so is the chip's but for rounding: register
    u holds scale · (A01 i + B0 c) and v holds scale · (v - rest), see `Demand`. What a chip
    cannot do is an error; what it does a little otherwise is in ``report.differences``. Two
    errors can be turned into differences: `approximate` ``"reset"`` takes the chip's reset
    (value for subtract, or the other way round), and ``"current"`` a jump of the same charge
    for a synaptic current on chips without one.
    """
    check_choice("origin", origin, ("rest", "reset"))
    check_choice("rounding", rounding, ROUNDINGS)
    job = Job(
        demand=demand(network, input_weights),
        chip=chip,
        scale=scale,
        clip=clip,
        rounding=rounding,
        origin=origin,
        approximate=_allowed(approximate),
        labels=network.labels,
        rng=np.random.default_rng(rng),
    )
    draft = _family(chip)(job)
    chip = draft.chip or chip
    made = _parameters(_before_twins(chip), draft, network.labels)
    held, splits, said = _fan_in(_before_twins(chip), made, network.labels, split)
    if chip.weight.signs == "by_column":
        held, twins = with_twins(chip, held)
        if twins:
            said.append(f"{len(twins)} sources have both signs and get a twin each")
    report = report_on(job, draft, held, splits, said)
    return Mapped(
        chip=chip,
        parameters=held,
        network=network,
        scale=draft.scale,
        rest=draft.rest,
        place=np.arange(network.n),
        report=report,
        provenance=provenance(
            "network mapped to a chip's numbers",
            chip=chip.title,
            network=network.name,
            rounding=rounding,
            clip=clip,
            split=split,
            origin=origin,
            approximate=list(job.approximate),
            seed=rng if isinstance(rng, int) else None,
        ),
    )


def _allowed(given: Any) -> tuple[str, ...]:
    if isinstance(given, bool):
        return tuple(APPROXIMATIONS) if given else ()
    found = (given,) if isinstance(given, str) else tuple(given)
    for name in found:
        if name not in APPROXIMATIONS:
            raise bad("approximate", name, "what can stand in", suggest(str(name), APPROXIMATIONS))
    return found


def _family(chip: Chip) -> Callable[[Job], Draft]:
    """Return what maps to chips of this kind, by their stages and not by their name."""
    if chip.schedule == "continuous":
        from causal_snn.chips.mapping.brainscales import map_brainscales

        return map_brainscales
    if chip.schedule == "serial":
        from causal_snn.chips.mapping.linear_leak import map_odin

        return map_odin
    if "relax_v" in chip.order:
        from causal_snn.chips.mapping.spinnaker import map_spinnaker

        return map_spinnaker
    if chip.has("leak"):
        from causal_snn.chips.mapping.linear_leak import map_truenorth

        return map_truenorth
    if chip.voltage_decay is None:
        raise InputError(
            f"{chip.title}: its potential neither decays nor leaks; nothing maps to it"
        )
    return map_registers


def _before_twins(chip: Chip) -> Chip:
    """Return the chip as if its sources could have both signs: twins come last."""
    return chip.replace(weight=replace(chip.weight, signs="mixed"))


def _parameters(chip: Chip, draft: Draft, labels: Sequence[str]) -> Parameters:
    """Return the draft as checked parameters."""
    recurrent, arriving = draft.weights.tables
    kind = np.int64 if chip.number == "integer" else np.float64
    neuron = {
        name: np.asarray(value).astype(kind if chip.setting(name).step else np.float64)
        for name, value in draft.neuron.items()
    }
    return parameters(
        chip,
        weights=recurrent.astype(kind),
        input_weights=arriving.astype(kind),
        exponent=draft.weights.exponent,
        delays=draft.delays,
        labels=labels,
        **neuron,
    )


def _fan_in(
    chip: Chip, made: Parameters, labels: tuple[str, ...], split: bool
) -> tuple[Parameters, tuple[Split, ...], list[str]]:
    limit = join_limit(chip)
    if limit is None:
        return made, (), []
    counts = _sources(made)
    if np.all(counts <= limit):
        return made, (), []
    if not split:
        k = int(np.argmax(counts))
        raise InputError(
            f"fan-in of {labels[k]} = {counts[k]}: at most {limit} sources on {chip.title} "
            f"({int(np.sum(counts > limit))} neurons have more). Prune the weights, or give "
            "split=True"
        )
    return split_fan_in(chip, made, limit)


def _sources(made: Parameters) -> Any:
    total = np.zeros(made.n, dtype=np.int64)
    for table in (made.weights, made.input_weights):
        total += np.asarray((table != 0).sum(axis=1), dtype=np.int64).ravel()
    return total
