"""Where to cut the potential: the best thresholds for the effect kernel of the LIF step.

The effect of do(v) in context c is p_c(v) = Phi((v - m_c)/s) (L3 in `01_lif.py`; one s for all
contexts). A partition is judged by its worst cell: the largest difference of effects between two
potentials of one cell, in any context. Run this file to prove L4-L9.
"""

import itertools
from collections.abc import Sequence

import sympy as sp

from proof import Formulas, Results, cdf, equal, pdf, positive, quantile, report

T, m, m_min, m_max, lo, hi, x, y = sp.symbols("T m m_min m_max lo hi x y", real=True)
p_min, p_max = sp.symbols("p_min p_max", real=True)
s, h, k = sp.symbols("s h k", positive=True)
HALF = sp.Rational(1, 2)


def effect(v: sp.Expr, middle: sp.Expr = m) -> sp.Expr:
    """p(v) = Phi((v - m)/s)."""
    return cdf((v - middle) / s)


def worst_cell(cells: Sequence[int], effects: Sequence[Sequence[int]]) -> int:
    """Return the largest range of effects in a cell; ``cells[n]`` is the cell of point n."""
    ranges = []
    for cell, row in itertools.product(set(cells), effects):
        inside = list(itertools.compress(row, [label == cell for label in cells]))
        ranges.append(max(inside) - min(inside))
    return max(ranges)


def one_context() -> Formulas:
    """Whole line, one context: the minimax threshold is T* = m_c, with worst diameter 1/2.

    The cells v < T and v >= T have diameters p(T) - 0 and 1 - p(T), and
    max(p, 1 - p) = 1/2 + |p - 1/2| is least where p(T) = 1/2, which is T = m and nowhere else.
    The 0-1 error of predicting the spike from the cell is least there too, for any law q of v: its
    derivative in T is q(T) (2 p(T) - 1).
    """
    equal(sp.limit(cdf(x), x, -sp.oo), 0)
    equal(sp.limit(cdf(x), x, sp.oo), 1)
    p = sp.Symbol("p", real=True)
    worst = sp.Max(p, 1 - p)
    equal(worst.rewrite(sp.Abs), HALF + sp.Abs(p - HALF))
    equal(effect(T).subs(T, m), HALF)
    positive(effect(T).diff(T))  # strictly increasing, so T = m is the only solution

    q = sp.Function("q")
    error = sp.Integral(effect(x) * q(x), (x, lo, T)) + sp.Integral(
        (1 - effect(x)) * q(x), (x, T, hi)
    )
    equal(error.diff(T), q(T) * (2 * effect(T) - 1))
    return {"T": m, "diameter": HALF, "worst": worst.subs(p, effect(T))}


def several_contexts() -> Formulas:
    """Whole line, several contexts: T* = (m_min + m_max)/2, D* = Phi((m_max - m_min)/(2 s)).

    p falls in m, so the low cell is worst in the context m_min, Phi((T - m_min)/s), and the high
    cell in m_max, Phi((m_max - T)/s). With delta = (m_max - m_min)/(2 s) and T = T* + s u these are
    Phi(delta + u) and Phi(delta - u); the larger one is Phi(delta + |u|), least at u = 0. Contexts
    between the extremes change nothing.
    """
    positive(-effect(T).diff(m))
    low, high = effect(T, m_min), 1 - effect(T, m_max)
    equal(high, cdf((m_max - T) / s))
    u, delta = sp.symbols("u delta", real=True)
    middle = (m_min + m_max) / 2
    for side, value in ((low, cdf(delta + u)), (high, cdf(delta - u))):
        equal(side.subs(T, middle + s * u).subs(m_max, m_min + 2 * s * delta), value)
    positive(cdf(x).diff(x))
    diameter = cdf((m_max - m_min) / (2 * s))
    equal(low.subs(T, middle), diameter)
    equal(high.subs(T, middle), diameter)
    return {"T": middle, "diameter": diameter, "worst": sp.Max(low, high)}


