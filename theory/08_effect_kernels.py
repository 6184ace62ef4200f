"""Effects over a bin of time: several steps, crossings between steps, continuous time.

Potentials are told by their distance below threshold in units of the noise of a step. A step takes
the scaled gap x = a (theta - v)/sigma to the scaled gap z = x + d + noise, with
d = (theta - mean(theta))/sigma how far a step takes the unit down from threshold. Inputs that jump
the potential at the end of the step come after it. Run this file to prove K1-K11.
"""

import importlib

import sympy as sp

from proof import Formulas, Results, cdf, equal, pdf, positive, quantile, report

lif = importlib.import_module("01_lif")
simulation = importlib.import_module("06_simulation")

v, mu, theta, d, y = sp.symbols("v mu theta d y", real=True)
x, z, u, h, D = sp.symbols("x z u h D", positive=True)
a, sigma, tau, t, sd = sp.symbols("a sigma tau t sd", positive=True)
HALF = sp.Rational(1, 2)
MEAN_ABS = sp.sqrt(2 / sp.pi)  # E|xi|
MEAN_BEND = 4 * pdf(sp.Integer(1))  # E|xi^2 - 1|


def bin_of_steps() -> Formulas:
    """P(no spike in T steps) = P(v_1 < theta, ..., v_T < theta) of the free path, a normal vector.

    Up to the first spike the path is the free one, so S_T(v) = integral over y < theta of
    N(y; mean(v), sigma^2) S_{T-1}(y) dy unrolls to a normal orthant with mean mu + a^k (v - mu) and
    covariance sigma^2 a^(k - j) (1 - a^(2 j))/(1 - a^2), j <= k. It falls with v and with the
    input: v_k increases with both for every noise. The law of spike counts or words is the same
    recursion with the spike written down.
    """
    j, k = sp.symbols("j k", integer=True, positive=True)
    covariance = sigma**2 * a ** (k - j) * (1 - a ** (2 * j)) / (1 - a**2)
    variance = covariance.subs(k, j)
    equal(variance.subs(j, 1), sigma**2)
    equal(variance.subs(j, j + 1), a**2 * variance + sigma**2)
    equal(sp.powsimp(covariance.subs(k, k + 1) - a * covariance), 0)  # later noise is independent
    mean = mu + a**k * (v - mu)
    equal(mean.subs(k, 1), mu + a * (v - mu))
    equal(sp.powsimp(mean.subs(k, k + 1) - (mu + a * (mean - mu))), 0)
    positive(mean.diff(v))
    return {"mean": mean, "covariance": covariance}


def first_spike_tells() -> Formulas:
    """Reset to a value: laws of words or counts are no further apart than those of the first spike.

    After the first spike nothing is left of v. So K(v, w) = sum over k of P(first spike at k | v)
    R(k, w) with one matrix R for all v, and a channel never raises total variation. For words it
    keeps it, shown for two steps: each word has one first spike, no two rows of R share a word.
    """
    first = sp.symbols("f:3", real=True)  # difference of first-spike laws in a word of two steps
    again = sp.Symbol("again", positive=True)  # P(spike one step after a spike)
    quiet = 1 / (1 + sp.Symbol("excess", positive=True))
    rates = {again: quiet}
    words = [first[0] * again, first[0] * (1 - again), first[1], first[2]]
    total = sum(sp.Abs(word) for word in words).subs(rates)
    equal(total, sum(sp.Abs(f) for f in first))
    return {"words": total}


def first_step_bound() -> Formulas:
    """TV of effects of v and v + h, any number of steps: at most 2 Phi(a h/(2 sigma)) - 1.

    All that follows sees v through the potential after the first step, N(mean(v), sigma^2), and the
    law of that moves by a h: its two densities cross in the middle. In a cell of width h, the mean
    of the effects of its ends is within 2 Phi(a h/(4 sigma)) - 1 of every effect in it: the bound
    is concave in the distance, and the distances to the two ends have the sum h.
    """
    shift = a * h / sigma
    apart = cdf(shift / 2) - cdf(-shift / 2)
    equal(apart, 2 * cdf(a * h / (2 * sigma)) - 1)
    bound = 2 * cdf(x / 2) - 1
    positive(-bound.diff(x, 2))
    part = sp.Symbol("part", real=True)
    both = (apart.subs(h, h / 2 + part) + apart.subs(h, h / 2 - part)) / 2
    equal(both.diff(part).subs(part, 0), 0)  # with concavity: largest in the middle of the cell
    return {"apart": apart, "centre": both.subs(part, 0)}


