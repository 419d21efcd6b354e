"""A file of an export: written aside, whole or not at all, for its owner alone.

A line is written as it is made, so that ten million records take no more memory than ten.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final

from gateway.files import sync_directory
from gateway.ledger.errors import LedgerError

_MODE: Final = 0o600
Progress = Callable[[int], None]
"""Told how many lines there are so far."""
_TOLD: Final = 256


def write_lines(path: Path, lines: Iterable[bytes], progress: Progress | None = None) -> int:
    """Write the lines to `path`, and return how many. A reader sees all of them, or the old file.

    Raises `LedgerError` if it cannot be written, and whatever `lines` raises: nothing is left then.
    """
    with _aside(path) as file:
        return copy_lines(file, lines, progress)


def copy_lines(file: BinaryIO, lines: Iterable[bytes], progress: Progress | None = None) -> int:
    """Write the lines to an open file, and return how many."""
    count = 0
    for count, line in enumerate(lines, 1):
        file.write(line)
        if progress is not None and count % _TOLD == 0:
            progress(count)
    return count


@contextmanager
def _aside(path: Path) -> Iterator[BinaryIO]:
    aside = path.with_name(f".{path.name[:40]}.{token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(aside, flags, _MODE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be written ({error.strerror}): nothing is left of it; name another "
            "file, or make room"
        ) from None
    finally:
        aside.unlink(missing_ok=True)
