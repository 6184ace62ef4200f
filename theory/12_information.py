"""Effective information: what it is made of, what bounds it, and how it changes by grouping.

P is a transition matrix on n states, rows P_i; p the law of the states that are set, q = p P the
mean row. Cells are groups of states; the macro matrix is U P A with the uniform law within cells.
Numbers are in bits unless said otherwise. Run this file to prove I1-I10.
"""

import sympy as sp

from proof import Formulas, Results, equal, positive, report

type Table = list[list[sp.Expr]]

n, m, k, visits = sp.symbols("n m k N", positive=True)
x, y = sp.symbols("x y", positive=True)


def bits(value: sp.Expr) -> sp.Expr:
    """log2."""
    return sp.log(value) / sp.log(2)


def entropy(law: list[sp.Expr]) -> sp.Expr:
    """H in bits; 0 log 0 = 0."""
    return -sum((p * bits(p) for p in law if p != 0), sp.Integer(0))


def divergence(law: list[sp.Expr], other: list[sp.Expr]) -> sp.Expr:
    """KL(law || other) in bits."""
    pairs = zip(law, other, strict=True)
    return sum((p * (bits(p) - bits(o)) for p, o in pairs if p != 0), sp.Integer(0))


def mix(weights: list[sp.Expr], rows: Table) -> list[sp.Expr]:
    """The mean of rows."""
    return [
        sum((w * p for w, p in zip(weights, column, strict=True)), sp.Integer(0))
        for column in zip(*rows, strict=True)
    ]


def any_matrix(states: int) -> tuple[list[sp.Expr], Table]:
    """A law and a matrix of free symbols; the last entry makes each sum 1."""
    free = states - 1
    law = list(sp.symbols(f"p:{free}", positive=True))
    rows = [list(sp.symbols(f"t{i}_:{free}", positive=True)) for i in range(states)]
    return [*law, 1 - sum(law)], [[*row, 1 - sum(row)] for row in rows]


def same(left: sp.Expr, right: sp.Expr) -> None:
    """Settle left = right for sums of logarithms: products of one argument each are compared."""
    equal(sp.expand(sp.expand((left - right) * sp.log(2))), 0)


def decomposition() -> Formulas:
    """EI = sum_i p_i KL(P_i || q) = H(q) - sum_i p_i H(P_i) = (determinism - degeneracy) log2 n.

    sum_i p_i sum_y P_iy log q_y = sum_y q_y log q_y, as q = p P. Determinism is
    1 - sum_i p_i H(P_i)/log2 n and degeneracy 1 - H(q)/log2 n; the ones cancel. It is the mutual
    information of the state set and the next one.
    Source: Hoel, Albantakis and Tononi, PNAS 110:19790 (2013).
    """
    for states in (2, 3):
        law, rows = any_matrix(states)
        mean = mix(law, rows)
        ei = sum(p * divergence(row, mean) for p, row in zip(law, rows, strict=True))
        noise = sum(p * entropy(row) for p, row in zip(law, rows, strict=True))
        same(ei, entropy(mean) - noise)
    spread, inside = sp.symbols("H_mean H_rows", nonnegative=True)
    determinism, degeneracy = 1 - inside / bits(n), 1 - spread / bits(n)
    equal((determinism - degeneracy) * bits(n), spread - inside)
    return {
        "effective_information": spread - inside,
        "determinism": determinism,
        "degeneracy": degeneracy,
    }


def bounds() -> Formulas:
    """0 <= EI <= H(q) <= log2 n; determinism, degeneracy and their difference are in [0, 1].

    log z <= z - 1, with equality at z = 1 only: its slope 1/z - 1 changes sign there. So
    KL(P_i || q) >= sum_y P_iy (1 - q_y/P_iy) >= 0, in nats, and log2 n - H(q) = KL(q || uniform).
    EI = log2 n for permutations and for nothing else: rows certain and q uniform.
    """
    excess = x - 1 - sp.log(x)
    equal(excess.subs(x, 1), 0)
    equal(excess.diff(x), (x - 1) / x)
    positive(excess.diff(x).subs(x, 1 + y))  # rises above 1
    positive(-excess.diff(x).subs(x, 1 / (1 + y)))  # falls below 1
    law, _ = any_matrix(3)
    same(bits(sp.Integer(3)) - entropy(law), divergence(law, [sp.Rational(1, 3)] * 3))
    return {"lower": sp.Integer(0), "upper": bits(n)}


