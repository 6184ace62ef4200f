"""How far a macro chain is trusted: errors that add up, contract, and stay within bounds.

P is the micro kernel, Lambda the map from micro to macro states (matrix A of indicators), Q the
macro chain, delta(u) = TV(P A (u, .), Q(x(u), .)) its error in one step from the micro state u, and
tau(Q) the largest total variation between two rows of Q. Total variation is half the sum of
absolute differences. Run this file to prove Q1-Q10.
"""

import itertools

import sympy as sp

from proof import Formulas, Results, cdf, equal, pdf, positive, report

HALF = sp.Rational(1, 2)
s = sp.Symbol("sigma", positive=True)
u, x, y = sp.symbols("u x y", real=True)
a, b = sp.symbols("a b", nonnegative=True)


def distance(p: sp.Matrix, q: sp.Matrix) -> sp.Expr:
    """Return the total variation between two rows."""
    return HALF * sum((sp.Abs(each) for each in p - q), sp.Integer(0))


def contraction(rows: sp.Matrix) -> sp.Expr:
    """Return tau, the largest total variation between two rows."""
    pairs = itertools.combinations(range(rows.rows), 2)
    return sp.Max(*(distance(rows[i, :], rows[j, :]) for i, j in pairs))


def worst_law() -> Formulas:
    """The worst initial law is a single micro state: the error is convex in the law.

    mu P^t A - (mu A) Q^t is linear in mu, and so is a mean of its values at single states. An
    absolute value is convex: a |x| + b |y| - sign (a x + b y) = a (|x| - sign x) + b (|y| - sign
    y), and |x| - sign x >= 0 for either sign. So no mixture has a larger error than its worst part.
    """
    for sign in (1, -1):
        gap = a * sp.Abs(x) + b * sp.Abs(y) - sign * (a * x + b * y)
        equal(gap, a * (sp.Abs(x) - sign * x) + b * (sp.Abs(y) - sign * y))
        for value in (x, -x):  # |x| is one of x and -x, the larger one
            size = sp.Symbol("size", nonnegative=True)
            rest = (sp.Abs(value) - sign * value).subs(x, size)
            equal(rest * (rest - 2 * size), 0)  # 0 or 2 |x|
    mu, micro, member, macro = sp.symbols("mu P A Q", commutative=False)
    nu = sp.Symbol("nu", commutative=False)
    mixed = (a * mu + b * nu) * micro**2 * member - (a * mu + b * nu) * member * macro**2
    parts = [law * micro**2 * member - law * member * macro**2 for law in (mu, nu)]
    equal(sp.expand(mixed - a * parts[0] - b * parts[1]), 0)
    return {"bound": a * sp.Abs(x) + b * sp.Abs(y)}


def contraction_of_differences() -> Formulas:
    """One step shrinks the distance of two laws to tau(Q) of it or less.

    Write the difference of two laws as c (alpha - beta), c their total variation and alpha, beta
    laws (its positive and its negative part). Then (alpha - beta) Q is the mean of Q_i - Q_j over
    independent i ~ alpha, j ~ beta, each at most tau(Q) in total variation. Two single states with
    the farthest rows attain it.
    """
    size = 3
    q = sp.Matrix(size, size, sp.symbols(f"q:{size}:{size}", real=True))
    one, other = (list(sp.symbols(f"{name}:{size - 1}", real=True)) for name in ("alpha", "beta"))
    alpha, beta = (sp.Matrix([[*law, 1 - sum(law)]]) for law in (one, other))
    mean = sp.zeros(1, size)
    for i, j in itertools.product(range(size), repeat=2):
        mean += alpha[i] * beta[j] * (q[i, :] - q[j, :])
    for left, right in zip((alpha - beta) * q, mean, strict=True):
        equal(sp.expand(left - right), 0)
    tau, before = sp.symbols("tau before", nonnegative=True)
    return {"after": tau * before}


def telescoping() -> Formulas:
    """TV(mu P^t A, (mu A) Q^t) <= sum_(s<t) E_(mu P^s)[delta] tau(Q^(t-1-s)) <= eps sum tau(Q^s).

    The error is a sum of one-step errors P A - A Q made at time s and carried on by Q:

        mu P^t A - mu A Q^t = sum_(s<t) mu P^s (P A - A Q) Q^(t-1-s),

    by induction from D_(t+1) = D_t Q + mu P^t (P A - A Q). Each term is a difference of two laws of
    total variation E_(mu P^s)[delta] or less, shrunk by Q2. eps = sup delta bounds every
    expectation. Nothing but linearity is used: with P_s and Q_s that change from step to step
    (interventions) it holds with tau of the product of the later Q.
    """
    mu, micro, member, macro = sp.symbols("mu P A Q", commutative=False)
    step = micro * member - member * macro
    for t in range(1, 6):
        parts = sum((mu * micro**k * step * macro ** (t - 1 - k) for k in range(t)), sp.Integer(0))
        equal(sp.expand(mu * micro**t * member - mu * member * macro**t - parts), 0)
    so_far, power = sp.symbols("M N", commutative=False)  # mu P^t and Q^t, t arbitrary
    now = so_far * member - mu * member * power
    after = so_far * micro * member - mu * member * power * macro
    equal(sp.expand(after - now * macro - so_far * step), 0)
    eps, defect, tau = sp.symbols("eps defect tau", nonnegative=True)
    return {"term": defect * tau, "prior_term": eps * tau}


