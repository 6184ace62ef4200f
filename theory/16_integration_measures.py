"""Measures of integration between parts: stochastic interaction, ei, Phi_G and Phi*.

X is the present state of n units with law p, X' the next one, P the transition matrix; a partition
has m parts with states M_k and M_k'. Numbers are in bits unless said otherwise. Run this file to
prove G1-G10.
"""

import itertools
from collections.abc import Iterator

import sympy as sp

from proof import Formulas, Results, equal, positive, report

x, y, z = sp.symbols("x y z", positive=True)
e, b, beta = sp.symbols("e b beta", positive=True)
BITS = (0, 1)
type Law = dict[tuple[int, ...], sp.Expr]


def bits(value: sp.Expr) -> sp.Expr:
    """log2."""
    return sp.log(value) / sp.log(2)


def h(p: sp.Expr) -> sp.Expr:
    """Binary entropy."""
    return -p * bits(p) - (1 - p) * bits(1 - p)


def free(name: str, variables: int) -> Law:
    """A free number for every state of binary variables; that they sum to 1 is not used."""
    return {s: sp.Symbol(name + "".join(map(str, s)), positive=True) for s in every(variables)}


def every(variables: int) -> list[tuple[int, ...]]:
    """All states of binary variables."""
    return list(itertools.product(BITS, repeat=variables))


def marginal(law: Law, kept: tuple[int, ...]) -> Law:
    """The law of some of the variables."""
    found: Law = {}
    for state, p in law.items():
        key = tuple(state[k] for k in kept)
        found[key] = found.get(key, sp.Integer(0)) + p
    return found


def same(left: sp.Expr, right: sp.Expr) -> None:
    """Settle left = right for sums of logarithms."""
    rest = sp.expand_log((left - right) * sp.log(2), force=True)
    equal(sp.expand(rest), 0)


