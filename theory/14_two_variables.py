"""Effects of two-variable neurons, of macro states, and from counts: scores, bounds, bands.

A micro state is (v, w). One step adds Gaussian noise of standard deviation sigma to the potential
alone; f(v, w) is the mean of the next potential and g(v, w) the next w. The margin F is how far f
lies above the next threshold. Run this file to prove V1-V9.
"""

import itertools

import sympy as sp

from proof import Formulas, Results, cdf, equal, pdf, positive, report

v, w, c, f, m, x, z, theta, t = sp.symbols("v w c f m x z theta t", real=True)
a, b, sigma, dt = sp.symbols("a b sigma dt", positive=True)
n, k, T = sp.symbols("n k T", integer=True, positive=True)
p = sp.Symbol("p", positive=True)


def linear_score() -> Formulas:
    """Potential after T free steps of x' = A x + noise: normal about v A_T00 + w A_T01.

    For a current that the potential does not feed, A = [[a, d], [0, b]]: A^T has the entries a^T,
    d (a^T - b^T)/(a - b), b^T. So P(v_T >= theta), no threshold between, depends on (v, w) through
    the score v + kappa_T w alone, kappa_T = d (1 - (b/a)^T)/(a - b), which grows from d/a (L11)
    towards d/(a - b): the current counts more, the later the effect. The noise of step s is kept by
    a^(T - s), so the variance is sigma^2 (1 - a^(2 T))/(1 - a^2).
    """
    d = sp.Symbol("d", real=True)
    step = sp.Matrix([[a, d], [0, b]])
    power = sp.Matrix([[a**T, d * (a**T - b**T) / (a - b)], [0, b**T]])
    equal(sp.simplify(power.subs(T, 1) - step).norm(), 0)
    following = sp.Matrix(
        [[a ** (T + 1), d * (a ** (T + 1) - b ** (T + 1)) / (a - b)], [0, b ** (T + 1)]]
    )
    for left, right in zip(step * power, following, strict=True):  # induction
        equal(sp.simplify(sp.expand((left - right) * (a - b))), 0)
    kappa = d * (1 - (b / a) ** T) / (a - b)
    equal(
        sp.powsimp(sp.expand(kappa * a**T * (a - b)), force=True), sp.expand(power[0, 1] * (a - b))
    )
    equal(kappa.subs(T, 1), d / a)
    variance = sigma**2 * (1 - a ** (2 * T)) / (1 - a**2)
    equal(sp.simplify(variance.subs(T, T + 1) - (a**2 * variance + sigma**2)), 0)
    return {
        "score_coefficient": kappa,
        "variance": variance,
        "mean_v": power[0, 0],
        "mean_w": power[0, 1],
    }


def one_step_score() -> Formulas:
    """One step: P(spike) = Phi(F/sigma), F = f(v, w) - next threshold: F is the causal score.

    The next potential is f + sigma xi, the next threshold a function of (v, w) as well, so the
    spike is xi >= -F/sigma. Two micro states of one margin act alike. An input c of the others that
    is added after the flow adds its gain B to every margin: p_c = Phi((F + B c)/sigma), so one
    order of the states serves all contexts.
    """
    spike = 1 - cdf(-f / sigma)
    equal(spike, cdf(f / sigma))
    positive(cdf(f / sigma).diff(f))
    gain = sp.Symbol("B", positive=True)
    shifted = cdf((f + gain * c) / sigma)
    positive(shifted.diff(f))  # so it orders micro states by F in every context
    return {"p": cdf(f / sigma), "p_c": shifted}