def capacity_bounds() -> Formulas:
    """Any law p with mean row q gives sum_i p_i KL(P_i || q) <= C <= max_i KL(P_i || q).

    C is the largest sum_i r_i KL(P_i || r P) over laws r. For every r and q
    sum_i r_i KL(P_i || q) = sum_i r_i KL(P_i || r P) + KL(r P || q): the mean of KL(P_i || q)
    exceeds the information of r by a divergence (I2), and is at most the largest. Where
    KL(P_i || q) = C for all i in use and <= C for the others, the bounds meet.
    Source: Gallager, Information Theory and Reliable Communication (1968), th. 4.5.1.
    """
    law, rows = any_matrix(2)
    other = sp.Symbol("o", positive=True)
    reference = [other, 1 - other]
    mean = mix(law, rows)
    to_reference = sum(p * divergence(r, reference) for p, r in zip(law, rows, strict=True))
    to_mean = sum(p * divergence(r, mean) for p, r in zip(law, rows, strict=True))
    same(to_reference, to_mean + divergence(mean, reference))
    # The Z channel, rows (1, 0) and (e, 1 - e): both divergences agree at this q.
    e = sp.Symbol("e", positive=True)
    ratio = (1 - e) * e ** (e / (1 - e))
    used = 1 / (1 + ratio)
    equal(1 - used, ratio * used)
    first = -bits(used)
    second = e * (bits(e) - bits(used)) + (1 - e) * (bits(1 - e) - bits(ratio) - bits(used))
    equal(sp.expand(sp.expand_log((first - second) * sp.log(2), force=True)), 0)
    return {"z_channel": bits(1 + ratio)}


def grouping_bound() -> Formulas:
    """EI(macro) = I(U; U') - closure rate - I(U; U' | X') <= C, whatever the law within cells.

    U is the micro state, X its cell, U' and X' the next ones; a macro intervention sets X
    uniformly and U by the law within. X is a function of U and X' of U', so by the chain rule
    I(U; U') = I(U; X') + I(U; U' | X') and I(U; X') = I(X; X') + I(U; X' | X). The last is the
    closure rate (I5) under the law of U, both rests are >= 0, and I(U; U') <= C (I3). Hence no
    grouping passes the causal capacity of the micro matrix, and none with k cells log2 k.
    """
    _, rows = any_matrix(3)
    cells = [[0, 1], [2]]
    half, w = sp.Rational(1, 2), sp.Symbol("w", positive=True)
    micro = [half * w, half * (1 - w), half]  # cells alike, any law within
    effects = [[sum(row[s] for s in cell) for cell in cells] for row in rows]
    macro = [mix([w, 1 - w], effects[:2]), effects[2]]
    law_next, cells_next = mix(micro, rows), mix(micro, effects)
    ei = sum(half * divergence(row, cells_next) for row in macro)
    total = sum(p * divergence(row, law_next) for p, row in zip(micro, rows, strict=True))
    closure = sum(micro[s] * divergence(effects[s], macro[0]) for s in cells[0])
    # I(U; U' | X'): given the next cell, what the micro state tells about the next micro state.
    finer = sum(
        micro[s] * rows[s][t] * bits(rows[s][t] * cells_next[c] / (effects[s][c] * law_next[t]))
        for s in range(3)
        for c, cell in enumerate(cells)
        for t in cell
    )
    equal(sp.expand(sp.expand_log((ei + closure + finer - total) * sp.log(2), force=True)), 0)
    return {"rest": closure + finer}


def closure_rate() -> Formulas:
    """I(U; X' | X) = sum_u p_u KL(r_u || q_x(u)) = I(U; X') - I(X; X'), 0 iff r_u = q_x(u).

    r_u is the law on cells after state u and q_x its mean over the states of cell x under p. In
    a cell of two states with weights w, 1 - w and effects a, b of a binary macro, the part is a
    Jensen-Shannon divergence: its slope in a is w times a log odds ratio, 0 at a = b only. By
    Pinsker the rate is at least (2/ln 2) sum_u p_u TV(r_u, q_x(u))^2.
    """
    w, a, b = sp.symbols("w a b", positive=True)
    mean = w * a + (1 - w) * b
    part = w * divergence([a, 1 - a], [mean, 1 - mean])
    part += (1 - w) * divergence([b, 1 - b], [mean, 1 - mean])
    equal(sp.simplify(part.subs(b, a)), 0)
    odds = sp.log(a / (1 - a)) - sp.log(mean / (1 - mean))
    equal(sp.simplify(sp.expand_log(part.diff(a) * sp.log(2) - w * odds, force=True)), 0)
    positive((x / (1 + x)).diff(x))  # the odds rise with the probability, so the sign is a - b's
    o = sp.Symbol("o", positive=True)  # chain rule in a cell, for any reference law
    apart = w * divergence([a, 1 - a], [o, 1 - o]) + (1 - w) * divergence([b, 1 - b], [o, 1 - o])
    same(apart, part + divergence([mean, 1 - mean], [o, 1 - o]))
    # Pinsker at one point: KL - (2/ln 2)(a - c)^2 has slope (a - c)(1/(a (1 - a)) - 4) >= 0.
    c = sp.Symbol("c", positive=True)
    rest = divergence([a, 1 - a], [c, 1 - c]) * sp.log(2) - 2 * (a - c) ** 2
    equal(sp.simplify(rest.diff(c) - (c - a) * (1 / (c * (1 - c)) - 4)), 0)
    equal(1 / (c * (1 - c)) - 4, (1 - 2 * c) ** 2 / (c * (1 - c)))
    return {"of_cell": part, "pinsker": 2 / sp.log(2) * (a - c) ** 2}


