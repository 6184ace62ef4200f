"""Into how many levels to cut the effects of a unit, and where: optimality, bounds, enclosures.

Cells are numbered 0 ... n - 1; a run is a set of neighbouring cells, its width W(i, j) that of the
cells i to j: the largest distance of two effects in it, in any context. Run this file to prove
N1-N10.
"""

import itertools
from collections.abc import Callable, Sequence

import sympy as sp

from proof import Formulas, Results, cdf, equal, positive, report

p, q, r, x, y = sp.symbols("p q r x y", positive=True)
W, w, a, d, e, u, t = sp.symbols("W w a d e u t", positive=True)
HALF = sp.Rational(1, 2)

Width = Callable[[int, int], int]


def greedy(n: int, width: Width, epsilon: int) -> list[int]:
    """Return the starts of runs, each as long as epsilon lets it be."""
    starts = [0]
    for j in range(n):
        if width(starts[-1], j) > epsilon:
            starts.append(j)
    return starts


def runs(n: int, k: int) -> list[list[int]]:
    """Return the starts of every partition of n cells into k runs."""
    return [[0, *cuts] for cuts in itertools.combinations(range(1, n), k - 1)]


def worst(starts: Sequence[int], n: int, width: Width) -> int:
    """Return the width of the widest run."""
    return max(width(i, j - 1) for i, j in zip(starts, [*starts[1:], n], strict=True))


def zigzags() -> list[Width]:
    """Return widths of a few effect columns, monotone and not, in one and two contexts."""
    columns = ([0, 2, 3, 7, 8, 9, 14], [0, 5, 1, 9, 3, 12, 4], [9, 9, 2, 2, 8, 1, 1])
    contexts = [(c,) for c in columns] + list(itertools.combinations(columns, 2))

    def width_of(rows: Sequence[Sequence[int]]) -> Width:
        return lambda i, j: max(max(row[i : j + 1]) - min(row[i : j + 1]) for row in rows)

    return [width_of(rows) for rows in contexts]


def greedy_cover() -> Formulas:
    """Greedy runs, each as long as epsilon allows, are the fewest runs no wider than epsilon.

    W grows with the run: W(i, j) <= W(i', j') if [i, j] lies in [i', j']. By induction the m-th
    greedy run ends no earlier than the m-th run of any cover no wider than epsilon: it starts no
    earlier (induction), so the other cover's run, cut to begin there, is no wider, and greedy
    goes at least as far. Hence k runs reach epsilon if and only if greedy needs at most k, and
    the optimum is the least W(i, j) for which it does: it is the width of some run.
    """
    fewest = sp.Integer(0)
    for width in zigzags():
        for epsilon in range(15):
            starts = greedy(7, width, epsilon)
            able = [
                k for k in range(1, 8) if any(worst(s, 7, width) <= epsilon for s in runs(7, k))
            ]
            equal(len(starts), min(able))
            fewest += len(starts)
    return {"fewest": fewest}


def witnesses() -> Formulas:
    """k + 1 cells x_0 < ... < x_k with W(x_i, x_{i+1}) >= D bound k runs by D, and attain it.

    A cut between cells j and j + 1 divides [x_i, x_{i+1}] only if x_i <= j < x_{i+1}: at most one
    of the k intervals. So k - 1 cuts leave one undivided, inside one run, which is then at least
    D wide. If greedy at every epsilon < D needs more than k runs, its first k + 1 starts are such
    cells: W(x_i, x_{i+1}) > epsilon for all epsilon < D. So the largest such D is the optimum. If
    moreover every two witnesses are D apart in some context, any k sets of cells, not only runs,
    hold two of them (pigeonhole) and are at least D wide.
    """
    total = sp.Integer(0)
    for width, k in itertools.product(zigzags(), (2, 3)):
        best = min(worst(s, 7, width) for s in runs(7, k))
        packed = max(
            min(width(i, j) for i, j in itertools.pairwise(chosen))
            for chosen in itertools.combinations(range(7), k + 1)
        )
        equal(best, packed)
        total += best
    return {"total": total}


