"""The minimum information partition by dynamic programming, and sums over relations.

A directed partition of n units: parts, each cut at its inputs (cause), at its outputs (effect) or
both ways. Unit i of a cut system keeps the inputs of a set K_i and averages the others. Where a
claim is about sets, every case up to a size is gone through. Run this file to prove P1-P8.
"""

import itertools
from collections.abc import Iterator

import sympy as sp

from proof import Formulas, Results, equal, positive, report

Kept = tuple[frozenset[int], ...]
n, m, k, r = sp.symbols("n m k r", integer=True, positive=True)
lam, loss, cuts, better_loss, better_cuts = sp.symbols("lambda A C A2 C2", positive=True)


def set_partitions(items: tuple[int, ...]) -> Iterator[list[frozenset[int]]]:
    """Every partition of some items into parts."""
    if not items:
        yield []
        return
    for rest in set_partitions(items[1:]):
        yield [frozenset(items[:1]), *rest]
        for place, part in enumerate(rest):
            yield [*rest[:place], part | {items[0]}, *rest[place + 1 :]]


def kept_inputs(parts: list[frozenset[int]], ways: tuple[str, ...]) -> Kept:
    """What each unit keeps: an input survives unless its source or its target part cuts it."""
    where = {i: p for p, part in enumerate(parts) for i in part}
    return tuple(
        frozenset(
            j
            for j in where
            if where[j] == where[i]
            or not (ways[where[i]] in ("cause", "both") or ways[where[j]] in ("effect", "both"))
        )
        for i in sorted(where)
    )


def directed_cuts(size: int) -> set[Kept]:
    """Every distinct cut of `size` units, straight from the definition."""
    return {
        kept_inputs(parts, ways)
        for parts in set_partitions(tuple(range(size)))
        if len(parts) > 1
        for ways in itertools.product(("cause", "effect", "both"), repeat=len(parts))
    }


def additivity() -> Formulas:
    """What a partition loses and how much it cuts are sums over units.

    The probability of the specified state is a product over units, cut or not, and units are cut
    independently: log2(prod T_i / prod T_i[K_i]) = sum log2(T_i / T_i[K_i]), times the same
    selectivity. The number of cut inputs is sum (n - |K_i|).
    Source: Albantakis et al., PLOS Comput Biol 19:e1011465 (2023), Eqs. 15-20.
    """
    whole, kept = sp.symbols("T1:4", positive=True), sp.symbols("K1:4", positive=True)
    together = sp.log(sp.prod(whole) / sp.prod(kept), 2)
    apart = sum(sp.log(t / s, 2) for t, s in zip(whole, kept, strict=True))
    equal(sp.expand_log(together), sp.expand_log(apart))
    for cut in directed_cuts(3):
        inputs = sum(1 for i in range(3) for j in range(3) if j not in cut[i])
        equal(inputs, sum(3 - len(kept) for kept in cut))
    return {"loss": apart}


def parts_given_senders() -> Formulas:
    """Given R, the units of parts cut at their inputs, a cut is its parts' own choices.

    A part inside R keeps itself; a part outside keeps itself if it is cut both ways, itself and R
    if it is cut at its outputs. All cuts, and no others, arise so: checked for up to 4 units
    (3, 22 and 150 distinct cuts). So min over partitions = min over R of a sum of two minima.
    """
    counts = []
    for size in (2, 3, 4):
        units = tuple(range(size))
        built = set()
        for inside in (
            frozenset(s) for q in range(size + 1) for s in itertools.combinations(units, q)
        ):
            outside = tuple(i for i in units if i not in inside)
            for first in set_partitions(tuple(sorted(inside))):
                for second in set_partitions(outside):
                    if len(first) + len(second) < 2:
                        continue
                    for opened in itertools.product((False, True), repeat=len(second)):
                        kept = {i: part for part in first for i in part}
                        kept |= {
                            i: part | inside if open_ else part
                            for part, open_ in zip(second, opened, strict=True)
                            for i in part
                        }
                        built.add(tuple(kept[i] for i in units))
        assert built == directed_cuts(size), size
        counts.append(len(built))
    assert counts == [3, 22, 150]
    return {"cuts_of_4": sp.Integer(counts[-1])}


def subset_recursion() -> Formulas:
    """F(S) = min over parts P of S that hold its last unit of f(P) + F(S without P).

    Every set partition of S has one part with the last unit, and the others partition the rest:
    the recursion goes through each partition once, Bell(|S|) in all (checked up to 6 units).
    """

    def recursion(units: tuple[int, ...]) -> Iterator[frozenset[frozenset[int]]]:
        if not units:
            yield frozenset()
            return
        rest, last = units[:-1], units[-1]
        for size in range(len(rest) + 1):
            for some in itertools.combinations(rest, size):
                left = tuple(i for i in rest if i not in some)
                for others in recursion(left):
                    yield others | {frozenset(some) | {last}}

    for size in range(1, 7):
        units = tuple(range(size))
        found = list(recursion(units))
        assert len(found) == len(set(found)) == sp.bell(size)
        assert set(found) == {frozenset(parts) for parts in set_partitions(units)}
    return {"bell_6": sp.bell(6)}


