"""by_name: a chip from its name and options, as a command line has them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from causal_snn.chips.chip import Chip
from causal_snn.errors import InputError, suggest

MAKERS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "loihi": ("loihi", "loihi", {"generation": 1}),
    "loihi2": ("loihi", "loihi", {"generation": 2}),
    "truenorth": ("truenorth", "truenorth", {}),
    "spinnaker1": ("spinnaker", "spinnaker1", {}),
    "spinnaker2": ("spinnaker", "spinnaker2", {}),
    "brainscales2": ("brainscales", "brainscales2", {}),
    "xylo": ("xylo", "xylo", {}),
    "odin": ("odin", "odin", {}),
    "fixed": ("generic", "fixed_point", {}),
}
"""For each name the module of `causal_snn.chips`, its function, and options that it implies."""

CHIPS = tuple(MAKERS)
"""Names that `chip` takes."""


def maker(name: str) -> Callable[..., Chip]:
    """Return the function that makes the chip of that name.

    Raises
    ------
    InputError
        If there is no such chip.
    """
    key = str(name).strip().lower().replace("-", "").replace("_", "")
    key = {"fixedpoint": "fixed", "spinnaker": "spinnaker1", "loihi1": "loihi"}.get(key, key)
    if key not in MAKERS:
        raise InputError(f"no chip {name!r}; {suggest(key, CHIPS)}")
    module, function, _ = MAKERS[key]
    found: Callable[..., Chip] = getattr(import_module(f"causal_snn.chips.{module}"), function)
    implied = MAKERS[key][2]
    if not implied:
        return found

    def make(**options: Any) -> Chip:
        return found(**{**implied, **options})

    make.__signature__ = _without(inspect.signature(found), implied)  # type: ignore[attr-defined]
    return make


def by_name(name: str, **options: Any) -> Chip:
    """Return a chip by name.

    Parameters
    ----------
    name : str
        loihi, loihi2, truenorth, spinnaker1, spinnaker2, brainscales2, xylo, odin or fixed;
        case, ``-`` and ``_`` do not matter.
    **options
        Options of the function that makes it, as ``convention="lava"`` of `loihi`.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If there is no such chip or option; the message suggests one.
    """
    make = maker(name)
    known = [
        key
        for key, parameter in inspect.signature(make).parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    for key in options:
        if key not in known:
            allowed = suggest(key, known) if known else "it takes none"
            raise InputError(f"chip {name!r} has no option {key!r}; {allowed}")
    return make(**options)


def _without(signature: inspect.Signature, names: Mapping[str, Any]) -> inspect.Signature:
    kept = [p for key, p in signature.parameters.items() if key not in names]
    return signature.replace(parameters=kept)
