"""What an exact analysis may cost, and the error where it would cost more."""

from __future__ import annotations

from causal_snn.errors import InputError, bad

MOST_STATES = 100_000
"""States of a neuron or a network that are listed one by one, unless more are allowed."""
MOST_LISTED = 1 << 24
"""Register values (times what can arrive) that are tried one by one."""
BYTES = 200
"""Memory of a listed state, about."""
SAMPLING = (
    "Allow more with max_states=..., take fewer bits or units, or sample the chip instead "
    "(causal_snn.chips.run with input spikes of many lanes and rng=...)."
)


def too_large(what: str, found: int, most: int, bound: str = "") -> InputError:
    """Return the error of a state space that is too large to be listed."""
    memory = found * BYTES / 1e6
    upper = f", at most {bound}" if bound else ""
    return bad(
        "max_states",
        most,
        f"state space too large: {what} has more than {found:,} states so far{upper}; these "
        f"alone take about {memory:,.1f} MB",
        SAMPLING,
    )


def no_chain(title: str) -> InputError:
    """Return the error of a chip that is no finite chain."""
    return InputError(
        f"{title} is continuous: its potentials take every value, so that there is no finite chain "
        "of it. Sample it instead (causal_snn.chips.run with many lanes and rng=...), or take a "
        "digital chip."
    )


def too_many(title: str, total: int) -> InputError:
    """Return the error of values that would have to be listed one by one."""
    return InputError(
        f"state space too large: {total:,} register values (times what can arrive) of one neuron "
        f"of {title} would have to be listed, more than {MOST_LISTED:,}, about "
        f"{total * 64 / 1e9:,.1f} GB. Declare a range with potentials=(low, high). {SAMPLING}"
    )
