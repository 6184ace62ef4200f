"""All figures of a report: drawn, saved, and loaded only when used."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from causal_snn import plotting
from causal_snn.plotting.text import codes, number, state_code, tick_step
from causal_snn.report import Report

REPOSITORY = Path(__file__).parents[2]


def test_report_has_four_figures_and_three_without_all_states(pyloric: Report) -> None:
    figures = plotting.report_figures(pyloric)
    assert list(figures) == ["kernels", "tpm", "network", "phi_states"]
    assert all(isinstance(figure, Figure) for figure in figures.values())
    assert list(plotting.report_figures(replace(pyloric, phi_by_state=None))) == [
        "kernels",
        "tpm",
        "network",
    ]


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_figures_save_without_pyplot(pyloric: Report, suffix: str) -> None:
    for figure in plotting.report_figures(pyloric).values():
        file = BytesIO()
        figure.savefig(file, format=suffix)
        assert len(file.getvalue()) > 5_000


def test_figures_do_not_depend_on_the_callers_style(pyloric: Report) -> None:
    def images() -> dict[str, bytes]:
        found = {}
        for key, drawn in plotting.report_figures(pyloric).items():
            file = BytesIO()
            drawn.savefig(file, format="rgba")
            found[key] = file.getvalue()
        return found

    plain = images()
    with mpl.rc_context(
        {
            "axes.labelsize": 30,
            "axes.titlesize": 30,
            "image.cmap": "jet",
            "legend.fontsize": 30,
            "lines.linewidth": 9,
            "xtick.labelsize": 30,
        }
    ):
        assert images() == plain


def test_matplotlib_loads_on_use_only() -> None:
    code = (
        "import sys; import causal_snn.plotting, causal_snn.report.markdown, causal_snn.phi; "
        "assert 'matplotlib' not in sys.modules; "
        "causal_snn.plotting.plot_tpm; assert 'matplotlib' in sys.modules; "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)


def test_public_names_exist_and_others_do_not() -> None:
    assert all(callable(getattr(plotting, name)) for name in plotting.__all__)
    with pytest.raises(AttributeError, match="plot_nothing"):
        getattr(plotting, "plot_nothing")  # noqa: B009


def test_codes_are_initials_or_numbers() -> None:
    assert codes(("quiet", "primed", "spiking")) == ("Q", "P", "S")
    assert codes(("off", "on")) == ("0", "1")
    assert state_code((1, 0, 2), [("quiet", "primed", "spiking")] * 3) == "PQS"
    assert state_code((1, 10), [tuple(map(str, range(11)))] * 2) == "1.10"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not computed"),
        (float("nan"), "undefined"),
        (-np.inf, "-∞"),
        (6e-17, "0"),
        (-50.0, "-50"),
        (-53.123456, "-53.12"),
        (4513922.6, "4.514e+06"),
    ],
)
def test_numbers_are_rounded_for_people(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("sizes", [(2,) * 6, (3,) * 6, (2, 3, 4, 5), (3,)])
def test_labelled_states_start_whole_blocks(sizes: tuple[int, ...]) -> None:
    step = tick_step(sizes, 27)
    assert np.prod(sizes) / step <= 27
    assert step in {int(np.prod(sizes[:k])) for k in range(len(sizes) + 1)}
