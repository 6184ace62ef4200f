"""Importing the package is cheap, and its folders only look down the pipeline."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import causal_snn

PACKAGE = Path(causal_snn.__file__).parent

# The numbers of the README's diagram.
LAYERS = {
    "models": 1,
    "dynamics": 2,
    "simulation": 2,
    "chips": 2,
    "kernel": 3,
    "coarse": 4,
    "tpm": 5,
    "phi": 6,
}
AROUND = {"cli", "io", "plotting", "report", "spikes", "studies"}  # folders beside the pipeline
# Names what lives in later stages, and loads it on first use: a door, not an import.
DOORS = {"chips/__init__.py"}
# Modules that any other may import.
LEAVES = {"__version__", "errors", "order", "progress", "provenance"}

HEAVY = [
    "cvxpy",
    "matplotlib",
    "networkx",
    "pandas",
    "pyphi",
    "rich",
    "scipy.stats",
    "sympy",
    "xarray",
]


def run_python(code: str) -> str:
    """Return what a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    return set(run_python("import causal_snn, sys; print(*sys.modules, sep='\\n')").split())


@pytest.mark.parametrize("name", HEAVY)
def test_import_does_not_load(name: str, loaded: set[str]) -> None:
    assert "causal_snn" in loaded
    assert name not in loaded


def test_the_door_of_chips_loads_no_later_stage() -> None:
    found = set(run_python("import causal_snn.chips, sys; print(*sys.modules, sep='\\n')").split())
    assert "causal_snn.chips" in found
    for later in ("kernel", "coarse", "tpm", "phi", "studies"):
        assert f"causal_snn.{later}" not in found


def test_import_takes_under_300_ms_more_than_numpy() -> None:
    code = """
import time, numpy
start = time.perf_counter()
import causal_snn
print(time.perf_counter() - start)
"""
    # The least of several: whatever else the machine does can only add to it.
    assert min(float(run_python(code)) for _ in range(7)) < 0.3


def test_every_public_name_resolves() -> None:
    for name in causal_snn.__all__:
        assert getattr(causal_snn, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = causal_snn.no_such_name


def imports(source: str, module: str) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, at any depth.

    `module` is the dotted name of the module's folder, from which relative imports start.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=origin, names=names, level=level):
                above = module.split(".")
                start = above[: len(above) - level + 1] if level else []
                base = ".".join([*start, *([origin] if origin else [])])
                yield from (f"{base}.{alias.name}" for alias in names)
            case ast.Call(func=ast.Name("import_module") | ast.Attribute(attr="import_module")):
                match node.args:
                    case [ast.Constant(str(name))]:
                        yield name


def allowed(folder: str) -> set[str]:
    """Return the children of `causal_snn` that modules of a folder, or a leaf, may import."""
    if folder in LEAVES:
        return LEAVES
    below = {other for other, number in LAYERS.items() if number < LAYERS[folder]}
    return {folder} | below | LEAVES


def forbidden(source: str, path: Path) -> list[str]:
    """Return the imports of one module (a path within the package) that break the order."""
    child = path.parts[0].removesuffix(".py")
    ordered = child in LAYERS.keys() | LEAVES and path.as_posix() not in DOORS
    wrong = []
    for name in imports(source, ".".join(["causal_snn", *path.parent.parts])):
        match name.split("."):
            case ["pyphi", *_] if path.as_posix() != "phi/adapter.py":
                wrong.append(name)
            case ["causal_snn"] if ordered:
                wrong.append(name)
            case ["causal_snn", other, *_] if ordered and other not in allowed(child):
                wrong.append(name)
    return wrong


def test_every_folder_has_its_place() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders <= LAYERS.keys() | AROUND


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_imports_go_down_the_pipeline(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE)) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("models/lif.py", "from causal_snn.kernel import EffectKernel"),
        ("models/lif.py", "def f():\n    import causal_snn.tpm.build"),
        ("models/lif.py", "from causal_snn import tpm"),
        ("models/lif.py", "from ..tpm import TPM"),
        ("models/lif.py", "importlib.import_module('causal_snn.phi')"),
        ("simulation/stepper.py", "from causal_snn.chips import chip"),
        ("dynamics/cycles.py", "from causal_snn.simulation import run"),
        ("tpm/build.py", "import causal_snn"),
        ("tpm/build.py", "from causal_snn import analyze"),
        ("tpm/build.py", "from causal_snn.io import read_network"),
        ("phi/analyze.py", "from pyphi import config"),
        ("pipeline.py", "import pyphi"),
        ("errors.py", "from causal_snn.models import lif"),
    ],
)
def test_an_import_up_the_pipeline_is_seen(path: str, line: str) -> None:
    assert len(forbidden(line, Path(path))) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("models/lif.py", "from .neuron import NeuronModel"),
        ("tpm/build.py", "from causal_snn.errors import bad"),
        ("tpm/build.py", "from causal_snn import provenance"),
        ("tpm/build.py", "from causal_snn.simulation import run"),
        ("phi/adapter.py", "import pyphi"),
        ("pipeline.py", "from causal_snn.phi import analyze"),
    ],
)
def test_an_import_down_the_pipeline_is_let_through(path: str, line: str) -> None:
    assert forbidden(line, Path(path)) == []
