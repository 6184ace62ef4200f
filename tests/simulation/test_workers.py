"""Workers: the same results here, in processes and on a cluster; what stops is cleared away."""

from __future__ import annotations

import os
from typing import Any

import pytest

from causal_snn.errors import InputError, bad
from causal_snn.simulation.sweeping.workers import results


def square(x: int) -> int:
    return x * x


def fail_at_two(x: int) -> int:
    if x == 2:
        raise bad("x", x, "anything else")
    return x


def process(x: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_comes_once_with_its_place(workers: int) -> None:
    found = dict(results(square, list(range(20)), workers=workers))
    assert found == {k: k * k for k in range(20)}
    assert list(results(square, [], workers=workers)) == []


def test_processes_are_others() -> None:
    found = {pid for _, pid in results(process, list(range(10)), workers=2)}
    assert os.getpid() not in found
    assert {pid for _, pid in results(process, [1], workers=1)} == {os.getpid()}


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_come_back_as_they_are(workers: int) -> None:
    with pytest.raises(InputError, match="x = 2: anything else"):
        list(results(fail_at_two, list(range(4)), workers=workers))


@pytest.mark.parametrize("workers", [1, 2])
def test_who_stops_can_begin_anew(workers: int) -> None:
    work = results(square, list(range(200)), workers=workers)
    next(iter(work))
    work.close()  # type: ignore[attr-defined]
    assert dict(results(square, [3], workers=workers)) == {0: 9}


@pytest.mark.parametrize("client", ["scheduler:8786", 3, object()])
def test_what_is_no_client(client: Any) -> None:
    with pytest.raises(InputError, match=r"client = .*a dask.distributed.Client"):
        list(results(square, [1], workers=1, client=client))
