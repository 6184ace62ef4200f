"""The figures of integrated information show every number at its place and say what it means."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from causal_snn import order, phi
from causal_snn.errors import InputError
from causal_snn.models import Network, lif
from causal_snn.phi import Enclosure, PhiPath, StructureResult
from causal_snn.phi.landscape import PhiLandscape, landscape
from causal_snn.plotting import network_geometry as geometry
from causal_snn.plotting.partition import dependences, parts_of, plot_partition
from causal_snn.plotting.phi_enclosure import plot_enclosures
from causal_snn.plotting.phi_landscape import plot_phi_landscape
from causal_snn.plotting.phi_path import plot_phi_path
from causal_snn.plotting.structure import pair_relations, plot_structure
from causal_snn.tpm import TPM

Floats = Any
WEIGHTS = np.array([[0.2, 0.0, 1.0], [1.0, 0.2, 0.0], [0.0, 0.7, 0.4]])
STATE = (1, 0, 1)
OLD = "IIT_4_0_2023"


def ring(strength: float, drive: float = 0.0) -> Floats:
    spins = 2 * order.states((2,) * 3) - 1
    return 1 / (1 + np.exp(-2 * (strength * spins @ WEIGHTS.T + drive)))


def random_network(n: int, seed: int) -> Floats:
    spins = 2 * order.states((2,) * n) - 1
    weights = np.abs(np.random.default_rng(seed).normal(size=(n, n)))
    return 1 / (1 + np.exp(-0.8 * spins @ weights.T))


def gapped(strength: float) -> TPM:
    """A ring whose units now and then share a coin."""
    joint = TPM.from_state_by_node(ring(strength)).state_by_state
    shared = np.zeros_like(joint)
    shared[:, [0, -1]] = 0.5
    return TPM.from_state_by_state((1 - 0.1 * strength) * joint + 0.1 * strength * shared)


def lines(ax: Axes, gid: str) -> list[Line2D]:
    return [line for line in ax.lines if line.get_gid() == gid]


def points(line: Line2D) -> Floats:
    return np.stack([np.asarray(v, dtype=float) for v in line.get_data()], axis=1)


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def texts(ax: Axes, gid: str) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


# --- along a path -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def path() -> PhiPath:
    return phi.path(ring, STATE, np.linspace(0.05, 1.5, 12), formalism=OLD)


def test_path_has_its_values_and_breaks_at_the_jump(path: PhiPath) -> None:
    ax = plot_phi_path(path, xlabel="coupling (mV)")
    (dots,) = lines(ax, "values")
    np.testing.assert_array_equal(points(dots), np.stack([path.values, path.phi_s], axis=1))
    first, second = lines(ax, "phi_s")
    (jump,) = lines(ax, "jump")
    at = float(points(jump)[0, 0])
    assert points(first)[-1, 0] == points(second)[0, 0] == at
    below, above = (phi.system(ring(at + d), STATE, formalism=OLD).phi_s for d in (-1e-6, 1e-6))
    assert points(jump)[:, 1] == pytest.approx([below, above], abs=1e-5)
    assert abs(above - below) > 0.1
    assert ax.get_xlabel() == "coupling (mV)"
    assert ax.get_ylabel().endswith("(ibit)")


def test_regimes_are_shaded_without_a_hole_and_named_as_pyphi_finds_them(path: PhiPath) -> None:
    ax = plot_phi_path(path)
    spans = [p for p in ax.patches if str(p.get_gid()).startswith("regime")]
    reach = sorted(
        tuple(p.get_path().get_extents(p.get_patch_transform()).intervalx) for p in spans
    )
    assert reach[0][0] == pytest.approx(0.05)
    assert reach[0][1] == pytest.approx(reach[1][0])
    assert reach[1][1] == pytest.approx(1.5)
    wide = 0.05 if reach[0][1] - 0.05 > 1.5 - reach[0][1] else 1.5
    theirs = phi.system(ring(wide), STATE, formalism=OLD, engine="pyphi")
    said = legend(ax)[0].replace("\n    ", " ")
    assert theirs.cause_state is not None
    assert theirs.effect_state is not None
    cause, effect = ("".join(map(str, s)) for s in (theirs.cause_state, theirs.effect_state))
    assert said.startswith(f"a  cause {cause}, effect {effect}; cut ")
    for part in parts_of(theirs):
        short = {"inputs": "in", "outputs": "out", "both": "both"}[part.direction]
        assert f"{{{', '.join(part.units)}}} {short}" in said
    assert "jump" in legend(ax)[-1]
    assert sorted(texts(ax, "regime-name")) == ["a", "b"]


def test_gap_has_a_strip_where_there_is_one(path: PhiPath) -> None:
    (only,) = figure_of(plot_phi_path(path)).axes
    assert "independence gap 0" in only.get_title()
    other = phi.path(gapped, (1, 1, 1), [0.3, 0.6, 0.9], gap_tolerance=1.0)
    _, strip = figure_of(plot_phi_path(other)).axes
    (line,) = lines(strip, "gap")
    expected = [gapped(x).independence_gap for x in (0.3, 0.6, 0.9)]
    assert points(line)[:, 1] == pytest.approx(expected)
    assert min(expected) > 1e-3


def test_bends_are_no_jumps() -> None:
    """One unit that copies itself by chance: phi_s touches 0 without a leap."""
    found = phi.path(lambda x: [[1 - x], [x]], (1,), np.linspace(0.05, 0.95, 7))
    assert found.changes
    ax = plot_phi_path(found)
    assert not lines(ax, "jump")
    assert not any("jump" in text for text in legend(ax))


def test_a_reducible_path_keeps_a_scale() -> None:
    found = phi.path(lambda x: [[0.3, 0.4 + x]] * 4, (1, 1), [0.0, 0.1])
    ax = plot_phi_path(found)
    assert ax.get_ylim() == (0.0, 1.0)
    assert legend(ax) == ["a  reducible"]


def test_path_uses_given_axes_and_refuses_others(path: PhiPath) -> None:
    ax = Figure().add_subplot()
    assert plot_phi_path(path, ax=ax) is ax
    pair = Figure().subplots(2, 1)
    assert plot_phi_path(path, ax=list(pair)) is pair[0]
    assert lines(pair[1], "gap")
    with pytest.raises(InputError, match="ax = "):
        plot_phi_path(path, ax=[])
    with pytest.raises(InputError, match="PhiPath"):
        plot_phi_path(path.results)  # type: ignore[arg-type]


# --- over two parameters ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def land() -> PhiLandscape:
    return landscape(ring, STATE, np.linspace(0.2, 1.4, 7), np.linspace(-0.5, 0.5, 6))


def mesh_of(ax: Axes) -> Floats:
    (mesh,) = (c for c in ax.collections if isinstance(c, QuadMesh))
    return np.asarray(mesh.get_array())


def test_landscape_has_its_values_and_borders(land: PhiLandscape) -> None:
    ax = plot_phi_landscape(land, xlabel="coupling (mV)", ylabel="drive (mV)")
    np.testing.assert_array_equal(mesh_of(ax), land.phi_s)
    (borders,) = (c for c in ax.collections if isinstance(c, LineCollection))
    middles = {
        (round(float(x), 9), round(float(y), 9))
        for x, y in (segment.mean(axis=0) for segment in borders.get_segments())
    }
    expected = set()
    for j, i in np.ndindex(land.regime.shape):
        for dj, di in ((0, 1), (1, 0)):
            if j + dj < len(land.y) and i + di < len(land.x):
                one, other = land.results[j][i], land.results[j + dj][i + di]
                assert one is not None
                assert other is not None
                if _differ(one, other):
                    x, y = (land.x[i] + land.x[i + di]) / 2, (land.y[j] + land.y[j + dj]) / 2
                    expected.add((round(float(x), 9), round(float(y), 9)))
    assert middles == expected
    assert len(expected) > 5
    for text in ax.texts:
        x, y = text.get_position()
        j, i = np.argmin(np.abs(land.y - y)), np.argmin(np.abs(land.x - x))
        assert land.regime[j, i] == "abcdef".index(text.get_text())


def _differ(one: phi.SystemResult, other: phi.SystemResult) -> bool:
    if 0.0 in (one.phi_s, other.phi_s):
        return one.phi_s != other.phi_s
    assert one.partition is not None
    assert other.partition is not None
    capped = [r.phi_s == r.intrinsic_information for r in (one, other)]
    return (
        one.partition.cut != other.partition.cut
        or one.cause_state != other.cause_state
        or one.effect_state != other.effect_state
        or capped[0] != capped[1]
    )


def test_tables_of_results_and_of_numbers(land: PhiLandscape) -> None:
    drawn = mesh_of(plot_phi_landscape(land.results, x=land.x, y=land.y))
    np.testing.assert_array_equal(drawn, land.phi_s)
    ax = plot_phi_landscape(land.phi_s, x=land.x, y=land.y)
    np.testing.assert_array_equal(mesh_of(ax), land.phi_s)
    assert not any(isinstance(c, LineCollection) for c in ax.collections)
    bare = plot_phi_landscape(land, regimes=False)
    assert not bare.texts
    assert bare.get_legend() is None


def test_landscape_hatches_what_has_no_meaning() -> None:
    def family(x: float, y: float) -> TPM:
        if y == 1.0:
            return TPM.from_state_by_node([[0.0, 0.3], [0.0, 0.6]] * 2)
        independent = np.full((4, 4), 0.25)
        return TPM.from_state_by_state((1 - x) * independent + x * np.array([[0.5, 0, 0, 0.5]] * 4))

    found = landscape(family, (1, 1), [0.0, 0.1, 0.2], [0.0, 1.0], gap_tolerance=1.0)
    ax = plot_phi_landscape(found)
    places = {
        str(c.get_gid()): np.sort([np.asarray(p.vertices)[:4].mean(0) for p in c.get_paths()], 0)
        for c in ax.collections
        if isinstance(c, PolyCollection)
    }
    np.testing.assert_allclose(places["unreachable"], [(0, 1), (0.1, 1), (0.2, 1)], atol=1e-12)
    np.testing.assert_allclose(places["spurious"], [(0.1, 0), (0.2, 0)], atol=1e-12)
    assert legend(ax) == [
        "no value: nothing leads to the state",
        "units not independent: gap up to 0.1",
    ]
    assert [text.get_text() for text in ax.texts] == ["0 everywhere"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"found": np.zeros((2, 3)), "x": [0.0, 1.0], "y": [0.0, 1.0]}, r"x = .*shape \(3,\)"),
        ({"found": np.zeros((2, 2)), "x": [0.0, 1.0]}, r"y = .*shape \(2,\)"),
        ({"found": np.zeros((2, 2)), "x": [1.0, 0.0], "y": [0.0, 1.0]}, "x = .*increasing"),
        ({"found": np.zeros((2, 1)), "x": [1.0], "y": [0.0, 1.0]}, "x = .*two increasing"),
        ({"found": np.zeros(3), "x": [0.0, 1.0], "y": [0.0, 1.0]}, "found = "),
    ],
)
def test_landscape_refuses_axes_that_do_not_fit(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plot_phi_landscape(**options)


def test_landscape_refuses_mixed_tables(land: PhiLandscape) -> None:
    with pytest.raises(InputError, match=r"x = .*has its own"):
        plot_phi_landscape(land, x=land.x)
    mixed: Any = [[land.results[0][0], 0.5]]
    with pytest.raises(InputError, match=r"found = 0\.5"):
        plot_phi_landscape(mixed, x=[0.0, 1.0], y=[0.0])
    ragged: Any = [land.results[0], land.results[1][:2]]
    with pytest.raises(InputError, match="one length"):
        plot_phi_landscape(ragged, x=[0.0, 1.0], y=[0.0, 1.0])


# --- enclosures -------------------------------------------------------------------------------

RADII = [0.0, 0.01, 0.16]
TWO = np.array([[0.2, 0.3], [0.3, 0.7], [0.7, 0.4], [0.8, 0.8]])


@pytest.fixture(scope="module")
def boxes() -> list[Enclosure]:
    return [phi.enclosure(TWO - r, TWO + r, (1, 1), samples=3) for r in RADII]


def test_enclosures_have_their_bounds_at_their_place(boxes: list[Enclosure]) -> None:
    value = phi.system(TWO, (1, 1)).phi_s
    ax = plot_enclosures(boxes, RADII, phi_s=[value] * 3, xlabel="radius")
    for gid in ("outer", "inner"):
        (bars,) = (
            c for c in ax.collections if isinstance(c, LineCollection) and c.get_gid() == gid
        )
        for r, box, bar in zip(RADII, boxes, bars.get_segments(), strict=True):
            np.testing.assert_array_equal(bar[:, 0], r)
            np.testing.assert_array_equal(bar[:, 1], getattr(box, gid))
    (middle,) = lines(ax, "middle")
    assert points(middle)[0] == pytest.approx((0.0, boxes[0].outer[0]))
    assert ax.get_ylim()[1] > boxes[2].outer[1]


def test_enclosures_tell_what_they_decide(boxes: list[Enclosure]) -> None:
    reducible = phi.enclosure([[0.3, 0.4]] * 4, [[0.3, 0.4]] * 4, (1, 1), samples=1)
    ax = plot_enclosures([*boxes, reducible], [0, 1, 2, 3])
    drawn = {
        gid: list(points(lines(ax, gid)[0])[:, 0])
        for gid in ("irreducible", "undecided", "reducible")
    }
    assert drawn == {"irreducible": [0, 1], "undecided": [2], "reducible": [3]}
    assert phi.system(boxes[2].highest, (1, 1)).phi_s > phi.system(boxes[2].lowest, (1, 1)).phi_s
    assert legend(ax)[2:] == [
        "irreducible for certain",
        "reducible for certain",
        "undecided: 0 or not",
    ]


def test_one_enclosure_may_stand_alone(boxes: list[Enclosure]) -> None:
    ax = plot_enclosures(boxes[1], 0.5)
    assert list(ax.get_xticks()) == [0.5]
    given = Figure().add_subplot()
    assert plot_enclosures(boxes, RADII, ax=given) is given


@pytest.mark.parametrize(
    ("at", "options", "message"),
    [
        ([0.0, 1.0], {}, "at = .*one for each of 3"),
        ([0.0, 1.0, 1.0], {}, "at = .*increasing"),
        ([0.0, 1.0, np.nan], {}, "at = .*increasing"),
        (RADII, {"phi_s": [0.1]}, "phi_s = "),
        (RADII, {"ax": 3}, "ax = 3"),
    ],
)
def test_enclosures_refuse_numbers_that_do_not_fit(
    boxes: list[Enclosure], at: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        plot_enclosures(boxes, at, **options)
    with pytest.raises(InputError, match="found = "):
        plot_enclosures([], [])


# --- partitions -------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 4), seed=st.integers(0, 2**31), formalism=st.sampled_from((OLD, None)))
def test_parts_are_those_of_the_search_and_of_pyphi(n: int, seed: int, formalism: Any) -> None:
    """Parts are worked out from the connections cut; the search says them in words."""
    options = {} if formalism is None else {"formalism": formalism}
    found = phi.system(random_network(n, seed), (1,) * n, **options)
    assert found.partition is not None
    said = {
        frozenset(units.split(", ")): how
        for units, how in re.findall(r"\{([^}]*)\} ([a-z ]+)", found.partition.description)
    }
    words = {"inputs": "inputs cut", "outputs": "outputs cut", "both": "cut both ways"}
    assert {frozenset(part.units): words[part.direction] for part in parts_of(found)} == said
    if n < 4:
        theirs = phi.system(random_network(n, seed), (1,) * n, engine="pyphi", **options)
        if theirs.partition is not None and theirs.partition.cut == found.partition.cut:
            assert parts_of(theirs) == parts_of(found)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_units_have_the_colour_of_their_part_and_cuts_are_dashed(n: int) -> None:
    tpm = TPM.from_state_by_node(random_network(n, n))
    found = phi.system(tpm, (1,) * n)
    assert found.partition is not None
    ax = plot_partition(tpm, found)
    circles = [p for p in ax.patches if isinstance(p, Circle)]
    for rank, part in enumerate(parts_of(found)):
        mine = [tpm.labels.index(unit) for unit in part.units]
        for k, circle in enumerate(circles):
            assert (circle.get_gid() == f"part-{rank}") == (k in mine)
    assert len({c.get_facecolor() for c in circles}) == len(parts_of(found))
    dashed = {line.get_gid() for line in ax.lines if line.is_dashed()}
    index = tpm.labels.index
    assert dashed == {f"connection-{index(a)}-{index(b)}" for a, b in found.partition.cut}
    assert len(ax.lines) == n * n
    assert "cut by the minimum partition" in legend(ax)


def test_dependences_are_the_largest_effects_of_setting_a_unit() -> None:
    """Exclusive or, a copy, and a unit that listens to nothing; then by brute force."""
    states = order.states((2, 2, 2))
    on = np.stack([states[:, 0] ^ states[:, 1], states[:, 0], np.full(8, 0.3)], axis=1)
    expected = [[1, 1, 0], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(dependences(TPM.from_state_by_node(on)), expected)
    on = random_network(3, 7)
    found = dependences(TPM.from_state_by_node(on))
    for i, j in np.ndindex(3, 3):
        pairs = [
            abs(on[a, i] - on[b, i])
            for a, b in combinations(range(8), 2)
            if a ^ b == 1 << j  # little-endian: states that differ in unit j alone
        ]
        assert found[i, j] == pytest.approx(max(pairs))


def test_a_network_keeps_its_signs_and_its_background() -> None:
    network = Network(
        neuron=lif(), weights=[[0, 3, 0], [3, 0, 0], [-2, 0, 0]], noise=1.0, dt=1.0, name="pair"
    )
    labels = network.labels
    tpm = TPM.from_state_by_node(random_network(3, 3), labels=labels)
    found = phi.system(tpm, (1, 1, 0), units=[0, 1])
    ax = plot_partition(network, found, cells=[("quiet", "spiking")] * 2)
    heads = [
        str(p.get_gid()) for p in ax.get_children() if p.get_gid() in ("excitatory", "inhibitory")
    ]
    assert sorted(heads) == ["excitatory", "excitatory", "inhibitory"]
    circles = {p.get_gid() for p in ax.patches if isinstance(p, Circle)}
    assert "background" in circles
    assert "background unit" in legend(ax)
    assert found.partition is not None
    dashed = {
        line.get_gid()
        for line in ax.lines
        if str(line.get_gid()).startswith("conn") and line.is_dashed()
    }
    index = labels.index
    assert dashed == {f"connection-{index(a)}-{index(b)}" for a, b in found.partition.cut}
    assert ax.get_title().startswith("pair\nstate SS: ")


def test_a_system_without_a_partition_says_why() -> None:
    tpm = TPM.from_state_by_node([[0.3, 0.4]] * 4)
    found = phi.system(tpm, (1, 1))
    assert found.partition is None
    ax = plot_partition(tpm, found)
    assert "not strongly connected" in legend(ax)[0]
    assert not ax.lines


def test_partition_units_stand_where_the_network_figure_puts_them() -> None:
    tpm = TPM.from_state_by_node(random_network(5, 0))
    ax = plot_partition(tpm, phi.system(tpm, (1,) * 5))
    centres = [p.center for p in ax.patches if isinstance(p, Circle)]
    np.testing.assert_allclose(centres, geometry.positions(5))


def test_partition_refuses_what_does_not_fit() -> None:
    tpm = TPM.from_state_by_node(random_network(2, 0))
    found = phi.system(tpm, (1, 1))
    with pytest.raises(InputError, match="substrate = "):
        plot_partition(found, found)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="SystemResult"):
        plot_partition(tpm, 0.3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="result = 'A'"):
        plot_partition(TPM.from_state_by_node(random_network(2, 0), labels=["X", "Y"]), found)


# --- structures -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def structures() -> dict[int, StructureResult]:
    return {n: phi.structure(random_network(n, n), (1,) * n) for n in (1, 2, 3, 5)}


def test_pairs_are_the_relations_of_degree_two_of_pyphi() -> None:
    import pyphi

    on, state = ring(0.8, 0.2), STATE
    ours = phi.structure(on, state, formalism=OLD)
    with pyphi.config.override(
        **pyphi.iit4_2023, parallel=False, progress_bars=False, precision=13
    ):
        substrate = phi.to_pyphi(TPM.from_state_by_node(on))
        analysis: Any = pyphi.analyze(substrate, state, compute="ces")
        expected = {
            frozenset(
                "".join("ABC"[k] for k in mechanism) for mechanism in relation.mechanisms
            ): float(relation.phi)
            for relation in pyphi.relations.concrete_relations(analysis.distinctions)
            if len(relation) == 2
        }
    names = ["".join(one.mechanism) for one in ours.distinctions]
    pairs = pair_relations(ours.distinctions)
    found = {frozenset((names[p.first], names[p.second])): p.phi for p in pairs}
    assert found == pytest.approx(expected, abs=1e-9)
    assert len(found) >= 3
    assert [p.phi for p in pairs] == sorted(found.values(), reverse=True)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_distinctions_are_by_order_with_their_phi(
    structures: dict[int, StructureResult], n: int
) -> None:
    found = structures[n]
    ax = plot_structure(found)
    (discs,) = (c for c in ax.collections if isinstance(c, PathCollection))
    places = np.asarray(discs.get_offsets())
    assert len(places) == len(found.distinctions) == 2**n - 1
    np.testing.assert_array_equal(discs.get_array(), [one.phi for one in found.distinctions])
    sizes = np.argsort([len(one.mechanism) for one in found.distinctions], kind="stable")
    assert np.all(np.diff(places[sizes, 1]) >= 0)
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels[0] == "1 unit"
    assert len(labels) == n
    assert texts(ax, "mechanism") == ["".join(one.mechanism) for one in found.distinctions]
    subscripts = str.maketrans("01", "₀₁")
    for gid in ("cause", "effect"):
        for text, one in zip(texts(ax, gid), found.distinctions, strict=True):
            pairs = zip(getattr(one, gid), getattr(one, f"{gid}_state"), strict=True)
            assert text == "".join(f"{unit}{x}".translate(subscripts) for unit, x in pairs)
    assert ax.get_title().startswith(f"{2**n - 1} distinction{'s' if n > 1 else ''}, Φ = ")


def test_links_are_the_strongest_relations(structures: dict[int, StructureResult]) -> None:
    found = structures[3]
    pairs = pair_relations(found.distinctions)
    assert len(pairs) > 5
    ax = plot_structure(found, most=5)
    (links,) = (c for c in ax.collections if isinstance(c, LineCollection))
    (discs,) = (c for c in ax.collections if isinstance(c, PathCollection))
    places = np.asarray(discs.get_offsets())
    drawn = [(segment[0], segment[-1]) for segment in links.get_segments()][::-1]
    for (start, stop), pair in zip(drawn, pairs[:5], strict=True):
        np.testing.assert_allclose(start, places[pair.first])
        np.testing.assert_allclose(stop, places[pair.second])
    widths = list(np.asarray(links.get_linewidth()))
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    assert f"strongest 5 of {len(pairs)} relations of two drawn" in ax.get_title()
    assert f"all {len(pairs)} relations" in plot_structure(found, most=99).get_title()
    bare = plot_structure(found, most=0, purviews=False)
    assert not any(isinstance(c, LineCollection) for c in bare.collections)
    assert not texts(bare, "cause")
    assert "not drawn" in bare.get_title()


@pytest.mark.parametrize(("n", "long"), [(2, True), (3, False), (5, False), (5, True)])
def test_texts_of_a_structure_do_not_overlap(
    structures: dict[int, StructureResult], n: int, long: bool
) -> None:
    found = structures[n]
    if long:
        names = dict(zip("ABCDE", ("AB/PD", "LP/left", "PY", "VD", "IC/right"), strict=True))
        found = replace(
            found,
            system=replace(found.system, labels=tuple(names[k] for k in found.system.labels)),
            distinctions=tuple(
                replace(
                    one,
                    mechanism=tuple(names[k] for k in one.mechanism),
                    cause=tuple(names[k] for k in one.cause),
                    effect=tuple(names[k] for k in one.effect),
                )
                for one in found.distinctions
            ),
        )
    ax = plot_structure(found)
    figure = figure_of(ax)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in ax.texts]
    for one, other in combinations(boxes, 2):
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert wide <= 1.0 or high <= 0.35 * min(one.height, other.height)
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(float(text.get_fontsize()) >= 4.5 for text in ax.texts)
    assert any("IC/right" in text for text in legend(ax)) == (long and n == 5)


def test_a_structure_without_distinctions_says_so() -> None:
    found = phi.structure([[0.3, 0.4]] * 4, (1, 1))
    assert not found.distinctions
    ax = plot_structure(found)
    assert [text.get_text() for text in ax.texts] == ["no distinctions"]


def test_structure_refuses_what_does_not_fit(structures: dict[int, StructureResult]) -> None:
    with pytest.raises(InputError, match="StructureResult"):
        plot_structure(structures[2].system)  # type: ignore[arg-type]
    for most in (-1, 2.5, True):
        with pytest.raises(InputError, match="most = "):
            plot_structure(structures[2], most=most)  # type: ignore[arg-type]
    ax = Figure().add_subplot()
    assert plot_structure(structures[2], ax=ax) is ax


def test_legends_can_be_left_out(path: PhiPath, land: PhiLandscape, boxes: list[Enclosure]) -> None:
    tpm = TPM.from_state_by_node(random_network(2, 0))
    for ax in (
        plot_phi_path(path, legend=False),
        plot_phi_landscape(land, legend=False),
        plot_enclosures(boxes, RADII, legend=False),
        plot_partition(tpm, phi.system(tpm, (1, 1)), legend=False),
    ):
        assert ax.get_legend() is None