def bulge() -> Formulas:
    """On a cell of width h effects are within h^2/8 (a/sigma)^2 2 phi(1) of their chord, in TV.

    K(v) = integral of N(y; mean(v), sigma^2) G(y) dy with laws G: half the L1 norm of K'' is at
    most (a/sigma)^2 E|xi^2 - 1|/2, and E|xi^2 - 1| = 4 phi(1). A function with values in a normed
    space and a second derivative of norm M at most is within M h^2/8 of its chord, for the Green's
    function of the chord has integral (v - lo)(hi - v)/2. On the chord TV to a row is convex,
    largest at an end.
    """
    equal(2 * sp.integrate((1 - y**2) * pdf(y), (y, -1, 1)), MEAN_BEND)  # the two parts are equal
    equal(sp.integrate((y**2 - 1) * pdf(y), (y, -sp.oo, sp.oo)), 0)
    equal(pdf(y).diff(y, 2), (y**2 - 1) * pdf(y))
    place = sp.Symbol("place", positive=True)
    green = place * (h - place) / 2  # integral of the Green's function, solves g'' = -1
    equal(green.diff(place, 2), -1)
    equal(green.subs(place, h / 2), h**2 / 8)
    norm = (a / sigma) ** 2 * MEAN_BEND / 2
    return {"norm": norm, "bulge": norm * h**2 / 8}


def bridge_step() -> Formulas:
    """Bridge step: survivors have density phi(z - x - d) - exp(-2 x d) phi(z + x - d), z > 0.

    It is the free density times 1 - exp(-2 x z), which is 1 - exp(-2 a g0 g1/sigma^2) of S4: the
    law of Brownian motion of unit variance and drift d that 0 absorbs. Hence
    S(x) = Phi(x + d) - exp(-2 x d) Phi(d - x), which vanishes at threshold and rises with the gap,
    S'(x) = 2 phi(x + d) + 2 d exp(-2 x d) Phi(d - x) > 0: for d < 0 by Mills' bound
    Phi(-w) < phi(w)/w at w = x - d. Two such paths driven by the same noise stay in order, so
    survival over any number of steps rises with the gap.
    """
    image = sp.exp(-2 * x * d) * pdf(z + x - d)
    equal(sp.powsimp(sp.expand(image / pdf(z - x - d))), sp.exp(-2 * x * z))
    scaled = simulation.RESULTS["S4"]()["p"].subs(
        {simulation.gap0: x * sigma / a, simulation.gap1: z * sigma}
    )
    equal(scaled, sp.exp(-2 * x * z))
    # Both solve p_s = -d p_z + p_zz/2 at time s = 1, for general s:
    s = sp.Symbol("s", positive=True)
    for centre, weight in ((x + d * s, 1), (-x + d * s, sp.exp(-2 * x * d))):
        density = weight * pdf((z - centre) / sp.sqrt(s)) / sp.sqrt(s)
        equal(density.diff(s), -d * density.diff(z) + density.diff(z, 2) / 2)
    equal(sp.powsimp(sp.expand((pdf(z - x - d) - image).subs(z, 0))), 0)

    survivors = cdf(x + d) - sp.exp(-2 * x * d) * cdf(d - x)
    equal(survivors.subs(x, 0), 0)
    slope = 2 * pdf(x + d) + 2 * d * sp.exp(-2 * x * d) * cdf(d - x)
    equal(sp.expand(survivors.diff(x) - slope), 0)
    above = sp.Symbol("above", positive=True)  # Phi(d - x)
    positive(2 * pdf(x + D) + 2 * D * sp.exp(-2 * x * D) * above)
    # d = -D: with Mills the slope is above 2 phi(x - D) (1 - D/(x + D)).
    mills = pdf(x + D) / (x + D)
    least = 2 * pdf(x - D) - 2 * D * sp.exp(2 * x * D) * mills
    equal(sp.powsimp(sp.expand(least / pdf(x - D))), 2 * (1 - D / (x + D)))
    positive(1 - D / (x + D))
    equal((pdf(u) / u - cdf(-u)).diff(u), -pdf(u) / u**2)  # Mills: falls to 0 at infinity
    return {"survivors": survivors, "density": pdf(z - x - d) - image}


