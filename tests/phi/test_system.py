"""phi_s of the exact engine: against enumeration written apart, PyPhi, and published values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import order, phi
from causal_snn.errors import InputError
from causal_snn.tpm import TPM

Floats = Any
FORMALISMS = ("IIT_4_0_2023", "IIT_4_0_2026")
KINDS = ("ferromagnetic", "cycle", "integer", "signed", "noisy gates")


def network(kind: str, n: int, rng: np.random.Generator) -> Floats:
    """Return a state-by-node table of units that are logistic in the states -1 and 1."""
    spins = 2 * order.states((2,) * n) - 1
    choices: dict[str, Callable[[], Floats]] = {
        "ferromagnetic": lambda: np.abs(rng.normal(size=(n, n))),
        "cycle": lambda: 2 * np.roll(np.eye(n), 1, axis=1) + 0.3 * rng.normal(size=(n, n)),
        "integer": lambda: rng.integers(0, 3, size=(n, n)),
        "signed": lambda: rng.integers(-1, 2, size=(n, n)),
        "noisy gates": lambda: rng.integers(0, 2, size=(n, n)),
    }
    weights = choices[kind]()
    on = 1 / (1 + np.exp(-rng.choice([0.4, 0.8, 1.5]) * spins @ weights.T))
    return 0.05 + 0.9 * np.round(on) if kind == "noisy gates" else on


# --- phi_s by plain enumeration: sums over states, no tables of masks -------------------------


def set_partitions(items: list[int]) -> Iterator[list[list[int]]]:
    if not items:
        yield []
        return
    for rest in set_partitions(items[1:]):
        yield [[items[0]], *rest]
        for k, part in enumerate(rest):
            yield [*rest[:k], [items[0], *part], *rest[k + 1 :]]


def cut_matrices(n: int) -> set[tuple[tuple[bool, ...], ...]]:
    """Return every distinct cut, [i][j]: whether unit j's input to unit i is cut."""
    found = set()
    for parts in set_partitions(list(range(n))):
        if len(parts) < 2:
            continue
        where = [next(p for p, part in enumerate(parts) if k in part) for k in range(n)]
        for ways in product("coa", repeat=len(parts)):  # causes, effects (outputs), all
            found.add(
                tuple(
                    tuple(
                        where[i] != where[j] and (ways[where[i]] in "ca" or ways[where[j]] in "oa")
                        for j in range(n)
                    )
                    for i in range(n)
                )
            )
    return found


def enumerated(on: Floats, state: tuple[int, ...], *, capped: bool) -> float:
    """Return phi_s of a binary network, straight from its definition."""
    n = len(state)
    states = [tuple(int(x) for x in s) for s in order.states((2,) * n)]
    p_on = {s: on[k] for k, s in enumerate(states)}

    def unit(i: int, x: int, now: tuple[int, ...], cut: tuple[bool, ...]) -> float:
        """P(unit i = x), the inputs that are cut averaged over both states."""
        free = [j for j in range(n) if cut[j]]
        total = 0.0
        for values in product((0, 1), repeat=len(free)):
            s = list(now)
            for j, value in zip(free, values, strict=True):
                s[j] = value
            p = p_on[tuple(s)][i]
            total += p if x else 1 - p
        return float(total / 2 ** len(free))

    whole = ((False,) * n,) * n

    def joint(after: tuple[int, ...], now: tuple[int, ...], cuts: Any = whole) -> float:
        return float(np.prod([unit(i, after[i], now, cuts[i]) for i in range(n)]))

    forward = np.array([joint(s, state) for s in states])
    mean = np.array([np.mean([joint(s, before) for before in states]) for s in states])
    back = np.array([joint(state, s) for s in states])
    posterior = back / back.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        ii_e = np.nan_to_num(forward * np.log2(forward / mean), nan=0.0)
        ii_c = np.nan_to_num(posterior * np.log2(back / back.mean()), nan=0.0)
    if max(ii_e) <= 1e-12 or max(ii_c) <= 1e-12:
        return 0.0
    best = 0.0
    for e in np.flatnonzero(ii_e >= max(ii_e) - 1e-12):
        for c in np.flatnonzero(ii_c >= max(ii_c) - 1e-12):
            rows = []
            for cuts in cut_matrices(n):
                phi_e = forward[e] * np.log2(forward[e] / joint(states[e], state, cuts))
                phi_c = posterior[c] * np.log2(back[c] / joint(state, states[c], cuts))
                loss = max(0.0, min(phi_e, phi_c))
                rows.append((loss / sum(map(sum, cuts)), loss))
            least = min(ratio for ratio, _ in rows)
            value = max(loss for ratio, loss in rows if ratio <= least + 1e-12)
            if capped:
                surprise = min(-np.log2(forward[e]), -np.log2(posterior[c]))
                value = min(value, ii_e[e], ii_c[c], surprise)
            best = max(best, float(value))
    return best


