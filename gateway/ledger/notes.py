"""What auditors wrote about records: sealed apart, because it may name patients.

DURABLE FORMAT, user_version 1: `sealed` is a nonce of 12 bytes and AES-256-GCM over UTF-8, with the
index of the record as associated data; `digest` is its SHA-256, which the record of the review
holds. The log proves that a comment is the one that was written, and shows nothing of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway import secretfiles, statefile
from gateway.ledger.errors import LedgerError

KEY_SIZE: Final = 32
_NONCE: Final = 12
_APPLICATION_ID: Final = 0x494D4E54
_VERSION: Final = 1
_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS note (
  digest TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class Notes:
    """The comments under `path`. Calls block, and may come from any thread."""

    def __init__(self, path: Path, key: Path) -> None:
        """Open nothing yet; database and key are made by the first that needs them."""
        self._path = path
        self._key = key
        self._lock = threading.Lock()
        self._db: apsw.Connection | None = None

    def keep(self, record: int, comment: str) -> str:
        """Return the digest of the sealed `comment` on a record, once it is durable.

        Raises `LedgerError`, and then it is not kept.
        """
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._cipher().encrypt(nonce, comment.encode(), _bound(record))
        digest = hashlib.sha256(sealed).hexdigest()
        with self._opened() as db:
            db.execute("INSERT INTO note VALUES (?, ?)", (digest, sealed))
        return digest

    def read(self, record: int, digest: str) -> str | None:
        """Return the comment on a record whose review holds `digest`; `None` where it is gone.

        Raises `LedgerError` if it was changed, is of another record, or the key is another one.
        """
        with self._opened() as db:
            row = db.execute("SELECT sealed FROM note WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            return None
        sealed = bytes(row[0])
        if hashlib.sha256(sealed).hexdigest() == digest:
            with contextlib.suppress(InvalidTag, ValueError):
                plain = self._cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(record))
                return plain.decode()
        raise LedgerError(
            f"a comment in {self._path} is not what was written: it was changed, or `notes.key` is "
            "another one; restore both from a backup"
        )

    def _cipher(self) -> AESGCM:
        try:
            return AESGCM(secretfiles.read_or_create(self._key, KEY_SIZE))
        except secretfiles.SecretFileError as error:
            raise LedgerError(str(error)) from None

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._disconnect()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[apsw.Connection]:
        with self._lock:
            try:
                if self._db is None:
                    self._db = statefile.connect(self._path, _SCHEMA, _VERSION)
                yield self._db
            except (apsw.Error, OSError, statefile.UnknownVersion) as error:
                with contextlib.suppress(apsw.Error):
                    self._disconnect()
                raise LedgerError(
                    f"the comments in {self._path} cannot be used ({type(error).__name__}): look "
                    "at the file, its owner and its disk"
                ) from None

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.close()


def _bound(record: int) -> bytes:
    return b"intramural note on record %d" % record