def hull() -> Formulas:
    """Two outcomes: a set of effects is as wide as its hull, in all four distances.

    For coins p < q each distance grows with q and falls with p. Derivatives in q, of p = q - d:
    TV 1. Hellinger: h^2 = 1 - sqrt(p q) - sqrt((1-p)(1-q)) has the sign of
    sqrt(q(1-p)) - sqrt(p(1-q)). KL(p, q): (q - p)/(q (1 - q)); KL(q, p): the log of the odds
    ratio. JS divergence with m = (p + q)/2: half the log of the odds ratio of q and m. All are
    positive for q > p; exchanging p with 1 - q gives the other end. If all effects rise or fall
    with the cell, in each context in its own direction, a run's hull is that of its ends and
    x_i < x_j < x_l implies D(x_i, x_l) >= D(x_i, x_j) in the context that is worst: neighbours
    decide, so N2 bounds partitions of any shape.
    """
    odds = sp.Symbol("odds", positive=True)  # excess of the odds of q over those of p
    at = {q: (p + odds) / (1 + p + odds), p: p / (1 + p)}  # p: odds of the first coin here
    positive((q - p).subs(at, simultaneous=True))
    kl = p * sp.log(p / q) + (1 - p) * sp.log((1 - p) / (1 - q))
    equal(kl.diff(q), (q - p) / (q * (1 - q)))
    reverse = q * sp.log(q / p) + (1 - q) * sp.log((1 - q) / (1 - p))
    slope = sp.log(q) - sp.log(p) + sp.log(1 - p) - sp.log(1 - q)
    equal(sp.expand_log(reverse.diff(q), force=True), sp.expand_log(slope, force=True))
    ratio = sp.simplify((q * (1 - p) / (p * (1 - q))).subs(at, simultaneous=True))
    positive(ratio - 1)  # so the log of the odds ratio is positive
    m = (p + q) / 2
    js = HALF * (
        p * sp.log(p / m)
        + (1 - p) * sp.log((1 - p) / (1 - m))
        + q * sp.log(q / m)
        + (1 - q) * sp.log((1 - q) / (1 - m))
    )
    half_log = HALF * sp.log(q * (1 - m) / (m * (1 - q)))
    equal(sp.expand_log(js.diff(q) - half_log, force=True), 0)
    middle = sp.simplify((q * (1 - m) / (m * (1 - q))).subs(at, simultaneous=True))
    positive(middle - 1)
    hellinger = 1 - sp.sqrt(p) * sp.sqrt(q) - sp.sqrt(1 - p) * sp.sqrt(1 - q)
    scaled = hellinger.diff(q) * 2 * sp.sqrt(q) * sp.sqrt(1 - q)
    equal(scaled, sp.sqrt(q * (1 - p)) - sp.sqrt(p * (1 - q)))
    return {"tv": q - p, "kl": kl, "js": js, "hellinger": hellinger}


def spread_of_cells() -> Formulas:
    """Effects within s and t (TV) of rows P, Q are within s + t of TV(P, Q); roots for h and JS.

    TV is a metric, and so are the Hellinger distance and the root of JS; the two are at most the
    root of TV: outcome by outcome (sqrt p - sqrt q)^2 <= |p - q|, as for p = q + e it is
    e - 2 sqrt(q) (sqrt(q + e) - sqrt(q)); and JS <= TV in bits, as p log2(p/m) + q log2(q/m) with
    p = m(1 + u), q = m(1 - u) is m f(u), f(u) = (1 + u) log2(1 + u) + (1 - u) log2(1 - u) <= 2 u:
    f is convex with f(0) = 0, f(1) = 2. KL has no triangle: sum of each outcome's
    greatest x log2(x/y) over the boxes from above (convex in x, falling in y), Pinsker's
    2 TV^2/ln 2 from below.
    """
    equal(
        sp.expand((sp.sqrt(q + e) - sp.sqrt(q)) ** 2 - e), 2 * q - 2 * sp.sqrt(q) * sp.sqrt(q + e)
    )
    f = ((1 + u) * sp.log(1 + u) + (1 - u) * sp.log(1 - u)) / sp.log(2)
    equal(f.diff(u, 2) * sp.log(2) * (1 - u**2), 2)  # convex on (0, 1)
    equal(sp.limit(f, u, 0), 0)
    equal(sp.limit(f, u, 1), 2)
    term = x * sp.log(x / y)
    positive(term.diff(x, 2))
    positive(-term.diff(y))
    # Pinsker for coins: KL(q + d, q) - 2 d^2 has the derivative below, of the sign of d, as
    # q(1-q) <= 1/4; merging outcomes into coins keeps TV and only lowers KL.
    gap = (p * sp.log(p / q) + (1 - p) * sp.log((1 - p) / (1 - q))) - 2 * (p - q) ** 2
    equal(gap.subs(q, p), 0)
    equal(gap.diff(q), (q - p) * (1 - 4 * q * (1 - q)) / (q * (1 - q)))
    equal(1 - 4 * q * (1 - q), (1 - 2 * q) ** 2)
    return {"js": f, "pinsker": 2 * d**2 / sp.log(2)}


