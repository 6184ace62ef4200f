"""Traces of emulators and chips, replayed bit for bit; their words, layouts and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from causal_snn.chips.arithmetic.fixed import Fixed
from causal_snn.chips.chip import Chip
from causal_snn.chips.loihi import effective_weights, loihi
from causal_snn.chips.parameters import parameters
from causal_snn.chips.run import run
from causal_snn.chips.trace import replay
from causal_snn.chips.truenorth import truenorth
from causal_snn.chips.xylo import xylo
from causal_snn.errors import InputError

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "chip_traces"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
SIMULATED = [name for name in NAMES if "CHIP" not in name and "spinnaker2" not in name]
Trace = dict[str, Any]


def read(name: str) -> Trace:
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"needs the recorded traces, and {path} is not there")
    found: Trace = json.loads(path.read_text())
    return found


@pytest.mark.parametrize("name", SIMULATED or ["none"])
def test_an_emulators_trace_is_reproduced_bit_for_bit(name: str) -> None:
    trace = read(name)
    found = replay(trace)
    arrays = {"u", "v", "spikes", "i_syn", "q0", "ref_count_after", "v_before_threshold"} & set(
        trace
    )
    assert set(found.agreement) == arrays
    for key in arrays:
        assert np.array_equal(found[key], trace[key]), key
    assert found.exact
    assert found.provenance["notes"] == []


@pytest.mark.parametrize("name", SIMULATED or ["none"])
def test_run_takes_the_words_of_a_trace(name: str) -> None:
    trace = read(name)
    found = replay(trace)
    spikes = run(found.chip, trace["params"], trace["input_spikes"]).spikes
    assert np.array_equal(spikes.ravel(), np.ravel(trace["spikes"]))


def test_the_recording_on_a_chip_differs_where_its_probe_shows_the_spike() -> None:
    trace = read("loihi2_CHIP_nir_lif")
    found = replay(trace)
    v, spikes = np.array(trace["v"]), np.array(trace["spikes"])
    assert found.agreement == {"v": 0.996, "spikes": 1.0}
    apart = np.flatnonzero(found.v != v)
    assert apart.tolist() == np.flatnonzero(spikes).tolist()
    assert v[apart].tolist() == [128] * len(apart)
    assert found.v[apart].tolist() == [0] * len(apart)
    assert "128" in found.provenance["notes"][0]


def test_the_float32_recording_is_reproduced_to_its_last_bits() -> None:
    pytest.importorskip("causal_snn.chips.spinnaker")
    trace = read("spinnaker2_nir_lif")
    found = replay(trace)
    assert np.array_equal(found.spikes, trace["spikes"])
    assert np.abs(found.v - np.array(trace["v"])).max() < 2e-7
    assert found.exact


SPIKES = np.array(
    [[0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1], [1, 0, 1, 1, 0, 1, 1, 1] * 2 + [0, 1]]
)  # (channels, steps)
THREE = np.vstack([SPIKES, SPIKES[0, ::-1]])


def made(chip: Chip, spikes: Any, *, steps_first: bool = False, **loaded: Any) -> Trace:
    """Return the recorded arrays of a run with parameters that were worked out by hand."""
    inputs = spikes if steps_first else np.asarray(spikes).T
    found = run(chip, parameters(chip, **loaded), inputs)
    assert found.spikes.sum(axis=0).min() > 1, "each neuron of a trace must fire"
    return {
        "input_spikes": np.asarray(spikes).tolist(),
        "u": found.u.tolist(),
        "v": found.v.tolist(),
        "spikes": found.spikes.tolist(),
    }


def lava_case() -> Trace:
    chip = loihi(convention="lava")
    # Mixed signs: a floor to even numbers, so -7 -> -8 and 63 -> 62.
    return made(
        chip,
        SPIKES,
        input_weights=[[126, -8], [62, 40]],
        exponent=1,
        decay_u=[409, 300],
        decay_v=128,
        threshold=[90 << 6, 70 << 6],
        bias=-37 << 3,
    ) | {
        "source": "lava-nc 0.10.0 PyLifModelBitAcc",
        "params": {
            "lif": {
                "du": [409, 300],
                "dv": 128,
                "vth": [90, 70],
                "bias_mant": [-37, -37],
                "bias_exp": 3,
            },
            "weights": [[127, -7], [63, 40]],
            "weight_exp": 1,
            "num_weight_bits": 8,
            "weights_after_truncation": [[126, -8], [62, 40]],
            "ds_offset": 1,
            "dm_offset": 0,
        },
    }


def lava_six_bits() -> Trace:
    chip = loihi(convention="lava")
    return made(
        chip,
        SPIKES,
        input_weights=[[88, -8], [40, 120]],
        exponent=-1,
        decay_u=1000,
        decay_v=64,
        threshold=20 << 6,
        bias=[-25, -25],
    ) | {
        "params": {
            "lif": {"du": 1000, "dv": 64, "vth": 20, "bias_mant": -100, "bias_exp": -2},
            "weights": [[95, -3], [41, 127]],
            "weight_exp": -1,
            "num_weight_bits": 6,
        }
    }


def nengo_case() -> Trace:
    chip = loihi(convention="nengo").replace(voltage=Fixed(24, low=-255, high=(1 << 23) - 1))
    weights = np.array([[60, -20, 100], [40, 80, -10]])
    return made(
        chip,
        THREE,
        input_weights=weights,
        decay_u=[900, 800],
        decay_v=100,
        threshold=[50 << 6, 60 << 6],
        bias=[200, -300],
        refractory=4,
    ) | {
        "source": "nengo-loihi 1.1.0 EmulatorInterface",
        "params": {
            "n": 2,
            "decay_u": [900, 800],
            "decay_v": [100, 100],
            "decay_bits": 12,
            "decay_u_offset": 1,
            "vth": [3200, 3840],
            "bias": [200, -300],
            "refract_delay": 4,
            "weights_effective": (weights.T << 6).tolist(),
            "vmin": -255,
            "vmax": (1 << 23) - 1,
            "Q_BITS": 21,
            "U_BITS": 23,
        },
    }


def brian2_case() -> Trace:
    chip = loihi(convention="brian2")
    # 6 bits and mixed signs: multiples of 8 toward zero, halved by the exponent.
    return made(
        chip,
        SPIKES,
        input_weights=[[44, 0], [20, 56]],
        decay_u=1200,
        decay_v=300,
        threshold=[40 << 6, 45 << 6],
        refractory=4,
    ) | {
        "source": "brian2-loihi 0.5.2",
        "params": {
            "decay_I": 1200,
            "decay_v": 300,
            "threshold_v_mant": [40, 45],
            "refractory": 4,
            "w": [[95, 41], [-3, 119]],
            "w_exp": -1,
            "num_weight_bits": 6,
            "sign_mode": 1,
            "w_act": [44 << 6, 20 << 6, 0, 56 << 6],
            "w_act_pre": [0, 0, 1, 1],
            "w_act_post": [0, 1, 0, 1],
        },
    }


def xylo_case() -> Trace:
    rec = np.array([[0, 30, -20], [10, 0, 5], [-40, 20, 0]])  # from row to column
    w_in = np.array([[90, -20, 50], [20, 100, 60]])
    found = made(
        xylo(),
        SPIKES.T * 3,
        steps_first=True,
        input_weights=w_in.T << 2,
        weights=rec.T << 1,
        decay_u=[2, 3, 2],
        decay_v=[3, 4, 5],
        threshold=[500, 300, 200],
        bias=[7, -5, 0],
    )
    assert np.max(found["spikes"]) > 1
    found["i_syn"] = np.transpose(found.pop("u")).tolist()
    found["v"] = np.transpose(found["v"]).tolist()
    return found | {
        "source": "xylosim 0.1.3 v2.XyloLayer",
        "params": {
            "W_in": w_in.tolist(),
            "W_rec": rec.tolist(),
            "threshold": [500, 300, 200],
            "dash_mem": [3, 4, 5],
            "dash_syn": [[2], [3], [2]],
            "weight_shift_inp": 2,
            "weight_shift_rec": 1,
            "bias": [7, -5, 0],
        },
    }


CASES = {
    "lava": lava_case,
    "lava, 6 bits": lava_six_bits,
    "nengo": nengo_case,
    "brian2": brian2_case,
    "xylosim": xylo_case,
}


@pytest.mark.parametrize("name", CASES)
def test_several_neurons_are_read_from_an_emulators_words(name: str) -> None:
    trace = CASES[name]()
    found = replay(trace)
    assert found.agreement == dict.fromkeys(found.agreement, 1.0)
    assert {"v", "spikes"} <= set(found.agreement)
    for key in found.agreement:
        assert np.shape(found[key]) == np.shape(trace[key])
    # The arrays of the file are not needed for it.
    alone = replay({key: trace[key] for key in ("params", "input_spikes")})
    assert alone.agreement == {}
    assert np.array_equal(alone.spikes, trace["spikes"])
    again = run(found.chip, trace["params"], trace["input_spikes"])
    assert np.array_equal(again.spikes, trace["spikes"])


def test_a_table_the_other_way_round_is_found_by_what_was_recorded() -> None:
    trace = lava_case()
    trace["params"]["weights"] = np.transpose(trace["params"]["weights"]).tolist()
    found = replay(trace)
    assert found.exact
    assert found.provenance["notes"] == ["weights read as (channels, neurons)"]


def test_weights_of_the_file_win_and_a_disagreement_is_noted() -> None:
    trace = brian2_case()
    trace["params"]["num_weight_bits"] = 8
    found = replay(trace)
    assert found.exact
    assert (
        "w_act / 64 of the file used: by the emulator's rule they are [[47"
        in (found.provenance["notes"][0])
    )


def ranc_steps(inputs: Any, **p: Any) -> tuple[list[int], list[int], list[int]]:
    """RANC's neuron block, as its source has it: integrate, leak, test, reset."""
    v, before, spikes, after = 0, [], [], []
    for row in inputs:
        v += sum(p["weights"][g] for g, active in zip(p["axon_types"], row, strict=True) if active)
        v += p["leak"]
        before.append(v)
        up, down = p["pos_threshold"], p["neg_threshold"]
        below = v <= down if p["reset_type"] else v < down
        spikes.append(int(v >= up))
        if v >= up:
            v = v - up if p["reset_mode"] else p["reset_potential"]
        elif below:
            v = v - down if p["reset_mode"] else -p["reset_potential"]
        after.append(v)
    return before, spikes, after


