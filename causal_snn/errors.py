"""Errors that name the argument, the value seen, what is allowed, and the fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any


class InputError(ValueError):
    """Bad input: the message names the argument, the value seen, what is allowed and the fix."""


class StageWarning(UserWarning):
    """A result is usable, but a named assumption behind it is strained."""


def bad(argument: str, value: Any, allowed: str, fix: str = "") -> InputError:
    """Return an `InputError` in the library's one wording.

    Parameters
    ----------
    argument : str
        Name of the argument (or file key) at fault.
    value : Any
        The value seen; shown by `repr`, shortened.
    allowed : str
        What would have been accepted.
    fix : str, optional
        What to do about it, as a sentence.
    """
    seen = repr(value)
    if len(seen) > 80:
        seen = seen[:77] + "..."
    text = f"{argument} = {seen}: {allowed}"
    return InputError(f"{text}. {fix}" if fix else text)


def suggest(word: str, allowed: Iterable[str]) -> str:
    """Return a "did you mean" clause for `word`, or the list of what is allowed."""
    names = list(allowed)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    return "allowed: " + ", ".join(repr(name) for name in names)


def check_choice(argument: str, value: Any, allowed: Sequence[str]) -> None:
    """Raise `InputError` unless `value` is one of `allowed`."""
    if value not in allowed:
        raise bad(argument, value, "one of " + ", ".join(repr(name) for name in allowed))


def check_whole(argument: str, value: Any) -> int:
    """Return a whole number of 1 or more, or raise `InputError`."""
    # numpy's integers too; True is none
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise bad(argument, value, "a whole number of 1 or more")
    return int(value)
