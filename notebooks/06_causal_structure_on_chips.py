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
# # Causal structure on chips
#
# Neuromorphic chips run spiking networks in integers of a few bits. That their spike statistics
# are about right is well studied (Hopkins and Furber 2015; van Albada et al. 2018; Dasbach et al.
# 2021). Whether the same *causes* are at work is another question: a network may fire at the
# same rates and be another system. Here one network is mapped to several chips, then eight
# networks drawn at random; each chip's macro transition matrix is computed in its own arithmetic,
# and causal measures stand beside statistics.
#
# All of it is at the grain of one tick: what is said is said of the network that the chip
# computes, not of the silicon that computes it. The last section takes the tick apart.

# %%
import time
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from causal_snn import Network, chips, models, plotting
from causal_snn.studies import critical_precision, multiplexing

# %% [markdown]
# ## 1. One network, several chips
#
# Three excitatory neurons and one inhibitory. Weights are as people write them: two digits, no
# power of two among them.

# %%
net = Network(
    neuron=models.lif(),
    weights=[
        [0.0, 3.7, 7.6, -6.1],
        [2.7, 0.0, 5.4, -3.1],
        [0.0, 2.8, 0.0, -5.6],
        [5.0, 6.1, 7.2, 0.0],
    ],
    drive=14.0,
    noise=3.0,
    dt=5.0,
    labels=("A", "B", "C", "I"),
    name="three and one",
)
mapped = chips.map(net, chips.by_name("loihi2", convention="lava"))
print(mapped.report.table())

# %% [markdown]
# The mapping tells what it cost: scale, errors of weights and time constants, what the chip does
# otherwise. A chip is named with its convention, since three emulators of Loihi round weights in
# three ways.
#
# Now the same on other chips. Macro states are quiet, primed and spiking, cut at the causal
# thresholds of the float network. The chips make no noise of their own that the network has, so
# the analysis adds the network's to both. For digital chips the rows are exact: every register
# value of a cell counts (of SpiNNaker 2's floats every point of a grid of 24 bits), none is drawn.
# BrainScaleS-2 is analog and sampled, 400 draws to a row, so that each unit's probability has a
# standard error of up to 0.025, and the worst of 81 rows of four units is off by nearly 0.1 for
# that alone. Rates are those of one run of 6 s, a few percent to either side.

# %%
print(f"{'':14}{'row TV':>10}{'EI':>8}{'phi_s':>10}{'rate':>9}")
found = {}
for name in ("loihi2", "spinnaker1", "fixed", "spinnaker2", "truenorth", "brainscales2"):
    on_chip = chips.map(net, chips.by_name(name))
    found[name] = chips.fidelity(
        net,
        on_chip,
        structure=False,
        steps=1200,
        samples=400,
        seeds=range(3) if name == "brainscales2" else (),
        progress=False,
    )
    numbers = {one.name: one for one in found[name].figures}
    mean_phi = numbers["φₛ of all units, mean over states"]
    rate = numbers["rate, mean over units"]
    info = found[name].information
    if len(found) == 1:
        print(
            f"{'float':14}{'':>10}{info[0].effective_information:>8.3f}"
            f"{mean_phi.reference:>10.5f}{rate.reference:>7.2f} Hz"
        )
    print(
        f"{name:14}{found[name].rows.tv.max():>10.5f}{info[1].effective_information:>8.3f}"
        f"{mean_phi.chip:>10.5f}{rate.chip:>7.2f} Hz"
    )

# %% [markdown]
# Loihi, SpiNNaker and plain 16-bit fixed point are the float network: no row is off by more than a
# few percent. TrueNorth is not: it has no exponential leak, only a constant one, and a weight
# for each of four types of axon. Its rate is still within a tenth, which a study of rates would
# pass; its rows and its φ_s are not. (Of the statistics CV and correlation are off too: it pays to
# look at several.)

# %%
true_north = {one.name: one for one in found["truenorth"].figures}
rate = true_north["rate, mean over units"]
mean_phi = true_north["φₛ of all units, mean over states"]
print(f"TrueNorth: rate {rate.chip / rate.reference - 1:+.0%}, "
      f"phi_s {mean_phi.chip / mean_phi.reference - 1:+.0%}")  # fmt: skip
assert abs(rate.chip / rate.reference - 1) < 0.1
assert mean_phi.chip < 0.75 * mean_phi.reference
plotting.plot_fidelity(found["truenorth"])

# %% [markdown]
# ## 2. Not one network only
#
# One network is an anecdote. Eight more, of three neurons, with weights drawn at random, each on
# three chips: TrueNorth, 16 bits with weights of 4, and a whole neuron of 8 bits.

