"""The question of a sweep: what makes two sweeps comparable, and one resumable."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.errors import bad
from causal_snn.models.network import Network
from causal_snn.studies.critical_precision.critical import PrecisionPoint, Setting
from causal_snn.studies.critical_precision.result import PrecisionSweep

Floats = NDArray[np.float64]
Key = tuple[tuple[str, Setting], ...]


def with_noise(network: Network, noise: Any) -> tuple[Network, Floats]:
    """Return the network with that noise per step (mV), and the noise."""
    own = network.noise_per_step
    if isinstance(noise, str):
        if noise != "network":
            raise bad("noise", noise, "'network', a standard deviation per step (mV), or None")
        return network, own
    sd = np.broadcast_to(np.asarray(0.0 if noise is None else noise, dtype=float), (network.n,))
    if not np.isfinite(sd).all() or np.any(sd < 0):
        raise bad("noise", noise, "standard deviations per step (mV), 0 or more")
    # What a step adds is proportional to the stationary deviation that a network is given.
    unit = network.replace(noise=1.0).noise_per_step
    return network.replace(noise=sd / unit), np.array(sd)


def check_seed(rng: Any) -> int:
    """Return a seed, or raise `InputError`."""
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise bad("rng", rng, "a whole number: the seed that every setting starts from")
    return int(rng)


def digest_of(network: Network) -> str:
    """Return what tells networks apart."""
    parts = [network.weights, network.drive, network.noise, network.bias]
    text = repr((network.neurons, network.dt, network.labels, np.asarray(network.delays).tolist()))
    dense = [np.asarray(getattr(p, "toarray", lambda p=p: p)()) for p in parts]
    return sha256(b"".join(p.tobytes() for p in dense) + text.encode()).hexdigest()


def described(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that can be compared and written down: tables by shape and digest."""
    found = {}
    for name, value in options.items():
        dense = value.toarray() if hasattr(value, "toarray") else value
        if isinstance(dense, np.ndarray):
            digest = sha256(np.ascontiguousarray(dense).tobytes()).hexdigest()[:16]
            value = f"table {dense.shape}, sha256 {digest}"
        found[name] = value
    return found


def key_of(setting: Mapping[str, Setting]) -> Key:
    """Return a setting as what can be looked up; the chip's own values left out."""
    return tuple(sorted((k, v) for k, v in setting.items() if v is not None))


def earlier(
    resume: PrecisionSweep | None, question: Mapping[str, Any]
) -> dict[Key, PrecisionPoint]:
    """Return the points of an earlier sweep of the same question, or raise `InputError`."""
    if resume is None:
        return {}
    for name, value in question.items():
        if resume.provenance.get(name) != value:
            raise bad(
                "resume",
                f"a sweep with {name} = {resume.provenance.get(name)!r}",
                f"one of the same question, {name} = {value!r}",
            )
    return {key_of(point.settings): point for point in resume.points}