def operations() -> Formulas:
    """The dynamic programmes over all R take sum_r C(n, r) 3^(n-r) = 4^n operations.

    Pairs P within S within the complement of R: each unit is in R, in P, in S but not P, or in
    none.
    """
    for size in range(1, 9):
        total = sum(sp.binomial(size, q) * 3 ** (size - q) for q in range(size + 1))
        equal(total, sp.Integer(4) ** size)
    return {"operations": 4**n}


def dinkelbach() -> Formulas:
    """Replacing lambda by the ratio of the best partition converges to the least ratio.

    If min (A - lambda C) = 0, every ratio A/C is at least lambda and one equals it. Otherwise a
    partition with A - lambda C < 0 has A/C < lambda, so lambda falls strictly, among finitely many
    ratios. For the best one (A2, C2) at lambda, A2 - lambda C2 <= A - lambda C for all.
    Source: Dinkelbach, Management Science 13:492 (1967).
    """
    gap = sp.Symbol("g", positive=True)
    equal((lam * cuts - gap) / cuts, lam - gap / cuts)  # A = lambda C - g: the ratio is smaller
    positive(lam - (lam - gap / cuts))
    slack = sp.Symbol("s", nonnegative=True)
    equal((lam * cuts + slack) / cuts - lam, slack / cuts)  # A - lambda C >= 0: A/C >= lambda
    return {"improved": lam - gap / cuts}


def ceiling() -> Formulas:
    """phi_s <= n (n - 1) A/C for every partition; unit k alone cuts n - 1 connections.

    The minimum partition has ratio at most A/C and cuts at most all n (n - 1) connections. Cutting
    one unit's inputs, or its outputs, cuts n - 1: the bound is n times what that loses.
    """
    equal(n * (n - 1) * (loss / (n - 1)), n * loss)
    for size in (2, 3, 4):
        counts = {sum(size - len(kept) for kept in cut) for cut in directed_cuts(size)}
        assert max(counts) == size * (size - 1)
        assert min(counts) == size - 1
    return {"bound": n * loss}


def mechanism_cuts() -> Formulas:
    """Cutting a mechanism from a purview: partition one side, and each unit of the other chooses.

    For effects each purview unit keeps one part of the split mechanism or nothing; for causes
    each mechanism unit keeps one part of the purview or nothing, not all the same part. These are
    all cuts of the definition, in which blocks pair a part of the mechanism with a part of the
    purview and only the complete cut leaves the mechanism whole: 1, 9 and 121 of them for 1, 2
    and 3 units on either side, as Albantakis et al. 2023, Eq. 43, count.
    """
    for left, right in itertools.product((1, 2, 3), repeat=2):
        mechanism, purview = tuple(range(left)), tuple(range(right))
        defined = set()
        for first in itertools.product(range(left), repeat=left):
            for second in itertools.product(range(-1, left), repeat=right):
                if len(set(first)) == 1 and first[0] in second:
                    continue
                defined.add(
                    frozenset((i, z) for i in mechanism for z in purview if first[i] == second[z])
                )
        effects: set[frozenset[tuple[int, int]]] = {frozenset()}
        for parts in set_partitions(mechanism):
            if len(parts) > 1:
                options = [*parts, frozenset()]
                for choice in itertools.product(options, repeat=right):
                    effects.add(frozenset((i, z) for z in purview for i in choice[z]))
        causes = set()
        for parts in set_partitions(purview):
            for choice in itertools.product([*parts, frozenset()], repeat=left):
                if len(set(choice)) == 1 and choice[0]:
                    continue
                causes.add(frozenset((i, z) for i in mechanism for z in choice[i]))
        assert defined == effects == causes, (left, right)
        if left == right:
            assert len(defined) == (1, 9, 121)[left - 1]
    return {"cuts_of_3": sp.Integer(121)}


def relations() -> Formulas:
    """Sum over sets of two or more of their least: sum_k x_k (2^(m-1-k) - 1), x ascending.

    The least of a set is x_k if the set holds k and at least one of the m - 1 - k larger ones.
    phi_r is (number of shared units) * (least density), so it is a sum over shared units.
    Source: Albantakis et al. 2023, S3 Appendix.
    """
    for size in range(1, 7):
        steps = sp.symbols(f"d0:{size}", positive=True)
        x = [sum(steps[: place + 1]) for place in range(size)]  # ascending by construction
        direct = sum(
            x[min(group)]
            for count in range(2, size + 1)
            for group in itertools.combinations(range(size), count)
        )
        closed = sum(value * (2 ** (size - 1 - place) - 1) for place, value in enumerate(x))
        equal(sp.expand(direct), sp.expand(closed))
    return {"factor": 2 ** (m - 1 - k) - 1}


RESULTS: Results = {
    "P1": additivity,
    "P2": parts_given_senders,
    "P3": subset_recursion,
    "P4": operations,
    "P5": dinkelbach,
    "P6": ceiling,
    "P7": mechanism_cuts,
    "P8": relations,
}


def main() -> None:
    """Prove every result and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
