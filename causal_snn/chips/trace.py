"""Traces: what an emulator or a chip recorded, executed again from its own parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_snn.chips.chip import Chip
from causal_snn.chips.engine.watch import watch
from causal_snn.chips.parameters import Parameters
from causal_snn.chips.words.in_words import read_in_words, run_in_words
from causal_snn.chips.words.known import vocabulary
from causal_snn.chips.words.vocabulary import Reading, Vocabulary
from causal_snn.errors import InputError, bad
from causal_snn.provenance import provenance

__all__ = ["Replay", "replay", "run_in_words"]

Numbers = NDArray[Any]

RECORDED = {
    "u": "u",
    "v": "v",
    "spikes": "spikes",
    "i_syn": "u",
    "q0": "arriving u",
    "ref_count_after": "r",
    "v_before_threshold": "before",
}
"""Arrays of a trace, and what of a step they are."""

_CLOSE = 1e-6  # relative, between numbers in float32


@dataclass(frozen=True, slots=True, eq=False)
class Replay(Mapping[str, Any]):
    """A trace executed again; also a mapping of its arrays, as ``replay(trace)["v"]``.

    Attributes
    ----------
    u, v, spikes : array
        In the shape that the trace has them; where it has none, in that of its emulator.
    extra : mapping of str to array
        What else the trace holds: ``i_syn``, ``q0``, ``ref_count_after``,
        ``v_before_threshold``.
    agreement : mapping of str to float
        For each array of the trace the fraction of entries that are equal (in float32: within
        1e-6 of the largest).
    chip : Chip
    parameters : Parameters
    provenance : mapping
        With ``words``, the emulator's, and ``notes``, what they left open.
    """

    u: Numbers
    v: Numbers
    spikes: NDArray[np.int64]
    extra: Mapping[str, Numbers]
    agreement: Mapping[str, float]
    chip: Chip
    parameters: Parameters
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether every array of the trace was reproduced in every entry."""
        return all(share == 1.0 for share in self.agreement.values())

    def __getitem__(self, name: str) -> Numbers:
        arrays = self._arrays()
        if name not in arrays:
            raise KeyError(f"{name!r}: a replay has {', '.join(arrays)}")
        return arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays())

    def __len__(self) -> int:
        return len(self._arrays())

    def _arrays(self) -> dict[str, Numbers]:
        return {"u": self.u, "v": self.v, "spikes": self.spikes, **self.extra}

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {share:.1%}" for name, share in self.agreement.items())
        return f"<Replay on {self.chip.title}: {shares or 'nothing to compare'}>"


def replay(trace: Mapping[str, Any], *, rng: np.random.Generator | int | None = None) -> Replay:
    """Execute a trace again, from the parameters and input spikes in it.

    Parameters
    ----------
    trace : mapping
        ``params`` in the words of lava-nc, nengo-loihi, brian2-loihi, RANC, xylosim or the NIR
        paper's recordings, ``input_spikes`` in that emulator's layout - (channels, steps) for
        the three of Loihi, (steps, channels) for RANC and xylosim, (steps,) for one channel; the
        other where only that fits the weights - and, where there are, recorded arrays.
    rng : numpy.random.Generator or int, optional
        For chips whose arithmetic is stochastic; none of those above is.

    Returns
    -------
    Replay

    Raises
    ------
    InputError
        If the words are of no known emulator, a key is missing, or a shape does not fit.

    Notes
    -----
    Files do not say whether a square table of weights has a row for each neuron or for each
    channel. The emulator's own order is tried first, then the other; the one that agrees with
    the recorded arrays is kept, and named in the provenance.
    """
    if not isinstance(trace, Mapping):
        raise bad("trace", trace, "a mapping, as json.load makes of a trace's file")
    for key in ("params", "input_spikes"):
        if key not in trace:
            raise InputError(f"trace has no {key!r}; it has {', '.join(map(repr, trace))}")
    known = vocabulary(trace["params"], str(trace.get("source", "")))
    spikes, readings = read_in_words(known, trace["params"], trace["input_spikes"], None)
    generator = np.random.default_rng(rng)
    best: Replay | None = None
    for reading in readings:
        seen = watch(reading.chip, reading.parameters, spikes, generator)
        found = _compared(trace, known, reading, seen, _dropped(reading.chip, spikes))
        if best is None or _score(found) > _score(best):
            best = found
        if best.exact:
            break
    assert best is not None
    return best


def _dropped(chip: Chip, spikes: Numbers) -> tuple[str, ...]:
    if chip.max_inputs is None or spikes.max(initial=0) <= chip.max_inputs:
        return ()
    return (f"events of a channel above {chip.max_inputs} in one step dropped, as the chip does",)


def _score(found: Replay) -> float:
    return sum(found.agreement.values())


def _compared(
    trace: Mapping[str, Any],
    known: Vocabulary,
    reading: Reading,
    seen: Mapping[str, Numbers],
    dropped: tuple[str, ...],
) -> Replay:
    seen = dict(seen)
    if "u" not in seen:  # spikes act on the potential
        seen["u"] = np.zeros_like(seen["v"])
    if reading.scale != 1.0:
        for name in ("v", "before"):
            seen[name] = seen[name].astype(np.float64) / reading.scale
    arrays, agreement = {}, {}
    for name, register in RECORDED.items():
        if register not in seen or (name not in trace and name not in ("u", "v", "spikes")):
            continue
        given = trace.get(name)
        arrays[name] = _shaped(name, seen[register], given, known)
        if given is not None:
            agreement[name] = _share(arrays[name], np.asarray(given))
    return Replay(
        u=arrays.pop("u"),
        v=arrays.pop("v"),
        spikes=arrays.pop("spikes").astype(np.int64),
        extra=arrays,
        agreement=agreement,
        chip=reading.chip,
        parameters=reading.parameters,
        provenance=provenance(
            "replay of a recorded trace in the chip's arithmetic",
            trace=str(trace.get("name", "")),
            source=str(trace.get("source", "")),
            words=known.name,
            chip=reading.chip.title,
            notes=[*reading.notes, *dropped],
            agreement=dict(agreement),
        ),
    )


def _shaped(name: str, seen: Numbers, given: Any, known: Vocabulary) -> Numbers:
    """Return (T, n) in the shape of what the trace has, or of what its emulator records."""
    layout = known.layouts.get(name, "")
    flat = seen.shape[1] == 1
    ways = {"": seen, "neurons": seen.T} | ({"steps": seen[:, 0]} if flat else {})
    first = ways.get(layout, seen)
    if given is None:
        return first
    shape = np.shape(given)
    for way in (first, *ways.values()):
        if way.shape == shape:
            return way
    raise bad(
        name,
        f"shape {shape}",
        f"shape {' or '.join(sorted({str(way.shape) for way in ways.values()}))} "
        "for these parameters and input spikes",
    )


def _share(found: Numbers, given: Numbers) -> float:
    if found.size == 0:
        return 1.0
    if found.dtype.kind == "f":
        scale = max(float(np.abs(given).max()), 1.0)
        return float(np.mean(np.abs(found - given) <= _CLOSE * scale))
    return float(np.mean(found == given))
