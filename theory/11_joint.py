"""Thresholds of a whole network: when they separate, how they couple, and what bounds them.

Unit i's effect is p_i(u_i, s), the probability of its next spike given its micro state and the
spikes s of its sources; given these, the next states of different units are independent. A binary
macro state is x_j = 1{u_j >= T_j} with T_j <= theta_j, a ternary one also tells s_j. The mean law
is uniform on the declared ranges [low, high], independently for each unit; states from theta to
high have just spiked, so pi_j = P(s_j = 1) = (high - theta)/(high - low). Run this file to prove
J1-J10.
"""

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy as sp

from proof import Formulas, Results, cdf, equal, pdf, positive, report

T, p, q, x = sp.symbols("T p q x", real=True)
low, width, gap = sp.symbols("low width gap", positive=True)
pi, w = sp.symbols("pi w", positive=True)
theta = sp.Symbol("theta", real=True)
HALF = Fraction(1, 2)


def holds(condition: bool) -> None:
    """Settle a comparison of exact numbers."""
    if not condition:
        msg = "not shown: a comparison of exact numbers fails"
        raise AssertionError(msg)


def separation() -> Formulas:
    """Alphabets that tell the spikes: thresholds separate, and joint TV <= 1 - prod(1 - eps_i).

    Then s is a function of the macro states, so p_i varies within a joint macro state with u_i
    alone, and the cost of unit i depends on T_i alone: the joint problem is one for each unit. The
    joint next state of two micro states is a product of laws a, c (unit 1) and b, d (unit 2). Their
    overlap is sum min(a b, c d) >= sum min(a, c) min(b, d), shown for each order of the four
    numbers; overlap is 1 - TV, so 1 - TV >= prod(1 - eps_i), and by induction over the units
    1 - prod(1 - eps_i) <= sum eps_i.
    """
    a, d, e, f = sp.symbols("a d e f", nonnegative=True)
    # min(ab, cd) for a <= c, b <= d is ab = min(a,c) min(b,d). Else c = a + e and b = d + f:
    for product in (a * (d + f), (a + e) * d):
        holds(bool(sp.expand(product - a * d).is_nonnegative))
    first, second = sp.symbols("eps_1 eps_2", nonnegative=True)
    union = 1 - (1 - first) * (1 - second)
    equal(first + second - union, first * second)

    levels = [Fraction(k, 5) for k in range(6)]
    for a1, b1, c1, d1 in itertools.product(levels, repeat=4):
        spikes = itertools.product((0, 1), repeat=2)
        laws = [
            [
                (s * y + (1 - s) * (1 - y)) * (t * z + (1 - t) * (1 - z))
                for y, z in ((a1, b1), (c1, d1))
            ]
            for s, t in spikes
        ]
        joint = sum(abs(one - other) for one, other in laws) / 2
        holds(joint <= 1 - (1 - abs(a1 - c1)) * (1 - abs(b1 - d1)))
    return {"total_variation": union, "sum": first + second}


def coupling() -> Formulas:
    """Binary alphabets: P(s = 1 | on) = (high - theta)/(high - T), so targets depend on T.

    It grows with T and is 1 only at T = theta. The prediction of a target with effects p, q without
    and with the spike moves with T wherever the two differ.
    """
    high = theta + gap
    told = (high - theta) / (high - T)
    equal(told, gap / (gap + theta - T))
    below = {T: theta - width}
    positive(told.diff(T).subs(below))
    positive((1 - told).subs(below))
    equal(told.subs(T, theta), 1)
    prediction = p + (q - p) * told
    equal(prediction.diff(T), (q - p) * told.diff(T))
    return {"spike_given_on": told, "prediction": prediction}


