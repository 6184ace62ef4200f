"""SimulationState: everything that the rest of a run depends on, to go on later or elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from causal_snn.errors import InputError, bad
from causal_snn.simulation.engine.layout import Layout

FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class SimulationState:
    """Where a run stands: pass it as ``start=`` to go on as if it had not been interrupted.

    Attributes
    ----------
    time : float
        Time of the state (ms).
    step : int
        The same in steps.
    arrays : mapping of str to array
        States, refractory counts and spikes on their way, in the engine's own layout.
    stream : mapping
        State of the random stream.
    seed : int
        What the stream was seeded with.
    made_for : mapping
        The number of units, replicas, dt, dtype and schemes; a run has to match them.
    """

    time: float
    step: int
    arrays: Mapping[str, Any]
    stream: Mapping[str, Any]
    seed: int
    made_for: Mapping[str, Any]

    def save(self, path: str | Path) -> Path:
        """Write the state to a file (npz), whole or not at all; return its path."""
        target = Path(path)
        about = {
            "format": FORMAT,
            "time": self.time,
            "step": self.step,
            "seed": str(self.seed),
            "stream": _plain(self.stream),
            "made_for": dict(self.made_for),
        }
        write_arrays(target, about, self.arrays)
        return target

    @classmethod
    def load(cls, path: str | Path) -> SimulationState:
        """Read a state that `save` wrote.

        Raises
        ------
        InputError
            If the file is not there or not such a state.
        """
        about, arrays = read_arrays(Path(path), "a simulation state", FORMAT)
        try:
            return cls(
                time=about["time"],
                step=about["step"],
                arrays=arrays,
                stream=_arrays(about["stream"]),
                seed=int(about["seed"]),
                made_for=about["made_for"],
            )
        except KeyError as error:
            raise InputError(f"{path}: not a simulation state ({error} is missing)") from None


def made_for_run(layout: Layout, replicas: int, dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return what a run must have in common with the one that it goes on from."""
    network = layout.network
    return {
        "units": layout.n,
        "states": [list(group.states) for group in layout.groups],
        "replicas": replicas,
        "dt": network.dt,
        "dtype": str(dtype),
        "schemes": layout.schemes,
        "refractory_steps": [group.convention.refractory_steps for group in layout.groups],
        "longest delay": int(np.max(network.delays)),
        "inputs": [type(source).__name__ for source in network.inputs],
    }


def check_resumed(state: SimulationState, made_for: dict[str, Any]) -> None:
    """Raise `InputError` unless a state is one of a run like this one."""
    then = dict(state.made_for)
    other = [key for key, value in made_for.items() if then.get(key) != value]
    if other:
        raise bad(
            "start",
            {key: then.get(key) for key in other},
            f"the state of a run like this one: { ({key: made_for[key] for key in other}) }",
        )


def write_arrays(target: Path, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write a record and arrays to an npz file; a partial file never bears its name."""
    part = target.with_name(target.name + ".part")
    if not target.parent.is_dir():
        raise InputError(f"{target}: there is no folder {str(target.parent)!r}; make it first")
    try:
        with part.open("wb") as file:
            text = np.frombuffer(json.dumps(about).encode(), np.uint8)
            np.savez_compressed(file, __about__=text, **arrays)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def read_arrays(path: Path, what: str, version: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the record and the arrays of a file that `write_arrays` wrote."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name != "__about__"}
            about: dict[str, Any] = json.loads(file["__about__"].tobytes())
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise InputError(f"{path}: not {what} that this library wrote ({error})") from None
    if about.get("format") != version:
        raise InputError(f"{path}: format {about.get('format')!r}; this version reads {version}")
    return about, arrays


def _plain(stream: Any) -> Any:
    """Return the state of a bit generator for JSON: arrays and large numbers as text."""
    if isinstance(stream, Mapping):
        return {key: _plain(value) for key, value in stream.items()}
    if isinstance(stream, np.ndarray):
        return {"array": [str(value) for value in stream.tolist()], "dtype": str(stream.dtype)}
    return stream


def _arrays(stream: Any) -> Any:
    if isinstance(stream, Mapping):
        if stream.keys() == {"array", "dtype"}:
            return np.array([int(value) for value in stream["array"]], dtype=stream["dtype"])
        return {key: _arrays(value) for key, value in stream.items()}
    return stream
