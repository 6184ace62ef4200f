"""Chance in whole numbers: stochastic rounding, stochastic synapses, random thresholds.

Each is a draw of one of finitely many equally likely numbers, so that every law here is exact:
a chip's transition probabilities are ratios of whole numbers. Run this file to prove B1-B7.
"""

import itertools
from fractions import Fraction

import sympy as sp

from proof import Formulas, Results, equal, positive, report

x, s = sp.symbols("x s", integer=True)
a, b, f, g = sp.symbols("a b f g", real=True)
r, n, d, N, j, X = sp.symbols("r n d N j X", integer=True, positive=True)
p, z = sp.symbols("p z", positive=True)
type Law = list[tuple[sp.Expr, sp.Expr]]


def settled(fact: bool, *where: object) -> None:
    """Settle one case of an exhaustion."""
    if not fact:
        msg = f"not so at {where}"
        raise AssertionError(msg)


def rounded(value: sp.Expr, up: sp.Expr) -> Law:
    """The law of a number that is rounded up with probability `up`, its fraction being `up`."""
    return [(value - up, 1 - up), (value - up + 1, up)]


def mean(law: Law) -> sp.Expr:
    """The mean of a law."""
    return sum(chance * value for value, chance in law)


def two_points() -> Formulas:
    """SR(y) is floor(y), or one more with P = f = y - floor(y): mean y, variance f (1 - f) <= 1/4.

    With n fraction bits, f = dropped/2^n, and up for the draws rho = 0..2^n - 1 that are below
    `dropped`: an exact value, dropped = 0, never moves. No other law on the two neighbours is
    unbiased, and no unbiased law on whole numbers has a smaller variance.
    Source: Hopkins et al., Phil. Trans. R. Soc. A 378:20190052 (2020).
    """
    y = sp.Symbol("y", real=True)
    law = rounded(y, f)
    equal(mean(law), y)
    variance = sum(chance * (value - y) ** 2 for value, chance in law)
    equal(variance, f * (1 - f))
    equal(sp.Rational(1, 4) - f * (1 - f), (f - sp.Rational(1, 2)) ** 2)
    # (k - floor)(k - floor - 1) >= 0 at whole k, so E(K - y)^2 >= f (1 - f) whenever E K = y
    k = sp.Symbol("k")
    equal((k - y) ** 2 - f * (1 - f) - (1 - 2 * f) * (k - y), (k - y + f) * (k - y + f - 1))
    for bits in range(1, 5):
        for product in range(-40, 41):
            low, dropped = product >> bits, product & ((1 << bits) - 1)
            draws = [low + (rho < dropped) for rho in range(1 << bits)]
            settled(Fraction(sum(draws), 1 << bits) == Fraction(product, 1 << bits), product, bits)
    return {"mean": y, "variance": variance, "up": r / 2**n}


def composed() -> Formulas:
    """E SR(a SR(x) + b) = a x + b, and the variance is a^2 f (1 - f) + E g (1 - g).

    g is the fraction before the second rounding, which depends on the first outcome. By the tower
    rule the mean is exact through any number of leaks, gains and sums, as (1 - d/N)^t x after t
    leaks; not through a threshold or the end of a register.
    """
    y, low, high = sp.symbols("y low high")
    first = rounded(y, f)
    whole: Law = []
    for (value, chance), fraction in zip(first, (low, high), strict=True):
        whole += [(w, chance * c) for w, c in rounded(a * value + b, fraction)]
    target = a * y + b
    equal(mean(whole), target)
    variance = sum(chance * (value - target) ** 2 for value, chance in whole)
    second = (1 - f) * low * (1 - low) + f * high * (1 - high)
    expected = a**2 * f * (1 - f) + second
    equal(sp.expand(variance - expected), 0)
    return {"mean": target, "variance": expected}


def inclusive_draw() -> Formulas:
    """Up for rho <= dropped: P = (dropped + 1)/2^n, too high by 2^-n for every value.

    Exact values then move, with probability 2^-n; the mean is y + 2^-n. A leak x -> x (1 - d/N)
    so rounded rests where x d/N = 2^-n on average, and not at 0. An older release of SpiNNaker's
    routine compares so (chips.md).
    """
    chance = (r + 1) / 2**n
    bias = sp.Pow(2, -n)
    equal(chance - r / 2**n, bias)
    for bits in range(1, 5):
        size = 1 << bits
        for dropped in range(size):
            ups = sum(rho <= dropped for rho in range(size))
            settled(Fraction(ups, size) == Fraction(dropped + 1, size), dropped, bits)
            settled(ups <= size, dropped, bits)
    rest = sp.solve(X * d / N - 2 ** (-n), X)[0]
    return {"up": chance, "bias": bias, "rest": rest}


