"""What a time step does to a neuron: forward Euler, exponential Euler, and their bifurcations.

A simulation or a chip runs the map, not the differential equation. Steps of size dt keep the
equilibria but move the points where they lose stability. Run this file to prove D13-D17.
"""

import importlib

import sympy as sp

from proof import Formulas, Results, equal, report

x, y, mu = sp.symbols("x y mu", real=True)
dt, alpha, kappa, beta = sp.symbols("dt alpha kappa beta", positive=True)
F1, fV, fx, slope = sp.symbols("F1 f_V f_x slope", real=True)
sigma, omega = sp.symbols("sigma omega", real=True)


def trace_and_determinant(step: sp.Matrix) -> tuple[sp.Expr, sp.Expr]:
    return sp.expand(step.trace()), sp.expand(step.det())


def euler_map() -> Formulas:
    """x + dt f(x): the same equilibria and folds, multipliers 1 + dt lambda for every eigenvalue.

    det(1 + dt A - mu) = dt^n det(A - (mu - 1)/dt), so mu = 1 + dt lambda for any n. Hence
      mu = 1 iff lambda = 0: folds stay; mu = -1 iff lambda = -2/dt: a flip that the flow has not;
      |mu| = 1 iff sigma = -(dt/2)(sigma^2 + omega^2), lambda = sigma + i omega: Neimark-Sacker, to
      the stable side of the Hopf point; for two states, tr A + dt det A = 0, with rotation angle
      arccos(1 - dt^2 det A/2), so -4 < -dt^2 det A < 0.
    A stable equilibrium stays stable for dt < min -2 Re lambda/|lambda|^2: for a real lambda
    2/|lambda|.
    Source: Kuznetsov, Elements of Applied Bifurcation Theory (2004), ch. 4, for the conditions.
    """
    a = sp.Matrix(3, 3, sp.symbols("a:9", real=True))
    step = sp.eye(3) + dt * a - mu * sp.eye(3)
    equal(sp.expand(step.det()), sp.expand(dt**3 * (a - (mu - 1) / dt * sp.eye(3)).det()))

    size = sp.expand((1 + dt * (sigma + sp.I * omega)) * (1 + dt * (sigma - sp.I * omega)))
    equal(size - 1, 2 * dt * (sigma + dt / 2 * (sigma**2 + omega**2)))
    largest = -2 * sigma / (sigma**2 + omega**2)
    equal((size - 1).subs(dt, largest), 0)
    equal(largest.subs(omega, 0), -2 / sigma)

    b = sp.Matrix(2, 2, sp.symbols("b:4", real=True))
    trace, determinant = trace_and_determinant(sp.eye(2) + dt * b)
    equal(determinant - 1, dt * (b.trace() + dt * b.det()))
    angle_cosine = 1 - dt**2 * b.det() / 2  # 2 cos(angle) = tr M when det M = 1
    equal(trace / 2 - angle_cosine, dt / 2 * (b.trace() + dt * b.det()))
    return {"multiplier": 1 + dt * (sigma + sp.I * omega), "largest_dt": largest}


def planar_neuron() -> Formulas:
    """Euler steps of D6's neuron: Neimark-Sacker at F' = alpha (1 - dt kappa beta)/(1 - dt alpha).

    It is there iff alpha < kappa beta, dt alpha < 1 and dt^2 det A < 4, where
    det A = alpha (kappa beta - alpha)/(1 - dt alpha). F' at the fold stays kappa beta; the distance
    between the two slopes grows from kappa beta - alpha to (kappa beta - alpha)/(1 - dt alpha).
    So Euler loses the rest state earlier, at a lower input, than the neuron does.
    """
    a = sp.Matrix([[F1, -kappa], [alpha * beta, -alpha]])
    _, determinant = trace_and_determinant(sp.eye(2) + dt * a)
    place = alpha * (1 - dt * kappa * beta) / (1 - dt * alpha)
    equal((determinant - 1).subs(F1, place), 0)
    equal(sp.diff(determinant, F1), dt * (1 - dt * alpha))  # linear in F': the only solution
    ahead = (kappa * beta - alpha) / (1 - dt * alpha)
    equal(kappa * beta - place, ahead)
    equal(a.det().subs(F1, place), alpha * ahead)
    equal(alpha - place, dt * alpha * ahead)  # 0 when dt is: the Hopf point
    return {"slope": place, "determinant": alpha * ahead, "cosine": 1 - dt**2 * alpha * ahead / 2}


def izhikevich() -> Formulas:
    """Izhikevich, Euler steps: Neimark-Sacker at I_SN - (b - a)^2/(0.16 (1 - a dt)^2).

    v = (s - 5)/0.08, s = a (1 - dt b)/(1 - dt a), b - s = (b - a)/(1 - dt a). For b > a and
    a dt < 1; synchronous steps of both variables. dt -> 0 gives the Hopf point of D8.
    """
    a, b = sp.symbols("a b", positive=True)
    flow = importlib.import_module("04_bifurcations").izhikevich()
    s = planar_neuron()["slope"].subs({alpha: a, beta: b, kappa: 1})
    v = (s - 5) * sp.Rational(25, 2)
    current = b * v - (v**2 / 25 + 5 * v + 140)  # of the equilibrium at v
    closed = flow["I_SN"] - (b - s) ** 2 * sp.Rational(25, 4)
    equal(current, closed)
    shorter = flow["I_SN"] - (b - a) ** 2 / (1 - dt * a) ** 2 * sp.Rational(25, 4)
    equal(closed, shorter)
    equal(sp.limit(shorter, dt, 0), flow["I_H"])
    determinant = a * (b - a) / (1 - a * dt)
    return {"s": s, "v_NS": v, "I_NS": shorter, "cosine": 1 - dt**2 * determinant / 2}


