"""A small database under `state/`, opened alike whoever keeps something in it.

What is committed survives a power cut, the file's name included; others of this machine cannot read
it; a version that this program does not know is refused, never guessed at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import apsw

from gateway.files import make_directory, sync_directory

BUSY_MS: Final = 5_000
"""How long one process waits for another's transaction."""


class UnknownVersion(Exception):  # noqa: N818 - reads as a state
    """The database is of another release; the message says what to do."""


def connect(path: Path, schema: str, version: int, *, busy_ms: int = BUSY_MS) -> apsw.Connection:
    """Open `path` for writing, made (0600) with `schema` where there is none.

    `schema` is one transaction that sets `user_version`, and may run twice: two processes may meet.
    Raises `UnknownVersion`, `apsw.Error` or `OSError`; then nothing stays open.
    """
    make_directory(path.parent)
    if not path.exists():
        # SQLite gives its other files the mode of the database, whatever the umask is.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_directory(path.parent)
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        db.set_busy_timeout(busy_ms)
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "full")
        if db.pragma("user_version") == 0:
            db.execute(schema)
        if (found := db.pragma("user_version")) != version:
            raise UnknownVersion(  # noqa: TRY301 - closed below
                f"{path} has version {found}, unknown to this program: use the release that made "
                "it, or restore a backup"
            )
    except BaseException:
        db.close()
        raise
    return db
