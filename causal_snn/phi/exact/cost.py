"""What the exact engine costs, before it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from causal_snn.errors import bad

SECONDS = 2.5e-7
"""Seconds over 4^n for one system; an upper estimate from n = 12 on (2.2 s; 14 s at n = 14)."""
MOST_SECONDS = 600.0
"""Time that a structure takes unasked."""
MOST_BYTES = 2_000_000_000
"""Memory that is used unasked."""


def memory(sizes: Sequence[int]) -> int:
    """Return how many bytes the search for the minimum partition holds at its peak."""
    n = len(sizes)
    states = prod(sizes)
    tables = 2 * 8 * n * 2**n  # losses
    splits = 3 * 8 * 3**n // 2  # parts and rests of every subset, kept for all sizes up to n
    opened = (2 + 1) * 8 * 3**n  # losses and masks of the parts outside every R
    layer = 3 * 2 * 8 * 3**n // 4  # costs of the largest layer, and what is chosen from
    effects = 2 * 8 * states + 3 * 8 * (1 << 20)
    return int(tables + splits + opened + layer + effects)


def seconds(sizes: Sequence[int]) -> float:
    """Return roughly how many seconds one system takes."""
    return 0.005 + SECONDS * 4.0 ** len(sizes) + 1e-9 * prod(sizes) ** 2


STRUCTURE_SECONDS = 2.5e-4
"""Seconds of a mechanism over a purview, both directions; within a factor of 2 for n = 4 to 7."""


def structure_seconds(sizes: Sequence[int]) -> float:
    """Return roughly how many seconds the cause-effect structure of a system takes."""
    n = len(sizes)
    larger: float = prod((size / 2.0) ** 0.5 for size in sizes)
    return STRUCTURE_SECONDS * 4.0**n * max(1.0, 4.0 ** (n - 6)) * larger


def check_structure_size(sizes: Sequence[int], *, force: bool) -> None:
    """Raise `InputError` where a structure takes longer than is spent unasked."""
    needed = structure_seconds(sizes)
    if needed > MOST_SECONDS and not force:
        raise bad(
            "units",
            f"{len(sizes)} units",
            f"structures that take at most {MOST_SECONDS:g} s; this one takes about {needed:.2g} s",
            "Choose fewer units, phi.system for phi_s alone, or pass force=True to go on.",
        )


def check_size(sizes: Sequence[int], *, force: bool) -> None:
    """Raise `InputError` where a system needs more memory than is used unasked."""
    needed = memory(sizes)
    if needed > MOST_BYTES and not force:
        raise bad(
            "units",
            f"{len(sizes)} units",
            f"systems that need at most {MOST_BYTES / 1e9:g} GB; this one needs about "
            f"{needed / 1e9:.3g} GB and {seconds(sizes):.2g} s",
            "Choose fewer units, or pass force=True to go on.",
        )