def no_score_for_bins() -> Formulas:
    """Two steps: P(no spike) is no function of one linear score; a bin needs the plane.

    With mean margin f of the first step and w after it, and next margin a x + b w, it is
    H(f, w) = E 1{x < 0} Phi(-(a x + b w)/sigma), x = f + sigma xi. A function of one linear score
    has a constant ratio H_w/H_f. Where the first step surely is quiet (f far below 0) the indicator
    goes and H = Phi(-(a f + b w)/(sigma sqrt(1 + a^2))), with ratio b/a; where the second surely is
    (b w far below 0) H = Phi(-f/sigma), with ratio 0.
    """
    # E Phi(alpha + beta xi) = Phi(alpha/sqrt(1 + beta^2)): equal derivatives, equal limits
    alpha = sp.Symbol("alpha", real=True)
    beta = sp.Symbol("beta", positive=True)
    width = 1 / sp.sqrt(1 + beta**2)  # phi(z) phi(alpha + beta z) is a normal density in z ...
    density = pdf((z + alpha * beta * width**2) / width) / width
    right = cdf(alpha * width).diff(alpha)  # ... times this
    equal(sp.simplify(pdf(z) * pdf(alpha + beta * z) / (density * right)), 1)
    first = cdf(-(a * f + b * w) / (sigma * sp.sqrt(1 + a**2)))
    equal(sp.simplify(first.diff(w) / first.diff(f)), b / a)
    second = cdf(-f / sigma)
    equal(second.diff(w), 0)
    positive(-second.diff(f))
    return {"ratio_first_quiet": b / a, "quiet_then": first}


def bin_bounds() -> Formulas:
    """No-spike G_k: abs(G_f) <= phi(0)/sigma, abs(G_ff) <= 2 phi(1)/sigma^2, G_w by recursion.

    G_{k+1}(f, w) = integral of N(x; f, sigma) h(x, w), 0 <= h <= 1, h = G_k(F, g) for x < 0. Its
    derivatives in f are integrals of h times derivatives of N, at most the integral of their
    positive part: phi(0)/sigma, and 2 phi(1)/sigma^2. Between two values d apart, a function of
    curvature at most K keeps within K d^2/8 of the chord, so of the hull of the values. In w,
    abs(G_{k+1,w}) <= abs(F_w) phi(0)/sigma + abs(g_w) sup abs(G_{k,w}), starting at 0: for constant
    bounds a geometric sum.
    """
    normal = pdf((x - f) / sigma) / sigma
    rise = normal.diff(f).subs(x, f + sigma * z) * sigma
    equal(rise, (-pdf(z) / sigma).diff(z))  # positive for z > 0
    slope = pdf(sp.Integer(0)) / sigma
    curve = normal.diff(f, 2).subs(x, f + sigma * z) * sigma
    equal(curve, (z**2 - 1) * pdf(z) / sigma**2)  # positive outside -1..1
    equal(curve, (-z * pdf(z) / sigma**2).diff(z))  # whole integral 0: negative part as large
    curvature = 2 * pdf(sp.Integer(1)) / sigma**2

    d, K = sp.symbols("d K", positive=True)
    bump = K * t * (d - t) / 2  # curvature -K, 0 at both ends: the worst deviation
    equal(bump.diff(t, 2), -K)
    equal(bump.subs(t, sp.solve(bump.diff(t), t)[0]), K * d**2 / 8)

    F_w, g_w = sp.symbols("F_w g_w", positive=True)
    total = F_w * slope * (1 - g_w ** (k - 1)) / (1 - g_w)
    equal(sp.simplify(total.subs(k, k + 1) - (F_w * slope + g_w * total)), 0)
    equal(total.subs(k, 1), 0)
    return {"slope": slope, "curvature": curvature, "between": K * d**2 / 8, "slope_w": total}


def adex_and_izhikevich() -> Formulas:
    """Euler's v: AdEx rises with v where dt < C/g_L; Izhikevich's folds at v = -(5 + 1/dt)/0.08.

    AdEx: f = v + dt (-g_L (v - E_L) + g_L D exp((v - V_T)/D) - w + I)/C has
    f_v = 1 - dt g_L/C + (dt g_L/C) exp((v - V_T)/D) > 0 and f_w = -dt/C. Izhikevich:
    f = v + dt (0.04 v^2 + 5 v + 140 - u + I) has f_v = 1 + dt (0.08 v + 5), f_u = -dt; below the
    fold a lower potential makes a spike likelier, and two potentials as far from it act alike.
    """
    V_T, E_L, current, u = sp.symbols("V_T E_L I u", real=True)
    C, g_L, D = sp.symbols("C g_L D", positive=True)
    adex = v + dt * (-g_L * (v - E_L) + g_L * D * sp.exp((v - V_T) / D) - w + current) / C
    share, excess = sp.symbols("share excess", positive=True)
    rate = adex.diff(v).subs(g_L, C * share / dt)  # share = dt g_L/C
    equal(rate, 1 - share + share * sp.exp((v - V_T) / D))
    positive(rate.subs(share, 1 / (1 + excess)))
    equal(adex.diff(w), -dt / C)
    izhikevich = v + dt * (sp.Rational(4, 100) * v**2 + 5 * v + 140 - u + current)
    fold = sp.solve(izhikevich.diff(v), v)[0]
    equal(fold, -(5 + 1 / dt) / sp.Rational(8, 100))
    equal(sp.expand(izhikevich.subs(v, fold + t) - izhikevich.subs(v, fold - t)), 0)
    equal(izhikevich.diff(u), -dt)
    return {"adex_slope": rate, "fold": fold, "izhikevich_slope": izhikevich.diff(v)}