def lifetime() -> Formulas:
    """A stochastically rounded leak forgets: from 0 < x <= N/d, (N/d) H_x steps to 0 on average.

    x (1 - d/N) lies between x - 1 and x: the state falls by 1 with probability x d/N, so that it
    waits N/(d x) steps on average, and H_x = 1 + 1/2 + ... + 1/x. 0 is the one absorbing state;
    the variance of the wait is the sum of (1 - q)/q^2 with q = j d/N.
    """
    q = j * d / N
    t = sp.Symbol("t", positive=True)
    # the mean of a geometric wait: m = 1 + (1 - q) m, its second moment w = 1 + (1 - q)(w + 2 m)
    wait = sp.solve(t - 1 - (1 - q) * t, t)[0]
    equal(wait, N / (d * j))
    second = sp.solve(t - 1 - (1 - q) * (t + 2 * wait), t)[0]
    spread = (1 - q) / q**2
    equal(second - wait**2, spread)
    total = N / d * sp.harmonic(X)
    for count in (1, 2, 5):
        equal(sum(wait.subs(j, i) for i in range(1, count + 1)), total.subs(X, count).doit())
    return {"mean": total, "variance": sp.Sum(spread, (j, 1, X))}


def synapse() -> Formulas:
    """F(s, rho) = 1 if |s| >= rho, rho uniform on 1..256: P = |s|/256, mean of sgn(s) F is s/256.

    With rho uniform on 0..255 instead, >= gives (|s| + 1)/256 and > gives |s|/256. s = 0 adds
    nothing in every reading, as sgn(0) = 0; |s| = 255 is certain for 0..255 with >=, and |s| = 256
    for the others. Which it is on TrueNorth is not public (the register holds |s| <= 255): a
    field of the description. k of m active synapses of one value: binomial, generating function
    (1 - p + p z)^m.
    Source of F: Cassidy et al., IJCNN (2013), abstract and secondary text.
    """
    for size in range(257):
        first = sum(size >= rho for rho in range(1, 257))
        settled(first == size, size)
        settled(sum(size > rho for rho in range(256)) == size, size)
        if size < 256:
            settled(sum(size >= rho for rho in range(256)) == size + 1, size)
    settled(sum(rho <= 256 for rho in range(256)) == 256)  # and saturates there
    generating = (1 - p + p * z) ** 3
    equal(generating.subs(z, 1), 1)
    equal(generating.diff(z).subs(z, 1), 3 * p)
    by_hand: dict[int, sp.Expr] = {}
    for active in itertools.product((0, 1), repeat=3):
        term = sp.prod([p if one else 1 - p for one in active])
        by_hand[sum(active)] = by_hand.get(sum(active), 0) + term
    for count, chance in by_hand.items():
        equal(sp.expand(chance - sp.expand(generating).coeff(z, count)), 0)
    size = sp.Abs(s)
    return {
        "p": size / 256,
        "p_inclusive": (size + 1) / 256,
        "mean": s / 256,
        "binomial": sp.binomial(n, j) * p**j * (1 - p) ** (n - j),
    }


def threshold_mask() -> Formulas:
    """eta = rho & M, rho uniform: uniform on the 2^w submasks of M, of w bits; mean M/2.

    Each bit of M is set with probability 1/2 apart from the others: the variance is the sum of
    4^i/4 over its bits i. A potential x spikes with probability (submasks <= x - alpha)/2^w. For
    M = 2^w - 1 that is min(1, max(0, x - alpha + 1)/2^w), a ramp, and eta is uniform on 0..M.
    """
    for mask in range(64):
        counts = dict.fromkeys((rho & mask for rho in range(64)), 0)
        for rho in range(64):
            counts[rho & mask] += 1
        weight = mask.bit_count()
        settled(len(counts) == 1 << weight and set(counts.values()) == {64 >> weight}, mask)
        moment = Fraction(sum(rho & mask for rho in range(64)), 64)
        settled(moment == Fraction(mask, 2), mask)
        square = Fraction(sum((rho & mask) ** 2 for rho in range(64)), 64)
        bits = sum(1 << 2 * i for i in range(6) if mask >> i & 1)
        settled(square - moment**2 == Fraction(bits, 4), mask)
    v, alpha, w = sp.symbols("v alpha w", integer=True)
    ramp = sp.Min(1, sp.Max(0, v - alpha + 1) / 2**w)
    for width in range(5):
        for room in range(-3, 20):
            below = sum(eta <= room for eta in range(1 << width))
            at = ramp.subs({v: room, alpha: 0, w: width})
            settled(at == sp.Rational(below, 1 << width), room, width)
    i = sp.Symbol("i", integer=True, nonnegative=True)
    variance = sp.summation(4**i, (i, 0, w - 1)) / 4
    equal(sp.simplify(variance.subs(w, 3)), sp.Rational(21, 4))
    return {"ramp": ramp, "mean": sp.Symbol("M") / 2, "variance": (4**w - 1) / sp.Integer(12)}


def leak() -> Formulas:
    """A stochastic leak moves V by sgn(lambda) with probability |lambda|/256: lambda/256 a step.

    A leak below one unit a step would otherwise be 0. The sum of t steps has variance t q (1 - q),
    q = |lambda|/256: the relative spread of the time to leak V is sqrt((1 - q)/V).
    """
    q = p
    # waiting for V falls: the sum of V geometric waits of mean 1/q and variance (1 - q)/q^2
    steps, spread = X / q, X * (1 - q) / q**2
    equal(sp.sqrt(spread) / steps, sp.sqrt((1 - q) / X))
    positive(steps)
    return {"drift": s / 256, "relative": sp.sqrt((1 - q) / X)}


RESULTS: Results = {
    "B1": two_points,
    "B2": composed,
    "B3": inclusive_draw,
    "B4": lifetime,
    "B5": synapse,
    "B6": threshold_mask,
    "B7": leak,
}


def main() -> None:
    """Prove every result and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