def one_step_errors() -> Formulas:
    """For y' = g(y, t): error of Euler dt^2/2 (g_t + g g_y), of exponential Euler dt^2/2 g_t.

    Leading terms of exact minus step. Exponential Euler (Rush-Larsen) freezes a gate's
    coefficients, g = r(t)(y_inf(t) - y), and solves y exactly: it has no error while the potential
    stands still, and the same order as Euler when it moves. A step with the derivative of an
    autonomous g, y + dt phi(dt g_y) g with phi(z) = (e^z - 1)/z, has error O(dt^3).
    Source: Rush and Larsen, IEEE Trans Biomed Eng 25:389 (1978); Hochbruck and Ostermann, Acta
    Numerica 19:209 (2010).
    """
    t = sp.Symbol("t", real=True)
    r, target, path = (sp.Function(name) for name in ("r", "y_inf", "path"))
    gate = r(t) * (target(t) - path(t))
    second = gate.diff(t).subs(path(t).diff(t), gate)  # y'' along the solution
    taylor = path(t) + dt * gate + dt**2 / 2 * second
    held = sp.Symbol("held", positive=True)
    frozen = target(t) + (path(t) - target(t)) * sp.exp(-dt * held)
    frozen = sp.series(frozen, dt, 0, 3).removeO().subs(held, r(t))
    fixed_state = (r(t) * (target(t) - y)).diff(t).subs(y, path(t))  # g_t
    equal(taylor - frozen, dt**2 / 2 * fixed_state)
    equal(taylor - (path(t) + dt * gate), dt**2 / 2 * (fixed_state - r(t) * gate))

    g, z = sp.Function("g"), sp.Symbol("z", positive=True)
    point = sp.Symbol("point", real=True)
    phi = sp.series((sp.exp(z) - 1) / z, z, 0, 3).removeO()
    step = dt * phi.subs(z, dt * g(point).diff(point)) * g(point)
    exact = dt * g(point) + dt**2 / 2 * g(point).diff(point) * g(point)
    difference = sp.expand(step - exact)
    equal(difference.coeff(dt, 1), 0)
    equal(difference.coeff(dt, 2), 0)
    g_t, g_y, g0 = sp.symbols("g_t g_y g", real=True)
    return {"euler": dt**2 / 2 * (g_t + g0 * g_y), "exponential": dt**2 / 2 * g_t}


def exponential_map() -> Formulas:
    """V by Euler, gate by exponential Euler: the same equilibria and folds, own Neimark-Sacker.

    V+ = V + dt f(V, x), x+ = x_inf + (x - x_inf) e, e = exp(-dt r(V)). A fixed point has x = x_inf
    and f = 0. There the gate's own multiplier is e, in (0, 1) for every dt, where Euler's 1 - dt r
    leaves (-1, 1) at dt = 2/r. det(M - 1) = dt (1 - e)/r det A. det M = 1 is
    (1 + dt f_V) e - dt f_x x_inf' (1 - e) = 1; for D6's neuron F' = (e^(alpha dt) - 1)(1 - dt kappa
    beta)/dt.
    Source: Rush and Larsen (1978), for the step.
    """
    e, r, r1 = sp.symbols("e r r_1", positive=True)
    step = sp.Matrix([[1 + dt * fV, dt * fx], [(1 - e) * slope, e]])
    V = sp.Symbol("V", real=True)
    x_inf, speed = sp.Function("x_inf")(V), sp.Function("r")(V)
    gate = x_inf + (x - x_inf) * sp.exp(-dt * speed)
    frozen = {x_inf.diff(V): slope, speed.diff(V): r1}
    equal(gate.diff(V).subs(frozen).subs(x, x_inf), slope * (1 - sp.exp(-dt * speed)))
    equal(gate.diff(x), sp.exp(-dt * speed))
    equal(sp.expand(gate.subs(x, x_inf) - x_inf), 0)

    flow = sp.Matrix([[fV, fx], [r * slope, -r]])
    equal((step - sp.eye(2)).det(), dt * (1 - e) / r * flow.det())
    at = {fV: F1, fx: -kappa, slope: beta, e: sp.exp(-alpha * dt)}
    place = (sp.exp(alpha * dt) - 1) * (1 - dt * kappa * beta) / dt
    equal((step.det() - 1).subs(at).subs(F1, place), 0)
    equal(sp.limit(place, dt, 0), alpha)
    return {"slope": place, "determinant": step.det()}


RESULTS: Results = {
    "D13": euler_map,
    "D14": planar_neuron,
    "D15": izhikevich,
    "D16": one_step_errors,
    "D17": exponential_map,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