def one_block() -> Formulas:
    """m states uniform among themselves and one that stays: EI = log2(m + 1) - m log2(m)/(m + 1).

    The mean row is uniform, so degeneracy is 0; m rows have entropy log2 m. With the block as one
    cell the macro is the identity on two states: 1 bit. m = 7 and 3 are Hoel's 8 and 4 states.
    Source: Hoel, Entropy 19:188 (2017).
    """
    for size in (3, 7):
        rows = [[sp.Rational(1, size)] * size + [sp.Integer(0)] for _ in range(size)]
        rows.append([sp.Integer(0)] * size + [sp.Integer(1)])
        law = [sp.Rational(1, size + 1)] * (size + 1)
        mean = mix(law, rows)
        assert mean == law
        ei = sum(p * divergence(row, mean) for p, row in zip(law, rows, strict=True))
        same(ei, bits(sp.Integer(size + 1)) - size * bits(sp.Integer(size)) / (size + 1))
    ei = bits(m + 1) - m * bits(m) / (m + 1)
    return {"micro": ei, "determinism": ei / bits(m + 1), "macro": sp.Integer(1)}


def equal_blocks() -> Formulas:
    """k blocks of m states, alike within: EI(micro) = EI(macro), effectiveness rises log n/log k.

    If P_iy = Q_{x(i) x(y)}/m then H(P_i) = H(Q_x) + log2 m, and H(q) = H(mean of Q) + log2 m:
    log2 m cancels. So EI = eff log2 n ties by size n = k m against k while effectiveness gains
    the factor log n/log k: 3 for two blocks of four. For blocks that stay with probability s,
    EI = 1 - h(s).
    Source: Hoel, arXiv 2503.13395 (2025), sec. 6.2.
    """
    s = sp.Symbol("s", positive=True)
    half = sp.Rational(1, 2)
    macro = [[s, 1 - s], [1 - s, s]]
    for size in (2, 4):
        micro = [[p / size for p in row for _ in range(size)] for row in macro for _ in range(size)]
        law = [sp.Rational(1, 2 * size)] * (2 * size)
        mean = mix(law, micro)
        ei = sum(p * divergence(row, mean) for p, row in zip(law, micro, strict=True))
        mean_macro = mix([half, half], macro)
        ei_macro = sum(half * divergence(row, mean_macro) for row in macro)
        equal(sp.expand(sp.expand_log((ei - ei_macro) * sp.log(2), force=True)), 0)
    ei = 1 - entropy([s, 1 - s])
    return {"effective_information": ei, "gain": bits(k * m) / bits(k)}


def noisy_and_pairs() -> Formulas:
    """Pairs that drive each other: EI = 2 (H(pair) - 3 h(r)/2), macro 2 (H(on) - h(r^2)/2).

    Two pairs of units; a unit is on for sure if the other pair is all on, else with chance r.

    Uniform interventions set the pairs independently and each pair is driven by the other, so EI
    is twice that of one pair: with probability 1/4 it becomes (on, on), otherwise each unit is on
    with r. For "all on" as macro state a pair becomes 1 with 1 or r^2, driven by 1 or 0 alike.
    r = 3/10 is the example of Hoel, Albantakis and Tononi (2013), fig. 2, and PyPhi's
    `macro_substrate`.
    """
    r = sp.Symbol("r", positive=True)
    drift = [(1 - r) ** 2, r * (1 - r), r * (1 - r), r**2]
    sure = [sp.Integer(0), sp.Integer(0), sp.Integer(0), sp.Integer(1)]
    quarter, half = sp.Rational(1, 4), sp.Rational(1, 2)
    noise = 3 * quarter * 2 * entropy([r, 1 - r])
    equal(sp.simplify(sp.expand_log(entropy(drift) - 2 * entropy([r, 1 - r]), force=True)), 0)
    spread = entropy(mix([3 * quarter, quarter], [drift, sure]))
    macro_rows = [[1 - r**2, r**2], [sp.Integer(0), sp.Integer(1)]]
    macro_noise = half * entropy(macro_rows[0])
    macro_spread = entropy(mix([half, half], macro_rows))
    return {
        "micro": 2 * (spread - noise),
        "micro_determinism": 1 - noise / 2,
        "micro_degeneracy": 1 - spread / 2,
        "macro": 2 * (macro_spread - macro_noise),
        "macro_determinism": 1 - macro_noise,
        "macro_degeneracy": 1 - macro_spread,
    }


