"""The register of releases in SQLite: versions with their archives, signatures, signers.

DURABLE FORMAT, version 1 (`PRAGMA user_version`): a newer database is refused, never guessed at.
That exactly one release is in force is an index of the database, so no crash and no second process
can make it two; what changes, changes in one transaction.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw

from gateway import statefile
from gateway.policy.releases.version import Part, Signature, Signer, State, Version

DATABASE: Final = "policy.db"
_VERSION: Final = 1
_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS installation (id TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS version (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  digest TEXT NOT NULL,
  state TEXT NOT NULL,
  note TEXT NOT NULL,
  drafted INTEGER NOT NULL,
  drafted_by TEXT NOT NULL,
  begins INTEGER,
  activated INTEGER,
  alone INTEGER NOT NULL DEFAULT 0,
  archive BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_active ON version (state) WHERE state = 'active';
CREATE UNIQUE INDEX IF NOT EXISTS one_of_a_digest ON version (digest) WHERE state <> 'rejected';
CREATE TABLE IF NOT EXISTS signer (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  part TEXT NOT NULL,
  public BLOB NOT NULL,
  added INTEGER NOT NULL,
  revoked INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS signature (
  number INTEGER NOT NULL REFERENCES version (number),
  part TEXT NOT NULL,
  signer TEXT NOT NULL REFERENCES signer (id),
  caller TEXT NOT NULL,
  name TEXT NOT NULL,
  received INTEGER NOT NULL,
  statement BLOB NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (number, part)
) STRICT;
CREATE TABLE IF NOT EXISTS owed (  -- What the ledger has still to be told: done, and not yet said.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  target TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS serving (  -- What each running gateway decides by, and what it refused.
  node TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  since INTEGER NOT NULL,
  refused TEXT,
  problem TEXT
) STRICT;
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_COLUMNS: Final = "number, digest, state, note, drafted, drafted_by, begins, activated, alone"
_Row = tuple["apsw.SQLiteValue", ...]


class PolicyStoreError(Exception):
    """The register cannot be read or written; the message names the file and what to do."""


class RegisterReplaced(PolicyStoreError):  # noqa: N818 - reads as a state
    """Another file stands where the register was opened, or none: what it says is not known."""


class PolicyStore:
    """The register of an installation. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open the database, or make it (0600). Raises `PolicyStoreError`."""
        self._path = path
        self._lock = threading.RLock()
        with self._explained():
            try:
                self._db = statefile.connect(path, _SCHEMA, _VERSION)
            except statefile.UnknownVersion as error:
                raise PolicyStoreError(str(error)) from None
            self._place = _place(path)
            try:
                self._prepare()
                self._opened = self.installation()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        self._db.pragma("foreign_keys", 1)
        with self.transaction():
            if self._db.execute("SELECT id FROM installation").get is None:
                self._db.execute("INSERT INTO installation VALUES (?)", (secrets.token_hex(8),))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is done inside, and nobody else writes meanwhile."""
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(apsw.Error):
                    self._db.execute("ROLLBACK")
                raise

    def installation(self) -> str:
        """Return the id of this installation, which every signature names."""
        with self._explained():
            return str(self._db.execute("SELECT id FROM installation").get)

    def stands(self) -> None:
        """Return if what was opened is what stands there now; else raise `RegisterReplaced`.

        A file that was exchanged stays open, and says for ever what it said then.
        """
        if _place(self._path) != self._place or self.installation() != self._opened:
            raise RegisterReplaced(
                f"{self._path} is not the register that was opened: put that one back, or start "
                "again, which reads this one and checks its signatures"
            )

    def add(self, version: Version, archive: bytes) -> int:
        """Store a new draft, and return its number."""
        with self._explained():
            self._db.execute(
                "INSERT INTO version (digest, state, note, drafted, drafted_by, archive) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    version.digest,
                    version.state,
                    version.note,
                    version.drafted,
                    version.drafted_by,
                    archive,
                ),
            )
            return self._db.last_insert_rowid()

    def put(self, version: Version) -> None:
        """Store the state of a version anew: what it says and who wrote it never change."""
        with self._explained():
            self._db.execute(
                "UPDATE version SET state = ?, begins = ?, activated = ?, alone = ? "
                "WHERE number = ?",
                (version.state, version.begins, version.activated, version.alone, version.number),
            )

    def versions(self) -> tuple[Version, ...]:
        """Return all of them, the newest first."""
        # Only names of columns are put together here, as below.
        return self._versions(f"SELECT {_COLUMNS} FROM version ORDER BY number DESC")  # noqa: S608

    def version(self, number: int) -> Version | None:
        """Return the version of that number."""
        return next(
            iter(self._versions(f"SELECT {_COLUMNS} FROM version WHERE number = ?", number)),  # noqa: S608
            None,
        )

    def active(self) -> Version | None:
        """Return the one that is in force."""
        return next(
            iter(self._versions(f"SELECT {_COLUMNS} FROM version WHERE state = ?", State.ACTIVE)),  # noqa: S608
            None,
        )

    def late(self, now: int) -> tuple[Version, ...]:
        """Return the scheduled ones whose time has come, the earliest first."""
        return self._versions(
            f"SELECT {_COLUMNS} FROM version WHERE state = ? AND begins <= ? "  # noqa: S608
            "ORDER BY begins, number",
            State.SCHEDULED,
            now,
        )

    def with_digest(self, digest: str) -> Version | None:
        """Return the version of that digest which was not rejected."""
        query = f"SELECT {_COLUMNS} FROM version WHERE digest = ? AND state <> ?"  # noqa: S608
        return next(iter(self._versions(query, digest, State.REJECTED)), None)

    def archive(self, number: int) -> bytes:
        """Return the archive of a version, as it was handed in."""
        with self._explained():
            row = self._db.execute("SELECT archive FROM version WHERE number = ?", (number,)).get
            return row if isinstance(row, bytes) else b""

    def sign(self, signature: Signature) -> None:
        """Store a signature, in the place of an earlier one as the same part."""
        with self._explained():
            self._db.execute(
                "INSERT OR REPLACE INTO signature VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    signature.number,
                    signature.part,
                    signature.signer,
                    signature.caller,
                    signature.name,
                    signature.received,
                    signature.statement,
                    signature.signature,
                ),
            )

    def signatures(self, number: int) -> dict[Part, Signature]:
        """Return who signed a version."""
        with self._explained():
            rows = self._db.execute(
                "SELECT * FROM signature WHERE number = ?", (number,)
            ).fetchall()
            return {each.part: each for each in map(_signature, rows)}

    def add_signer(self, signer: Signer) -> None:
        """Store a new signer."""
        with self._explained():
            self._db.execute(
                "INSERT INTO signer VALUES (?, ?, ?, ?, ?, ?)",
                (
                    signer.id,
                    signer.person,
                    signer.part,
                    signer.public,
                    signer.added,
                    signer.revoked,
                ),
            )

    def revoke_signer(self, signer: str, since: int) -> None:
        """Store that a signer's signatures do not count since then; never later than before."""
        with self._explained():
            self._db.execute(
                "UPDATE signer SET revoked = min(ifnull(revoked, ?1), ?1) WHERE id = ?2",
                (since, signer),
            )

    def signers(self) -> dict[str, Signer]:
        """Return all signers by id, the oldest first."""
        with self._explained():
            rows = self._db.execute("SELECT * FROM signer ORDER BY added, id").fetchall()
            return {each.id: each for each in map(_signer, rows)}

    def owe(self, actor: str, act: str, target: str) -> None:
        """Remember, in this transaction, what the ledger has to be told once it is done."""
        with self._explained():
            self._db.execute(
                "INSERT INTO owed (actor, act, target) VALUES (?, ?, ?)", (actor, act, target)
            )

    def owed(self) -> tuple[tuple[int, str, str, str], ...]:
        """Return what the ledger has still to be told: id, actor, act, target."""
        with self._explained():
            rows = self._db.execute("SELECT * FROM owed ORDER BY id").fetchall()
            return tuple((_int(row[0]), str(row[1]), str(row[2]), str(row[3])) for row in rows)

    def paid(self, debt: int) -> None:
        """Forget what the ledger was told."""
        with self._explained():
            self._db.execute("DELETE FROM owed WHERE id = ?", (debt,))

    def serve(
        self, node: str, digest: str, since: int, refused: str | None, problem: str | None
    ) -> None:
        """Store what a running gateway decides by, and which release it refused and why."""
        with self._explained():
            self._db.execute(
                "INSERT OR REPLACE INTO serving VALUES (?, ?, ?, ?, ?)",
                (node, digest, since, refused, problem),
            )

    def serving(self) -> dict[str, tuple[str, str | None, str | None]]:
        """Return, by node, the digest that it decides by, the one that it refused, and why."""
        with self._explained():
            rows = self._db.execute("SELECT node, digest, refused, problem FROM serving").fetchall()
            return {str(row[0]): (str(row[1]), _text(row[2]), _text(row[3])) for row in rows}

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def _versions(self, query: str, *values: str | int) -> tuple[Version, ...]:
        with self._explained():
            return tuple(map(_version, self._db.execute(query, values).fetchall()))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except (apsw.Error, OSError, ValueError) as error:
                raise PolicyStoreError(
                    f"{self._path} cannot be used ({type(error).__name__}): check the file, its "
                    "owner and the disk, or restore it from a backup"
                ) from error


