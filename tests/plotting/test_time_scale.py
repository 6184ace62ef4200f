"""The figure of the time scale shows the curves and the best grain."""

from __future__ import annotations

import numpy as np
import pytest

from causal_snn.errors import InputError
from causal_snn.models import zoo
from causal_snn.plotting.time_scale import plot_time_scale
from causal_snn.studies import TimeScale, time_scale


@pytest.fixture(scope="module")
def study() -> TimeScale:
    return time_scale(zoo.half_centre(), dt=[1.0, 4.0, 12.0])


def test_shows_the_curves(study: TimeScale) -> None:
    ax = plot_time_scale(study)
    (line,) = (one for one in ax.lines if one.get_gid() == "information")
    np.testing.assert_array_equal(line.get_ydata(), study.effective_information)
    right = next(other for other in ax.figure.axes if other is not ax)
    shown = {one.get_gid(): one.get_ydata() for one in right.lines}
    np.testing.assert_array_equal(shown["phi_s"], study.phi_s)
    np.testing.assert_array_equal(shown["epsilon"], study.epsilon)
    assert ax.get_xscale() == "log"


def test_marks_the_best_grain(study: TimeScale) -> None:
    ax = plot_time_scale(study, epsilon=1.0)
    (mark,) = (one for one in ax.lines if one.get_gid() == "best")
    place = study.best(1.0)
    assert place is not None
    assert np.asarray(mark.get_xdata())[0] == study.dt[place]
    assert plot_time_scale(study, epsilon=0.0).get_title(loc="right").startswith("no grain")


def test_refuses_other_results() -> None:
    with pytest.raises(InputError, match="TimeScale"):
        plot_time_scale(zoo.half_centre())  # type: ignore[arg-type]
