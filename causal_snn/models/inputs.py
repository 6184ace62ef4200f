"""Random inputs from outside the network: white noise, Ornstein-Uhlenbeck current, Poisson spikes.

Each is independent from unit to unit and is drawn anew in every replica.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import bad
from causal_snn.models.network_checks import check_per_unit

Floats = NDArray[np.float64]


class _PerUnit:
    """Values are one number, or one for each unit; kept as tuples, so that inputs compare."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, str) or value is None:
                continue
            object.__setattr__(self, field.name, _values(field.name, value))

    def per_unit(self, name: str, n: int) -> Floats:
        """Return one value for each of n units, shape (n,)."""
        value = getattr(self, name)
        return check_per_unit(name, value[0] if len(value) == 1 else value, n)

    def check(self, n: int) -> None:
        """Raise `InputError` unless the values fit n units."""
        for name in self._numbers():
            self.per_unit(name, n)

    def of(self, units: Sequence[int]) -> Self:
        """Return the same input for some of the units only."""
        many = {k: v for k, v in self._numbers().items() if len(v) > 1}
        return replace(self, **{k: tuple(v[j] for j in units) for k, v in many.items()})  # type: ignore[type-var]

    def _numbers(self) -> dict[str, tuple[float, ...]]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in values.items() if isinstance(value, tuple)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WhiteNoise(_PerUnit):
    r"""White noise on the membrane, :math:`dV = \dots + \mathit{amplitude}\, dW`.

    A step adds a normal number of variance amplitude^2 (1 - a^2) tau/2 to a linear membrane of
    decay a (exact), amplitude^2 dt to any other (Euler-Maruyama).

    Parameters
    ----------
    amplitude : float or array, shape (n,)
        mV per square root of ms, not negative.
    """

    amplitude: Any

    def __post_init__(self) -> None:
        _PerUnit.__post_init__(self)
        _not_negative(self, "amplitude")


@dataclass(frozen=True, slots=True, kw_only=True)
class OUCurrent(_PerUnit):
    r"""A current that forgets: :math:`\tau\, d\eta = -\eta\, dt + \mathit{sd}\sqrt{2\tau}\, dW`.

    It is added to the neuron's current (``I``, or ``drive`` in mV) and held over each step; its
    own step is exact (Gillespie, Phys Rev E 54:2084, 1996). It starts from its stationary law.

    Parameters
    ----------
    sd : float or array, shape (n,)
        Stationary standard deviation, in the unit of the neuron's current; not negative.
    tau : float or array, shape (n,)
        Correlation time (ms), positive.
    """

    sd: Any
    tau: Any

    def __post_init__(self) -> None:
        _PerUnit.__post_init__(self)
        _not_negative(self, "sd")
        if min(self.tau) <= 0:
            raise bad("tau", self.tau, "a positive time in ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoissonInput(_PerUnit):
    """Spikes from outside, as a Poisson process of each unit's own.

    Parameters
    ----------
    rate : float or array, shape (n,)
        Mean rate (Hz), not negative.
    weight : float or array, shape (n,)
        Jump per spike, in the unit of the state it acts on.
    state : str, optional
        State that jumps; default the one that the network's weights act on.
    """

    rate: Any
    weight: Any
    state: str | None = None

    def __post_init__(self) -> None:
        _PerUnit.__post_init__(self)
        _not_negative(self, "rate")


type Input = WhiteNoise | OUCurrent | PoissonInput


def _values(name: str, value: ArrayLike) -> tuple[float, ...]:
    try:
        array = np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError):
        raise bad(name, value, "a number, or one for each unit") from None
    if array.ndim != 1 or not array.size or not np.all(np.isfinite(array)):
        raise bad(name, value, "a finite number, or one for each unit")
    return tuple(array.tolist())


def _not_negative(source: Any, name: str) -> None:
    if min(getattr(source, name)) < 0:
        raise bad(name, getattr(source, name), "0 or more")
