"""What a simulator may rely on: coloured noise in one step, missed crossings, whole-step intervals.

    dv = (E - v + I)/tau dt + sd sqrt(2/tau) dW,   a = exp(-dt/tau)

The exact step and the noise per step of white noise are L1 and L2 of `01_lif.py`, the step of a
synaptic current is L11 there, the period of the noiseless LIF is D1 of `03_firing.py`. Run this
file to prove S1-S8; how to spend random numbers, S6-S8, lives in `07_estimators.py`.
"""

import importlib

import sympy as sp

from proof import Formulas, Results, equal, positive, report

lif = importlib.import_module("01_lif")
firing = importlib.import_module("03_firing")

theta, v0, v1, E, drive, V_r = sp.symbols("theta v0 v1 E drive V_r", real=True)
tau, tau_c, dt, s, u = sp.symbols("tau tau_c dt s u", positive=True)
sd, sigma, gap0, gap1, a = sp.symbols("sd sigma gap0 gap1 a", positive=True)
DECAY, DECAY_C = sp.exp(-dt / tau), sp.exp(-dt / tau_c)
A01 = lif.RESULTS["L11"]()["a01"].subs({lif.R: 1, lif.tau_s: tau_c})


def _generator(slow: sp.Expr) -> tuple[sp.Matrix, sp.Matrix]:
    """Return drift M and diffusion Q of (v, current), the current's time constant `slow`."""
    drift = sp.Matrix([[-1 / tau, 1 / tau], [0, -1 / slow]])
    return drift, sp.Matrix([[0, 0], [0, 2 * s**2 / slow]])


def _zero(entries: sp.Matrix) -> None:
    """Settle that entries vanish, as rational functions of the decays a and b."""
    b = sp.Symbol("b", positive=True)
    for entry in entries:
        equal(sp.cancel(entry.subs({DECAY: a, DECAY_C: b})), 0)


def _accumulates(covariance: sp.Matrix, slow: sp.Expr) -> None:
    """Settle C' = M C + C M^T + Q from C(0) = 0, which has one solution."""
    drift, diffusion = _generator(slow)
    change = drift * covariance + covariance * drift.T + diffusion
    _zero(covariance.diff(dt) - change)
    _zero(covariance.subs(dt, 0))