def _version(row: _Row) -> Version:
    number, digest, state, note, drafted, drafted_by, begins, activated, alone = row
    return Version(
        number=_int(number),
        digest=str(digest),
        state=State(str(state)),
        note=str(note),
        drafted=_int(drafted),
        drafted_by=str(drafted_by),
        begins=None if begins is None else _int(begins),
        activated=None if activated is None else _int(activated),
        alone=bool(alone),
    )


def _signature(row: _Row) -> Signature:
    number, part, signer, caller, name, received, statement, signature = row
    return Signature(
        number=_int(number),
        part=Part(str(part)),
        signer=str(signer),
        caller=str(caller),
        name=str(name),
        received=_int(received),
        statement=_bytes(statement),
        signature=_bytes(signature),
    )


def _signer(row: _Row) -> Signer:
    signer, person, part, public, added, revoked = row
    return Signer(
        id=str(signer),
        person=str(person),
        part=Part(str(part)),
        public=_bytes(public),
        added=_int(added),
        revoked=None if revoked is None else _int(revoked),
    )


def _int(value: apsw.SQLiteValue) -> int:
    if not isinstance(value, int):
        raise ValueError("not an integer")  # noqa: TRY004 - damage to the file, not a wrong call
    return value


def _bytes(value: apsw.SQLiteValue) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("not bytes")  # noqa: TRY004 - as above
    return value


def _text(value: apsw.SQLiteValue) -> str | None:
    return None if value is None else str(value)


def _place(path: Path) -> tuple[int, int] | None:
    """Return which file stands at `path`, or `None`."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