def nothing_smaller() -> Formulas:
    """Cuts within cells do not beat `lower`: levels that touch cells i and j hold effects of both.

    Every micro state of a cell has effects within its enclosure. A level of the continuum that
    touches cells i < j holds a micro state of each, so it is at least as wide as the least
    distance that the two enclosures allow. Label each cell by one level that touches its
    witness state: N2 applies to labels. For levels with a least mass: a level that touches the
    cells i ... j weighs at most their mass, and two neighbours may share the cell that is cut.
    So of coins whose enclosures are [l, h] the level is at least l_j - h_i wide (rising), and at
    most h_j - l_i; the difference is the two cells' spreads, twice.
    """
    li, si, lj, sj = sp.symbols("l_i s_i l_j s_j", positive=True)
    outer, inner = (lj + 2 * sj) - li, lj - (li + 2 * si)
    equal(outer - inner, 2 * (si + sj))
    return {"outer": outer, "inner": inner, "gap": 2 * (si + sj)}


def abstaining_levels() -> Formulas:
    """With a least mass and separation: of all runs from a start the shortest heavy one suffices.

    Effects rise or fall in each context. Replace a level by the shortest run from its start that
    is heavy enough: it is no wider, and no nearer to the next level. Let levels be placed in
    order. The end of the shortest heavy run from i does not fall with i; and the distance to a
    later cell does not grow with the end. So among the starts that are allowed (run narrow
    enough, far enough from the level before) the first leaves the most to those after it: by
    induction its m-th level ends no later than that of any other choice. Hence k levels exist if
    and only if the early ones do, and the least worst width is the width of one of the n
    shortest heavy runs.
    """
    rows = [[0, 1, 1, 4, 6, 7, 9, 9], [0, 3, 4, 4, 5, 8, 8, 9]]
    mass = [1, 2, 1, 1, 3, 1, 1, 2]
    n, total = len(mass), sp.Integer(0)

    def width(i: int, j: int) -> int:
        return max(row[j] - row[i] for row in rows)

    def apart(i: int, j: int) -> int:
        return min(row[j] - row[i] for row in rows)

    heavy = {i: next((j for j in range(i, n) if sum(mass[i : j + 1]) >= 2), None) for i in range(n)}
    for asked, epsilon in itertools.product(range(6), range(8)):
        placed, end = 0, None
        for i in range(n):
            stop = heavy[i]
            if stop is None or width(i, stop) > epsilon:
                continue
            if end is None or (i > end and apart(end, i) >= asked):
                placed, end = placed + 1, stop
        every = [
            (i, j)
            for i, j in itertools.combinations_with_replacement(range(n), 2)
            if sum(mass[i : j + 1]) >= 2 and width(i, j) <= epsilon
        ]
        chains = dict.fromkeys(every, 1)
        for i, j in sorted(every):
            before = [c for c in every if c[1] < i and apart(c[1], i) >= asked]
            chains[i, j] = 1 + max((chains[c] for c in before), default=0)
        equal(placed, max(chains.values(), default=0))
        total += placed
    return {"placed": total}