def test_the_enumeration_has_the_known_number_of_cuts() -> None:
    assert [len(cut_matrices(n)) for n in (2, 3, 4)] == [3, 22, 150]


@settings(max_examples=40)
@given(
    kind=st.sampled_from(KINDS),
    n=st.integers(2, 3),
    seed=st.integers(0, 2**31),
    state=st.tuples(*[st.integers(0, 1)] * 3),
)
def test_equals_enumeration(kind: str, n: int, seed: int, state: tuple[int, ...]) -> None:
    on = network(kind, n, np.random.default_rng(seed))
    for formalism in FORMALISMS:
        found = phi.system(on, state[:n], formalism=formalism)
        want = enumerated(on, state[:n], capped=formalism == "IIT_4_0_2026")
        assert found.phi_s == pytest.approx(want, abs=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_equals_enumeration_of_four_units(kind: str) -> None:
    on = network(kind, 4, np.random.default_rng(7))
    found = phi.system(on, (1, 1, 1, 1), formalism="IIT_4_0_2023").phi_s
    assert found == pytest.approx(enumerated(on, (1, 1, 1, 1), capped=False), abs=1e-10)


# --- PyPhi ------------------------------------------------------------------------------------


def compare(on: Floats, state: tuple[int, ...], units: Any = None) -> list[float]:
    values = []
    for formalism in FORMALISMS:
        ours = phi.system(on, state, formalism=formalism, units=units)
        theirs = phi.system(on, state, formalism=formalism, units=units, engine="pyphi")
        assert ours.phi_s == pytest.approx(theirs.phi_s, abs=1e-9)
        if ours.phi_s > 0 and ours.ties == 1:
            assert (ours.cause_state, ours.effect_state) == (
                theirs.cause_state,
                theirs.effect_state,
            )
            assert ours.partition is not None
            assert theirs.partition is not None
            assert ours.partition.normalized_phi is not None
            if formalism == "IIT_4_0_2023":  # the cap of 2026 rescales PyPhi's normalised value
                assert ours.partition.normalized_phi == pytest.approx(
                    theirs.partition.normalized_phi, abs=1e-9
                )
        values.append(theirs.phi_s)
    return values


def test_equals_pyphi_on_random_systems() -> None:
    rng, positive, total = np.random.default_rng(11), 0, 0
    for trial in range(40):
        n = 4 if trial % 10 == 9 else 2 + trial % 2
        on = network(KINDS[trial % 5], n, rng)
        state = (1,) * n if trial % 4 else tuple(int(x) for x in rng.integers(0, 2, n))
        positive += compare(on, state)[0] > 0
        total += 1
    assert positive >= total / 2


@pytest.mark.slow
def test_equals_pyphi_on_two_hundred_systems() -> None:
    """n = 2 to 5, at least half of them irreducible: some minutes."""
    rng, positive, total = np.random.default_rng(12), 0, 0
    for trial in range(210):
        n = (2, 3, 3, 4, 3, 4, 5)[trial % 7]
        on = network(KINDS[trial % 5], n, rng)
        state = (1,) * n if trial % 10 else tuple(int(x) for x in rng.integers(0, 2, n))
        positive += compare(on, state)[0] > 0
        total += 1
    assert positive >= total / 2


def test_background_is_conditioned_as_pyphi_does() -> None:
    rng = np.random.default_rng(5)
    positive = 0
    for trial in range(12):
        on = network(KINDS[trial % 3], 4, rng)
        state = (1, 1, 1, 1) if trial % 2 else tuple(int(x) for x in rng.integers(0, 2, 4))
        positive += (
            compare(on, state, units=[(0, 1), (1, 3), (0, 1, 2), (0, 2, 3)][trial % 4])[0] > 0
        )
    assert positive >= 4


def test_units_may_be_named_in_any_order() -> None:
    on = network("ferromagnetic", 4, np.random.default_rng(3))
    state = (1, 0, 1, 1)
    some = phi.system(on, state, units=("C", "A"))
    same = phi.system(on, state, units=(0, 2))
    assert some.phi_s == pytest.approx(same.phi_s, abs=1e-12)
    assert some.state == (1, 1)
    assert some.labels == ("C", "A")
    assert some.cause_state is not None
    assert same.cause_state is not None
    assert some.cause_state == same.cause_state[::-1]


def multi_valued(sizes: tuple[int, ...], rng: np.random.Generator) -> TPM:
    """Return units that tend to follow the one before them, mod their alphabet."""
    n = len(sizes)
    states = order.states(sizes)
    marginals = []
    for i, size in enumerate(sizes):
        rows = rng.dirichlet(np.ones(size), len(states)) * 0.4
        rows[np.arange(len(states)), states[:, i - 1] % size] += 0.6
        marginals.append(order.unflat(rows, sizes))
    return TPM(
        marginals=tuple(marginals),
        labels=tuple("ABC"[:n]),
        cells=tuple(tuple(str(x) for x in range(size)) for size in sizes),
    )


@pytest.mark.parametrize("sizes", [(2, 3), (3, 3), (2, 2, 3), (3, 2, 3), (4, 2)])
def test_units_of_more_than_two_states_equal_pyphi(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(sum(sizes))
    positive = 0
    for _ in range(3):
        tpm = multi_valued(sizes, rng)
        state = tuple(int(rng.integers(size)) for size in sizes)
        positive += compare(tpm, state)[0] > 0
    assert positive


@pytest.mark.parametrize("most", [4, pytest.param(5, marks=pytest.mark.slow)])
def test_stock_examples_equal_pyphi(most: int) -> None:
    """Every example of PyPhi's that comes with a state and has few enough units for PyPhi."""
    import pyphi

    checked = positive = 0
    for name in sorted(dir(pyphi.examples)):
        if not name.endswith("_system") or "actual" in name:
            continue
        example = getattr(pyphi.examples, name)()
        if not isinstance(example, pyphi.System) or len(example.node_indices) > most:
            continue
        values = compare(phi.from_pyphi(example), tuple(example.state), example.node_indices)
        checked += 1
        positive += values[0] > 0
    assert checked >= 8
    assert positive >= 4


# --- published values -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "units", "value"),
    [
        ("iit4_2023_fig1a", (0,), 0.0396),
        ("iit4_2023_fig1a", (0, 1), 0.1719),
        ("iit4_2023_fig1a", (0, 1, 2), 0.1339),
        ("iit4_2023_fig6a", (0, 1), 0.0553),
        ("iit4_2023_fig6a", (0, 1, 2, 3, 4, 5), 0.0027),
        ("iit4_2023_fig6c", None, 1.7467),
        ("iit4_2023_fig6d", None, 1.0539),
        ("iit4_2023_fig7", (0, 1, 2, 3, 4), 1.1056),
    ],
)
def test_published_values(example: str, units: Any, value: float) -> None:
    """Albantakis et al. 2023, Figs 1, 6 and 7, which print the first two or three digits."""
    import pyphi

    substrate = getattr(pyphi.examples, f"{example}_substrate")()
    given_system = getattr(pyphi.examples, f"{example}_system")()
    found = phi.system(
        phi.from_pyphi(substrate), given_system.state, units=units, formalism="IIT_4_0_2023"
    )
    assert found.phi_s == pytest.approx(value, abs=5e-5)


# --- properties -------------------------------------------------------------------------------


@settings(max_examples=15)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**31), n=st.integers(3, 5))
def test_names_of_units_do_not_matter(kind: str, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    on = network(kind, n, rng)
    state = tuple(int(x) for x in rng.integers(0, 2, n))
    names = list(permutations(range(n)))[int(rng.integers(1, 6))]
    rows = [
        order.number([s[names.index(k)] for k in range(n)], (2,) * n)
        for s in order.states((2,) * n)
    ]
    renamed = on[rows][:, list(names)]
    one, other = phi.system(on, state), phi.system(renamed, [state[k] for k in names])
    assert one.phi_s == pytest.approx(other.phi_s, abs=1e-10)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 6))
