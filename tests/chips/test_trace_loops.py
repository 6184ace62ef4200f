"""Traces written by loops of their own, one for each emulator, and replayed from their words.

Each loop follows an emulator's source over plain Python integers and lists, with tables of
weights that are neither square by chance nor symmetric, in the layouts of the recorded traces.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from math import ceil, floor
from typing import Any

import numpy as np
import pytest

from causal_snn.chips.chip import Chip
from causal_snn.chips.loihi import loihi
from causal_snn.chips.run import run
from causal_snn.chips.trace import replay
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo
from causal_snn.errors import InputError

Trace = dict[str, Any]
HALF = 1 << 23
STEPS = 50


def kept(x: int, factor: int) -> int:
    """What a decay leaves: the magnitude times factor/4096, cut off."""
    size = (abs(x) * factor) >> 12
    return size if x >= 0 else -size


def wrapped(x: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (x + half) % (2 * half) - half


def train(r: random.Random, rows: int, columns: int) -> list[list[int]]:
    return [[int(r.random() < 0.5) for _ in range(columns)] for _ in range(rows)]


def one_or_each(r: random.Random, n: int, low: int, high: int) -> tuple[list[int], Any]:
    """Numbers of the neurons, and how a file may have them: one for all, or a list."""
    if r.random() < 0.5:
        value = r.randrange(low, high)
        return [value] * n, value
    values = [r.randrange(low, high) for _ in range(n)]
    return values, values


def lava(r: random.Random, n: int, m: int) -> Trace:
    (du, du_), (dv, dv_) = one_or_each(r, n, 0, 4096), one_or_each(r, n, 0, 600)
    (vth, vth_), (mant, mant_) = one_or_each(r, n, 5, 300), one_or_each(r, n, -200, 200)
    exp = r.randrange(0, 4)
    low, high = r.choice([(-256, 256), (0, 256), (-255, 1)])
    table = [[r.randrange(low, high) for _ in range(m)] for _ in range(n)]
    flat = [w for row in table for w in row]
    mixed, negative = min(flat) < 0 < max(flat), min(flat) < 0 and max(flat) <= 0
    bits, shift, sign = r.choice([8, 6, 4]), r.randrange(-3, 4), -1 if negative else 1
    lost = 8 - bits + mixed
    cut = [[sign * (((sign * w) >> lost) << lost) for w in row] for row in table]
    spikes = train(r, m, STEPS)
    u, v, arriving = [0] * n, [0] * n, [0] * n
    rows: Trace = {"u": [], "v": [], "spikes": []}
    for t in range(STEPS):
        fired = [0] * n
        for i in range(n):
            u[i] = kept(u[i], 4095 - du[i]) + (arriving[i] << 6)
            if u[i] > HALF:
                u[i] -= 2 * HALF
            elif u[i] <= -HALF:
                u[i] += 2 * HALF
            v[i] = kept(v[i], 4096 - dv[i]) + u[i] + (mant[i] << exp)
            v[i] = max(1 - HALF, min(HALF - 1, v[i]))
            if v[i] > vth[i] << 6:
                fired[i], v[i] = 1, 0
        sums = [sum(cut[i][j] * spikes[j][t] for j in range(m)) for i in range(n)]
        arriving = [s << shift if shift > 0 else s >> -shift for s in sums]
        for name, now in (("u", u), ("v", v), ("spikes", fired)):
            rows[name].append(list(now))
    lif = {"du": du_, "dv": dv_, "vth": vth_, "bias_mant": mant_, "bias_exp": exp}
    params = {
        "lif": lif,
        "weights": table,
        "weight_exp": shift,
        "num_weight_bits": bits,
        "ds_offset": 1,
        "dm_offset": 0,
    }
    if r.random() < 0.5:
        params["weights_after_truncation"] = cut
    return {"source": "lava-nc 0.10.0", "params": params, "input_spikes": spikes, **rows}


def nengo(r: random.Random, n: int, m: int) -> Trace:
    (du, du_), (dv, dv_) = one_or_each(r, n, 0, 4096), one_or_each(r, n, 0, 600)
    (vth, vth_), (hold, hold_) = one_or_each(r, n, 300, 20_000), one_or_each(r, n, 1, 6)
    vth, vth_ = [x >> 6 << 6 for x in vth], [x >> 6 << 6 for x in np.atleast_1d(vth_).tolist()]
    bias = [r.randrange(-4000, 4000) for _ in range(n)]
    shift = r.choice([3, 6, 12])
    table = [[r.randrange(-127, 128) << shift for _ in range(n)] for _ in range(m)]  # axon, neuron
    vmin = r.choice([1 - HALF, -1023, 0])
    spikes = train(r, m, STEPS)
    u, v, count = [0] * n, [0] * n, [0] * n
    names = ("q0", "u", "v", "spikes", "ref_count_after")
    rows: Trace = {name: [] for name in names}
    for t in range(STEPS):
        fired, q = [0] * n, [0] * n
        for i in range(n):
            q[i] = wrapped(sum(table[j][i] * spikes[j][t - 1] for j in range(m)) if t else 0, 22)
            u[i] = wrapped(kept(u[i], 4095 - du[i]) + q[i], 24)
            v[i] = kept(v[i], 4096 - dv[i]) + wrapped(u[i] + bias[i], 24)
            v[i] = 0 if count[i] > 0 else max(vmin, min(HALF - 1, v[i]))
            if v[i] > vth[i]:
                fired[i], v[i], count[i] = 1, 0, hold[i]
            count[i] = max(count[i] - 1, 0)
        for name, now in zip(names, (q, u, v, fired, count), strict=True):
            rows[name].append(list(now))
    params = {
        "n": n,
        "decay_u": du_,
        "decay_v": dv_,
        "decay_bits": 12,
        "decay_u_offset": 1,
        "vth": vth_,
        "bias": bias,
        "refract_delay": hold_,
        "weights_effective": table,
        "vmin": vmin,
        "vmax": HALF - 1,
        "Q_BITS": 21,
        "U_BITS": 23,
    }
    return {"source": "nengo-loihi 1.1.0", "params": params, "input_spikes": spikes, **rows}


def brian2(r: random.Random, n: int, m: int) -> Trace:
    decay_i, decay_v, hold = r.randrange(4097), r.randrange(600), r.randrange(1, 6)
    mode, vth = r.choice([1, 2, 3]), r.randrange(5, 300)
    low, high = {1: (-256, 255), 2: (0, 256), 3: (-256, 1)}[mode]
    table = [[r.randrange(low, high) for _ in range(n)] for _ in range(m)]
    bits, exp = r.choice([8, 6, 4]), r.randrange(-3, 4)
    step = 2 ** (8 - bits + (mode == 1))
    act = [[64 * floor(int(w / step) * step * 2.0**exp) for w in row] for row in table]
    spikes = train(r, m, STEPS)
    current, v, held = [0] * n, [0] * n, [0] * n
    rows: Trace = {"u": [], "v": [], "spikes": []}

    def decayed(x: int, lost: int) -> int:
        loss = ceil(abs(x * lost / 4096))  # exact in float64: x is below 2^41
        return x - loss if x > 0 else x + loss

    for t in range(STEPS):
        fired = [0] * n
        for i in range(n):
            arrived = sum(act[j][i] * spikes[j][t] for j in range(m))
            current[i] = decayed(current[i], decay_i) + arrived
            if held[i]:
                held[i] -= 1
                continue
            v[i] = decayed(v[i], decay_v) + current[i]
            if v[i] > vth * 64:
                fired[i], v[i], held[i] = 1, 0, hold - 1
        for name, now in (("u", current), ("v", v), ("spikes", fired)):
            rows[name].append(list(now))
    params: Trace = {
        "decay_I": decay_i,
        "decay_v": decay_v,
        "threshold_v_mant": vth,
        "refractory": hold,
        "w": table,
        "w_exp": exp,
        "num_weight_bits": bits,
        "sign_mode": mode,
    }
    if r.random() < 0.5:
        params["w_act"] = [w for row in act for w in row]
        params["w_act_pre"] = [j for j in range(m) for _ in range(n)]
        params["w_act_post"] = [i for _ in range(m) for i in range(n)]
    return {"source": "brian2-loihi 0.5.2", "params": params, "input_spikes": spikes, **rows}


def ranc(r: random.Random, n: int, m: int) -> Trace:
    types, by_type = [r.randrange(4) for _ in range(m)], [r.randrange(-9, 12) for _ in range(4)]
    up, down, to = r.randrange(5, 25), -r.randrange(20), r.choice([0, 3, -4, 10])
    leak, linear, symmetric = r.randrange(-3, 4), r.randrange(2), r.randrange(2)
    spikes = train(r, STEPS, m)
    v = 0
    rows: Trace = {"v_before_threshold": [], "v": [], "spikes": []}
    for row in spikes:
        v += sum(by_type[g] for g, on in zip(types, row, strict=True) if on) + leak
        rows["v_before_threshold"].append(v)
        rows["spikes"].append(int(v >= up))
        if v >= up:
            v = v - up if linear else to
        elif v < down or (symmetric and v == down):
            v = v - down if linear else -to
        rows["v"].append(v)
    params = {
        "leak": leak,
        "pos_threshold": up,
        "neg_threshold": down,
        "reset_potential": to,
        "reset_mode": linear,
        "reset_type": symmetric,
        "weights": by_type,
        "axon_types": types,
    }
    return {"source": "UA-RCL/RANC", "params": params, "input_spikes": spikes, **rows}


def sat16(x: int) -> int:
    return max(-32768, min(32767, x))


def lost(x: int, shift: int) -> int:
    return (x >> shift) or (x > 0) - (x < 0)


def xylosim(r: random.Random, n: int, m: int) -> Trace:
    w_in = [[r.randrange(-60, 128) for _ in range(n)] for _ in range(m)]
    # So that no current overruns within a step, where the order of its events would count.
    w_rec = [[r.randrange(-30, 10) for _ in range(n)] for _ in range(n)]
    s_in, s_rec = r.randrange(3), r.randrange(2)
    limits = {"threshold": (100, 700), "dash_mem": (1, 7), "dash_syn": (1, 5), "bias": (-20, 20)}
    own = {name: [r.randrange(*ends) for _ in range(n)] for name, ends in limits.items()}
    spikes = [[r.choice([0, 0, 1, 2, 5, 15]) for _ in range(m)] for _ in range(STEPS)]
    current, v, fired = [0] * n, [0] * n, [0] * n
    rows: dict[str, list[list[int]]] = {"i_syn": [], "v": [], "spikes": []}
    for row in spikes:
        new = [0] * n
        for i in range(n):
            # Event by event, as xylosim delivers them.
            events = [w_in[j][i] << s_in for j in range(m) for _ in range(row[j])]
            events += [w_rec[j][i] << s_rec for j in range(n) for _ in range(fired[j])]
            for weight in events:
                current[i] = sat16(current[i] + weight)
            current[i] -= lost(current[i], own["dash_syn"][i])
            change = sat16(current[i] - lost(v[i], own["dash_mem"][i]))
            v[i] = sat16(v[i] + sat16(change + own["bias"][i]))
            while v[i] >= own["threshold"][i] and new[i] < 31:
                v[i], new[i] = v[i] - own["threshold"][i], new[i] + 1
        fired = new
        for name, now in (("i_syn", current), ("v", v), ("spikes", fired)):
            rows[name].append(list(now))
    params = {
        "W_in": w_in,
        "W_rec": w_rec,
        "weight_shift_inp": s_in,
        "weight_shift_rec": s_rec,
        **own,
    }
    turned = {name: np.transpose(rows[name]).tolist() for name in ("i_syn", "v")}
    return {"source": "xylosim 0.1.3", "params": params, "input_spikes": spikes, **rows, **turned}


LOOPS: dict[str, tuple[Callable[..., Trace], Chip]] = {
    "lava": (lava, loihi(convention="lava")),
    "nengo": (nengo, loihi(convention="nengo")),
    "brian2": (brian2, loihi(convention="brian2")),
    "ranc": (ranc, truenorth(convention="ranc")),
    "xylosim": (xylosim, xylo()),
}


@pytest.mark.parametrize("name", LOOPS)
def test_what_a_loop_wrote_is_replayed_from_its_words(name: str) -> None:
    write, chip = LOOPS[name]
    fired = 0
    for seed in range(27):
        r = random.Random(seed)
        trace = json.loads(json.dumps(write(r, 1 + seed % 3, 1 + seed // 3 % 3)))
        fired += np.sum(trace["spikes"])
        found = replay(trace)
        recorded = set(trace) - {"source", "params", "input_spikes"}
        assert set(found.agreement) == recorded
        for key in recorded:
            assert np.array_equal(found[key], trace[key]), (seed, key)
        assert found.exact
        # The recorded arrays are not needed, and neither is the name of the source.
        alone = replay({key: trace[key] for key in ("params", "input_spikes")})
        assert np.array_equal(alone.v, trace["v"]), seed
        assert np.array_equal(alone.spikes, trace["spikes"]), seed
        if name == "nengo" and trace["params"]["vmin"] > 1 - HALF:
            continue  # the clip is the chip's, and a caller's chip is taken as it is
        for spikes in (trace["input_spikes"], np.transpose(trace["input_spikes"])):
            again = run(chip, trace["params"], spikes)
            assert np.array_equal(again.spikes.ravel(), np.ravel(trace["spikes"])), seed
    assert fired > 200


def test_currents_of_xylosim_have_the_layout_of_its_recordings() -> None:
    trace = xylosim(random.Random(2), 3, 2)
    found = replay({key: trace[key] for key in ("params", "input_spikes")})
    assert found.u.shape == found.v.shape == (3, STEPS)
    assert np.array_equal(found.u, trace["i_syn"])


def test_input_spikes_are_turned_only_where_the_weights_decide_it() -> None:
    trace = lava(random.Random(5), 2, 3)
    spikes = np.array(trace["input_spikes"])
    assert spikes.shape == (3, STEPS)
    assert np.array_equal(replay({**trace, "input_spikes": spikes.T}).v, trace["v"])
    # As many steps as channels: the emulator's own layout.
    square = {"params": trace["params"], "input_spikes": spikes[:, :3]}
    assert np.array_equal(replay(square).v, np.array(trace["v"])[:3])
    with pytest.raises(InputError, match="as there are 4 channels"):
        replay({"params": trace["params"], "input_spikes": spikes[[0, 1, 2, 0]]})


def test_one_weight_is_of_one_channel() -> None:
    params = {"decay": 0.5, "weight": 1.0, "v_th": 9.0}
    train_ = np.array([[1], [0], [1]])
    for spikes in (train_, train_.T, train_.ravel()):
        found = replay({"params": params, "input_spikes": spikes.tolist()})
        assert found.v.ravel().tolist() == [1.0, 0.5, 1.25]
    with pytest.raises(InputError, match=r"weight = 'shape \(\)': shape \(n, 2\)"):
        replay({"params": params, "input_spikes": [[1, 0, 1], [1, 1, 1]]})
