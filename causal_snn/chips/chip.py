"""Chip: the description of a chip's arithmetic, each field with where it is known from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from dataclasses import replace as dataclass_replace
from typing import Any, Literal

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.arithmetic.rounding import ROUNDINGS, Rounding
from causal_snn.chips.chip_table import chip_table
from causal_snn.errors import InputError, bad, check_choice, suggest

SCHEDULES = ("synchronous", "serial", "continuous")
STOCHASTIC = ("synapse", "leak", "threshold", "rounding", "noise")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFormat:
    """What the chip can store of a weight.

    Attributes
    ----------
    mantissa : Fixed
        The stored number. A weight contributes mantissa · step · 2^(exponent + align).
    step : int
        Mantissas are multiples of it (Loihi's mixed sign mode loses the last bit).
    rounding : {"zero", "floor", "nearest", "nearest_away"}
        How a mantissa becomes a multiple of `step`.
    exponents : (int, int)
        Least and greatest exponent that a whole network can be given.
    exponent_stage : {"after_sum", "per_weight"}
        Where a negative exponent loses bits. With ``"per_weight"`` tables of weights contain
        the exponent, and `Parameters.exponent` stays 0.
    signs : {"mixed", "by_row", "by_column"}
        Whether each weight has its sign, or all that leave a source (`by_column`).
    values : int or None
        How many different weights one neuron can have (TrueNorth: one for each of 4 axon types).
    """

    mantissa: Fixed
    step: int = 1
    rounding: Rounding = "nearest"
    exponents: tuple[int, int] = (0, 0)
    exponent_stage: Literal["after_sum", "per_weight"] = "after_sum"
    signs: Literal["mixed", "by_column"] = "mixed"
    values: int | None = None

    def __post_init__(self) -> None:
        check_choice("rounding", self.rounding, ROUNDINGS[:4])
        check_choice("exponent_stage", self.exponent_stage, ("after_sum", "per_weight"))
        check_choice("signs", self.signs, ("mixed", "by_column"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A number that each neuron of a chip is given.

    Attributes
    ----------
    name, meaning : str
    low, high : int or float
        Least and greatest value, in units of the register that it acts on.
    default : int or float
    step : int
        Values are multiples of it (0: any real number).
    """

    name: str
    meaning: str
    low: float
    high: float
    default: float = 0
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What the neurons of one core share or compete for; None where nothing is known.

    Attributes
    ----------
    neurons, in_axons, out_axons, synapse_bits : int or None
        Greatest number of each.
    shared : mapping of str to int
        Settings of which a core holds only so many different values, by name; names joined
        with ``+`` are counted together.
    """

    neurons: int | None = None
    in_axons: int | None = None
    out_axons: int | None = None
    synapse_bits: int | None = None
    shared: Mapping[str, int] = field(default_factory=dict)
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chip:
    """A chip, or an emulator's convention of it, as data that one step executes.

    Attributes
    ----------
    name, convention : str
        The silicon, and whose reading of it this is.
    order : tuple of str
        Stages of one step, see `causal_snn.chips.engine.stages.STAGES`.
    settings : tuple of Setting
        What each neuron is given.
    weight : WeightFormat
    voltage : Fixed
        Format of the potential.
    current : Fixed or None
        Format of the synaptic currents; None where spikes act on the potential.
    accumulator : Fixed or None
        Format of the sum of what arrives in a step.
    accumulates : {"shifted", "unshifted"}
        Whether the accumulator holds the sum after its shift by exponent and `align`, or
        before (SpiNNaker's ring buffers).
    receptors : mapping of str to int
        Names of the synaptic currents and the sign with which each acts; weights of one sign
        go to the receptor of that sign. One receptor takes weights of both.
    align : int
        Left shift of the sum of what arrives.
    current_decay, voltage_decay : Decay or None
    threshold : {">", ">="}
    reset : {"value", "subtract", "none"}
        What a spike does to the potential.
    refractory_offset : int
        Steps held after a spike, less the setting `refractory`.
    max_spikes : int
        Most spikes of a neuron in one step.
    max_inputs : int or None
        Most spikes of an input channel that count in one step; those above are dropped.
    delay : (int, int)
        Least and greatest steps from a spike to its arrival.
    input_latency : int
        Steps from an input spike to its arrival.
    stochastic : tuple of str
        Which of "synapse", "leak", "threshold", "rounding", "noise" the chip can do.
    number : {"integer", "float32", "float64"}
        What the registers hold.
    schedule : {"synchronous", "serial", "continuous"}
        Which engine executes it.
    fan_in, fan_out : int or None
    core : Core
    mismatch : mapping of str to float
        Coefficients of variation of fixed patterns, by setting; frozen per chip seed.
    sources : mapping of str to str
        For each field where its value is known from; texts begin with how surely, see
        `chip_table.EVIDENCE`.
    """

    name: str
    convention: str
    order: tuple[str, ...]
    settings: tuple[Setting, ...]
    weight: WeightFormat
    voltage: Fixed
    current: Fixed | None = None
    accumulator: Fixed | None = None
    accumulates: Literal["shifted", "unshifted"] = "shifted"
    receptors: Mapping[str, int] = field(default_factory=lambda: {"u": 1})
    align: int = 0
    current_decay: Decay | None = None
    voltage_decay: Decay | None = None
    threshold: Literal[">", ">="] = ">="
    reset: Literal["value", "subtract", "none"] = "value"
    refractory_offset: int = 0
    max_spikes: int = 1
    max_inputs: int | None = None
    delay: tuple[int, int] = (1, 1)
    input_latency: int = 0
    stochastic: tuple[str, ...] = ()
    number: Literal["integer", "float32", "float64"] = "integer"
    schedule: Literal["synchronous", "serial", "continuous"] = "synchronous"
    fan_in: int | None = None
    fan_out: int | None = None
    core: Core = field(default_factory=Core)
    mismatch: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_choice("threshold", self.threshold, (">", ">="))
        check_choice("reset", self.reset, ("value", "subtract", "none"))
        check_choice("schedule", self.schedule, SCHEDULES)
        check_choice("number", self.number, ("integer", "float32", "float64"))
        check_choice("accumulates", self.accumulates, ("shifted", "unshifted"))
        for feature in self.stochastic:
            check_choice("stochastic", feature, STOCHASTIC)
        if not 1 <= self.delay[0] <= self.delay[1]:
            raise bad("delay", self.delay, "(least, greatest), 1 step or more")
        for name in self.sources:
            if name not in self.__slots__:
                raise bad("sources", name, "a field of Chip", suggest(name, self.__slots__))

    @property
    def title(self) -> str:
        """Name and convention, as ``loihi (lava)``."""
        return f"{self.name} ({self.convention})" if self.convention else self.name

    def setting(self, name: str) -> Setting:
        """Return the setting of that name.

        Raises
        ------
        InputError
            If the chip has none.
        """
        for found in self.settings:
            if found.name == name:
                return found
        names = [found.name for found in self.settings]
        raise InputError(f"{self.title} has no setting {name!r}; {suggest(name, names)}")

    def has(self, name: str) -> bool:
        """Whether the chip's neurons have the setting."""
        return any(found.name == name for found in self.settings)

    @property
    def registers(self) -> tuple[str, ...]:
        """Names of what a neuron keeps between steps, besides spikes under way."""
        currents = tuple(self.receptors) if self.current is not None else ()
        counter = ("r",) if "count" in self.order else ()
        recovery = ("w",) if "izhikevich" in self.order else ()
        return (*currents, "v", *recovery, *counter)

    def replace(self, **changes: Any) -> Chip:
        """Return the chip with some fields changed, as ``weight=...`` or ``delay=(1, 4)``.

        Their sources then say so, unless `sources` is given too.

        Raises
        ------
        InputError
            If there is no such field.
        """
        names = [found.name for found in fields(self)]
        for name in changes:
            if name not in names:
                raise bad("changes", name, "a field of Chip", suggest(name, names))
        known = dict.fromkeys(changes, "chosen: by `Chip.replace`")
        changes.setdefault("sources", {**self.sources, **known})
        return dataclass_replace(self, **changes)

    def table(self) -> str:
        """Return a text: every field, where it is known from and how surely, and the settings."""
        return chip_table(self)

    def __repr__(self) -> str:
        held = str(self.voltage) if self.number == "integer" else self.number
        return f"<Chip {self.title}: {self.schedule}, v {held}>"
