"""Lumping a finite chain: radii of cells, bounds on partial lumpings, bounds from relaxations.

A partition of n micro states into k cells lumps the effects: x_v(b) = sum of P_vu over u in cell b.
A cell is judged by its Chebyshev radius in total variation, the least r with TV(x_v, q) <= r for
all its v and one law q. For two laws TV = sum_b (x(b) - y(b))+ = max over sets B of x(B) - y(B).
Run this file to prove M1-M7.
"""

import itertools
from fractions import Fraction
from functools import cache

import sympy as sp

from proof import Formulas, Results, equal, report

p, q, t = sp.symbols("p q t", nonnegative=True)
k = sp.Symbol("k", positive=True, integer=True)


def at_least_zero(expr: sp.Expr) -> None:
    """Settle expr >= 0: it follows from the signs of the symbols."""
    if not sp.expand(expr).is_nonnegative:
        msg = f"not shown: {expr} >= 0"
        raise AssertionError(msg)


def up(x: sp.Expr) -> sp.Expr:
    """(x)+, the positive part."""
    return sp.Max(x, 0)


SIGNS = [(p, q), (-p, -q), (-p, p + q), (-p - q, p), (p, -p - q), (p + q, -p)]
"""Every pair of real numbers (x, d) is one of these, p and q >= 0."""


def partial_lumpings() -> Formulas:
    """With some columns placed, sum_b (D_b)+ - N <= TV <= sum_b (D_b)+ + N', whatever follows.

    D_b is the difference of two rows summed over the placed columns of cell b. A further column u
    with difference d adds d to one D_b, which lowers sum (D_b)+ by at most (-d)+ and raises it by
    at most (d)+. With N = sum (-d_u)+ and N' = sum (d_u)+ over the columns to come both bounds
    follow by induction, and once all are placed sum_b D_b = 0 and sum (D_b)+ is the TV. As
    sum_b D_b + sum_u d_u = 0 all along, the bounds are the same for the rows in the other order
    and for absolute values: sum |D_b|/2 -+ sum |d_u|/2.
    """
    for x, d in SIGNS:
        at_least_zero(up(x + d) - up(x) + up(-d))
        at_least_zero(up(x) + up(d) - up(x + d))
    # positive and negative parts: of D (a, b) and of the columns to come (c, e); a - b + c - e = 0
    a, b, c = sp.symbols("D_plus D_minus N_plus", nonnegative=True)
    e = a - b + c
    lower, upper = a - e, a + c
    equal(lower, b - c)
    equal(upper, b + e)
    equal(lower, (a + b) / 2 - (c + e) / 2)
    equal(upper, (a + b) / 2 + (c + e) / 2)
    D, N, N_up = sp.symbols("D N N_up", nonnegative=True)
    return {"lower": D - N, "upper": D + N_up}


def three_cells() -> Formulas:
    """Up to three macro states: r = max((M_b - m_b)/2, (sum M - 1)/k, (1 - sum m)/k).

    M_b and m_b are the largest and smallest x(b) in the cell. For k <= 3 every set or its
    complement is a single state, so TV(x, q) = max_b |x(b) - q(b)|, and q is a centre of radius r
    iff M_b - r <= q(b) <= m_b + r and sum q = 1. Such numbers exist iff each interval is there and
    sum (M_b - r) <= 1 <= sum (m_b + r): then the point at the same fraction of all intervals sums
    to 1. A q with a negative part is no law but can be made one: set the negative parts to 0 and
    take what that adds from the others; as x >= 0, the first lowers every sum_b |x(b) - q(b)| by as
    much as the second can raise it.
    """
    # differences sum to 0, up to sign and order: (p + q, -p, -q) or (p, -p) or (0, ..)
    differences = (p + q, -p, -q)
    equal(sum(up(d) for d in differences), sp.Max(*(sp.Abs(d) for d in differences)))
    M, m, r = sp.symbols("M_1:4"), sp.symbols("m_1:4"), sp.Symbol("r")
    low, high = [value - r for value in M], [value + r for value in m]
    fraction = (1 - sum(low)) / (sum(high) - sum(low))
    equal(sum(a + fraction * (b - a) for a, b in zip(low, high, strict=True)), 1)
    for size in (2, 3):
        equal(sp.solve(sum(low[:size]) - 1, r)[0], (sum(M[:size]) - 1) / size)
        equal(sp.solve(sum(high[:size]) - 1, r)[0], (1 - sum(m[:size])) / size)
    equal(((M[0] + M[1]) - 1).subs(M[1], 1 - m[0]), M[0] - m[0])  # k = 2: half the range
    # clipping: x >= 0 > q(b): |x - 0| = |x - q(b)| - |q(b)|; lowering q(b) by t adds at most t
    for x, d in SIGNS:
        at_least_zero(sp.Abs(x) + sp.Abs(d) - sp.Abs(x + d))
    total = sp.Symbol("total")
    return {"range": (M[0] - m[0]) / 2, "over": (total - 1) / k, "under": (1 - total) / k}


