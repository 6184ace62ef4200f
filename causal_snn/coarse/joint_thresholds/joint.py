"""The thresholds of all units of a network, optimised together, with a certified gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_snn.coarse.joint_thresholds.certificate import Objective
from causal_snn.coarse.joint_thresholds.factors import Effect, feasible
from causal_snn.coarse.joint_thresholds.mean import mean_regret
from causal_snn.coarse.joint_thresholds.result import JointResult
from causal_snn.coarse.joint_thresholds.unit_step import UnitStep, unit_step
from causal_snn.coarse.joint_thresholds.worst import binary_worst, ternary_worst
from causal_snn.coarse.partition import CELLS, Alphabet
from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.kernel.contexts import Kind
from causal_snn.models.network import Network
from causal_snn.progress import working

Floats = NDArray[np.float64]


def joint(
    network: Network,
    *,
    alphabet: Alphabet = "ternary",
    objective: Objective = "brier",
    effect: Effect = "spike",
    cells: int = 23,
    contexts: Kind | Sequence[float] | None = None,
    potentials: tuple[float, float] | None = None,
    min_separation: float = 0.0,
    min_mass: float = 0.0,
    time_limit: float = 60.0,
    rng: np.random.Generator | int | None = 0,
    progress: bool = False,
) -> JointResult:
    """Return the thresholds of all units that together cost least.

    The effect of unit i is p_i(u_i, s): the probability of its next spike, given its micro
    state and the spikes of its sources. With ``objective="brier"`` micro states are
    independent and uniform on the declared ranges, and the cost is

        sum_i E[(p_i - Q_i)^2],   Q_i = E[p_i | macro states of i and of its sources],

    the Brier score of Q_i beyond what noise makes unavoidable (theory/11_joint.py J3).
    With ``"minimax"`` it is the largest difference of p_i between two micro states of one
    joint macro state, over all units.

    A ternary macro state tells whether its unit spikes, and thresholds separate (J1). A
    binary one does not unless it is cut at theta, and thresholds couple along connections
    (J2): branch and bound with the price bounds of J6 finds the best candidates and proves
    it; binary worst cases are solved exactly (J9).

    Parameters
    ----------
    network : Network
        Neurons without a synaptic current, at most 12 presynaptic units each; ternary
        worst cases also take cuba_lif and any number.
    alphabet : {"binary", "ternary"}
        See `UnitPartition`.
    objective : {"brier", "minimax"}
    effect : {"spike", "macro"}
        What is predicted: the unit's next spike, or that its next potential lies at or
        above its own threshold. The second rewards macro states that never change, so it
        needs `min_separation` or `min_mass`; binary and "brier" only.
    cells : int
        Candidate thresholds of each unit, evenly from the low end of its range to theta.
    contexts : {"states", "extremes", "interval"} or array, optional
        For ternary worst cases, see `causal_snn.kernel.next_spike`. All other costs take
        every spike pattern.
    potentials : (float, float), optional
        Declared range, see `causal_snn.kernel.intervention_range`.
    min_separation : float
        Least absolute difference between the mean effects of a unit's quiet cell and the
        next one.
    min_mass : float
        Least share of the declared range in either of these cells.
    time_limit : float
        Seconds after which the search stops with the gap it has reached.
    rng : Generator, int or None
        For the restarts of the descent.
    progress : bool
        Whether to show that it works.

    Returns
    -------
    JointResult

    Raises
    ------
    InputError
        If an option is unknown or does not apply, the network has too many presynaptic
        units, or no candidate of a unit has the separation and mass asked for.
    """
    _check(alphabet, objective, effect, contexts)
    if not time_limit > 0:
        raise bad("time_limit", time_limit, "a positive number of seconds")
    if check_whole("cells", cells) < 2:
        raise bad("cells", cells, "2 candidate thresholds or more")
    for name, value in (("min_separation", min_separation), ("min_mass", min_mass)):
        if not 0.0 <= value <= 1.0:
            raise bad(name, value, "a number from 0 to 1")
    asked = (min_separation, min_mass)
    if effect == "macro" and not any(asked):
        raise bad(
            "min_separation",
            min_separation,
            "more than 0, or min_mass more than 0, with effect='macro'",
            "A macro state that never changes predicts itself without error.",
        )
    with working("thresholds", show=progress):
        if objective == "minimax" and alphabet == "ternary":
            if any(asked):
                raise bad("min_separation, min_mass", asked, "0 for ternary worst cases")
            return ternary_worst(network, contexts, potentials)
        units = tuple(unit_step(network, i, potentials=potentials) for i in range(network.n))
        candidates = [
            _candidates(network.labels[i], units, i, cells, alphabet, effect, asked)
            for i in range(network.n)
        ]
        if objective == "minimax":
            return binary_worst(network, units, candidates)
        return mean_regret(
            network,
            units,
            candidates,
            alphabet=alphabet,
            effect=effect,
            seconds=time_limit,
            rng=rng,
        )


def _check(
    alphabet: Alphabet,
    objective: Objective,
    effect: Effect,
    contexts: Kind | Sequence[float] | None,
) -> None:
    check_choice("alphabet", alphabet, tuple(CELLS))
    check_choice("objective", objective, ("brier", "minimax"))
    check_choice("effect", effect, ("spike", "macro"))
    if effect == "macro" and (alphabet, objective) != ("binary", "brier"):
        raise bad("effect", effect, "'spike' unless alphabet='binary' and objective='brier'")
    every = contexts is None or (isinstance(contexts, str) and contexts == "states")
    if not every and (alphabet, objective) != ("ternary", "minimax"):
        raise bad("contexts", contexts, "'states', but for ternary worst cases: every pattern")


def _candidates(
    label: str,
    units: Sequence[UnitStep],
    i: int,
    cells: int,
    alphabet: Alphabet,
    effect: Effect,
    asked: tuple[float, float],
) -> Floats:
    """Return the candidate thresholds of a unit that have the separation and mass asked for."""
    unit = units[i]
    cuts = np.linspace(unit.low, unit.theta, cells)
    if not any(asked):
        return cuts
    mass, separation = feasible(unit, units, cuts, alphabet=alphabet, effect=effect)
    kept = (separation >= asked[0]) & (mass >= asked[1])
    if kept.any():
        return np.asarray(cuts[kept])
    roomy = mass >= asked[1]
    if not roomy.any():
        raise bad("min_mass", asked[1], f"at most {mass.max():.4g} for unit {label!r}")
    best = int(np.argmax(np.where(roomy, separation, -1.0)))
    raise bad(
        "min_separation",
        asked[0],
        f"at most {separation[best]:.4g} for unit {label!r} with min_mass = {asked[1]}",
        f"The nearest candidate is T = {cuts[best]:.6g} mV.",
    )
