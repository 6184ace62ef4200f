"""Shared by the tests of network files."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def examples() -> Path:
    """Return the folder of example networks."""
    return REPOSITORY / "examples"


@pytest.fixture
def nir_data() -> Path:
    """Return the folder of NIR data, which is not part of the repository."""
    folder = REPOSITORY.parent / "shared" / "data" / "nir"
    if not folder.is_dir():
        pytest.skip(f"needs the NIR data, and {folder} is not there")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where a test may put a NIR graph."""
    return tmp_path / "graph.nir"
