"""Opening what is kept, and asking whom exchanges are about: beside a gateway that goes on keeping.

What is opened is compared with the digest in its leaf first: the vault is no evidence by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from gateway import secretfiles
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.payloads import Part, Payload, Words
from gateway.domain.records import Intent, Outcome
from gateway.domain.subjects import Subjects
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.query import read_ledger
from gateway.ledger.sealing import envelope, keystore, sealstore
from gateway.ledger.sealing.envelope import ERASED, SealError

MOST: Final = 1000
"""Exchanges that one answer may name."""


@dataclass(frozen=True, slots=True)
class VaultPlace:
    """Where a node keeps texts: `directory` for both databases, and the log that has digests."""

    directory: Path
    ledger: Path
    key: Path
    """File of the key that wraps the epochs' keys."""
    forget: Callable[[bytes], None] = lambda _: None
    """Called with a patient's fingerprint before it is erased here, so that it goes elsewhere too.

    Raises `apsw.Error`; then the shredding is not complete, and is done again.
    """

    @property
    def keys(self) -> Path:
        """The database of wrapped keys and of the index."""
        return self.directory / keystore.DATABASE

    @property
    def seals(self) -> Path:
        """The database of sealed texts."""
        return self.directory / sealstore.DATABASE

    def master(self) -> bytes:
        """Return the installation's key; raises `SecretFileError`."""
        key = secretfiles.read(self.key)
        if len(key) != envelope.KEY_SIZE:
            raise secretfiles.SecretFileError(
                f"{self.key} does not hold {envelope.KEY_SIZE} bytes; restore it from a backup"
            )
        return key


class VaultReader:
    """The part of `ports.Vault` that only looks, for commands beside a running gateway."""

    def __init__(self, place: VaultPlace) -> None:
        self._place = place

    def open(self, exchange: str) -> Payload:
        """Return what is kept of an exchange (`ports.Vault`)."""
        return open_payload(self._place, exchange)

    def about(self, exchange: str) -> Subjects:
        """Return whom an exchange is about (`ports.Vault`)."""
        return subjects_of(self._place, exchange)

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        """Return exchanges about a patient or a name (`ports.Vault`)."""
        return exchanges_about(self._place, fingerprint, before, limit)


def open_payload(place: VaultPlace, exchange: str) -> Payload:
    """Return what is kept of `exchange`: see `ports.Vault.open`."""
    digests = _digests(place, exchange)
    if not any(digests.values()):
        raise ExchangeError(
            Code.PAYLOAD_NOT_KEPT, "No text of this exchange was kept, or there is none of this id."
        )
    with reading(place.keys) as keys, reading(place.seals) as seals:
        number = None if keys is None else keystore.number_of(keys, exchange)
        if keys is None or seals is None or number is None:
            raise damaged("the vault does not know this exchange")
        opened = {
            part: None
            if digest is None
            else _open_part(place, keys, seals, exchange, number, part, digest)
            for part, digest in digests.items()
        }
    return Payload(exchange, opened[Part.REQUEST], opened[Part.REPLY])


def subjects_of(place: VaultPlace, exchange: str) -> Subjects:
    """Return whom `exchange` is about: see `ports.Vault.about`."""
    with reading(place.keys) as keys:
        number = None if keys is None else keystore.number_of(keys, exchange)
        return Subjects() if keys is None or number is None else keystore.subjects_of(keys, number)


def exchanges_about(
    place: VaultPlace, fingerprint: bytes, before: str | None, limit: int
) -> Sequence[str]:
    """Return exchanges about a subject: see `ports.Vault.find`."""
    with reading(place.keys) as keys:
        if keys is None:
            return ()
        return keystore.exchanges_about(keys, fingerprint, before, max(0, min(limit, MOST)))