def test_feed_forward_systems_are_reducible(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    spins = 2 * order.states((2,) * n) - 1
    on = 1 / (1 + np.exp(-2 * spins @ np.tril(rng.normal(size=(n, n)), -1).T))
    found = phi.system(on, (1,) * n)
    assert found.phi_s == 0.0
    assert "strongly connected" in found.reasons[0]


@settings(max_examples=15)
@given(seed=st.integers(0, 2**31))
def test_two_systems_side_by_side_are_reducible(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = network("cycle", 2, rng), network("ferromagnetic", 2, rng)
    on = np.concatenate([np.tile(one, (4, 1)), np.repeat(two, 4, axis=0)], axis=1)
    assert phi.system(on, (1, 1, 1, 1)).phi_s == 0.0


@settings(max_examples=20)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**31), n=st.integers(2, 6))
def test_bounds(kind: str, seed: int, n: int) -> None:
    """phi_s of 2026 is at most that of 2023 and ii(s); no partition has a lesser ratio."""
    on = network(kind, n, np.random.default_rng(seed))
    new, old = (phi.system(on, (1,) * n, formalism=f) for f in FORMALISMS[::-1])
    assert 0.0 <= new.phi_s <= old.phi_s + 1e-12
    assert new.intrinsic_information is not None
    assert new.phi_s <= max(0.0, new.intrinsic_information) + 1e-12
    if old.partition is not None and old.phi_s > 0:
        assert old.phi_s == pytest.approx(
            (old.partition.normalized_phi or 0.0) * len(old.partition.cut), rel=1e-9
        )


