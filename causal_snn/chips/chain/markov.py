"""Markov: which hidden registers must be known for the spikes, or macro states, to be Markov."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.chips.chain.kernel import ChipKernel, OnChip, kernel
from causal_snn.chips.chain.limits import MOST_STATES
from causal_snn.chips.chain.moves import network_moves, neuron_moves
from causal_snn.chips.chain.reachable import network_states
from causal_snn.errors import bad, check_choice
from causal_snn.provenance import provenance

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Witness:
    """Two micro states that agree in all that is kept, and lead to different laws of it.

    Attributes
    ----------
    neuron : str
        Whose states (``"network"`` for the whole of it).
    kept : mapping of str to value
        What both have. ``"seen"`` are the level of the potential, the neuron's own last spikes,
        and which of the sums of the others' last spikes arrives; for ``"network"`` the levels and
        last spikes of all neurons.
    first, second : mapping of str to value
        What each has of the rest.
    """

    neuron: str
    kept: Mapping[str, Any]
    first: Mapping[str, Any]
    second: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class MarkovReport:
    """What has to be in the state for it to be Markov.

    Attributes
    ----------
    process : str
        What is observed in every case: spikes, or macro states.
    candidates : tuple of str
        Hidden registers: ``"v"``, currents, ``"r"`` (refractory counter) and ``"spikes d"``,
        the spikes of d - 1 steps before the last, which are still under way.
    markov : bool
        Whether the process alone is Markov.
    needed : mapping of str to bool
        Whether the rest without this register is not Markov.
    witnesses : mapping of str to Witness
        The proof, for each register that is needed.
    sufficient : tuple of str
        A smallest set of registers with which the process is Markov.
    scope : {"neurons", "network"}
    states : int
        States (times what can arrive) that were compared.
    provenance : mapping
    """

    process: str
    candidates: tuple[str, ...]
    markov: bool
    needed: Mapping[str, bool]
    witnesses: Mapping[str, Witness]
    sufficient: tuple[str, ...]
    scope: str
    states: int
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.markov:
            return f"the {self.process} are Markov by themselves"
        return f"the {self.process} are Markov together with {', '.join(self.sufficient)}"


def markov(
    mapped: OnChip | ChipKernel,
    *,
    cuts: Sequence[ArrayLike] | None = None,
    scope: Literal["neurons", "network"] = "neurons",
    inputs: ArrayLike | None = None,
    max_states: int = MOST_STATES,
) -> MarkovReport:
    """Return which hidden registers must join the spikes to make a Markov process.

    A set of registers is sufficient if any two micro states that agree in it (and in the spikes
    or macro states) have the same law of it one step later: strong lumpability (Kemeny and Snell,
    Finite Markov Chains, 1960, Theorem 6.3.2), tested on exact integer weights.

    Parameters
    ----------
    mapped : Mapped, (Chip, Parameters) or ChipKernel
    cuts : sequence of arrays, optional
        For each neuron of the chip the register values at which levels of its potential begin:
        the process is then that of the macro states (level, or spike). Default: spikes only.
    scope : {"neurons", "network"}
        Over every state that a neuron can be in, whatever arrives: what is sufficient there is
        so in the network. Or over the states that the network, started at rest, can be in: less
        may be needed, since not everything can occur together.
    inputs : array, optional
        See `kernel`.
    max_states : int
        Most states of a neuron times what can arrive, or of the network.

    Returns
    -------
    MarkovReport

    Raises
    ------
    InputError
        If there are more states.
    """
    check_choice("scope", scope, ("neurons", "network"))
    chain = (
        mapped
        if isinstance(mapped, ChipKernel)
        else kernel(mapped, inputs=inputs, max_states=max_states)
    )
    levels = _cuts(cuts, chain.n)
    if scope == "network":
        states = network_states(chain, chain.start, max_states)
        tables = [network_moves(chain, states, levels)]
    else:
        tables = [neuron_moves(chain, k, levels[k], max_states) for k in range(chain.n)]
    names = tuple(dict.fromkeys(name for table in tables for name in table.hidden))
    needed, witnesses = {}, {}
    for name in names:
        rest = [x for x in names if x != name]
        found = next((w for table in tables if (w := table.clash(rest)) is not None), None)
        needed[name] = found is not None
        if found is not None:
            witnesses[name] = Witness(*found)
    enough = next(
        kept
        for size in range(len(names) + 1)
        for kept in combinations(names, size)
        if all(table.clash(kept) is None for table in tables)
    )
    return MarkovReport(
        process="spikes" if cuts is None else "macro states",
        candidates=names,
        markov=not enough,
        needed=needed,
        witnesses=witnesses,
        sufficient=enough,
        scope=scope,
        states=sum(table.n for table in tables),
        provenance=provenance(
            "strong lumpability over all reachable states, exact",
            chip=chain.mapped.chip.title,
            scope=scope,
            inputs=chain.inputs.tolist(),
            cuts=None if cuts is None else [x.tolist() for x in levels],
        ),
    )


def _cuts(given: Sequence[ArrayLike] | None, n: int) -> list[Ints]:
    if given is None:
        return [np.zeros(0, dtype=np.int64)] * n
    if len(given) != n:
        raise bad("cuts", given, f"register values for each of {n} neurons")
    return [np.sort(np.atleast_1d(np.asarray(x, dtype=np.int64))) for x in given]
