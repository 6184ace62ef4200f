"""Input checks of the figures: each draws one kind of result."""

from __future__ import annotations

from collections.abc import Iterable

from causal_snn.errors import bad


def check_kind[T](argument: str, value: object, kind: type[T], source: str) -> T:
    """Return `value` if it is of a kind.

    Parameters
    ----------
    argument : str
        Its name.
    value : object
        What was given.
    kind : type
        What can be drawn.
    source : str
        What makes it.

    Raises
    ------
    InputError
        If it is of another kind.
    """
    if not isinstance(value, kind):
        fix = ""
        if isinstance(value, list | tuple) and value and isinstance(value[0], kind):
            fix = f"Give one: {argument}[0], or each by itself."
        raise bad(argument, value, f"{_article(kind.__name__)}, from {source}", fix)
    return value


def one_or_more[T](argument: str, value: object, kind: type[T], source: str) -> list[T]:
    """Return one result, or each of a sequence of them, as a list.

    Raises
    ------
    InputError
        If there is none, or one is of another kind.
    """
    if isinstance(value, kind):
        return [value]
    given = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else []
    if not given:
        raise bad(argument, value, f"at least one {kind.__name__}, from {source}")
    return [check_kind(f"{argument}[{k}]", one, kind, source) for k, one in enumerate(given)]


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"
