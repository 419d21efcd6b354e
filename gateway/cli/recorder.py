"""Administrative acts go into the ledger before they are done, also from the command line."""

from __future__ import annotations

import getpass
import os
import re

from gateway.clock import SystemClock
from gateway.domain.records import Admin, AdminAct
from gateway.installation import place_of
from gateway.ledger.ledger import SqliteLedger
from gateway.settings import Settings


def actor() -> str:
    """Return who acts, as the operating system knows them: `os:<login>`, printable ASCII."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError):
        login = str(os.getuid())
    return "os:" + re.sub(r"[^A-Za-z0-9._-]", "?", login)[:60]


def record_admin(
    settings: Settings, act: AdminAct, target: str, *, until: int | None = None
) -> None:
    """Make the act durable. Raises `LedgerError` or `LedgerUnavailable`, and then nothing is done.

    Works beside a running gateway: both append to the same log.
    """
    clock = SystemClock()
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        ledger.append_blocking(
            Admin(
                exchange=clock.new_id(),
                time=clock.now_ms(),
                actor=actor(),
                act=act,
                target=target,
                until=until,
            )
        )