def set_partitions(items: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """Every partition of some items into parts."""
    if not items:
        yield []
        return
    for rest in set_partitions(items[1:]):
        yield [items[:1], *rest]
        for place, part in enumerate(rest):
            yield [*rest[:place], (*part, items[0]), *rest[place + 1 :]]


def stochastic_interaction() -> Formulas:
    """SI = sum_k H(M_k'|M_k) - H(X'|X) is the least KL to chains prod_k q_k(m_k' | m_k).

    KL(p || p(x) prod_k q_k) = SI + sum_k KL(p(m_k' | m_k) || q_k), so each q_k is the part's own
    transition law. Shown for two binary units and any q.
    Source: Ay, Entropy 17:2432 (2015).
    """
    joint = free("p", 4)  # x1, x2, x1', x2'
    now, own = marginal(joint, (0, 1)), [marginal(joint, (0, 2)), marginal(joint, (1, 3))]
    alone = [marginal(joint, (0,)), marginal(joint, (1,))]
    q = [free("q", 2), free("r", 2)]
    distance = sum(
        p * (bits(p / now[s[:2]]) - bits(q[0][s[0], s[2]] * q[1][s[1], s[3]]))
        for s, p in joint.items()
    )
    interaction = sum(p * bits(p / now[s[:2]]) for s, p in joint.items()) - sum(
        p * bits(p / alone[k][s[:1]]) for k in BITS for s, p in own[k].items()
    )
    rest = sum(p * bits(p / alone[k][s[:1]] / q[k][s]) for k in BITS for s, p in own[k].items())
    same(distance, interaction + rest)
    # The noisy swap: x1' = x2 and x2' = x1, each wrong with chance e, uniform law.
    return {"noisy_swap": 2 - 2 * h(e)}


def refinement() -> Formulas:
    """Splitting a part adds I(a'; b | a) + I(b'; a | b) + I(a'; b' | a, b) >= 0 to SI.

    So SI of a finer partition is never smaller, and without normalization it is least at a split
    in two. Entropies of a, b, a', b' stand for themselves: the identity is linear in them.
    """
    H = {
        frozenset(names): sp.Symbol("H_" + "".join(names))
        for size in range(1, 5)
        for names in itertools.combinations("abAB", size)  # A is a', B is b'
    }

    def entropy(names: str) -> sp.Expr:
        return H[frozenset(names)]

    def given(left: str, right: str, known: str) -> sp.Expr:
        """I(left; right | known)."""
        return (
            entropy(left + known)
            + entropy(right + known)
            - entropy(left + right + known)
            - entropy(known)
        )

    apart = entropy("Aa") - entropy("a") + entropy("Bb") - entropy("b")
    together = entropy("ABab") - entropy("ab")
    added = given("A", "b", "a") + given("B", "a", "b") + given("A", "B", "ab")
    equal(sp.expand(apart - together), sp.expand(added))
    return {"added": added}


def effective_information() -> Formulas:
    """ei(x'/P) = sum_k c(M_k) - c(X) with c(M) = log2 sum_m L(m) - sum_m p(m | x') log2 L(m).

    L(m) is the chance of the part's next state given m with inputs from outside as noise, so the
    part's repertoire is L/sum L; the whole has p(x | x') = L/sum L itself and c(X) = H(X | x').
    The relative entropy to a product is a sum over its factors. Shown for two binary units.
    Source: Balduzzi and Tononi, PLOS Comput Biol 4:e1000091 (2008).
    """
    whole = free("w", 2)
    total = sum(whole.values())
    cause = {s: p / total for s, p in whole.items()}
    parts = [free("a", 1), free("b", 1)]
    loss = sum(
        p
        * (
            bits(p)
            - bits(parts[0][s[:1]] / sum(parts[0].values()))
            - bits(parts[1][s[1:]] / sum(parts[1].values()))
        )
        for s, p in cause.items()
    )

    def cost(law: Law, likelihood: Law) -> sp.Expr:
        return bits(sum(likelihood.values())) - sum(p * bits(likelihood[s]) for s, p in law.items())

    apart = cost(marginal(cause, (0,)), parts[0]) + cost(marginal(cause, (1,)), parts[1])
    # sum p = 1 is used once, in log2 of a part's sum
    equal(sp.simplify(sp.expand_log((loss - apart + cost(cause, whole)), force=True)), 0)
    return {"whole": cost(cause, whole)}


def mean_effective_information() -> Formulas:
    """Averaged over x', c(M) = sum_i H(X_i' | M) + sum_m' p(m') log2 sum_m prod_i p(x_i' | m).

    For states set equally often, p(m, x_i') = p(x_i' | m)/|M| in the whole and in the part alike,
    and units of the part are independent given m. The mean of -log2 p(m | m') over the whole is
    then the sum of the units' noise and the mean of log2 of the normalizer. For all units c is
    H(X | X'), and log2 |X| - c is I(X; X'). Shown for two binary units.
    """
    f = [free("f", 2), free("g", 2)]  # chance that unit i is on, given x
    chance = [{(*s, t): p if t else 1 - p for s, p in table.items() for t in BITS} for table in f]
    joint = {
        (*s, u, v): chance[0][*s, u] * chance[1][*s, v] / 4
        for s in every(2)
        for u in BITS
        for v in BITS
    }
    following, norm = marginal(joint, (2, 3)), free("Z", 2)  # Z: sum_x prod_i p(x_i' | x)
    direct = -sum(
        p * (bits(chance[0][*s[:3]]) + bits(chance[1][*s[:2], s[3]]) - bits(norm[s[2:]]))
        for s, p in joint.items()
    )
    noise = -sum(p * bits(p) / 4 for table in chance for p in table.values())
    reach = sum(p * bits(norm[s]) for s, p in following.items())
    same(direct, noise + reach)
    return {"noisy_swap": 2 - 2 * h(e)}


def normalized_minimum() -> Formulas:
    """Least loss/((m - 1) min_k h_k): the least over h of loss/((m - 1) h) with all h_k >= h.

    For a partition and h <= min h_k the second is no smaller, and equal at its own smallest part;
    sizes of parts are the only h needed. For each h and lambda, loss - lambda (m - 1) h is
    sum_k (c_k - lambda h) + lambda h - c(all), a sum over parts: subset recursion and Dinkelbach's
    iteration apply (theory/15 P3, P5). Gone through for all partitions of up to 4 units.
    """
    lam, size = sp.symbols("lambda h", positive=True)
    for count in (2, 3, 4):
        units = tuple(range(count))
        cost = {
            s: sp.Rational(8 + sum(3**k for k in s) % 7)  # two parts lose more than one
            for r in range(1, count + 1)
            for s in itertools.combinations(units, r)
        }
        sizes = {s: sum(sp.Rational(2 + k % 2, 2) for k in s) for s in cost}
        ratios, bounded = [], []
        for parts in set_partitions(units):
            if len(parts) < 2:
                continue
            keys = [tuple(sorted(part)) for part in parts]
            loss = sum(cost[s] for s in keys) - cost[units]
            shifted = sum(cost[s] - lam * size for s in keys) + lam * size - cost[units]
            equal(sp.expand(shifted), sp.expand(loss - lam * (len(keys) - 1) * size))
            ratios.append(loss / ((len(keys) - 1) * min(sizes[s] for s in keys)))
            bounded += [
                loss / ((len(keys) - 1) * least)
                for least in set(sizes.values())
                if all(sizes[s] >= least for s in keys)
            ]
        assert 0 < min(ratios) == min(bounded), count
    return {"shifted": lam * size}


def geometric_bounds() -> Formulas:
    """log-sum bounds of Phi_G, and Phi_G = 1 + h(e^2 + (1 - e)^2) - 2 h(e) for the noisy swap.

    Lower: sum p P ln(P/q) >= sum p P ln M - ln sum p q M for any M > 0, as -ln is convex; with
    M = sum_k u_k(y_k; x) and the marginals of q equal to r_k, sum p q M =
    sum_k sum_{m, j} r_k(j | m) sum_{x in m} p u_k(j; x) <= sum_k sum_m max_j sum_{x in m} p u_k.
    Upper: q with marginals of at most r_k is filled up by the product of what is missing, and a
    j that no x in m leads to needs no mass: it can be moved to another j, the same for all x in m.
    Parts: dropping all of y but y_k cannot raise KL, which leaves I(M_k'; X | M_k) at least.
    Order: next states that are independent of X, or of each other given X, meet the constraints,
    so Phi_G <= I(X; X') and Phi_G <= SI. Finer partitions may have less: of three units let
    y_1 + y_2 = x_3 mod 2 and else be chance. Every single y_k is independent of X, so atoms have
    Phi_G = 0, while {1, 2} has I(M'; X | M) = 1 bit.
    Swap: by symmetry and convexity r_k is uniform; then q is a/2 on outcomes where both or none
    of the units are right, and the best a is their chance.
    Source: Oizumi, Tsuchiya and Amari, PNAS 113:14817 (2016).
    """
    # ln z <= z - 1 gives Jensen's inequality: with w_i >= 0 that sum to 1 and mean m of z_i,
    # sum w ln(z_i/m) <= sum w (z_i/m - 1) = 0.
    excess = x - 1 - sp.log(x)
    equal(excess.subs(x, 1), 0)
    positive(excess.diff(x).subs(x, 1 + y))
    positive(-excess.diff(x).subs(x, 1 / (1 + y)))
    w = sp.Symbol("w", positive=True)
    mean = w * x + (1 - w) * y
    equal(sp.simplify(w * (x / mean - 1) + (1 - w) * (y / mean - 1)), 0)
    # what is missing from each marginal sums to the same, so their product fills up both
    q = free("q", 2)
    rest = [1 - sp.Symbol("r") - q[0, 0] - q[0, 1], sp.Symbol("r") - q[1, 0] - q[1, 1]]
    other = [1 - sp.Symbol("s") - q[0, 0] - q[1, 0], sp.Symbol("s") - q[0, 1] - q[1, 1]]
    equal(sp.expand(sum(rest) - sum(other)), 0)
    filled = q[0, 0] + q[0, 1] + rest[0] * (other[0] + other[1]) / sum(other)
    equal(sp.simplify(filled - (1 - sp.Symbol("r"))), 0)
    # three units with a parity: the marginals of y_1 are fair, the pair tells x_3
    for third in BITS:
        pairs = [s for s in every(2) if sum(s) % 2 == third]
        assert [sum(s[k] for s in pairs) for k in BITS] == [1, 1]
    # the noisy swap: z the chance that both or none are right, a what q gives to it
    a = sp.Symbol("a", positive=True)
    fit = -z * bits(a / 2) - (1 - z) * bits((1 - a) / 2)
    equal(fit.diff(a).subs(a, z), 0)
    positive((fit.diff(a, 2) * sp.log(2)).subs({a: 1 / (1 + x), z: 1 / (1 + y)}))
    same(fit.subs(a, z), 1 + h(z))
    right = e**2 + (1 - e) ** 2
    return {"noisy_swap": 1 + h(right) - 2 * h(e), "part": 1 - h(e)}


def geometric_gaussian() -> Formulas:
    """Gaussian Phi_G = min_B log2(|noise + (A - B) S (A - B)^T|/|noise|)/2, B zero between parts.

    With x' = B x + e, e of covariance C, and T = noise + (A - B) S (A - B)^T the divergence is
    (tr C^-1 T - n + ln |C| - ln |noise|)/2 nats, least at C = T (shown for n = 1; by the concavity
    of ln |C| for more). Two units with A = ((0, b), (b, 0)) and unit noise, S = 1/(1 - b^2):
    |T| has one minimum at B = 0 while b^2 <= 1/2, else two, at diagonals +- sqrt(2 b^2 - 1):
    descent may stop at local minima. (Diagonals that are equal; tests look at others.)
    Source: Oizumi, Tsuchiya and Amari, PNAS 113:14817 (2016).
    """
    C, T = sp.symbols("C T", positive=True)
    divergence = (T / C - 1 + sp.log(C)) / 2
    equal(divergence.diff(C).subs(C, T), 0)
    positive(divergence.diff(C, 2).subs(C, T))
    alpha = sp.Symbol("alpha", real=True)
    s = 1 / (1 - b**2)
    rest = sp.Matrix([[-alpha, b], [b, -alpha]])
    size = (sp.eye(2) + s * rest * rest.T).det()
    square = sp.Symbol("a2", real=True)  # alpha^2
    form = 1 + 2 * s * b**2 + s**2 * b**4 + 2 * s * (1 - s * b**2) * square + s**2 * square**2
    equal(sp.simplify(size - form.subs(square, alpha**2)), 0)
    inner = sp.solve(form.diff(square), square)[0]
    equal(sp.simplify(inner - (2 * b**2 - 1)), 0)
    equal(sp.simplify(form.subs(square, inner) - 4 * s * b**2), 0)
    equal(sp.simplify(form.subs(square, 0) - s**2), 0)
    return {
        "weak": -bits(1 - b**2),
        "strong": bits(4 * b**2 / (1 - b**2)) / 2,
        "part": -bits(1 - b**2) / 2,
    }


def mismatched_decoding() -> Formulas:
    """I~(beta) is concave, 0 at 0, at most I; and Phi* <= SI.

    (-ln sum p q^beta)'' is minus the variance of ln q under weights p q^beta. With the decoder's
    posterior p q^beta/Z, I - I~ = sum p(x, x') log2 p(x | x')/posterior >= 0. At beta = 1 it is
    SI less KL(p(x') || Z(x')), so Phi* = I - max I~ <= SI.
    Source: Oizumi et al., PLOS Comput Biol 12:e1004654 (2016); Merhav et al. (1994).
    """
    p, weights = sp.symbols("p0:2", positive=True), sp.symbols("q0:2", positive=True)
    Z = sum(a * w**beta for a, w in zip(p, weights, strict=True))
    share = [a * w**beta / Z for a, w in zip(p, weights, strict=True)]
    first = sum(s * sp.log(w) for s, w in zip(share, weights, strict=True))
    second = sum(s * sp.log(w) ** 2 for s, w in zip(share, weights, strict=True))
    equal(sp.simplify(sp.diff(-sp.log(Z), beta, 2) + second - first**2), 0)
    # one next state x' with law P, transitions t and present law p; sums over x' are alike
    P, t, q, prior, norm = sp.symbols("P t q p Z", positive=True)
    posterior = prior * q**beta / norm
    information = bits(t / P)
    decoded = beta * bits(q) - bits(norm)
    same(information - decoded, bits(prior * t / P / posterior))
    interaction = bits(t / q)
    same((interaction - (information - decoded)).subs(beta, 1), bits(P / norm))
    return {"noisy_swap": 2 - 2 * h(e)}


def mismatched_gaussian() -> Formulas:
    """I~ = (sum_j ln(1 + beta l_j) + beta s_j/(1 + beta l_j) - beta)/2 nats for Gaussian chains.

    The decoder q = N(B x, D) has B and D of the parts' own regressions. In coordinates in which
    D = 1 and B S B^T is diagonal with entries l_j, x' has variances s_j, and
    int p(x) q^beta dx is a product of normal integrals over u = (B x)_j with variance l_j:
    prop. (1 + beta l)^(-1/2) exp(-beta x'^2/(2 (1 + beta l))). The mean of -2 ln q is n up to what
    cancels, as the parts' residuals have covariance D within parts. Shown for one coordinate.
    Source: Oizumi et al. (2016), Eq. 26.
    """
    level, following, u = sp.Symbol("l", positive=True), sp.Symbol("x1", real=True), sp.Symbol("u")
    exponent = -(u**2) / (2 * level) - beta * (following - u) ** 2 / 2
    # complete the square: curvature and minimum over u
    curvature = -exponent.diff(u, 2)
    best = sp.solve(exponent.diff(u), u)[0]
    equal(sp.simplify(curvature * level), 1 + beta * level)
    peak = sp.simplify(exponent.subs(u, best))
    equal(peak, -beta * following**2 / (2 * (1 + beta * level)))
    spread = sp.Symbol("s", positive=True)
    curve = (sp.log(1 + beta * level) + beta * spread / (1 + beta * level) - beta) / 2
    # one part alone, s = 1 + l: the best exponent is 1 and I* is all of I
    equal(sp.simplify(curve.diff(beta).subs({spread: 1 + level, beta: 1})), 0)
    equal(sp.simplify(curve.subs({spread: 1 + level, beta: 1}) - sp.log(1 + level) / 2), 0)
    return {"bits": curve / sp.log(2)}


def noisy_swap() -> Formulas:
    """Two units that copy each other, each wrong with chance e: phi is all of I = 2 - 2 h(e).

    Parts see noise only, so the split loses all of it over a normalization of 1; the total
    partition loses the same over 2 and is the minimum. Two such couples side by side: 0, at the
    split between them.
    Source: Balduzzi and Tononi (2008), Fig. 3, for e = 0.
    """
    chances = {
        (*s, u, v): (1 - e if u == s[1] else e, 1 - e if v == s[0] else e)
        for s in every(2)
        for u in BITS
        for v in BITS
    }
    joint = {s: first * second / 4 for s, (first, second) in chances.items()}
    for kept in ((0, 2), (1, 3), (2, 3)):  # each part's own transition, and the next state
        for value in marginal(joint, kept).values():
            equal(sp.simplify(value), sp.Rational(1, 4))
    noise = -sum(joint[s] * (bits(f) + bits(g)) for s, (f, g) in chances.items())
    same(2 - noise, 2 - 2 * h(e))
    return {"information": 2 - 2 * h(e), "ratio": 1 - h(e)}


RESULTS: Results = {
    "G1": stochastic_interaction,
    "G2": refinement,
    "G3": effective_information,
    "G4": mean_effective_information,
    "G5": normalized_minimum,
    "G6": geometric_bounds,
    "G7": geometric_gaussian,
    "G8": mismatched_decoding,
    "G9": mismatched_gaussian,
    "G10": noisy_swap,
}


def main() -> None:
    """Prove every result and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