# %%
rng = np.random.default_rng(0)
survey_chips = {
    "TrueNorth": chips.truenorth(),
    "weights of 4 bits": chips.fixed_point(16, 8, weight_bits=4),
    "state of 8 bits": chips.fixed_point(8, 0),
}
off = {title: [] for title in survey_chips}  # |relative deviation| of rate and phi_s
for _ in range(8):
    size = rng.uniform(2.0, 8.0, (3, 3)) * (1 - np.eye(3))
    some = Network(
        neuron=models.lif(),
        weights=np.round(size * rng.choice([1, 1, 1, -1], 3), 1),  # a sign for each neuron
        drive=14.0,
        noise=3.0,
        dt=5.0,
    )
    for title, chip in survey_chips.items():
        figures = chips.fidelity(
            some, chips.map(some, chip), structure=False, steps=800, progress=False
        ).figures
        numbers = {one.name: one for one in figures}
        pair = [numbers[name] for name in
                ("rate, mean over units", "φₛ of all units, mean over states")]  # fmt: skip
        off[title].append([abs(one.chip / one.reference - 1) for one in pair])

print(f"{'median (worst) deviation':26}{'rate':>14}{'phi_s':>16}{'phi_s further off':>20}")
for title, pairs in off.items():
    (rate_mid, phi_mid), (rate_top, phi_top) = np.median(pairs, axis=0), np.max(pairs, axis=0)
    more = sum(phi_s > rate for rate, phi_s in pairs)
    print(f"{title:26}{rate_mid:>7.1%} ({rate_top:4.0%}){phi_mid:>9.1%} ({phi_top:4.0%})"
          f"{more:>14} of {len(pairs)}")  # fmt: skip
for title in ("TrueNorth", "weights of 4 bits"):
    rates, phis = np.transpose(off[title])
    assert np.median(phis) > 2 * np.median(rates)

# %%
figure = Figure(figsize=(3.6, 3.2), dpi=150, layout="constrained")
ax = figure.subplots()
marks = zip(off.items(), ("o", "s", "^"), ("#0072B2", "#D55E00", "#009E73"), strict=True)
for (title, pairs), marker, color in marks:
    ax.plot(*np.maximum(np.transpose(pairs), 1e-3), marker, color=color, ms=4.5, label=title)
ax.plot([8e-4, 2], [8e-4, 2], color="#B0B0B0", lw=0.8, zorder=0)
ax.set(
    xscale="log",
    yscale="log",
    xlim=(8e-4, 2),
    ylim=(8e-4, 2),
    xlabel="rate: deviation from float (≥ 0.001)",
    ylabel="φₛ: deviation from float",
)
ax.legend(fontsize=7, frameon=False, loc="lower right")
ax.spines[["top", "right"]].set_visible(False)
figure

# %% [markdown]
# Above the diagonal causes are further off than rates. TrueNorth's constant leak and coarse
# weights put nearly every network there. A coarse state does not: with 8 bits for the potential it
# is mostly the rates that suffer. "Rates kept, causes not" is what happens where couplings are
# coarse, not a law; section 4 has more of it.
#
# ## 3. Rounding is not only an error
#
# A leaky register forgets: v ← round(v (4096 − d)/4096). How it rounds decides where it ends.
# Toward zero, every potential decays to 0. Rounded down, or to nearest, about 4096/d potentials
# stay where they are for good: the leaky neuron has become a memory. With stochastic rounding
# the mean decays as it should. Exactly, for d = 128:

# %%
modes = ("zero", "floor", "nearest", "stochastic")
for mode in modes:
    made = chips.fixed_point(16, 8, rounding=mode)
    ends = chips.decay_attractors(made.voltage_decay, 128, made.voltage)
    print(f"{mode:11} frozen: {ends.fixed_points:3}, from {ends.frozen[0]} to {ends.frozen[1]}")
counts = [
    chips.decay_attractors(made.voltage_decay, 128, made.voltage).fixed_points
    for made in (chips.fixed_point(16, 8, rounding=mode) for mode in modes)
]
assert counts == [1, 32, 32, 1]

# %%
figure = Figure(figsize=(7.2, 2.2), layout="constrained")
starts = np.arange(-60, 61, 6)
for ax, mode in zip(figure.subplots(1, 4, sharey=True), modes, strict=True):
    made = chips.fixed_point(16, 8, rounding=mode)
    cell = chips.parameters(made, weights=[[0]], input_weights=[[1]], decay_v=128)
    silence = np.zeros((len(starts), 260, 1), dtype=int)  # a lane for each start
    rest = chips.run(made, cell, silence[:, :0]).state
    state = replace(rest, registers={**rest.registers, "v": starts[None, :]})
    run = chips.run(made, cell, silence, start=state, rng=0)
    ax.plot(run.v[:, :, 0].T, color="#0072B2", lw=0.7)
    ax.set_title(mode, fontsize=8, loc="left")
    ax.set_xlabel("step", fontsize=8)
    ax.tick_params(labelsize=7)
    ax.spines[["top", "right"]].set_visible(False)
