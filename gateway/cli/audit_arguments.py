"""What the audit commands take alike: which log, which record, and errors as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.common import fail, settings_of
from gateway.cli.recorder import actor, record_look
from gateway.domain.errors import LedgerUnavailable
from gateway.ledger.desk import Who
from gateway.ledger.errors import LedgerError
from gateway.ledger.publickeys import vkey_beside
from gateway.ledger.query import LedgerReader, LoggedRecord, read_ledger
from gateway.secretfiles import SecretFileError
from gateway.settings import Settings

CLIENT: Final = "command-line"
"""The client of who looks with a command."""
MAX_TARGET: Final = 64

Directory = Annotated[
    Path | None, typer.Option("--dir", help="Directory of the log.", show_default="this node's")
]


def directory_of(context: typer.Context, given: Path | None) -> Path:
    """Return the directory that was given, or that of this node's log."""
    return given or settings_of(context).ledger


@contextmanager
def looking(context: typer.Context, given: Path | None, what: str) -> Iterator[LedgerReader]:
    """Yield a reader of the log, after it was recorded that somebody looks at `what`.

    A copy elsewhere, which has no key to sign with, is read without a record: whoever has it could
    read it with any tool.
    """
    directory = directory_of(context, given)
    with read_ledger(directory) as reader:
        # What is no record's is not recorded: somebody may have written a patient's name.
        target = what[:MAX_TARGET] if find(reader, what) else ""
    # Not while a state of the log is held: who closes a log waits for all who hold one.
    record_own(settings_of(context), given, target)
    with read_ledger(directory) as reader:
        yield reader


def record_own(settings: Settings, given: Path | None, target: str) -> int | None:
    """Record that somebody looks at this node's own log, and return the index of that record.

    Exits where it cannot be recorded. `None`: this is another log.
    """
    if given is not None and given.resolve() != settings.ledger.resolve():
        return None
    vkey_beside(settings.ledger)  # Where there is no log, looking makes none.
    try:
        return record_look(settings, Who(actor(), CLIENT), target)
    except (LedgerError, LedgerUnavailable, SecretFileError, OSError) as error:
        fail(
            f"reading this log is itself recorded, and that cannot be done now ({error}); "
            "`--dir` reads a copy of it"
        )


def find(reader: LedgerReader, what: str) -> tuple[LoggedRecord, ...]:
    """Return the record of an index, or the records of an exchange."""
    if not what:
        return ()
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


@contextmanager
def ledger_errors() -> Iterator[None]:
    """Say what is wrong with a ledger in one line, and exit."""
    try:
        yield
    except LedgerError as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
