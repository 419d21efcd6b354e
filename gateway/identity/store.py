"""The table of API keys in SQLite. What another process changes is seen at the next look.

DURABLE FORMAT, version 2 (`PRAGMA user_version`): a newer database is refused, never guessed at;
one of version 1 gets what version 2 added, in one transaction.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import apsw
import msgspec

from gateway.domain.exchange import Purpose
from gateway.domain.scope import Scope
from gateway.files import make_directory, sync_directory
from gateway.identity.keys import ApiKey, Grant, Replaced
from gateway.identity.networks import parse_networks
from gateway.identity.tokens import DIGEST_SIZE

_VERSION: Final = 2
_BUSY_MS: Final = 2000
"""How long a writer waits for another one. In WAL mode a reader waits for nobody."""
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS api_key (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,     -- JSON list
  groups TEXT NOT NULL,    -- JSON list
  networks TEXT NOT NULL,  -- JSON list
  purpose TEXT,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  revoked INTEGER,
  digest BLOB NOT NULL CHECK (length(digest) = {DIGEST_SIZE})
) STRICT, WITHOUT ROWID;
"""
_ADDED: Final = f"""
-- Of the secret before the one in force, and until when it works.
ALTER TABLE api_key ADD COLUMN replaced BLOB CHECK (length(replaced) = {DIGEST_SIZE});
ALTER TABLE api_key ADD COLUMN replaced_until INTEGER;
-- What the key is restricted to: JSON lists; absent is no restriction.
ALTER TABLE api_key ADD COLUMN actions TEXT;
ALTER TABLE api_key ADD COLUMN models TEXT;
ALTER TABLE api_key ADD COLUMN purposes TEXT;
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_COLUMNS: Final = (
    "id, name, roles, groups, networks, purpose, created, expires, revoked, digest, "
    "replaced, replaced_until, actions, models, purposes"
)
_EMPTY: Final[Mapping[str, ApiKey]] = MappingProxyType({})
_words: Final = msgspec.json.Decoder(tuple[str, ...])


class KeyStoreError(Exception):
    """The table cannot be read or written; the message names the file, and no key's owner."""


