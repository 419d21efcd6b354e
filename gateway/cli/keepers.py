"""Who may make, rotate and revoke keys here, and under whose name it is recorded.

Until the first operator has a key, a login of the host is enough: somebody has to make that one.
From then on it takes a person with the duty, also when the last operator's key has ended: the way
back is `intramural keys recover`, which has a record and an alert of its own.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from gateway.cli.person import HERE, person
from gateway.cli.recorder import actor
from gateway.domain.duties import Duty
from gateway.domain.records import AdminAct
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.identity.keyring import Keyring, RecordAct, RecordUntil


def keeper(context: typer.Context, keyring: Keyring) -> str:
    """Return who manages keys, as records name them; who may not is told what to do.

    Raises `KeyStoreError`.
    """
    if not keyring.managed():
        return actor()
    try:
        return person(context, Duty.MANAGE_KEYS).id
    except typer.Exit:
        warn_if_closed(keyring)
        raise


def warn_if_closed(keyring: Keyring) -> None:
    """Say the way back in, where keys take an operator and no operator's key works on this host."""
    from gateway.identity.store import KeyStoreError

    closed = False
    with suppress(KeyStoreError):  # What was done is done, and the next command says it.
        closed = keyring.managed() and not keyring.operable(now_ms(), HERE)
    if closed:
        typer.secho(
            "No operator's key works on this host. Whoever has its login makes one with "
            "`intramural keys recover`, which is recorded and raises an alert.",
            err=True,
            fg="yellow",
        )


def recorder(settings: Settings, who: str) -> RecordAct:
    """Return what records an act of `who`."""

    def record(act: AdminAct, target: str) -> None:
        from gateway.cli.recorder import record_admin

        record_admin(settings, act, target, by=who)

    return record


def until_recorder(settings: Settings, who: str) -> RecordUntil:
    """Return what records an act of `who` that ends at a time."""

    def record(act: AdminAct, target: str, until: int) -> None:
        from gateway.cli.recorder import record_admin

        record_admin(settings, act, target, by=who, until=until)

    return record


def now_ms() -> int:
    """Return the time, in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000