@cache
def balanced(n: int) -> list[dict[tuple[int, ...], Fraction]]:
    """Return the minimal balanced collections of proper sets of n states, with their weights."""
    sets = [s for size in range(1, n) for s in itertools.combinations(range(n), size)]
    found: list[dict[tuple[int, ...], Fraction]] = []
    for chosen in itertools.chain(*(itertools.combinations(sets, m) for m in range(1, n + 1))):
        matrix = sp.Matrix(n, len(chosen), lambda b, j, chosen=chosen: int(b in chosen[j]))
        if matrix.rank() < len(chosen):
            continue
        normal = matrix.T * matrix
        weights = normal.inv() * matrix.T * sp.ones(n, 1)
        if matrix * weights == sp.ones(n, 1) and all(w > 0 for w in weights):
            values = (Fraction(int(w.p), int(w.q)) for w in weights)
            found.append(dict(zip(chosen, values, strict=True)))
    return found


def balanced_collections() -> Formulas:
    """For any k: r = max over minimal balanced collections of (sum w_B M_B - 1)/sum w_B.

    M_B is the largest x(B) in the cell. q is a centre of radius r iff q(B) >= M_B - r for every
    proper set B and sum q = 1. By Farkas' lemma there is one iff sum_B w_B (M_B - r) <= 1 for all
    w >= 0 with sum_{B holds b} w_B = 1 for every b: Bondareva's and Shapley's condition for the
    core of a game. It is linear in w, so the vertices suffice; their supports are linearly
    independent. For k = 3 this is M2, as M_{ab} = 1 - m_c.
    """
    for n, count in ((2, 1), (3, 5), (4, 41)):
        equal(len(balanced(n)), count)
    M = {b: sp.Symbol(f"M_{b}") for b in range(3)}
    m = {b: sp.Symbol(f"m_{b}") for b in range(3)}
    formulas = set()
    for collection in balanced(3):
        total = sum(sp.Rational(w.numerator, w.denominator) for w in collection.values())
        value = sum(
            sp.Rational(w.numerator, w.denominator)
            * (M[s[0]] if len(s) == 1 else 1 - m[next(b for b in range(3) if b not in s)])
            for s, w in collection.items()
        )
        formulas.add(sp.expand((value - 1) / total))
    expected = {sp.expand((M[b] - m[b]) / 2) for b in range(3)}
    expected |= {sp.expand((sum(M.values()) - 1) / 3), sp.expand((1 - sum(m.values())) / 3)}
    if formulas != expected:
        msg = f"not shown: {formulas} = {expected}"
        raise AssertionError(msg)
    return {"halves": (sum(1 - value for value in m.values()) / 2 - 1) / sp.Rational(3, 2)}


def radius_and_diameter() -> Formulas:
    """D/2 <= r <= (1 - 1/k) D for the diameter D of a cell of laws on k states; both are attained.

    Left: TV(x, y) <= TV(x, q) + TV(q, y) <= 2 r. Two rows attain it. Right: by M3, r is
    (sum w_B M_B - 1)/sum w_B; let x^B attain M_B. For every y of the cell
    sum w_B y(B) = 1, so sum w_B M_B - 1 = sum w_B (x^B(B) - y(B)) for every y, and averaging y over
    the x^B' with weights w_B'/W, W = sum w, leaves at most W (1 - sum (w_B/W)^2) D <= W (1 - 1/s) D
    with s <= k sets in the collection. The k unit laws attain it: r = 1 - 1/k, D = 1.
    """
    weights = sp.symbols("w_1:4", positive=True)
    total = sum(weights)
    apart = sum(a * b for a, b in itertools.permutations(weights, 2)) / total
    equal(apart / total, 1 - sum((w / total) ** 2 for w in weights))
    # sum (w/W)^2 >= 1/s, by the variance
    excess = sum((w / total - sp.Rational(1, 3)) ** 2 for w in weights)
    equal(sum((w / total) ** 2 for w in weights) - sp.Rational(1, 3), excess)
    D = sp.Symbol("D", nonnegative=True)
    unit = (k - 1) / k  # M_b = 1 for every b
    equal((k * 1 - 1) / k, unit)
    return {"least": D / 2, "most": (1 - 1 / k) * D}