def regret() -> Formulas:
    """Brier score of Q = E[p | x]: E[(s' - Q)^2] = E[p (1 - p)] + E[p^2] - E[Q^2].

    A spike of probability p scores p (1 - Q)^2 + (1 - p) Q^2 = p (1 - p) + (p - Q)^2, and the first
    part is the same for every macro state. Within a macro state of mass W with weights w_k, Q is
    the weighted mean, and sum w_k (p_k - Q)^2 = sum w_k p_k^2 - W Q^2.
    """
    equal(p * (1 - q) ** 2 + (1 - p) * q**2, p * (1 - p) + (p - q) ** 2)
    effects, weights = sp.symbols("p:3", real=True), sp.symbols("w:3", positive=True)
    mass = sum(weights)
    mean = sum(wk * pk for wk, pk in zip(weights, effects, strict=True)) / mass
    spread = sum(wk * (pk - mean) ** 2 for wk, pk in zip(weights, effects, strict=True))
    square = sum(wk * pk**2 for wk, pk in zip(weights, effects, strict=True))
    equal(spread, square - mass * mean**2)
    return {"score": p * (1 - p) + (p - q) ** 2, "regret": (p - q) ** 2}


def ratio(m: sp.Expr, share: sp.Expr) -> sp.Expr:
    """rho = share (1 - m)/((1 - share) m) for P(on) = m and P(spike) = share."""
    return share * (1 - m) / ((1 - share) * m)


def basis(share: sp.Expr, s: int) -> sp.Expr:
    """(s - share)/sqrt(share (1 - share)): of mean 0 and variance 1 for P(spike) = share."""
    return (s - share) / sp.sqrt(share * (1 - share))


def expansion() -> Formulas:
    """E[Q^2] = sum_S F_S prod_{j in S} rho_j, rho = pi (1 - m)/((1 - pi) m), m = P(on).

    Let g(s) be the mean of p in a cell of the unit itself and f_S its coefficients in products of
    chi_j = (s_j - pi_j)/sqrt(pi_j (1 - pi_j)). Sources are independent, so E[chi_j | x] = E[chi_j |
    x_j], which has mean 0, and mean square rho_j: products of different S are orthogonal after the
    conditioning too. Hence E[Q^2 | cell] = sum_S f_S^2 prod rho_j; F_S adds the cells by mass. For
    two sources it is also multiplied out in full. rho rises from 0 at T = low to 1 at T = theta.
    """
    m = sp.Symbol("m", positive=True)
    spike_given = {0: sp.Integer(0), 1: pi / m}
    conditional = {
        on: (1 - s1) * basis(pi, 0) + s1 * basis(pi, 1) for on, s1 in spike_given.items()
    }
    mass = {0: 1 - m, 1: m}
    equal(sum(mass[on] * conditional[on] for on in (0, 1)), 0)
    equal(sum(mass[on] * conditional[on] ** 2 for on in (0, 1)), ratio(m, pi))
    equal((1 - pi) * basis(pi, 0) + pi * basis(pi, 1), 0)
    equal((1 - pi) * basis(pi, 0) ** 2 + pi * basis(pi, 1) ** 2, 1)

    g = {s: sp.Symbol(f"g_{s[0]}{s[1]}", real=True) for s in itertools.product((0, 1), repeat=2)}
    pis, ms = sp.symbols("pi_1 pi_2", positive=True), sp.symbols("m_1 m_2", positive=True)

    def chance(one: sp.Expr, outcome: int) -> sp.Expr:
        return one if outcome else 1 - one

    direct = sp.Integer(0)
    for on in itertools.product((0, 1), repeat=2):
        given = [
            share / mj if o else sp.Integer(0) for share, mj, o in zip(pis, ms, on, strict=True)
        ]
        mean = sum(chance(given[0], s[0]) * chance(given[1], s[1]) * g[s] for s in g)
        direct += chance(ms[0], on[0]) * chance(ms[1], on[1]) * mean**2
    series = sp.Integer(0)
    for chosen in itertools.product((0, 1), repeat=2):
        coefficient = sp.Integer(0)
        for s in g:
            term = g[s]
            for share, inside, outcome in zip(pis, chosen, s, strict=True):
                term *= chance(share, outcome) * (basis(share, outcome) if inside else 1)
            coefficient += term
        factor = sp.Mul(*(ratio(mj, sh) for mj, sh, c in zip(ms, pis, chosen, strict=True) if c))
        series += sp.expand(coefficient**2) * factor
    equal(sp.expand(direct), sp.expand(sp.simplify(series)))

    at = {pi: gap / (low + width + gap), m: (width + gap) / (low + width + gap)}
    # T = theta - width, low end at theta - width - low: as T rises, width falls and low rises.
    rho = sp.simplify(ratio(m, pi).subs(at, simultaneous=True))
    shifted = rho.subs({width: width - T, low: low + T}, simultaneous=True)
    positive(sp.simplify(shifted.diff(T).subs(T, 0)))
    equal(rho.subs(low, 0), 0)
    equal(rho.subs(width, 0), 1)
    return {"rho": ratio(m, pi), "rho_of_widths": rho}