def errors_by_cell() -> Formulas:
    """|E_p f - E_q f| <= TV(p, q) (max f - min f): what a macro chain knows of its own errors.

    With c the middle of the range of f, sum (p - q) f = sum (p - q) (f - c) since p and q sum to 1,
    and |f - c| <= (max f - min f)/2, while sum |p - q| = 2 TV. So with eps(x) the worst delta in
    cell x, E_(mu P^s)[delta] <= E_((mu A) Q^s)[eps] + b_s (max eps - min eps), b_s a bound on the
    error so far: the sum of Q3 becomes a recursion in macro states alone.
    """
    size = 3
    p, q = (list(sp.symbols(f"{name}:{size - 1}", real=True)) for name in "pq")
    p, q = [*p, 1 - sum(p)], [*q, 1 - sum(q)]
    f, c = sp.symbols(f"f:{size}", real=True), sp.Symbol("c", real=True)
    plain = sum((pi - qi) * fi for pi, qi, fi in zip(p, q, f, strict=True))
    shifted = sum((pi - qi) * (fi - c) for pi, qi, fi in zip(p, q, f, strict=True))
    equal(sp.expand(plain - shifted), 0)
    low, spread, error = sp.symbols("low spread b", nonnegative=True)
    centre = low + spread / 2
    for end, sign in ((low, -1), (low + spread, 1)):
        equal(end - centre, sign * spread / 2)
    return {"excess": 2 * error * (spread / 2)}


def powers() -> Formulas:
    """tau(Q^(l+m)) <= tau(Q^l) tau(Q^m), so tau(Q)^m is a bound on tau(Q^m), but a poor one.

    Rows of Q^(l+m) are rows of Q^l carried on by Q^m: Q2. A chain that moves on and stops has
    tau(Q) = 1, hence tau(Q)^m = 1 for ever, and tau(Q^2) = 0.
    """
    chain = sp.Matrix([[0, 1, 0], [0, 0, 1], [0, 0, 1]])
    equal(contraction(chain), 1)
    equal(contraction(chain**2), 0)
    other = sp.Matrix([[6, 2, 0], [2, 4, 2], [0, 3, 5]]) / 8
    for left, right in ((1, 1), (1, 2), (2, 2)):
        gap = contraction(other**left) * contraction(other**right)
        gap -= contraction(other ** (left + right))
        positive(gap)
    return {"one": contraction(other), "two": contraction(other**2)}


def comparison() -> Formulas:
    """e(t + 1) <= C e(t) + eps: the error of each unit, by Dobrushin's comparison.

    Let given the micro state the units' next macro states be independent, and so for the rows of Q.
    Run X_t = x(U_t) and the macro chain Y_t together, at each step coupling each unit as well as
    its two rows allow, independently of the other units: a coupling of two products. Unit i then
    differs with chance TV(P_i(U), Q_i(Y)) <= TV(P_i(U), Q_i(X)) + TV(Q_i(X), Q_i(Y)). The first is
    at most eps_i. The second changes one coordinate at a time, and those that agree change nothing:
    at most the sum of C_ij over j with X_j != Y_j, C_ij the largest change of row i by coordinate j
    alone. Expectations give the claim, e_i(t) the chance that unit i differs; TV of the joint
    states is at most sum_i e_i(t), that of unit i at most e_i(t). If C^t -> 0, e(t) never exceeds
    e* = (1 - C)^(-1) eps, since e* - e(t) = C^t e* for e(0) = 0 and equality at each step.
    """
    f = sp.Function("f")
    now, then = sp.symbols("x:3"), sp.symbols("y:3")
    mixed = [(*then[:j], *now[j:]) for j in range(4)]
    steps = sum((f(*mixed[j]) - f(*mixed[j + 1]) for j in range(3)), sp.Integer(0))
    equal(f(*now) - f(*then), steps)

    c = sp.Matrix(2, 2, sp.symbols("c:2:2", positive=True))
    eps = sp.Matrix(sp.symbols("eps:2", positive=True))
    limit = (sp.eye(2) - c).inv() * eps
    for row in limit - (c * limit + eps):
        equal(row, 0)
    error = sp.zeros(2, 1)
    for t in range(1, 4):
        error = c * error + eps
        for row in limit - error - c**t * limit:
            equal(row, 0)
    return {"limit_0": sp.simplify(limit[0]), "limit_1": sp.simplify(limit[1])}


