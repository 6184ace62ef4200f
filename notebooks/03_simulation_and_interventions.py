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
# # Simulation and interventions
#
# A simulator usually answers *what does this network do?* A causal question is another one:
# *what would it have done, had this unit been set to that state?* It takes many runs, from states
# that we choose, and an honest error for every number. This notebook does both: **run ordinary
# networks, intervene on a small one, and turn interventions into transition probabilities.**

# %%
import matplotlib.pyplot as plt
import numpy as np

from causal_snn import models, plotting, simulation
from causal_snn.models import Network, inputs
from causal_snn.simulation import change, clamp, cut, do, simulate, sweep

# %% [markdown]
# ## 1. A thousand neurons
#
# Izhikevich's network of 2003: 800 excitatory and 200 inhibitory neurons, each with parameters
# of its own, stepped exactly as the published program does. The same seed gives the same run.

# %%
cortex = models.zoo.izhikevich_2003()
recovery = np.array([neuron.parameters["b"] for neuron in cortex.neurons])
run = simulate(cortex, 1000.0, rng=0, scheme="published", start={"v": -65.0, "u": -65.0 * recovery})
kinds = {"excitatory": range(800), "inhibitory": range(800, 1000)}
print(run)
for kind, units in kinds.items():
    print(f"{kind}: {run.rates()[list(units)].mean():.1f} Hz")

# %%
figure, (above, below) = plt.subplots(
    2, 1, sharex=True, figsize=(7.2, 4.0), height_ratios=(3, 1), layout="constrained"
)
plotting.plot_raster(run, groups=kinds, ax=above).set_xlabel("")
plotting.plot_rate(run, bin_width=2.0, ax=below)

# %% [markdown]
# The network of Vogels and Abbott: 4,000 neurons, 320,000 synapses held as sparse arrays, a
# synaptic current for excitation and one for inhibition, a delay, a refractory time. A run can
# be stopped and resumed; the two halves are the whole, bit for bit.

# %%
balanced = models.zoo.vogels_abbott()
start = {"v": np.random.default_rng(0).uniform(-60.0, -50.0, balanced.n)}
keep = simulation.Record(states=("v", "g_e", "g_i"), units=(0, 1, 3999), every=0.5)
whole = simulate(balanced, 200.0, rng=0, start=start, record=keep)
first = simulate(balanced, 100.0, rng=0, start=start)
second = simulate(balanced, 100.0, start=first.final)
print(whole)
assert len(whole.trains) == len(first.trains) + len(second.trains)
assert np.array_equal(whole.trains.times[-1000:], second.trains.times[-1000:])
plotting.plot_raster(
    whole, groups={"excitatory": range(0, 3200, 8), "inhibitory": range(3200, 4000, 8)}
)

# %%
plotting.plot_traces(whole, "g_i")

# %% [markdown]
# Any neuron of the library, or one of your own formulas, makes a network: weights act on the
# state that its definition names, delays are whole steps, and random input comes as white noise
# on the membrane, as a current with a memory, or as Poisson spikes.

# %%
pair = Network(
    neuron=[models.adex(b=200.0), models.adex(b=0.0)],  # the second hardly adapts
    weights=[[0.0, -6.0], [4.0, 0.0]],  # mV per spike, row = target
    delays=20,  # steps: 2 ms
    inputs=[
        inputs.PoissonInput(rate=400.0, weight=3.5),  # Hz, mV
        inputs.OUCurrent(sd=300.0, tau=20.0),  # pA, ms
    ],
    labels=("adapting", "fast"),
    dt=0.1,
)
both = simulate(pair, 400.0, rng=1, record="V")
print({label: f"{rate:.1f} Hz" for label, rate in zip(pair.labels, both.rates(), strict=True)})
plotting.plot_traces(both)

# %% [markdown]
# ## 2. Interventions, and what would have been
#
# The pyloric motif: three units that inhibit each other. We set unit LP to a potential above its
# threshold at 100 ms, do(v = -45 mV), and let it go. Same seed, same noise: whatever differs is
# caused by the intervention. It passes from unit to unit, and some 200 ms later it is forgotten.

# %%
net = models.zoo.pyloric()
same = {"rng": 3, "record": "v"}
free = simulate(net, 500.0, **same)
kicked = simulate(net, 500.0, interventions=[do("LP", -45.0, at=100.0)], **same)
plotting.plot_interventions(kicked, free)

# %%
differs = np.abs(kicked.states["v"] - free.states["v"])[:, :, 0] > 1e-9
for unit, label in enumerate(net.labels):
    when = free.times[differs[:, unit]]
    print(f"{label}: differs from {when[0]:.0f} to {when[-1]:.0f} ms")
