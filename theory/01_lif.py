"""The leaky integrate-and-fire neuron in discrete time: step, noise, effect kernel, resets.

    tau dv/dt = E - v + R I,   one step dt:   v' = E + a (v - E) + D + c + sigma_dt xi

with a = exp(-dt/tau), D = (1 - a) R I the drive, c the synaptic input of the step (mV), xi standard
normal, and a spike when v' >= theta (tested at the end of the step). Run this file to prove
L1-L13; `RESULTS` maps each label to the function that proves it and returns the proved formulas.
The threshold results L4-L9 live in `02_threshold.py`.
"""

import importlib

import sympy as sp

from proof import Formulas, Results, cdf, equal, pdf, positive, report

E, v, theta, v_reset, drive, D, c = sp.symbols("E v theta v_reset drive D c", real=True)
tau, tau_s, dt, t, R, sd, sigma_dt, a = sp.symbols("tau tau_s dt t R sd sigma_dt a", positive=True)
DECAY = sp.exp(-dt / tau)
STEP_MEAN = E + a * (v - E) + D + c


def exact_step() -> Formulas:
    """One step is v' = E + a (v - E) + (1 - a) R I, a = exp(-dt/tau); Euler: a -> 1 - dt/tau.

    Constant input over the step. Forward Euler keeps the first two Taylor terms of a, so its error
    per step is (a - 1 + dt/tau) (v - E - R I) = O(dt^2). `drive` is R I in mV.
    Source: Gerstner, Kistler, Naud, Paninski, Neuronal Dynamics (2014), ch. 1.
    """
    flow = sp.Function("flow")
    ode = sp.Eq(tau * flow(t).diff(t), E - flow(t) + drive)
    solution = sp.dsolve(ode, flow(t), ics={flow(0): v}).rhs.subs(t, dt)
    step = E + a * (v - E) + (1 - a) * drive
    equal(solution, step.subs(a, DECAY))

    euler = v + dt / tau * (E - v + drive)
    equal(euler, step.subs(a, 1 - dt / tau))
    equal(sp.series(DECAY, dt, 0, 2).removeO(), 1 - dt / tau)
    equal(sp.limit((DECAY - 1 + dt / tau) / dt**2, dt, 0), 1 / (2 * tau**2))
    return {"a": DECAY, "v_next": step, "a_euler": 1 - dt / tau}


def noise_per_step() -> Formulas:
    """Stationary sd needs sigma_dt^2 = sd^2 (1 - a^2), for the exact and for the Euler a.

    The chain v' = a v + sigma_dt xi has variance V' = a^2 V + sigma_dt^2, which tends to
    sigma_dt^2 / (1 - a^2) from every start when a^2 < 1 (Euler: 0 < dt < 2 tau). The diffusion
    dv = -v dt/tau + sd sqrt(2/tau) dW collects exactly this variance over dt when a = exp(-dt/tau).
    Euler-Maruyama's 2 sd^2 dt/tau overshoots: its chain settles at sd^2 / (1 - dt/(2 tau)).
    Source: Gillespie, Phys. Rev. E 54:2084 (1996), for the exact update.
    """
    n, start, excess = sp.symbols("n start excess", positive=True)
    stationary = sigma_dt**2 / (1 - a**2)
    variance = a ** (2 * n) * start + (1 - a ** (2 * n)) * stationary
    equal(variance.subs(n, 0), start)
    equal(variance.subs(n, n + 1), a**2 * variance + sigma_dt**2)
    below_one = 1 / sp.sqrt(1 + excess)  # any a with a^2 < 1: only a^2 enters
    equal(sp.limit(variance.subs(a, below_one), n, sp.oo), stationary.subs(a, below_one))

    sigma = sd * sp.sqrt(1 - a**2)
    equal(stationary.subs(sigma_dt, sigma), sd**2)
    equal(
        sp.integrate(2 * sd**2 / tau * sp.exp(-2 * (dt - t) / tau), (t, 0, dt)),
        (sigma**2).subs(a, DECAY),
    )  # Ito isometry
    euler = sigma.subs(a, 1 - dt / tau)
    equal(euler**2, sd**2 * dt / tau * (2 - dt / tau))
    maruyama = stationary.subs({sigma_dt: sd * sp.sqrt(2 * dt / tau), a: 1 - dt / tau})
    equal(maruyama, sd**2 / (1 - dt / (2 * tau)))
    return {
        "stationary_variance": stationary,
        "sigma_dt": sigma,
        "sigma_dt_euler": euler,
        "stationary_variance_maruyama": maruyama,
    }


