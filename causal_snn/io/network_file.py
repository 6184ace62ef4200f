"""Read and write network files: the format follows from the suffix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from numpy.typing import ArrayLike

from causal_snn.errors import InputError, suggest
from causal_snn.io.files import naming, read_text, require_file, write_atomically
from causal_snn.models.convention import Arrival, Reset, ResetTiming, Step
from causal_snn.models.network import Network

SUFFIXES = (".toml", ".nir")


def read_network(
    path: str | PathLike[str],
    *,
    dt: float | None = None,
    reset: Reset | None = None,
    step: Step | None = None,
    noise: ArrayLike | None = None,
    reset_timing: ResetTiming | None = None,
    refractory_steps: int | None = None,
    arrival: Arrival | None = None,
    populations: Literal["recurrent", "all"] | None = None,
    inputs: Mapping[str, int] | Sequence[int] | int | None = None,
    if_pulse: Literal["step", "time"] | None = None,
) -> Network:
    """Return the network that a file describes.

    A ``.toml`` file (`causal_snn.io.network_toml`) says everything itself and takes no
    options. A ``.nir`` file (Neuromorphic Intermediate Representation) describes neurons in
    continuous time and carries neither the time step nor what a step means, so `dt`,
    `reset` and `step` are required and the other options say the rest. Its seconds become
    ms; its potentials, which have no unit, keep their numbers and are read as mV.

    Parameters
    ----------
    path : path-like
        A ``.toml`` or ``.nir`` file.
    dt : float
        NIR: time step (ms), and the delay of every connection.
    reset : {"value", "subtract"}
        NIR: after a spike the potential is set to v_reset, or lowered by
        v_threshold - v_reset.
    step : {"exact", "euler"}
        NIR: decay exp(-dt/tau), or 1 - dt/tau as forward Euler and most training codes.
    noise : float or array, shape (n,)
        NIR: stationary standard deviation of the potential (mV); default 0.
    reset_timing : {"immediate", "delayed"}
        NIR: as in `Convention`; default "immediate". snnTorch delays its reset.
    refractory_steps : int
        NIR: steps after a spike without another; default 0.
    arrival : {"start", "end"}
        NIR: as in `Convention`, for CubaLIF; default "start".
    populations : {"recurrent", "all"}
        NIR: "recurrent" (default) leaves out the populations that no recurrent one listens
        to, such as read-outs, and names them in `Network.source`; a file without any
        recurrence is kept whole. "all" keeps every population.
    inputs : 0, 1, sequence or mapping
        NIR: clamped state of the input channels (1: a spike in every step): one value for
        all, one for each in file order, or by channel, as ``{"input.3": 1}`` (channels not
        named are silent). Default 0. Recorded in `Network.background`.
    if_pulse : {"step", "time"}
        NIR: a spike moves an IF node by r W ("step", default: codes that export IF nodes count
        time in steps), or by r W dt with dt in seconds ("time", the letter of v' = r I).

    Returns
    -------
    Network
        From NIR, convolutions and pooling are unrolled to weights, which are sparse where a
        node has 1000 units or more; the units are labelled n0, n1, ... in file order if one
        population is kept, and ``<population>.0``, ``<population>.1``, ... otherwise.

    Raises
    ------
    InputError
        If the file is missing, malformed or not supported, or an option is missing or wrong.
        The message starts with the path.
    """
    path = Path(path)
    options: dict[str, Any] = {
        "dt": dt,
        "reset": reset,
        "step": step,
        "noise": noise,
        "reset_timing": reset_timing,
        "refractory_steps": refractory_steps,
        "arrival": arrival,
        "populations": populations,
        "inputs": inputs,
        "if_pulse": if_pulse,
    }
    given = {name: value for name, value in options.items() if value is not None}
    require_file(path)
    match path.suffix.lower():
        case ".toml":
            from causal_snn.io.network_toml import network_from_toml

            text = read_text(path)
            with naming(path):
                _no_options(given)
                return network_from_toml(text)
        case ".nir":
            from causal_snn.io.nir_graph import read_graph
            from causal_snn.io.nir_network import network_from_graph

            with naming(path):
                return network_from_graph(read_graph(path), name=path.stem, **given)
        case suffix:
            raise InputError(
                f"{path}: network files end in .toml or .nir, not {suffix!r}; "
                + suggest(suffix, SUFFIXES)
            )


def read_input_weights(
    path: str | PathLike[str],
    *,
    dt: float,
    reset: Reset = "value",
    step: Step = "exact",
    populations: Literal["recurrent", "all"] = "recurrent",
    if_pulse: Literal["step", "time"] = "step",
) -> tuple[tuple[str, ...], Any]:
    """Return the input channels of a ``.nir`` file, and what their spikes add.

    `read_network` clamps the channels; `chips.map` and simulations with input spikes need their
    weights. Options as for `read_network`, and they must be the same.

    Returns
    -------
    channels : tuple of str
        ``<input>.0``, ``<input>.1``, ... in file order.
    weights : array or scipy.sparse array, shape (n, channels)
        In the unit of the network's weights.

    Raises
    ------
    InputError
        If the file is missing, malformed or not supported; the message starts with the path.
    """
    from causal_snn.io.nir_graph import read_graph
    from causal_snn.io.nir_network import input_weights_from_graph

    path = Path(path)
    require_file(path)
    if path.suffix.lower() != ".nir":
        raise InputError(f"{path}: only .nir files have input channels; give one that ends in .nir")
    with naming(path):
        return input_weights_from_graph(
            read_graph(path),
            populations=populations,
            dt=dt,
            if_pulse=if_pulse,
            reset=reset,
            step=step,
        )


def write_network(network: Network, path: str | PathLike[str]) -> None:
    """Write a network as a ``.toml`` file that `read_network` reads back equal, bit for bit.

    The write is atomic: an interrupted one leaves what was there before.

    Parameters
    ----------
    network : Network
        Any network of neurons that `causal_snn.models.BY_NAME` makes.
    path : path-like
        Where to write; ends in ``.toml``. An existing file is replaced.

    Raises
    ------
    InputError
        If the suffix is not ``.toml``, the file cannot be written, or a neuron is not one
        that a file can name.
    """
    from causal_snn.io.toml_writer import network_to_toml

    path = Path(path)
    if path.suffix.lower() != ".toml":
        raise InputError(
            f"{path}: networks are written as TOML, so the name must end in .toml, "
            f"not {path.suffix!r}"
        )
    with naming(path):
        text = network_to_toml(network)
    write_atomically(path, text)


# The keys that say in a TOML file what an option says for NIR.
_TOML_HOME = {
    "dt": "dt at the top level",
    "noise": "noise in [network]",
    "populations": "there is nothing to choose from",
    "inputs": "bias in [network]",
    "if_pulse": "the weights are what a spike adds",
}


def _no_options(given: Mapping[str, object]) -> None:
    for name in given:
        home = _TOML_HOME.get(name, f"{name} in [neuron.convention]")
        raise InputError(
            f"option {name} is for .nir files only; a .toml file says this itself ({home})"
        )