assert not differs[free.times < 100.0].any()

# %% [markdown]
# Interventions compose: here an edge is cut, a unit is clamped for a while, and a parameter
# changes for good.

# %%
acts = [
    cut("LP", "AB/PD", start=50.0, stop=250.0),
    clamp("PY", -62.0, start=100.0, stop=180.0),
    change("drive", 25.0, unit="LP", at=300.0),
]
plotting.plot_interventions(simulate(net, 500.0, interventions=acts, **same), free)

# %% [markdown]
# ## 3. From interventions to transition probabilities
#
# One run says what happened once. `sweep` sets the network to each of many states, runs many
# noisy replicas of each, and returns rows of probabilities with their standard errors. Here: who
# spikes in the fifth step, 25 ms after each of the eight states "has just spiked or rests".

# %%
states = simulation.spiking_states(net)
rows = sweep(net, states=states, steps=5, replicas=20_000, rng=0)
names = ["none", "AB/PD", "LP", "AB/PD, LP", "PY", "AB/PD, PY", "LP, PY", "all"]
print(rows)
print("largest standard error:", rows.standard_error.max().round(5))
plotting.plot_transitions(rows, states=names)

# %% [markdown]
# A result is a labelled dataset; so is a recording.

# %%
dataset = rows.to_xarray()
print(dataset["rows"].sel(outcome="1,0,0").values.round(4))
print(kicked.to_xarray())

# %% [markdown]
# ## 4. Which noise for which question
#
# Replicas may have noise of their own (*independent*), replica r of every state the same
# (*shared*, common random numbers), or come in mirrored pairs (*antithetic*). No one is best.
# First a counterfactual: what does the edge from LP to PY do? One state, with and without it,
# and who spikes in the last three of ten steps.


# %%
def without_edge(noise, rng):
    return sweep(
        net,
        states=states[[0, 0]],
        steps=10,
        window=3,
        replicas=2048,
        units="apart",
        interventions=[cut("LP", "PY", lanes=[False, True])],
        noise=noise,
        rng=rng,
    )


modes = ("independent", "shared", "antithetic")
contrasts = {noise: without_edge(noise, rng=0) for noise in modes}
plotting.plot_contrast(list(contrasts.values()), 1, 0)

# %% [markdown]
# Two standard errors each way. With shared noise the difference is that of twins, and all three
# units' answers are sharper: PY spikes more without the edge, LP less. Now a functional of the
# whole matrix, the effective information, the mean divergence of a row from their average:


# %%
def effective_information(matrix):
    mean = matrix.mean(axis=0)
    ratio = np.divide(matrix, mean, out=np.ones_like(matrix), where=matrix > 0)
    return float((matrix * np.log2(ratio)).sum(axis=1).mean())


def eight_rows(noise, rng):
    return sweep(net, states=states, steps=5, replicas=1024, noise=noise, rng=rng).rows


def probability(noise, rng):  # of a spike of AB/PD, four steps after rest
    found = sweep(
        net, states=states[:1], steps=4, replicas=1024, units="apart", noise=noise, rng=rng
    )
    return found.rows[0, 1]


def contrast(noise, rng):  # at AB/PD, LP, PY
    return without_edge(noise, rng).contrast(1, 0).difference[1::2]


def information(noise, rng):
    return effective_information(eight_rows(noise, rng))


spread = {}
print("standard deviations over 48 seeds")
print(f"{'noise':12} {'one probability':16} {'contrast: AB/PD, LP, PY':26} effective information")
for noise in modes:
    spread[noise] = [
        np.std([estimate(noise, seed) for seed in range(48)], axis=0, ddof=1)
        for estimate in (probability, contrast, information)
    ]
    one, three, bits = spread[noise]
    print(f"{noise:12} {one:<16.4f} {three.round(4)!s:26} {bits:.5f} bit")
assert np.all(spread["shared"][1] < spread["independent"][1])
assert spread["shared"][2] > spread["independent"][2]

# %% [markdown]
# Shared noise makes the contrasts sharper, most where the effect is indirect, and spoils the
# effective information: errors that rows share do not average out over the rows. Mirrored pairs
# help a single probability of few steps and little else. So:
#
# | question | noise |
# |---|---|
# | a transition matrix and what is computed from it | independent (the default) |
# | a contrast, a counterfactual | shared |
# | a mean or row that is near monotone in the noise | antithetic |
#
# Independent noise still leaves a *bias*: an estimated matrix looks more informative than the
# true one, since its rows differ by chance too. It shrinks as 1/replicas.