def bridge_bulge() -> Formulas:
    """Bridge step: half the L1 norm of K'' is at most (a/sigma)^2 (8 phi(1) + 4 d^2 + 4 d E|xi|).

    d is replaced by 0 where it is negative. The law of a step has the density of K5 and the mass
    that spikes, which is what is missing: half its L1 norm is at most the L1 norm of the density's.
    The free part has E|xi^2 - 1|. The image exp(-2 x d) phi(w), w = z + x - d, bends by
    exp(-2 x d) (4 d^2 phi - 4 d phi' + phi''), for d >= 0 at most
    4 d^2 + 4 d E|xi| + E|xi^2 - 1| in all. For d = -D < 0 it is I (D - u)^2 - I with u = z + x and
    I = exp(2 x D) phi(u + D) <= exp(2 u D) phi(u + D) = phi(u - D), in all E|xi^2 - 1| at most.
    """
    w = z + x - d
    image = sp.exp(-2 * x * d) * pdf(w)
    bend = sp.exp(-2 * x * d) * (
        4 * d**2 * pdf(y) - 4 * d * pdf(y).diff(y) + pdf(y).diff(y, 2)
    ).subs(y, w)
    equal(sp.expand(image.diff(x, 2) - bend), 0)
    equal(2 * sp.integrate(u * pdf(u), (u, 0, sp.oo)), MEAN_ABS)
    up = image.subs(d, -D)
    equal(sp.expand(up.diff(x, 2) / up), sp.expand((D - z - x) ** 2 - 1))
    equal(sp.powsimp(sp.expand(sp.exp(2 * u * D) * pdf(u + D) / pdf(u - D))), 1)
    down = sp.Symbol("down", nonnegative=True)
    norm = (a / sigma) ** 2 * (2 * MEAN_BEND + 4 * down**2 + 4 * down * MEAN_ABS)
    return {"norm": norm}


def absorbing_threshold() -> Formulas:
    """Absorbing LIF with mu = theta: g = 2 Phi(-(theta - v) e^{-t/tau}/(sd sqrt(1 - e^{-2t/tau}))).

    g(v, t) = P(theta reached within t) solves g_t = (mu - v)/tau g_v + (sd^2/tau) g_vv with
    g(theta, t) = 1 and g(v, 0) = 0 for v < theta. For mu = theta the free path is symmetric about
    theta after it gets there, so it is twice the chance to end above theta. g rises with v for
    every mu: two paths of the same noise keep their order.
    """
    left = sp.exp(-t / tau)
    spread = sd * sp.sqrt(1 - left**2)
    g = 2 * cdf(-x * left / spread)  # x = theta - v, the gap in mV
    # In the gap the drift is -x/tau towards theta.
    equal(g.diff(t), -x / tau * g.diff(x) + sd**2 / tau * g.diff(x, 2))
    equal(g.subs(x, 0), 1)
    equal(sp.limit(2 * cdf(-u), u, sp.oo), 0)
    equal(sp.limit((left / spread) ** -1, t, 0, "+"), 0)  # so its argument goes to minus infinity
    positive((-g.diff(x)).subs(t, tau * sp.log(1 + u)))
    gap = sp.Symbol("gap", positive=True)
    return {"g": g.subs(x, gap)}


