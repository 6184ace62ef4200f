"""What reading and writing any file shares: errors that name the file, atomic writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from causal_snn.errors import InputError


@contextmanager
def naming(where: object) -> Iterator[None]:
    """Start the message of any `InputError` raised inside with `where`, as ``where: message``."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def require_file(path: Path) -> None:
    """Raise `InputError` unless `path` is an existing file."""
    if path.is_dir():
        raise InputError(f"{path}: this is a directory; name a file in it")
    if not path.exists():
        where = path.parent.resolve()
        missing = "" if where.is_dir() else f", nor the directory {where}"
        raise InputError(f"{path}: there is no such file{missing}; check the path")


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file; a byte order mark is dropped.

    Raises
    ------
    InputError
        If the file is missing, is a directory, cannot be read or is not UTF-8 text.
    """
    require_file(path)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file in UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text so that `path` holds either all of it or what it held before.

    Raises
    ------
    InputError
        If the file cannot be written, or the text holds half a surrogate pair.
    """
    # In the same directory, for a rename across file systems is not atomic.
    draft = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        draft.write_bytes(text.encode("utf-8"))
        draft.replace(path)
    except UnicodeEncodeError as error:
        shown = error.object[error.start : error.end]
        raise InputError(f"{path}: {shown!r} is not a character that UTF-8 can hold") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