def clopper_pearson() -> Formulas:
    """P(Bin(n, p) >= x) is the beta(x, n - x + 1) law at p: the exact band is two beta quantiles.

    d/dp of C(n, j) p^j q^(n-j) is n (b_{j-1} - b_j), b_j = C(n-1, j) p^j q^(n-1-j); the sum over
    j >= x telescopes to n b_{x-1}, the beta density, positive. So {p : P(X >= x) > miss/2} is
    p > L(x), and P(X <= x) > miss/2 is p < U(x) likewise. L(X) > p only if P(X' >= X) <= miss/2,
    and the chance of such an X is at most miss/2: the tail at the least such x. Both sides: miss.
    With miss = (1 - confidence)/(cells x contexts) all bands hold together (Boole).
    """
    j, number = sp.symbols("j number", integer=True, positive=True)
    q = 1 - p
    term = sp.binomial(number, j) * p**j * q ** (number - j)
    before = sp.binomial(number - 1, j - 1) * p ** (j - 1) * q ** (number - j)
    after = sp.binomial(number - 1, j) * p**j * q ** (number - 1 - j)
    left = sp.simplify(sp.gammasimp((term.diff(p) / before).rewrite(sp.gamma)))
    right = sp.simplify(sp.gammasimp((number * (before - after) / before).rewrite(sp.gamma)))
    equal(left, right)
    for size, least in ((1, 1), (5, 3), (8, 2), (8, 8)):
        tail = sum(sp.binomial(size, i) * p**i * q ** (size - i) for i in range(least, size + 1))
        density = size * sp.binomial(size - 1, least - 1) * p ** (least - 1) * q ** (size - least)
        equal(sp.expand(tail.diff(p)), sp.expand(density))
        equal(sp.expand(sp.integrate(sp.expand(density), (p, 0, 1))), 1)
    all_hold = 1 - n * k * ((1 - p) / (n * k))
    equal(all_hold, p)
    return {"miss": (1 - p) / (n * k)}


def bounded_mean() -> Formulas:
    """Means of n independent numbers in [0, 1]: P(mean >= m) <= exp(-n kl(m, p)), m >= p.

    exp(s x) is convex, below its chord 1 - x + x exp(s): E exp(s X) <= 1 - p + p exp(s). Markov's
    inequality gives exp(-n (s m - log(1 - p + p exp(s)))), least at exp(s) = m (1-p)/(p (1-m)),
    where the exponent is kl. From below the same with 1 - X. So {p : kl(m, p) <= log(2/miss)/n} is
    missed with probability miss at most. Source: Hoeffding, J Am Stat Assoc 58:13 (1963).
    """
    s = sp.Symbol("s", real=True)
    equal(sp.exp(s * x).diff(x, 2), s**2 * sp.exp(s * x))  # convex
    chord = 1 - x + x * sp.exp(s)
    for end in (0, 1):
        equal(chord.subs(x, end), sp.exp(s * end))
    up, gap = sp.symbols("up gap", positive=True)
    low = 1 / (1 + up + gap)
    high = (1 + gap) / (1 + up + gap)  # any 0 < p < m < 1
    exponent = s * m - sp.log(1 - p + p * sp.exp(s))
    best = sp.log(m * (1 - p) / (p * (1 - m)))
    numbers = {p: low, m: high}
    equal(sp.simplify(exponent.diff(s).subs(s, best).subs(numbers)), 0)
    kl = m * sp.log(m / p) + (1 - m) * sp.log((1 - m) / (1 - p))
    difference = (exponent.subs(s, best) - kl).subs(numbers)
    equal(sp.simplify(sp.expand_log(difference, force=True)), 0)
    # kl >= 2 (m - p)^2, by its second derivative in m: Pinsker's inequality for coins
    equal(sp.factor(sp.together(kl.diff(m, 2) - 4)), sp.factor((1 - 2 * m) ** 2 / (m * (1 - m))))
    equal(kl.diff(m).subs(m, p), 0)
    return {"kl": kl}


