"""How far a chip's whole numbers are from the network: the membrane, its TPM, its leak.

The float neuron steps x' = a x + c in mV above rest. The chip counts in steps of e = 2^-F mV:
X' = round(A X) + C, with rho = 1/2 (to nearest) or 1 (down, toward zero, stochastic) the most
that a rounding changes, in steps; A = 1 - d/N. Run this file to prove C1-C7.
"""

import importlib
import itertools

import sympy as sp

from proof import Formulas, Results, equal, positive, report

rounding = importlib.import_module("17_rounding")

a, A, w, e, rho, sigma = sp.symbols("a A w e rho sigma", positive=True)
x, c, C, theta, Theta = sp.symbols("x c C theta Theta", real=True)
d, N, F, k, level = sp.symbols("d N F k level", integer=True, positive=True)
tau, dt, y, v0, t, s = sp.symbols("tau dt y v0 t s", positive=True)
delta = sp.Symbol("delta", nonnegative=True)
P, e1, e2 = sp.symbols("P e_1 e_2", real=True)


def settled(fact: bool, *where: object) -> None:
    """Settle one case of an exhaustion."""
    if not fact:
        msg = f"not so at {where}"
        raise AssertionError(msg)


def distance() -> Formulas:
    """One step is off by delta = rho e + |A - a| |x| + |C - c|; for ever, by delta/(1 - A) at most.

    The difference g of chip and float steps g' = A g + (at most delta), so |g| after n steps is at
    most delta (1 - A^n)/(1 - A). With A = a and C = c the rounding alone is left, rho N/d steps: so
    far from 0 lie the fixed points of R3 (17_rounding.py), and less than a step nearer those of R2.
    """
    n = sp.Symbol("n", integer=True, positive=True)
    g = delta * (1 - A**n) / (1 - A)
    equal(sp.expand((A * g + delta - g.subs(n, n + 1)) * (1 - A)), 0)
    equal(g.subs(n, 1), delta)
    X = sp.Symbol("X", real=True)
    off = sp.symbols("r", real=True)  # the rounding's own error, |r| <= rho e
    chip, float_step = A * X + off + C, a * x + c
    equal(sp.expand(chip - float_step - (A * (X - x) + (A - a) * x + off + (C - c))), 0)
    one = rho * e + sp.Abs(A - a) * sp.Abs(x) + sp.Abs(C - c)
    limit = delta / (1 - A)
    alone = limit.subs({delta: rho * e, A: 1 - d / N})
    equal(alone, rho * e * N / d)
    frozen, lowest = rounding.nearest()["count"], rounding.rounding_down()["lowest"]
    for loss in (1, 8, 128):  # the farthest frozen states, at N = 4096
        half = rounding.at(frozen, N=4096, d=loss) / 2
        equal(half, (alone / e).subs({rho: sp.Rational(1, 2), N: 4096, d: loss}))
        down = -rounding.at(lowest, N=4096, d=loss)
        positive((alone / e).subs({rho: 1, N: 4096, d: loss}) - down)
    return {"step": one, "limit": limit, "rounding_alone": alone}