def test_one_unit_alone() -> None:
    """Of one unit only the self-connection can be cut: phi = p log2(p/mean p), both ways."""
    found = phi.system(np.array([[0.1], [0.8]]), (1,), formalism="IIT_4_0_2023")
    back = 0.8 / 0.9
    want = min(0.8 * np.log2(0.8 / 0.45), back * np.log2(0.8 / 0.45))
    assert found.phi_s == pytest.approx(want, abs=1e-12)
    assert phi.system(np.array([[0.3], [0.3]]), (1,)).phi_s == 0.0


def test_ties_are_counted_and_settled_as_pyphi_does() -> None:
    """A ring of copies in a symmetric state: many partitions tie, and the largest loss counts."""
    on = 0.1 + 0.8 * np.roll(order.states((2,) * 3), 1, axis=1)
    for state in ((1, 1, 1), (1, 0, 1), (0, 0, 0)):
        compare(on, state)


# --- bad input --------------------------------------------------------------------------------


def test_bad_input() -> None:
    on = network("cycle", 3, np.random.default_rng(0))
    with pytest.raises(InputError, match="formalism = 'IIT_3_0'"):
        phi.system(on, (1, 1, 1), formalism="IIT_3_0")
    with pytest.raises(InputError, match="engine = 'fast'"):
        phi.system(on, (1, 1, 1), engine="fast")
    with pytest.raises(InputError, match=r"state = \(1, 1\): 3 numbers"):
        phi.system(on, (1, 1))
    with pytest.raises(InputError, match="state"):
        phi.system(on, (1, 1, 2))
    with pytest.raises(InputError, match=r"units = \[0, 0\]: one unit or more, each once"):
        phi.system(on, (1, 1, 1), units=(0, 0))
    with pytest.raises(InputError, match="units = 'D'"):
        phi.system(on, (1, 1, 1), units=("D",))
    with pytest.raises(InputError, match=r"shape \(8, 2\)"):
        phi.system(on[:, :2], (1, 1, 1))
    for value in (1.8, np.nan, -0.1):
        wrong = on.copy()
        wrong[1, 2] = value
        with pytest.raises(InputError, match=r"unit C at state \(1, 0, 0\).*probabilities"):
            phi.system(wrong, (1, 1, 1))


def test_an_unreachable_state_is_refused() -> None:
    copies = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]])  # both copy B
    with pytest.raises(InputError, match="unreachable"):
        phi.system(copies, (1, 0))


def test_a_dependent_tpm_is_refused_until_its_gap_is_accepted() -> None:
    rows = np.full((4, 4), 0.25)
    rows[3] = [0.5, 0.0, 0.0, 0.5]
    tpm = TPM.from_state_by_state(rows)
    with pytest.raises(InputError, match=r"0.5 \(total variation\)"):
        phi.system(tpm, (1, 1))
    assert phi.system(tpm, (1, 1), tolerance=0.6).independence_gap == pytest.approx(0.5)
    assert phi.system(tpm.project(), (1, 1)).independence_gap == 0.0


def test_too_many_units_are_refused_with_bytes_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from causal_snn.phi.exact import cost

    monkeypatch.setattr(cost, "MOST_BYTES", 10_000_000)
    on = network("ferromagnetic", 6, np.random.default_rng(0))
    with pytest.raises(InputError, match=r"GB and .* s.*force=True"):
        phi.system(on, (1,) * 6)
    assert phi.system(on, (1,) * 6, force=True).phi_s > 0


def test_both_engines_check_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    on = network("ferromagnetic", 3, np.random.default_rng(1))
    assert phi.system(on, (1, 1, 1), engine="both").phi_s > 0
    import importlib

    module = importlib.import_module("causal_snn.phi.system")
    monkeypatch.setattr(module, "AGREE", -1.0)
    with pytest.raises(RuntimeError, match="the engines differ in state"):
        phi.system(on, (1, 1, 1), engine="both")


def test_provenance_says_how() -> None:
    on = network("ferromagnetic", 3, np.random.default_rng(1))
    found = phi.system(on, (1, 0, 1), units=("A", "C"))
    assert found.provenance["background"] == {"B": 0}
    assert found.provenance["formalism"] == "IIT_4_0_2026"
    assert found.provenance["iterations"] >= 1


@pytest.mark.parametrize("formalism", ["IIT_4_0_2023", "IIT_4_0_2026"])
def test_units_that_never_change_as_pyphi(formalism: Any) -> None:
    on = np.array([[1, 0]] * 4, dtype=float)  # whatever was, A is on and B is off
    found = phi.system(on, (1, 0), formalism=formalism, engine="both")
    assert found.phi_s == 0
