"""Where planar neurons lose their rest: fold, Hopf and Bogdanov-Takens points in closed form.

Izhikevich, adaptive exponential and FitzHugh-Nagumo neurons are one system,

    v' = F(v) - kappa w + J,    w' = alpha (beta (v - v0) - w),

with different F. So one first Lyapunov coefficient serves them all (D7). Kuznetsov's convention:
l1 = Re[...]/(2 omega) with ||q|| = 1, <p, q> = 1; l1 > 0 is subcritical, its cycle unstable.
Run this file to prove D6-D12.
"""

import sympy as sp

from proof import Formulas, Results, equal, positive, report

v, w, J, v0 = sp.symbols("v w J v0", real=True)
alpha, kappa, beta, F2, omega, excess = sp.symbols(
    "alpha kappa beta F2 omega excess", positive=True
)
F1, F3 = sp.symbols("F1 F3", real=True)
A = sp.Matrix([[F1, -kappa], [alpha * beta, -alpha]])


def planar_neuron() -> Formulas:
    """Fold: F' = kappa beta. Hopf: F' = alpha < kappa beta. Bogdanov-Takens: all three are equal.

    At the Hopf point omega^2 = alpha (kappa beta - alpha). At the BT point the coefficients of
    Kuznetsov's normal form are a2 = alpha F''/2 and b2 = F'': it is nondegenerate where F'' != 0,
    and a2 b2 > 0, so that the cycle born there is unstable.
    Source: Touboul, SIAM J Appl Math 68:1045 (2008), for the class; Kuznetsov, Elements of Applied
    Bifurcation Theory (2004), sec. 8.4, and SIAM J Numer Anal 36:1104 (1999), for a2 and b2.
    """
    field = sp.Function("F")(v)
    f = sp.Matrix([field - kappa * w + J, alpha * (beta * (v - v0) - w)])
    for entry in f.jacobian([v, w]).subs(field.diff(v), F1) - A:
        equal(entry, 0)
    equal(A.det(), alpha * (kappa * beta - F1))
    equal(A.trace(), F1 - alpha)
    omega2 = alpha * (kappa * beta - alpha)
    equal(A.subs(F1, alpha).det(), omega2)
    positive(omega2.subs(beta, (alpha + excess) / kappa))  # a centre iff alpha < kappa beta

    double = A.subs({F1: alpha, beta: alpha / kappa})
    q0, q1 = sp.Matrix([1, alpha / kappa]), sp.Matrix([0, -1 / kappa])
    p0, p1 = sp.Matrix([1, 0]), sp.Matrix([alpha, -kappa])
    for chain in (double * q0, double * q1 - q0, double.T * p1, double.T * p0 - p1):
        for entry in chain:
            equal(entry, 0)
    for left, right, product in ((p0, q0, 1), (p1, q1, 1), (p0, q1, 0), (p1, q0, 0)):
        equal(left.dot(right), product)
    second = {"00": F2 * q0[0] ** 2, "01": F2 * q0[0] * q1[0]}  # B acts on v alone
    a2 = p1[0] * second["00"] / 2
    b2 = p0[0] * second["00"] + p1[0] * second["01"]
    equal(a2, alpha * F2 / 2)
    equal(b2, F2)
    return {"fold": kappa * beta, "hopf": alpha, "omega2": omega2, "a2": a2, "b2": b2}


def lyapunov_coefficient() -> Formulas:
    """l1 = (F''' + F''^2/(kappa beta - alpha)) / (4 omega (1 + alpha beta/kappa)).

    q = (1, (alpha - i omega)/kappa) before it is normed, |q|^2 = 1 + alpha beta/kappa. The sign
    does not depend on units; the value does, through q.
    Source: Kuznetsov (2004), sec. 5.4, for the invariant expression that is evaluated here.
    """
    i = sp.I
    hopf = A.subs({F1: alpha, beta: (omega**2 + alpha**2) / (alpha * kappa)})
    q = sp.Matrix([1, (alpha - i * omega) / kappa])
    p_bar = sp.Matrix([[(omega - i * alpha) / (2 * omega), 0]])
    p_bar[0, 1] = -kappa * p_bar[0, 0] / (alpha + i * omega)
    for entry in [*(hopf * q - i * omega * q), *(p_bar * hopf - i * omega * p_bar)]:
        equal(entry, 0)
    equal((p_bar * q)[0], 1)

    def bilinear(x: sp.Matrix, y: sp.Matrix) -> sp.Matrix:
        return sp.Matrix([F2 * x[0] * y[0], 0])

    q_bar = q.conjugate()
    slow = hopf.inv() * bilinear(q, q_bar)
    fast = (2 * i * omega * sp.eye(2) - hopf).inv() * bilinear(q, q)
    inside = sp.Matrix([F3, 0]) - 2 * bilinear(q, slow) + bilinear(q_bar, fast)
    value = sp.re(sp.expand_complex(sp.simplify((p_bar * inside)[0]))) / (2 * omega)
    norm2 = sp.simplify((q.T * q_bar)[0])
    equal(norm2, (1 + alpha * beta / kappa).subs(beta, (omega**2 + alpha**2) / (alpha * kappa)))
    l1 = (F3 + F2**2 / (kappa * beta - alpha)) / (4 * omega * (1 + alpha * beta / kappa))
    equal(value / norm2, l1.subs(beta, (omega**2 + alpha**2) / (alpha * kappa)))
    return {"l1": l1, "norm2": 1 + alpha * beta / kappa}


