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
# # Causally sufficient thresholds
#
# Where does a spiking neuron change what it will *cause*? Not at its biophysical threshold θ.
# This notebook shows where, how far any threshold can be trusted, when none can, what a third
# macro state buys, and how a careless threshold makes integrated information out of nothing.
# Every number comes with a certificate that a small independent program checks.

# %%
import numpy as np

import causal_snn as cs
from causal_snn import coarse, kernel, models, phi, plotting, tpm
from causal_snn.studies import time_scale

# %% [markdown]
# ## 1. θ is not the causal threshold
#
# A leaky integrate-and-fire neuron (τ = 20 ms, θ = -50 mV, E = -65 mV) with membrane noise and a
# drive of 20 mV. We set its potential, do(v), and ask for the probability that it spikes next.

# %%
neuron = cs.Network(neuron=models.lif(), weights=[[0.0]], drive=20.0, noise=4.0, dt=1.0)
effect = kernel.next_spike(neuron, 0)
found = coarse.threshold(effect)
print(f"theta = {found.theta} mV, T* = {found.threshold:.3f} mV")
print(f"worst difference within a cell: {found.epsilon:.3f} at T*, {found.epsilon_at_theta:.3f}")
print("at theta; no two cells of any shape do better than", round(found.floor, 3))
print("verdict:", found.verdict)
assert found.certificate.verify()
plotting.plot_effect_kernel(effect, found)

# %% [markdown]
# T* depends on the time step, the noise and the drive, though the neuron is the same. Undriven
# neurons have no ON cell at all (hatched): no potential below θ makes a spike likely.

# %%
pair = cs.Network(
    neuron=models.lif(), weights=[[0, 3], [3, 0]], drive=12.0, noise=4.0, dt=1.0, labels=["A", "B"]
)
diagram = coarse.phase_diagram(
    pair, "A", dt=np.geomspace(0.25, 20.0, 12), noise=np.linspace(0.5, 6.0, 8), weight=[0.0, 1.0]
)
print("T* from", diagram.threshold.min().round(2), "to", diagram.threshold.max().round(2), "mV")
plotting.plot_phase_diagram(diagram, at={"weight": 1.0})

# %% [markdown]
# The discrete model tests for spikes at the end of a step and misses what crosses in between. In
# continuous time (absorbing threshold) the same neuron has its causal threshold on the *other*
# side: within 1 ms a potential well below θ already makes a spike as likely as not. So the
# discretisation belongs to the result.

# %%
undriven = cs.Network(neuron=models.lif(), weights=[[0.0]], noise=4.0, dt=1.0)
end_of_step = kernel.next_spike(undriven, 0).midpoints[0]
through = kernel.absorbing(undriven, 0, 1.0)
middle = np.interp(0.5, through.probability[0], through.states[:, 0])
print(f"p = 1/2 at {end_of_step:.2f} mV (tested at the end of 1 ms)")
print(f"p = 1/2 at {middle:.2f} mV (absorbed within 1 ms)")
assert middle < -50.0 < end_of_step

# %% [markdown]
# ## 2. When no threshold is sufficient
#
# If the effect is continuous, two cells cannot both be homogeneous: (p_max - p_min)/2 is a floor
# for two cells, (p_max - p_min)/k for k. More levels, or cells that abstain, are the honest way
# out; closure alone is worthless, since a constant is perfectly closed. So closure and separation
# are shown together.

# %%
for k in (2, 3, 4, 6, 8):
    levels = coarse.levels(effect, k)
    assert levels.certificate.verify()
    print(f"k = {k}: epsilon {levels.epsilon:.4f}, EI {levels.effective_information:.3f} bit")
plotting.plot_levels(effect, coarse.levels(effect, 4))

# %%
front = coarse.pareto(effect, levels=(2, 3, 4), min_mass=0.02, points=7, cells=150)
wish = front.nearest(0.1, 0.5)
print(
    f"nearest to (epsilon .1, separation .5): {wish.epsilon:.3f}, {wish.separation:.3f}, k {wish.k}"
)
plotting.plot_pareto(front)

# %% [markdown]
# Strong synapses make it worse: a potential that surely causes a spike in one context causes none
# in another. The causal threshold is then a function of the context, T(c), and knowing the context
# has a value in bits.

# %%
ring = models.zoo.excitatory_ring()
in_context = coarse.context_thresholds(kernel.next_spike(ring, "A"))
for c, t in zip(in_context.inputs, in_context.thresholds, strict=True):
    print(f"input {c:3.0f} mV: T = {t:.2f} mV")
