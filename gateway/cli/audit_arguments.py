"""What the audit commands take alike: which log, which record, and errors as one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.common import fail, settings_of
from gateway.ledger.errors import LedgerError
from gateway.ledger.query import LedgerReader, LoggedRecord

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO: Final = re.compile(r"(\d{1,6})([smhdw])\Z")
Directory = Annotated[
    Path | None, typer.Option("--dir", help="Directory of the log.", show_default="this node's")
]


def directory_of(context: typer.Context, given: Path | None) -> Path:
    """Return the directory that was given, or that of this node's log."""
    return given or settings_of(context).ledger


def find(reader: LedgerReader, what: str) -> tuple[LoggedRecord, ...]:
    """Return the record of an index, or the records of an exchange."""
    if what.isdecimal():
        logged = reader.at(int(what)) if len(what) < len(str(2**63)) else None
        return () if logged is None else (logged,)
    return reader.exchange(what)


def read_file(path: Path) -> bytes:
    """Return what is in a file; raises `LedgerError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}") from None


def moment(text: str | None) -> int | None:
    """Return Unix milliseconds of an ISO 8601 time, UTC unless it says otherwise, or of `2h`."""
    if text is None:
        return None
    if matched := _AGO.match(text):
        past = timedelta(**{_UNITS[matched[2]]: int(matched[1])})
        return int((datetime.now(UTC) - past).timestamp() * 1000)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        fail(f"not a time: {text!r}; write 2026-11-22, 2026-11-22T08:00 or 2h", status=2)
    if given.tzinfo is None:
        given = given.replace(tzinfo=UTC)
    return int(given.timestamp() * 1000)


@contextmanager
def ledger_errors() -> Iterator[None]:
    """Say what is wrong with a ledger in one line, and exit."""
    try:
        yield
    except LedgerError as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