def lattice() -> Formulas:
    """A cell of width w, uniform: |P_chip - P_float| <= delta/(a w) + e/(w - e) = O(2^-F).

    Float: x spikes iff a x + c >= theta, so from m = (theta - c)/a up, and P is the part of the
    cell above m. The chip's map is monotone: its states spike from some m' up, and |m' - m| <=
    delta/a, delta being C1 plus |Theta - theta|. Of the n steps of the cell, an interval that is
    the part P of it holds P n within 1: with e_1 and e_2 the surplus above and below m', their sum
    that of n, the difference is (1 - P) e_1 - P e_2, below 1. And n > w/e - 1.
    With A = a and everything else rounded to nearest, delta <= (rho + 1) e: at e <= w/2 the
    distance is at most K 2^-F, K = (rho + 1)/(a w) + 2/w: half for every bit. A leak of k bits that
    misses a leaves |x| 2^-(k+1)/(a w), however large F.
    """
    above, below = P * w / e + e1, (1 - P) * w / e + e2
    n = above + below
    equal(sp.simplify(above - P * n), (1 - P) * e1 - P * e2)
    # |(1 - P) e1 - P e2| <= (1 - P) + P = 1 at |e1|, |e2| <= 1: it is linear, so take the corners
    for one, two in itertools.product((-1, 1), repeat=2):
        at = ((1 - P) * e1 - P * e2).subs({e1: one, e2: two})
        for end in (0, 1):
            settled(abs(at.subs(P, end)) <= 1, one, two, end)
    equal(1 / (w / e - 1), e / (w - e))
    bound = delta / (a * w) + e / (w - e)
    K = (rho + 1) / (a * w) + 2 / w
    room = sp.Symbol("room", nonnegative=True)  # w = 2 e + room
    spare = (K * e - bound.subs(delta, (rho + 1) * e)).subs(w, 2 * e + room)
    settled(bool(sp.factor(spare).is_nonnegative), spare)
    return {
        "bound": bound,
        "K": K,
        "leak": sp.Abs(x) * 2 ** (-(k + 1)) / (a * w),
    }


def with_noise() -> Formulas:
    """With Gaussian noise sigma: at most delta min(1/(a w), 1/(sigma sqrt(2 pi))) + e/(w - e).

    It adds to the next potential: P is the mean of Phi((x' - theta)/sigma). Layer by layer, it is
    the mean over q of the part of the cell with Phi > q, each an interval up to the cell's end: C2
    holds for each, so for their mean. And moving x' by delta changes Phi by at most delta times the
    peak of its density.
    """
    z = sp.Symbol("z", real=True)
    density = sp.exp(-(z**2) / (2 * sigma**2)) / (sigma * sp.sqrt(2 * sp.pi))
    peak = density.subs(z, 0)
    equal(density.diff(z).subs(z, 0), 0)
    # the density falls away from 0 on both sides
    away = sp.Symbol("away", positive=True)
    positive(-density.diff(z).subs(z, away))
    positive(density.diff(z).subs(z, -away))
    moved = delta * sp.Min(1 / (a * w), peak)
    return {"bound": moved + e / (w - e), "slope": peak}


def dead_zone() -> Formulas:
    """Frozen states fill e N/d = e/(1 - exp(-dt/tau)) mV: e (tau/dt + 1/2), and a little more.

    With y = dt/tau, 1/y + 1/2 < 1/(1 - exp(-y)) < 1/y + 1/2 + y/12, whatever the bits of the leak.
    So width w takes F >= log2((tau/dt + 1/2)/w) binary places: at tau = 20, dt = 1 ms, 20.5 steps.
    The longest tau of a leak of k bits, d = 1, is -dt/ln(1 - 2^-k), near 2^k dt.
    """
    steps = 1 / (1 - sp.exp(-y))
    # times y (1 - exp(-y)): 0 with its slope at 0, and convex
    lower = y * (1 + sp.exp(-y)) / 2 - (1 - sp.exp(-y))
    equal(sp.expand((steps - 1 / y - sp.Rational(1, 2)) * y * (1 - sp.exp(-y)) - lower), 0)
    for order in (0, 1):
        equal(sp.diff(lower, y, order).subs(y, 0), 0)
    positive(sp.diff(lower, y, 2))
    # times y (exp(y) - 1): 0 with two derivatives, and the third is positive
    upper = sp.exp(y) * (1 - y / 2 + y**2 / 12) - (1 + y / 2 + y**2 / 12)
    over = (1 / y + sp.Rational(1, 2) + y / 12 - steps) * y * (sp.exp(y) - 1)
    equal(sp.expand(sp.simplify(over - upper)), 0)
    for order in (0, 1, 2):
        equal(sp.diff(upper, y, order).subs(y, 0), 0)
    positive(sp.diff(upper, y, 3))
    width = e * steps.subs(y, dt / tau)
    longest = -dt / sp.log(1 - sp.Pow(2, -k))
    equal(sp.limit(longest / (2**k * dt), k, sp.oo), 1)
    return {
        "width": width,
        "least": e * (tau / dt + sp.Rational(1, 2)),
        "most": e * (tau / dt + sp.Rational(1, 2) + dt / (12 * tau)),
        "longest_tau": longest,
    }


