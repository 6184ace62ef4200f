"""The command line: what it prints, writes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from causal_snn import cli
from causal_snn.io import write_network
from causal_snn.models import zoo

EXAMPLES = Path(__file__).parents[1] / "examples"
NIR = Path(__file__).parents[2] / "shared" / "data" / "nir"
RING = str(EXAMPLES / "excitatory_ring.toml")

GOOD = """
format = "causal_snn-network/1"
dt = 1.0
[neuron]
model = "lif"
tau = 20.0
[network]
weights = [[0.0, 3.0], [3.0, 0.0]]
drive = 16.0
noise = 4.0
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.main(["analyze", *arguments])
    except SystemExit as stop:  # argparse leaves this way
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_table_on_screen_and_a_report_on_disk(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = run(capsys, RING, "--out", str(tmp_path / "report"))
    assert (code, err) == (0, "")
    for expected in ("theta (mV)", "T* (mV)", "epsilon", "independence gap 0", "phi_s", "Phi"):
        assert expected in out
    assert "Major complex in (0,0,0): {A, B, C}" in out
    assert out.rstrip().endswith("report.md")
    assert (tmp_path / "report" / "report.json").is_file()


def test_options_reach_the_analysis(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys,
        str(EXAMPLES / "pyloric.toml"),
        *("--units", "LP,PY", "--state", "1,0"),
        *("--alphabet", "binary", "--law", "stationary", "--range", "-80", "-45"),
        *("--formalism", "IIT_4_0_2023", "--contexts", "extremes", "--seed", "3"),
    )
    assert code == 0
    assert "(1,0) *" in out
    assert "IIT_4_0_2023" in out
    assert "phi spurious" in out
    assert err.startswith("causal-snn: warning: the TPM is not conditionally independent")
    assert len(err.splitlines()) == 1


def test_background_units_are_clamped(capsys: pytest.CaptureFixture[str]) -> None:
    options = (str(EXAMPLES / "pyloric.toml"), "--units", "LP,PY")
    _, silent, _ = run(capsys, *options)
    code, clamped, _ = run(capsys, *options, "--background", "AB/PD")
    assert code == 0
    assert "1 background units clamped" in clamped
    assert "ON cell empty" in clamped  # AB/PD holds both far below threshold
    assert "ON cell empty" not in silent


@pytest.mark.skipif(not NIR.is_dir(), reason="the NIR files of ../shared/data are not here")
@pytest.mark.parametrize(
    ("name", "reset"),
    [("braille_noDelay_noBias_subtract", "subtract"), ("braille_noDelay_bias_zero", "value")],
)
def test_a_trained_network_from_nir(
    name: str, reset: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = run(
        capsys,
        str(NIR / f"{name}.nir"),
        *("--dt", "0.1", "--reset", reset, "--step", "euler", "--units", "auto:4"),
        *("--out", str(tmp_path / "report")),
    )
    assert (code, err) == (0, "")
    assert "4 units" in out
    assert (tmp_path / "report" / "report.md").is_file()


def bad(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "net.toml"
    file.write_text(text)
    return str(file)


BAD_FILES = {
    "malformed": (("drive = 16.0", "drive = = 16"), "line 9"),
    "unknown key": (("drive", "drvie"), "did you mean 'drive'"),
    "unknown neuron key": (("tau", "tua"), "did you mean 'tau'"),
    "wrong weight shape": (("[[0.0, 3.0], [3.0, 0.0]]", "[[0.0, 3.0]]"), "Row = target"),
    "NaN weight": (("[0.0, 3.0]", "[0.0, nan]"), "nan"),
    "infinite weight": (("[0.0, 3.0]", "[0.0, inf]"), "inf"),
    "negative noise": (("noise = 4.0", "noise = -4.0"), "noise"),
    "tau not positive": (("tau = 20.0", "tau = 0.0"), "tau = 0.0"),
    "dt not positive": (("dt = 1.0", "dt = -1.0"), "dt = -1.0"),
    "reset above threshold": (("tau = 20.0", "V_reset = -40.0"), "V_reset = -40.0"),
    "repeated names": (("drive = 16.0", 'labels = ["A", "A"]'), "labels"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_end_with_one_or_two_lines(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    change, expected = BAD_FILES[name]
    code, out, err = run(capsys, bad(tmp_path, change), "--out", str(tmp_path / "report"))
    assert code == 2
    assert out == ""
    assert expected in err
    assert "net.toml" in err
    assert 1 <= len(err.splitlines()) <= 2
    assert not (tmp_path / "report").exists()


BAD_OPTIONS = {
    "no such unit": (["--units", "A,Z"], "unit = 'Z'"),
    "unit twice": (["--units", "A,A"], "each unit once"),
    "state too short": (["--state", "0,1"], "3 numbers, one for each unit"),
    "state out of range": (["--state", "0,1,3"], "0 to 2 for unit 2, not 3"),
    "state not numbers": (["--state", "quiet"], "one whole number for each unit"),
    "range without threshold": (["--range", "-85", "-60"], "contains the threshold"),
    "range upside down": (["--range", "-40", "-85"], "lower one first"),
    "no such alphabet": (["--alphabet", "quaternary"], "invalid choice"),
    "no such option": (["--colour"], "unrecognized arguments"),
    "NIR option for TOML": (["--dt", "0.1"], "dt"),
    "seed below zero": (["--seed", "-1"], "whole number, 0 or more"),
    "no time at all": (["--max-seconds", "nan"], "a positive number of seconds"),
    "work too long": (["--max-seconds", "0.001"], "max_seconds = 0.001"),
    "background without units": (["--background", "A"], "Name the units to analyse"),
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_bad_options_end_with_one_or_two_lines(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options, expected = BAD_OPTIONS[name]
    code, out, err = run(capsys, RING, *options)
    assert code == 2
    assert out == ""
    assert expected in err
    assert 1 <= len(err.splitlines()) <= 2


def test_files_that_are_not_there_or_not_what_they_say(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "net.nir").write_text("not HDF5")
    (tmp_path / "net.xml").write_text("")
    nir = ("--dt", "0.1", "--reset", "value", "--step", "exact")
    for file, options, expected in (
        ("missing.toml", (), "missing.toml"),
        ("net.xml", (), "net.xml"),
        ("net.nir", nir, "HDF5"),
    ):
        code, out, err = run(capsys, str(tmp_path / file), *options)
        assert (code, out) == (2, "")
        assert expected in err
        assert 1 <= len(err.splitlines()) <= 2


def test_an_unreachable_state(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    silent = bad(tmp_path, ("noise = 4.0", "noise = 0.0"), ("drive = 16.0", "drive = 0.0"))
    code, _, err = run(capsys, silent, "--state", "2,2")
    assert code == 2
    assert "(2, 2) (A spiking, B spiking) is unreachable" in err
    assert len(err.splitlines()) <= 2


def test_a_long_step_is_a_warning(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, bad(tmp_path, ("dt = 1.0", "dt = 30.0")))
    assert code == 0
    assert "warning: dt = 30.0 ms is longer than the shortest membrane time constant" in err


def test_too_many_units(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_network(zoo.excitatory_ring(9), tmp_path / "ring.toml")
    code, _, err = run(capsys, str(tmp_path / "ring.toml"))
    assert code == 2
    assert "4,419,572 partitions" in err
    assert "Choose at most 6 units" in err


def test_a_directory_with_other_files_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("years of it")
    code, out, err = run(capsys, RING, "--out", str(tmp_path))
    assert (code, out) == (2, "")
    assert "thesis.tex" in err
    assert (tmp_path / "thesis.tex").read_text() == "years of it"


def test_names_are_text_and_not_markup(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    odd = bad(
        tmp_path,
        ("dt = 1.0", 'dt = 1.0\nname = "x [/oops] [red]y[/red]"'),
        ("drive", 'labels = ["A [b]", "B[/b]"]\ndrive'),
    )
    code, out, _ = run(capsys, odd)
    assert code == 0
    assert "x [/oops] [red]y[/red]" in out
    assert "A [b]" in out
    assert "B[/b]" in out


def test_stopping_says_that_nothing_was_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("causal_snn.pipeline.analyze", stop)
    code, _, err = run(capsys, RING)
    assert code == 130
    assert err == "causal-snn: stopped; nothing was written\n"


def test_a_broken_pyphi_configuration_is_named(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    (tmp_path / "pyphi_config.yml").write_text("precision: 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "causal_snn", "analyze", RING],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pyphi_config.yml" in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_a_terminal_without_the_letters_is_no_error(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    file = bad(tmp_path, ("drive", 'labels = ["é", "ü"]\ndrive'))
    done = subprocess.run(
        [sys.executable, "-m", "causal_snn", "analyze", file, "--out", str(tmp_path / "r")],
        env={
            **os.environ,
            "PYTHONPATH": str(EXAMPLES.parent),
            "PYTHONIOENCODING": "ascii",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r" / "report.md").is_file()


def test_termination_leaves_nothing_behind(tmp_path: Path) -> None:
    import os
    import signal
    import subprocess
    import sys
    import time

    job = subprocess.Popen(
        [sys.executable, "-m", "causal_snn", "analyze", RING, "--out", str(tmp_path / "r")],
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    time.sleep(2.0)
    job.send_signal(signal.SIGTERM)
    _, err = job.communicate(timeout=60)
    if job.returncode != 0:  # else it was done before the signal came
        assert (job.returncode, err) == (130, "causal-snn: stopped; nothing was written\n")
        assert list(tmp_path.iterdir()) == []


def test_help_and_version_need_no_heavy_imports() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from causal_snn import cli\n"
        "try: cli.main(['--version'])\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'pyphi', 'matplotlib'} & set(sys.modules), 'too much'"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
