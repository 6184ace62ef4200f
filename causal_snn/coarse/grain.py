"""The best grain of one unit: how many levels of its potential, and over how long a bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.leveling.levels import levels
from causal_snn.coarse.leveling.result import LevelsResult
from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.kernel import operator
from causal_snn.kernel.contexts import Kind
from causal_snn.models.network import Network
from causal_snn.progress import track
from causal_snn.provenance import provenance

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Grains:
    """Levels of one unit's potential for every length of the bin and number of levels.

    Attributes
    ----------
    label : str
        The unit.
    steps : tuple of int
        Lengths of the bins (steps).
    dt : float
        Length of a step (ms).
    k : tuple of int
        Numbers of levels.
    results : array of LevelsResult, shape (T, K)
        With every certificate.
    provenance : mapping
    """

    label: str
    steps: tuple[int, ...]
    dt: float
    k: tuple[int, ...]
    results: NDArray[np.object_]
    provenance: Mapping[str, Any]

    @property
    def epsilon(self) -> Floats:
        """Closure error: the worst diameter of a level, shape (T, K)."""
        return self._of("epsilon")

    @property
    def effective_information(self) -> Floats:
        """What the level tells of a spike in the bin, levels set alike (bit), shape (T, K)."""
        return self._of("effective_information")

    def _of(self, name: str) -> Floats:
        flat = [float(getattr(result, name)) for result in self.results.flat]
        return np.array(flat).reshape(self.results.shape)

    def best(
        self, epsilon: float, *, per: Literal["bin", "ms"] = "bin"
    ) -> tuple[int, int, LevelsResult] | None:
        """Return (steps, k, levels) of most effective information, closed to within epsilon.

        Parameters
        ----------
        epsilon : float
            Largest closure error.
        per : {"bin", "ms"}
            Whether information counts by bin or by time.

        Returns
        -------
        tuple or None
            None where nothing is that closed.
        """
        check_choice("per", per, ("bin", "ms"))
        if not 0.0 <= epsilon <= 1.0:
            raise bad("epsilon", epsilon, "a total variation from 0 to 1")
        value = self.effective_information
        if per == "ms":
            value = value / (self.dt * np.array(self.steps)[:, None])
        allowed = np.where(self.epsilon <= epsilon, value, -np.inf)
        row, column = np.unravel_index(int(np.argmax(allowed)), allowed.shape)
        if allowed[row, column] == -np.inf:
            return None
        return self.steps[row], self.k[column], self.results[row, column]

    def to_xarray(self) -> xr.Dataset:
        """Return closure error and information as an `xarray.Dataset` over (duration, k)."""
        import xarray as xr

        tables = {"epsilon": self.epsilon, "effective_information": self.effective_information}
        duration = self.dt * np.array(self.steps)
        return xr.Dataset(
            {name: (("duration", "k"), table) for name, table in tables.items()},
            coords={"duration": ("duration", duration, {"units": "ms"}), "k": list(self.k)},
            attrs={"unit": self.label},
        )


def grains(
    network: Network,
    unit: int | str,
    *,
    steps: Sequence[int],
    k: Sequence[int] = (2, 3, 4),
    contexts: Kind | Sequence[float] | None = None,
    potentials: tuple[float, float] | None = None,
    cells: int = 400,
    progress: bool = False,
) -> Grains:
    """Return the levels of a unit's potential for bins of several lengths.

    The micro model keeps its step; what changes is over how many steps a spike is looked for
    (`causal_snn.kernel.operator`), and into how many levels the potential is cut.

    Parameters
    ----------
    network : Network
    unit : int or str
    steps : sequence of int
        Lengths of the bins (steps).
    k : sequence of int
        Numbers of levels.
    contexts, potentials, cells : optional
        See `causal_snn.kernel.operator`.
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    Grains

    Raises
    ------
    InputError
        If there is no bin or no number of levels, or one is not a whole number of 1 or more.
    """
    bins = tuple(check_whole("steps", length) for length in steps)
    counts = tuple(check_whole("k", count) for count in k)
    if not bins or not counts:
        raise bad("steps, k", (list(steps), list(k)), "one number or more of each")
    results = np.empty((len(bins), len(counts)), dtype=object)
    for row, length in enumerate(track(bins, label="bins", show=progress)):
        table = operator(
            network, unit, steps=length, contexts=contexts, potentials=potentials, cells=cells
        )
        for column, count in enumerate(counts):
            results[row, column] = levels(table, count)
    return Grains(
        label=network.labels[network.index(unit)],
        steps=bins,
        dt=network.dt,
        k=counts,
        results=results,
        provenance=provenance(
            "minimax levels of the effect on a spike in bins of several lengths",
            network=network.name,
            distance="total variation",
            cells=cells,
        ),
    )