def three_outcomes() -> Formulas:
    """With two or three outcomes, total variation is the largest difference of one chance.

    The differences sum to 0. Of three, two have one sign: d_0, d_1 >= 0 and d_2 = -(d_0 + d_1), so
    half their absolute sum is d_0 + d_1 = |d_2|, the largest. The other sign and other orders are
    the same; two outcomes are d_1 = 0. With four it fails: 1/2 (1, 1, -1, -1).
    """
    d = sp.symbols("d:2", nonnegative=True)
    largest = d[0] + d[1]
    equal(HALF * (d[0] + d[1] + sp.Abs(-largest)), largest)
    for each in d:
        rest = largest - each
        equal(rest * (rest - d[0]) * (rest - d[1]), 0)  # the other one, not negative
    four = [HALF, HALF, -HALF, -HALF]
    equal(HALF * sum(map(sp.Abs, four)) - sp.Max(*map(sp.Abs, four)), HALF)
    return {"distance": largest}


def most_primed() -> Formulas:
    """P(cut <= m + sigma xi < theta) is largest at m = (cut + theta)/2 and falls to both sides.

    With m = (cut + theta)/2 + h and half = (theta - cut)/2 the derivative in m is -(2/sigma)
    phi(half/sigma) exp(-h^2/(2 sigma^2)) sinh(half h/sigma^2). So on an interval of m the least
    value is at an end, and the greatest at the point nearest to the middle. Where the cut moves
    with the synaptic current as well: the chance is the integral over y of a Gaussian density in y
    - m times the indicator of cut <= y < theta, both log-concave in (y, m, cut) jointly, so it is
    log-concave in (m, cut) (Prekopa 1971); its least value over a polygon is at a corner, and its
    largest over one coordinate is log-concave in the other. It grows as the cut falls.
    """
    cut, m, theta = sp.symbols("cut m theta", real=True)
    h, half = sp.symbols("h half", positive=True)
    chance = cdf((theta - m) / s) - cdf((cut - m) / s)
    for sign in (1, -1):
        where = {m: theta - half + sign * h, cut: theta - 2 * half}
        slope = chance.diff(m).subs(where)
        size = 2 / s * pdf(half / s) * sp.exp(-(h**2) / (2 * s**2)) * sp.sinh(half * h / s**2)
        equal(sp.expand(slope.rewrite(sp.exp)), sp.expand(-sign * size.rewrite(sp.exp)))
        positive(size)
    positive(-chance.diff(cut))
    equal(sp.diff(sp.log(pdf(u)), u, 2), -1)  # the Gaussian density is log-concave
    return {"m": (cut + theta) / 2, "chance": chance}


def product_of_units() -> Formulas:
    """TV of two products is at most 1 - prod_i (1 - e_i) <= sum_i e_i, e_i the distance of unit i.

    Couple each unit so that it differs with chance e_i, independently: all agree with chance prod_i
    (1 - e_i), and total variation is at most the chance that they do not. Two units at a time: 1 -
    (1 - a)(1 - b) = a + b - a b <= a + b.
    """
    together = 1 - (1 - a) * (1 - b)
    equal(sp.expand(a + b - together), a * b)
    return {"together": sp.expand(together)}


def smeared_interval() -> Formulas:
    """Uniform mean plus noise: (Phi((u - low)/sigma) - Phi((u - low - width)/sigma))/width.

    The density of u = m + sigma xi, m uniform from low to low + width; a normal one as width -> 0.
    It is the mean of phi((u - m)/sigma)/sigma over m; width times it starts at 0 and grows by that
    integrand.
    """
    low = sp.Symbol("low", real=True)
    width = sp.Symbol("width", positive=True)
    density = (cdf((u - low) / s) - cdf((u - low - width) / s)) / width
    grown = width * density
    equal(grown.subs(width, 0), 0)
    equal(grown.diff(width), pdf((u - low - width) / s) / s)
    equal(grown.diff(width).subs(width, 0), pdf((u - low) / s) / s)  # the limit, by l'Hopital
    return {"density": density, "narrow": pdf((u - low) / s) / s}


RESULTS: Results = {
    "Q1": worst_law,
    "Q2": contraction_of_differences,
    "Q3": telescoping,
    "Q4": errors_by_cell,
    "Q5": powers,
    "Q6": comparison,
    "Q7": three_outcomes,
    "Q8": most_primed,
    "Q9": product_of_units,
    "Q10": smeared_interval,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
