"""Every field of every shipped chip says where it is known from, and how surely."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, get_args

import pytest

from causal_snn.chips.arithmetic.fixed import Overflow
from causal_snn.chips.arithmetic.rounding import Rounding
from causal_snn.chips.brainscales import brainscales2
from causal_snn.chips.by_name import CHIPS, by_name
from causal_snn.chips.chip import Chip
from causal_snn.chips.chip_table import EVIDENCE
from causal_snn.chips.generic import fixed_point
from causal_snn.chips.loihi import CONVENTIONS, loihi
from causal_snn.chips.spinnaker import spinnaker1
from causal_snn.chips.spinnaker_izhikevich import spinnaker1_izhikevich
from causal_snn.chips.truenorth import truenorth

SHIPPED: list[Chip] = [
    *map(by_name, CHIPS),
    *(loihi(convention=name, generation=k) for name in CONVENTIONS for k in (1, 2)),
    loihi(convention="nengo", noise="current"),
    loihi(convention="nengo", noise="voltage"),
    truenorth(convention="ranc"),
    truenorth(reset="subtract", stochastic=False, limit=393_216),
    spinnaker1(rounding="stochastic"),
    spinnaker1_izhikevich(),
    brainscales2(model="adex"),
    *(fixed_point(rounding=how) for how in get_args(Rounding)),
    *(fixed_point(overflow=how) for how in get_args(Overflow) if how != "none"),
    fixed_point(current=True, reset="subtract", threshold=">", refractory=3),
]
NAMES = [f"{k} {chip.title}" for k, chip in enumerate(SHIPPED)]
UNKNOWN = ("name", "convention", "sources")


def differs(chip: Chip, field: Any) -> bool:
    default = field.default
    if field.default_factory is not MISSING:
        default = field.default_factory()
    return default is MISSING or getattr(chip, field.name) != default


@pytest.mark.parametrize("chip", SHIPPED, ids=NAMES)
def test_every_field_has_a_source_that_says_how_sure_it_is(chip: Chip) -> None:
    needed = {f.name for f in fields(chip) if f.name not in UNKNOWN and differs(chip, f)}
    assert needed <= set(chip.sources), needed - set(chip.sources)
    for name, text in chip.sources.items():
        word, _, rest = text.partition(": ")
        assert word in EVIDENCE, (name, text)
        assert len(rest) > 3, (name, text)


@pytest.mark.parametrize("chip", SHIPPED, ids=NAMES)
def test_the_table_names_every_field_with_a_source_and_every_setting(chip: Chip) -> None:
    text = chip.table()
    assert "no source" not in text
    lines = text.splitlines()
    assert lines[0] == f"{chip.title}: {chip.schedule}, {chip.number}"
    for field in fields(chip):
        if field.name not in (*UNKNOWN, "settings") and differs(chip, field):
            assert sum(line.startswith(f"{field.name}: ") for line in lines) == 1
    for setting in chip.settings:
        assert any(line.startswith(f"  {setting.name}: ") for line in lines)


def test_the_table_shows_numbers_as_they_are() -> None:
    text = loihi(convention="nengo").table()
    assert "accumulator: s21.0 (wrap), -2097152 to 2097151\n    read: nengo-loihi 1.1.0" in text
    assert "delay: 1 to 64\n" in text
    assert "  threshold: 0 to 8388544, in steps of 64; 64 unless given" in text
    assert "memory: from memory of a publication, not verified" in truenorth().table()


def test_a_changed_field_no_longer_has_its_old_source() -> None:
    chip = loihi().replace(align=3)
    assert chip.sources["align"] == "chosen: by `Chip.replace`"
    assert chip.sources["delay"] == loihi().sources["delay"]
    assert "align: 3\n    chosen: by `Chip.replace`" in chip.table()
    own = loihi().replace(align=3, sources={"align": "assumed: as on another chip"})
    assert dict(own.sources) == {"align": "assumed: as on another chip"}
