"""Precision sweeps: the varied chips, the measures, and where each breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from causal_snn import models, phi, read_network
from causal_snn.chips import Chip, loihi, parameters
from causal_snn.chips.by_name import CHIPS, by_name
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.errors import InputError
from causal_snn.models import Network, zoo
from causal_snn.spikes import correlation, cv, rate
from causal_snn.studies import time_scale
from causal_snn.studies.critical_precision import (
    Critical,
    Measure,
    PrecisionPoint,
    PrecisionSweep,
    Status,
    critical_precision,
    vary,
)
from causal_snn.studies.critical_precision.statistics import WARM_UP, Runs, statistics

CAUSAL = ("tv", "mean_tv", "ei", "determinism", "degeneracy", "phi_s", "mip", "edges")
PAIR = Network(
    neuron=models.lif(),
    weights=[[0.0, 9.0], [7.3, 0.0]],
    drive=13.0,
    noise=3.0,
    dt=5.0,
    name="pair",
)


@pytest.fixture(scope="module")
def sweep() -> PrecisionSweep:
    return critical_precision(PAIR, bits=[12, 2, 4, 8], steps=300, progress=False)


# Chips of another precision


def weights_of(made: Chip) -> set[int]:
    form = made.weight
    mantissas = [
        m for m in range(form.mantissa.least, form.mantissa.most + 1) if m % form.step == 0
    ]
    return {m << e for m in mantissas for e in range(max(form.exponents[0], 0), 12)}


@pytest.mark.parametrize("bits", range(2, 9))
def test_fewer_weight_bits_are_those_of_the_silicon(bits: int) -> None:
    """Loihi's numWeightBits drops low bits; so does `vary`, up to a shift of the exponent."""
    silicon, varied = loihi(weight_bits=bits), vary(loihi(), bits=bits)
    shift = varied.weight.exponents[1] - silicon.weight.exponents[1]
    assert {w << shift for w in weights_of(varied)} >= weights_of(silicon)
    ends = [(f.mantissa.least // f.step, f.mantissa.most // f.step) for f in
            (silicon.weight, varied.weight)]  # fmt: skip
    assert ends[0] == ends[1] == (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


@given(st.integers(4, 40), st.sampled_from(["fixed", "loihi2", "xylo"]))
def test_state_bits_keep_the_range(bits: int, name: str) -> None:
    own = by_name(name)
    made = vary(own, state_bits=bits)
    unit = 2.0 ** (own.voltage.bits - bits)  # of the register, in the old one's
    assert made.voltage.bits == bits
    for end in ("least", "most"):
        assert abs(getattr(made.voltage, end) * unit - getattr(own.voltage, end)) <= max(unit, 1.0)
    threshold = made.setting("threshold")
    assert abs(threshold.high * unit - own.setting("threshold").high) <= max(unit, 1.0)
    heaviest = [
        c.weight.mantissa.most * 2.0 ** (c.weight.exponents[1] + c.align) for c in (own, made)
    ]
    assert heaviest[1] * unit == pytest.approx(heaviest[0], rel=0.01 if name != "fixed" else 0.5)


@pytest.mark.parametrize("name", CHIPS)
def test_every_chip_has_a_name(name: str) -> None:
    made = by_name(name)
    assert made.name.replace("_point", "") == name
    assert vary(made) is made


@pytest.mark.parametrize("bits", [3, 7, 12, 20])
def test_decay_bits_scale_the_settings(bits: int) -> None:
    for own in (loihi(), loihi(convention="brian2"), fixed_point()):
        made = vary(own, decay_bits=bits)
        assert made.voltage_decay is not None
        assert made.voltage_decay.bits == bits
        # Losing everything, or all but one part, stays the most there is.
        short = 4096 - own.setting("decay_v").high
        assert made.setting("decay_v").high == 2**bits - short


def test_varied_chips_say_what_they_are() -> None:
    made = vary(loihi(), bits=5, rounding="stochastic", decay_bits=6)
    assert made.title == "loihi2 (lava, 5-bit weights, rounding stochastic, 6-bit decays)"
    assert made.stochastic == ("rounding",)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("loihi2", {"bits": 1}, "bits = 1: a whole number of bits from 2"),
        ("loihi2", {"rounding": "up"}, "rounding = 'up'"),
        ("xylo", {"decay_bits": 8}, "no decay factors"),
        ("xylo", {"rounding": "floor"}, "without a rounded product"),
        ("brainscales2", {"state_bits": 8}, "computes in float"),
        ("loihi2", {"state_bits": 70}, "2 to 62"),
    ],
)
def test_what_a_chip_cannot_vary(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        vary(by_name(name), **options)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lohi2", {}, "no chip 'lohi2'; did you mean 'loihi2'"),
        ("akida", {}, "no chip 'akida'; allowed"),
        ("loihi2", {"conventoin": "lava"}, "no option 'conventoin'; did you mean 'convention'"),
        ("loihi2", {"generation": 1}, "no option 'generation'"),
        ("loihi2", {"convention": "lavaa"}, "did you mean 'lava'"),
    ],
)
def test_unknown_names(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        by_name(name, **options)


def test_names_are_read_as_people_write_them() -> None:
    assert by_name("Loihi-2").name == "loihi2"
    assert by_name("fixed_point", bits=12, frac=4).voltage.bits == 12


# Statistics


def test_statistics_are_those_of_spike_trains() -> None:
    rng = np.random.default_rng(0)
    raster = rng.random((400, 3, 1)) < [[0.1], [0.3], [0.2]]
    raster[:, 2] = raster[:, 0] ^ (rng.random((400, 1)) < 0.05)
    found = statistics(raster, 2.0)
    trains = [(np.flatnonzero(raster[:, k, 0]) + 0.5) * 2.0 for k in range(3)]
    assert found.rate == pytest.approx([rate(train, stop=800.0) for train in trains])
    assert found.cv == pytest.approx([cv(train) for train in trains])
    np.testing.assert_allclose(found.correlation, correlation(trains, width=2.0, stop=800.0))


def test_no_interval_goes_from_one_run_to_the_next() -> None:
    raster = np.zeros((10, 1, 2), dtype=bool)
    raster[[0, 3, 6], 0, 0] = True
    raster[[2, 5, 8], 0, 1] = True
    assert statistics(raster, 1.0).cv[0] == 0.0
    assert np.isnan(statistics(raster[:, :, :1] & False, 1.0).cv[0])


def test_noise_on_a_chip_is_gaussian_noise() -> None:
    """A potential that forgets everything: P(spike) = Phi((b - theta)/sd) in every step."""
    made = fixed_point(20, 8)
    loaded = parameters(made, weights=[[0]], decay_v=4096, threshold=2560, bias=2000)
    one = Mapped(
        chip=made, parameters=loaded, scale=np.array([256.0]), rest=np.zeros(1), place=np.arange(1)
    )
    net = Network(neuron=models.lif(), weights=[[0.0]], dt=2.0)
    found = Runs(net, np.array([3.0]), 2000, 5).of_chip(one)
    p = norm.sf((2560 - 2000) / 256 / 3.0)
    steps = 2000 * 64
    error = np.sqrt(p * (1 - p) / steps)
    assert found.rate[0] * 2.0 / 1000 == pytest.approx(p, abs=4.5 * error)
    assert found.cv[0] == pytest.approx(np.sqrt(1 - p), abs=0.01)  # geometric intervals


def test_float_and_chip_run_on_the_same_noise() -> None:
    """At 40 bits only rounding is left between them, so that single spikes agree."""
    from causal_snn.chips.mapping.map import map_network

    sd = PAIR.noise_per_step
    runs = Runs(PAIR, sd, 300, 1)
    fine = map_network(PAIR, fixed_point(36, 26, decay_bits=24))
    ours, theirs = runs.of_network(), runs.of_chip(fine)
    assert theirs.rate == pytest.approx(ours.rate, rel=2e-3)
    assert theirs.cv == pytest.approx(ours.cv, abs=5e-3)
    assert runs.steps == 300 + WARM_UP


# Sweeps


def test_points_come_in_the_order_asked_for(sweep: PrecisionSweep) -> None:
    assert [point.settings["bits"] for point in sweep] == [12, 2, 4, 8]
    assert [p.settings["bits"] for p in sweep.lines()[0][1]] == [2, 4, 8, 12]
    assert sweep.status is Status.COMPLETE
    assert "4-bit weights" in sweep.points[2].chip


def test_finer_weights_come_nearer(sweep: PrecisionSweep) -> None:
    by_bits = {point.settings["bits"]: point.deviations for point in sweep}
    for name in ("tv", "ei", "phi_s"):
        assert by_bits[12][name] < by_bits[4][name]
        assert by_bits[12][name] < 0.01
    assert all(point.values["tv"] == point.deviations["tv"] for point in sweep)


def test_reference_is_that_of_another_study(sweep: PrecisionSweep) -> None:
    other = time_scale(PAIR, dt=[PAIR.dt])
    assert sweep.reference["phi_s"] == pytest.approx(other.phi_s[0], abs=1e-12)
    assert sweep.reference["ei"] == pytest.approx(other.effective_information[0], abs=1e-12)
    assert (sweep.reference["tv"], sweep.reference["mip"], sweep.reference["edges"]) == (0, 1, 0)


def test_integrated_information_of_a_point_is_that_of_pyphi() -> None:
    from causal_snn.chips.mapping.map import map_network
    from causal_snn.studies.chip_fidelity.reference import default_partition
    from causal_snn.tpm.finite import chip_tpm

    state = (0, 2)
    found = critical_precision(
        PAIR, bits=[3], measures=["phi_s", "Phi", "complex"], states=[state], progress=False
    )
    mapped = map_network(PAIR, vary(loihi(), bits=3))
    matrix = chip_tpm(mapped, partition=default_partition(PAIR), noise="network")
    (values,) = (point.values for point in found)
    one = phi.system(matrix, state, engine="pyphi")
    assert values["phi_s"] == pytest.approx(one.phi_s, abs=1e-9)
    assert values["Phi"] == pytest.approx(
        phi.structure(matrix, state, engine="pyphi").big_phi, abs=1e-8
    )
    assert values["complex"] == 1.0


def test_a_cut_edge_is_seen() -> None:
    """A weight below half a step becomes 0: an edge is silenced, and phi_s is gone."""
    faint = PAIR.replace(weights=[[0.0, 9.0], [0.4, 0.0]])
    found = critical_precision(
        faint, bits=[3, 10], measures=["edges", "phi_s"], states="all", progress=False
    )
    coarse, fine = found.points
    assert (coarse.values["edges"], fine.values["edges"]) == (1, 0)
    assert coarse.values["phi_s"] == 0 < fine.values["phi_s"]
    assert coarse.deviations["phi_s"] == pytest.approx(1.0)


def test_a_refractory_chip_is_compared_with_its_own_reference() -> None:
    found = critical_precision(
        PAIR, bits=None, refractory=[0, 2], measures=["tv", "rate"], steps=300, progress=False
    )
    none, two = found.points
    assert none.deviations["rate"] < 0.02 < two.deviations["rate"]
    assert two.values["rate"] < none.values["rate"]


def test_what_cannot_be_mapped_says_why() -> None:
    found = critical_precision(PAIR, bits=None, refractory=[0, 99], measures=["tv"], progress=False)
    fine, wrong = found.points
    assert fine.mapped
    assert not wrong.mapped
    assert "refractory_steps = 99" in wrong.error
    assert wrong.values == {}
    assert "99" in found.table()
    assert found.to_dataframe()["tv"].isna().tolist() == [False, True]


def test_one_axis_at_a_time() -> None:
    found = critical_precision(
        PAIR, bits=[4, 8], decay_bits=[5, 10], design="each", measures=["tv"], progress=False
    )
    assert [tuple(point.settings.values()) for point in found] == [
        (4, None),
        (8, None),
        (None, 5),
        (None, 10),
    ]
    assert [one.axis for one in found.critical("decay_bits")] == ["decay_bits"]
    assert len(found.lines("bits")) == 1


def test_a_chip_made_by_a_function() -> None:
    def made(bits: int, rounding: str) -> Chip:
        return fixed_point(bits, bits - 8, rounding=rounding)  # type: ignore[arg-type]

    found = critical_precision(
        PAIR, chip=made, bits=[10, 24], rounding=["nearest"], measures=["tv"], progress=False
    )
    assert found.chip == "made"
    assert found.points[1].deviations["tv"] < 0.1 * found.points[0].deviations["tv"]


def test_neurons_with_currents_have_a_reference_that_chips_tend_to() -> None:
    """Ever finer chips come nearer to it, as 2^-bits."""
    net = read_network(Path(__file__).parents[2] / "examples" / "synaptic_current.toml")

    def made(bits: int) -> Chip:
        return fixed_point(bits, bits - 9, current=True, reset="subtract", decay_bits=20)

    found = critical_precision(
        net, chip=made, bits=[12, 18, 24], measures=["tv", "rate"], steps=200, progress=False
    )
    apart = [point.deviations["tv"] for point in found]
    assert apart[0] > 8 * apart[1] > 8 * 8 * apart[2]
    assert found.points[2].deviations["rate"] < 1e-3


def test_a_task_is_measured_beside() -> None:
    def accuracy(mapped: Mapped) -> float:
        return 1.0 - 1.0 / mapped.chip.weight.mantissa.bits

    found = critical_precision(PAIR, bits=[3, 12], measures=["tv"], task=accuracy, progress=False)
    assert found.reference["task"] == found.points[1].values["task"]
    assert found.points[0].deviations["task"] > 0.05
    assert found.kept()[0].by_kind["task"] == 12


# Interruptions


def test_an_interrupted_sweep_goes_on() -> None:
    calls: Iterator[int] = iter(range(99))

    def task(mapped: Mapped) -> float:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return float(mapped.chip.weight.mantissa.bits)

    question: dict[str, Any] = {"measures": ["tv"], "task": task, "progress": False}
    first = critical_precision(PAIR, bits=[3, 6, 9, 12], **question)
    assert first.status is Status.INTERRUPTED
    assert len(first) == 2
    assert "resume" in first.table()
    rest = critical_precision(PAIR, bits=[3, 6, 9, 12], resume=first, **question)
    assert rest.status is Status.COMPLETE
    assert rest.points[:2] == first.points[:2] or [p.values for p in rest.points[:2]] == [
        p.values for p in first.points
    ]
    whole = critical_precision(PAIR, bits=[3, 6, 9, 12], **question)
    assert [p.values for p in rest] == [p.values for p in whole]
    assert [p.deviations for p in rest] == [p.deviations for p in whole]


def test_a_resumed_sweep_may_have_more_settings_but_no_other_question(
    sweep: PrecisionSweep,
) -> None:
    more = critical_precision(PAIR, bits=[2, 3, 4], steps=300, progress=False, resume=sweep)
    assert [p.settings["bits"] for p in more] == [2, 3, 4]
    assert more.points[0] == sweep.points[1]  # its seconds too: it was not measured again
    other = critical_precision(
        PAIR, bits=[2, 4], decay_bits=[6], design="each", steps=300, progress=False, resume=sweep
    )
    assert other.points[1].values == sweep.points[2].values
    assert [point.settings["decay_bits"] for point in other] == [None, None, 6]
    for changed in ({"steps": 200}, {"rng": 1}, {"chip": "loihi"}, {"noise": None}):
        with pytest.raises(InputError, match="one of the same question"):
            critical_precision(
                PAIR, bits=[2], progress=False, resume=sweep, **{"steps": 300} | changed
            )


# Critical precision


def made_by_hand(deviations: dict[int, float], tolerance: float = 0.1) -> PrecisionSweep:
    one = Measure("tv", "tv", "1", "causal", tolerance, False, "")
    points = tuple(
        PrecisionPoint({"bits": bits}, "c", {"tv": d}, {"tv": d})
        if not np.isnan(d)
        else PrecisionPoint({"bits": bits}, "c", {}, {}, "no")
        for bits, d in deviations.items()
    )
    return PrecisionSweep(
        "net", "chip", {"bits": tuple(deviations)}, (one,), {"tv": 0.0}, points, Status.COMPLETE, {}
    )


@pytest.mark.parametrize(
    ("deviations", "value", "text"),
    [
        ({2: 0.5, 4: 0.2, 6: 0.05, 8: 0.0}, 6, "6"),
        ({2: 0.05, 4: 0.2, 6: 0.05, 8: 0.0}, 6, "6"),  # within by chance at 2: not kept there
        ({8: 0.0, 2: 0.1, 4: 0.1}, 2, "≤ 2"),  # at its tolerance, the coarsest measured
        ({2: 0.5, 4: 0.2}, None, "> 4"),
        ({2: np.nan, 4: 0.2, 6: np.nan, 8: 0.1}, 8, "8"),
        ({2: np.nan, 4: np.nan}, None, "not measured"),
        ({2: np.inf, 4: 0.0}, 4, "4"),
    ],
)
def test_critical_precision_by_hand(
    deviations: dict[int, float], value: int | None, text: str
) -> None:
    (found,) = made_by_hand(deviations).critical()
    assert isinstance(found, Critical)
    assert found.value == value
    assert str(found) == text


@given(
    st.dictionaries(st.integers(2, 30), st.floats(0, 1), min_size=2, max_size=8),
    st.floats(0, 1),
)
def test_critical_precision_is_what_its_name_says(
    deviations: dict[int, float], tolerance: float
) -> None:
    (found,) = made_by_hand(deviations, tolerance).critical()
    fine = [
        bits
        for bits in deviations
        if all(d <= tolerance for other, d in deviations.items() if other >= bits)
    ]
    assert found.value == min(fine, default=None)
    looser = made_by_hand(deviations).critical(tolerances={"tv": 1.0})[0]
    assert looser.value == min(deviations)


def test_kinds_are_kept_as_a_whole(sweep: PrecisionSweep) -> None:
    (kept,) = sweep.kept()
    for kind in ("causal", "statistic"):
        mine = [one.value for one in sweep.critical() if one.measure.kind == kind]
        known = [value for value in mine if value is not None]
        assert kept.by_kind[kind] == (max(known) if len(known) == len(mine) else None)
    assert "causal structure" in str(kept)
    assert str(kept) in sweep.table()


def test_tables_have_every_setting(sweep: PrecisionSweep) -> None:
    frame = sweep.to_dataframe()
    assert frame["bits"].tolist() == [12, 2, 4, 8]
    assert frame["tv_deviation"].tolist() == [p.deviations["tv"] for p in sweep]
    rows = sweep.critical_dataframe()
    assert rows["measure"].tolist() == [one.name for one in sweep.measures]
    text = sweep.table()
    assert text.count("*") > 1
    assert "Critical bits" in text


def test_relative_to_nothing() -> None:
    one = Measure("phi_s", "", "ibit", "causal", 0.1, True, "")
    assert one.deviation(0.0, 0.0) == 0.0
    assert one.deviation(0.2, 0.0) == np.inf
    assert one.deviation(0.2, 0.25) == pytest.approx(0.2)


def test_states_that_are_named_count_alike() -> None:
    """The value at one state of a two-state question is the mean of two one-state questions."""
    options: dict[str, Any] = {"bits": [3], "measures": ["phi_s"], "progress": False}
    states = [(0, 0), (1, 2)]
    both = critical_precision(PAIR, states=states, **options)
    each = [critical_precision(PAIR, states=[one], **options) for one in states]
    assert both.reference["phi_s"] == pytest.approx(np.mean([s.reference["phi_s"] for s in each]))
    values = [s.points[0].values["phi_s"] for s in each]
    assert both.points[0].values["phi_s"] == pytest.approx(np.mean(values))
    assert values[0] != values[1]


# Bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": []}, r"bits = \[\]: at least one value"),
        ({"bits": None}, "at least one axis of bits, state_bits"),
        ({"bits": [2.5]}, "bits = 2.5: whole numbers, 1 or more"),
        ({"bits": [True]}, "bits = True"),
        ({"refractory": [-1]}, "refractory = -1"),
        ({"rounding": ["neerest"]}, "did you mean 'nearest'"),
        ({"design": "all"}, "design = 'all'"),
        ({"measures": ["phi"]}, "measures: no 'phi'; did you mean 'Phi'|did you mean 'phi_s'"),
        ({"measures": []}, "at least one of tv"),
        ({"measures": ["task"]}, "a function as task= too"),
        ({"tolerances": {"phi": 0.1}}, r"tolerances = 'phi'"),
        ({"tolerances": {"tv": -1}}, r"tolerances\['tv'\] = -1"),
        ({"chip": "loihi3"}, "no chip 'loihi3'; did you mean"),
        ({"noise": "none"}, "noise = 'none'"),
        ({"noise": -1.0}, "noise = -1.0"),
        ({"states": "some"}, "states = 'some'"),
        ({"states": []}, "at least one macro state"),
        ({"states": [(0, 5)]}, "state = "),
        ({"formalism": "IIT"}, "formalism = 'IIT'"),
        ({"rng": -1}, "rng = -1"),
        ({"steps": 0}, "steps = 0"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        critical_precision(PAIR, progress=False, **options)


def test_questions_of_a_sweep(sweep: PrecisionSweep) -> None:
    with pytest.raises(InputError, match="measure = 'Phi'"):
        sweep.measure("Phi")
    with pytest.raises(InputError, match="axis = 'decay_bits': one that was swept: bits"):
        sweep.critical("decay_bits")


def test_five_units_name_their_states() -> None:
    five = zoo.excitatory_ring(5)
    with pytest.raises(InputError, match=r"at most 81 macro states, and these are 243"):
        critical_precision(five, bits=[4], measures=["phi_s"], progress=False)