def closed_form_cells() -> Formulas:
    """Gaussian effects: a level from v reaches to m + s Phi^-1(p(v) + eps); its a-priori width.

    p_c = Phi((v - m_c)/s) rises, so D([v0, v]) <= eps in all contexts up to the least of these
    scores; greedy (N1) and its witnesses (N2) give the optimum on the continuum. Of any effect
    of v' = a v + noise sigma, two potentials h apart are within TV 2 Phi(a h/(2 sigma)) - 1 (data
    processing: that of the two normal laws, whose densities cross half-way), and any potential of
    a cell is within 2 Phi(a h/(4 sigma)) - 1 of its middle. So k >= a L/(4 sigma z) equal cells of
    a range L, z = Phi^-1((1 + eps)/2), have macro effects within eps of every micro effect.
    """
    m, v, eps = sp.symbols("m v eps", real=True)
    s, h, sigma, length = sp.symbols("s h sigma L", positive=True)
    effect = cdf((v - m) / s)
    reach = m + s * sp.sqrt(2) * sp.erfinv(2 * (effect + eps) - 1)
    equal(cdf((reach - m) / s), effect + eps)
    positive(effect.diff(v))
    # Laws N(0, sigma^2) and N(mu, sigma^2) have equal densities at mu/2.
    mu = sp.Symbol("mu", positive=True)
    tv = cdf(mu / (2 * sigma)) - cdf(-mu / (2 * sigma))
    equal(tv, 2 * cdf(mu / (2 * sigma)) - 1)
    radius = 2 * cdf(a * h / (4 * sigma)) - 1
    equal(tv.subs(mu, a * h / 2), radius)
    z = sp.sqrt(2) * sp.erfinv(eps)  # Phi^-1((1 + eps)/2)
    count = a * length / (4 * sigma * z)
    equal(radius.subs(h, length / count), eps)
    return {"reach": reach, "diameter": tv.subs(mu, a * h), "radius": radius, "levels": count}


def quadrangle() -> Formulas:
    """Sorted columns: w(i, j) + w(i', j') <= w(i, j') + w(i', j) for i <= i' <= j <= j'.

    w is the sum over columns of sum w_l phi(p_l) - W phi(mean), phi convex: phi = p^2 for Brier,
    p log p of each outcome for KL. Adding y to a set of mass W and mean a, a <= y, costs
    g(W, a) = w phi(y) + W phi(a) - (W + w) phi(m), m = (W a + w y)/(W + w). g grows with W (by
    convexity: phi(a) is above its tangent at m) and falls in a (phi' grows and a <= m). Adding a
    cell x below the set first makes W larger and a smaller: so adding y then costs more, which is
    the inequality for i' = i + 1, j' = j + 1; summed over neighbours it gives all (adjacent
    quadruples telescope). A falling column is a rising one read backwards; sums keep it. So the
    best start of the last run rises with its end, and divide and conquer finds it. One column:
    given the means every cell is best with the nearest in the sense of phi, which cuts p into
    intervals, so that runs of sorted cells are optimal among sets of any shape.
    """
    phi = sp.Function("phi")
    mean = (W * a + w * y) / (W + w)
    g = w * phi(y) + W * phi(a) - (W + w) * phi(mean)
    slope = phi(t).diff(t)
    tangent = phi(a) - phi(mean) - slope.subs(t, mean) * (a - mean)
    equal(sp.simplify(g.diff(W).doit() - tangent.doit()), 0)
    fall = W * (slope.subs(t, a) - slope.subs(t, mean))
    equal(sp.simplify(g.diff(a).doit() - fall.doit()), 0)
    equal(mean - a, w * (y - a) / (W + w))
    # The two costs: their own increments, of known sign.
    brier = (g.replace(phi, lambda z: z**2)).subs(y, a + d)
    equal(brier, W * w * d**2 / (W + w))
    positive(brier.diff(W))
    positive(brier.diff(d))
    positive((x * sp.log(x)).diff(x, 2))
    # Adjacent quadruples telescope: q(i, j) = w(i, j+1) + w(i+1, j) - w(i, j) - w(i+1, j+1).
    cost = sp.IndexedBase("w")
    adjacent = sum(
        cost[i, j + 1] + cost[i + 1, j] - cost[i, j] - cost[i + 1, j + 1]
        for i, j in itertools.product(range(1, 4), range(5, 9))
    )
    equal(adjacent, cost[1, 9] + cost[4, 5] - cost[1, 5] - cost[4, 9])
    return {"increment": brier}