def variation_of_estimates() -> Formulas:
    """TV of an estimated law: P(TV >= t) <= (2^Y - 2) exp(-2 n t^2); TV <= sum of possible rises.

    TV is the largest difference p(A) - q(A) over events A, attained at the outcomes that rise; all
    events and none give 0, which leaves 2^Y - 2, and for each Hoeffding's inequality (V7) with
    kl >= 2 t^2. It is the sum of what outcomes rise, and of what they fall, so bounds of each
    outcome's rise (fall) bound it. Source: Weissman et al., HPL-2003-97 (2003).
    """
    outcomes = 3
    rise = sp.symbols("r0:3", real=True)
    zero_sum = [rise[0], rise[1], -rise[0] - rise[1]]
    values = [(sp.Rational(1, 5), sp.Rational(-3, 10)), (sp.Rational(1, 7), sp.Rational(2, 7))]
    for numbers in values:
        each = [r.subs(dict(zip(rise, numbers, strict=False))) for r in zero_sum]
        half = sum(abs(r) for r in each) / 2
        events = [
            sum(itertools.compress(each, chosen), start=sp.Integer(0))
            for chosen in itertools.product([0, 1], repeat=outcomes)
        ]
        equal(max(events), half)
        equal(sum(r for r in each if r > 0), half)
        equal(-sum(r for r in each if r < 0), half)
    Y, miss = sp.symbols("Y miss", positive=True)
    far = sp.sqrt(sp.log((2**Y - 2) / miss) / (2 * n))
    equal(sp.simplify((2**Y - 2) * sp.exp(-2 * n * far**2)), miss)
    return {"far": far}


def macro_factors() -> Formulas:
    """TV(P x R, Q x R) = TV(P, Q); of three outcomes TV = the largest difference; primed peaks.

    A factor that does not vary sums out: sum |p_i - q_i| r_j = sum |p_i - q_i|. Differences of
    three probabilities add to 0, so one of them is minus the sum of two of one sign, and half the
    sum of sizes is the largest size. P(primed) = Phi((theta - m)/sigma) - Phi((cut - m)/sigma)
    rises with the mean m up to (cut + theta)/2 and falls after it: on an interval of means it is
    largest at the point nearest to that and least at an end.
    """
    excess = sp.Symbol("excess", positive=True)
    factor = [1 / (1 + excess), excess / (1 + excess)]
    joint = sum((sp.Abs(x * r - t * r) for r in factor), start=sp.Integer(0))
    equal(joint, sp.Abs(x - t))
    first, second = sp.symbols("first second", positive=True)
    half = (first + second + (first + second)) / 2  # two of one sign, the third balances them
    equal(half, first + second)
    cut = sp.Symbol("cut", real=True)
    h = sp.Symbol("h", positive=True)
    half_width = sp.Symbol("half_width", positive=True)
    primed = cdf((theta - m) / sigma) - cdf((cut - m) / sigma)
    around = {theta: x + half_width, cut: x - half_width}
    for sign in (1, -1):
        slope = primed.diff(m).subs(around).subs(m, x + sign * h)
        size = 2 / sigma * pdf(half_width / sigma) * sp.exp(-(h**2) / (2 * sigma**2))
        size = size * sp.sinh(half_width * h / sigma**2)
        equal(sp.expand(slope.rewrite(sp.exp)), sp.expand(-sign * size.rewrite(sp.exp)))
        positive(size)
    return {"primed": primed, "best": (cut + theta) / 2}


RESULTS: Results = {
    "V1": linear_score,
    "V2": one_step_score,
    "V3": no_score_for_bins,
    "V4": bin_bounds,
    "V5": adex_and_izhikevich,
    "V6": clopper_pearson,
    "V7": bounded_mean,
    "V8": variation_of_estimates,
    "V9": macro_factors,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
