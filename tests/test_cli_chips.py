"""``causal-snn chips``: what it prints, writes and refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from causal_snn import cli

ROOT = Path(__file__).parents[1]
FILE = str(ROOT / "examples" / "half_centre.toml")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.main(("chips", *arguments))
    except SystemExit as stop:  # argparse leaves this way
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_sweep_on_disk(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "out"
    code, out, err = run(
        capsys,
        *(FILE, "--chip", "loihi2", "--convention", "lava", "--bits", "3:5,8"),
        *("--rounding", "zero,nearest", "--measures", "tv,phi_s,rate", "--out", str(target)),
        *("--steps", "60", "--tolerance", "tv=0.5", "phi_s=0.9,rate=1"),
    )
    assert (code, err) == (0, "")
    assert "half-centre on loihi2 (lava)" in out
    assert "Critical bits" in out
    table = rows(target / "precision.csv")
    assert [(row["bits"], row["rounding"]) for row in table][:3] == [
        ("3", "zero"),
        ("3", "nearest"),
        ("4", "zero"),
    ]
    assert len(table) == 8
    assert all(0 <= float(row["tv"]) <= 1 for row in table)
    critical = rows(target / "critical.csv")
    assert [row["bits"] for row in critical] == ["3"] * 6  # so wide a tolerance keeps all
    assert {row["tolerance"] for row in critical} == {"0.5", "0.9", "1.0"}
    for name in ("precision", "phi_s"):
        assert (target / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
        assert "<svg" in (target / f"{name}.svg").read_text(encoding="utf-8")
    page = (target / "chips.md").read_text(encoding="utf-8")
    assert out.split("\n\n")[1] in page
    assert "versions: causal-snn" in page
    assert "lava-nc" in page  # where the chip is known from
    assert str(target / "chips.md") in out


def test_one_mapping_on_disk(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "out"
    code, out, err = run(
        capsys,
        *(FILE, "--chip", "fixed", "--set", "bits=14", "frac=7", "--noise", "2.5"),
        *("--steps", "400"),
        *("--out", str(target), "--quiet"),
    )
    assert (code, err) == (0, "")
    assert "scale (register units per mV)" in out
    assert "effective information" in out
    edges = rows(target / "mapping.csv")
    assert [(row["source"], row["target"]) for row in edges] == [("R", "L"), ("L", "R")]
    assert rows(target / "fidelity.csv")
    page = (target / "chips.md").read_text(encoding="utf-8")
    assert "noise_mV_per_step: [2.5, 2.5]" in page
    # Again, as a sweep: an earlier result is replaced, and no part of it stays.
    code, _, _ = run(
        capsys, FILE, "--chip", "fixed", "--bits", "4:5", "--measures", "tv", "--out", str(target)
    )
    assert code == 0
    assert sorted(path.name for path in target.iterdir()) == [
        "chips.md",
        "critical.csv",
        "precision.csv",
        "precision.png",
        "precision.svg",
    ]


def test_an_axis_without_an_order_has_no_critical_precision(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "out"
    code, out, _ = run(
        capsys, FILE, "--refractory", "0:2", "--measures", "tv", "--out", str(target)
    )
    assert code == 0
    assert "Critical" not in out
    assert sorted(path.name for path in target.iterdir()) == ["chips.md", "precision.csv"]


def test_units_and_one_axis_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys,
        *(str(ROOT / "examples" / "pyloric.toml"), "--units", "LP,PY", "--alphabet", "binary"),
        *("--bits", "4,8", "--decay-bits", "4:8:2", "--design", "each", "--measures", "tv"),
    )
    assert (code, err) == (0, "")
    assert out.count("own") == 5
    assert "Critical decay_bits" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((FILE, "--chip", "lohi"), "did you mean 'loihi'"),
        ((FILE, "--convention", "lavva"), "did you mean 'lava'"),
        ((FILE, "--chip", "xylo", "--convention", "lava"), "'xylo'"),
        ((FILE, "--chip", "fixed", "--set", "bit=3"), "did you mean 'bits'"),
        ((FILE, "--set", "bits"), "write NAME=VALUE"),
        ((FILE, "--map", "sacle=2"), "did you mean 'scale'"),
        ((FILE, "--map", "scale=1e9"), "would fit"),
        ((FILE, "--bits", "4-8"), "as 4:8, 4:12:2 or 4,6,8"),
        ((FILE, "--bits", "8:4"), "as 4:8, 4:12:2 or 4,6,8"),
        ((FILE, "--bits", "4:8:0"), "as 4:8, 4:12:2 or 4,6,8"),
        ((FILE, "--rounding", "neerest"), "did you mean 'nearest'"),
        ((FILE, "--bits", "4", "--measures", "ph_s"), "did you mean 'phi_s'"),
        ((FILE, "--bits", "4", "--tolerance", "tv"), "write NAME=NUMBER"),
        ((FILE, "--bits", "4", "--tolerance", "Phi=1"), "a measure of this sweep"),
        ((FILE, "--measures", "tv"), "also give an axis"),
        ((FILE, "--noise", "loud"), "'network', 'none' or a number"),
        ((FILE, "--bits", "4", "--steps", "0"), "steps = 0"),
        ((FILE, "--refractory", "99"), "maps to none of these"),
        ((FILE, "--chip", "xylo"), "reset"),
        ((FILE, "--units", "X"), "'X'"),
        (("missing.toml",), "missing.toml"),
        ((FILE, "--alphabet", "quaternary"), "quaternary"),
        ((FILE, "--seed", "-1"), "--seed -1: a whole number, 0 or more"),
        ((FILE, "--chip", "xylo"), "with --map approximate=reset"),  # and not as Python writes it
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
    code, out, err = run(capsys, *arguments, "--out", "result")
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


DATA = ROOT.parent / "shared" / "data" / "nir"
TRAINED = {
    "braille": (
        str(DATA / "braille_noDelay_bias_zero.nir"),
        *("--dt", "0.1", "--reset", "value", "--step", "euler"),
    ),
    "cnn": (
        str(DATA / "cnn_sinabs.nir"),
        *("--dt", "1", "--reset", "subtract", "--step", "euler"),
    ),
}
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data is not here")


@needs_data
def test_a_network_too_large_for_a_tpm_is_mapped_and_its_spikes_compared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "out"
    trained = TRAINED["braille"]
    code, out, err = run(capsys, *trained, "--steps", "300", "--out", str(target))
    assert (code, err) == (0, "")
    # 38 * 38 recurrent weights and 12 * 38 from the input channels.
    assert [line.split()[-1] for line in out.splitlines() if line.startswith("weights ")] == [
        "1900"
    ]
    assert "38 units have 3^38 macro states" in out
    assert "--units auto:4" in out
    assert "the 12 input channels are silent" in out
    rate = next(line.split() for line in out.splitlines() if line.startswith("rate, mean"))
    assert float(rate[-1]) == pytest.approx(float(rate[-2]), rel=0.1)
    assert sorted(path.name for path in target.iterdir()) == ["chips.md", "mapping.csv"]
    assert len(rows(target / "mapping.csv")) == 1900
    code, out, err = run(capsys, *trained, "--bits", "4:6")
    assert (code, out) == (2, "")
    assert "at most 7 ternary units. Give --units auto:4" in err


@needs_data
def test_units_of_a_trained_network_keep_their_input_weights(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen = (*TRAINED["braille"], "--units", "n11,n25")
    code, out, err = run(capsys, *chosen, "--steps", "100", "--quiet")
    assert (code, err) == (0, "")
    weights = next(line for line in out.splitlines() if line.startswith("weights "))
    assert weights.split()[-1] == str(2 * (2 + 12))
    assert "effective information" in out
    code, out, _ = run(capsys, *chosen, "--bits", "8", "--measures", "tv", "--steps", "50")
    assert code == 0


@needs_data
@pytest.mark.slow
def test_the_spiking_cnn_is_mapped_and_said_to_be_too_large(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, *TRAINED["cnn"], "--chip", "xylo", "--map", "approximate=true")
    assert (code, err) == (0, "")
    assert "9 cores, and one chip has one core" in out
    assert "No runs" in out
    assert "integrate_and_fire has no leak" in out


def test_a_folder_that_holds_other_files_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    keep = tmp_path / "thesis.tex"
    keep.write_text("years of work", encoding="utf-8")
    code, _, err = run(capsys, FILE, "--bits", "4", "--out", str(tmp_path))
    assert code == 2
    assert "thesis.tex" in err
    assert keep.read_text(encoding="utf-8") == "years of work"


def test_an_interrupt_writes_what_was_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from causal_snn.studies.critical_precision import point

    real, calls = point.mapped_at, iter(range(9))

    def stops(*arguments: object) -> object:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(point, "mapped_at", stops)
    target = tmp_path / "out"
    code, out, _ = run(capsys, FILE, "--bits", "4:6", "--measures", "tv", "--out", str(target))
    assert code == 130
    assert "interrupted" in out
    assert [row["bits"] for row in rows(target / "precision.csv")] == ["4"]
