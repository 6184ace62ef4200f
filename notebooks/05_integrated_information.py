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
# # Integrated information of spiking networks, beyond seven units
#
# PyPhi is the reference for integrated information; its users stop at six or seven units, where the
# partitions run into the tens of thousands. Here φ_s of ten neurons takes about a second, because
# the minimum partition is found by dynamic programming over subsets (proved in
# `theory/15_minimum_partition.py`), not by going through partitions. The notebook checks the engine
# against PyPhi, uses it out of PyPhi's reach, and says what a value of Φ is worth when the
# probabilities behind it are uncertain.

# %%
import time

import numpy as np

import causal_snn as cs
from causal_snn import coarse, models, phi, plotting, tpm

# %% [markdown]
# ## 1. Three neurons, two engines
#
# `engine="both"` runs both and raises if they differ by more than 1e-9.

# %%
ring = models.zoo.excitatory_ring(3)
thresholds = [coarse.threshold(cs.kernel.next_spike(ring, k)) for k in range(3)]
matrix = tpm.build(ring, thresholds)
state = (0, 0, 0)
small = phi.system(matrix, state, engine="both")
print(f"{matrix.state_name(state)}: phi_s = {small.phi_s:.6f} ibit")
print("minimum partition:", small.partition.description)
plotting.plot_partition(ring, small)

# %% [markdown]
# ## 2. Ten neurons
#
# A recurrent excitatory network, one bit for each neuron: whether it spikes. Cut at θ, a macro
# state says what its unit sends, so that units are conditionally independent (gap 0). Ten units
# have 40 million directed partitions.

# %%
rng = np.random.default_rng(1)
weights = 6.0 * (rng.random((10, 10)) < 0.35) * (1 - np.eye(10))
big = cs.Network(neuron=models.lif(), weights=weights, drive=16.0, noise=3.0, dt=5.0)
bits = tpm.build(big, coarse.Partition.from_thresholds(big, big.step().theta, alphabet="binary"))
print(f"{len(bits.states)} states, independence gap {bits.independence_gap:.1g}")
for name, some in {"silent": (0,) * 10, "one spikes": (1,) + (0,) * 9}.items():
    start = time.perf_counter()
    found = phi.system(bits, some)
    print(f"{name}: phi_s = {found.phi_s:.6f} ibit in {time.perf_counter() - start:.1f} s")
    if found.partition:
        print("  ", found.partition.description)

# %% [markdown]
# Which of its parts exist as one? Every subset is a candidate; those that an upper bound excludes
# are never searched.

# %%
five = ("A", "B", "C", "D", "E", "F")
parts = phi.complexes(bits, (0,) * 10, units=five)
for one in parts.complexes:
    print(f"{{{', '.join(one.labels)}}}: phi_s = {one.phi_s:.6f}")
print(f"{len(parts.evaluated)} systems searched, {parts.excluded} excluded by bounds")

# %% [markdown]
# ## 3. What it is like: distinctions and relations
#
# Φ sums over what mechanisms specify (distinctions) and how these overlap (relations). Published
# structures come out to their printed digits: Albantakis et al. 2023, Fig. 7A, with 23
# distinctions, 13,740 relations, Φ = 22.26.

# %%
from pyphi import examples

published = examples.iit4_2023_fig7_system()
start = time.perf_counter()
whole = phi.structure(
    phi.from_pyphi(published), published.state, units=(0, 1, 2, 3, 4), formalism="IIT_4_0_2023"
)
print(
    f"{len(whole.distinctions)} distinctions, {whole.relations:,} relations, "
    f"Phi = {whole.big_phi:.3f} ibit in {time.perf_counter() - start:.1f} s"
)
assert (len(whole.distinctions), whole.relations) == (23, 13740)
plotting.plot_structure(whole)

# %% [markdown]
# ## 4. What the value is worth
#
# φ_s is not continuous: where another partition or another specified state takes over, it jumps. A
# value ± an error says nothing; a set does. Here every probability of the three-neuron network is
# known to ±r only. The outer bounds hold for all such networks, the inner ones are attained.