def counted() -> Formulas:
    """Plug-in EI from counts: bias sum_i (m_i - 1)/(2 N_i n ln 2) - sum_y Var(q_y)/(2 q_y ln 2).

    Frequencies of N_i visits have mean P_iy and covariance (P_iy [y = z] - P_iy P_iz)/N_i. To
    second order E f(P + d) - f(P) = f''(P) Var/2 with (p log2 p)'' = 1/(p ln 2): each row's
    sum p log2 p is too high by sum_y (1 - P_iy)/(2 N_i ln 2), m_i outcomes (Miller and Madow), and
    that of the mean row by sum_y Var(q_y)/(2 q_y ln 2), Var(q_y) = sum_i P_iy (1 - P_iy)/(n^2 N_i).
    To first order dEI/dP_iy = log2(P_iy/q_y)/n, so Var EI = sum_i Var_i(log2(P_iy/q_y))/(n^2 N_i).
    """
    f = x * bits(x)
    equal(f.diff(x, 2), 1 / (x * sp.log(2)))
    law = list(sp.symbols("p:2", positive=True))
    full = [*law, 1 - sum(law)]
    miller_madow = sum(f.diff(x, 2).subs(x, p) * p * (1 - p) / (2 * visits) for p in full)
    equal(miller_madow, 2 / (2 * visits * sp.log(2)))  # m - 1 = 2
    t = sp.symbols("t0:2_0:2", positive=True)  # rows as free numbers: EI off the simplex too
    rows = [list(t[:2]), list(t[2:])]
    mean = mix([sp.Rational(1, 2)] * 2, rows)
    ei = sum(divergence(row, mean) for row in rows) / 2
    equal(sp.simplify(ei.diff(t[0]) - (bits(t[0]) - bits(mean[0])) / 2), 0)
    # Two states, each certain to be followed by either with chance 1/2: EI is 0, plug-in above.
    fair = sp.Rational(1, 4)
    rows_bias = 1 / (2 * visits * sp.log(2))
    mean_bias = 2 * (2 * fair / (4 * visits)) / (2 * sp.Rational(1, 2) * sp.log(2))
    return {"miller_madow": miller_madow, "fair_bias": rows_bias - mean_bias}


def emergence_parts() -> Formulas:
    """EI_M - EI_m = (eff_M - eff_m) log2 n_M + eff_m (log2 n_M - log2 n_m), EI = eff log2 n.

    The first part is what effectiveness gains, the second, <= 0, what size loses. With CP = eff
    (I1: determinism + specificity - 1) version 2.0 keeps the first and drops the second; CP as a
    mean, (eff + 1)/2, ranks scales alike and halves gains.
    Source: Hoel, Albantakis and Tononi (2013), eq. of CE; Hoel (2025), sec. 3.2 and 6.2.
    """
    eff_macro, eff_micro, n_macro, n_micro = sp.symbols("E e M n", positive=True)
    effectiveness = (eff_macro - eff_micro) * bits(n_macro)
    size = eff_micro * (bits(n_macro) - bits(n_micro))
    equal(effectiveness + size, eff_macro * bits(n_macro) - eff_micro * bits(n_micro))
    det, spec = sp.symbols("det spec", positive=True)
    equal((det + spec) / 2, ((det + spec - 1) + 1) / 2)
    return {"effectiveness": effectiveness, "size": size}


RESULTS: Results = {
    "I1": decomposition,
    "I2": bounds,
    "I3": capacity_bounds,
    "I4": grouping_bound,
    "I5": closure_rate,
    "I6": one_block,
    "I7": equal_blocks,
    "I8": noisy_and_pairs,
    "I9": counted,
    "I10": emergence_parts,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