def instance(
    at: dict[sp.Symbol, sp.Expr], field: sp.Expr, where: sp.Expr, current: str
) -> Formulas:
    """Return fold, Hopf, omega and l1 of D6 and D7 for one F; `where` solves F'(v) = slope.

    The input at an equilibrium is J(v) = kappa beta (v - v0) - F(v); `current` names it.
    """
    ways = planar_neuron()
    slope = sp.Symbol("slope", positive=True)
    equal(field.diff(v).subs(v, where), slope)
    needed = (kappa * beta * (v - v0)).subs(at) - field
    found: Formulas = {}
    for name, label in (("SN", "fold"), ("H", "hopf")):
        place = where.subs(slope, ways[label].subs(at))
        found[f"v_{name}"] = place
        found[f"{current}_{name}"] = sp.simplify(needed.subs(v, place))
    found["omega"] = sp.sqrt(sp.factor(ways["omega2"].subs(at)))
    derivatives = {F2: field.diff(v, 2), F3: field.diff(v, 3)}
    l1 = lyapunov_coefficient()["l1"].subs(derivatives).subs(v, found["v_H"]).subs(at)
    found["l1"] = sp.simplify(l1.subs(omega, found["omega"]))
    return found


def izhikevich() -> Formulas:
    """Izhikevich: I_SN = (5 - b)^2/0.16 - 140, I_H = I_SN - (b - a)^2/0.16 iff b > a, l1 > 0.

    v_SN = (b - 5)/0.08, v_H = (a - 5)/0.08, omega = sqrt(a (b - a)), BT at b = a. c, d and the
    cutoff do not enter. l1 = 0.0016/((b - a) omega (1 + a b)).
    Source: Izhikevich, IEEE Trans Neural Netw 14:1569 (2003), for the model.
    """
    a, b, slope = sp.symbols("a b slope", positive=True)
    field = v**2 / 25 + 5 * v + 140
    at = {alpha: a, beta: b, kappa: sp.Integer(1), v0: sp.Integer(0)}
    found = instance(at, field, (slope - 5) * sp.Rational(25, 2), "I")
    fold = (5 - b) ** 2 * sp.Rational(25, 4) - 140
    hopf = fold - (b - a) ** 2 * sp.Rational(25, 4)
    equal(found["I_SN"], fold)
    equal(found["I_H"], hopf)
    l1 = sp.Rational(1, 625) / ((b - a) * found["omega"] * (1 + a * b))
    equal(found["l1"], l1)
    positive(l1.subs(b, a + excess))
    return {**found, "I_SN": fold, "I_H": hopf, "l1": l1}


def adex_dimensionless() -> Formulas:
    """AdEx, v' = e^v - v - w + I, w' = a (b v - w): v_H = ln(1 + a), v_SN = ln(1 + b), l1 > 0.

    I_SN = (1 + b)(ln(1 + b) - 1), I_H = (1 + b) ln(1 + a) - (1 + a) iff b > a; BT at b = a.
    l1 = (1 + a)(1 + b)/(4 omega (b - a)(1 + a b)), so the Hopf bifurcation is always subcritical.
    Source: Touboul and Brette, Biol Cybern 99:319 (2008); the closed l1 follows from D7.
    """
    a, b, slope = sp.symbols("a b slope", positive=True)
    at = {alpha: a, beta: b, kappa: sp.Integer(1), v0: sp.Integer(0)}
    found = instance(at, sp.exp(v) - v, sp.log(1 + slope), "I")
    fold = (1 + b) * (sp.log(1 + b) - 1)
    hopf = (1 + b) * sp.log(1 + a) - (1 + a)
    equal(found["I_SN"], fold)
    equal(found["I_H"], hopf)
    l1 = (1 + a) * (1 + b) / (4 * found["omega"] * (b - a) * (1 + a * b))
    equal(found["l1"], l1)
    positive(l1.subs(b, a + excess))
    return {**found, "I_SN": fold, "I_H": hopf, "l1": l1}


