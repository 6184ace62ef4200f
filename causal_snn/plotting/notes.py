"""Notes: what was done to a unit in a run, in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from causal_snn.simulation.recording import Recording

NEAR = 0.3
"""Notes that begin within this part of the run of one another have lines of their own."""


class Note(NamedTuple):
    """An intervention on one unit: what, from when, until when (None: a moment), on which line."""

    text: str
    start: float
    stop: float | None
    line: int


def notes_on(recording: Recording, unit: int) -> list[Note]:
    """Return the interventions on one unit; a cut is one on its target."""
    network, (first, last) = recording.network, (recording.trains.start, recording.trains.stop)
    near = NEAR * recording.duration
    found: list[Note] = []
    for each in recording.provenance["interventions"]:
        named = each.get("target", each.get("unit"))
        start = float(each["at"] if "at" in each else each["start"])
        stop = None if "at" in each else last if each["stop"] is None else float(each["stop"])
        elsewhere = named is not None and network.index(named) != unit
        # Of a run that was resumed, what was over before is not told; what goes on is.
        if elsewhere or start > last or (start < first if stop is None else stop <= first):
            continue
        start = max(start, first)
        taken = {
            one.line
            for one in found
            if start < max(one.start + near, one.stop or 0.0)
            and one.start < max(start + near, stop or 0.0)
        }
        line = next(k for k in range(len(found) + 1) if k not in taken)
        found.append(Note(_words(each, network.labels), start, stop, line))
    return found


def _words(each: Mapping[str, Any], labels: Sequence[str]) -> str:
    """Return an intervention in a few words."""
    kind = str(each["kind"])
    if kind == "cut":
        ends = (each["source"], each["target"])
        source, target = (one if isinstance(one, str) else labels[one] for one in ends)
        return f"cut {source} → {target}"
    if kind == "change":
        return f"{each['parameter']} = {_value(each['value'])}"
    if kind == "do":
        return f"do({_value(each['values'])})"
    if kind == "clamp":
        held = "" if each["state"] is None else f"{each['state']} = "
        return f"clamp {held}{_value(each['value'])}"
    if kind == "clamp_spikes":
        given = each["spikes"]
        return f"spikes {('on' if given else 'off') if isinstance(given, bool) else 'set'}"
    return "inject" if isinstance(each["current"], str) else f"inject {_value(each['current'])}"


def _value(value: Any) -> str:
    """Return a value that fits a figure; dots for one that differs from lane to lane."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_value(each)}" for name, each in value.items())
    if isinstance(value, int | float):
        return f"{value:g}".replace("-", "−")
    return "…"
