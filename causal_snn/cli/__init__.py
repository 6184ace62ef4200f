"""The command line: ``analyze FILE``, ``chips FILE``, ``phase MODEL``, ``bifurcation MODEL``."""

from __future__ import annotations

import argparse
import io
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from causal_snn import __version__
from causal_snn.cli import analyze, bifurcation, chips, phase
from causal_snn.errors import InputError, StageWarning

COMMANDS = (analyze, phase, bifurcation, chips)
"""Modules that each add one command: `add(commands)` and `run(options)`."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line: what is wrong, and where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


class _Terminated(BaseException):
    """SIGTERM came.

    Not a KeyboardInterrupt: one that passes through `exec` makes Python end itself with SIGINT,
    even if it was caught, and then the exit code is not ours.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code (0 done, 2 bad input, 130 stopped)."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name the terminal cannot show is no error
    main_thread = threading.current_thread() is threading.main_thread()
    if main_thread:
        earlier = signal.signal(signal.SIGTERM, _stop)  # batch systems stop a job with it
    with warnings.catch_warnings():
        warnings.simplefilter("always", StageWarning)
        warnings.showwarning = _say_warning
        try:
            run: Any = options.run
            return int(run(options))
        except (InputError, OSError) as error:
            print(f"causal-snn: error: {_one_line(error)}", file=sys.stderr)
            return 2
        except (KeyboardInterrupt, _Terminated):
            print("causal-snn: stopped; nothing was written", file=sys.stderr)
            return 130
        finally:
            if main_thread:
                signal.signal(signal.SIGTERM, earlier)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="causal-snn",
        description="From spiking neurons to their dynamics, and from a spiking network to its "
        "causally sufficient macro states and its integrated information.",
    )
    parser.add_argument("--version", action="version", version=f"causal-snn {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for module in COMMANDS:
        module.add(commands)
    return parser


def _stop(*_: Any) -> None:
    raise _Terminated


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


def _say_warning(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, StageWarning):
        print(f"causal-snn: warning: {message}", file=sys.stderr)