def master_of(place: VaultPlace, keys: apsw.Connection) -> bytes:
    """Return the installation's key, made where nothing was ever sealed under one.

    Raises `LedgerError` unless it opens the newest epoch that was not shredded.
    """
    wrapped: bytes | None = keys.execute(
        "SELECT wrapped FROM epochs WHERE wrapped <> ? ORDER BY id DESC LIMIT 1", (ERASED,)
    ).get
    try:
        if wrapped is None:
            return secretfiles.read_or_create(place.key, envelope.KEY_SIZE)
        master = place.master()
        envelope.unwrap(master, wrapped)
    except SealError:
        raise LedgerError(
            f"{place.key} is not the key that the kept texts were sealed under: restore it from "
            "its backup"
        ) from None
    except secretfiles.SecretMissing:
        raise LedgerError(
            f"{place.key} is gone, and texts were sealed under it: restore it from its backup"
        ) from None
    except secretfiles.SecretFileError as error:
        raise LedgerError(str(error)) from None
    return master


@contextmanager
def reading(path: Path) -> Iterator[apsw.Connection | None]:
    """Yield one state of a database for reading, or `None` where there is no database yet.

    Raises `ExchangeError` with AUDIT_UNAVAILABLE if it cannot be read now.
    """
    if not path.exists():
        yield None
        return
    try:
        # Without CREATE: a database that vanished meanwhile is an error, not an empty one.
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            db.set_busy_timeout(store.BUSY_MS)
            db.pragma("query_only", 1)
            db.pragma("trusted_schema", 0)
            with store.snapshot(db):
                yield db
        finally:
            db.close()
    except (apsw.CorruptError, apsw.NotADBError):
        raise damaged("its database is damaged") from None
    except (apsw.Error, LedgerError) as error:
        raise ExchangeError(
            Code.AUDIT_UNAVAILABLE,
            f"What is kept cannot be read now ({type(error).__name__}). Try again; the operator "
            "can run `intramural doctor`.",
        ) from None


def damaged(why: str) -> ExchangeError:
    """Return what somebody is told whose payload is not what its leaf says."""
    return ExchangeError(
        Code.PAYLOAD_DAMAGED,
        f"What was kept cannot be shown: {why}. Keep a copy of the data directory, and restore the "
        "vault from its backup.",
    )


def _digests(place: VaultPlace, exchange: str) -> dict[Part, str | None]:
    """Return what the leaves say was sealed. Raises `ExchangeError`."""
    digests: dict[Part, str | None] = dict.fromkeys(Part)
    try:
        with read_ledger(place.ledger) as ledger:
            for logged in ledger.exchange(exchange):
                match logged.record:
                    case Intent():
                        digests[Part.REQUEST] = logged.record.sealed
                    case Outcome():
                        digests[Part.REPLY] = logged.record.sealed
                    case _:
                        continue
    except LedgerError as error:
        raise ExchangeError(Code.AUDIT_UNAVAILABLE, f"The ledger cannot be read: {error}") from None
    return digests


def _open_part(  # noqa: PLR0913, PLR0917 - where a part lies and what it has to be
    place: VaultPlace,
    keys: apsw.Connection,
    seals: apsw.Connection,
    exchange: str,
    number: int,
    part: Part,
    digest: str,
) -> Words:
    row = keystore.part_row(keys, keystore.part_id(number, part))
    if row is None:
        raise damaged("its key is missing")
    epoch, patients, wrapped = row
    of_epoch, of_patients = keystore.wrapped_keys(keys, epoch, patients)
    if ERASED in {wrapped, of_epoch, *of_patients}:
        raise ExchangeError(
            Code.PAYLOAD_SHREDDED, "The texts of this exchange were shredded: nobody can open them."
        )
    sealed = sealstore.read(seals, keystore.part_id(number, part))
    if sealed is None or hashlib.sha256(sealed).hexdigest() != digest:
        raise damaged("it is not what the record says was sealed")
    try:
        opened = envelope.unwrap(place.master(), of_epoch)
        whose = [envelope.unwrap(opened, each) for each in of_patients]
        under = envelope.wrapping_key(whose, opened, exchange, part)
        return envelope.unpack(
            envelope.unseal(envelope.unwrap(under, wrapped), exchange, part, sealed)
        )
    except (SealError, secretfiles.SecretFileError) as error:
        raise damaged(str(error)) from None