def _covariance() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Return C_vv, C_vi and C_ii of S1."""
    k, joint = tau_c / (tau - tau_c), tau / (tau + tau_c) * (1 - DECAY * DECAY_C)
    own = tau / (2 * tau_c) * (1 - DECAY**2)
    c_vv = 2 * s**2 * k**2 * (own - 2 * joint + (1 - DECAY_C**2) / 2)
    c_vi = 2 * s**2 * k * (joint - (1 - DECAY_C**2) / 2)
    return c_vv, c_vi, s**2 * (1 - DECAY_C**2)


def coloured_noise() -> Formulas:
    """OU current: (v, i) steps by the matrix of L11 with R = 1, and noise covariance C(dt).

    tau dv = (E - v + i) dt and di = -i dt/tau_c + s sqrt(2/tau_c) dW, i in mV with stationary sd s.
    With b = exp(-dt/tau_c) and k = tau_c/(tau - tau_c):
    C_ii = s^2 (1 - b^2),
    C_vi = 2 s^2 k (tau/(tau + tau_c) (1 - a b) - (1 - b^2)/2),
    C_vv = 2 s^2 k^2 (tau/(2 tau_c) (1 - a^2) - 2 tau/(tau + tau_c) (1 - a b) + (1 - b^2)/2).
    tau_c = tau, x = dt/tau: C_vi = s^2/2 (1 - a^2 (1 + 2 x)), C_vv = s^2/2 (1 - a^2 (1 + 2 x +
    2 x^2)). C_vv tends to s^2 tau_c/(tau + tau_c); for tau_c -> 0 at that value fixed to L2.
    Source: Gillespie, Phys. Rev. E 54:2084 (1996); Rotter & Diesmann, Biol. Cybern. 81:381 (1999).
    """
    c_vv, c_vi, c_ii = _covariance()
    _accumulates(sp.Matrix([[c_vv, c_vi], [c_vi, c_ii]]), tau_c)

    x = dt / tau
    same = {
        "c_ii_equal_taus": s**2 * (1 - DECAY**2),
        "c_vi_equal_taus": s**2 / 2 * (1 - DECAY**2 * (1 + 2 * x)),
        "c_vv_equal_taus": s**2 / 2 * (1 - DECAY**2 * (1 + 2 * x + 2 * x**2)),
    }
    ii, vi, vv = same.values()
    _accumulates(sp.Matrix([[vv, vi], [vi, ii]]), tau)
    equal(sp.limit(c_vi, tau_c, tau), vi)
    equal(sp.limit(c_vv, tau_c, tau), vv)

    forever = s**2 * tau_c / (tau + tau_c)
    equal(c_vv.subs({DECAY: 0, DECAY_C: 0}), forever)
    white = sp.simplify(c_vv.subs(s, sd * sp.sqrt((tau + tau_c) / tau_c))).subs(DECAY_C, 0)
    per_step = lif.RESULTS["L2"]()["sigma_dt"].subs({lif.a: DECAY, lif.sd: sd})
    equal(sp.limit(white, tau_c, 0, "+"), per_step**2)  # b = exp(-dt/tau_c) is gone before
    return {
        "a01": A01,
        "c_vv": c_vv,
        "c_vi": c_vi,
        "c_ii": c_ii,
        "stationary": forever,
        **same,
    }


def van_loan() -> Formulas:
    """dx = M x dt + noise of rate Q: exp([[-M, Q], [0, M^T]] dt) = [[., G], [0, F^T]], C = F G.

    F = exp(M dt) is the step and C its noise covariance, integral of exp(M u) Q exp(M^T u). Proof:
    X = [[F^-1, F^-1 C], [0, F^T]] solves X' = block X from X(0) = 1 as C' = M C + C M^T + Q. Shown
    for the current of S1, entry by entry; for the LIF alone C is sigma_dt^2 of L2.
    Source: Van Loan, IEEE Trans. Autom. Control 23:395 (1978).
    """
    rate = 2 * sd**2 / tau
    block = sp.Matrix([[1 / tau, rate], [0, -1 / tau]])
    flow = (block * dt).exp()
    equal(flow[1, 1], DECAY)
    noise = DECAY * flow[0, 1]
    per_step = lif.RESULTS["L2"]()["sigma_dt"].subs({lif.a: DECAY, lif.sd: sd})
    equal(noise, per_step**2)

    c_vv, c_vi, c_ii = _covariance()
    covariance = sp.Matrix([[c_vv, c_vi], [c_vi, c_ii]])
    drift, diffusion = _generator(tau_c)
    forth = sp.Matrix([[DECAY, A01], [0, DECAY_C]])
    back = forth.subs(dt, -dt)
    solution = sp.BlockMatrix([[back, back * covariance], [sp.zeros(2), forth.T]]).as_explicit()
    generator = sp.BlockMatrix([[-drift, diffusion], [sp.zeros(2), drift.T]]).as_explicit()
    _zero(solution.diff(dt) - generator * solution)
    _zero(solution.subs(dt, 0) - sp.eye(4))
    return {"step": DECAY, "noise": noise}


def bridge_crossing() -> Formulas:
    """Brownian motion from v0 to v1, both below theta: P(crossed between) = exp(-2 g0 g1/(s^2 t)).

    g0 = theta - v0, g1 = theta - v1. Reflection principle: the paths that touch theta and end at
    v1 are as many as those that end at its mirror image 2 theta - v1, so the density with theta
    absorbing is free(v1) - free(2 theta - v1): both solve the heat equation, they agree at theta,
    and the image has no mass below theta at t = 0. P is the ratio of image to free. The mass that
    is absorbed by t is 2 Phi(-g0/(s sqrt(t))).
    Source: Karatzas & Shreve, Brownian Motion and Stochastic Calculus (1991), sec. 2.8.
    """

    def free(end: sp.Expr) -> sp.Expr:
        return sp.exp(-((end - v0) ** 2) / (2 * sigma**2 * dt)) / sp.sqrt(2 * sp.pi * sigma**2 * dt)

    image = free(2 * theta - v1)
    for density in (free(v1), image):
        equal(density.diff(dt), sigma**2 / 2 * density.diff(v1, 2))
    equal((free(v1) - image).subs(v1, theta), 0)
    below = {v0: theta - gap0, v1: theta - gap1}
    equal(sp.limit(image.subs(below), dt, 0, "+"), 0)
    crossed = sp.exp(-2 * (theta - v0) * (theta - v1) / (sigma**2 * dt))
    equal(sp.powsimp(sp.expand(image / free(v1) / crossed)), 1)

    scale = sigma * sp.sqrt(dt)
    left = lif.cdf((v1 - theta - gap0) / scale)  # integral of the image over (-oo, v1)
    equal(left.diff(v1), image.subs(v0, theta - gap0))
    equal(left.subs(v1, theta) + 1 - lif.cdf(gap0 / scale), 2 * lif.cdf(-gap0 / scale))
    return {"p": crossed, "absorbed": 2 * lif.cdf((v0 - theta) / scale)}


def ou_crossing() -> Formulas:
    """LIF between two steps: P = exp(-2 a g0 g1/sigma_dt^2), exact when theta is the asymptote.

    With m = E + drive, y = (v - m)/a(t) is sd times Brownian motion at time S(t) = 1/a(t)^2 - 1
    (Doob): theta becomes the boundary (theta - m) sqrt(1 + S), gaps g0 and g1/a. A straight
    boundary crosses as S3 with its two gaps, for a bridge less a line is a bridge; on the chord
    that is P. If theta = m the boundary is straight. Else the chord is off by at most
    d = |theta - m| (1 - a)^2/(4 a (1 + a)), so the truth lies between P and the same with both
    gaps moved by d: up, hence below P, if theta > m; down, above P, if theta < m. Order: ln P is
    off by O(dt) at fixed gaps, by O(dt^(3/2)) at gaps of the size of the noise, sqrt(dt).
    Brownian noise of rate 2 sd^2/tau in place of a and sigma_dt changes ln P by (dt/tau)^2/6.
    Source: Doob, Ann. Math. 43:351 (1942); Gobet, Stoch. Proc. Appl. 87:167 (2000).
    """
    r, q, height = sp.symbols("r q height", positive=True)
    clock = a**-2 - 1
    equal(lif.RESULTS["L2"]()["sigma_dt"].subs({lif.a: a, lif.sd: sd}) ** 2, sd**2 * a**2 * clock)
    exponent = 2 * a * gap0 * gap1 / sigma**2
    s3 = bridge_crossing()["p"].subs({v0: theta - gap0, v1: theta - gap1})
    chord = s3.subs({gap1: gap1 / a, dt: clock, sigma: sd})
    equal(chord, sp.exp(-exponent.subs(sigma, sd * sp.sqrt(1 - a**2))))

    # Boundary/height = q on 1 <= q = sqrt(1 + S) <= r = 1/a; chord from (S, q) = (0, 1) to the end.
    off = q - (1 + (q**2 - 1) / (r + 1))
    equal(off, (q - 1) * (r - q) / (r + 1))  # never negative: sqrt is concave
    widest = off.subs(q, (1 + r) / 2)
    equal(off.diff(q).subs(q, (1 + r) / 2), 0)
    shift = height * (1 - a) ** 2 / (4 * a * (1 + a))
    equal(widest.subs(r, 1 / a) * height, shift)

    moved = 2 * ((gap0 + shift) * (gap1 / a + shift) - gap0 * gap1 / a) / (sd**2 * clock)
    moved = moved.subs(a, DECAY)
    equal(sp.limit(moved / dt, dt, 0, "+"), height * (gap0 + gap1) / (8 * sd**2 * tau))
    near = moved.subs({gap0: gap0 * sp.sqrt(dt), gap1: gap1 * sp.sqrt(dt)}, simultaneous=True)
    rate = sp.limit(sp.simplify(near / dt ** sp.Rational(3, 2)), dt, 0, "+")
    equal(rate, height * (gap0 + gap1) / (8 * sd**2 * tau))
    brownian = gap0 * gap1 * tau / (sd**2 * dt)
    ratio = exponent.subs(sigma, sd * sp.sqrt(1 - a**2)).subs(a, DECAY) / brownian
    equal(sp.series(ratio, dt, 0, 3).removeO(), 1 - (dt / tau) ** 2 / 6)
    bound = sp.exp(-2 * a * (gap0 + shift) * (gap1 + a * shift) / sigma**2)
    return {"p": sp.exp(-exponent), "bound": bound, "shift": shift}


def whole_steps() -> Formulas:
    """Noiseless LIF, exact step: ISI = ceil(T/dt) steps with T of D1; Euler: fewer or as many.

    r = E + drive > theta. From V_r, v_n = r + (V_r - r) a^n rises and is at theta for
    n = ln((r - V_r)/(r - theta))/(-ln a): the first whole step at or above it spikes. Exact:
    -ln a = dt/tau, so n = T/dt. Euler: -ln(1 - x) > x = dt/tau, so its n is smaller, by the
    fraction x/2 to first order. A strict threshold adds a step when n is whole, R refractory
    steps add R. At tau = 20, dt = 1, drive/(theta - V_r) = 1.05, 1.2, 2, 4 and V_r = E: 61, 36,
    14, 6 steps and by Euler 60, 35, 14, 6.
    """
    n, x, above, height = sp.symbols("n x above height", positive=True)
    r = E + drive
    path = r + (V_r - r) * a**n
    equal(path.subs(n, 0), V_r)
    equal(path.subs(n, n + 1), r + a * (path - r))
    rising = {drive: theta - E + above, V_r: theta - height, a: 1 / (1 + x)}
    positive(sp.powsimp((path.subs(n, n + 1) - path).subs(rising)).simplify())
    steps = sp.log((r - V_r) / (r - theta)) / -sp.log(a)
    equal(sp.powsimp(sp.simplify((path.subs(n, steps) - theta).subs(rising)), force=True), 0)

    period = firing.RESULTS["D1"]()["T"].subs(firing.t_ref, 0)
    exact = period.subs({firing.tau: tau, firing.V_r: V_r, firing.theta: theta}) / dt
    equal(sp.expand_log(steps.subs(a, DECAY), force=True), sp.expand_log(exact, force=True))
    lost = -sp.log(1 - x) - x  # 0 at x = 0 and rising for every 0 < x < 1
    positive(lost.diff(x).subs(x, 1 / (1 + above)))
    euler = steps.subs(a, 1 - dt / tau)
    equal(sp.series(x / -sp.log(1 - x), x, 0, 2).removeO(), 1 - x / 2)
    table = {"1.05": (61, 60), "1.2": (36, 35), "2": (14, 14), "4": (6, 6)}
    for ratio, expected in table.items():
        at = {tau: 20, dt: 1, E: 0, V_r: 0, theta: 1, drive: sp.Rational(ratio)}
        for formula, count in zip((exact, euler), expected, strict=True):
            equal(sp.ceiling(formula.subs(at)), count)
    return {"steps": exact, "steps_euler": euler}


_estimators: Results = importlib.import_module("07_estimators").RESULTS

RESULTS: Results = {
    "S1": coloured_noise,
    "S2": van_loan,
    "S3": bridge_crossing,
    "S4": ou_crossing,
    "S5": whole_steps,
    **_estimators,
}


def main() -> None:
    """Prove every result, those of `07_estimators.py` included, and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
