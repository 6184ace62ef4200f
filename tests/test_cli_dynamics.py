"""``causal-snn phase`` and ``causal-snn bifurcation``: what they print, write and refuse."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from causal_snn import cli


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.main(arguments)
    except SystemExit as stop:  # argparse leaves this way
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_phase_plane_on_disk(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "plane"
    code, out, err = run(
        capsys,
        *("phase", "ml:snlc", "--set", "I=35", "--start", "V=-20,w=0", "--duration", "50"),
        *("--window", "V=-70:50", "--out", str(target)),
    )
    assert (code, err) == (0, "")
    assert "saddle" in out
    assert str(target / "phase.png") in out
    written = rows(target / "equilibria.csv")
    assert [row["kind"] for row in written] == ["stable node", "saddle", "unstable focus"]
    assert (target / "phase.png").read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in (target / "phase.svg").read_text(encoding="utf-8")
    page = (target / "phase.md").read_text(encoding="utf-8")
    assert "| I | 35 |" in page
    assert "versions: causal-snn" in page


def test_bifurcation_diagram_on_disk(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(
        capsys, "bifurcation", "izhikevich", "--parameter", "I", "--span", "0", "10"
    )
    assert (code, err) == (0, "")
    assert "HB1" in out
    target = tmp_path / "bifurcation-izhikevich"
    special = {row["label"]: row for row in rows(target / "special.csv")}
    # Closed forms: I_SN = (5 - b)^2/.16 - 140 = 4, I_H = I_SN - (b - a)^2/.16 (theory/04).
    assert float(special["LP"]["I"]) == pytest.approx(4.0, abs=1e-8)
    assert float(special["HB"]["I"]) == pytest.approx(3.7975, abs=1e-8)
    assert special["HB"]["criticality"] == "subcritical"
    assert len(rows(target / "equilibria.csv")) > 20
    assert len(rows(target / "cycles_HB1.csv")) > 5
    assert "bifurcation.png" in (target / "bifurcation.md").read_text(encoding="utf-8")
    # Again: an earlier result is replaced, and no part of it stays.
    code, _, _ = run(
        capsys,
        *("bifurcation", "izhikevich", "--span", "0", "10", "--no-cycles", "--set", "a=0.3"),
    )
    assert code == 0
    assert not (target / "cycles_HB1.csv").exists()
    assert [row["label"] for row in rows(target / "special.csv")] == ["LP"]  # no Hopf: b < a


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("phase", "hhh"), "did you mean 'hh'"),
        (("phase", "ml:snl"), "did you mean 'snlc'"),
        (("phase", "hh:snlc"), "no named parameter sets"),
        (("phase", "ml", "--set", "gCa=4"), "did you mean 'g_Ca'"),
        (("phase", "ml", "--set", "I"), "write NAME=NUMBER"),
        (("phase", "ml", "--set", "I=1", "I=2"), "given twice"),
        (("phase", "ml", "--set", "C=-1"), "positive membrane capacitance"),
        (("phase", "ml", "--window", "V=-80"), "write STATE=LOW:HIGH"),
        (("phase", "ml", "--start", "V=-20"), "also give w"),
        (("phase", "ml", "--start", "u=-20"), "no state 'u'"),
        (("phase", "ml", "--x", "u"), "'u'"),
        (("bifurcation", "qif", "--span", "1", "2"), "no equilibrium at either end"),
        (("bifurcation", "hh", "--parameter", "gNa", "--span", "0", "1"), "did you mean 'g_Na'"),
        (("bifurcation", "hh", "--parameter", "C", "--span", "-1", "1"), "positive membrane"),
        (("bifurcation", "hh", "--span", "5", "5"), "span"),
        (("bifurcation", "hh"), "--span"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_other_files_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    keep = tmp_path / "thesis.tex"
    keep.write_text("years of work", encoding="utf-8")
    code, _, err = run(capsys, "phase", "fhn", "--out", str(tmp_path))
    assert code == 2
    assert "thesis.tex" in err
    assert keep.read_text(encoding="utf-8") == "years of work"


def test_an_interrupt_leaves_what_was_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "plane"
    assert run(capsys, "phase", "fhn", "--out", str(target))[0] == 0
    before = (target / "phase.md").read_text(encoding="utf-8")

    def stop(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("causal_snn.cli.phase.page", stop)
    code, _, err = run(capsys, "phase", "fhn", "--set", "I=0.5", "--out", str(target))
    assert code == 130
    assert "nothing was written" in err
    assert (target / "phase.md").read_text(encoding="utf-8") == before
    assert list(tmp_path.iterdir()) == [target]