class KeyStore:
    """All keys of an installation. Safe to use from several threads.

    Every look first asks SQLite whether anybody changed the database (a few microseconds) and reads
    the table again if so: a key that was revoked by another process is revoked here, at once.
    """

    def __init__(self, path: Path) -> None:
        """Open the database, or make it (0600). Raises `KeyStoreError`."""
        self._path = path
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._version = -1
        self._table = _EMPTY
        with self._guarded():
            make_directory(path.parent)
            # SQLite gives its own files the mode of the database, whatever the umask is.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            sync_directory(path.parent)
            self._refresh()

    def find(self, key_id: str) -> ApiKey | None:
        """Return the key as it is now, if there is one. Raises `KeyStoreError`."""
        with self._guarded():
            return self._refresh().get(key_id)

    def all_keys(self) -> tuple[ApiKey, ...]:
        """Return all keys as they are now, the oldest first. Raises `KeyStoreError`."""
        with self._guarded():
            return tuple(sorted(self._refresh().values(), key=lambda key: (key.created, key.id)))

    def add(self, key: ApiKey) -> None:
        """Store a new key durably. Raises `KeyStoreError`, and then it is not stored."""
        grant = key.grant
        row = (
            key.id,
            grant.name,
            _list(sorted(grant.roles)),
            _list(sorted(grant.groups)),
            _list(list(grant.networks.words())),
            grant.purpose.value if grant.purpose else None,
            key.created,
            grant.expires,
            key.revoked,
            key.digest,
            key.replaced.digest if key.replaced else None,
            key.replaced.until if key.replaced else None,
            *(
                None if names is None else _list(sorted(names))
                for names in (grant.scope.actions, grant.scope.models, grant.scope.purposes)
            ),
        )
        with self._guarded():
            marks = ", ".join("?" * len(row))
            # Only names of columns and question marks are put together here.
            self._write(f"INSERT INTO api_key ({_COLUMNS}) VALUES ({marks})", row)  # noqa: S608

    def replace(self, key_id: str, digest: bytes, replaced: Replaced, expires: int) -> None:
        """Give the key another secret and end, durably. Raises `KeyStoreError`.

        A key that was revoked meanwhile, or has another secret by now, stays as it is: an error.
        """
        with self._guarded():
            self._write(
                "UPDATE api_key SET digest = ?, replaced = ?, replaced_until = ?, expires = ? "
                "WHERE id = ? AND digest = ? AND revoked IS NULL",
                (digest, replaced.digest, replaced.until, expires, key_id, replaced.digest),
            )
            found = self._table.get(key_id)
        if found is None or found.digest != digest:
            raise KeyStoreError(
                f"{self._path}: the key was revoked or rotated meanwhile, so it was not rotated"
            )

    def revoke(self, key_id: str, now: int) -> None:
        """Mark the key as revoked, durably and for good. Raises `KeyStoreError`.

        A key that is revoked already keeps the time of its first revocation.
        """
        with self._guarded():
            self._write(
                "UPDATE api_key SET revoked = ? WHERE id = ? AND revoked IS NULL", (now, key_id)
            )
            found = self._table.get(key_id)
        if found is None or found.revoked is None:
            raise KeyStoreError(f"{self._path} holds no key with this id, so none was revoked")

    def close(self) -> None:
        """Close the database."""
        with self._guarded():
            self._disconnect()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except (apsw.Error, OSError, ValueError, msgspec.MsgspecError) as error:
                # After an error nothing that was read before may be believed.
                self._table, self._version = _EMPTY, -1
                with contextlib.suppress(apsw.Error):
                    self._disconnect()
                raise KeyStoreError(
                    f"{self._path} cannot be used ({type(error).__name__}): check the file, its "
                    "owner and the disk, or restore it from a backup"
                ) from error

    def _refresh(self) -> Mapping[str, ApiKey]:
        # A database restored from a backup is another file under the same name.
        status = self._path.stat()
        if self._connection is None or self._file != (status.st_dev, status.st_ino):
            self._disconnect()
            self._file = (status.st_dev, status.st_ino)
            self._connection = _connect(self._path)
            self._version = -1
        version = self._connection.execute("PRAGMA data_version").get
        if version != self._version:
            # The version was read first: a change in between is found at the next look.
            self._table = _read(self._connection)
            self._version = version
        return self._table

    def _write(self, statement: str, values: tuple[apsw.SQLiteValue, ...]) -> None:
        self._refresh()
        if self._connection is None:
            raise OSError("not open")
        self._connection.execute(statement, values)
        # One's own changes do not show in data_version.
        self._version = -1
        self._refresh()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _connect(path: Path) -> apsw.Connection:
    # Without CREATE: a database that vanished is an error, not an empty table.
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(_BUSY_MS)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        _upgrade(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _upgrade(connection: apsw.Connection) -> None:
    if _version(connection) == _VERSION:
        return
    # Who else opens it now may have done it by the time that the lock is ours.
    connection.execute("BEGIN IMMEDIATE")
    try:
        if (version := _version(connection)) == _VERSION:
            connection.execute("COMMIT")
            return
        connection.execute((_SCHEMA if version == 0 else "") + _ADDED)
    except BaseException:
        with contextlib.suppress(apsw.Error):
            connection.execute("ROLLBACK")
        raise


def _version(connection: apsw.Connection) -> int:
    version = connection.pragma("user_version")
    if version not in range(_VERSION + 1):
        raise KeyStoreError(
            f"the state database has version {version}, unknown to this program: use the "
            "release that made it, or restore a backup"
        )
    return int(version)


def _read(connection: apsw.Connection) -> Mapping[str, ApiKey]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM api_key")  # noqa: S608 - a constant
    return MappingProxyType({key.id: key for key in map(_key, rows)})


def _key(row: tuple[apsw.SQLiteValue, ...]) -> ApiKey:
    key_id, name, roles, groups, networks, purpose, created, expires, revoked, digest = row[:10]
    replaced, until, actions, models, purposes = row[10:]
    return ApiKey(
        id=str(key_id),
        grant=Grant(
            name=str(name),
            roles=frozenset(_words.decode(str(roles))),
            groups=frozenset(_words.decode(str(groups))),
            networks=parse_networks(_words.decode(str(networks))),
            purpose=None if purpose is None else Purpose(str(purpose)),
            expires=_integer(expires),
            scope=Scope(_names(actions), _names(models), _names(purposes)),
        ),
        created=_integer(created),
        revoked=None if revoked is None else _integer(revoked),
        digest=_blob(digest),
        replaced=None if replaced is None else Replaced(_blob(replaced), _integer(until)),
    )


def _names(value: apsw.SQLiteValue) -> frozenset[str] | None:
    return None if value is None else frozenset(_words.decode(str(value)))


def _integer(value: apsw.SQLiteValue) -> int:
    if not isinstance(value, int):
        raise ValueError("not an integer")  # noqa: TRY004 - damage to the file, not a wrong call
    return value


def _blob(value: apsw.SQLiteValue) -> bytes:
    if not isinstance(value, bytes) or len(value) != DIGEST_SIZE:
        raise ValueError("not a digest")
    return value


def _list(words: list[str]) -> str:
    return msgspec.json.encode(words).decode()
