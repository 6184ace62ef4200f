"""The whole flow, and its results as files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import causal_snn as cs
from causal_snn.errors import InputError, StageWarning
from causal_snn.report import files as report_files


@pytest.fixture(scope="module")
def report() -> cs.Report:
    return cs.analyze(cs.models.zoo.excitatory_ring())


def test_the_example_of_the_readme_runs_as_it_stands() -> None:
    net = cs.Network(
        neuron=cs.models.lif(tau=20.0, E=-65.0, theta=-50.0, V_reset=-65.0),
        weights=[[0, 3], [3, 0]],
        drive=16.0,
        noise=4.0,
        dt=1.0,
    )
    k = cs.kernel.next_spike(net, 0)
    r = cs.coarse.threshold(k, domain=(-85.0, -50.0))
    report = cs.analyze(net)
    assert report.thresholds[0].threshold == r.threshold
    assert cs.phi.analyze(report.tpm, state=(0, 0)).phi_s == report.phi_by_state[0, 0].phi_s  # type: ignore[index]


def test_every_stage_is_there_and_agrees_with_calling_it_alone(report: cs.Report) -> None:
    net = cs.models.zoo.excitatory_ring()
    alone = [cs.coarse.threshold(cs.kernel.next_spike(net, k)) for k in range(3)]
    assert report.thresholds == tuple(alone)
    matrix = cs.tpm.build(net, alone)
    assert np.array_equal(report.tpm.state_by_state, matrix.state_by_state)
    assert report.phi.phi_s == cs.phi.analyze(matrix, report.phi.state).phi_s
    assert report.phi_by_state is not None
    assert len(report.phi_by_state) == 27
    likeliest = tuple(matrix.states[np.argmax(matrix.stationary())])
    assert report.phi.state == likeliest
    assert report.major_complex == report.phi.complexes[0]  # type: ignore[index]


def test_binary_alphabets_say_that_phi_is_spurious() -> None:
    with pytest.warns(StageWarning, match="spurious"):
        report = cs.analyze(cs.models.zoo.half_centre(), alphabet="binary")
    assert report.tpm.state_by_node.shape == (4, 2)
    assert report.tpm.independence_gap > 0.1
    with pytest.raises(InputError, match="not conditionally independent"):
        cs.analyze(cs.models.zoo.half_centre(), alphabet="binary", strict=True)


def test_units_and_their_background() -> None:
    net = cs.models.zoo.pyloric()
    report = cs.analyze(net, units="LP,PY", background={"AB/PD": 1}, all_states=False)
    assert report.network.labels == ("LP", "PY")
    assert report.network.background == {"AB/PD": 1}
    assert list(report.network.bias) == [-8.0, -8.0]
    assert cs.analyze(net, units="auto:2", all_states=False).network.n == 2
    for units, message in (
        ("auto:x", "auto:K"),
        ("auto:9", "K from 1 to 3"),
        ("LP,LP", "each unit once"),
        ("XX", "unit = 'XX'"),
    ):
        with pytest.raises(InputError, match=message):
            cs.analyze(net, units=units)
    with pytest.raises(InputError, match="background = 1: a clamped state of units left out"):
        cs.analyze(net, background=1)


def test_more_units_than_pyphi_can_take() -> None:
    big = cs.Network(neuron=cs.models.lif(), weights=np.ones((40, 40)), noise=3, dt=1.0)
    with pytest.raises(InputError) as refused:
        cs.analyze(big)
    text = str(refused.value)
    assert "40 units" in text
    assert "years" in text
    assert "at most 6 units (as units='auto:6')" in text


def test_the_stationary_law_repeats_with_its_seed() -> None:
    net = cs.models.zoo.half_centre()
    one, two, other = (
        cs.analyze(net, law="stationary", rng=seed, all_states=False) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.tpm.state_by_state, two.tpm.state_by_state)
    assert not np.array_equal(one.tpm.state_by_state, other.tpm.state_by_state)


def test_a_report_reads_back(report: cs.Report, tmp_path: Path) -> None:
    folder = report.save(tmp_path / "report")
    names = {file.name for file in folder.iterdir()}
    figures = ("kernels", "tpm", "network", "phi_states")
    assert names == {"report.md", "report.json"} | {
        f"{name}.{suffix}" for name in figures for suffix in ("png", "svg")
    }
    text = (folder / "report.md").read_text()
    for figure in figures:
        assert f"({figure}.png)" in text
    for path in (folder, folder / "report.json"):
        back = cs.read_report(path)
        assert back.network == report.network
        assert back.thresholds == report.thresholds
        assert back.partition == report.partition
        assert np.array_equal(back.tpm.state_by_state, report.tpm.state_by_state)
        assert back.tpm.labels == report.tpm.labels
        assert back.phi == report.phi
        assert back.phi_by_state == report.phi_by_state
        assert back.options == dict(report.options)
        assert np.array_equal(back.kernels[0].midpoints, report.kernels[0].midpoints)
        assert all(result.certificate.verify() for result in back.thresholds)


def test_a_binary_report_with_a_joint_tpm_reads_back(tmp_path: Path) -> None:
    with pytest.warns(StageWarning):
        report = cs.analyze(
            cs.models.zoo.half_centre(),
            alphabet="binary",
            law="stationary",
            potentials=(-80.0, -45.0),
            contexts=[-6.0, 0.0],
        )
    back = cs.read_report(report.save(tmp_path / "r"))
    assert back.tpm.independence == report.tpm.independence
    assert np.array_equal(back.tpm.joint, report.tpm.joint)  # type: ignore[arg-type]
    assert back.kernels[0].range == report.kernels[0].range
    assert list(back.kernels[0].contexts.inputs) == [-6.0, 0.0]


def test_reports_of_other_versions_are_refused(report: cs.Report, tmp_path: Path) -> None:
    folder = report.save(tmp_path / "report")
    stored = json.loads((folder / "report.json").read_text())
    for change, message in (
        ({"format": "causal_snn-report/99"}, "causal_snn-report/1"),
        ({"phi": {}}, "not a complete"),
    ):
        (tmp_path / "changed.json").write_text(json.dumps({**stored, **change}))
        with pytest.raises(InputError, match=message):
            cs.read_report(tmp_path / "changed.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(InputError, match=r"broken\.json.*not JSON"):
        cs.read_report(tmp_path / "broken.json")
    with pytest.raises(InputError, match=r"nothing\.json"):
        cs.read_report(tmp_path / "nothing.json")


def test_an_interrupted_save_leaves_what_was_there(
    report: cs.Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = report.save(tmp_path / "report")
    before = {file: file.read_bytes() for file in folder.iterdir()}

    def stop(*_: object) -> Iterator[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(report_files, "markdown", stop)
    with pytest.raises(KeyboardInterrupt):
        report.save(folder)
    with pytest.raises(KeyboardInterrupt):
        report.save(tmp_path / "other")
    assert {file: file.read_bytes() for file in folder.iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report"]


@pytest.mark.parametrize("which", [1, 2])
def test_an_interrupt_between_the_renames_loses_nothing(
    which: int, report: cs.Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = report.save(tmp_path / "report")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    rename, count = Path.rename, 0

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == which:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        report.save(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_saving_replaces_reports_and_nothing_else(report: cs.Report, tmp_path: Path) -> None:
    folder = report.save(tmp_path / "report")
    report.save(folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds 'notes\.txt', which is not part of a report"):
        report.save(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere")
    report.save(tmp_path / "linked")
    assert (tmp_path / "linked").is_symlink()
    assert (tmp_path / "elsewhere" / "report.md").is_file()
    with pytest.raises(InputError, match="is the working directory"):
        report.save(".")
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="file is a file: name a directory"):
            report.save(target)