def refinement() -> Formulas:
    """A finer partition tells more, in every F_S: it bounds all thresholds in an interval.

    Splitting a cell with masses m_1, m_2 and integrals I_1, I_2 (of p, or of any coefficient of it)
    adds (I_1 m_2 - I_2 m_1)^2/(m_1 m_2 (m_1 + m_2)). The partition low | a | b | high refines that
    of every T in [a, b], so its F_S are upper bounds; rho rises with T, so its ends bound rho.
    """
    i1, i2 = sp.symbols("I_1 I_2", real=True)
    m1, m2 = sp.symbols("m_1 m_2", positive=True)
    gain = i1**2 / m1 + i2**2 / m2 - (i1 + i2) ** 2 / (m1 + m2)
    equal(gain, (i1 * m2 - i2 * m1) ** 2 / (m1 * m2 * (m1 + m2)))
    return {"gain": gain}


def prices() -> Formulas:
    """For any prices a_ij the sum of the units' maxima bounds the maximum of the sum.

    Unit i pays a_ij rho_j for source j, who earns it: the sum over all units is unchanged, and a
    maximum of a sum is at most the sum of the maxima. Within unit i's maximum the rho of its
    sources may be any numbers in their bounds; what is told is linear in each, a weighted mean of
    its values at the two ends, so a corner is largest. Checked by enumeration on exact instances.
    """
    units = range(3)
    told = sp.symbols("told:3", real=True)
    rho = sp.symbols("rho:3", real=True)
    a = {(i, j): sp.Symbol(f"a_{i}{j}", real=True) for i in units for j in units if i != j}
    total = sum(
        told[i]
        - sum(a[i, j] * rho[j] for j in units if j != i)
        + sum(a[c, i] * rho[i] for c in units if c != i)
        for i in units
    )
    equal(total, sum(told))
    c0, c1, end0, end1 = sp.symbols("c_0 c_1 end_0 end_1", real=True)
    inside = (c0 + c1 * x).subs(x, (1 - w) * end0 + w * end1)
    equal(inside, (1 - w) * (c0 + c1 * end0) + w * (c0 + c1 * end1))

    for seed in range(5):
        best, bound = _small_instance(seed)
        holds(best <= bound)
    return {"total": total, "inside": inside}


def _small_instance(seed: int) -> tuple[Fraction, Fraction]:
    """Return the optimum and the price bound of a ring of three units with four labels each."""
    numbers = (
        Fraction((17 * k * k + 31 * seed * k + 7 * seed) % 23, 23) for k in itertools.count(1)
    )
    labels, units = range(4), range(3)
    rho = [sorted(next(numbers) for _ in labels) for _ in units]
    alone = [[next(numbers) for _ in labels] for _ in units]
    pair = [[next(numbers) for _ in labels] for _ in units]
    price = [next(numbers) - HALF for _ in units]

    def told(i: int, t: int, r: Fraction) -> Fraction:
        return alone[i][t] + pair[i][t] * r

    best = max(
        sum((told(i, t[i], rho[i - 1][t[i - 1]]) for i in units), Fraction(0))
        for t in itertools.product(labels, repeat=3)
    )
    bound = sum(
        (
            max(
                told(i, t, r) - price[i] * r + price[(i + 1) % 3] * rho[i][t]
                for t in labels
                for r in (rho[i - 1][0], rho[i - 1][-1])
            )
            for i in units
        ),
        Fraction(0),
    )
    return best, bound


def square_of_normal() -> Formulas:
    """The integral of Phi(z)^2 is z Phi(z)^2 + 2 phi(z) Phi(z) - Phi(sqrt(2) z)/sqrt(pi)."""
    primitive = x * cdf(x) ** 2 + 2 * pdf(x) * cdf(x) - cdf(sp.sqrt(2) * x) / sp.sqrt(sp.pi)
    equal(primitive.diff(x), cdf(x) ** 2)
    return {"primitive": primitive}


