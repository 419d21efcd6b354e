"""Reading a log without touching it: beside a running gateway, or a copy on read-only media."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import apsw

from gateway.ledger import store
from gateway.ledger.errors import LedgerError


@contextmanager
def open_snapshot(directory: Path) -> Iterator[apsw.Connection]:
    """Yield a read-only connection that sees one state of the log in `directory`.

    Raises `LedgerError` if there is no database that SQLite can read.
    """
    with open_shared(directory) as (db, _):
        yield db


@contextmanager
def open_shared(directory: Path) -> Iterator[tuple[apsw.Connection, str]]:
    """Yield what `open_snapshot` does, and how another process opens the same database meanwhile.

    What that sees may be a later state: records were added, or the oldest were dropped.
    """
    path = directory / store.DATABASE
    if not path.is_file():
        raise LedgerError(f"there is no log in {directory}")
    with ExitStack() as stack:
        db, uri = _open(path, stack)
        stack.callback(db.close)
        store.check_version(db)
        stack.enter_context(store.snapshot(db))
        yield db, uri


@contextmanager
def open_again(uri: str) -> Iterator[apsw.Connection]:
    """Yield a connection to what `open_shared` opened, which sees one state of it."""
    db = _connect(uri)
    try:
        with store.snapshot(db):
            yield db
    finally:
        db.close()


def _open(path: Path, stack: ExitStack) -> tuple[apsw.Connection, str]:
    uri = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        return _connect(uri), uri
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        wal = path.with_name(path.name + "-wal")
        if not wal.exists() or wal.stat().st_size == 0:
            # Nothing but the main file, and no way to lock it: nobody else can be writing.
            uri += "&immutable=1"
            return _connect(uri), uri
        # Immutable would skip the records that only the write-ahead log has yet.
        copy = Path(stack.enter_context(TemporaryDirectory(prefix="intramural-")))
        for source in (path, wal):
            shutil.copyfile(source, copy / source.name)
        uri = f"file:{quote(str(copy / path.name))}?mode=rw"
        return _connect(uri), uri


def _connect(uri: str) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_URI | (
        apsw.SQLITE_OPEN_READWRITE if uri.endswith("=rw") else apsw.SQLITE_OPEN_READONLY
    )
    try:
        db = apsw.Connection(uri, flags=flags)
        db.set_busy_timeout(store.BUSY_MS)
        db.pragma("trusted_schema", 0)
        db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    except (apsw.NotADBError, apsw.CorruptError):
        raise LedgerError("the file is not a database that SQLite can read") from None
    return db
