"""Workers: blocks computed here, in processes of this machine, or on a cluster."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from causal_snn.errors import bad

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
"""A worker for each core has no use for threads of its own."""


def results[T, R](
    function: Callable[[T], R], items: Sequence[T], *, workers: int, client: Any = None
) -> Iterator[tuple[int, R]]:
    """Yield (position, result) of every item as it is finished.

    Parameters
    ----------
    function : callable
        Pure, and known by name to the workers.
    items : sequence
    workers : int
        Processes of this machine; 1 computes here.
    client : dask.distributed.Client, optional
        An existing cluster to use instead.

    Notes
    -----
    When the caller stops, what has not begun is given up.
    """
    if client is not None:
        if not (hasattr(client, "map") and hasattr(client, "cancel")):
            raise bad("client", client, "a dask.distributed.Client, or None")
        yield from _on_cluster(function, items, client)
    elif workers == 1:
        for k, item in enumerate(items):
            yield k, function(item)
    else:
        yield from _in_processes(function, items, workers)


def _in_processes(function: Any, items: Sequence[Any], workers: int) -> Iterator[Any]:
    from concurrent.futures import as_completed

    from joblib.externals.loky import get_reusable_executor

    # Ctrl-C goes to all processes of a terminal; the workers leave it to this one.
    executor = get_reusable_executor(
        max_workers=workers,
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
        env=ONE_THREAD,
    )
    futures = {executor.submit(function, item): k for k, item in enumerate(items)}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()


def _on_cluster(function: Any, items: Sequence[Any], client: Any) -> Iterator[Any]:
    from importlib import import_module

    cluster: Any = import_module("dask.distributed")  # optional, and untyped

    futures = client.map(function, items, pure=False)
    where = {future.key: k for k, future in enumerate(futures)}
    try:
        for future, value in cluster.as_completed(futures, with_results=True):
            yield where[future.key], value
    finally:
        client.cancel(futures)
