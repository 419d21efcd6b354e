"""Administrative acts go into the ledger before they are done, also from the command line."""

from __future__ import annotations

import getpass
import os
import re

from gateway.clock import SystemClock
from gateway.domain.records import Access, AccessAct, Admin, AdminAct
from gateway.installation import place_of
from gateway.ledger.desk import Who, looked
from gateway.ledger.ledger import SqliteLedger
from gateway.settings import Settings


def actor() -> str:
    """Return who acts, as the operating system knows them: `os:<login>`, printable ASCII."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError):
        login = str(os.getuid())
    return "os:" + re.sub(r"[^A-Za-z0-9._-]", "?", login)[:60]


def record_look(settings: Settings, who: Who, target: str) -> int:
    """Make it durable that somebody looks, and return the index of that record.

    Raises `LedgerError` or `LedgerUnavailable`, and then nothing is shown.
    """
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        return ledger.append_blocking(looked(who, SystemClock(), target)).index


def record_admin(
    settings: Settings,
    act: AdminAct,
    target: str,
    *,
    by: str | None = None,
    until: int | None = None,
) -> None:
    """Make the act durable. Raises `LedgerError` or `LedgerUnavailable`, and then nothing is done.

    `by` is whose act it is, if not that of the login.

    Works beside a running gateway: both append to the same log.
    """
    clock = SystemClock()
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        ledger.append_blocking(
            Admin(
                exchange=clock.new_id(),
                time=clock.now_ms(),
                actor=actor() if by is None else by,
                act=act,
                target=target,
                until=until,
            )
        )


def record_report(settings: Settings, report: str) -> None:
    """Make durable that somebody reads the log for a report. Raises as `record_admin`."""
    clock = SystemClock()
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        ledger.append_blocking(
            Access(
                exchange=clock.new_id(),
                time=clock.now_ms(),
                actor=actor(),
                client="intramural",
                access=AccessAct.REPORT,
                target=report,
            )
        )