# %%
driven = models.zoo.excitatory_ring(3, drive=16.0)
noisy = tpm.build(
    driven, coarse.Partition.from_thresholds(driven, driven.step().theta, alphabet="binary")
)
table = noisy.state_by_node
radii = np.array([0.0, 0.002, 0.005, 0.01, 0.02, 0.04])
enclosures = [
    phi.enclosure(np.clip(table - r, 0, 1), np.clip(table + r, 0, 1), state, samples=40)
    for r in radii
]
for r, one in zip(radii, enclosures, strict=True):
    print(
        f"r = {r:.3f}: phi_s in [{one.outer[0]:.4f}, {one.outer[1]:.4f}], "
        f"attained [{one.inner[0]:.4f}, {one.inner[1]:.4f}], {len(one.regimes)} regimes"
    )
plotting.plot_enclosures(enclosures, radii, xlabel="radius of every probability")

# %% [markdown]
# And with data: counts of transitions give a posterior of φ_s, which is no bell curve.

# %%
trials = np.full(8, 400)
on = np.random.default_rng(0).binomial(trials[:, None], table)
sampled = phi.posterior(on, state, trials=trials, samples=120, rng=0)
low, high = sampled.interval(0.95)
print(
    f"400 trials of each state: phi_s in [{low:.4f}, {high:.4f}], reducible {sampled.reducible:.0%}"
)

# %% [markdown]
# ## 5. Does Φ grow with the membrane's time constant?
#
# Danilczuk, Pokropski and Suffczynski (PLOS Comput Biol 2026, doi 10.1371/journal.pcbi.1014085)
# found that the Φ of a small integrate-and-fire network grows with τ, "which reflects their
# integrative capacity". Of their network we use what the abstract says: a few integrate-and-fire
# neurons with little noise. Four of them excite each other; one spike alone does not make another,
# so that only a membrane that remembers can sum them. Macro states are the spikes of one step, and
# the potentials behind them those of the free network (a study that observes sees these). Their
# measure is Φ of IIT 3.0; ours here is φ_s of IIT 4.0 (2023).

# %%
sums, taus = np.ones((4, 4)) - np.eye(4), (4.0, 8.0, 16.0, 32.0, 64.0)
means = []
for tau in taus:
    small_net = cs.Network(
        neuron=models.lif(tau=tau), weights=5.0 * sums, drive=10.0, noise=1.5, dt=2.0
    )
    cells = coarse.Partition.from_thresholds(small_net, small_net.step().theta, alphabet="binary")
    free = tpm.build(small_net, cells, law="stationary", samples=20_000, rng=0)
    chance = free.stationary()
    values = [
        phi.system(free, s, formalism="IIT_4_0_2023").phi_s if ok else 0.0
        for s, ok in zip(free.states.tolist(), free.reachable(), strict=True)
    ]
    means.append(float(chance @ values))
    print(f"tau = {tau:4.0f} ms: phi_s in the long run {means[-1]:.3f} ibit")
assert np.all(np.diff(means) > -0.02)
assert means[-1] > 1.5 * means[0]

# %% [markdown]
# It does here. It need not: with do(macro state) uniform over all potentials of a state, in place
# of the ones the free network visits, φ_s of the same network *falls* with τ, because a longer
# memory makes "quiet" say less about how near the next spike is.

# %%
for tau in (taus[0], taus[-1]):
    small_net = cs.Network(
        neuron=models.lif(tau=tau), weights=5.0 * sums, drive=10.0, noise=1.5, dt=2.0
    )
    cells = coarse.Partition.from_thresholds(small_net, small_net.step().theta, alphabet="binary")
    done = tpm.build(small_net, cells)
    values = [phi.system(done, s, formalism="IIT_4_0_2023").phi_s for s in done.states.tolist()]
    print(f"tau = {tau:4.0f} ms: phi_s under do(), long run {done.stationary() @ values:.3f} ibit")

# %% [markdown]
# ## 6. Landscape
#
# φ_s of two coupled neurons over drive and weight: ridges, and a wide plain of zeros.


# %%
def coupled(drive, weight):
    net = cs.Network(
        neuron=models.lif(), weights=[[0, weight], [weight, 0]], drive=drive, noise=3.0, dt=5.0
    )
    return tpm.build(
        net, coarse.Partition.from_thresholds(net, net.step().theta, alphabet="binary")
    )


land = phi.landscape(coupled, (0, 0), np.linspace(6.0, 24.0, 15), np.linspace(0.0, 21.0, 15))
plotting.plot_phi_landscape(land, xlabel="drive (mV)", ylabel="weight (mV)")
