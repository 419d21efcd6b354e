"""A record as a message of RFC 5424, and framed by its length for TLS (RFC 5425 4.3).

The message is the leaf to the byte, so a collector holds what was hashed and signed. An SD-ID of
one's own needs a private enterprise number: we have none and borrow none. Only elements that IANA
registered are written (`meta`, `origin`), and what a record says is in the message.
"""

from __future__ import annotations

from typing import Final

from gateway import __version__
from gateway.domain.records import (
    Access,
    Admin,
    AdminAct,
    Alert,
    Outcome,
    Record,
    Refusal,
    Status,
    kind_of,
)
from gateway.ledger.exports.elements import instant
from gateway.ledger.query import LoggedRecord

_AUDIT: Final = 13
"""Facility "log audit" (RFC 5424, table 1)."""
_WARNING, _NOTICE, _INFORMATIONAL = 4, 5, 6
_GRAVE: Final = frozenset(
    {AdminAct.DUTY_REFUSED, AdminAct.KEY_RECOVERED, AdminAct.POLICY_EMERGENCY}
)
"""Acts that somebody should look at: past a duty, or past a second person."""
_MAX_SEQUENCE: Final = 2**31 - 1


def message(logged: LoggedRecord, node: str) -> bytes:
    """Return the message of a record. ASCII throughout, so it needs no mark of its encoding."""
    record = logged.record
    priority = _AUDIT * 8 + _severity(record)
    # RFC 5424 7.3.1: the sequence begins with 1 and begins again at its end.
    sequence = logged.index % _MAX_SEQUENCE + 1
    head = (
        f"<{priority}>1 {instant(record.time)} {node} intramural - {kind_of(record).value} "
        f'[meta sequenceId="{sequence}"][origin software="intramural" swVersion="{__version__}"] '
    )
    return head.encode("ascii") + logged.leaf


def framed(content: bytes) -> bytes:
    """Return a message after its length."""
    return b"%d %b" % (len(content), content)


def _severity(record: Record) -> int:
    match record:
        case Alert() | Refusal():
            return _WARNING
        case Outcome() if record.status is not Status.COMPLETED:
            return _WARNING
        case Admin():
            return _WARNING if record.act in _GRAVE else _NOTICE
        case Access():
            return _NOTICE if record.code is None else _WARNING
        case _:
            return _INFORMATIONAL
