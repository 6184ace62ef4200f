"""Figures of runs and sweeps show the numbers, name units and interventions, refuse the rest."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from causal_snn import models, plotting, simulation
from causal_snn.errors import InputError
from causal_snn.models import Network, zoo
from causal_snn.simulation import (
    Recording,
    SpikeTrains,
    SweepResult,
    change,
    clamp,
    clamp_spikes,
    cut,
    do,
    inject,
    simulate,
    sweep,
    transitions,
)

PYLORIC = zoo.pyloric()
TRAINS = SpikeTrains.from_times({"E": [1.0, 3.0, 3.5], "I": [10.0], "silent": []}, stop=10.0)
WANTED = {
    "plot_contrast": r"at least one SweepResult|a SweepResult, from simulation\.sweep",
    "plot_interventions": r"a Recording, from simulation\.simulate",
    "plot_raster": r"a Recording, from simulation\.simulate, or SpikeTrains",
    "plot_rate": r"a Recording, from simulation\.simulate, or SpikeTrains",
    "plot_traces": r"a Recording, from simulation\.simulate",
    "plot_transitions": r"a SweepResult, from simulation\.sweep, or Transitions",
}


@pytest.fixture(scope="module")
def free() -> Recording:
    return simulate(PYLORIC, 200.0, rng=3, record="v")


@pytest.fixture(scope="module")
def intervened() -> Recording:
    return simulate(PYLORIC, 200.0, rng=3, record="v", interventions=[do("LP", -45.0, at=100.0)])


@pytest.fixture(scope="module")
def swept() -> SweepResult:
    states = simulation.spiking_states(PYLORIC)
    return sweep(PYLORIC, states=states, steps=4, replicas=256, rng=0)


def named(ax: Axes, gid: str) -> list[Any]:
    """Return the artists of a kind."""
    return [one for one in ax.get_children() if one.get_gid() == gid]


def strokes(ax: Axes, gid: str) -> list[list[tuple[float, float]]]:
    """Return the time and the middle of each stroke, by artist."""
    return [
        [(float(s[0, 0]), float(s[:, 1].mean())) for s in one.get_segments()]
        for one in named(ax, gid)
    ]


def notes(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == "note"]


def panels(ax: Axes) -> list[Axes]:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return list(figure.axes)


# -- raster and rate -----------------------------------------------------------------------------


def test_raster_of_few_units_has_a_stroke_for_each_spike_and_names() -> None:
    ax = plotting.plot_raster(TRAINS)
    assert strokes(ax, "spikes-all") == [[(1.0, 0.0), (3.0, 0.0), (3.5, 0.0), (10.0, 1.0)]]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["E", "I", "silent"]
    assert ax.get_xlim() == (0.0, 10.0)
    assert ax.get_ylim() == (2.5, -0.5)  # the first unit on top
    assert ax.get_xlabel() == "time (ms)"


def test_raster_draws_groups_in_their_order_and_leaves_out_the_rest() -> None:
    ax = plotting.plot_raster(TRAINS, groups={"first": ["I"], "second": [0]})
    assert strokes(ax, "spikes-first") == [[(10.0, 0.0)]]
    assert [row for _, row in strokes(ax, "spikes-second")[0]] == [1.0, 1.0, 1.0]
    assert [text.get_text() for text in ax.texts] == ["first", "second"]
    colours = [named(ax, f"spikes-{name}")[0].get_color() for name in ("first", "second")]
    assert tuple(colours[0][0]) != tuple(colours[1][0])


def test_raster_of_many_units_has_dots_of_one_replica() -> None:
    network = Network(
        neuron=models.lif(), weights=np.zeros((30, 30)), drive=20.0, noise=2.0, dt=1.0
    )
    run = simulate(network, 100.0, rng=0, replicas=2)
    for replica in (0, 1):
        (dots,) = named(plotting.plot_raster(run, replica=replica), "spikes-all")
        keep = run.trains.replicas == replica
        np.testing.assert_array_equal(dots.get_xdata(), run.trains.times[keep])
        np.testing.assert_array_equal(dots.get_ydata(), run.trains.units[keep])
    with pytest.raises(InputError, match="replica = 2: a number from 0 to 1"):
        plotting.plot_raster(run, replica=2)


def test_rate_counts_each_spike_once() -> None:
    ax = plotting.plot_rate(TRAINS, bin_width=2.5)
    (steps,) = named(ax, "rate-all")
    # By hand: 1 | 3, 3.5 | none | 10, at the end of the last bin; 3 units, 2.5 ms.
    np.testing.assert_allclose(steps.get_data().values, np.array([1, 2, 0, 1]) / (3 * 0.0025))
    np.testing.assert_allclose(steps.get_data().edges, [0.0, 2.5, 5.0, 7.5, 10.0])
    apart = plotting.plot_rate(TRAINS, bin_width=10.0, groups={"E": ["E"], "I": ["I"]})
    assert [named(apart, f"rate-{k}")[0].get_data().values[0] for k in "EI"] == [300.0, 100.0]
    legend = apart.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["E", "I"]


def test_mean_of_the_rate_is_the_rate(free: Recording) -> None:
    # Bins of 5 ms hold whole steps, whose ends are multiples of dt = 5 ms in floating point.
    (steps,) = named(plotting.plot_rate(free, bin_width=5.0), "rate-all")
    assert steps.get_data().values.mean() == pytest.approx(free.rates().mean(), rel=1e-12)


def test_bins_of_a_step_hold_a_step() -> None:
    times = 0.1 * np.arange(1, 1001)  # 0.1 is no exact float
    trains = SpikeTrains.from_times([times], stop=float(times[-1]))
    (steps,) = named(plotting.plot_rate(trains, bin_width=0.1), "rate-all")
    np.testing.assert_allclose(steps.get_data().values, 10_000.0)
    assert len(steps.get_data().values) == 1000


@pytest.mark.parametrize("wrong", [0.0, -1.0, 11.0, "1", None, True, np.nan])
def test_bins_are_within_the_run(wrong: Any) -> None:
    with pytest.raises(InputError, match="bin_width"):
        plotting.plot_rate(TRAINS, bin_width=wrong)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({}, "units by the name of their group"),
        (["E"], "units by the name of their group"),
        ({"a": []}, "at least one unit"),
        ({"a": "E"}, "at least one unit"),
        ({"a": ["F"]}, "a label"),
        ({"a": [3]}, "an index from 0 to 2"),
    ],
)
def test_groups_hold_units(groups: Any, message: str) -> None:
    for draw in (plotting.plot_raster, plotting.plot_rate):
        with pytest.raises(InputError, match=message):
            draw(TRAINS, groups=groups)


# -- traces --------------------------------------------------------------------------------------


def test_traces_are_the_states_to_one_scale(free: Recording) -> None:
    ax = plotting.plot_traces(free, "v", units=["PY", "AB/PD"])
    upper, lower = named(ax, "trace")
    for line, unit in ((upper, "PY"), (lower, "AB/PD")):
        v = free.state("v", unit)
        np.testing.assert_array_equal(line.get_xdata(), free.times)
        np.testing.assert_allclose(np.diff(line.get_ydata()), np.diff(v), atol=1e-9)
    assert np.min(upper.get_ydata()) > np.max(lower.get_ydata())  # bands do not overlap
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["PY", "AB/PD"]
    times = [[time for time, _ in each] for each in strokes(ax, "spikes")]
    assert times == [free.spike_times("PY").tolist(), free.spike_times("AB/PD").tolist()]
    bar = next(line for line in ax.lines if not line.get_clip_on())
    size = float(np.ptp(np.asarray(bar.get_ydata())))
    assert f"{size:g} mV" in [text.get_text() for text in ax.texts]


def test_every_intervention_is_named_where_it_acts() -> None:
    acts = [
        do("LP", {"v": -45.0}, at=50.0),
        clamp("PY", -60.0, start=100.0, stop=150.0),
        cut("LP", "PY", start=50.0),
        change("drive", np.array([20.0]), unit="LP", at=150.0),
        inject("PY", 5.0, start=160.0, stop=180.0),
        clamp_spikes("AB/PD", False, start=20.0),
        clamp_spikes("LP", [100.0]),
    ]
    run = simulate(PYLORIC, 200.0, rng=0, record="v", interventions=acts)
    ax = plotting.plot_traces(run)
    assert notes(ax) == [
        "spikes off",
        "do(v = −45)",
        "drive = …",
        "spikes set",
        "clamp −60",
        "cut LP → PY",
        "inject 5",
    ]
    spans = sorted(
        (path.vertices[:, 0].min(), path.vertices[:, 0].max())
        for bar in named(ax, "bar")
        for path in bar.get_paths()
    )
    assert spans == [(0, 200), (20, 200), (50, 200), (100, 150), (160, 180)]
    assert sorted(float(line.get_xdata()[0]) for line in named(ax, "at")) == [50.0, 150.0]
    alone = plotting.plot_traces(run, units=["AB/PD"])
    assert notes(alone) == ["spikes off"]


def test_a_change_of_all_units_is_named_at_each() -> None:
    run = simulate(PYLORIC, 50.0, rng=0, record="v", interventions=[change("drive", 20.0, at=10.0)])
    assert notes(plotting.plot_traces(run)) == ["drive = 20"] * 3


def test_lines_of_notes_do_not_overlap() -> None:
    acts = [clamp("LP", -60.0, start=5.0 * k, stop=5.0 * k + 60.0) for k in range(4)]
    run = simulate(PYLORIC, 200.0, rng=0, record="v", interventions=acts)
    ax = plotting.plot_traces(run, units=["LP"])
    low = [path.vertices[:, 1].min() for bar in named(ax, "bar") for path in bar.get_paths()]
    assert len(set(low)) == 4
    assert min(low) >= ax.get_ylim()[0]


def test_what_was_not_kept_is_not_drawn(free: Recording) -> None:
    with pytest.raises(InputError, match=r"recording = .*kept a state"):
        plotting.plot_traces(simulate(PYLORIC, 50.0, rng=0))
    with pytest.raises(InputError, match="state = 'u'"):
        plotting.plot_traces(free, "u")
    with pytest.raises(InputError, match="'X'"):
        plotting.plot_traces(free, units=["X"])
    with pytest.raises(InputError, match="a sequence of units"):
        plotting.plot_traces(free, units="LP")
    many = Network(neuron=models.lif(), weights=np.zeros((30, 30)), dt=1.0)
    with pytest.raises(InputError, match="30 units"):
        plotting.plot_traces(simulate(many, 5.0, rng=0, record="v"))


def test_a_flat_trace_can_be_drawn() -> None:
    rest = Network(neuron=models.lif(), weights=[[0.0]], dt=1.0)
    assert named(plotting.plot_traces(simulate(rest, 5.0, record="v")), "trace")


# -- interventions under the same noise ----------------------------------------------------------


def test_both_runs_are_drawn(intervened: Recording, free: Recording) -> None:
    ax = plotting.plot_interventions(intervened, free, units=["LP"])
    (one,), (other,) = named(ax, "intervened"), named(ax, "free")
    off = intervened.state("v", "LP") - free.state("v", "LP")
    np.testing.assert_allclose(one.get_ydata() - other.get_ydata(), off, atol=1e-9)
    assert np.all(off[free.times < 100.0] == 0.0)
    assert off[free.times == 100.0] != 0.0
    times = [[time for time, _ in each] for each in strokes(ax, "spikes")]
    assert times == [run.spike_times("LP").tolist() for run in (intervened, free)]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["intervened", "same noise, free"]
    assert notes(ax) == ["do(−45)"]


def test_runs_of_other_noise_are_refused(intervened: Recording) -> None:
    def like(network: Network = PYLORIC, duration: float = 200.0, **kw: Any) -> Recording:
        return simulate(network, duration, **{"rng": 3, "record": "v", **kw})

    wrong = {
        "a run of the same network": like(zoo.pyloric(dt=2.5)),
        "seed": like(rng=4),
        "dtype": like(dtype=np.float32),
        "replicas": like(replicas=2),
        "same span": like(duration=100.0),
        "free = .*kept a state": like(record="spikes"),
        "a Recording": 3,
    }
    for message, other in wrong.items():
        with pytest.raises(InputError, match=message):
            plotting.plot_interventions(intervened, other)  # type: ignore[arg-type]
    rarely = like(record=simulation.Record(states=("v",), every=10.0))
    ax = plotting.plot_interventions(intervened, rarely, units=["PY"])  # the noise is the same
    assert len(named(ax, "free")[0].get_xdata()) == len(rarely.times)


# -- sweeps --------------------------------------------------------------------------------------


def test_rows_and_their_errors_are_beside_each_other(swept: SweepResult) -> None:
    ax = plotting.plot_transitions(swept)
    maps = [image for panel in panels(ax) for image in panel.get_images()]
    np.testing.assert_array_equal(maps[0].get_array(), swept.rows)
    np.testing.assert_array_equal(maps[1].get_array(), swept.standard_error)
    assert {"probability", "standard error"} <= {one.get_ylabel() for one in panels(ax)}
    codes = [tick.get_text() for tick in ax.get_xticklabels()]
    assert codes[:3] == ["000", "100", "010"]
    assert "AB/PD, LP, PY" in ax.get_xlabel()
    assert ax.get_title() == f"Monte Carlo, error up to {swept.standard_error.max():.2g}"
    assert len(panels(plotting.plot_transitions(swept, errors=False))) == 2  # rows, colour bar
    given = Figure().add_subplot()
    assert plotting.plot_transitions(swept, ax=given) is given


def test_errors_that_are_all_the_same_are_said_not_drawn() -> None:
    states = simulation.spiking_states(PYLORIC)
    exact = transitions(PYLORIC, states=states, steps=1)
    ax = plotting.plot_transitions(exact, states=list("abcdefgh"))
    assert ax.get_title() == "closed form, exact"
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list("abcdefgh")
    assert len(panels(ax)) == 2
    grid = transitions(PYLORIC, states=states[:2], steps=2, method="quadrature")
    assert re.fullmatch(r"quadrature, error up to .*", plotting.plot_transitions(grid).get_title())
    for name in ("states", "outcomes"):
        with pytest.raises(InputError, match=f"{name} = .*: 8 names"):
            plotting.plot_transitions(exact, **{name: ["a"]})  # type: ignore[arg-type]


def test_contrasts_have_two_standard_errors(swept: SweepResult) -> None:
    ax = plotting.plot_contrast(swept, 1, 0)
    found = swept.contrast(1, 0)
    (bars,) = ax.containers
    line, _, (segments,) = bars
    np.testing.assert_allclose(line.get_ydata(), found.difference)
    ends = np.array([s[:, 1] for s in segments.get_segments()])
    np.testing.assert_allclose(np.ptp(ends, axis=1), 4.0 * found.standard_error, atol=1e-12)
    assert ax.get_legend() is None


def test_contrasts_of_units_apart_are_of_their_spikes() -> None:
    states = simulation.spiking_states(PYLORIC)[[0, 0]]
    several = [
        sweep(
            PYLORIC,
            states=states,
            steps=3,
            replicas=64,
            rng=0,
            noise=noise,
            units="apart",
            interventions=[cut("LP", "PY", lanes=[True, False])],
        )
        for noise in ("independent", "shared")
    ]
    ax = plotting.plot_contrast(several, 1, 0)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["AB/PD", "LP", "PY"]
    for bars, result in zip(ax.containers, several, strict=True):
        np.testing.assert_allclose(bars[0].get_ydata(), result.contrast(1, 0).difference[1::2])
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["independent", "shared"]
    with pytest.raises(InputError, match="2 of them"):
        plotting.plot_contrast(several, 1, 0, labels=["one"])
    with pytest.raises(InputError, match="the number of a state"):
        plotting.plot_contrast(several, 2, 0)


def test_contrasts_of_different_outcomes_are_refused(swept: SweepResult) -> None:
    apart = sweep(PYLORIC, states=[[-60.0] * 3] * 2, steps=1, replicas=8, rng=0, units="apart")
    with pytest.raises(InputError, match=r"results\[1\].*the same units and outcomes"):
        plotting.plot_contrast([swept, apart], 1, 0)


# -- all -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize("wrong", [3, "a", None, PYLORIC, [PYLORIC]])
def test_another_kind_is_refused(name: str, wrong: Any, free: Recording) -> None:
    further = {"plot_contrast": (1, 0), "plot_interventions": (free,)}.get(name, ())
    with pytest.raises(InputError, match=WANTED[name]):
        getattr(plotting, name)(wrong, *further)


def test_axes_given_are_used(free: Recording, intervened: Recording, swept: SweepResult) -> None:
    draws: list[Any] = [
        lambda ax: plotting.plot_raster(free, ax=ax),
        lambda ax: plotting.plot_rate(free, bin_width=10.0, ax=ax),
        lambda ax: plotting.plot_traces(free, ax=ax),
        lambda ax: plotting.plot_interventions(intervened, free, ax=ax),
        lambda ax: plotting.plot_transitions(swept, ax=ax),
        lambda ax: plotting.plot_contrast(swept, 1, 0, ax=ax),
    ]
    for draw in draws:
        ax = Figure().add_subplot()
        assert draw(ax) is ax
        with pytest.raises(InputError, match="ax = 'here'"):
            draw("here")


def test_spikes_of_a_run_are_seen_in_its_colour(free: Recording) -> None:
    ax = plotting.plot_raster(free, groups={"all": [0, 1, 2]})
    (lines,) = named(ax, "spikes-all")
    assert tuple(lines.get_color()[0]) == to_rgba("#0072B2")


def test_the_end_of_an_upstroke_does_not_flatten_the_rest() -> None:
    network = Network(neuron=models.adex(I=1000.0), weights=[[0.0]], dt=0.1)
    run = simulate(network, 100.0, record="V")
    ax = plotting.plot_traces(run)
    (line,) = named(ax, "trace")
    shown, v = np.asarray(line.get_ydata()), run.state("V", 0)
    top = 20.0 + 0.5 * (20.0 - v.min())  # v_peak = 20 mV
    np.testing.assert_allclose(shown - shown.min(), np.minimum(v, top) - v.min(), atol=1e-9)
    assert np.sum(v > top) >= 2
    w = simulate(network, 100.0, record="w")  # another state is not cut off
    (line,) = named(plotting.plot_traces(w), "trace")
    assert np.ptp(np.asarray(line.get_ydata())) == pytest.approx(np.ptp(w.state("w", 0)))


def test_of_a_resumed_run_what_still_acts_is_named() -> None:
    over = [do("LP", -45.0, at=20.0), clamp("PY", -60.0, start=10.0, stop=100.0)]
    lasting = [cut("AB/PD", "LP", start=30.0), clamp("PY", -62.0, start=50.0)]
    first = simulate(PYLORIC, 100.0, rng=0, record="v", interventions=over + lasting)
    assert notes(plotting.plot_traces(first, units=["LP"])) == ["do(−45)", "cut AB/PD → LP"]
    assert notes(plotting.plot_traces(first, units=["PY"])) == ["clamp −60", "clamp −62"]
    second = simulate(PYLORIC, 100.0, start=first.final, record="v", interventions=over + lasting)
    ax = plotting.plot_traces(second)
    assert notes(ax) == ["cut AB/PD → LP", "clamp −62"]
    spans = [
        (path.vertices[:, 0].min(), path.vertices[:, 0].max())
        for bar in named(ax, "bar")
        for path in bar.get_paths()
    ]
    assert spans == [(100.0, 200.0)] * 2