@pytest.mark.parametrize("reset_type", [0, 1])
@pytest.mark.parametrize("reset_mode", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_rancs_reset_modes_and_types(seed: int, reset_mode: int, reset_type: int) -> None:
    rng = np.random.default_rng(seed)
    params = {
        "leak": int(rng.integers(-3, 4)),
        "pos_threshold": 12,
        "neg_threshold": -6,
        "reset_potential": 4,
        "reset_mode": reset_mode,
        "reset_type": reset_type,
        "weights": [9, -7, 4, -6],
        "axon_types": [0, 0, 1, 2, 3],
    }
    inputs = rng.integers(0, 2, size=(200, 5)).tolist()
    before, spikes, after = ranc_steps(inputs, **params)
    assert min(before) <= -6
    assert sum(spikes) > 5
    found = replay(
        {
            "params": params,
            "input_spikes": inputs,
            "v_before_threshold": before,
            "spikes": spikes,
            "v": after,
        }
    )
    assert found.exact
    assert len(found.agreement) == 3


def test_xylosim_drops_events_above_15() -> None:
    trace = read("xylo_A_single")
    spikes = np.array(trace["input_spikes"])
    many = replay({**trace, "input_spikes": (spikes * 40).tolist(), "spikes": None})
    most = replay({**trace, "input_spikes": (spikes * 15).tolist(), "spikes": None})
    assert np.array_equal(many.v, most.v)
    assert "above 15" in many.provenance["notes"][0]


def test_a_replay_is_a_mapping_of_its_arrays() -> None:
    found = replay(nengo_case() | {"q0": np.zeros((18, 2)).tolist()})
    assert list(found) == ["u", "v", "spikes", "q0"]
    assert len(found) == 4
    assert np.array_equal(
        found["q0"][1],
        np.array([[60, 40]]).ravel() * SPIKES[0, 0]
        + np.array([-20, 80]) * SPIKES[1, 0] * 64
        + np.array([100, -10]) * 64,
    )
    assert repr(found).startswith("<Replay on loihi2 (nengo): u 100.0%, v 100.0%")
    assert not found.exact
    with pytest.raises(KeyError, match="a replay has u, v, spikes, q0"):
        found["w"]


def test_a_run_takes_the_librarys_own_words() -> None:
    chip = loihi(convention="nengo")
    words: dict[str, Any] = {"input_weights": [[40]], "decay_u": 409, "threshold": 6400}
    spikes = SPIKES[0]
    assert np.array_equal(
        run(chip, words, spikes).v, run(chip, parameters(chip, **words), spikes).v
    )


def changed(trace: Trace, **params: Any) -> Trace:
    return {**trace, "params": {**trace["params"], **params}}


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        (lambda: "lava.json", "trace = 'lava.json': a mapping, as json.load makes"),
        (lambda: {"params": {}}, "trace has no 'input_spikes'; it has 'params'"),
        (lambda: {"params": 3, "input_spikes": []}, "params = 3: a mapping"),
        (
            lambda: {"params": {"tau": 1, "gain": 2}, "input_spikes": [1]},
            "the keys ['gain', 'tau']: no known emulator's words. Required keys of each are lava:",
        ),
        (
            lambda: {"params": {"decay_I": 1, "w": [[1]], "decay_v": 2}, "input_spikes": [1]},
            "words of brian2-loihi have no 'threshold_v_mant'; expected w, decay_I, decay_v",
        ),
        (
            lambda: changed(lava_case(), lif={"du": 1, "dv": 2}),
            "words of lava have no \"lif['vth']\"",
        ),
        (lambda: changed(lava_case(), weights=[[1, 2, 3]]), "weights = 'shape (1, 3)'"),
        (lambda: changed(lava_case(), weights=[[1.5, 2], [3, 4]]), "whole numbers"),
        (lambda: changed(lava_case(), weights=[[1, 2], [3]]), "rows of equal length"),
        (lambda: changed(lava_case(), sign_mode="both"), "sign_mode = 'both': 1 (mixed)"),
        (lambda: changed(lava_case(), weight_exp=9), "exponent = 9: -8 to 7"),
        (lambda: changed(nengo_case(), bias=[1, 2, 3]), "one for each of 2 neurons"),
        (lambda: changed(xylo_case(), dash_mem=[1, 2]), "one for each of 3 neurons"),
        (
            lambda: {**lava_case(), "u": [[1, 2]]},
            "u = 'shape (1, 2)': shape (18, 2) or (2, 18) for these parameters",
        ),
        (
            lambda: {**lava_case(), "input_spikes": [[[1]]]},
            "(channels, steps) in the words of lava",
        ),
        (lambda: {**lava_case(), "input_spikes": [[0, 0.5]] * 2}, "counts of spikes, 0 or more"),
    ],
)
def test_bad_traces_are_named(trace: Any, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        replay(trace())


def test_words_of_one_chip_do_not_run_on_another() -> None:
    trace = xylo_case()
    message = "chip = 'truenorth (cassidy)': xylo (xylosim), for parameters in the words of xylosim"
    with pytest.raises(InputError, match=re.escape(message)):
        run(truenorth(), trace["params"], trace["input_spikes"])
    with pytest.raises(InputError, match=r"loihi \(brian2\) or loihi2 \(brian2\)"):
        run(loihi(convention="lava"), brian2_case()["params"], SPIKES)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_weights([1], convention="lavaa"), "did you mean 'lava'?"),
        (lambda: effective_weights([1], convention="lava", weight_bits=9), "0 to 8 bits"),
        (lambda: effective_weights([1], convention="lava", exponent=8), "-8 to 7"),
        (lambda: effective_weights([1.5], convention="lava"), "whole numbers"),
        (
            lambda: effective_weights([300], convention="nengo"),
            "mantissas = 300: 0 to 255 in sign mode 'excitatory'",
        ),
        (
            lambda: effective_weights([-1], convention="brian2", sign_mode="excitatory"),
            "mantissas = -1: 0 to 255 in sign mode 'excitatory'",
        ),
        (lambda: loihi(noise="voltage"), "Use convention='nengo'"),
        (lambda: loihi(convention="nengo", noise="v"), "one of 'current', 'voltage'"),
        (lambda: loihi(refractory_offset=1), "-1 (held R - 1 steps) or 0 (R)"),
        (lambda: loihi(sign_mode="plus"), "one of 'mixed', 'excitatory', 'inhibitory'"),  # type: ignore[arg-type]
        (lambda: loihi(generation=3), "generation = 3: 1 or 2"),
        (lambda: loihi(weight_bits=0), "1 to 8 bits"),
    ],
)
def test_bad_options_of_loihi_are_named(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        call()


def test_the_conventions_differ_in_what_they_round_as_measured() -> None:
    # chips.md: at 6 bits and mixed signs -3 is -8 in lava, 0 in nengo and brian2.
    found = {
        name: effective_weights([-3, 100], convention=name, weight_bits=6).tolist()[0]
        for name in ("lava", "nengo", "brian2")
    }
    assert found == {"lava": -8, "nengo": 0, "brian2": 0}
    # One sign keeps the last bit, mixed signs lose it.
    assert effective_weights([41], convention="lava").tolist() == [41]
    assert effective_weights([41, -1], convention="lava").tolist() == [40, -2]