def adex() -> Formulas:
    """AdEx in mV, ms, pA: I_SN = (g_L + a)(V_T - E_L - Delta_T + Delta_T ln(1 + a/g_L)).

    With tau_m = C/g_L: I_H = (g_L + a)(V_T - E_L - Delta_T + Delta_T ln(1 + tau_m/tau_w))
    + Delta_T g_L (a/g_L - tau_m/tau_w) iff a > C/tau_w, omega^2 = (a/C - 1/tau_w)/tau_w;
    BT at a = C/tau_w. l1 (q in mV, pA) is given by its parts, and is positive.
    Source: Touboul and Brette (2008).
    """
    C, g_L, Delta_T, tau_w, a, slope = sp.symbols("C g_L Delta_T tau_w a slope", positive=True)
    E_L, V_T = sp.symbols("E_L V_T", real=True)
    field = (-g_L * (v - E_L) + g_L * Delta_T * sp.exp((v - V_T) / Delta_T)) / C
    at = {alpha: 1 / tau_w, beta: a, kappa: 1 / C, v0: E_L}
    found = instance(at, field, V_T + Delta_T * sp.log(1 + C * slope / g_L), "J")
    away, tau_m = V_T - E_L - Delta_T, C / g_L
    fold = (g_L + a) * (away + Delta_T * sp.log(1 + a / g_L))
    hopf = (g_L + a) * (away + Delta_T * sp.log(1 + tau_m / tau_w))
    hopf += Delta_T * g_L * (a / g_L - tau_m / tau_w)
    equal(sp.expand(sp.expand_log(C * found["J_SN"] - fold)), 0)
    equal(sp.expand(sp.expand_log(C * found["J_H"] - hopf)), 0)
    steep = (1 + tau_m / tau_w) / (tau_m * Delta_T)  # F'' at the Hopf point
    l1 = steep / Delta_T + steep**2 / (a / C - 1 / tau_w)
    l1 /= 4 * found["omega"] * (1 + a * C / tau_w)
    equal(found["l1"], l1)
    positive(l1.subs(a, C / tau_w + excess))
    where = {key: found[key] for key in ("v_SN", "v_H", "omega")}
    return {**where, "I_SN": fold, "I_H": hopf, "l1": l1, "a_BT": C / tau_w}


def fitzhugh_nagumo() -> Formulas:
    """FitzHugh-Nagumo: v_H = -/+ sqrt(1 - eps b), omega^2 = eps (1 - eps b^2), I sums to 2 a/b.

    v' = v - v^3/3 - w + I, w' = eps (v + a - b w): D6 with alpha = eps b, beta = 1/b. Hopf iff
    eps b < 1 and eps b^2 < 1; I_H = (v + a)/b - v + v^3/3. Subcritical iff 2 b - 1 > eps b^2:
    l1 = (b (2 - eps b) - 1)/(2 omega (1 + eps)(1 - eps b^2)). Folds at v^2 = 1 - 1/b need b > 1.
    """
    a, b, eps, slope = sp.symbols("a b epsilon slope", positive=True)
    # v0 = -a; I reads kappa beta (v + a) - F(v).
    at = {alpha: eps * b, beta: 1 / b, kappa: sp.Integer(1), v0: -a}
    found = instance(at, v - v**3 / 3, -sp.sqrt(1 - slope), "I")
    place = sp.sqrt(1 - eps * b)
    upper = (place + a) / b - place + place**3 / 3
    lower = (-place + a) / b + place - place**3 / 3
    equal(found["I_H"], lower)
    equal(lower + upper, 2 * a / b)
    frequency = sp.sqrt(eps * (1 - eps * b**2))
    equal(found["omega"] ** 2, frequency**2)
    l1 = (b * (2 - eps * b) - 1) / (2 * frequency * (1 + eps) * (1 - eps * b**2))
    equal(sp.simplify(found["l1"] * found["omega"]), l1 * frequency)
    return {"v_H": -place, "I_H": lower, "I_H2": upper, "omega": frequency, "l1": l1}


def leak_shift() -> Formulas:
    """Any membrane C V' = I - g_L (V - E_L) - ...: moving E_L by x moves every current by -g_L x.

    I and E_L enter as I + g_L E_L alone. So two papers' Hopf currents can be compared only after
    their E_L are: for Hodgkin-Huxley by 0.3 (E_L - E_L').
    """
    g_L, E_L, x, I = sp.symbols("g_L E_L x I", real=True)  # noqa: E741
    rest = sp.Function("rest")(v, w)
    membrane = I - g_L * (v - E_L) - rest
    equal(membrane.subs({I: I - g_L * x, E_L: E_L + x}, simultaneous=True), membrane)
    return {"shift": -g_L * x}


RESULTS: Results = {
    "D6": planar_neuron,
    "D7": lyapunov_coefficient,
    "D8": izhikevich,
    "D9": adex_dimensionless,
    "D10": adex,
    "D11": fitzhugh_nagumo,
    "D12": leak_shift,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
