"""The time scale at which a spiking network is most of a causal model, or most one system.

A longer step forgets more of the membrane and gathers more noise, so that cells of potentials act
more alike (closure); but a step that forgets everything tells nothing of what it follows from
(effective information). The best grain lies between, and integrated information need not follow.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn import coarse, order, phi, tpm
from causal_snn.errors import StageWarning, bad, check_choice
from causal_snn.kernel import next_spike
from causal_snn.kernel.contexts import Kind
from causal_snn.models.network import Network
from causal_snn.progress import track
from causal_snn.provenance import provenance

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
MOST_STATES = 81
"""Macro states up to which phi_s of every reachable one is computed."""


@dataclass(frozen=True, slots=True, eq=False)
class TimeScale:
    """A network's macro model at each of several time steps.

    Attributes
    ----------
    dt : array, shape (D,)
        Time steps (ms).
    labels : tuple of str
    threshold : array, shape (D, n)
        Causal thresholds (mV).
    epsilon : array, shape (D,)
        Worst within-cell diameter over the units: how far closure fails.
    effective_information : array, shape (D,)
        Of the macro TPM, bits per step.
    determinism, degeneracy : array, shape (D,)
        Its two parts, relative to log2 of the number of macro states.
    phi_s : array, shape (D,)
        System integrated information, averaged over the long-run law of macro states (ibit).
    most_phi_s : array, shape (D,)
        The largest phi_s of a reachable state.
    tpms : tuple of TPM
    provenance : mapping
    """

    dt: Floats
    labels: tuple[str, ...]
    threshold: Floats
    epsilon: Floats
    effective_information: Floats
    determinism: Floats
    degeneracy: Floats
    phi_s: Floats
    most_phi_s: Floats
    tpms: tuple[tpm.TPM, ...]
    provenance: Mapping[str, Any]

    @property
    def information_rate(self) -> Floats:
        """Effective information for each millisecond (bit/ms), shape (D,)."""
        return self.effective_information / self.dt

    def best(self, epsilon: float, *, per: Literal["step", "ms"] = "step") -> int | None:
        """Return the place of the best grain, or None if none is closed enough.

        Parameters
        ----------
        epsilon : float
            Largest worst-case diameter that a macro model may have.
        per : {"step", "ms"}
            Whether effective information counts by step, as in Hoel et al. 2013, or by time.
        """
        check_choice("per", per, ("step", "ms"))
        if not 0.0 <= epsilon <= 1.0:
            raise bad("epsilon", epsilon, "a total variation from 0 to 1")
        value = self.effective_information if per == "step" else self.information_rate
        allowed = np.flatnonzero(self.epsilon <= epsilon)
        return int(allowed[np.argmax(value[allowed])]) if len(allowed) else None

    def to_xarray(self) -> xr.Dataset:
        """Return every curve as an `xarray.Dataset` over dt."""
        import xarray as xr

        units = {
            "epsilon": "1",
            "effective_information": "bit",
            "information_rate": "bit/ms",
            "determinism": "1",
            "degeneracy": "1",
            "phi_s": "ibit",
            "most_phi_s": "ibit",
        }
        curves = {name: ("dt", getattr(self, name), {"units": u}) for name, u in units.items()}
        return xr.Dataset(
            {**curves, "threshold": (("dt", "neuron"), self.threshold, {"units": "mV"})},
            coords={"dt": ("dt", self.dt, {"units": "ms"}), "neuron": list(self.labels)},
        )


def time_scale(
    network: Network,
    *,
    dt: Sequence[float] | Floats,
    contexts: Kind | Sequence[float] | None = None,
    potentials: tuple[float, float] | None = None,
    law: str = "uniform",
    formalism: str = "IIT_4_0_2026",
    progress: bool = False,
) -> TimeScale:
    """Return thresholds, closure, effective and integrated information over the time step.

    At every dt the neurons are discretised anew, thresholds chosen, and the ternary macro TPM
    built, whose units are conditionally independent.

    Parameters
    ----------
    network : Network
        Up to four units, 81 macro states.
    dt : sequence of float
        Time steps (ms).
    contexts, potentials : optional
        See `causal_snn.kernel.next_spike`.
    law : str
        Within-cell law, see `causal_snn.tpm.build`.
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023"}
    progress : bool
        Show a bar for work over two seconds.

    Returns
    -------
    TimeScale

    Raises
    ------
    InputError
        If there is no time step, or the network has too many units.
    """
    steps = np.atleast_1d(np.asarray(dt, dtype=float))
    if steps.ndim != 1 or not steps.size:
        raise bad("dt", dt, "one time step or more (ms)")
    if 3**network.n > MOST_STATES:
        raise bad(
            "network",
            f"{network.n} units",
            f"up to {MOST_STATES} macro states, four ternary units",
            "Choose some with network.subset(units).",
        )
    rows = [
        _one(network, float(step), contexts, potentials, law, formalism)
        for step in track(list(steps), label="time steps", show=progress)
    ]
    curves = {name: np.array([row[name] for row in rows]) for name in rows[0] if name != "tpm"}
    return TimeScale(
        dt=steps,
        labels=network.labels,
        tpms=tuple(row["tpm"] for row in rows),
        provenance=provenance(
            "ternary macro TPM at every time step, neurons discretised anew",
            network=network.name,
            law=law,
            formalism=formalism,
            contexts=contexts if contexts is None or isinstance(contexts, str) else list(contexts),
            potentials=None if potentials is None else list(potentials),
        ),
        **curves,
    )


def _one(
    network: Network,
    dt: float,
    contexts: Kind | Sequence[float] | None,
    potentials: tuple[float, float] | None,
    law: Any,
    formalism: str,
) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StageWarning)  # a dt beyond tau is what the axis is about
        changed = network.replace(dt=dt)
        units = [
            coarse.threshold(next_spike(changed, k, contexts=contexts, potentials=potentials))
            for k in range(network.n)
        ]
        matrix = tpm.build(changed, units, law=law, potentials=potentials)
    chance = matrix.stationary()
    possible = matrix.reachable()
    values = np.zeros(len(chance))
    for row in np.flatnonzero(possible):
        state = order.state(int(row), matrix.sizes)
        values[row] = phi.system(matrix, state, formalism=formalism).phi_s
    return {
        "threshold": [unit.threshold for unit in units],
        "epsilon": max(unit.epsilon for unit in units),
        "effective_information": tpm.effective_information(matrix),
        "determinism": tpm.determinism(matrix),
        "degeneracy": tpm.degeneracy(matrix),
        "phi_s": float(chance @ values),
        "most_phi_s": float(values.max()),
        "tpm": matrix,
    }
