"""Scale: register units per mV, and what bounds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.demand import Demand
from causal_snn.chips.mapping.quantise import exponent_for
from causal_snn.errors import InputError, bad
from causal_snn.models.network_checks import is_sparse

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """A bound on the scale: `size` mV must fit below `most` register units.

    Attributes
    ----------
    name : str
        What has to fit.
    size : array, shape (n,)
        mV, of each neuron.
    most : float
        Register units.
    hard : bool
        Whether a larger scale is an error; otherwise it only bounds the automatic choice.
    """

    name: str
    size: Floats
    most: float
    hard: bool = True

    @property
    def scale(self) -> float:
        """The largest scale that it allows, the same for all neurons."""
        return float(self.most / self.size.max())


@dataclass(frozen=True, slots=True, eq=False)
class Shifted:
    """Potentials counted from the origin, where the register is 0 (mV, shape (n,))."""

    origin: Floats
    theta: Floats
    reset: Floats
    lowest: Floats
    constant: Floats


def shifted(demand: Demand, origin: Floats) -> Shifted:
    """Return what the registers see; away from rest, the leak is a constant more."""
    return Shifted(
        origin=origin,
        theta=demand.theta - origin,
        reset=demand.V_reset - origin,
        lowest=demand.V_min - origin,
        constant=demand.constant + (1.0 - demand.decay) * (demand.rest - origin),
    )


def limits(demand: Demand, chip: Chip, where: Shifted) -> list[Limit]:
    """Return every bound on the scale of a chip whose registers count from the origin."""
    found = setting_limits(chip, where, demand.strict)
    found += weight_limits(demand, chip)
    found += overflow_limits(demand, chip, where)
    return [one for one in found if one.size.max() > 0]


def setting_limits(chip: Chip, where: Shifted, strict: NDArray[np.bool_]) -> list[Limit]:
    """Return the bounds that threshold, bias and reset set."""
    found = []
    for name, values in (
        ("threshold", where.theta),
        ("bias", where.constant),
        ("reset", where.reset),
    ):
        if not chip.has(name):
            continue
        setting = chip.setting(name)
        most, least = setting.high, setting.low
        size = np.maximum(values, 0.0)
        if name == "threshold" and chip.number == "integer":
            most = min(most, chip.voltage.most)
            # For v > theta on a chip that spikes at v >= threshold, the threshold is the next
            # whole number above theta: theta itself has to stay below the end.
            size = np.where(strict & (chip.threshold == ">="), size * (1.0 + _BELOW), size)
        found.append(Limit(name, size, most))
        if least < 0:
            found.append(Limit(name, np.maximum(-values, 0.0), -least))
    if chip.number == "integer" and chip.voltage.least < 0:
        # What an intervention may set, the register should hold.
        below = np.maximum(-where.lowest, 0.0)
        found.append(Limit("lowest potential", below, -chip.voltage.least, hard=False))
    return found


_BELOW = 1e-9


def weight_limits(demand: Demand, chip: Chip) -> list[Limit]:
    """Return the bounds that the weights' mantissas and exponents set."""
    most, least = register_range(chip)
    high, low = _extremes(demand)
    found = []
    for size, end, sign in ((high, most, "positive"), (low, -least, "negative")):
        if size.max() <= 0:
            continue
        if end <= 0:
            raise InputError(
                f"weights: {chip.title} holds none that is {sign}, and the network has "
                f"{'' if sign == 'positive' else '-'}{size.max():g} mV. Take another chip"
            )
        found.append(Limit("weights", size, end))
    return found


