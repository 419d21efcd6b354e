"""Whether a database that is open still stands under its name.

A file that was moved, removed or replaced under a process goes on taking writes: each is durable
until the process ends, and then nobody finds it. Beside a file that was put in its place two logs
would grow under one key. So a writer looks before each transaction, and writes nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PARTS: Final = ("", "-wal")
"""The database, and its write-ahead log, in which the newest records are."""
_File = tuple[int, int]


class InPlace:
    """Remembers which files stood at `path` when the database was opened."""

    def __init__(self, path: Path) -> None:
        self._paths = [path.with_name(f"{path.name}{part}") for part in _PARTS]
        self._opened = [_file(each) for each in self._paths]

    def holds(self) -> bool:
        """Return whether the same files stand there now. One that was not there is not asked of."""
        return all(
            opened is None or _file(path) == opened
            for path, opened in zip(self._paths, self._opened, strict=True)
        )


def _file(path: Path) -> _File | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
