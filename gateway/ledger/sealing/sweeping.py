"""What a crash leaves in the vault without a record: erased at the next start.

A payload is durable before its record. Where the process ended in between, or the ledger refused,
nobody was promised anything, and nothing may stay that no record tells of.
"""

from __future__ import annotations

from pathlib import Path

import apsw

from gateway.domain.payloads import Part
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.sealing import erasing, keystore

_MARK = b'"sealed":"'
"""How a leaf with a digest says so: inside a string the quotation marks would be escaped."""


def sweep(keys: apsw.Connection, seals: apsw.Connection, ledger: Path) -> int:
    """Erase what was kept since the last sweep and is in no record; return how many exchanges.

    Only the process that serves may call this, before it serves: what another one is about to
    record would look the same.
    """
    if not ledger.exists():
        raise LedgerError(f"there is no log in {ledger.parent}, and the vault goes with one")
    keys.execute("ATTACH ? AS log", (str(ledger),))
    try:
        with store.snapshot(keys):
            last = keys.execute("SELECT number FROM swept").get
            newest = keys.execute("SELECT coalesce(max(number), 0) FROM exchanges").get
            since = "FROM exchanges WHERE number > ? AND number <= ?"
            numbers = [
                (number, keystore.exchange_name(stored))
                for number, stored in keys.execute(
                    f"SELECT number, exchange {since}",
                    (last, newest),
                )
            ]
            parts = [part for number, name in numbers for part in _unrecorded(keys, number, name)]
            unknown = [number for number, name in numbers if not _is_known(keys, name)]
    finally:
        keys.execute("DETACH log")
    with store.transaction(keys):
        erasing.erase_parts(keys, parts)
        erasing.forget(keys, unknown)
        keys.execute("UPDATE swept SET number = ?", (newest,))
    erasing.remove_seals(seals, parts)
    if parts or unknown:
        erasing.truncate(keys, seals)
    return len({part // 2 for part in parts} | set(unknown))


def _is_known(keys: apsw.Connection, exchange: str) -> bool:
    """Say whether the log has an intent or a refusal of an exchange."""
    found = keys.execute(
        "SELECT 1 FROM log.facts WHERE exchange = ? AND kind IN ('intent', 'refusal')", (exchange,)
    )
    return found.fetchone() is not None


def _unrecorded(keys: apsw.Connection, number: int, exchange: str) -> list[int]:
    """Return the parts of an exchange whose leaves have no digest, and that are there."""
    left = []
    for part, kind in ((Part.REQUEST, "intent"), (Part.REPLY, "outcome")):
        each = keystore.part_id(number, part)
        if keystore.part_row(keys, each) is None:
            continue
        leaf: bytes | None = keys.execute(
            "SELECT leaf FROM log.facts JOIN log.entries USING (idx) "
            "WHERE exchange = ? AND kind = ?",
            (exchange, kind),
        ).get
        if leaf is None or _MARK not in leaf:
            left.append(each)
    return left