# %% [markdown]
# ## 5. Fewer random numbers for the same error
#
# Given the state one step before the end, the probability of each spike is known in closed form.
# `sweep` uses it in place of the sampled spike (Rao-Blackwell): same mean, smaller variance.

# %%
sampled = sweep(net, states=states, steps=5, replicas=20_000, rng=0, smooth=False)
gain = (sampled.standard_error.mean() / rows.standard_error.mean()) ** 2
print(f"as good as {gain:.1f} times as many sampled replicas")

# %% [markdown]
# Results belong to the seed, not to how they were computed: neither the block size nor the number
# of processes changes a bit. Any replica can be run again on its own, to look at it.

# %%
again = sweep(net, states=states, steps=5, replicas=20_000, rng=0, workers=2, block=3000)
assert np.array_equal(again.rows, rows.rows)
call = {"states": states, "steps": 5, "replicas": 20_000}
lane = simulation.sweep_lane(net, state=2, replica=1234, rng=0, **call)
print(lane)
print(lane.potentials.round(2))

# %% [markdown]
# ## 6. Sampling only where it must be
#
# `transitions` takes the error you want and chooses: one step of LIF units is a closed form, a
# few steps of up to three units are an integral that quadrature does, and the rest is sampled
# until the standard error is small enough. It says which, and why.

# %%
for steps, error in [(1, 1e-4), (5, 1e-2), (5, 1e-4)]:
    found = simulation.transitions(net, states=states, steps=steps, error=error, rng=0)
    print(f"{steps} steps to {error}: {found.method}; {found.reason}; {found.message}")

# %% [markdown]
# They agree where they can be compared: closed form and sampled spikes one step on, quadrature and
# Monte Carlo five steps on. z is the difference in standard errors.

# %%
near = np.where(states > -60.0, states, -53.0)  # not at rest, but 3 mV below threshold
closed = simulation.transitions(net, states=near, steps=1)
counted = sweep(net, states=near, steps=1, replicas=20_000, rng=0, smooth=False)
exact = simulation.transitions(net, states=states, steps=5, error=1e-4)
monte_carlo = simulation.transitions(
    net, states=states, steps=5, error=1e-3, method="monte carlo", rng=0
)
for name, known, rows_found, error in [
    ("closed form", closed, counted.rows, counted.standard_error),
    ("quadrature", exact, monte_carlo.rows, monte_carlo.error),
]:
    common = np.abs(known.rows - 0.5) < 0.499  # errors of rare outcomes are not normal
    z = (rows_found - known.rows)[common] / error[common]
    print(f"{name}: largest |z| of {z.size} entries {np.abs(z).max():.2f}")
    assert np.abs(z).max() < 4.5
print(f"effective information: {effective_information(exact.rows):.5f} bit")
print(f"sampled, 1,024 replicas: {information('independent', 0):.5f} bit")

# %% [markdown]
# ## 7. What a time step does not see
#
# A simulation looks for spikes at the ends of its steps. Between them a noisy potential may cross
# the threshold and come back. Given both ends, the probability is close to that of a Brownian
# bridge (`theory/06_simulation.py`); without it, the answer approaches its limit only about as
# the square root of dt. One neuron, 4 mV below threshold, for 5 ms:


# %%
def alone(dt):
    return Network(neuron=models.lif(), weights=[[0.0]], drive=14.0, noise=3.0, dt=dt)


for dt in (5.0, 1.0, 0.1, 0.01):
    steps = round(5.0 / dt)
    seen = sweep(alone(dt), states=[[-54.0]], steps=steps, window=steps, replicas=20_000, rng=0)
    print(f"dt = {dt:4} ms: it spikes with probability {seen.rows[0, 1]:.4f}")
coarse = alone(5.0)
ends = simulate(coarse, 5.0, replicas=20_000, start={"v": -54.0}, record="v", rng=0)
before, after = ends.states["v"][:, 0]
crossed = simulation.missed_crossing(
    before,
    after,
    threshold=-50.0,
    decay=float(np.exp(-5.0 / 20.0)),
    sigma=coarse.noise_per_step[0],
)
print(f"dt =  5.0 ms and the bridge: {crossed.mean():.4f}")

# %% [markdown]
# ## 8. What to take along
#
# * A seed is a world: run it with and without an intervention, and the difference is the effect.
# * The noise mode belongs to the question: shared for contrasts, independent for matrices.
# * Every probability comes with its error; where a closed form or quadrature is cheaper, there is
#   nothing to sample.
# * The time step is part of the model: it decides which spikes exist.