def register_range(chip: Chip) -> tuple[float, float]:
    """Return the most and the least that a spike can add, in register units."""
    form = chip.weight
    if len(chip.receptors) > 1:  # a mantissa for each sign
        most, least = form.mantissa.most, -form.mantissa.most
    else:
        most, least = form.mantissa.most, form.mantissa.least
    unit = 2.0 ** (form.exponents[1] + chip.align)
    return (most // form.step * form.step) * unit, -(-least // form.step * form.step) * unit


def _extremes(demand: Demand) -> tuple[Floats, Floats]:
    """Return the largest weight of each neuron of either sign, as sizes (mV)."""
    high, low = np.zeros(demand.n), np.zeros(demand.n)
    for table in demand.tables:
        if not table.shape[1]:
            continue
        for size, signed in ((high, table), (low, -table)):
            row = signed.max(axis=1)
            np.maximum(size, row.toarray().ravel() if is_sparse(row) else row, out=size)
    return high, low


def overflow_limits(demand: Demand, chip: Chip, where: Shifted) -> list[Limit]:
    """Return what keeps registers that wrap from wrapping, whatever spikes arrive."""
    up, down = (side + _rounding_room(demand, chip) for side in input_bounds(demand))
    found = []
    if chip.accumulator is not None and chip.accumulates == "shifted":
        found += _room("sum that arrives", chip.accumulator, up, down)
    lost = 1.0 - demand.current_decay
    if chip.current is not None:
        found += _room("current", chip.current, up / lost, down / lost)
    high = np.maximum(where.theta, 0) + up / lost + np.maximum(where.constant, 0)
    leak = np.where(demand.decay < 1, 1.0 - demand.decay, np.nan)
    low = (down / lost + np.maximum(-where.constant, 0)) / leak
    if not np.any(np.isnan(low) & (down > 0)):
        found += _room("potential", chip.voltage, high, np.nan_to_num(low))
    return found


def _rounding_room(demand: Demand, chip: Chip) -> Floats:
    """Return what rounding can add to the sum of a neuron's weights (mV), shape (n,).

    The largest weight fills at least half of the mantissa, or a greater exponent would not have
    been taken; so half a step is at most that weight times step / mantissa.
    """
    sources = np.zeros(demand.n)
    for table in demand.tables:
        sources += np.asarray((table != 0).sum(axis=1), dtype=np.float64).ravel()
    high, low = _extremes(demand)
    form = chip.weight
    largest = float(np.maximum(high, low).max())
    return sources * largest * form.step / max(form.mantissa.most - form.step, 1)


def input_bounds(demand: Demand) -> tuple[Floats, Floats]:
    """Return the most and the least (as a size) that can arrive in one step, mV, shape (n,)."""
    up, down = np.zeros(demand.n), np.zeros(demand.n)
    for table in demand.tables:
        up += _row_sums(table, 1)
        down += _row_sums(table, -1)
    return up, down


def _row_sums(table: Any, sign: int) -> Floats:
    signed = sign * table
    return np.asarray((signed * (signed > 0)).sum(axis=1), dtype=np.float64).ravel()


def _room(name: str, form: Fixed, up: Floats, down: Floats) -> list[Limit]:
    if form.overflow not in ("wrap", "wrap_once", "error"):
        return []
    found = [Limit(name, up, form.most, hard=False)]
    if form.least < 0:
        found.append(Limit(name, down, -form.least - 1, hard=False))
    return found


def choose_scale(
    demand: Demand,
    chip: Chip,
    where: Shifted,
    wanted: Any,
    clip: bool,
    bounds: list[Limit] | None = None,
) -> tuple[Floats, list[str]]:
    """Return register units per mV, shape (n,), and sentences about the choice.

    Raises
    ------
    InputError
        If something does not fit at the wanted scale; the message says at which it would.
    """
    bounds = limits(demand, chip, where) if bounds is None else bounds
    largest = min((one.scale for one in bounds), default=1.0)
    if not np.isfinite(largest):  # float registers: nothing has to fit but the weights
        largest = 1.0
    largest = _on_the_grid(demand, chip, largest)
    if wanted is None and chip.voltage.frac and chip.number == "integer":
        own = float(1 << chip.voltage.frac)
        tightest = min(bounds, key=lambda one: one.scale, default=None)
        if tightest is None or tightest.scale >= own:
            return np.full(demand.n, own), []
        return np.full(demand.n, largest), [
            f"the format's own scale, {own:g} per mV, does not fit ({tightest.name}): "
            f"{largest:.6g} is used"
        ]
    if wanted is None or wanted == "largest":
        return np.full(demand.n, largest), []
    scale = _given(wanted, demand.n)
    for one in sorted(bounds, key=lambda one: one.scale):
        k = int(np.argmax(one.size * scale))
        size, units = float(one.size[k]), float((one.size * scale)[k])
        # Equal but for the rounding of the scale's own quotient fits.
        if units <= one.most * (1 + 1e-12) or not one.hard or (clip and one.name == "weights"):
            continue
        what = "a weight" if one.name == "weights" else f"the {one.name}"
        fix = f"scale = {_floor(largest):g} would fit everything"
        if one.name == "weights":
            fix += "; clip=True cuts weights off"
        raise bad(
            "scale",
            float(scale[k]),
            f"{what} of {size:g} mV becomes {units:.6g}, and {chip.title} holds up to {one.most:g}",
            f"{fix}.",
        )
    return scale, []


def _on_the_grid(demand: Demand, chip: Chip, scale: float) -> float:
    """Return the largest scale, not above `scale`, at which the largest weight is exact.

    It costs less than one step of the mantissa, and where weights are alike all are exact.
    """
    tables = demand.tables_at(np.full(demand.n, scale))
    high, low = _extremes(demand)
    most = float(np.max(np.maximum(high, low)))
    if chip.number != "integer" or most == 0.0:
        return scale
    unit = chip.weight.step * 2.0 ** (exponent_for(chip, tables) + chip.align)
    steps = np.floor(most * scale / unit * (1.0 + 1e-12))
    return float(steps * unit / most) if steps >= 1 else scale


def _given(wanted: object, n: int) -> Floats:
    try:
        scale = np.broadcast_to(np.asarray(wanted, dtype=np.float64), (n,)).copy()
    except (TypeError, ValueError):
        raise bad("scale", wanted, f"a number, one for each of {n} neurons, or 'largest'") from None
    if not np.all(np.isfinite(scale) & (scale > 0)):
        raise bad("scale", wanted, "positive register units per mV")
    return scale


def _floor(value: float) -> float:
    """Return a number of six digits that is not above `value`."""
    digits = 5 - int(np.floor(np.log10(value)))
    return float(np.floor(value * 10.0**digits) / 10.0**digits)