def effect_kernel() -> Formulas:
    """P(spike | do(v), c) = Phi((v - m_c)/s), m_c = E + (theta - E - D - c)/a, s = sigma_dt/a.

    The next step spikes when v' >= theta; it is linear and the noise Gaussian, so the spike is the
    event xi >= (theta - mean)/sigma_dt. D is any drive term, (1 - a) R I for a constant current.
    The effect increases strictly in v and in the input c, for every drive D and every a > 0; each
    millivolt of input moves the midpoint m_c by -1/a.
    """
    x = sp.Symbol("x", real=True)
    bound = sp.Symbol("bound", real=True)
    tail = sp.integrate(pdf(x), (x, bound, sp.oo))
    m, s = E + (theta - E - D - c) / a, sigma_dt / a
    p = cdf((v - m) / s)
    equal(tail.subs(bound, (theta - STEP_MEAN) / sigma_dt), p)
    equal(STEP_MEAN.subs(v, m), theta)
    positive(p.diff(v))
    positive(p.diff(c))
    equal(m.diff(c), -1 / a)
    return {"m": m, "s": s, "p": p}


def ramp_average() -> Formulas:
    """Mean of Phi((b + k v)/sigma) over v in [lo, hi] = sigma (G(z_hi) - G(z_lo)) / (k (hi - lo)).

    G(z) = z Phi(z) + phi(z) and z_x = (b + k x)/sigma, k of either sign. As sigma -> 0 it becomes
    the fraction of [lo, hi] on which b + k v > 0 (a clipped ramp), within
    sigma / (sqrt(2 pi) |k| (hi - lo)): G(z) - max(z, 0) = G(-|z|) lies between 0 and phi(0).
    """
    b, lo = sp.symbols("b lo", real=True)
    k = sp.Symbol("k", real=True, nonzero=True)
    width, sigma, z, part = sp.symbols("width sigma z part", positive=True)
    hi = sp.Symbol("hi", real=True)

    def primitive(x: sp.Expr) -> sp.Expr:
        return x * cdf(x) + pdf(x)

    def area(x: sp.Expr) -> sp.Expr:  # d area/dx is the integrand, so a difference is the integral
        return sigma / k * primitive((b + k * x) / sigma)

    equal(area(v).diff(v), cdf((b + k * v) / sigma))
    mean = (area(hi) - area(lo)) / (hi - lo)

    equal(sp.limit(sigma * primitive(z / sigma), sigma, 0, "+"), z)  # z > 0
    equal(sp.limit(sigma * primitive(-z / sigma), sigma, 0, "+"), 0)
    equal(sp.limit(sigma * primitive(0), sigma, 0, "+"), 0)
    ramp = (sp.Max(b + k * hi, 0) - sp.Max(b + k * lo, 0)) / (k * (hi - lo))
    for slope in (z, -z):  # the root of b + k v left of, inside and right of [lo, lo + width]
        fraction_right = {
            lo - part: 1,
            lo + part * width / (1 + part): 1 / (1 + part),
            lo + width + part: 0,
        }
        for root, right in fraction_right.items():
            case = ramp.subs({hi: lo + width, k: slope, b: -slope * root})
            equal(sp.expand(case), right if slope == z else 1 - right)

    equal(primitive(z) - z, primitive(-z))  # the rest of the claim: 0 < G(-z) < phi(0)
    equal(primitive(-z).diff(z), -cdf(-z))
    equal(sp.limit(primitive(-z), z, sp.oo), 0)
    equal(primitive(sp.Integer(0)), pdf(sp.Integer(0)))
    bound = sigma * pdf(sp.Integer(0)) / (sp.Abs(k) * (hi - lo))
    return {"mean": mean, "ramp": ramp, "ramp_error": bound}


