"""The work of every side, as plain data: the same physics, step, wiring and initial states.

Potentials in mV, times in ms. A spike of one step acts in the next one, unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sweep:
    """(a) Six LIF units from each of their 64 patterns, many noisy replicas of each.

    With s = [v >= theta] and r(v) = V_reset where s, else v, one step is
    v' = E + decay (r(v) - E) + (1 - decay) drive + W s + sigma xi. A unit that has just spiked
    begins at theta, any other at `low`. The outcome of a lane is the pattern s after `steps` steps.
    Bit k of a pattern's number is unit k.
    """

    replicas: int = 20_000
    steps: int = 50
    n: int = 6
    dt: float = 1.0
    tau: float = 20.0
    E: float = -65.0
    theta: float = -50.0
    V_reset: float = -65.0
    drive: float = 14.0
    noise: float = 3.0  # stationary standard deviation of the free potential
    low: float = -65.0  # where a unit that has not just spiked begins

    @property
    def states(self) -> int:
        """Number of patterns."""
        return 1 << self.n

    @property
    def decay(self) -> float:
        """What a step keeps of the potential."""
        return float(np.exp(-self.dt / self.tau))

    @property
    def push(self) -> float:
        """E (1 - decay) + (1 - decay) drive: v' = decay r + push + W s + sigma xi."""
        return (self.E + self.drive) * (1 - self.decay)

    @property
    def sigma(self) -> float:
        """Standard deviation that one step of noise adds."""
        return float(self.noise * np.sqrt(1 - self.decay**2))

    @property
    def weights(self) -> Floats:
        """Row = target. Drawn once with standard deviation 3 mV, rounded to 1/16 mV."""
        sixteenths = [
            [0, -37, 62, 21, -8, 55],
            [14, 0, -71, 43, 29, -26],
            [-49, 83, 0, 11, -58, 36],
            [67, -19, 40, 0, 24, -77],
            [-31, 52, -13, 90, 0, 18],
            [46, 5, -64, -28, 73, 0],
        ]
        return np.array(sixteenths) / 16.0

    @property
    def starts(self) -> Floats:
        """Initial potentials, shape (states, n)."""
        bits = np.arange(self.states)[:, None] >> np.arange(self.n) & 1
        return np.where(bits == 1, self.theta, self.low)

    def rows(self, patterns: NDArray[Any]) -> Floats:
        """Return the transition rows of outcomes of shape (states, replicas)."""
        number = patterns.astype(np.int64) + self.states * np.arange(self.states)[:, None]
        counts = np.bincount(number.ravel(), minlength=self.states**2)
        shares: Floats = counts.reshape(self.states, self.states) / patterns.shape[1]
        return shares


@dataclass(frozen=True, slots=True)
class Cuba:
    """(b) The current-based network of Vogels and Abbott as benchmarked by Brette et al. 2007.

    dv/dt = (g_e + g_i - (v - E_L))/tau_m, held at V_r for `refractory` steps after a spike;
    g_e and g_i decay with tau_e and tau_i, always. All exact over dt. A spike found at the end
    of step k is added to g at the end of step k + 1 (delay one step) and moves v in step k + 2.
    Sources: J Neurosci 25:10786 (2005); J Comput Neurosci 23:349 (2007), with E_L of Brian 2's
    example CUBA.
    """

    n: int = 4000
    excitatory: int = 3200
    probability: float = 0.02
    dt: float = 0.1
    duration: float = 1000.0
    tau_m: float = 20.0
    tau_e: float = 5.0
    tau_i: float = 10.0
    V_t: float = -50.0
    V_r: float = -60.0
    E_L: float = -49.0
    w_e: float = 60 * 0.27 / 10
    w_i: float = -20 * 4.5 / 10
    refractory: int = 50
    delay: int = 1

    @property
    def steps(self) -> int:
        """Number of steps."""
        return round(self.duration / self.dt)

    @property
    def propagator(self) -> tuple[float, float, float, float, float]:
        """Exact step: decay of v, g_e, g_i, and what g_e and g_i add to v."""
        a, b, c = (float(np.exp(-self.dt / tau)) for tau in (self.tau_m, self.tau_e, self.tau_i))
        return (
            a,
            b,
            c,
            (a - b) * self.tau_e / (self.tau_m - self.tau_e),
            (a - c) * self.tau_i / (self.tau_m - self.tau_i),
        )

    def start(self) -> Floats:
        """Return the initial potentials; g_e = g_i = 0."""
        return self.V_r + (self.V_t - self.V_r) * np.random.default_rng(7).random(self.n)

    def csr(self) -> tuple[Ints, Ints]:
        """Return (first, targets): the targets of unit i are targets[first[i]:first[i + 1]]."""
        links = np.random.default_rng(8).random((self.n, self.n)) < self.probability
        first = np.concatenate([[0], np.cumsum(links.sum(axis=1))])
        return first.astype(np.int64), np.nonzero(links)[1].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Squid:
    """(c) Hodgkin and Huxley's neuron of 1952, unconnected, currents spread over 0 to 20 uA/cm2.

    Exponential Euler: every state decays exactly with the others held at their old values.
    Starts at rest for I = 0. The outcome is the number of upward crossings of 0 mV.
    """

    n: int = 10_000
    dt: float = 0.025
    duration: float = 100.0
    rest: tuple[float, float, float, float] = (-64.99964, 0.052934, 0.596111, 0.317681)

    @property
    def steps(self) -> int:
        """Number of steps."""
        return round(self.duration / self.dt)

    @property
    def current(self) -> Floats:
        """Applied current of each neuron."""
        return np.linspace(0.0, 20.0, self.n)


@dataclass(frozen=True, slots=True)
class Cortex:
    """(d) The network of Izhikevich 2003: 800 excitatory and 200 inhibitory neurons.

    One step of 1 ms, as in the published program: neurons with v >= 30 are reset and their
    weights are added to the noisy input of this step; two half steps of v; one step of u.
    Source: IEEE Trans Neural Netw 14:1569 (2003).
    """

    steps: int = 1000
    excitatory: int = 800
    n: int = 1000

    def parameters(self) -> dict[str, Floats]:
        """Return a, b, c, d and the standard deviation of the input, `noise`."""
        rng = np.random.default_rng(9)
        inhibitory = self.n - self.excitatory
        re, ri = rng.random(self.excitatory), rng.random(inhibitory)
        one, zero = np.ones(self.excitatory), np.zeros(inhibitory)
        return {
            "a": np.concatenate([0.02 * one, 0.02 + 0.08 * ri]),
            "b": np.concatenate([0.2 * one, 0.25 - 0.05 * ri]),
            "c": np.concatenate([-65 + 15 * re**2, zero - 65]),
            "d": np.concatenate([8 - 6 * re**2, zero + 2]),
            "noise": np.concatenate([5 * one, zero + 2]),
        }

    def weights(self) -> Floats:
        """Return the weights, row = target."""
        table = np.random.default_rng(10).random((self.n, self.n))
        return np.where(np.arange(self.n) < self.excitatory, 0.5 * table, -table)


WORK: dict[str, Any] = {"a": Sweep(), "b": Cuba(), "c": Squid(), "d": Cortex()}
"""The workloads by letter."""
TITLES = {
    "a": "(a) sweep, 6 LIF, 64 states x {replicas:,} replicas x {steps} steps",
    "b": "(b) CUBA, 4,000 neurons, 1 s at 0.1 ms",
    "c": "(c) Hodgkin-Huxley, 10,000 neurons, 100 ms at 0.025 ms",
    "d": "(d) Izhikevich 2003, 1,000 neurons, 1 s at 1 ms",
}
