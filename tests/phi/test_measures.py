"""Measures of integration: published values, brute force written apart, inequalities, bad input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize, stats
from sympy.utilities.iterables import multiset_partitions

from causal_snn.errors import InputError
from causal_snn.phi.measures import (
    GaussianChain,
    MeasureStatus,
    PartitionMeasure,
    geometric_phi,
    integrated_effective_information,
    phi_star,
    stochastic_interaction,
)
from causal_snn.tpm import TPM, effective_information

Floats = NDArray[np.float64]
Parts = Sequence[Sequence[int]]
seeds = st.integers(0, 2**31)


def states(n: int) -> NDArray[np.int64]:
    return (np.arange(2**n)[:, None] >> np.arange(n)) & 1


def sigmoid(n: int, seed: int, strength: float = 1.5) -> Floats:
    """Units that are on with a logistic chance of a random weighted sum, (2^n, n)."""
    weights = np.random.default_rng(seed).normal(size=(n, n)) * strength
    return np.asarray(1 / (1 + np.exp(-(2 * states(n) - 1) @ weights)))


def rows_of(table: Floats) -> Floats:
    """State-by-state rows of a state-by-node table, entry by entry."""
    n = table.shape[1]
    rows = np.ones((2**n, 2**n))
    for here, there in product(range(2**n), repeat=2):
        for unit in range(n):
            p = table[here, unit]
            rows[here, there] *= p if there >> unit & 1 else 1 - p
    return rows


def part_of(state: int, units: Sequence[int]) -> int:
    return sum((state >> unit & 1) << k for k, unit in enumerate(units))


def part_joint(law: Floats, rows: Floats, units: Sequence[int]) -> Floats:
    """Law of a part's present and next state, by going through all transitions."""
    found = np.zeros((2 ** len(units),) * 2)
    for here, there in product(range(len(rows)), repeat=2):
        found[part_of(here, units), part_of(there, units)] += law[here] * rows[here, there]
    return found


def entropy(p: Floats) -> float:
    return float(stats.entropy(np.ravel(p), base=2))


def in_two(n: int) -> list[list[list[int]]]:
    return list(multiset_partitions(list(range(n)), 2))


def in_any(n: int) -> list[list[list[int]]]:
    return [parts for parts in multiset_partitions(list(range(n))) if len(parts) > 1]


# Integrated effective information


def repertoire(table: Floats, units: Sequence[int], state: int) -> Floats:
    """Cause repertoire of a part, others averaged for each unit apart (brute force)."""
    likelihood = np.ones(2 ** len(units))
    for unit in units:
        chance = np.zeros(2 ** len(units))
        for here in range(len(table)):
            p = table[here, unit]
            chance[part_of(here, units)] += p if state >> unit & 1 else 1 - p
        likelihood *= chance * 2 ** len(units) / len(table)
    return np.asarray(likelihood / likelihood.sum())


def ei_by_hand(table: Floats, state: int, parts: Parts) -> float:
    n = table.shape[1]
    whole = repertoire(table, range(n), state)
    if len(parts) == 1:
        return float(n) - entropy(whole)
    apart = np.ones(2**n)
    for units in parts:
        of_part = repertoire(table, units, state)
        apart *= [of_part[part_of(here, units)] for here in range(2**n)]
    return float(stats.entropy(whole, apart, base=2))


def phi_by_hand(table: Floats, state: int) -> tuple[float, float]:
    n = table.shape[1]
    total = ei_by_hand(table, state, [range(n)])
    found = [(total / n, total)]
    for parts in in_any(n):
        ei = ei_by_hand(table, state, parts)
        found.append((ei / ((len(parts) - 1) * min(map(len, parts))), ei))
    return min(found, key=lambda pair: (round(pair[0], 10), pair[1]))


@given(n=st.integers(1, 4), seed=seeds, state=st.integers(0, 15))
@settings(max_examples=15, deadline=None)
def test_integrated_effective_information_by_enumeration(n: int, seed: int, state: int) -> None:
    table = np.random.default_rng(seed).beta(0.4, 0.4, (2**n, n))
    state %= 2**n
    found = integrated_effective_information(table, states(n)[state])
    ratio, value = phi_by_hand(table, state)
    assert found.normalized == pytest.approx(ratio, abs=1e-10)
    assert found.value == pytest.approx(value, abs=1e-9)


