"""Certificates: true ones are accepted, and a change of any field is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_snn import kernel, models
from causal_snn.coarse.certificate import Certificate
from causal_snn.coarse.leveling.certificate import CutsCertificate, LevelsCertificate
from causal_snn.coarse.leveling.levels import levels
from causal_snn.coarse.leveling.task import Objective
from causal_snn.coarse.threshold import threshold
from causal_snn.kernel.effect import EffectKernel
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.models import Network

Mutation = Callable[[Any], dict[str, Any]]


def unit(**options: Any) -> EffectKernel:
    net = Network(neuron=models.lif(), weights=[[0, 3], [3, 0]], drive=16.0, noise=4.0, dt=1.0)
    return kernel.next_spike(net, 0, potentials=(-85.0, -50.0), **options)


TABLE = unit().tabulate(120)
RANDOM = np.random.default_rng(5)
ROWS = RANDOM.dirichlet(np.ones(3), (2, 25))
THREE = TabulatedKernel(
    label="A",
    rows=ROWS,
    spread=RANDOM.random((2, 25)) * 0.05,
    states=np.arange(25.0)[:, None],
    mass=RANDOM.dirichlet(np.ones(25)),
    inputs=np.arange(2.0),
    context_law=np.array([0.3, 0.7]),
    outcomes=("0", "1", "2"),
)


def moved(array: Any, at: Any, by: float) -> Any:
    changed = np.array(array)
    changed[at] += by
    return changed


CERTIFICATES: dict[str, LevelsCertificate] = {}
for name, source, options in (
    ("minimax", TABLE, {}),
    ("minimax by Hellinger", TABLE, {"distance": "hellinger"}),
    ("minimax by KL", TABLE, {"distance": "kl"}),
    ("heavy", TABLE, {"min_mass": 0.2}),
    ("separated", unit(contexts=[0.0]).tabulate(120), {"separation": 0.01, "min_mass": 0.1}),
    ("brier", TABLE, {"objective": "brier"}),
    ("kl", TABLE, {"objective": "kl"}),
    ("three outcomes", THREE, {}),
    ("three outcomes by JS", THREE, {"distance": "js", "contiguous": False}),
    ("three outcomes, any shape", THREE, {"contiguous": False}),
    ("three outcomes, brier", THREE, {"objective": "brier", "contiguous": False}),
):
    made = levels(source, 3, **options).certificate
    assert isinstance(made, LevelsCertificate)
    CERTIFICATES[name] = made


MUTATIONS: dict[str, Mutation] = {
    "upper raised": lambda c: {"upper": c.upper + 1e-6},
    "upper lowered": lambda c: {"upper": c.upper - 1e-6},
    "lower raised": lambda c: {"lower": c.lower + 1e-6},
    "lower lowered": lambda c: {"lower": c.lower - 1e-6},
    "both raised": lambda c: {"lower": c.lower + 1e-5, "upper": c.upper + 1e-5},
    "upper not a number": lambda c: {"upper": np.nan},
    "lower not a number": lambda c: {"lower": np.nan},
    "separation raised": lambda c: {"separation": c.separation + 1e-6},
    "separation not a number": lambda c: {"separation": np.nan},
    "two levels merged": lambda c: {"cells": np.minimum(c.cells, c.cells.max() - 1)},
    "a cell left out": lambda c: {"cells": moved(c.cells, 0, -1 - int(c.cells[0]))},
    "a level skipped": lambda c: {"cells": np.where(c.cells == 1, 2, c.cells)},
    "a level that there is not": lambda c: {"cells": moved(c.cells, -1, 5)},
    "cells of another table": lambda c: {"cells": c.cells[:-1]},
    "fewer levels allowed": lambda c: {"k": c.k - 1},
    "no levels": lambda c: {"k": 0},
    "another objective": lambda c: {
        "objective": "brier" if c.objective == "minimax" else "minimax"
    },
    "no objective": lambda c: {"objective": "mse"},
    "another distance": lambda c: {"distance": "tv" if c.distance == "js" else "js"},
    "no distance": lambda c: {"distance": "euclid"},
    "heavier levels claimed": lambda c: {"min_mass": 0.4},
    "a negative mass asked": lambda c: {"min_mass": -1.0},
    "a separation claimed": lambda c: {"least_separation": c.separation + 0.1},
    "effects changed": lambda c: {"rows": c.rows * 0.9 + 0.1 / c.rows.shape[2]},
    "no law": lambda c: {"rows": c.rows * 1.1},
    "effects not numbers": lambda c: {"rows": moved(c.rows, 0, np.nan)},
    "less spread": lambda c: {"spread": c.spread * 0.5},
    "more spread": lambda c: {"spread": c.spread * 1.5},
    "spread of another shape": lambda c: {"spread": c.spread[:, :-1]},
    "negative spread": lambda c: {"spread": -c.spread},
    "mass of another shape": lambda c: {"mass": c.mass[:-1]},
    "no law on cells": lambda c: {"mass": c.mass * 0.9},
    "no law on contexts": lambda c: {"context_law": c.context_law * 0.9},
    "a context forgotten": lambda c: {"context_law": c.context_law[:-1]},
}


AS_TRUE = {
    ("separated", "a cell left out"): "cells may be left out between separated levels",
    ("three outcomes by JS", "two levels merged"): "the widest level is another one",
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_true_certificates_of_levels_are_accepted(name: str) -> None:
    assert CERTIFICATES[name].verify()


@pytest.mark.parametrize("change", MUTATIONS)
@pytest.mark.parametrize("name", CERTIFICATES)
def test_changed_certificates_of_levels_are_refused(name: str, change: str) -> None:
    certificate = CERTIFICATES[name]
    if (name, change) in AS_TRUE:
        pytest.skip(AS_TRUE[name, change])
    other = MUTATIONS[change](certificate)
    assert not replace(certificate, **other).verify()


def test_mutations_reach_every_field() -> None:
    reached = {key for change in MUTATIONS.values() for key in change(CERTIFICATES["minimax"])}
    special = {"witnesses", "any_shape"}  # below
    assert reached | special == {field.name for field in fields(LevelsCertificate)}


@pytest.mark.parametrize("name", ["minimax", "minimax by KL", "heavy", "three outcomes"])
def test_false_witnesses_are_refused(name: str) -> None:
    c = CERTIFICATES[name]
    first, *rest = c.witnesses
    for wrong in (
        (),
        tuple(rest),
        (first, first, *rest[1:]),
        (*c.witnesses[:-1], 10_000),
        (-1, *rest),
    ):
        assert not replace(c, witnesses=wrong).verify()
        assert not replace(c, witnesses=wrong, lower=c.lower + 0.05).verify()
    nearer = (first, rest[0] - 5, *rest[1:])
    if name == "minimax":
        assert not replace(c, witnesses=nearer).verify()


def test_a_bound_on_runs_is_none_on_other_shapes() -> None:
    zigzag = replace(
        TABLE,
        rows=np.stack([1 - TABLE.lower, TABLE.lower], -1)[:, RANDOM.permutation(TABLE.n)],
        spread=np.zeros_like(TABLE.spread),
    )
    c = levels(zigzag, 3).certificate
    assert isinstance(c, LevelsCertificate)
    assert not c.any_shape
    assert c.verify(zigzag)
    assert not replace(c, any_shape=True).verify()
    mean = levels(zigzag, 3, objective="brier").certificate
    assert isinstance(mean, LevelsCertificate)
    assert mean.verify(zigzag)
    assert not replace(mean, any_shape=True).verify()


def test_masses_and_laws_matter_where_they_count() -> None:
    c = CERTIFICATES["brier"]
    other = np.linspace(1, 2, len(c.mass))
    assert not replace(c, mass=other / other.sum()).verify()
    assert not replace(c, context_law=np.array([0.9, 0.1])).verify()
    heavy = CERTIFICATES["heavy"]
    assert not replace(heavy, mass=np.eye(len(c.mass))[0]).verify()


def test_a_certificate_is_about_its_table() -> None:
    c = CERTIFICATES["minimax"]
    assert c.verify(TABLE)
    assert c.verify(unit())
    assert not c.verify(unit().tabulate(121))
    assert not c.verify(unit(contexts=[0.0, 3.1]).tabulate(120))


CUTS: dict[str, CutsCertificate] = {}
for name, source_kernel, count in (
    ("states", unit(), 3),
    ("interval", unit(contexts="interval"), 3),
    ("two", unit(), 2),
):
    closed = levels(source_kernel, count).certificate
    assert isinstance(closed, CutsCertificate)
    CUTS[name] = closed

CUT_MUTATIONS: dict[str, Mutation] = {
    "upper raised": lambda c: {"upper": c.upper + 1e-9},
    "upper lowered": lambda c: {"upper": c.upper - 1e-9},
    "lower raised": lambda c: {"lower": c.lower + 1e-9},
    "lower lowered": lambda c: {"lower": c.lower - 1e-9},
    "upper not a number": lambda c: {"upper": np.nan},
    "a cut moved": lambda c: {"cuts": (c.cuts[0] + 1e-3, *c.cuts[1:])},
    "a cut lost": lambda c: {"cuts": c.cuts[1:]},
    "cuts out of order": lambda c: {"cuts": (*c.cuts[:-1], -90.0)},
    "a witness moved": lambda c: {
        "witnesses": (c.witnesses[0], c.witnesses[1] - 0.01, *c.witnesses[2:])
    },
    "a witness lost": lambda c: {"witnesses": c.witnesses[1:]},
    "no witnesses": lambda c: {"witnesses": ()},
    "a witness outside": lambda c: {"witnesses": (-90.0, *c.witnesses[1:])},
    "fewer levels allowed": lambda c: {"k": c.k - 1},
    "more levels allowed": lambda c: {"k": c.k + 1},
    "domain widened": lambda c: {"domain": (c.domain[0], c.domain[1] + 1)},
    "domain cut": lambda c: {"domain": (c.domain[0] + 30, c.domain[1])},
    "no domain": lambda c: {"domain": (np.nan, c.domain[1])},
    "contexts moved": lambda c: {"midpoints": tuple(m + 0.1 for m in c.midpoints)},
    "no contexts": lambda c: {"midpoints": ()},
    "a context that is no number": lambda c: {"midpoints": (*c.midpoints, np.nan)},
    "an interval or not": lambda c: {"interval": not c.interval},
    "less noise": lambda c: {"scale": c.scale * 0.99},
    "negative noise": lambda c: {"scale": -1.0},
    "another distance": lambda c: {"distance": "js"},
}


@pytest.mark.parametrize("change", CUT_MUTATIONS)
@pytest.mark.parametrize("name", CUTS)
def test_changed_certificates_of_cuts_are_refused(name: str, change: str) -> None:
    c = CUTS[name]
    assert c.verify()
    other = CUT_MUTATIONS[change](c)
    if change == "an interval or not" and not c.interval:
        # The worst context of this table is at an end of its interval: the numbers are the same,
        # but not the kernel that they are about.
        assert not replace(c, **other).verify(unit())
        return
    assert not replace(c, **other).verify()


def test_cut_mutations_reach_every_field() -> None:
    reached = {key for change in CUT_MUTATIONS.values() for key in change(CUTS["states"])}
    assert reached == {field.name for field in fields(CutsCertificate)}


def test_cuts_are_about_their_kernel() -> None:
    c = CUTS["states"]
    assert c.verify(unit())
    assert not c.verify(unit(contexts="interval"))
    assert not c.verify(unit(contexts=[0.0]))
    assert not c.verify(TABLE)


THRESHOLD = threshold(unit()).certificate
THRESHOLD_MUTATIONS: dict[str, Mutation] = {
    "threshold moved": lambda c: {"threshold": c.threshold + 1e-3},
    "threshold and bracket moved": lambda c: {
        "threshold": c.threshold + 1e-3,
        "bracket": (c.threshold + 1e-3, c.threshold + 1e-3),
    },
    "upper raised": lambda c: {"upper": c.upper + 1e-9},
    "upper lowered": lambda c: {"upper": c.upper - 1e-9},
    "lower raised": lambda c: {"lower": c.lower + 1e-9},
    "lower lowered": lambda c: {"lower": c.lower - 1e-9},
    "domain widened": lambda c: {"domain": (c.domain[0], c.domain[1] + 1)},
    "contexts moved": lambda c: {"midpoints": tuple(m + 0.1 for m in c.midpoints)},
    "a context lost": lambda c: {"midpoints": c.midpoints[1:]},
    "less noise": lambda c: {"scale": c.scale * 0.99},
    "bracket widened": lambda c: {"bracket": (c.bracket[0] - 1, c.bracket[1] + 1)},
    "another distance": lambda c: {"distance": "Hellinger"},
}


@pytest.mark.parametrize("change", THRESHOLD_MUTATIONS)
def test_changed_certificates_of_thresholds_are_refused(change: str) -> None:
    assert THRESHOLD.verify()
    assert not replace(THRESHOLD, **THRESHOLD_MUTATIONS[change](THRESHOLD)).verify()


def test_threshold_mutations_reach_every_field() -> None:
    reached = {key for change in THRESHOLD_MUTATIONS.values() for key in change(THRESHOLD)}
    # `method` is words; `interval` is told by the kernel.
    assert reached | {"method", "interval"} == {field.name for field in fields(Certificate)}
    assert not replace(THRESHOLD, interval=True).verify(unit())


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 12),
    k=st.integers(1, 4),
    distance=st.sampled_from(["tv", "hellinger", "js", "kl"]),
    outcomes=st.integers(2, 3),
    contiguous=st.booleans(),
)
def test_random_tables_with_spread(
    seed: int, n: int, k: int, distance: Any, outcomes: int, contiguous: bool
) -> None:
    random = np.random.default_rng(seed)
    t = TabulatedKernel(
        label="A",
        rows=random.dirichlet(np.ones(outcomes), (2, n)),
        spread=random.random((2, n)) * 0.1,
        states=np.arange(float(n))[:, None],
        mass=random.dirichlet(np.ones(n)),
        inputs=np.arange(2.0),
        context_law=np.array([0.5, 0.5]),
        outcomes=tuple(str(y) for y in range(outcomes)),
    )
    c = levels(t, k, distance=distance, contiguous=contiguous).certificate
    assert c.verify(t)
    assert c.lower <= c.upper
    if np.isfinite(c.upper):
        assert not replace(c, upper=c.upper + 1e-6).verify()
    assert not replace(c, lower=c.lower + 1e-6).verify()
    means: tuple[Objective, ...] = ("brier", "kl")
    for objective in means:
        mean = levels(t, k, objective=objective, contiguous=contiguous).certificate
        assert mean.verify(t)
        assert not replace(mean, upper=mean.upper - 1e-6).verify()
