"""Network: neurons, weights, drive, noise and the time step."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import StageWarning, bad, suggest
from causal_snn.models.network_checks import (
    check_background,
    check_delays,
    check_inputs,
    check_labels,
    check_neurons,
    check_per_unit,
    check_synapses,
    check_time_step,
    check_weights,
    is_sparse,
    same_table,
)
from causal_snn.models.neuron import NeuronModel

if TYPE_CHECKING:
    import networkx as nx

    from causal_snn.models.inputs import Input
    from causal_snn.models.step import StepMap

Floats = NDArray[np.float64]
Units = Sequence[int | str]


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Network:
    """A network of spiking neurons in discrete time; spikes arrive one step later, or more.

    Parameters
    ----------
    neuron : NeuronModel or sequence of NeuronModel
        One model for all units, or one for each.
    weights : array or scipy.sparse array, shape (n, n)
        Jump of the target per presynaptic spike, row = target, column = source, in the unit of
        the state that spikes act on (`Equations.synapse`): mV for neurons whose spikes act on
        the membrane (lif), nA for cuba_lif. The diagonal is a unit's effect on itself.
    dt : float
        Time step (ms).
    drive : float or array, shape (n,)
        Constant drive R·I (mV) of neurons whose current is not a parameter.
    noise : float or array, shape (n,)
        Stationary standard deviation (mV) that independent membrane noise gives the free
        potential; `noise_per_step` is what one step adds.
    bias : float or array, shape (n,)
        Constant synaptic input per step, in the unit of the weights: the bias of an affine
        layer, or background units that are clamped (`subset`).
    labels : sequence of str, optional
        Names of the units; default A, B, C, ...
    delays : int or array of int, shape (n, n)
        Steps from a spike to its effect, 1 or more, for every connection or for each.
    synapses : mapping of str to array or scipy.sparse array, optional
        Further connections, by the state of the target that they act on, as ``{"g_i": W}``; or
        by the name of its current (``"I"`` or ``"drive"``), which then flows for one step.
    inputs : sequence of WhiteNoise, OUCurrent, PoissonInput
        Random inputs from outside, see `causal_snn.models.inputs`.
    name, source : str
        What the network is, and where it comes from.
    background : mapping of str to int, optional
        Units outside the network that `subset` clamped, with their clamped state.

    Attributes
    ----------
    neurons : tuple of NeuronModel
        The model of each unit.
    weights, drive, noise, bias : array
        Read-only, one entry for each unit (pair).

    Raises
    ------
    InputError
        If a shape, a sign or a name is wrong; the message says which and what to do.
    """

    neurons: tuple[NeuronModel, ...]
    weights: Floats
    dt: float
    drive: Floats
    noise: Floats
    bias: Floats
    labels: tuple[str, ...]
    delays: Any
    synapses: Mapping[str, Any]
    inputs: tuple[Input, ...]
    name: str
    source: str
    background: Mapping[str, int]

    def __init__(
        self,
        *,
        neuron: NeuronModel | Sequence[NeuronModel],
        weights: ArrayLike,
        dt: float,
        drive: ArrayLike = 0.0,
        noise: ArrayLike = 0.0,
        bias: ArrayLike = 0.0,
        labels: Sequence[str] | None = None,
        delays: Any = 1,
        synapses: Mapping[str, Any] | None = None,
        inputs: Sequence[Input] = (),
        name: str = "network",
        source: str = "",
        background: Mapping[str, int] | None = None,
    ) -> None:
        table = check_weights(weights)
        n = table.shape[0]
        neurons = check_neurons(neuron, n)
        fields = {
            "neurons": neurons,
            "weights": table,
            "dt": check_time_step(dt),
            "drive": check_per_unit("drive", drive, n),
            "noise": check_per_unit("noise", noise, n),
            "bias": check_per_unit("bias", bias, n),
            "labels": check_labels(labels, n),
            "delays": check_delays(delays, n),
            "synapses": check_synapses(synapses or {}, neurons),
            "inputs": check_inputs(inputs, neurons),
            "name": str(name),
            "source": str(source),
            "background": dict(background or {}),
        }
        for key, value in fields.items():
            object.__setattr__(self, key, value)  # the dataclass is frozen from here on
        if np.any(self.noise < 0):
            raise bad("noise", self.noise.tolist(), "a standard deviation (mV), 0 or more")
        taus = [float(m.parameters["tau"]) for m in set(self.neurons) if "tau" in m.parameters]
        shortest = min(taus, default=np.inf)
        if self.dt > shortest:
            warnings.warn(
                f"dt = {self.dt} ms is longer than the shortest membrane time constant "
                f"{shortest} ms: the potential forgets almost everything within one step. "
                "Choose dt below tau.",
                StageWarning,
                stacklevel=2,
            )

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.neurons)

    def __len__(self) -> int:
        return self.n

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return (
            all(
                same_table(getattr(self, name), getattr(other, name))
                for name in ("weights", "delays", "drive", "noise", "bias")
            )
            and self.synapses.keys() == other.synapses.keys()
            and all(same_table(table, other.synapses[k]) for k, table in self.synapses.items())
            and all(
                getattr(self, name) == getattr(other, name)
                for name in ("neurons", "dt", "labels", "inputs", "name", "source", "background")
            )
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def __repr__(self) -> str:
        models = "/".join(sorted({model.name for model in self.neurons}))
        return f"<Network {self.name!r}: {self.n} x {models}, dt = {self.dt} ms>"

    @property
    def noise_per_step(self) -> Floats:
        """Standard deviation (mV) that one step of noise adds: sd sqrt(1 - a^2), shape (n,)."""
        return np.atleast_1d(self.step().sigma)

    def step(self) -> StepMap:
        """Return the one-step map that the neurons' conventions define."""
        from causal_snn.models.step import step_map

        return step_map(self)

    def index(self, unit: int | str) -> int:
        """Return the position of a unit named by label or index.

        Raises
        ------
        InputError
            If there is no such unit.
        """
        if isinstance(unit, str):
            if unit in self.labels:
                return self.labels.index(unit)
            if unit.isdigit() and int(unit) < self.n:
                return int(unit)
            raise bad(
                "unit", unit, f"a label or an index below {self.n}", suggest(unit, self.labels)
            )
        position = int(unit)
        if position != unit:
            raise bad("unit", unit, f"a whole number from 0 to {self.n - 1}, or a label")
        if not 0 <= position < self.n:
            raise bad("unit", unit, f"an index from 0 to {self.n - 1}, or a label")
        return position

    def subset(
        self, units: Units, *, background: Mapping[str, int] | Sequence[int] | int = 0
    ) -> Network:
        """Return the network of some units, the others clamped as background.

        Parameters
        ----------
        units : sequence of int or str
            Units to keep, in the order wanted.
        background : 0, 1, sequence or mapping
            Clamped state of every other unit (1: spikes in every step): one value for all,
            one for each in the network's order, or by label (units not named are silent).

        Returns
        -------
        Network
            Same units and weights among them; what the clamped units send is in `bias`.
        """
        keep = [self.index(unit) for unit in units]
        if not keep:
            raise bad("units", units, "at least one unit")
        if len(set(keep)) != len(keep):
            raise bad("units", units, "each unit once", "Remove the repeated unit.")
        rest = [j for j in range(self.n) if j not in set(keep)]
        clamped = check_background(background, [self.labels[j] for j in rest])
        inside = np.ix_(keep, keep)
        for state, table in self.synapses.items():
            if np.any(table[np.ix_(keep, rest)] @ list(clamped.values())):
                raise bad(
                    "background",
                    clamped,
                    f"no clamped spikes on the state {state!r}: `bias` acts on the state of the "
                    "weights alone",
                    "Clamp those units to 0.",
                )
        return Network(
            neuron=[self.neurons[j] for j in keep],
            weights=self.weights[inside],
            delays=self.delays if np.ndim(self.delays) == 0 else self.delays[inside],
            synapses={state: table[inside] for state, table in self.synapses.items()},
            inputs=[source.of(keep) for source in self.inputs],
            drive=self.drive[keep],
            noise=self.noise[keep],
            bias=self.bias[keep] + self.weights[np.ix_(keep, rest)] @ list(clamped.values()),
            dt=self.dt,
            labels=[self.labels[j] for j in keep],
            name=self.name,
            source=self.source,
            background={**self.background, **clamped},
        )

    def replace(self, **changes: Any) -> Network:
        """Return the network with some of its parameters changed.

        Parameters
        ----------
        **changes
            Parameters of `Network` by name, as ``dt=2.0`` or ``weights=0.5 * net.weights``.

        Raises
        ------
        InputError
            If there is no such parameter, or its value is wrong.
        """
        same = {name: getattr(self, name) for name in self.__slots__}
        same["neuron"] = same.pop("neurons")
        for name in changes:
            if name not in same:
                raise bad("changes", name, "a parameter of Network", suggest(name, same))
        return Network(**same | changes)

    @property
    def plain(self) -> bool:
        """Whether closed forms apply: dense weights, delays of one step, no random inputs."""
        dense = not is_sparse(self.weights)
        return dense and bool(np.all(self.delays == 1)) and not self.synapses and not self.inputs

    def to_networkx(self) -> nx.DiGraph[Any]:
        """Return the connectivity as a NetworkX graph, an edge source -> target per weight."""
        from causal_snn.models.graph import to_networkx

        return to_networkx(self)

    @classmethod
    def from_networkx(cls, graph: nx.DiGraph[Any], *, neuron: NeuronModel, dt: float) -> Network:
        """Return a network from a NetworkX graph (edge attribute `weight`, source -> target).

        Node attributes `drive`, `noise` and `bias` are read where present.
        """
        from causal_snn.models.graph import from_networkx

        return from_networkx(graph, neuron=neuron, dt=dt)
