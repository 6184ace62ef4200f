"""ChipKernel: a network on a digital chip as a finite chain with exact probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chain.arguments import as_mapped, constant_inputs, noise_of
from causal_snn.chips.chain.contexts import Incoming
from causal_snn.chips.chain.limits import MOST_STATES, no_chain, too_large
from causal_snn.chips.chain.serial_step import SerialIncoming, SerialStep
from causal_snn.chips.chain.unit import UnitLaw, UnitStep
from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.step import Arrivals
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.chips.parameters import Parameters
from causal_snn.chips.run import engine
from causal_snn.errors import bad, check_whole

Ints = NDArray[np.int64]
OnChip = Mapped | tuple[Chip, Parameters]
Step = UnitStep | SerialStep
Arriving = Incoming | SerialIncoming


class MicroState(NamedTuple):
    """All that a network on a chip keeps between two steps, its inputs being constant.

    Attributes
    ----------
    registers : tuple of tuple
        For each neuron its registers, in the order of `Chip.registers`.
    history : tuple of tuple of int
        Spikes of each neuron, of the last step and of those before, as far as delays reach.
    """

    registers: tuple[tuple[Any, ...], ...]
    history: tuple[tuple[int, ...], ...]


Successors = tuple[tuple[Fraction, MicroState], ...]
_UnitOutcomes = list[tuple[Fraction, tuple[Any, ...], int]]


@dataclass(frozen=True, slots=True, eq=False)
class ChipKernel:
    """The exact chain of a network on a digital chip. Made by `kernel`.

    Attributes
    ----------
    mapped : Mapped
    inputs : array of int, shape (m,)
        Spikes of the input channels in every step, those under way at the start included.
    noise : array, shape (n,)
        Standard deviation (mV) of the Gaussian noise that `tpm` and `finite` add to a neuron's
        next potential; a finite chain has none.
    max_states : int
        States that may be listed one by one.
    steps : tuple of UnitStep (SerialStep on an event-driven chip)
        One for each neuron of the chip.
    incoming : tuple of Incoming
        What arrives at each.
    depth : int
        Steps for which spikes are kept.
    start : MicroState
        The state at rest: what `causal_snn.chips.run` starts from.
    """

    mapped: Mapped
    inputs: Ints
    noise: NDArray[np.float64]
    max_states: int
    steps: tuple[Step, ...]
    incoming: tuple[Arriving, ...]
    depth: int
    start: MicroState
    _laws: dict[Any, _UnitOutcomes] = field(default_factory=dict, repr=False)

    @property
    def n(self) -> int:
        """Number of neurons on the chip."""
        return len(self.steps)

    @property
    def registers(self) -> tuple[str, ...]:
        """Names of a neuron's registers."""
        return self.mapped.chip.registers

    def unit(self, k: int, registers: Mapping[str, Any], arriving: Mapping[str, Any]) -> UnitLaw:
        """Return the law of one neuron's next registers, for many values at once.

        Parameters
        ----------
        k : int
            The neuron's number on the chip.
        registers : mapping of str to array, shape (L,) or a number
            By the names of `registers`.
        arriving : mapping of str to array, shape (L,) or a number
            What arrives at each receptor, as ``{"arriving u": 64}``.
        """
        lanes = max([np.size(value) for value in (*registers.values(), *arriving.values())])
        wide = {name: np.broadcast_to(registers[name], (lanes,)) for name in self.registers}
        return self.steps[k](wide, arriving)

    def successors(self, state: MicroState) -> Successors:
        """Return the next states with their probabilities, which sum to 1 exactly.

        Raises
        ------
        InputError
            If the kernel has Gaussian noise, or there are more than `max_states` of them.
        """
        self.check_finite()
        laws = [self._outcomes(k, state) for k in range(self.n)]
        count = int(np.prod([float(len(law)) for law in laws]))
        if count > self.max_states:
            raise too_large("the set of next states", count, self.max_states)
        found = []
        for joint in product(*laws):
            chance = Fraction(1)
            for p, _, _ in joint:
                chance *= p
            spikes = tuple(s for _, _, s in joint)
            found.append(
                (
                    chance,
                    MicroState(
                        registers=tuple(values for _, values, _ in joint),
                        history=(spikes, *state.history[:-1]),
                    ),
                )
            )
        return tuple(found)

    def check_finite(self) -> None:
        """Raise `InputError` if the kernel has Gaussian noise."""
        if np.any(self.noise > 0):
            raise bad(
                "noise",
                self.noise.tolist(),
                "0 for a finite chain: with Gaussian noise the potential takes every value",
                "Leave noise out here; `tpm` with law='uniform' takes it.",
            )

    def _outcomes(self, k: int, state: MicroState) -> _UnitOutcomes:
        arriving = self._arriving(k, state.history)
        key = (k, state.registers[k], arriving)
        found = self._laws.get(key)
        if found is None:
            given = dict(zip(self.registers, map(np.atleast_1d, state.registers[k]), strict=True))
            law = self.steps[k](given, dict(arriving))
            found = [(p, values[:-1], values[-1]) for values, p in law.outcomes().items()]
            self._laws[key] = found
        return found

    def _arriving(
        self, k: int, history: tuple[tuple[int, ...], ...]
    ) -> tuple[tuple[str, Any], ...]:
        incoming = self.incoming[k]
        sums = incoming.of_spikes([np.array([spikes]) for spikes in history])
        return tuple((name, value[0].item()) for name, value in incoming.arrive(sums).items())


