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
# # From a spiking network to integrated information
#
# A network of leaky integrate-and-fire neurons has continuous micro states. Integrated
# information is a property of a causal model with discrete states. Between the two stands a
# coarse-graining, and the usual one, *spike or no spike at the biophysical threshold*, is
# rarely the one that says what a state will do. This notebook goes the whole way with every
# step on the table: **what does a membrane potential cause, where is the threshold that
# tells it best, and is the macro model fit for integrated information?**

# %%
import numpy as np

import causal_snn as cs
from causal_snn import plotting

# %% [markdown]
# ## 1. A network
#
# Three units, each exciting the next around a ring. Units are mV and ms; `drive` is R·I,
# `noise` the stationary standard deviation of the free membrane potential, and a weight is
# the jump of the target per spike.

# %%
net = cs.models.zoo.excitatory_ring()
print(net)
print("source:", net.source)
print("weights (row = target):", net.weights.tolist())
print("noise per step (mV):", net.noise_per_step.round(3))
plotting.plot_network(net)

# %% [markdown]
# ## 2. What a membrane potential causes
#
# The *effect kernel* is the probability that unit A spikes in the next step when we set its
# potential, do(v), in every context that the other units can make. For a linear neuron with
# Gaussian noise it is a closed form (derived in `theory/01_lif.py`, L1-L3): a normal
# distribution function in v, centred on m for each context.

# %%
kernel = cs.kernel.next_spike(net, "A")
for context, midpoint in zip(kernel.contexts.inputs, kernel.midpoints, strict=True):
    print(f"input {context:4.1f} mV: as likely as not at m = {midpoint:.2f} mV")
print(f"width of the transition s = {kernel.scale:.2f} mV")

# %% [markdown]
# ## 3. The threshold that tells most
#
# Two cells, "will not spike" and "will spike". A micro state in the wrong cell costs the
# difference of effects; the causal threshold T* minimises the worst difference over all
# contexts and all potentials that an intervention may set. No two cells of any shape can
# beat the floor (p_max - p_min)/2, so an honest answer comes with epsilon, and with a band of
# potentials that are neither almost certain to spike nor almost certain not to.

# %%
result = cs.coarse.threshold(kernel)
print(f"T* = {result.threshold:.3f} mV, theta = {result.theta} mV")
print(f"epsilon = {result.epsilon:.3f} (floor {result.floor:.3f})")
print(f"epsilon if we cut at theta = {result.epsilon_at_theta:.3f}")
print(f"band at {result.band_level}: {result.band[0]:.2f} to {result.band[1]:.2f} mV")
print("verdict:", result.verdict)
plotting.plot_effect_kernel(kernel, result)

# %% [markdown]
# The certificate can be checked by a program that shares no code with the solver.

# %%
certificate = result.certificate
print(f"lower {certificate.lower:.12f}, upper {certificate.upper:.12f}")
assert certificate.verify()

# %% [markdown]
# The causal threshold is not a constant of the neuron. It moves with the time step, the noise
# and the drive, while theta stays where it is; without enough drive there is no ON cell.

# %%
for dt, noise, drive in [(1.0, 4.0, 0.0), (1.0, 4.0, 20.0), (5.0, 1.0, 20.0), (5.0, 4.0, 10.0)]:
    one = cs.Network(neuron=cs.models.lif(), weights=[[0.0]], drive=drive, noise=noise, dt=dt)
    found = cs.coarse.threshold(cs.kernel.next_spike(one, 0))
    print(
        f"dt {dt:.0f} ms, noise {noise:.0f} mV, drive {drive:4.1f} mV: T* = "
        f"{found.threshold:7.3f} mV, epsilon {found.epsilon:.3f}, {found.verdict.short}"
    )

# %% [markdown]
# ## 4. The macro transition matrix, and what integrated information demands of it
#
# Integrated information needs units that are conditionally independent given the present
# macro state. What a unit *sends* in this step is whether its potential is above theta. If a
# macro state leaves that open, units become correlated through the common cause inside the
# macro state. The ternary alphabet quiet / primed / spiking settles it; a binary one cut
# at T* below theta does not.

# %%
for alphabet in ("ternary", "binary"):
    cells = [
        cs.coarse.threshold(cs.kernel.next_spike(net, k), alphabet=alphabet) for k in range(net.n)
    ]
    matrix = cs.tpm.build(net, cells)
    print(f"{alphabet}: {len(matrix.states)} states, gap {matrix.independence_gap:.3f}")
    if alphabet == "ternary":
        tpm = matrix
        plotting.plot_tpm(tpm)
assert tpm.independence_gap == 0.0

# %% [markdown]
# The rows are exact given the *within-cell law*, the micro states that stand for a macro
# state. Uniform on a declared range is an intervention; stationary is what the free network
# does. They differ, and neither is the truth: the law belongs to the question.

# %%
stationary = cs.tpm.build(net, cells, law="stationary", rng=0)
uniform = cs.tpm.build(net, cells)
distance = 0.5 * np.abs(stationary.state_by_state - uniform.state_by_state).sum(axis=1)
print("total variation between the laws, by row:", distance.round(3))

# %% [markdown]
# ## 5. Integrated information
#
# PyPhi computes it from the factored matrix. phi_s (system) and Phi (structure) are different
# quantities; the major complex is the set of units with the largest phi_s.

# %%
report = cs.analyze(net)
print("most probable state:", report.tpm.state_name(report.phi.state))
print(f"phi_s = {report.phi.phi_s:.4f}, Phi = {report.phi.big_phi:.3f}")
print("minimum partition:", report.phi.mip.description)
print("complexes:", report.phi.complexes)
plotting.plot_phi_states(report.phi_by_state, chosen=report.phi.state)

# %% [markdown]
# ## 6. The control
#
# A chain without any way back has the same neurons and the same spikes, and no integration in
# any state.

# %%
control = cs.analyze(cs.models.zoo.feed_forward())
print("largest phi_s of the chain:", control.phi_by_state.phi_s.max())
assert control.phi_by_state.phi_s.max() < 1e-12
assert report.phi_by_state.phi_s.max() > 0.1

# %% [markdown]
# ## 7. What to take along
#
# * The best threshold is a causal property of neuron, noise, time step and context; theta is
#   a parameter of the model.
# * epsilon, the band and the declared range belong to every statement about macro states.
# * Check the independence gap before believing any phi.