def mean_costs_enclosed() -> Formulas:
    """Spread s in TV changes the root of the mean Brier cost by at most S, S^2 = mean of s^2.

    The cost of a partition is the squared distance of the effects from the level-wise constant
    ones in the space of mean squares, |d|^2/2 summed over outcomes. A distance from a subspace
    changes by no more than the effects do, and |d|^2/2 <= TV^2: the positive and the negative part
    of d each sum to TV. This holds for any law within the cells, and for cuts within cells: to
    the means of a partition every micro state of one row is best with the same level. KL costs
    are mean entropies: |H(p) - H(q)| <= h(s) + s log2(Y - 1) for laws within s <= 1 - 1/Y
    (Fano, for the coupling of p and q); its mean over levels is at most its value at the mean s,
    as it is concave. And KL >= 2 TV^2/ln 2 >= 2/ln 2 times the Brier cost (Pinsker, N4).
    """
    parts = sp.symbols("d1:4", nonnegative=True)
    one, two, rest = parts
    # A positive part (one, two) and a negative one (rest = one + two): the TV is one + two.
    squares = (one**2 + two**2 + rest**2) / 2
    equal((one + two) ** 2 - squares.subs(rest, one + two), one * two)
    s, count = sp.symbols("s Y", positive=True)
    modulus = (-s * sp.log(s) - (1 - s) * sp.log(1 - s) + s * sp.log(count - 1)) / sp.log(2)
    equal(modulus.diff(s, 2) * s * (1 - s) * sp.log(2), -1)  # concave
    equal(sp.simplify(modulus.diff(s).subs(s, 1 - 1 / count)), 0)  # and rising up to there
    value, length = sp.symbols("F S", positive=True)
    upper, lower = (sp.sqrt(value) + length) ** 2, (sp.sqrt(value) - length) ** 2
    equal(upper - lower, 4 * sp.sqrt(value) * length)
    return {"modulus": modulus, "upper": upper, "lower": lower}


def value_of_context() -> Formulas:
    """A threshold for each context tells no less than one: its value is 0 or more, in bits.

    Micro state V and context C are independent under the interventions, S is the effect, X_T the
    cell of V. Given C = c the information I_c(T) = I(S; X_T | C = c) depends on T alone, and
    value = sum_c nu_c max_T I_c(T) - max_T sum_c nu_c I_c(T) >= 0: at the T that attains the last
    maximum each term is at most its own maximum. With X = X_T and C known or not,
    I(S; X', C) - I(S; X) = [I(S; X' | C) - I(S; X | C)] + [I(S; C) + I(S; X | C) - I(S; X)], and
    the second bracket is I(S; C | X) >= 0 (chain rule): it is what the context adds by itself.
    """
    n1, n2 = sp.symbols("nu_1 nu_2", nonnegative=True)
    best = sp.symbols("best_1 best_2", nonnegative=True)
    short = sp.symbols("short_1 short_2", nonnegative=True)  # how much the shared T misses
    shared = n1 * (best[0] - short[0]) + n2 * (best[1] - short[1])
    value = n1 * best[0] + n2 * best[1] - shared
    equal(value, n1 * short[0] + n2 * short[1])
    h = {name: sp.Symbol(f"H({name})") for name in ("S", "C", "X", "SC", "SX", "XC", "SXC")}
    i_sc = h["S"] + h["C"] - h["SC"]
    i_sx = h["S"] + h["X"] - h["SX"]
    i_sx_c = h["SC"] + h["XC"] - h["SXC"] - h["C"]
    i_sc_x = h["SX"] + h["XC"] - h["SXC"] - h["X"]
    equal(i_sc + i_sx_c - i_sx, i_sc_x)
    return {"value": value, "context": i_sc_x}


RESULTS: Results = {
    "N1": greedy_cover,
    "N2": witnesses,
    "N3": hull,
    "N4": spread_of_cells,
    "N5": nothing_smaller,
    "N6": abstaining_levels,
    "N7": closed_form_cells,
    "N8": quadrangle,
    "N9": mean_costs_enclosed,
    "N10": value_of_context,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