def bounded_one_context() -> Formulas:
    """Domain [lo, hi], one context: T* = m + s Phi^-1((p(lo) + p(hi))/2), D* = (p(hi) - p(lo))/2.

    The two diameters p(T) - p(lo) and p(hi) - p(T) have a constant sum, so the larger is at least
    half of it, with equality only when p(T) is the mean of the end effects. D* is the floor of L8.
    On [lo, theta) the end hi = theta is approached, not reached: same suprema, same T*.
    """
    low, high = effect(T) - effect(lo), effect(hi) - effect(T)
    total = effect(hi) - effect(lo)
    equal(low + high, total)
    equal(sp.Max(x, y).rewrite(sp.Abs), (x + y + sp.Abs(x - y)) / 2)
    cut = m + s * quantile((effect(lo) + effect(hi)) / 2)
    for side in (low, high):
        equal(side.subs(T, cut), total / 2)
    positive(effect(T).diff(T))
    floor = impossibility_floor()["floor"]
    equal(floor.subs({k: 2, p_min: effect(lo), p_max: effect(hi)}), total / 2)
    return {"T": cut, "diameter": total / 2}


def bounded_several_contexts() -> Formulas:
    """Domain [lo, hi], contexts C: T* is the one crossing of L(T) and R(T); bisection certifies it.

    L(T) = max_c [p_c(T) - p_c(lo)] increases strictly from 0, R(T) = max_c [p_c(hi) - p_c(T)]
    decreases strictly to 0 (a maximum of strictly increasing functions is one: evaluate at the
    maximiser of the smaller argument). Both are continuous, so they cross once, at the minimum of
    max(L, R); a bracket L(a) <= R(a), L(b) >= R(b) keeps T* inside and encloses the optimum D*:

        max(L(a), R(b)) <= D* <= min(max(L(a), R(a)), max(L(b), R(b))).

    No other two-cell partition does better. All p_c increase, so a cell is as bad as its hull. A
    cell that reaches both ends is as bad as no cut. Otherwise one cell A reaches lo only, the other
    hi; the cut at sup A leaves a low cell inside the hull of A and a high cell inside the other.
    """
    low, high = effect(T) - effect(lo), effect(hi) - effect(T)
    positive(low.diff(T))
    positive(-high.diff(T))
    equal(low.subs(T, lo), 0)
    equal(high.subs(T, hi), 0)
    positive((effect(lo + h) - effect(lo)).diff(h))  # R(lo) > 0 and L(hi) > 0 when hi > lo

    best = sp.Symbol("best", real=True)
    la, ra, lb, rb = sp.symbols("L_a R_a L_b R_b", real=True)
    steps = sp.symbols("step:4", nonnegative=True)  # by monotonicity around a <= T* <= b
    values = {la: best - steps[0], rb: best - steps[1], ra: best + steps[2], lb: best + steps[3]}
    enclosure = {"lower": sp.Max(la, rb), "upper": sp.Min(sp.Max(la, ra), sp.Max(lb, rb))}
    equal(sp.Max(best, enclosure["lower"].subs(values)), best)
    equal(sp.Min(best, enclosure["upper"].subs(values)), best)

    rising = [[0, 2, 3, 4, 9, 10, 11, 11], [0, 1, 5, 6, 7, 8, 8, 12]]  # every two-cell partition
    cuts = [[int(n >= cut) for n in range(8)] for cut in range(9)]
    everything = itertools.product([0, 1], repeat=8)
    best_cut, best_of_all = (
        min(worst_cell(c, rising) for c in some) for some in (cuts, everything)
    )
    equal(best_cut, best_of_all)
    return {"low": low, "high": high, **enclosure}


def interval_of_contexts() -> Formulas:
    """All m in [m_min, m_max]: p(y) - p(x) is largest at m = clip((x + y)/2, m_min, m_max).

    For x < y and p(v) = Phi((v - m)/s). With half = (y - x)/2 and m = (x + y)/2 + h the derivative
    in m is -(2/s) phi(half/s) exp(-h^2/(2 s^2)) sinh(half h/s^2): the difference rises up to the
    middle and falls after it, so the point of the interval nearest to the middle is worst. This
    gives L and R of L7 in closed form for a continuum of inputs.
    """
    half = sp.Symbol("half", positive=True)
    difference = effect(y) - effect(x)
    middle = {x: m - h - half, y: m - h + half}  # m = (x + y)/2 + h
    for sign in (1, -1):
        slope = difference.diff(m).subs(middle).subs(h, sign * h)
        size = 2 / s * pdf(half / s) * sp.exp(-(h**2) / (2 * s**2)) * sp.sinh(half * h / s**2)
        equal(sp.expand(slope.rewrite(sp.exp)), sp.expand(-sign * size.rewrite(sp.exp)))
        positive(size)
    worst = sp.Min(sp.Max((x + y) / 2, m_min), m_max)
    return {"m": worst, "diameter": difference.subs(m, worst)}