def synaptic_current() -> Formulas:
    """With tau_s di/dt = -i the next spike sees (v, i) only through z = v + (A01/a) i.

    tau dv/dt = E - v + R i + R I gives v' = E + a (v - E) + A01 i + (1 - a) R I, i' = a_s i, with
    A01 = R tau_s/(tau - tau_s) (exp(-dt/tau) - exp(-dt/tau_s)) > 0, and R dt/tau exp(-dt/tau) when
    tau_s = tau. So p = Phi((z - m_c)/s) with the m_c and s of L3. One step only: over two steps
    (no spike between) the coefficient is A01/a (1 + a_s/a), so z is not the state's whole effect.
    Source: the matrix exponential step is Rotter & Diesmann, Biol. Cybern. 81:381 (1999).
    """
    i = sp.Symbol("i", real=True)
    a_s = sp.exp(-dt / tau_s)
    a01 = R * tau_s / (tau - tau_s) * (DECAY - a_s)
    generator = sp.Matrix([[-1 / tau, R / tau], [0, -1 / tau_s]])
    step = sp.Matrix([[DECAY, a01], [0, a_s]])
    for entry in step.diff(dt) - generator * step:  # the propagator solves X' = M X ...
        equal(entry, 0)
    for entry in step.subs(dt, 0) - sp.eye(2):  # ... from X(0) = 1
        equal(entry, 0)
    response = R / tau * sp.exp(-(dt - t) / tau) * sp.exp(-t / tau_s)
    positive(response)
    convolution = sp.integrate(sp.expand(sp.powsimp(response)), (t, 0, dt))
    generic, degenerate = (branch.expr for branch in convolution.args)  # tau != tau_s, tau == tau_s
    equal_taus = R * dt / tau * DECAY
    equal(generic, a01)
    equal(degenerate, equal_taus)
    equal(sp.limit(a01, tau_s, tau), equal_taus)

    rest = sp.Matrix([E + drive, 0])
    v_next = (rest + step * (sp.Matrix([v, i]) - rest))[0]
    score = v + a01 / DECAY * i
    equal(v_next, exact_step()["v_next"].subs({v: score, a: DECAY}))
    two = (step.subs(dt, 2 * dt))[0, 1] / DECAY**2
    equal(two, a01 / DECAY * (1 + a_s / DECAY))
    return {"a01": a01, "a01_equal_taus": equal_taus, "v_next": v_next, "score": score}


def reset_conventions() -> Formulas:
    """Delayed subtraction V' = b V + I - S J is immediate subtraction V' = b (V - S J/b) + I.

    Here E = v_reset = 0, S = 1 if V >= theta. With the same jump J = theta the two differ: for
    I = 3/2, b = 9/10, theta = 1 immediate gives 1.5, 1.95 and delayed 1.5, 1.85, 2.165 (before
    reset). Also with a resting potential: E + a (v - S J/a - E) = E + a (v - E) - S J.
    snnTorch's ``reset_mechanism="subtract"`` is the delayed one.
    """
    b, jump, current, spike = sp.symbols("b jump current spike", positive=True)
    immediate = b * (v - spike * jump) + current
    delayed = b * v + current - spike * jump
    equal(delayed, immediate.subs(jump, jump / b))
    equal(E + a * (v - spike * jump / a - E), E + a * (v - E) - spike * jump)
    case = {current: sp.Rational(3, 2), b: sp.Rational(9, 10), jump: 1}
    expected = {immediate: ["3/2", "39/20"], delayed: ["3/2", "37/20", "433/200"]}
    for rule, values in expected.items():
        potential = sp.Integer(0)
        for value in values:
            potential = rule.subs(case).subs({v: potential, spike: int(bool(potential >= 1))})
            equal(potential, sp.Rational(value))
    return {"immediate": immediate, "delayed": delayed}


def just_spiked() -> Formulas:
    """Just spiked, {u >= theta}: exactly homogeneous under reset to a value, not under subtraction.

    u is the potential before reset. Reset to v_reset: the law of the next potential is
    N(E + a (v_reset - E) + D + c, sigma_dt^2), free of u. Reset by u - J: its mean moves with u at
    rate a and the effect at rate (a/sigma_dt) phi((u - J - m_c)/s) > 0; over all u >= theta the
    effect then spans Phi((theta - J - m_c)/s) to 1.
    """
    u, jump, x = sp.symbols("u jump x", real=True)
    kernel = effect_kernel()
    p, m, s = kernel["p"], kernel["m"], kernel["s"]
    equal(STEP_MEAN.subs(v, v_reset).diff(u), 0)
    to_value, subtract = p.subs(v, v_reset), p.subs(v, u - jump)
    equal(to_value.diff(u), 0)
    equal(STEP_MEAN.subs(v, u - jump).diff(u), a)
    equal(subtract.diff(u), a / sigma_dt * pdf((u - jump - m) / s))
    positive(subtract.diff(u))
    equal(sp.limit(cdf(x), x, sp.oo), 1)
    return {"p_value": to_value, "p_subtract": subtract, "spread": 1 - subtract.subs(u, theta)}


_threshold: Results = importlib.import_module("02_threshold").RESULTS

RESULTS: Results = {
    "L1": exact_step,
    "L2": noise_per_step,
    "L3": effect_kernel,
    **_threshold,
    "L10": ramp_average,
    "L11": synaptic_current,
    "L12": reset_conventions,
    "L13": just_spiked,
}


def main() -> None:
    """Prove every result, those of `02_threshold.py` included, and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
