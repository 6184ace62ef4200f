"""Progress on anything that takes longer than two seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from collections.abc import Sized as SizedABC
from contextlib import contextmanager


def watched() -> bool:
    """Return whether somebody sees a bar: a terminal or a notebook, not a log file."""
    from rich.console import Console

    console = Console(stderr=True)
    return bool(console.is_interactive or console.is_jupyter)


class Sized[T]:
    """Items that come one by one, whose number is known."""

    def __init__(self, items: Iterable[T], size: int) -> None:
        self.items, self.size = items, size

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return self.size


def track[T](items: Iterable[T], *, label: str, show: bool, after: float = 2.0) -> Iterator[T]:
    """Yield from `items`, showing a bar on stderr once `after` seconds have gone by.

    Parameters
    ----------
    items : iterable
        What to loop over; a sized one gives time left.
    label : str
        What is being done.
    show : bool
        Whether a bar may appear at all.
    after : float
        Seconds of silence: short work shows nothing.
    """
    if not (show and watched()):
        yield from items
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    total = len(items) if isinstance(items, SizedABC) else None
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task(label, total=total)
    began, started = time.monotonic(), False
    try:
        for item in items:
            if not started and time.monotonic() - began > after:
                bar.start()
                started = True
            yield item
            bar.advance(task)
    finally:
        if started:
            bar.stop()


@contextmanager
def working(label: str, *, show: bool) -> Iterator[None]:
    """Show a spinner and the time gone by, for one long step that cannot be counted."""
    if not (show and watched()):
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as spinner:
        spinner.add_task(label, total=None)
        yield
