"""How to spend random numbers: conditioning, common random numbers, antithetic pairs.

S is the spike of one run at its last step and p = P(S = 1 | the state one step before), which a
kernel knows in closed form (L3 of `01_lif.py`). Run this file to prove S6-S8.
"""

import sympy as sp

from proof import Formulas, Results, cdf, equal, positive, report

rho = sp.Symbol("rho", positive=True)
p, q, x, y, w = sp.symbols("p q x y w", positive=True)


def rao_blackwell() -> Formulas:
    """p in place of S: the same mean, and Var S - Var p = E[p (1 - p)] >= 0.

    S^2 = S and E[S | state] = p, so E S = E p = pi and E S^2 = pi. Equal only if p is always 0 or
    1: the last step has no noise left. For a Gaussian mean potential, p = Phi(g xi) around the
    threshold, Var p = asin(rho)/(2 pi) with rho = g^2/(1 + g^2) the correlation of two runs that
    share the state: pi/(2 asin(rho)) times fewer runs for the same error.
    Source: Blackwell, Ann. Math. Stat. 18:105 (1947); Sheppard, Phil. Trans. A 192:101 (1899).
    """
    mean, second = sp.symbols("mean second", positive=True)
    sampled, conditioned = mean - mean**2, second - mean**2
    gain = sampled - conditioned
    equal(gain, mean - second)  # E[p - p^2]
    weight, low, high = 1 / (1 + w), 1 / (1 + x), 1 / (1 + y)  # any law on two values of p
    law = {
        mean: weight * low + (1 - weight) * high,
        second: weight * low**2 + (1 - weight) * high**2,
    }
    equal(gain.subs(law), weight * low * (1 - low) + (1 - weight) * high * (1 - high))
    positive(gain.subs(law))
    equal(gain.subs({mean: w, second: w}), 0)  # p in {0, 1}: p^2 = p

    z = sp.Symbol("z", real=True)
    joint = sp.exp(-(z**2 + z**2 - 2 * rho * z * z) / (2 * (1 - rho**2)))
    joint = joint / (2 * sp.pi * sp.sqrt(1 - rho**2))
    both = sp.Rational(1, 4) + sp.asin(rho) / (2 * sp.pi)  # E p^2 = P(two runs spike)
    equal(both.diff(rho), joint.subs(z, 0))  # Plackett's identity, from independence at rho = 0
    equal(both.subs(rho, 0), sp.Rational(1, 4))
    variance = conditioned.subs({second: both, mean: sp.Rational(1, 2)})
    fewer = sampled.subs(mean, sp.Rational(1, 2)) / variance
    equal(fewer, sp.pi / (2 * sp.asin(rho)))
    return {"gain": gain, "variance": variance, "fewer_runs": fewer}


def common_numbers() -> Formulas:
    """Contrast X - Y: Var X + Var Y - 2 Cov(X, Y); the rows' own variances stay what they are.

    Sharing noise changes the joint law only. Spikes of probabilities p <= q from one uniform
    number: Cov = p (1 - q), the most there can be as P(both) <= p, and the contrast has
    (q - p)(1 - (q - p)) in place of p (1 - p) + q (1 - q). But the mean of n rows, correlated by
    rho, has Var (1 + (n - 1) rho)/n in place of Var/n: shared noise spoils effective information.
    Source: Glasserman & Yao, Management Science 38:884 (1992).
    """
    mx, my, mxx, myy, mxy, variance = sp.symbols("mx my mxx myy mxy variance", real=True)
    n = sp.Symbol("n", integer=True, positive=True)
    square = mxx - 2 * mxy + myy  # E (X - Y)^2
    own = (mxx - mx**2) + (myy - my**2)
    equal(square - (mx - my) ** 2, own - 2 * (mxy - mx * my))

    spikes = {mx: p, my: q, mxx: p, myy: q}
    shared = (square - (mx - my) ** 2).subs({**spikes, mxy: p})  # the smaller one implies both
    equal(shared, (q - p) * (1 - (q - p)))
    independent = own.subs(spikes)
    equal(independent - shared, 2 * p * (1 - q))
    order = {q: 1 / (1 + x), p: 1 / (1 + x) / (1 + y)}  # any 0 < p < q < 1
    positive((independent - shared).subs(order))
    mean_of_rows = (n * variance + n * (n - 1) * rho * variance) / n**2
    equal(mean_of_rows, variance * (1 + (n - 1) * rho) / n)
    return {"shared": shared, "independent": independent, "mean_of_rows": mean_of_rows}


def antithetic() -> Formulas:
    """f monotone in the noise: Cov(f(xi), f(-xi)) <= 0, so pairs beat as many independent runs.

    2 Cov(f, g) = E[(f(xi) - f(xi'))(g(xi) - g(xi'))] for an independent copy xi'; g(x) = f(-x)
    falls where f rises, so no product is positive. A pair's mean has (Var f + Cov)/2 in place of
    Var f/2. A spike, f = 1 where xi >= z, p <= 1/2: both cannot spike, Cov = -p^2 and the ratio is
    (1 - 2 p)/(1 - p); p >= 1/2: the same with 1 - p. p = Phi(g xi) of S6: a pair's mean is exactly
    1/2. An f that is even in xi doubles its variance instead.
    Source: Hammersley & Morton, Math. Proc. Camb. Phil. Soc. 52:449 (1956).
    """
    f, f2, g, g2, mean_fg, mean_f, mean_g = sp.symbols("f f2 g g2 mean_fg mean_f mean_g", real=True)
    product = sp.expand((f - f2) * (g - g2))
    moments = {f * g: mean_fg, f2 * g2: mean_fg, f * g2: mean_f * mean_g, f2 * g: mean_f * mean_g}
    terms = product.as_coefficients_dict().items()
    expectation = sum(count * moments[term] for term, count in terms)
    equal(expectation, 2 * (mean_fg - mean_f * mean_g))
    positive(-((f - f2) * (g - g2)).subs({f: f2 + x, g: g2 - y}))  # f rises, g falls

    variance, covariance = p - p**2, -(p**2)  # P(both) = 0
    pair = (variance + covariance) / 2
    equal(pair / (variance / 2), (1 - 2 * p) / (1 - p))
    often = sp.Symbol("often", positive=True)  # p >= 1/2: at least one spikes, P(both) = 2 p - 1
    equal((2 * often - 1 - often**2), -((1 - often) ** 2))
    xi = sp.Symbol("xi", real=True)
    equal((cdf(w * xi) + cdf(-w * xi)) / 2, sp.Rational(1, 2))
    return {"pair": pair, "ratio": pair / (variance / 2)}


RESULTS: Results = {"S6": rao_blackwell, "S7": common_numbers, "S8": antithetic}


def main() -> None:
    """Prove every result and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