figure.axes[0].set_ylabel("potential (register)", fontsize=8)
figure

# %% [markdown]
# ## 4. The precision at which causal structure breaks
#
# How many bits do the weights need? For rates the answer is: few. For causal structure: more.
# The sweep maps the network at every width (Loihi has 8 bits; wider is hypothetical) and takes
# the least from which on each measure stays within a stated tolerance of the float network.

# %%
start = time.perf_counter()
weights = critical_precision(net, bits=range(2, 12), steps=600, progress=False)
print(weights.table())
print(f"\n{len(weights)} settings in {time.perf_counter() - start:.0f} s")

# %%
(kept,) = weights.kept()
assert kept.by_kind["statistic"] < kept.by_kind["causal"]
plotting.plot_critical_precision(weights)

# %% [markdown]
# Rates, intervals and correlations are within their tolerances from 4 bits on. φ_s and the minimum
# partition, where the system comes apart most easily, settle at 6 (its share is by how often a
# state occurs): which partition it is depends on which weight is larger, and that is just what
# coarse weights forget. The worst row follows at 7.
#
# Fewer bits of the *state* are another matter. There rounding counts: truncation toward zero
# leaks more than it should, in every step, and rates fall where φ_s is still within a tenth.

# %%
states = critical_precision(
    net,
    chip="fixed",
    bits=None,
    state_bits=range(8, 13),
    rounding=("zero", "nearest"),
    measures=("phi_s", "rate"),
    steps=600,
    progress=False,
)
bits = {(one.others["rounding"], one.measure.name): one.value for one in states.critical()}
for mode in ("zero", "nearest"):
    print(f"{mode}: within a tenth of the float network, of 8 to 12 bits, phi_s from "
          f"{bits[mode, 'phi_s']}, rates from {bits[mode, 'rate']}")  # fmt: skip
assert bits["zero", "phi_s"] < bits["zero", "rate"]
figure = Figure(figsize=(7.2, 2.7), dpi=150, layout="constrained")
left, right = figure.subplots(1, 2)
plotting.plot_critical_precision(states, show="phi_s", ax=left)
plotting.plot_critical_precision(states, show="rate", ax=right)
figure

# %% [markdown]
# In this network causal structure breaks before rates with coarse weights, and after them with a
# coarse state that is truncated. Which comes first depends on what is coarse and how it is
# rounded, and it has to be computed.
#
# ## 5. No two analog chips are the same
#
# On BrainScaleS-2 every neuron has its own time constants and thresholds, fixed when the chip was
# made. How large that mismatch is we could not verify; the values here are assumptions of the
# chip's description (see `chips.brainscales2().sources`). Over three chips drawn at random, with
# the sampling error of 400 draws to a row on top:

# %%
analog = found["brainscales2"]
low, middle, high = analog.quantiles
for place, one in enumerate(analog.figures):
    if one.name in ("φₛ of all units, mean over states", "rate, mean over units"):
        print(
            f"{one.name}: float {one.reference:.4g}, chips {middle[place]:.4g} "
            f"({low[place]:.4g} to {high[place]:.4g})"
        )
plotting.plot_fidelity(analog)

# %% [markdown]
# ## 6. Inside a tick
#
# So far a tick was one step. Most digital chips go through their neurons one after another in
# it, with one adder for all. That is no part of the network, but it is a part of the machine, and
# integrated information is about physical causes. Findlay et al. (arXiv 2412.04571) make the
# argument for a computer of 117 units; the machine here is the smallest clocked one, and its
# target is of our own making.

# %%
machine = multiplexing()
print(machine)
assert machine.equivalence.equal
assert all(grain.phi_s == 0 for grain in machine.micro)

# %% [markdown]
# It does exactly what the four units do, and is not one system at any of its micro-steps. That
# holds for any network on this machine (theory/20_schedules.py T5), also for one on a chip: the
# three excitatory neurons above as Loihi has them, quiet or spiking, with the chip's own transition
# matrix for target.

# %%
plotting.plot_multiplexing(machine, phase=1)

# %%
trio = chips.map(net.subset(["A", "B", "C"]), chips.loihi(convention="lava"))
tick = chips.tpm(trio, noise="network")
on_chip = multiplexing(tick)
print(on_chip)
assert on_chip.equivalence.equal
assert on_chip.tick.phi_s > 0
assert all(grain.phi_s == 0 for grain in on_chip.micro)

# %% [markdown]
# What to make of that is for theorists to settle. What a chip paper can do is to say the grain.