def test_ties_take_the_smaller_loss() -> None:
    """Deterministic units, whose normalised losses tie often."""
    for seed in range(12):
        table = np.random.default_rng(seed).integers(0, 2, (8, 3)).astype(float)
        reached = int(table[seed % 8] @ [1, 2, 4])
        found = integrated_effective_information(table, states(3)[reached])
        ratio, value = phi_by_hand(table, reached)
        assert found.normalized == pytest.approx(ratio, abs=1e-12), seed
        assert found.value == pytest.approx(value, abs=1e-12), seed


def gates(n: int, rule: Callable[[NDArray[np.int64]], Sequence[Any]]) -> Floats:
    return np.array([rule(state) for state in states(n)], dtype=float)


AND = gates(3, lambda s: (s[1] & s[2], s[0] & s[2], s[0] & s[1]))
COUPLES = gates(4, lambda s: (s[1], s[0], s[3], s[2]))
COUNTER = np.roll(states(4), -1, axis=0).astype(float)


def test_published_networks_of_balduzzi_and_tononi() -> None:
    """Figs. 1-3 and 11 of Balduzzi and Tononi 2008."""
    assert integrated_effective_information(AND, (0, 0, 1)).information == pytest.approx(3)
    assert integrated_effective_information(AND, (0, 0, 0)).information == pytest.approx(1)
    couples = integrated_effective_information(COUPLES, (0, 1, 1, 0))
    assert (couples.value, couples.partition) == (0.0, ((0, 1), (2, 3)))
    assert couples.information == pytest.approx(4)
    across = integrated_effective_information(
        COUPLES, (0, 1, 1, 0), partitions=[["A", "C"], ["B", "D"]]
    )
    assert across.value == pytest.approx(4)
    assert across.named_partition == (("A", "C"), ("B", "D"))
    low = integrated_effective_information(COUNTER, (0, 0, 0, 0))
    assert low.value == pytest.approx(4)
    assert low.partition == ((0, 1, 2, 3),)
    assert integrated_effective_information(COUNTER, (0, 0, 1, 1)).value == pytest.approx(
        0.192645, abs=1e-6
    )


def modules() -> Floats:
    """Fig. 13: four triples, all-to-all inside, joined in a ring; on with two inputs or more."""
    inputs = []
    for k in range(4):
        a, b, c = 3 * k, 3 * k + 1, 3 * k + 2
        inputs += [[b, c], [a, c], [a, b, (c + 3) % 12, (c - 3) % 12]]
    return gates(12, lambda s: [s[chosen].sum() >= 2 for chosen in inputs])


def test_published_modular_network_of_twelve_units() -> None:
    found = integrated_effective_information(modules(), [0] * 12)
    assert found.value == pytest.approx(0.700186, abs=1e-6)
    assert sorted(map(len, found.partition)) == [6, 6]
    # One triple: its hub also hears two neighbours, which are noise.
    hub = np.array([0.25, 0.75, 1.0])
    triple = np.array([[s[1] & s[2], s[0] & s[2], hub[s[0] + s[1]]] for s in states(3)])
    assert integrated_effective_information(triple, [0] * 3).value == pytest.approx(
        1.188722, abs=1e-6
    )


def test_mean_over_states_entered() -> None:
    table = sigmoid(3, 5)
    rows = rows_of(table)
    for parts in ([[0], [1, 2]], [[0], [1], [2]]):
        mean = sum(rows[:, s].mean() * ei_by_hand(table, s, parts) for s in range(8))
        found = integrated_effective_information(table, partitions=parts)
        assert found.value == pytest.approx(mean, abs=1e-12)
    assert found.information == pytest.approx(effective_information(rows), abs=1e-12)


def test_units_of_several_states() -> None:
    """A ternary unit copies a binary one and back; then the same through a relabelling."""
    marginals = np.zeros((3, 2, 3)), np.zeros((3, 2, 2))
    for a, b in product(range(3), range(2)):
        marginals[0][a, b, b] = 1.0
        marginals[1][a, b, int(a > 0)] = 1.0
    tpm = TPM(marginals, ("A", "B"), (("0", "1", "2"), ("0", "1")))
    found = integrated_effective_information(tpm, (0, 0))
    # One cause, (0, 0), of 6; A alone is caused by B only, B alone by A only: all noise.
    assert found.information == pytest.approx(np.log2(6))
    assert found.partition == ((0, 1),)
    split = integrated_effective_information(tpm, (0, 0), partitions="atomic")
    assert split.value == pytest.approx(np.log2(6))
    assert split.normalization == pytest.approx(1)  # log2 2
    with pytest.raises(InputError, match="some state leads to"):
        integrated_effective_information(tpm, (2, 0))


