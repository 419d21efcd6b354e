"""The database of what can be erased: wrapped keys, and the index of whom exchanges are about.

DURABLE FORMAT, user_version 1. `secure_delete` is on, so SQLite writes zeros over what is deleted;
but where it moves rows from page to page it may leave an old copy behind. So nothing secret ever
moves: keys and fingerprints lie in tables that grow at their end alone, in rows that keep their
size, and are erased by writing zeros over them in place. Only indexes move, and what they hold is
numbers of such rows; the one that holds fingerprints is looked through after an erasure
(`erasing.py`). This database belongs in no backup that outlives an erasure (docs/adr/0025).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import apsw

from gateway.domain.payloads import Part
from gateway.domain.subjects import Subjects
from gateway.ledger import store
from gateway.ledger.errors import LedgerDamaged, LedgerError
from gateway.ledger.sealing.envelope import ERASED

DATABASE: Final = "vault-keys.db"
APPLICATION_ID: Final = 0x494D564B
USER_VERSION: Final = 1
PATIENT: Final = 1
NAME: Final = 2
_PARTS: Final = {Part.REQUEST: 0, Part.REPLY: 1}
_MEMORY: Final = 2

SCHEMA: Final = """
CREATE TABLE epochs (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  wrapped BLOB NOT NULL
) STRICT;
CREATE TABLE subjects (
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  fingerprint BLOB NOT NULL
) STRICT;
CREATE INDEX subjects_by_fingerprint ON subjects (fingerprint);
CREATE TABLE patient_keys (
  id INTEGER PRIMARY KEY,
  subject INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  wrapped BLOB NOT NULL
) STRICT;
CREATE INDEX patient_keys_by_subject ON patient_keys (subject, epoch);
CREATE TABLE exchanges (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  exchange BLOB NOT NULL UNIQUE
) STRICT;
CREATE TABLE about (
  number INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  PRIMARY KEY (subject, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX about_by_number ON about (number);
CREATE TABLE parts (
  id INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  patients BLOB NOT NULL,
  wrapped BLOB NOT NULL
) STRICT;
CREATE INDEX parts_by_epoch ON parts (epoch);
CREATE TABLE shreddings (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  target INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE swept (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  number INTEGER NOT NULL
) STRICT;
INSERT INTO swept VALUES (0, 0);
"""


def connect(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """Open the database for writing, made if it is missing; raises `LedgerError`."""
    db = store.connect(path, vfs=vfs)
    try:
        db.pragma("secure_delete", 1)
        # What SQLite puts aside (a VACUUM's copy) is put aside in memory and not in a file.
        db.pragma("temp_store", _MEMORY)
        _check_erases(db)
        with store.transaction(db):
            if store.is_blank(db):
                db.execute(SCHEMA)
                db.pragma("application_id", APPLICATION_ID)
                db.pragma("user_version", USER_VERSION)
        check_version(db)
    except BaseException:
        db.close()
        raise
    return db


def _check_erases(db: apsw.Connection) -> None:
    if db.pragma("secure_delete") != 1:
        raise LedgerError("this SQLite cannot erase (secure_delete): install apsw from PyPI")


def check_version(db: apsw.Connection) -> None:
    """Raise `LedgerError` unless the database is one of keys, of the version that this reads."""
    if db.pragma("application_id") != APPLICATION_ID:
        raise LedgerDamaged(f"{DATABASE} is no vault of this program: restore it from its backup")
    version = db.pragma("user_version")
    if version != USER_VERSION:
        raise LedgerError(
            f"{DATABASE} has version {version} and this program reads {USER_VERSION}: use the "
            "release of intramural that wrote it, or a later one"
        )


def exchange_id(exchange: str) -> bytes:
    """Return an exchange's id as it is stored: a UUID as its 16 bytes, anything else as it is.

    >>> exchange_id("0199f2c4-0000-7000-8000-000000000001").hex()
    '0199f2c40000700080000000000000010'[:32]
    """
    plain = exchange.replace("-", "")
    try:
        packed = bytes.fromhex(plain)
    except ValueError:
        return exchange.encode()
    return packed if exchange_name(packed) == exchange else exchange.encode()


def exchange_name(stored: bytes) -> str:
    """Return the id of an exchange out of its bytes."""
    if len(stored) != 16:  # noqa: PLR2004 - bytes of a UUID
        return stored.decode()
    text = stored.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def part_id(number: int, part: Part) -> int:
    """Return the id of one part of exchange `number`, here and in the database of the seals."""
    return 2 * number + _PARTS[part]


def number_of(db: apsw.Connection, exchange: str) -> int | None:
    """Return the number of an exchange, if it is known here."""
    found: int | None = db.execute(
        "SELECT number FROM exchanges WHERE exchange = ?", (exchange_id(exchange),)
    ).get
    return found


def numbered(db: apsw.Connection, exchange: str) -> int:
    """Return the number of an exchange; a new one has the highest so far."""
    number = number_of(db, exchange)
    if number is None:
        db.execute("INSERT INTO exchanges (exchange) VALUES (?)", (exchange_id(exchange),))
        number = db.last_insert_rowid()
    return number


def subject_of(db: apsw.Connection, fingerprint: bytes) -> int | None:
    """Return the number of a subject, if anything is about it."""
    found: int | None = db.execute(
        "SELECT id FROM subjects WHERE fingerprint = ?", (fingerprint,)
    ).get
    return found


def index(db: apsw.Connection, number: int, subjects: Subjects) -> list[int]:
    """Note that an exchange is about `subjects`, and return the numbers of its patients."""
    patients = [_subject(db, PATIENT, each) for each in subjects.patients]
    names = [_subject(db, NAME, each) for each in subjects.names]
    if patients or names:
        rows = [(number, each) for each in (*patients, *names)]
        db.executemany("INSERT OR IGNORE INTO about VALUES (?, ?)", rows)
    return patients


def subjects_of(db: apsw.Connection, number: int) -> Subjects:
    """Return whom exchange `number` is about."""
    rows = db.execute(
        "SELECT kind, fingerprint FROM about JOIN subjects ON subjects.id = about.subject "
        "WHERE about.number = ? ORDER BY fingerprint",
        (number,),
    ).fetchall()
    found = [(kind, each) for kind, each in rows if isinstance(each, bytes)]
    return Subjects(
        tuple(each for kind, each in found if kind == PATIENT),
        tuple(each for kind, each in found if kind == NAME),
    )


def exchanges_about(
    db: apsw.Connection, fingerprint: bytes, before: str | None, limit: int
) -> list[str]:
    """Return exchanges about a subject, the newest first: see `ports.Vault.find`."""
    bound = 2**63 - 1 if before is None else number_of(db, before)
    rows = db.execute(
        "SELECT exchange FROM about JOIN exchanges USING (number) "
        "WHERE subject = (SELECT id FROM subjects WHERE fingerprint = ?) AND number < ? "
        "ORDER BY number DESC LIMIT ?",
        (fingerprint, 0 if bound is None else bound, limit),
    )
    return [exchange_name(exchange) for (exchange,) in rows]


def epoch_row(db: apsw.Connection, name: str) -> tuple[int, bytes] | None:
    """Return number and wrapped key of an epoch that was not shredded, if there is one."""
    row = db.execute(
        "SELECT id, wrapped FROM epochs WHERE name = ? AND wrapped <> ?", (name, ERASED)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def epoch_name(db: apsw.Connection, epoch: int) -> str:
    """Return the name of epoch number `epoch`."""
    return str(db.execute("SELECT name FROM epochs WHERE id = ?", (epoch,)).get)


def add_epoch(db: apsw.Connection, name: str, wrapped: bytes) -> int:
    """Add an epoch and return its number."""
    db.execute("INSERT INTO epochs (name, wrapped) VALUES (?, ?)", (name, wrapped))
    return db.last_insert_rowid()


def patient_key(db: apsw.Connection, subject: int, epoch: int) -> tuple[int, bytes] | None:
    """Return number and wrapped key of a patient in an epoch, if there is one."""
    row = db.execute(
        "SELECT id, wrapped FROM patient_keys WHERE subject = ? AND epoch = ?", (subject, epoch)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def add_patient_key(db: apsw.Connection, subject: int, epoch: int, wrapped: bytes) -> int:
    """Add a patient's key for an epoch and return its number."""
    db.execute(
        "INSERT INTO patient_keys (subject, epoch, wrapped) VALUES (?, ?, ?)",
        (subject, epoch, wrapped),
    )
    return db.last_insert_rowid()


def add_part(
    db: apsw.Connection, part: int, epoch: int, patients: Sequence[int], wrapped: bytes
) -> None:
    """Add the wrapped key of one part, and which patients' keys it is wrapped under."""
    db.execute(
        "INSERT INTO parts VALUES (?, ?, ?, ?)", (part, epoch, packed_ids(patients), wrapped)
    )


def part_row(db: apsw.Connection, part: int) -> tuple[int, list[int], bytes] | None:
    """Return the epoch, the patients' keys and the wrapped key of one part, if it is known."""
    row = db.execute("SELECT epoch, patients, wrapped FROM parts WHERE id = ?", (part,)).fetchone()
    return None if row is None else (row[0], ids_in(row[1]), row[2])


def kept_parts(db: apsw.Connection, number: int) -> dict[Part, bytes]:
    """Return the wrapped keys of those parts of an exchange that are known, in one step."""
    first = part_id(number, Part.REQUEST)
    rows = db.execute(
        "SELECT id, wrapped FROM parts WHERE id >= ? AND id <= ?",
        (first, part_id(number, Part.REPLY)),
    )
    return {Part.REQUEST if part == first else Part.REPLY: wrapped for part, wrapped in rows}


def wrapped_keys(
    db: apsw.Connection, epoch: int, patients: Iterable[int]
) -> tuple[bytes, list[bytes]]:
    """Return the wrapped keys of an epoch and of patients; an erased or missing one is zeros."""
    of_epoch: bytes | None = db.execute("SELECT wrapped FROM epochs WHERE id = ?", (epoch,)).get
    of_patients: list[bytes | None] = [
        db.execute("SELECT wrapped FROM patient_keys WHERE id = ?", (each,)).get
        for each in patients
    ]
    return of_epoch or ERASED, [each or ERASED for each in of_patients]


def parts_of_epoch(db: apsw.Connection, epoch: int) -> list[int]:
    """Return the parts that were kept in an epoch, the oldest first."""
    rows = db.execute("SELECT id FROM parts WHERE epoch = ? ORDER BY id", (epoch,))
    return [part for (part,) in rows]


def packed_ids(ids: Sequence[int]) -> bytes:
    """Return numbers as eight bytes each, in this order."""
    return array("q", ids).tobytes()


def ids_in(packed: bytes) -> list[int]:
    """Return the numbers in `packed`."""
    ids = array("q")
    ids.frombytes(packed)
    return ids.tolist()


def _subject(db: apsw.Connection, kind: int, fingerprint: bytes) -> int:
    known = subject_of(db, fingerprint)
    if known is None:
        db.execute("INSERT INTO subjects (kind, fingerprint) VALUES (?, ?)", (kind, fingerprint))
        known = db.last_insert_rowid()
    return known