def kernel(
    mapped: OnChip,
    *,
    inputs: ArrayLike | None = None,
    noise: ArrayLike | str | None = None,
    max_states: int = MOST_STATES,
) -> ChipKernel:
    """Return the exact chain of a network on a digital chip.

    The next state is a product over neurons, since each acts on its own registers and on spikes
    of earlier steps (on an event-driven chip, on the events of the step in their order).
    Stochastic rounding and stochastic modes are probabilities, not draws.

    Parameters
    ----------
    mapped : Mapped, or (Chip, Parameters)
        From `map` or `by_hand`.
    inputs : int or array of int, shape (m,), optional
        Spikes of the input channels, the same in every step. Default none.
    noise : float or array (mV), or "network", optional
        Gaussian noise of a step, see `ChipKernel.noise`; ``"network"`` is what the mapped
        network has.
    max_states : int
        States that may be listed one by one.

    Returns
    -------
    ChipKernel

    Raises
    ------
    InputError
        If the chip is continuous, or the inputs do not fit the parameters.
    """
    found = as_mapped(mapped)
    chip, parameters = found.chip, found.parameters
    if chip.schedule == "continuous":
        raise no_chain(chip.title)
    spikes, sd = constant_inputs(inputs, parameters.inputs), noise_of(noise, found)
    units = range(parameters.n)
    steps: tuple[Step, ...]
    sums: tuple[Arriving, ...]
    if chip.schedule == "serial":
        if np.any(sd > 0):
            raise bad("noise", noise, f"None on {chip.title}, which tests every event")
        depth = 1
        steps = tuple(SerialStep(chip, parameters, k, spikes) for k in units)
        sums = tuple(SerialIncoming(parameters, k) for k in units)
    else:
        arrivals = Arrivals(chip, parameters)
        depth = arrivals.depth
        steps = tuple(UnitStep(chip, parameters, k) for k in units)
        sums = tuple(Incoming(arrivals, parameters, k, spikes) for k in units)
    return ChipKernel(
        mapped=found,
        inputs=spikes,
        noise=sd,
        max_states=check_whole("max_states", max_states),
        steps=steps,
        incoming=sums,
        depth=depth,
        start=_at_rest(chip, parameters, depth),
    )


def _at_rest(chip: Chip, parameters: Parameters, depth: int) -> MicroState:
    registers = engine(chip, parameters).start(parameters, 1).registers
    values = [registers[name][:, 0].tolist() for name in chip.registers]
    return MicroState(
        registers=tuple(zip(*values, strict=True)),
        history=((0,) * parameters.n,) * depth,
    )
