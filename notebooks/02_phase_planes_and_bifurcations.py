# ---
# jupyter:
#   jupytext:
#     formats: py:percent,ipynb
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Phase planes and bifurcations
#
# A neuron model is a set of formulas. From that one symbolic definition come its nullclines,
# its equilibria, the currents at which it begins and ceases to fire, its limit cycles, and, for
# neurons with a reset, the map from one spike to the next. This notebook takes four models
# through all of it: **what does each of them do, where does it change, and how sure are we?**

# %%
import matplotlib.pyplot as plt

from causal_snn import dynamics, models, plotting

# %% [markdown]
# ## 1. Hodgkin and Huxley
#
# The squid axon of 1952. The rates of `m` and `n` have removable singularities at -40 and
# -55 mV; the model is smooth through them.

# %%
hh = models.hodgkin_huxley()
print(hh.latex())
for name, value in hh.parameters.items():
    print(f"{name:9} {value!r:22} {value.meaning}")

# %% [markdown]
# Its equilibria along the current, and the limit cycles that are born where they lose
# stability. Every special point is polished on its own defining equations.

# %%
hh_diagram = dynamics.diagram(hh, "I", (0.0, 200.0))
print(hh_diagram.table())
plotting.plot_bifurcation(*hh_diagram.branches, *hh_diagram.cycles.values())

# %% [markdown]
# The first Hopf bifurcation is subcritical (its first Lyapunov coefficient is positive), so the
# neuron jumps to large spikes, and goes on firing when the current is lowered again, down to the
# fold of cycles LPC3. Between the two rest and firing coexist.
#
# Rounding can be ruled out too: interval arithmetic encloses the Hopf current.

# %%
hopf = hh_diagram.special[0]
proof = dynamics.enclose(hopf)
print("verified:", proof.verified)
print("I  in", proof.value)
print("l1 in", proof.l1)

# %% [markdown]
# What a drug does: the Hopf current as the sodium conductance is blocked, followed in two
# parameters.

# %%
blocked = dynamics.continue_special(hopf, "scale_Na", (0.5, 1.5))
plotting.plot_two_parameter(blocked)

# %% [markdown]
# ## 2. Morris and Lecar: three ways to begin to fire
#
# The same two equations. In the first parameter set rest is lost in a Hopf bifurcation and
# firing begins at a finite rate (class 2). In the second two equilibria merge on the cycle
# itself (SNIC), and firing begins arbitrarily slowly (class 1). In the third the cycle ends on
# a saddle.

# %%
regimes = {}
for regime in ("hopf", "snlc", "homoclinic"):
    ml = models.morris_lecar(regime)
    regimes[regime] = dynamics.diagram(ml, "I", (-50.0, 300.0))
    print(f"{regime}\n{regimes[regime].table()}\n")
    print(dynamics.excitability(ml), "\n")

# %%
figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.6), layout="constrained")
for ax, (regime, found) in zip(axes, regimes.items(), strict=True):
    plotting.plot_bifurcation(*found.branches, *found.cycles.values(), ax=ax)
    ax.annotate(regime, (0.97, 0.05), xycoords="axes fraction", ha="right")

# %% [markdown]
# The phase plane of the second set just below the onset: three equilibria, and the stable
# manifold of the saddle is the threshold. A start above it makes a spike before it comes to rest.

# %%
plane = dynamics.phase_plane(
    models.morris_lecar("snlc"), I=35.0, trajectories=[(-20.0, 0.0), (-10.0, 0.0)]
)
for point in plane.equilibria:
    print(point)
plotting.plot_phase_plane(plane)

# %% [markdown]
# ## 3. Izhikevich: closed forms, and what a time step does to them
#
# Fold and Hopf are known in closed form: I_SN = (5 - b)^2/0.16 - 140, and
# I_H = I_SN - (b - a)^2/0.16 if b > a (proved in `theory/04_bifurcations.py`).

# %%
izhikevich = models.izhikevich()
a, b = izhikevich.parameters["a"], izhikevich.parameters["b"]
branch = dynamics.continue_equilibria(izhikevich, "I", (0.0, 10.0))
fold = (5 - b) ** 2 / 0.16 - 140
print("fold:", branch.special["LP1"].value, "closed form", fold)
print("Hopf:", branch.special["HB1"].value, "closed form", fold - (b - a) ** 2 / 0.16)

# %% [markdown]
# A computer steps the equations. With forward Euler and with the paper's own scheme the Hopf
# point becomes a Neimark-Sacker point, and the current at which rest is lost depends on the step.

# %%
steps = [0.1, 0.25, 0.5, 0.75, 1.0]
shifts = [
    dynamics.shift_of_hopf(izhikevich, scheme, "I", (0.0, 4.0), steps)
    for scheme in ("euler", "published")
]
for shift in shifts:
    print(f"{shift.scheme:10}", dict(zip(shift.dts, shift.values.round(6), strict=True)))
plotting.plot_hopf_shift(shifts)

# %% [markdown]
# ## 4. AdEx: from spike to spike
#
# Between spikes the adaptation w decays and grows; each spike resets the potential and adds b.
# The map from w after one spike to w after the next says everything about the firing pattern:
# a stable fixed point is tonic firing, a periodic orbit is a burst.

# %%
adex = models.adex(C=281, g_L=30, E_L=-70.6, V_T=-50.4, tau_w=40, a=4, b=80, I=800, v_peak=-20)
tonic = dynamics.reset_map(adex, V_r=-49.0)
bursting = dynamics.reset_map(adex, V_r=-48.5)
chaotic = dynamics.reset_map(adex, V_r=-48.0)
for found in (tonic, bursting, chaotic):
    print(found.model.parameters["V_r"], found.fixed_points(), found.lyapunov(500))
plotting.plot_reset_map(bursting, orbit=bursting.orbit(250.0, 30))

# %%
spikes = dynamics.continue_reset_map(adex, "V_r", (-50.0, -47.5))
for point in spikes.special:
    print(point)
print("multiplier at the first:", spikes.special[0].eigenvalues)

# %%
orbits = dynamics.orbit_diagram(adex, "V_r", (-50.0, -47.5))
plotting.plot_orbit_diagram(orbits, spikes)

# %%
plotting.plot_phase_plane(
    dynamics.phase_plane(adex, I=800.0, V_r=-48.5, trajectories=[(-48.5, 250.0)], duration=120.0)
)

# %% [markdown]
# ## 5. Rates and phases
#
# The f-I curve, in closed form where there is one and timed to the event otherwise, and the
# phase response: how much a kick now moves all later spikes.

# %%
currents = [6.5, 7.0, 8.0, 10.0, 20.0, 50.0, 100.0]
rates = dynamics.firing_rate(hh, currents, start="spiking")
print(dict(zip(currents, rates.rate.round(4), strict=True)))
print(dynamics.rheobase(hh))
plotting.plot_fi(rates)

# %%
plotting.plot_prc(dynamics.prc(hh, I=10.0))

# %% [markdown]
# ## 6. A neuron of your own
#
# A few lines of formulas get everything above.

# %%
own = models.define(
    "resonate",
    drift={"v": "v - v**3/3 - w + I", "w": "epsilon*(v**2/2 + a - w)"},
    parameters={"I": 0.0, "a": 0.2, "epsilon": 0.1},
    domain={"v": (-3, 3), "w": (-2, 5)},
)
print(dynamics.diagram(own, "I", (-1.0, 2.0)).table())
