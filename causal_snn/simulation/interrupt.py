"""Ctrl-C that stops a run between two steps, so that what was done is kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self.asked = False


@contextmanager
def gentle_stop() -> Iterator[Stop]:
    """Turn the first Ctrl-C into a wish; a second one interrupts as ever.

    Only the main thread may set signal handlers: elsewhere Ctrl-C does what it always did.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.asked:
            signal.default_int_handler(number, frame)
        stop.asked = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        # None: a handler that was not set by Python, which cannot be put back
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)