def packing() -> Formulas:
    """k + 1 effects pairwise >= delta apart: every k cells have a diameter >= delta; 2 delta do.

    Two of the k + 1 share a cell. Farthest points give them: taking k times the effect farthest
    from those taken, the last has distance delta to its nearest, and by the choice every earlier
    one was at least as far from its own. All effects lie within delta of the first k, so the cells
    around those have diameters of at most 2 delta.
    """
    delta = sp.Symbol("delta", nonnegative=True)
    for n, cells in ((4, 3), (5, 2)):  # by enumeration: some two of n states share one of k cells
        labels = itertools.product(range(cells), repeat=n)
        equal(min(int(len(set(some)) < n) for some in labels), 1)
    return {"lower": delta, "upper": delta + delta}


def variance_within_cells() -> Formulas:
    """Variance within cells = tr G - tr GZ >= tr G - s'(G + N)s - (k - 1 top eigenvalues), N >= 0.

    G_ij = s_i s_j <f_i, f_j>, s_i = sqrt(m_i), Z = sum over cells of u u'/(u'u) with u = s on the
    cell. Z is a projection of rank k with Z s = s and nonnegative entries. So tr GZ <= tr (G + N)Z;
    Z = s s' + Z' with Z' a projection of rank k - 1 orthogonal to s, and the trace of a symmetric
    matrix times such a projection is at most the sum of its k - 1 largest eigenvalues on that
    complement (Fan, 1949), positive parts where there are fewer cells.
    """
    m = sp.symbols("m_1:4", positive=True)
    f = sp.symbols("f_1:4", real=True)
    s = sp.Matrix([sp.sqrt(value) for value in m])
    G = sp.Matrix(3, 3, lambda i, j: s[i] * s[j] * f[i] * f[j])
    Z = sp.zeros(3, 3)
    error = sp.Integer(0)
    for cell in ((0, 1), (2,)):
        u = sp.Matrix([s[i] if i in cell else 0 for i in range(3)])
        Z += u * u.T / sum(m[i] for i in cell)
        mean = sum(m[i] * f[i] for i in cell) / sum(m[i] for i in cell)
        error += sum(m[i] * (f[i] - mean) ** 2 for i in cell)
    equal(error, (G - G * Z).trace())
    equal(Z.trace(), 2)
    for i in range(3):
        equal((Z * s)[i], s[i])
        for j in range(3):
            equal((Z * Z)[i, j], Z[i, j])
            at_least_zero(Z[i, j])
    pairs = sum(m[i] * m[j] * (f[i] - f[j]) ** 2 for i in (0, 1) for j in (0, 1))
    equal(error, pairs / (2 * (m[0] + m[1])))  # what a checker sums instead
    trace, along, top = sp.symbols("trace along top", real=True)
    return {"lower": trace - along - top}


def degenerate() -> Formulas:
    """Closure alone is degenerate: k - 1 single states and the rest have eps <= sum of c_u/2.

    c_u is the range of the column P_.u over the other states. The middle of each range is a
    centre: TV(x_v, q) is at most the sum over single states of |x_v(u) - q(u)|, as the rest moves
    by no more than they do together. With n states entered about equally often c_u is of order
    1/n: any large chain is nearly closed in this way, and says nothing.
    """
    # differences d_1, d_2 of two single states; the rest differs by -(d_1 + d_2)
    for x, d in SIGNS:
        half = (sp.Abs(x) + sp.Abs(d) + sp.Abs(x + d)) / 2
        at_least_zero(sp.Abs(x) + sp.Abs(d) - half)
    widths = sp.symbols("c_1:3", nonnegative=True)
    return {"eps": sum(widths) / 2}


RESULTS: Results = {
    "M1": partial_lumpings,
    "M2": three_cells,
    "M3": balanced_collections,
    "M4": radius_and_diameter,
    "M5": packing,
    "M6": variance_within_cells,
    "M7": degenerate,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
