"""The person behind a command: who reads texts, approves or activates says so with an API key.

Who makes, rotates or revokes keys does, from an operator's first key on (`keepers.py`). A login of
the operating system is enough for the rest. Duties are checked and recorded here by the same
`Office` as over HTTP: the command line is no way around it.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.common import fail, settings_of
from gateway.clock import SystemClock
from gateway.domain.duties import Duty
from gateway.domain.errors import ExchangeError
from gateway.domain.exchange import Caller, Credentials
from gateway.domain.ports import Receipt
from gateway.domain.records import Record
from gateway.settings import Settings

_KEPT: Final = "intramural.person"
_OTHERS: Final = 0o077
_MAX_SIZE: Final = 4096
HERE: Final = "127.0.0.1"
"""From where a command comes: a key that may not be used on this host may not be used in it."""


def _keep(context: typer.Context, value: Path | None) -> Path | None:
    context.meta[_KEPT] = value
    return value


As = Annotated[
    Path | None,
    typer.Option(
        "--as",
        metavar="FILE",
        envvar="INTRAMURAL_KEY_FILE",
        help="File with your API key, for you alone (0600); `-` reads it from standard input.",
        callback=_keep,
        show_default=False,
    ),
]
"""Every command that asks for a person has this option: `_as: As = None`. `person` reads it."""


def person(context: typer.Context, duty: Duty, *others: Duty) -> Caller:
    """Return whose key `--as` names, if they carry one of the duties; else say what to do.

    Who is known and may not is recorded before they are told.
    """
    if _KEPT not in context.meta:
        raise TypeError("a command that asks for a person declares `_as: As = None`")
    file: Path | None = context.meta[_KEPT]
    if file is None:
        fail(
            "this is done in a person's name: name the file with your API key in --as, or in "
            "INTRAMURAL_KEY_FILE. An operator makes one with `intramural keys create`"
        )
    credentials = Credentials(f"Bearer {_key(file)}", HERE)
    try:
        return _admitted(settings_of(context), credentials, duty, *others)
    except ExchangeError as error:
        fail(error.message)


def _admitted(settings: Settings, credentials: Credentials, duty: Duty, *others: Duty) -> Caller:
    from gateway.identity.authenticator import ApiKeyAuthenticator
    from gateway.identity.keyring import open_keyring
    from gateway.identity.store import KeyStoreError
    from gateway.ledger.errors import LedgerError
    from gateway.office import Office
    from gateway.secretfiles import SecretFileError

    clock = SystemClock()
    try:
        keyring = open_keyring(settings.state, settings.keys)
    except (KeyStoreError, SecretFileError) as error:
        fail(str(error))
    office = Office(ApiKeyAuthenticator(keyring, clock), _Recording(settings), clock)
    try:
        return asyncio.run(office.admit(credentials, duty, *others))
    except LedgerError as error:
        fail(str(error))
    finally:
        keyring.store.close()


class _Recording:
    """Implements `ports.Ledger`: the log is opened only where there is something to record."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def append(self, record: Record) -> Receipt:
        from gateway.installation import place_of
        from gateway.ledger.ledger import SqliteLedger

        with SqliteLedger.open_for_recording(place_of(self._settings)) as ledger:
            return ledger.append_blocking(record)


def _key(file: Path) -> str:
    """Return the key in `file`. Whose file it is does not matter; that others may read it does."""
    try:
        content = sys.stdin.buffer.read(_MAX_SIZE) if str(file) == "-" else _private(file)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    try:
        return content.decode("ascii").strip()
    except UnicodeDecodeError:
        return ""  # No key is written so; the authenticator says what one looks like.


def _private(file: Path) -> bytes:
    # The open file is examined, not its name: it cannot be exchanged in between.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            fail(f"{file} is not a regular file; `--as -` reads the key from standard input")
        if stat.S_IMODE(status.st_mode) & _OTHERS:
            fail(
                f"{file} is open to its group or the world, so the key in it may be known to "
                f"others: run `chmod 600 {file}`, and ask for another key if it may have been read"
            )
        return opened.read(_MAX_SIZE)
