"""report.md: valid tables, every unit and verdict, and cautions that follow from the result."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from causal_snn import Network, analyze, order
from causal_snn.coarse import Verdict
from causal_snn.errors import StageWarning
from causal_snn.models import cuba_lif, lif, zoo
from causal_snn.phi import Complex, PhiByState
from causal_snn.report import Report
from causal_snn.report.blocks import escape, figure, listed, table
from causal_snn.report.markdown import markdown
from causal_snn.tpm import Independence

FIGURES = {key: f"{key}.png" for key in ("kernels", "tpm", "network", "phi_states")}


@cache
def pyloric() -> Report:
    return analyze(zoo.pyloric())


@cache
def half_centre(**options: Any) -> Report:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StageWarning)
        return analyze(zoo.half_centre(), **options)


@cache
def noiseless() -> Report:
    weights = [[0, 4, -3], [5, 0, 0], [0, 6, 0]]
    return analyze(Network(neuron=cuba_lif(), weights=weights, drive=14.0, dt=1.0))


@cache
def clamped() -> Report:
    return analyze(zoo.excitatory_ring(4), units=["A", "B"], background={"C": 1})


@cache
def single(**convention: Any) -> Report:
    neuron = lif(**convention)
    return analyze(Network(neuron=neuron, weights=[[2.0]], drive=15.0, noise=2.0, dt=5.0))


@cache
def undriven() -> Report:
    return analyze(Network(neuron=lif(), weights=[[0.0]], noise=1.0, dt=1.0))


@cache
def oddly_named() -> Report:
    labels = ("a|b", "*_c_* <d> [e]")
    return analyze(
        Network(neuron=lif(), weights=[[0, 3], [3, 0]], noise=4.0, drive=16.0, dt=1.0,
                labels=labels, name="x | y\n# z")
    )  # fmt: skip


@cache
def ring() -> Report:
    return analyze(zoo.excitatory_ring(), all_states=False, structure=False)


REPORTS: Mapping[str, Callable[[], Report]] = {
    "pyloric": pyloric,
    "half-centre": half_centre,
    "ring": ring,
    "binary": lambda: half_centre(alphabet="binary"),
    "stationary": lambda: half_centre(law="stationary"),
    "interval": lambda: half_centre(contexts="interval"),
    "IIT 3.0": lambda: half_centre(formalism="IIT_3_0"),
    "one state": lambda: half_centre(all_states=False, structure=False, state=(1, 0)),
    "noiseless": noiseless,
    "clamped": clamped,
    "single": single,
    "refractory": lambda: single(refractory_steps=2),
    "subtract": lambda: single(reset="subtract"),
    "ON empty": undriven,
    "odd names": oddly_named,
}


def tables(text: str) -> list[list[list[str]]]:
    """Return the cells of every table; fail where a line does not look like a row."""
    found: list[list[list[str]]] = []
    previous = ""
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith(" |")
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if previous.startswith("|"):
                found[-1].append(cells)
            else:
                assert previous == "", "a table starts after an empty line"
                found.append([cells])
        previous = line
    return found


def named(text: str, first: str, another: str) -> dict[str, list[str]]:
    """Return the rows of the table with these headings, by their first cell."""
    (rows,) = (rows for rows in tables(text) if rows[0][0] == first and another in rows[0])
    return {row[0]: row for row in rows[2:]}


@pytest.mark.parametrize("name", REPORTS)
def test_tables_are_valid(name: str) -> None:
    for rows in tables(markdown(REPORTS[name](), FIGURES)):
        assert len({len(row) for row in rows}) == 1
        assert set(rows[1]) == {"---"}
        assert len(rows) > 2
        assert all(cell or row is rows[0] for row in rows for cell in row[:1])


@pytest.mark.parametrize("name", REPORTS)
def test_every_unit_and_verdict_is_there(name: str) -> None:
    report = REPORTS[name]()
    text = markdown(report, FIGURES)
    thresholds = named(text, "unit", "verdict")
    certificates = named(text, "unit", "checked")
    for result in report.thresholds:
        row = thresholds[escape(result.label)]
        assert row[-1] == str(result.verdict)
        assert float(row[2]) == pytest.approx(result.threshold, rel=1e-3)
        assert float(row[4]) == pytest.approx(result.epsilon, rel=1e-3, abs=1e-9)
        assert certificates[escape(result.label)][-1] == "verified"


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_of_python_leaks(name: str) -> None:
    text = markdown(REPORTS[name](), FIGURES)
    prose = re.sub(r"`[^`]*`", "", text)  # code that a reader may type is no leak
    assert not re.search(r"\b(nan|None|inf|True|False)\b|np\.|array\(|<[A-Z]\w+[ .]", prose)
    assert not re.search(r"\d\.\d{8,}", text), "numbers are rounded"
    assert text.endswith("\n")
    assert "\n\n\n" not in text
    assert text.count("\n# ") == 0, "one title"


def test_figures_are_embedded_where_given() -> None:
    text = markdown(pyloric(), FIGURES)
    for key in FIGURES:
        assert text.count(f"]({key}.png)") == 1
    alone = markdown(pyloric(), {"tpm": "pictures/tpm 1.svg"})
    assert "](<pictures/tpm 1.svg>)" in alone
    assert alone.count("![") == 1


def test_answer_names_the_values() -> None:
    report = pyloric()
    answer = markdown(report, {}).split("## The answer in short")[1].split("\n## ")[0]
    worst = max(result.epsilon for result in report.thresholds)
    assert f"ε = {worst:.4g}" in answer
    assert "φ_s = 0 ibit: in this state it is not one whole" in answer
    assert "the threshold moves with the input" not in answer
    assert "For every unit the threshold moves with the input" in markdown(ring(), {})
    assert report.major_complex is not None
    assert f"{{AB/PD}}, a single unit that acts on its own future, with φ_s = {
        report.major_complex.phi_s:.4g}" in answer  # fmt: skip


@pytest.mark.parametrize(
    ("complexes", "said"),
    [
        ((), "there is no complex"),
        ((Complex(("L", "R"), 0.5),), "The whole is itself the major complex"),
        ((Complex(("R",), 0.5), Complex(("L",), 0.5)), "{R} and {L} are tied, each with φ_s = 0.5"),
        ((Complex(("R",), 0.5), Complex(("L",), 0.4)), "The major complex is {R}"),
        (None, "Complexes were not looked for"),
    ],
)
def test_complexes_in_words(complexes: Any, said: str) -> None:
    report = half_centre()
    text = markdown(replace(report, phi=replace(report.phi, complexes=complexes)), {})
    assert said in text


def test_states_are_listed_with_their_values() -> None:
    report = pyloric()
    rows = named(markdown(report, {}), "state", "φ_s")
    assert len(rows) == 27
    assert report.phi_by_state is not None
    found = report.phi_by_state[1, 1, 1]
    assert float(rows["PPP"][-2]) == pytest.approx(found.phi_s, rel=1e-3)
    assert float(rows["PPP"][-1]) == pytest.approx(found.big_phi, rel=1e-3)
    assert "→ QQQ" in rows
    chance = [float(row[2]) for row in rows.values()]
    np.testing.assert_allclose(chance, report.tpm.stationary(), rtol=1e-3)


def test_unreachable_states_are_listed_as_such() -> None:
    report = pyloric()
    assert report.phi_by_state is not None
    kept, lost = report.phi_by_state.results[:-1], report.phi_by_state.results[-1].state
    text = markdown(replace(report, phi_by_state=PhiByState(kept, (lost,))), {})
    assert named(text, "state", "φ_s")["SSS"][-1] == "unreachable"


def test_of_many_states_the_largest_are_listed() -> None:
    report = analyze(zoo.excitatory_ring(4), structure=False, all_states=False)
    results = [
        replace(report.phi, state=tuple(int(x) for x in state), phi_s=float(k))
        for k, state in enumerate(order.states((3,) * 4))
    ]
    many = replace(report, phi_by_state=PhiByState(tuple(results[1:]), (results[0].state,)))
    text = markdown(many, {})
    rows = named(text, "state", "φ_s")
    assert len(rows) == 10
    assert next(iter(rows)) == "SSSS"
    assert "10 states with the largest φ_s of 81; 1 state unreachable" in text


def test_minimum_partition_is_told_by_its_connections() -> None:
    report = ring()
    mip = report.phi.mip
    assert mip is not None
    assert report.phi.phi_s > 0
    text = markdown(report, {})
    line = next(row for row in text.splitlines() if row.startswith("- **Minimum partition**"))
    there = {("A", "B"), ("B", "C"), ("C", "A")}  # the ring; the partition also cuts pairs
    told = re.findall(r"([ABC]) → ([ABC])", line)
    assert set(told) == there & set(mip.cut)
    assert f"Over the {len(mip.cut)} directed pairs" in line


def test_a_partition_at_zero_is_not_called_the_minimum() -> None:
    text = markdown(clamped(), {})
    assert clamped().phi.phi_s == 0.0
    assert "**Minimum partition**" not in text
    assert "**A partition that already gives 0**: it cuts" in text


def _broken() -> Report:
    report = half_centre()
    first = report.thresholds[0]
    worse = replace(first.certificate, upper=first.epsilon / 2, lower=0.0)
    return replace(report, thresholds=(replace(first, certificate=worse), *report.thresholds[1:]))


def _loose() -> Report:
    report = half_centre()
    first = report.thresholds[0]
    loose = replace(first.certificate, lower=first.certificate.upper - 0.01)
    return replace(report, thresholds=(replace(first, certificate=loose), *report.thresholds[1:]))


def _noted() -> Report:
    report = half_centre()
    noted = {**report.tpm.provenance, "notes": ["unit L: no admissible state is primed"]}
    return replace(report, tpm=replace(report.tpm, provenance=noted))


def _all(verdict: Verdict) -> Report:
    report = half_centre()
    return replace(report, thresholds=tuple(replace(r, verdict=verdict) for r in report.thresholds))


def _projected() -> Report:
    report = half_centre(alphabet="binary")
    return replace(report, tpm=report.tpm.project())


CAUTIONS: list[tuple[str, Callable[[], Report], str]] = [
    ("certificate fails", _broken, "**A certificate does not hold** (L)"),
    ("certificate fails, table", _broken, "| DOES NOT HOLD |"),
    ("gap of a certificate", _loose, "may miss the least possible ε by up to 0.01"),
    ("dependent", REPORTS["binary"], "**The integrated information is partly spurious**"),
    ("dependent, answer", REPORTS["binary"], "**The macro transition matrix is not conditionally"),
    ("dependent, section", REPORTS["binary"], "It is above 1e-06: up to 12 % of the probability"),
    ("mixed on", REPORTS["binary"], '**"on" is wider than ε**'),
    ("projected", _projected, "**The matrix is a projection**: it lies up to 0.1198"),
    ("note", _noted, "**Note on the matrix**: unit L: no admissible state is primed."),
    ("context", REPORTS["ring"], "**The threshold depends on the input**"),
    ("ON empty", REPORTS["ON empty"], "**ON cell empty** (A)"),
    ("OFF empty", lambda: _all(Verdict.OFF_EMPTY), "**OFF cell empty** (L and R)"),
    ("indistinct", lambda: _all(Verdict.INDISTINCT), "**The cells of L and R are homogeneous"),
    ("subtract", REPORTS["subtract"], "**Just spiked is not one state** for A"),
    ("interval", REPORTS["interval"], "judged under every input of an interval"),
    ("stationary", REPORTS["stationary"], "sampled** (40,000 samples, seed 0)"),
    ("background", REPORTS["clamped"], "2 units (C and D) outside the analysis, held fixed: C sp"),
    ("refractory", REPORTS["refractory"], "**Refractoriness outlasts the macro state** (A)"),
    ("one state", REPORTS["one state"], "**One state only**"),
    ("current", REPORTS["noiseless"], "and the causal score of a synaptic current is another one"),
    ("no noise", REPORTS["noiseless"], "Without noise the effect is a step at m_c"),
]


@pytest.mark.parametrize(
    ("report", "said"), [c[1:] for c in CAUTIONS], ids=[c[0] for c in CAUTIONS]
)
def test_cautions_follow_from_the_result(report: Callable[[], Report], said: str) -> None:
    assert said in markdown(report(), {})
    assert said not in markdown(half_centre(), {}), "and are not said of every network"


@pytest.mark.parametrize("name", REPORTS)
def test_what_holds_for_every_result_is_always_said(name: str) -> None:
    text = markdown(REPORTS[name](), {})
    for said in ("**One step only**", "**φ jumps**", "**The intervention range is part of"):
        assert text.count(said) == 1


@pytest.mark.parametrize("name", REPORTS)
def test_insufficient_units_are_named_and_no_others(name: str) -> None:
    report = REPORTS[name]()
    large = [r.label for r in report.thresholds if r.epsilon > r.band_level]
    said = f"**The macro states of {listed(large)} are not causally sufficient** at the level"
    assert (said in markdown(report, {})) == bool(large)
    assert markdown(report, {}).count("are not causally sufficient**") == bool(large)


def test_soundness_is_claimed_only_without_a_gap() -> None:
    claim = "**The matrix is what φ is defined on**"
    report = half_centre()
    assert claim in markdown(report, {})
    gap = replace(report.tpm, independence=Independence(2e-6, 1e-6, (0, 0)))
    assert claim not in markdown(replace(report, tpm=gap), {})
    assert claim not in markdown(_projected(), {})


def test_best_thresholds_are_claimed_only_with_proof() -> None:
    claim = "**The thresholds are the best there are**"
    assert claim in markdown(half_centre(), {})
    assert claim not in markdown(_loose(), {})
    assert "**The thresholds are" not in markdown(_broken(), {})


def test_macro_states_are_defined_in_words() -> None:
    ternary, binary = markdown(half_centre(), {}), markdown(REPORTS["binary"](), {})
    assert "- **primed** (1): it does not spike in this step, and its potential v" in ternary
    assert "- **on** (1): its potential v is T\\* or above, or" in binary
    assert "primed" not in binary.split("## Macro transition matrix")[0]
    coefficient = noiseless().partition.units[0].score_coefficient
    assert f"k (mV/nA) is {coefficient:.4g} for every unit." in markdown(noiseless(), {})


def test_iit_3_is_not_given_the_units_of_iit_4() -> None:
    text = markdown(REPORTS["IIT 3.0"](), {})
    assert "ibit" not in text
    assert "IIT 3.0, Oizumi" in text
    assert "structure=True" not in text


def test_derivations_and_versions_are_named() -> None:
    text = markdown(half_centre(), {})
    for label in ("L3", "L5", "L6", "L7", "L8", "L9"):
        assert f"({label})" in text
    for library, version in half_centre().provenance["versions"].items():
        assert f"| {library} | {version} |" in text


def test_blocks() -> None:
    assert listed([]) == ""
    assert listed(["A"]) == "A"
    assert listed("ABC", last="or") == "A, B or C"
    assert escape("a|b *c* _d_ e_f\n<g>") == "a\\|b \\*c\\* \\_d\\_ e_f \\<g>"
    assert figure("f.png", "T", "C").startswith("![T](f.png)\n")
    with pytest.raises(ValueError, match="1 cells under 2"):
        table(("a", "b"), [("1",)])
