"""MappingReport: what became of a network on its way to a chip's integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.mapping.sharing import Cores

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Edges = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """How a neuron with more sources than the chip allows was split.

    Attributes
    ----------
    unit : str
        Label of the neuron.
    sources : int
        How many sources it has.
    partial : int
        Neurons that gather a part of them each and pass it on.
    """

    unit: str
    sources: int
    partial: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MappingReport:
    """What became of a network on its way to a chip's integers.

    Edges are rows (source, target) of positions in the network; sources of n and above are
    input channels. Weights are as they act on the potential, in mV per spike.

    Attributes
    ----------
    chip : str
    labels : tuple of str
        Names of the units.
    scale : array, shape (n,)
        Register units per mV.
    exponent : int
        Common exponent of the weights.
    weight_step : array, shape (n,)
        mV between neighbouring weights.
    weights : int
        Number of weights that are not zero in the network.
    clipped, silenced, created : array of int, shape (k, 2)
        Edges cut off at the end of the range; not zero but zero on the chip; the other way round.
    weight_error : array, shape (e,)
        Chip less network, of every edge that either has (mV).
    edges : array of int, shape (e, 2)
        The edges of `weight_error`.
    tau_error, tau_syn_error : array, shape (n,)
        Relative errors of time constants; nan where there is none.
    decay, current_decay : array, shape (n,)
        Factors per step that the chip realises.
    threshold_error : array, shape (n,)
        mV.
    constant_error : array, shape (n,)
        Of the constant input, mV per step.
    fan_in : int
        Most sources of a neuron.
    fan_in_limit : int or None
    too_many : tuple of str
        Units with more sources than the limit.
    splits : tuple of Split
    cores : Cores
    differences : tuple of str
        What the chip does otherwise than the network, as sentences.
    extra : mapping
        What only some chips have, as axon types.
    """

    chip: str
    labels: tuple[str, ...]
    scale: Floats
    exponent: int
    weight_step: Floats
    weights: int
    clipped: Edges
    silenced: Edges
    created: Edges
    weight_error: Floats
    edges: Edges
    tau_error: Floats
    tau_syn_error: Floats
    decay: Floats
    current_decay: Floats
    threshold_error: Floats
    constant_error: Floats
    fan_in: int
    fan_in_limit: int | None
    too_many: tuple[str, ...]
    splits: tuple[Split, ...]
    cores: Cores
    differences: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def max_weight_error(self) -> float:
        """Largest error of a weight (mV)."""
        return float(np.max(np.abs(self.weight_error), initial=0.0))

    @property
    def rms_weight_error(self) -> float:
        """Root mean square error of the weights (mV)."""
        if not len(self.weight_error):
            return 0.0
        return float(np.sqrt(np.mean(self.weight_error**2)))

    def rows(self) -> list[tuple[str, str]]:
        """Return the report as pairs of what and how much, for a table."""
        low, high = float(self.scale.min()), float(self.scale.max())
        limit = "no limit known" if self.fan_in_limit is None else f"at most {self.fan_in_limit}"
        found = [
            ("chip", self.chip),
            ("scale (register units per mV)", _span(low, high)),
            ("common exponent of the weights", str(self.exponent)),
            ("step of the weights (mV)", _span(*_ends(self.weight_step))),
            ("weights", str(self.weights)),
            ("clipped", _share(len(self.clipped), self.weights)),
            ("silenced", _share(len(self.silenced), self.weights)),
            ("created", str(len(self.created))),
            (
                "error of a weight, max / rms (mV)",
                f"{self.max_weight_error:.3g} / {self.rms_weight_error:.3g}",
            ),
            ("error of tau, max (relative)", _worst(self.tau_error)),
            ("error of tau_syn, max (relative)", _worst(self.tau_syn_error)),
            ("error of the threshold, max (mV)", _worst(self.threshold_error)),
            ("error of the constant input, max (mV per step)", _worst(self.constant_error)),
            ("fan-in, most", f"{self.fan_in} ({limit})"),
            ("neurons over the fan-in", str(len(self.too_many))),
            ("partial neurons", str(sum(split.partial for split in self.splits))),
            ("cores", str(self.cores.count)),
            ("neurons of a core, most", str(int(self.cores.neurons.max()))),
            ("input axons of a core, most", str(int(self.cores.in_axons.max()))),
            ("synapse bits of a core, most", str(int(self.cores.synapse_bits.max()))),
            ("copies of neurons for more cores", str(self.cores.copies)),
        ]
        found += [
            (f"different values on a core: {name}", f"{used} of {most}")
            for name, (used, most) in self.cores.shared.items()
        ]
        found += [("beyond the chip", text) for text in self.cores.beyond]
        found += [("difference", text) for text in self.differences]
        return found

    def table(self) -> str:
        """Return the report as lines of text."""
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row for each edge: source, target, error (mV), what became of it."""
        import pandas as pd

        names = [*self.labels, *(f"input {k}" for k in range(self._channels()))]
        fate = {}
        for word in ("clipped", "silenced", "created"):
            for source, target in getattr(self, word).tolist():
                fate[source, target] = word
        return pd.DataFrame(
            {
                "source": [names[k] for k in self.edges[:, 0]],
                "target": [names[k] for k in self.edges[:, 1]],
                "error_mV": self.weight_error,
                "fate": [fate.get((a, b), "kept") for a, b in self.edges.tolist()],
            }
        )

    def _channels(self) -> int:
        n = len(self.labels)
        return max(int(self.edges[:, 0].max(initial=0)) + 1 - n, 0)

    def __str__(self) -> str:
        return (
            f"{_counted(len(self.labels), 'neuron')} on {self.chip}: "
            f"{_counted(self.weights, 'weight')}, {len(self.clipped)} clipped, "
            f"{len(self.silenced)} silenced, error at most {self.max_weight_error:.3g} mV; "
            f"{_counted(self.cores.count, 'core')}; "
            f"{_counted(len(self.differences), 'difference')}"
        )

    def __repr__(self) -> str:
        return f"<MappingReport {self}>"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _share(count: int, of: int) -> str:
    return f"{count} ({100 * count / of:.2g} %)" if count else "0"


def _ends(values: Floats) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _span(low: float, high: float) -> str:
    return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"


def _worst(values: Floats) -> str:
    known = values[~np.isnan(values)]
    return f"{float(np.max(np.abs(known))):.3g}" if len(known) else "does not apply"
