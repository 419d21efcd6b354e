"""Erasing: keys are written over in place, and no copy of them is left in any file.

A write-ahead log keeps pages as they were, so after an erasure both logs are emptied to length
zero; and because SQLite may leave an old copy of a row of an index where it moved rows from page
to page, the file is looked through for what was erased, and written anew where that is found.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import apsw

from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.sealing import sealstore
from gateway.ledger.sealing.envelope import ERASED

TRUNCATE_SECONDS: Final = 60.0
_SOME: Final = 4096
_NEEDLES: Final = 64
_CHUNK: Final = 1 << 22


def erase_parts(keys: apsw.Connection, parts: Iterable[int]) -> None:
    """Write zeros over the keys of `parts`, inside the caller's transaction."""
    keys.executemany(
        "UPDATE parts SET wrapped = ? WHERE id = ?", [(ERASED, each) for each in parts]
    )


def erase_keys_of(keys: apsw.Connection, subject: int) -> None:
    """Write zeros over a patient's keys of all epochs."""
    keys.execute("UPDATE patient_keys SET wrapped = ? WHERE subject = ?", (ERASED, subject))


def erase_subject(keys: apsw.Connection, subject: int) -> None:
    """Write zeros over a fingerprint, and over the keys of whom it was of."""
    erase_keys_of(keys, subject)
    keys.execute(
        "UPDATE subjects SET fingerprint = zeroblob(length(fingerprint)) WHERE id = ?", (subject,)
    )


def erase_epoch(keys: apsw.Connection, epoch: int) -> None:
    """Write zeros over the key of an epoch, and over all keys that it wraps."""
    keys.execute("UPDATE epochs SET wrapped = ? WHERE id = ?", (ERASED, epoch))
    keys.execute("UPDATE patient_keys SET wrapped = ? WHERE epoch = ?", (ERASED, epoch))
    keys.execute("UPDATE parts SET wrapped = ? WHERE epoch = ?", (ERASED, epoch))


def forget(keys: apsw.Connection, numbers: Iterable[int], spared: int | None = None) -> list[bytes]:
    """Let nobody know any more whom exchanges are about, inside the caller's transaction.

    Whoever is in no other exchange is erased as well, and their fingerprints are returned; `spared`
    stays, for now.
    """
    subjects: set[int] = set()
    for number in numbers:
        rows = keys.execute("SELECT subject FROM about WHERE number = ?", (number,))
        subjects.update(subject for (subject,) in rows)
        keys.execute("DELETE FROM about WHERE number = ?", (number,))
    others = "SELECT 1 FROM about WHERE subject = ? LIMIT 1"
    alone = [
        subject
        for subject in sorted(subjects)
        if subject != spared and keys.execute(others, (subject,)).fetchone() is None
    ]
    erased = fingerprints(keys, alone)
    for subject in alone:
        erase_subject(keys, subject)
    return erased


def fingerprints(keys: apsw.Connection, subjects: Iterable[int]) -> list[bytes]:
    """Return the fingerprints of subjects."""
    found = (keys.execute("SELECT fingerprint FROM subjects WHERE id = ?", (each,)).get
             for each in subjects)  # fmt: skip
    return [each for each in found if isinstance(each, bytes)]


def remove_seals(seals: apsw.Connection, parts: Sequence[int]) -> None:
    """Remove sealed texts, some at a time: who keeps new ones waits for a moment only."""
    for start in range(0, len(parts), _SOME):
        with store.transaction(seals):
            sealstore.remove(seals, parts[start : start + _SOME])


def truncate(*databases: apsw.Connection) -> None:
    """Empty the write-ahead logs; raises `LedgerError` if a reader keeps one for a minute."""
    deadline = time.monotonic() + TRUNCATE_SECONDS
    for db in databases:
        while True:
            try:
                db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except apsw.BusyError:
                if time.monotonic() > deadline:
                    raise LedgerError(
                        "somebody reads the vault, so what was erased is still in its write-ahead "
                        "log: end long searches, and run the same command again"
                    ) from None
                time.sleep(0.01)
            else:
                break


def clear_copies(keys: apsw.Connection, path: Path, erased: Sequence[bytes] | None) -> bool:
    """Look through the file for what was erased; write it anew, and say so, if any is there.

    Without looking, where `None` says that nobody knows any more what to look for, or it is much.
    """
    few = erased is not None and len(erased) <= _NEEDLES
    if few and not any(_holds(path, value) for value in erased or ()):
        return False
    keys.execute("VACUUM")
    truncate(keys)
    return True


def _holds(path: Path, value: bytes) -> bool:
    with path.open("rb") as file:
        left = b""
        while chunk := file.read(_CHUNK):
            if value in left + chunk:
                return True
            left = chunk[-len(value) :]
    return False
