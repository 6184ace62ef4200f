"""When one-dimensional neurons fire: rheobase, period, and how a kick moves the next spike.

    v' = F(v), spike and reset to v_r when v = v_p:   T = integral of dv/F(v) from v_r to v_p

Time in the unit of tau (ms). A kick of size x at time t moves the next spike forward by Z(t) x:
Z is the infinitesimal phase response curve in units of time. Run this file to prove D1-D5.
"""

import sympy as sp

from proof import Formulas, Results, equal, positive, report

v, E, theta, drive, V_r, V_p = sp.symbols("v E theta drive V_r V_p", real=True)
tau, t, t_ref, current, phase, gap = sp.symbols("tau t t_ref I phase gap", positive=True)
C, g_L, Delta_T = sp.symbols("C g_L Delta_T", positive=True)
E_L, V_T, V = sp.symbols("E_L V_T V", real=True)


def flows(path: sp.Expr, rate: sp.Expr, start: sp.Expr, time: sp.Symbol = t) -> None:
    """Settle that `path` solves v' = rate from `start`."""
    equal(path.diff(time), rate.subs(v, path))
    equal(path.subs(time, 0), start)


def lif_rate() -> Formulas:
    """LIF: T = t_ref + tau ln((E + drive - V_r)/(E + drive - theta)), rheobase drive = theta - E.

    tau v' = E - v + drive, reset to V_r < theta, silent for t_ref after a spike. T tends to
    infinity at the rheobase, from above, and f = 1/T to 1/t_ref for a strong drive.
    Source: Gerstner, Kistler, Naud, Paninski, Neuronal Dynamics (2014), ch. 1.
    """
    rate = (E - v + drive) / tau
    rest = E + drive
    path = rest + (V_r - rest) * sp.exp(-t / tau)
    flows(path, rate, V_r)
    period = t_ref + tau * sp.log((rest - V_r) / (rest - theta))
    equal(path.subs(t, period - t_ref), theta)
    rheobase = theta - E
    above, jump = {drive: rheobase + gap}, sp.Symbol("jump", positive=True)
    scaled = period.subs(above).subs(V_r, theta - jump)  # ln(1 + jump/gap)
    positive(-scaled.diff(gap))
    equal(sp.limit(1 / scaled, gap, 0), 0)
    equal(sp.limit(scaled, gap, sp.oo), t_ref)
    return {"T": period, "f": 1 / period, "rheobase": rheobase}


def phase_response() -> Formulas:
    """One state: Z = 1/v'(t) until the spike. LIF: Z = tau/(rest - V_r) e^(t/tau).

    The time left from v to the threshold, integral dv/F, falls by x/F(v) when v is raised by x.
    Checked on the LIF: its spike comes tau ln(...) after v, differentiated by v. Z grows up to the
    spike: late kicks move it most. `rest` = E + drive.
    Source: Ermentrout and Terman, Mathematical Foundations of Neuroscience (2010), ch. 8.
    """
    rest = E + drive
    left = tau * sp.log((rest - v) / (rest - theta))
    flow = (rest - v) / tau
    equal(-left.diff(v), 1 / flow)
    path = rest + (V_r - rest) * sp.exp(-t / tau)
    response = tau / (rest - V_r) * sp.exp(t / tau)
    equal((1 / flow).subs(v, path), response)
    equal(response.diff(t), response / tau)
    return {"Z": response}