def time_constant() -> Formulas:
    """Rounding d moves tau by the fraction exp(y)/(2 N y) at most, y = dt/tau, to first order.

    d = N (1 - exp(-y)) changes by N exp(-y) dy, and tau by the fraction dy/y. Near 1/(2 N) tau/dt:
    0.26 % at tau = 20 dt and N = 4096.
    """
    coded = N * (1 - sp.exp(-y))
    relative = sp.Rational(1, 2) / coded.diff(y) / y
    equal(relative, sp.exp(y) / (2 * N * y))
    settled(abs(float(relative.subs({N: 4096, y: sp.Rational(1, 20)})) - 0.0026) < 5e-5)
    return {"relative": relative}


def rheobase() -> Formulas:
    """Truncated or down, from 0, the least drive to a level is 1 + ceil((level - 1) d/N), if d < N.

    The state rises to the lowest fixed point of R4, floor((c - 1) N/d) + 1, and not past it: the
    map is monotone. It is at the level or above iff (c - 1) N/d >= level - 1. The float neuron
    stays below c N/d, so it takes c = floor(level d/N) + 1: the same, or one less.
    """
    least = 1 + sp.ceiling((level - 1) * d / N)
    exact = sp.floor(level * d / N) + 1
    for size, loss in itertools.product((8, 32, 64), range(1, 8)):
        for height in (1, 2, 7, 40, 100):
            drive = 0
            reached = False
            while not reached:
                drive, state, before = drive + 1, 0, -1
                while state != before and state < height:
                    before, state = state, state * (size - loss) // size + drive
                reached = state >= height
            where = {"level": height, "N": size, "d": loss}
            settled(drive == rounding.at(least, **where), *where.values())
            settled(drive - rounding.at(exact, **where) in (0, 1), *where.values())
    return {"least": least, "float": exact}


def linear_leak() -> Formulas:
    """A leak by a constant (TrueNorth) for v0 exp(-t/tau): off by v0/e if the slopes agree at 0.

    With s = t/tau and zero at s0: exp(-s) - (1 - s/s0) is least at s = ln s0, (1 + ln s0)/s0 - 1,
    and most at s0, exp(-s0). For s0 = 1 that is 1/e. The first grows in size with s0 and the second
    falls, so that the best s0 makes them equal: s0 = 1.943, off by 0.143 v0. But s0 = v0/(leak tau)
    is right for one v0: from another height the same leak takes a time in proportion to it.
    """
    s0 = sp.Symbol("s0", positive=True)
    off = sp.exp(-s) - (1 - s / s0)
    equal(off.diff(s).subs(s, sp.log(s0)), 0)
    positive(off.diff(s, 2))
    dip = 1 - (1 + sp.log(s0)) / s0
    equal(-off.subs(s, sp.log(s0)), dip)
    positive(dip.diff(s0).subs(s0, 1 + v0).simplify())
    positive(-sp.exp(-s0).diff(s0))
    equal(off.subs({s: 1, s0: 1}), sp.exp(-1))
    balance = sp.exp(-s0) - dip
    best = sp.nsolve(balance, s0, 2)
    settled(abs(best - 1.943) < 1e-3 and abs(sp.exp(-best) - 0.143) < 1e-3, best)
    return {"slopes_agree": sp.exp(-1), "balance": balance, "off": sp.exp(-s0)}


RESULTS: Results = {
    "C1": distance,
    "C2": lattice,
    "C3": with_noise,
    "C4": dead_zone,
    "C5": time_constant,
    "C6": rheobase,
    "C7": linear_leak,
}


def main() -> None:
    """Prove every result and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
