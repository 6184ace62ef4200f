"""The project sets itself up on any machine, or says what the machine lacks."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

ROOT = Path(__file__).parents[1]

# Everything that the set-up script may call, besides a Python or uv.
TOOLS = ("bash", "cat", "cmp", "cp", "env", "dirname", "grep", "head", "mkdir", "rm")

# Pretends to be a Python: makes environments holding itself, and notes what pip is asked for.
PYTHON = """
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip install "*) echo "$*" >>installs ;;
esac
"""

type Done = subprocess.CompletedProcess[str]


def run(*command: str | Path, **environment: str) -> Done:
    """Run a command to its end."""
    env = {**os.environ, **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def set_up(checkout: Path) -> Done:
    """Run the set-up script where the PATH holds only the checkout's own `bin`."""
    return run(checkout / ".ci" / "setup-venv", PATH=str(checkout / "bin"))


def add_command(checkout: Path, name: str, script: str) -> None:
    """Put a shell script into the checkout's `bin`."""
    path = checkout / "bin" / name
    path.write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def this_python_after(change: str) -> str:
    """Return a script that runs `python -c CODE` with something changed before the code."""
    return f'exec {quote(sys.executable)} -c "import sys; {change}; $2"'


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a checkout of what set-up reads, on a machine that has no Python."""
    checkout = tmp_path / "checkout"
    for name in (".ci/setup-venv", "pyproject.toml", "causal_snn/__init__.py"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    (checkout / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"this test needs {tool}"
        (checkout / "bin" / tool).symlink_to(found)
    return checkout


@pytest.fixture
def ready(bare: Path) -> Path:
    """Return a checkout that has been set up, with a pretended Python."""
    add_command(bare, "python3.13", PYTHON)
    done = set_up(bare)
    assert done.returncode == 0, done.stderr
    assert len(installs(bare)) == 2  # pip itself, then the project
    (bare / ".venv" / "trace").touch()  # gone once the environment is made anew
    return bare


def installs(checkout: Path) -> list[str]:
    return (checkout / "installs").read_text(encoding="utf-8").splitlines()


def made_anew(checkout: Path) -> bool:
    return not (checkout / ".venv" / "trace").exists()


def test_without_python_two_lines_say_how_to_get_one(bare: Path) -> None:
    done = set_up(bare)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert "Python 3.13" in done.stderr
    assert "uv" in done.stderr


@pytest.mark.parametrize("name", ["python3", "python3.13", "python"])
def test_a_shim_that_does_not_run_is_no_python(name: str, bare: Path) -> None:
    add_command(bare, name, "echo 'command not found' >&2; exit 127")
    done = set_up(bare)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2


def test_an_old_python_is_passed_over(bare: Path) -> None:
    add_command(bare, "python3", this_python_after("sys.version_info = (3, 11)"))
    assert set_up(bare).returncode == 1
    add_command(bare, "python3.14", PYTHON)
    assert set_up(bare).returncode == 0


def test_a_python_without_venv_is_named(bare: Path) -> None:
    add_command(bare, "python3.13", this_python_after("sys.modules['ensurepip'] = None"))
    done = set_up(bare)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert "apt install python3.13-venv" in done.stderr


def test_uv_provides_what_is_missing(bare: Path) -> None:
    add_command(bare, "its-python", PYTHON)
    add_command(bare, "uv", 'echo "$*" >asked; its-python -m venv .venv')
    assert set_up(bare).returncode == 0
    assert (bare / "asked").read_text(encoding="utf-8") == "venv --seed .venv\n"


def test_a_second_time_does_nothing(ready: Path) -> None:
    done = set_up(ready)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(installs(ready)) == 2


@pytest.mark.parametrize("name", ["pyproject.toml", "causal_snn/__init__.py"])
def test_a_change_of_the_project_installs_again(name: str, ready: Path) -> None:
    path = ready / name
    path.write_text(path.read_text(encoding="utf-8").replace("0.", "1."), encoding="utf-8")
    assert set_up(ready).returncode == 0
    assert len(installs(ready)) == 4
    assert not made_anew(ready)


@pytest.mark.parametrize("lost", [".venv/bin/python", ".venv/.complete"])
def test_a_broken_environment_is_made_anew(lost: str, ready: Path) -> None:
    (ready / lost).unlink()
    assert set_up(ready).returncode == 0
    assert made_anew(ready)


def test_a_moved_checkout_is_set_up_anew(ready: Path) -> None:
    moved = ready.rename(ready.with_name("moved"))
    assert set_up(moved).returncode == 0
    assert made_anew(moved)


def test_a_failed_install_is_not_taken_for_done(bare: Path) -> None:
    add_command(bare, "python3.13", PYTHON.replace("echo", "false"))
    assert set_up(bare).returncode != 0
    assert not (bare / ".venv" / ".complete").exists()


def make(*arguments: str) -> str:
    """Return what make prints."""
    return run("make", "--no-print-directory", "-C", ROOT, *arguments).stdout


def test_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets
    listed = re.findall(r"^  make ([\w-]+)", make("help"), re.MULTILINE)
    assert listed == targets[1].split()


def test_pytest_has_the_last_word() -> None:
    for target in ("test", "test-all"):
        assert "pytest" in make("--dry-run", target).splitlines()[-1]


# Paths of the machines this was written on, and hosts that installers choose for themselves.
LOCAL = re.compile(rb"(?<![\w.~-])/(?:work|root|home)/|py(?:pi\.org|thonhosted)", re.IGNORECASE)


def tracked() -> list[Path]:
    """Return the files that are in the repository or would be added to it."""
    done = run("git", "-C", ROOT, "ls-files", "-z", "-co", "--exclude-standard")
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_no_file_names_this_machine_or_a_registry() -> None:
    named = {
        f"{path.relative_to(ROOT)}: {found[0].decode()}"
        for path in tracked()
        if path.is_file() and (found := LOCAL.search(path.read_bytes()))
    }
    assert named == set()
