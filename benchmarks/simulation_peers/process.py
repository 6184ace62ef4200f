"""The harness's end of a side: start its process, have it run, read what it reports."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.simulation_peers.side import MARK

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "NPROC": "1",  # size of XLA's thread pool
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


class Missing(Exception):
    """A side that cannot do a workload here; the message says why."""


@dataclass(slots=True)
class Side:
    """A running side.

    Attributes
    ----------
    name, dtype : str
        Side with its option, and precision.
    ready : dict
        What it said when it was ready: `build_cpu`, `build_wall`, `versions`, `note`.
    runs : list of dict
        What it said after each run: `cpu`, `whole_cpu`, `wall`, `peak_mb`, `rows` or `spikes`.
    """

    name: str
    dtype: str
    process: subprocess.Popen[str]
    errors: IO[str]
    ready: dict[str, Any] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> dict[str, Any]:
        """Return the next report.

        Raises
        ------
        Missing
            If the process ended instead, with the last line of its standard error.
        """
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(MARK):
                report: dict[str, Any] = json.loads(line[len(MARK) :])
                return report
        self.process.wait()
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        if self.process.returncode < 0:
            lines.append(f"ended by signal {-self.process.returncode}")
        raise Missing(lines[-1] if lines else "ended without a word")

    def run(self, seed: int) -> dict[str, Any]:
        """Run once and return (and keep) the report."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # read() says why
            self.process.stdin.write(f"{seed}\n")
            self.process.stdin.flush()
        self.runs.append(self.read())
        return self.runs[-1]

    def close(self) -> None:
        """End the process."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()


def start(python: str, name: str, work: str, dtype: str, sizes: tuple[float, ...] = ()) -> Side:
    """Start a side and wait until it has built what it runs.

    Parameters
    ----------
    python : str
        Interpreter.
    name, work, dtype : str
        Side with its option, letter of the workload, precision.
    sizes : (int, int, float), optional
        Replicas and steps of (a), and where units that are not spiking begin (mV).

    Raises
    ------
    Missing
        If the side is not installed or does not do this workload.
    """
    errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed with the side
    command = [python, "-m", "benchmarks.simulation_peers.side", name, work, dtype]
    process = subprocess.Popen(
        [*command, *map(str, sizes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
        text=True,
    )
    side = Side(name, dtype, process, errors)
    try:
        side.ready = side.read()
    except Missing:
        side.close()
        raise
    return side