def flat_worst_case() -> Formulas:
    """Binary worst case: every T has D >= p(theta-) - max(p(low), p(after a spike)).

    With T < theta the on cell holds states just below theta and states that have just spiked; with
    T = theta the off cell holds all from low to just below theta. Where both low and just-spiked
    states hardly spike and p(theta-) is near 1, as with little noise or in a strong context, every
    threshold has D near 1, a Chebyshev radius near 1/2: the objective is flat.
    """
    p_theta, p_low, p_spiked = sp.symbols("p_theta p_low p_spiked", real=True)
    primed, cut = p_theta - p_spiked, p_theta - p_low
    floor = p_theta - sp.Max(p_low, p_spiked)
    equal((sp.Min(primed, cut) - floor).rewrite(sp.Abs), 0)
    s, above, below = sp.symbols("s above below", positive=True)
    equal(sp.limit(cdf(above / s) - cdf(-below / s), s, 0), 1)
    return {"floor": floor}


def least_set() -> Formulas:
    """Worst cases grow with the set of open units, so opening what is forced is optimal.

    Opening a source only adds micro states to some macro state. Let cut[i](O) and primed[i](O) be
    the diameters of unit i cut at theta, or below it at its best, with open units O. A choice with
    cost below v has an open set O with cut[i](O) < v for i outside it. If a set C is contained in O
    and cut[i](C) >= v then cut[i](O) >= v, so i is in O, which contains all that is forced from
    nothing. At that least set all primed[i] are least. Compared with all sets on monotone tables.
    """
    for seed in range(40):
        cut, primed = (_monotone_table(seed, shift) for shift in (3, 11))

        def cost(opened: frozenset[int], cut: Table = cut, primed: Table = primed) -> int:
            return max((primed if i in opened else cut)(i, opened) for i in range(3))

        found = cost(frozenset())
        opened: frozenset[int] = frozenset()
        while True:
            while forced := {i for i in range(3) if i not in opened and cut(i, opened) >= found}:
                opened |= forced
            if cost(opened) >= found:
                break
            found = cost(opened)
        equal(found, min(cost(frozenset(some)) for some in _subsets(range(3))))
    return {"sets": sp.Integer(2) ** 3}


type Table = Callable[[int, frozenset[int]], int]


def _subsets(items: Sequence[int]) -> list[tuple[int, ...]]:
    return [some for k in range(len(items) + 1) for some in itertools.combinations(items, k)]


def _monotone_table(seed: int, shift: int) -> Table:
    """Return i, O -> a number that grows with O, for three units."""

    def value(i: int, opened: frozenset[int]) -> int:
        inside = [s for s in _subsets(range(3)) if set(s) <= opened]
        return max((seed * 37 + shift * i + 13 * sum(s) + 29 * len(s) ** 2) % 41 for s in inside)

    return value


def stationary_threshold() -> Formulas:
    """One unit: d E[Q^2]/dT = (q_0 - q_1)(2 p(T) - q_0 - q_1)/length; best where p(T) is midway.

    q_0 and q_1 are the mean effects of the two cells, I_0/m_0 and I_1/m_1; moving T by dT takes
    mass dT/length with effect p(T) from the upper to the lower cell.
    """
    length = sp.Symbol("length", positive=True)
    i0, i1 = sp.symbols("I_0 I_1", real=True)
    m0, m1 = sp.symbols("m_0 m_1", positive=True)
    moved = (i0 + p * T / length) ** 2 / (m0 + T / length) + (i1 - p * T / length) ** 2 / (
        m1 - T / length
    )
    q0, q1 = i0 / m0, i1 / m1
    slope = (q0 - q1) * (2 * p - q0 - q1) / length
    equal(moved.diff(T).subs(T, 0), slope)
    equal(slope.subs(p, (q0 + q1) / 2), 0)
    return {"slope": slope, "effect_at_best": (q0 + q1) / 2}


RESULTS: Results = {
    "J1": separation,
    "J2": coupling,
    "J3": regret,
    "J4": expansion,
    "J5": refinement,
    "J6": prices,
    "J7": square_of_normal,
    "J8": flat_worst_case,
    "J9": least_set,
    "J10": stationary_threshold,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
