"""The README's example runs, and prints what the README says it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


EXAMPLES = list(zip(blocks("python"), blocks("text"), strict=True))


def test_there_is_an_example_for_each_section() -> None:
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize(
    ("code", "output"),
    EXAMPLES,
    ids=["network", "neuron", "simulation", "macro states", "phi", "chips"],
)
def test_the_example_prints_what_it_says(code: str, output: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == output
    assert (tmp_path / "ring-report" / "report.md").is_file() == (".save(" in code)


def test_every_linked_file_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_script_that_draws_the_figure_runs(tmp_path: Path) -> None:
    for name in ("excitatory_ring.py", "excitatory_ring.toml"):
        (tmp_path / name).write_bytes((ROOT / "examples" / name).read_bytes())
    subprocess.run(
        [sys.executable, "-W", "error", str(tmp_path / "excitatory_ring.py")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert (tmp_path / "excitatory_ring.png").stat().st_size > 10_000