print(f"one T for all: {in_context.shared:.2f} mV, epsilon {in_context.shared_epsilon:.3f}")
print(f"a threshold for each context: epsilon {in_context.epsilon:.3f}")
print(f"value of the context: {in_context.value:.3f} bit")

# %% [markdown]
# ## 3. Thresholds of a network
#
# What a unit sends is whether it crosses θ. If its macro state says so (quiet, primed, *spiking*)
# the units' thresholds separate; if not, the threshold of one unit changes what is best for
# another, and choosing them one by one is measurably worse than together.

# %%
kernels = [kernel.next_spike(ring, k) for k in range(ring.n)]
thresholds = [coarse.threshold(each) for each in kernels]
plotting.plot_threshold_strips(kernels, thresholds)

# %%
for alphabet in ("binary", "ternary"):
    together = coarse.joint(ring, alphabet=alphabet)
    assert together.certificate.verify()
    print(
        f"{alphabet}: expected squared error {together.epsilon:.4f} together, "
        f"{together.separate.epsilon:.4f} one by one, gap {together.certificate.gap:.1g}"
    )

# %% [markdown]
# The same question for a chain that is already finite: which lumping is closest to closed? Here
# the answer is exact (12 states, the optimum is proved by branch and bound), and again closure
# needs separation beside it: cells that mix everything are closed and say nothing.

# %%
rng = np.random.default_rng(0)
blocks = np.kron(np.eye(3), np.full((4, 4), 0.2)) + 0.05 * rng.random((12, 12))
blocks /= blocks.sum(axis=1, keepdims=True)
lumping = coarse.lump(blocks, 3, separation=0.3)
print("cells:", lumping.cells.tolist(), f"epsilon {lumping.epsilon:.4f}")
assert lumping.certificate.verify()

# %% [markdown]
# ## 4. The macro model: which law, and how long does it predict?
#
# A macro state stands for many micro states. Which ones is a choice (here the uniform law of
# do(macro state)); the worst case over all of them bounds every choice.

# %%
matrix = tpm.build(ring, thresholds)
worst = tpm.build(ring, thresholds, law="worst")
width, state, label = worst.widest
print(f"gap {matrix.independence_gap:.1g}; widest interval {width:.2f} at {state}, {label}")
assert worst.contains(matrix)

seen = tpm.confounding(ring, thresholds)
print(f"doing against seeing: worst row differs by {seen.worst:.3f} (total variation)")

# %% [markdown]
# And for how long does the macro model predict, whatever micro state it starts from? Two or three
# levels of a membrane do not tell even one step of 5 ms; the library says so. A chain that is
# nearly lumpable is predicted much longer, and the bounds prove it.

# %%
prediction = tpm.network_prediction(ring, thresholds, steps=3, method="bounds")
print("the ring:", prediction.verdict)
chain = tpm.chain_prediction(blocks, lumping.cells, steps=12)
print("the lumped chain:", chain.verdict)
plotting.plot_prediction_error(chain)

# %% [markdown]
# ## 5. A careless threshold makes Φ out of nothing
#
# Slide a *binary* threshold T below θ on two neurons that are coupled. What is integrated
# information then? It is 0 at θ and rises with the independence gap as T leaves θ: the macro state
# "on" hides whether the unit spikes, and the hidden common cause is read as integration.

# %%
two = cs.Network(neuron=models.lif(), weights=[[0, 10], [10, 0]], drive=12.0, noise=2.0, dt=5.0)


def careless(shift):
    partition = coarse.Partition.from_thresholds(two, two.step().theta - shift, alphabet="binary")
    return tpm.build(two, partition)


walk = phi.path(careless, (1, 1), np.linspace(0.0, 8.0, 17), gap_tolerance=1.0)
for shift, value, gap in zip(
    walk.values[::4], walk.phi_s[::4], walk.independence_gap[::4], strict=True
):
    print(f"T = theta - {shift:.0f} mV: phi_s {value:.3f}, independence gap {gap:.3f}")
assert walk.phi_s[0] == 0.0 < walk.phi_s.max()
plotting.plot_phi_path(walk, xlabel="θ - T (mV)")

# %% [markdown]
# ## 6. The best time scale
#
# A longer step is better closed, but tells less. Where a macro model is best depends on which of
# the two is asked for, and integrated information does not follow either.

# %%
study = time_scale(ring, dt=np.geomspace(1.0, 16.0, 7))
place = study.best(0.5)
print("best grain:", None if place is None else f"{study.dt[place]:.1f} ms")
plotting.plot_time_scale(study, epsilon=0.5)