def qif_period() -> Formulas:
    """QIF, I > 0: T = tau/sqrt(I) (atan(V_p/sqrt(I)) - atan(V_r/sqrt(I))), to pi tau/sqrt(I).

    tau V' = V^2 + I. For I = -k^2 < 0 it rests at -k, and fires only when reset beyond its
    threshold, V_r > k: T = tau/(2k) ln((V_p - k)(V_r + k)/((V_p + k)(V_r - k))): rest and firing
    together. Then the rheobase of the firing neuron is where V_r = k, that is I = -V_r^2.
    Source: Ermentrout and Kopell, SIAM J Appl Math 46:233 (1986); Izhikevich, Dynamical Systems
    in Neuroscience (2007), ch. 8.
    """
    root = sp.sqrt(current)
    path = root * sp.tan(root * t / tau + sp.atan(V_r / root))
    flows(path, (v**2 + current) / tau, V_r)
    period = tau / root * (sp.atan(V_p / root) - sp.atan(V_r / root))
    equal(path.subs(t, period), V_p)
    whole = sp.limit(sp.limit(period, V_p, sp.oo), V_r, -sp.oo)
    equal(whole, sp.pi * tau / root)

    k, beyond, above = sp.symbols("k beyond above", positive=True)
    bistable = tau / (2 * k) * sp.log((V_p - k) * (V_r + k) / ((V_p + k) * (V_r - k)))
    equal(bistable.diff(V_p), tau / (V_p**2 - k**2))  # dT/dV_p = 1/V'
    equal(bistable.subs(V_p, V_r), 0)
    where = {V_r: k + beyond, V_p: k + beyond + above}
    decay = sp.exp(-2 * k * bistable / tau).subs(where)  # 0 where T is infinite: at V_r = k
    equal(sp.limit(sp.simplify(decay), beyond, 0), 0)
    return {"T": period, "T_infinite": whole, "f_infinite": 1 / whole, "T_bistable": bistable}


def theta_neuron() -> Formulas:
    """Theta neuron: V = tan(theta/2) turns it into the QIF; T = pi tau/sqrt(I). QIF iPRC below.

    tau theta' = 1 - cos theta + (1 + cos theta) I. Between V = -infinity and infinity the QIF runs
    along V = -sqrt(I) cot(pi phase), phase = t/T, so its Z = tau (1 - cos(2 pi phase))/(2 I) is
    never negative (type I), zero at the spike.
    Source: Ermentrout, Neural Comput 8:979 (1996).
    """
    angle = sp.Symbol("angle", real=True)
    potential = sp.tan(angle / 2)
    moves = (1 - sp.cos(angle) + (1 + sp.cos(angle)) * current) / tau
    equal(potential.diff(angle) * moves, (potential**2 + current) / tau)
    equal(moves.subs(angle, sp.pi), 2 / tau)  # it passes the spike, whatever the input

    period = qif_period()["T_infinite"]
    path = -sp.sqrt(current) * sp.cot(sp.pi * t / period)
    equal(path.diff(t), (path**2 + current) / tau)
    response = tau * (1 - sp.cos(2 * sp.pi * phase)) / (2 * current)
    equal((tau / (path**2 + current)).subs(t, phase * period), response)
    return {"T": period, "Z": response}


def eif_rheobase() -> Formulas:
    """EIF: rheobase g_L (V_T - E_L - Delta_T) at V_T; near it T = pi C sqrt(2 Delta_T/(g_L x)).

    C V' = -g_L (V - E_L) + g_L Delta_T exp((V - V_T)/Delta_T) + I. The part without I is convex
    with its one minimum at V_T; x = I - rheobase. At a fold V' = x/C + k y^2 with k = V''/2 there,
    and the passage takes pi/sqrt(k x/C): f rises as the square root of x, class I.
    Source: Fourcaud-Trocme et al., J Neurosci 23:11628 (2003); Strogatz, Nonlinear Dynamics and
    Chaos (1994), sec. 4.3, for the passage.
    """
    x, y, k = sp.symbols("x y k", positive=True)
    membrane = -g_L * (V - E_L) + g_L * Delta_T * sp.exp((V - V_T) / Delta_T)
    equal(membrane.diff(V).subs(V, V_T), 0)
    positive(membrane.diff(V, 2))
    rheobase = -membrane.subs(V, V_T)
    equal(rheobase, g_L * (V_T - E_L - Delta_T))
    curvature = (membrane / C).diff(V, 2).subs(V, V_T) / 2
    passage = sp.integrate(1 / (x / C + k * y**2), (y, -sp.oo, sp.oo))
    equal(passage, sp.pi / sp.sqrt(k * x / C))
    period = sp.pi * C * sp.sqrt(2 * Delta_T / (g_L * x))
    equal(passage.subs(k, curvature), period)
    return {"rheobase": rheobase, "V": V_T, "T_near": period}


RESULTS: Results = {
    "D1": lif_rate,
    "D2": phase_response,
    "D3": qif_period,
    "D4": theta_neuron,
    "D5": eif_rheobase,
}


def main() -> None:
    """Prove every result of this file and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