def impossibility_floor() -> Formulas:
    """Any k cells have a worst diameter >= (p_max - p_min)/k when the effect is continuous in v.

    Cells of any shape on an interval of v. The image of p is an interval from p_min to p_max. Let
    J_j be the closed hull of the effects of cell j, of length d_j; the J_j cover the open interval
    (p_min, p_max), and being closed and finitely many they cover its ends. The one that holds p_min
    reaches at most p_min + d_j; what lies beyond is covered by the other k - 1, which being closed
    cover its left end too. By induction sum_j d_j >= p_max - p_min, so the largest d_j is at least
    the mean (p_max - p_min)/k. With several contexts it holds in each. Cuts at equal steps of a
    monotone effect attain it: T_j = m + s Phi^-1(p_min + j (p_max - p_min)/k), so it is sharp.
    A potential before reset jumps back at theta, and so does its effect: take each side by itself.
    """
    floor = (p_max - p_min) / k
    first, total = sp.symbols("first total", positive=True)
    # Induction: the rest, total - first, needs a cell of (total - first)/(k - 1); the larger of it
    # and first is least where they are equal, at total/k.
    rest = (total - first) / (k - 1)
    equal(rest.subs(first, total / k), total / k)
    positive(-rest.diff(first).subs(k, 1 + h))

    j = sp.Symbol("j", integer=True, nonnegative=True)
    cut = m + s * quantile(p_min + j * floor)
    equal(effect(cut.subs(j, j + 1)) - effect(cut), floor)

    # Every assignment of n equally spaced effects: best worst = ceil(n/k) - 1 steps of 1/(n - 1).
    for n, cells in ((9, 2), (7, 3)):
        partitions = itertools.product(range(cells), repeat=n)
        best = min(worst_cell(labels, [range(n)]) for labels in partitions)
        equal(best, -(-n // cells) - 1)
    n_points = sp.Symbol("n", positive=True)
    equal(sp.limit((n_points / k - 1) / (n_points - 1), n_points, sp.oo), 1 / k)
    return {"floor": floor, "cut": cut}


def abstain_band() -> Formulas:
    """Abstain band at eps: m_min - s z < v < m_max + s z, z = Phi^-1(1 - eps).

    It is what OFF = {v: max_c p_c <= eps} and ON = {v: min_c p_c >= 1 - eps} leave, 0 < eps < 1/2.
    The largest effect is the one of m_min, the smallest that of m_max. The width is
    m_max - m_min + 2 s z; in every context an ON effect exceeds an OFF one by at least 1 - 2 eps.
    On v < theta the ON cell is empty when m_max + s z >= theta.
    """
    excess = sp.Symbol("excess", positive=True)
    eps = sp.Symbol("eps", positive=True)
    z = quantile(1 - eps)
    positive(-effect(x).diff(m))
    positive(effect(x).diff(x))
    off_edge, on_edge = m_min - s * z, m_max + s * z
    equal(effect(off_edge, m_min), eps)
    equal(effect(on_edge, m_max), 1 - eps)
    positive((cdf(z) - cdf(sp.Integer(0))).subs(eps, 1 / (2 + excess)))  # z > 0 as eps < 1/2
    equal(on_edge - off_edge, m_max - m_min + 2 * s * z)
    return {"z": z, "off_edge": off_edge, "on_edge": on_edge, "separation": 1 - 2 * eps}


RESULTS: Results = {
    "L4": one_context,
    "L5": several_contexts,
    "L6": bounded_one_context,
    "L7": bounded_several_contexts,
    "L7i": interval_of_contexts,
    "L8": impossibility_floor,
    "L9": abstain_band,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
