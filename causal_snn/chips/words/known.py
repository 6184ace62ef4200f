"""Which vocabulary parameters are written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causal_snn.chips.words.brian2 import BRIAN2
from causal_snn.chips.words.lava import LAVA
from causal_snn.chips.words.loihi_nir import LOIHI_NIR
from causal_snn.chips.words.nengo import NENGO
from causal_snn.chips.words.ranc import RANC
from causal_snn.chips.words.spinnaker2_nir import SPINNAKER2_NIR
from causal_snn.chips.words.vocabulary import Vocabulary, Words
from causal_snn.chips.words.xylosim import XYLOSIM
from causal_snn.errors import InputError, bad

VOCABULARIES = (LAVA, NENGO, BRIAN2, LOIHI_NIR, RANC, XYLOSIM, SPINNAKER2_NIR)

_ENOUGH = 2
_HINT = 3


def vocabulary(words: Any, source: str = "") -> Vocabulary:
    """Return the vocabulary of parameters, by their keys and what a trace says of its source.

    Raises
    ------
    InputError
        If no vocabulary has two of the keys, or the best has a required key that is missing.
    """
    if not isinstance(words, Mapping):
        raise bad("params", words, "a mapping of an emulator's parameters")
    scores = [_score(known, words, source) for known in VOCABULARIES]
    best = max(scores)
    if best < _ENOUGH:
        lists = "; ".join(f"{known.name}: {', '.join(known.required)}" for known in VOCABULARIES)
        raise InputError(
            f"parameters with the keys {sorted(map(str, words))}: no known emulator's words. "
            f"Required keys of each are {lists}"
        )
    found = VOCABULARIES[scores.index(best)]
    found.check(words)
    return found


def _score(known: Vocabulary, words: Words, source: str) -> float:
    keys = {*words, *words["lif"]} if isinstance(words.get("lif"), Mapping) else set(words)
    own = {*known.required, *known.optional}
    strangers = len(keys - own) / (len(keys) + 1)  # decides between equals
    return len(keys & own) + _HINT * (known.hint in source.lower()) - strangers