def short_bins() -> Formulas:
    """Absorbing LIF, short bin: g = 1/2 at theta - .6745 sqrt(2 sd^2 t/tau), for every drive.

    Within a short time noise, sqrt(t), outruns drift, t: Brownian motion of rate 2 sd^2/tau, whose
    chance to reach a gap x is 2 Phi(-x/sqrt(2 sd^2 t/tau)) (S3). For mu = theta it is exact with
    the gap of K7, sd sqrt(e^{2t/tau} - 1) Phi^-1(3/4).
    """
    rate = 2 * sd**2 / tau
    chance = 2 * cdf(-x / sp.sqrt(rate * t))
    gap = sp.sqrt(rate * t) * quantile(sp.Rational(3, 4))
    equal(chance.subs(x, gap), HALF)
    equal(chance.diff(t), rate / 2 * chance.diff(x, 2))
    exact = sd * sp.sqrt(sp.exp(2 * t / tau) - 1) * quantile(sp.Rational(3, 4))
    g = absorbing_threshold()["g"]
    (symbol,) = (s for s in g.free_symbols if s.name == "gap")
    number = sp.N((g.subs(symbol, exact) - HALF).subs({t: 2, tau: 20, sd: 4}), 30)
    assert abs(number) < sp.Float("1e-25")
    equal(sp.limit(exact / gap, t, 0, "+"), 1)
    return {"gap": gap, "gap_at_rest": exact}


def width_of_contexts() -> Formulas:
    """Inputs that differ by w in one step: TV of what follows <= w phi(0)/sigma per step.

    The law after the step is moved by w. A density with one peak differs from itself moved by w by
    at most w times its peak, in TV, and the peak of N(., sigma^2) is phi(0)/sigma. The survivors of
    a bridge step, exp(-z^2/2) sinh(x z) but for constants and a tilt, have one peak too, for their
    logarithm is concave, and no higher one; what the jump takes above threshold is lost from both.
    """
    peak = pdf(sp.Integer(0)) / sigma
    apart = 2 * cdf(x / (2 * sigma)) - 1
    equal(apart.diff(x).subs(x, 0), peak)
    positive(-apart.diff(x, 2))  # concave: below its tangent at 0
    density = pdf(z - x - d) * (1 - sp.exp(-2 * x * z))
    ratio = density / (sp.exp(-(z**2) / 2 + d * z) * sp.sinh(x * z).rewrite(sp.exp))
    equal(sp.simplify(sp.powsimp(sp.expand(ratio))).diff(z), 0)
    positive(-(sp.log(sp.sinh(x * z)) - z**2 / 2).diff(z, 2).rewrite(sp.sinh).subs(x * z, u))
    return {"peak": peak}


def order_is_kept() -> Formulas:
    """No noise: between two states that spike in the same steps, every state does too.

    A step is v' = mean(0) + a r(v) + c, with r(v) = v when silent, v - jump or V_r when spiking:
    while two ordered states under ordered inputs do the same, they stay in order, and what lies
    between them has to do the same. After a reset to a value the number of spikes rises with v: the
    first spike comes no later, and what follows it is the same train.
    """
    low, above, more = sp.symbols("low above more", nonnegative=True)
    jump = sp.Symbol("jump", positive=True)
    for reset in (0, jump):
        step = a * (low - reset)
        later = a * (low + above - reset) + more
        equal(later - step, a * above + more)
        assert (a * above + more).is_nonnegative
    return {"difference": a * above + more}


def opposite_shifts() -> Formulas:
    """mu < theta: T* is above theta when the end of a step is tested, below it in continuous time.

    End of step: p = 1/2 at m with m - theta = (theta - mu) (1 - a)/a, L3 without inputs.
    Continuous: g(theta, t) = 1 and g(v, t) rises with v, so g = 1/2 needs v < theta. Crossings that
    are undone before the end of the step make the difference: at theta 1 against less than 1/2.
    """
    below = sp.Symbol("below", positive=True)  # theta - mu
    middle = lif.RESULTS["L3"]()["m"].subs(
        {lif.D: (1 - lif.a) * (lif.theta - below - lif.E), lif.c: 0}
    )
    shift = sp.simplify(middle - lif.theta)
    equal(shift, below * (1 - lif.a) / lif.a)
    positive(shift.subs(lif.a, 1 / (1 + u)))
    positive((HALF - cdf(-D)).rewrite(sp.erf))
    return {"shift": shift}


RESULTS: Results = {
    "K1": bin_of_steps,
    "K2": first_spike_tells,
    "K3": first_step_bound,
    "K4": bulge,
    "K5": bridge_step,
    "K6": bridge_bulge,
    "K7": absorbing_threshold,
    "K8": short_bins,
    "K9": width_of_contexts,
    "K10": order_is_kept,
    "K11": opposite_shifts,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