def test_one_unit_has_the_total_partition() -> None:
    found = integrated_effective_information([[0.1], [0.8]])
    assert found.partition == ((0,),)
    assert found.value == pytest.approx(effective_information([[0.9, 0.1], [0.2, 0.8]]))


# Stochastic interaction


def interaction_by_hand(law: Floats, rows: Floats, parts: Parts) -> float:
    joints = [part_joint(law, rows, units) for units in parts]
    apart = sum(entropy(joint) - entropy(joint.sum(axis=1)) for joint in joints)
    return apart - (entropy(law[:, None] * rows) - entropy(law))


@given(n=st.integers(2, 4), seed=seeds)
@settings(max_examples=10, deadline=None)
def test_stochastic_interaction_by_enumeration(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, law = rng.beta(0.5, 0.5, (2**n, n)), rng.dirichlet(np.ones(2**n))
    rows = rows_of(table)
    by_hand = {repr(parts): interaction_by_hand(law, rows, parts) for parts in in_any(n)}
    found = stochastic_interaction(table, law=law)
    assert found.value == pytest.approx(min(by_hand.values()), abs=1e-11)
    assert found.value == stochastic_interaction(table, law=law, partitions="bipartitions").value
    atoms = stochastic_interaction(table, law=law, partitions="atomic")
    assert atoms.value == pytest.approx(by_hand[repr([[k] for k in range(n)])], abs=1e-11)
    ratios = {}
    for parts in in_any(n):
        present = [entropy(part_joint(law, rows, units).sum(axis=1)) for units in parts]
        ratios[repr(parts)] = by_hand[repr(parts)] / ((len(parts) - 1) * min(present))
    best = stochastic_interaction(table, law=law, normalization="entropy")
    assert best.normalized == pytest.approx(min(ratios.values()), abs=1e-10)
    two = stochastic_interaction(table, law=law, normalization="entropy", partitions="bipartitions")
    assert two.normalized == pytest.approx(min(ratios[repr(p)] for p in in_two(n)), abs=1e-10)


def test_common_noise_is_interaction_but_no_influence() -> None:
    """Two units that ignore the past and are always alike: SI 1 bit, Phi_G 0."""
    tpm = TPM.from_state_by_state(np.tile([0.5, 0.0, 0.0, 0.5], (4, 1)))
    found = stochastic_interaction(tpm)
    assert found.value == pytest.approx(1)
    assert found.information == pytest.approx(0, abs=1e-12)
    assert geometric_phi(tpm).value == pytest.approx(0, abs=1e-7)
    assert phi_star(tpm).value == pytest.approx(0, abs=1e-12)
    with pytest.raises(InputError, match="not conditionally independent"):
        integrated_effective_information(tpm)


# Gaussian chains


def gaussian(n: int, seed: int, *, common: float = 1.0) -> GaussianChain:
    rng = np.random.default_rng(seed)
    A, L = rng.normal(size=(n, n)), rng.normal(size=(n, n)) * common
    return GaussianChain(A * 0.8 / np.abs(np.linalg.eigvals(A)).max(), L @ L.T + np.eye(n))


def differential(covariance: Floats) -> float:
    """Differential entropy in bits, by scipy."""
    return float(stats.multivariate_normal(cov=covariance).entropy() / np.log(2))


def test_gaussian_interaction_by_entropies() -> None:
    chain = gaussian(4, 2)
    n, joint = chain.n, chain.joint_covariance
    assert chain.next_covariance == pytest.approx(chain.covariance, abs=1e-12)
    noise = differential(chain.noise)
    found = {}
    for parts in in_any(n):
        apart = 0.0
        for units in parts:
            both = [*units, *(k + n for k in units)]
            now = chain.covariance[np.ix_(units, units)]
            apart += differential(joint[np.ix_(both, both)]) - differential(now)
        found[repr(parts)] = apart - noise
    assert stochastic_interaction(chain).value == pytest.approx(min(found.values()), abs=1e-10)
    atoms = stochastic_interaction(chain, partitions="atomic").value
    assert atoms == pytest.approx(found[repr([[0], [1], [2], [3]])], abs=1e-10)
    information = differential(chain.next_covariance) - noise
    assert chain.information == pytest.approx(information, abs=1e-12)


def test_gaussian_measures_do_not_depend_on_units_of_measurement() -> None:
    chain = gaussian(3, 4)
    scale = np.diag([1e-3, 1.0, 50.0])
    inverse = np.diag(1 / np.diag(scale))
    other = GaussianChain(scale @ chain.A @ inverse, scale @ chain.noise @ scale)
    for measure in (stochastic_interaction, geometric_phi, phi_star):
        assert measure(other).value == pytest.approx(measure(chain).value, rel=1e-6)
        assert measure(other).partition == measure(chain).partition


def test_given_present_covariance() -> None:
    """From white present states, of a chain that has no stationary law."""
    A = np.array([[0.0, 2.0], [0.0, 0.0]])
    chain = GaussianChain(A, np.eye(2), present=np.eye(2))
    # Only the second drives the first: I = log2(1 + 4)/2, and all of it crosses.
    for measure in (stochastic_interaction, geometric_phi, phi_star):
        assert measure(chain).value == pytest.approx(np.log2(5) / 2, abs=1e-9)
    with pytest.raises(InputError, match=r"largest eigenvalue 1\.5"):
        GaussianChain(1.5 * np.eye(2), np.eye(2))


# Phi*


def decoded_by_hand(law: Floats, rows: Floats, parts: Parts, beta: float) -> float:
    """I~(beta), with the decoder written out over all pairs of states."""
    size = len(rows)
    q = np.ones((size, size))
    for units in parts:
        joint = part_joint(law, rows, units)
        with np.errstate(invalid="ignore"):
            own = joint / joint.sum(axis=1, keepdims=True)
        for here, there in product(range(size), repeat=2):
            q[here, there] *= own[part_of(here, units), part_of(there, units)]
    joint = law[:, None] * rows
    mixed = law @ q**beta
    seen = joint > 0
    return float((joint * np.log2(q**beta / mixed, where=seen, out=np.zeros_like(q)))[seen].sum())


@given(n=st.integers(2, 3), seed=seeds)
@settings(max_examples=10, deadline=None)
def test_phi_star_by_scalar_search(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, law = rng.beta(0.6, 0.6, (2**n, n)), rng.dirichlet(np.ones(2**n))
    rows = rows_of(table)
    values = []
    for parts in in_two(n):
        best = optimize.minimize_scalar(
            lambda beta, parts=parts: -decoded_by_hand(law, rows, parts, beta),
            bounds=(0, 20), method="bounded", options={"xatol": 1e-10},
        )  # fmt: skip
        values.append(entropy(law @ rows) - sum(law * [entropy(r) for r in rows]) + best.fun)
    assert phi_star(table, law=law).value == pytest.approx(min(values), abs=1e-8)


def test_gaussian_phi_star_against_the_published_form() -> None:
    """Eq. 26 of Oizumi et al. 2016, with inverses of whole matrices."""
    chain = gaussian(4, 7)
    parts = [[0, 2], [1, 3]]
    S, following, across = chain.covariance, chain.next_covariance, chain.A @ chain.covariance
    B, D = np.zeros((4, 4)), np.zeros((4, 4))
    for units in parts:
        at = np.ix_(units, units)
        B[at] = across[at] @ np.linalg.inv(S[at])
        D[at] = following[at] - B[at] @ across[at].T
    inverse = np.linalg.inv(D)

    def decoded(beta: float) -> float:
        Q = np.linalg.inv(np.linalg.inv(S) + beta * B.T @ inverse @ B)
        R = beta * inverse - beta**2 * inverse @ B @ Q @ B.T @ inverse
        determinants = np.linalg.slogdet(S)[1] - np.linalg.slogdet(Q)[1]
        return float((determinants + np.trace(R @ following) - beta * 4) / 2 / np.log(2))

    best = optimize.minimize_scalar(lambda beta: -decoded(beta), bounds=(0, 5), method="bounded")
    found = phi_star(chain, partitions=parts)
    assert found.value == pytest.approx(chain.information + best.fun, abs=1e-9)
    assert found.provenance["exponent"] == pytest.approx(best.x, abs=1e-4)


def test_decoder_that_is_certain() -> None:
    """Deterministic parts: I~ does not depend on the exponent, and nothing is lost or all."""
    apart = gates(2, lambda s: (s[0], s[1]))
    assert phi_star(apart, law="uniform").value == pytest.approx(0, abs=1e-12)
    exclusive = gates(2, lambda s: (s[0] ^ s[1], s[0] ^ s[1]))
    found = phi_star(exclusive, law="uniform")
    assert found.value == pytest.approx(1)
    assert found.information == pytest.approx(1)
    assert found.success


@pytest.mark.parametrize("a", [0.5, 0.999, 1e-9])
def test_best_exponent_may_grow_without_end(a: float) -> None:
    """Units that are alike now, and whose next states tell all: I* is I, in the limit.

    The decoder grants the state (0, 0) to both causes, 1 and a (1 - a), and is cured of that by
    a large exponent only.
    """
    law = np.array([0.5, 0.0, 0.0, 0.5])
    rows = np.eye(4)
    rows[3] = [0, a, 1 - a, 0]
    tpm = TPM.from_state_by_state(rows)
    found = phi_star(tpm, law=law)
    assert found.information == pytest.approx(1)
    assert found.value == pytest.approx(0, abs=1e-9)
    assert decoded_by_hand(law, rows, [[0], [1]], 1.0) < 1


def test_best_exponent_may_be_next_to_none() -> None:
    """A decoder with zeros jumps at exponent 0, and may fall from there."""
    rows = np.eye(4)[[2, 1, 0, 1]]
    rows[3] = [0, 0.1, 0, 0.9]
    law = np.array([0.05, 0.15, 0.65, 0.15])
    found = phi_star(TPM.from_state_by_state(rows), law=law)
    decoded = [decoded_by_hand(law, rows, [[0], [1]], beta) for beta in np.geomspace(1e-9, 9, 200)]
    assert max(decoded) == decoded[0] > decoded[100] > 0
    assert found.value == pytest.approx(found.information - decoded[0], abs=1e-8)


# Phi_G


def nearest_by_scipy(law: Floats, rows: Floats, parts: Parts) -> float:
    """Least KL by sequential programming on q(y | x) itself, all constraints written out."""
    size = len(rows)

    def kl(q: Floats) -> float:
        return float((law[:, None] * rows * np.log2(rows / q.reshape(size, size))).sum())

    def rest(q: Floats) -> Floats:
        table = q.reshape(size, size)
        found = [table.sum(axis=1) - 1]
        for units in parts:
            for own in range(2 ** len(units)):
                alike = [x for x in range(size) if part_of(x, units) == own]
                for to in range(2 ** len(units) - 1):
                    chosen = [y for y in range(size) if part_of(y, units) == to]
                    mass = table[np.ix_(alike, chosen)].sum(axis=1)
                    found.append(mass[1:] - mass[0])
        return np.concatenate(found)

    start = np.full(size * size, 1 / size)
    best = optimize.minimize(
        kl, start, method="SLSQP", bounds=[(1e-9, 1)] * size**2,
        constraints={"type": "eq", "fun": rest}, options={"maxiter": 500, "ftol": 1e-13},
    )  # fmt: skip
    assert best.success
    return float(best.fun)


@pytest.mark.parametrize("seed", range(4))
def test_geometric_phi_by_general_optimisation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    law, rows = rng.dirichlet(np.ones(4)), rng.dirichlet(np.full(4, 0.8), 4)
    tpm = TPM.from_state_by_state(rows)  # with noise that units share
    found = geometric_phi(tpm, law=law)
    assert found.value == pytest.approx(nearest_by_scipy(law, rows, [[0], [1]]), abs=1e-6)
    assert found.status is MeasureStatus.CONVERGED
    assert found.value - found.lower <= 1e-7


@given(n=st.integers(2, 4), seed=seeds, law=st.sampled_from(["uniform", "stationary"]))
@settings(max_examples=15, deadline=None)
def test_order_of_the_measures(n: int, seed: int, law: str) -> None:
    """0 <= Phi_G, Phi* <= both SI and I at every split, and the bounds are bounds."""
    rng = np.random.default_rng(seed)
    table = rng.beta(0.5, 0.5, (2**n, n))
    if seed % 3 == 0:
        table = np.round(table)  # deterministic
    parts = in_two(n)[seed % len(in_two(n))]
    options: dict[str, Any] = {"law": law, "partitions": parts}
    interaction = stochastic_interaction(table, **options)
    geometric, star = geometric_phi(table, **options), phi_star(table, **options)
    for found in (geometric, star):
        assert -1e-12 <= found.value <= min(interaction.value, found.information) + 1e-7
        assert found.information == pytest.approx(interaction.information, abs=1e-12)
    assert geometric.success
    assert geometric.lower <= geometric.value


def test_search_over_splits_finds_the_least() -> None:
    """Pruning by bounds misses nothing: all splits one by one."""
    for table in (sigmoid(4, 1), sigmoid(4, 2)):
        each = [geometric_phi(table, partitions=parts).value for parts in in_two(4)]
        found = geometric_phi(table)
        assert found.value == pytest.approx(min(each), abs=1e-6)
        assert found.evaluated <= len(each)
        present = stochastic_interaction(table, normalization="entropy").provenance["law"]
        assert present == "stationary"
    each = [phi_star(table, partitions=parts).value for parts in in_two(4)]
    assert phi_star(table).value == pytest.approx(min(each), abs=1e-12)
    chain = gaussian(4, 3)
    each = [geometric_phi(chain, partitions=parts).value for parts in in_two(4)]
    assert geometric_phi(chain).value == pytest.approx(min(each), abs=1e-9)


def test_finer_partitions_may_hide_a_parity() -> None:
    """Of three units the parity of two is the third's state: atoms see nothing, a pair 1 bit."""
    rows = np.zeros((8, 8))
    for here, there in product(range(8), repeat=2):
        rows[here, there] = 0.25 * ((there & 1) ^ (there >> 1 & 1) == here >> 2)
    tpm = TPM.from_state_by_state(rows)
    atoms = geometric_phi(tpm, law="uniform", partitions="atomic")
    assert atoms.value == pytest.approx(0, abs=1e-7)
    pair = geometric_phi(tpm, law="uniform", partitions=[[0, 1], [2]])
    assert pair.value == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_gaussian_geometric_phi_by_direct_search(seed: int) -> None:
    """All three blocks' numbers by a derivative-free search from many starts."""
    chain = gaussian(2, seed + 20)

    def objective(diagonal: Floats) -> float:
        rest = chain.A - np.diag(diagonal)
        covariance = chain.noise + rest @ chain.covariance @ rest.T
        return float(np.log2(np.linalg.det(covariance) / np.linalg.det(chain.noise))) / 2

    starts = np.random.default_rng(seed).normal(size=(12, 2))
    options = {"xatol": 1e-9, "fatol": 1e-13}
    best = min(
        optimize.minimize(objective, start, method="Nelder-Mead", options=options).fun
        for start in starts
    )
    found = geometric_phi(chain)
    assert found.value == pytest.approx(best, abs=1e-9)
    assert found.lower <= found.value <= min(stochastic_interaction(chain).value, chain.information)
    assert found.status is MeasureStatus.STATIONARY


def test_gaussian_order_of_the_measures() -> None:
    for seed in range(4):
        chain = gaussian(5, seed)
        parts = [[0, 3], [1, 2, 4]]
        interaction = stochastic_interaction(chain, partitions=parts).value
        for measure in (geometric_phi, phi_star):
            value = measure(chain, partitions=parts).value
            assert 0 < value <= min(interaction, chain.information)


def test_large_gaussian_chain() -> None:
    """Two blocks of six, weakly joined: the split is between them, for every measure."""
    rng = np.random.default_rng(8)
    A = np.kron(np.eye(2), np.ones((6, 6))) * rng.uniform(0.5, 1, (12, 12)) + 0.01
    A *= 0.9 / np.abs(np.linalg.eigvals(A)).max()
    chain = GaussianChain(A, np.eye(12))
    halves = (tuple(range(6)), tuple(range(6, 12)))
    for measure in (stochastic_interaction, phi_star):
        assert measure(chain).partition == halves
    found = geometric_phi(chain, partitions=halves)
    assert found.value <= stochastic_interaction(chain).value


# What holds for all


def relabelled(table: Floats, order: Sequence[int]) -> Floats:
    """Table in which unit k is unit order[k] of the given one."""
    n = table.shape[1]
    index = [sum((s >> k & 1) << unit for k, unit in enumerate(order)) for s in range(2**n)]
    return table[np.ix_(index, order)]


MEASURES: list[Callable[..., PartitionMeasure]] = [
    integrated_effective_information,
    stochastic_interaction,
    geometric_phi,
    phi_star,
]


@pytest.mark.parametrize("measure", MEASURES)
def test_names_of_units_do_not_matter(measure: Callable[..., PartitionMeasure]) -> None:
    table, order = sigmoid(4, 11), [2, 0, 3, 1]
    found, other = measure(table), measure(relabelled(table, order))
    assert other.value == pytest.approx(found.value, abs=1e-6)
    renamed = sorted(tuple(sorted(order[k] for k in part)) for part in other.partition)
    assert tuple(renamed) == found.partition


@pytest.mark.parametrize("measure", MEASURES)
def test_units_apart_are_not_integrated(measure: Callable[..., PartitionMeasure]) -> None:
    one, other = sigmoid(2, 3), sigmoid(2, 4)
    table = np.concatenate([np.tile(one, (4, 1)), np.repeat(other, 4, axis=0)], axis=1)
    found = measure(table)
    assert found.value == pytest.approx(0, abs=1e-7)
    assert found.named_partition == (("A", "B"), ("C", "D"))
    assert found.success


@pytest.mark.parametrize("measure", MEASURES[1:])
def test_chain_that_ends_in_one_state(measure: Callable[..., PartitionMeasure]) -> None:
    """The long run has one state only: nothing to integrate, every entropy 0."""
    found = measure(np.zeros((4, 2)), normalization="entropy")
    assert found.value == pytest.approx(0, abs=1e-7)
    assert found.normalized == pytest.approx(0, abs=1e-7)
    assert found.information == 0


def test_loss_over_no_entropy_is_infinite() -> None:
    """A unit that is known before but not after: what is lost has nothing to be divided by."""
    table = gates(2, lambda s: (s[1], s[1]))
    law = [0.5, 0.0, 0.5, 0.0]  # the first unit is off
    found = stochastic_interaction(table, law=law, normalization="entropy")
    assert found.value == pytest.approx(1)
    assert found.normalized == np.inf


def bad_calls() -> Iterator[tuple[str, Callable[[], object]]]:
    table = sigmoid(2, 0)
    eye = np.eye(2)
    yield "partitions = 'three'", lambda: phi_star(table, partitions="three")
    yield "each unit from 0 to 1", lambda: phi_star(table, partitions=[[0], [0]])
    yield "units from 0 to 1", lambda: phi_star(table, partitions=[[0], [7]])
    yield "labels of the units", lambda: phi_star(table, partitions=[["A"], ["C"]])
    yield "two parts or more", lambda: geometric_phi(table, partitions=[[0, 1]])
    yield "two parts or more", lambda: stochastic_interaction(table, partitions=[[0, 1]])
    yield "two units or more", lambda: stochastic_interaction([[0.5], [0.5]])
    yield "law = 'ever'", lambda: stochastic_interaction(table, law="ever")
    yield "law = ", lambda: stochastic_interaction(table, law=[0.5, 0.6, 0, 0])
    yield "normalization", lambda: stochastic_interaction(table, normalization="x")  # type: ignore[arg-type]
    yield "tolerance", lambda: geometric_phi(table, tolerance=0.0)
    yield "at most 256 states", lambda: geometric_phi(np.full((512, 9), 0.5))
    yield "at most 4096 states", lambda: stochastic_interaction(np.full((2**13, 13), 0.5))
    yield "probabilities", lambda: phi_star([[np.nan, 0.5]] * 4)
    yield "numbers, one for each unit", lambda: integrated_effective_information(table, (0,))
    yield "square matrix", lambda: GaussianChain(np.ones((2, 3)), eye)
    yield "finite numbers", lambda: GaussianChain(np.full((2, 2), np.nan), eye)
    yield "symmetric", lambda: GaussianChain(eye / 2, np.array([[1, 0.5], [0, 1]]))
    yield "every direction has noise", lambda: GaussianChain(eye / 2, np.ones((2, 2)))
    yield "shape", lambda: GaussianChain(eye / 2, np.eye(3))
    yield "names that differ", lambda: GaussianChain(eye / 2, eye, labels=("a", "a"))
    chain = GaussianChain(eye / 2, eye)
    yield "holds its present covariance", lambda: phi_star(chain, law="uniform")
    yield "differential", lambda: phi_star(chain, normalization="entropy")
    large = GaussianChain(np.eye(20) / 2, np.eye(20))
    yield "at most 14 Gaussian units", lambda: geometric_phi(large)


@pytest.mark.parametrize(("message", "call"), list(bad_calls()), ids=range(len(list(bad_calls()))))
def test_bad_input(message: str, call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=f"(?i){message}"):
        call()
