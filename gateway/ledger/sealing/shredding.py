"""Shredding: a record's texts, all of a patient, or an epoch are made unreadable for ever.

Three steps, each durable before the next, so that nothing is shredded that no record tells of, and
nothing that was recorded is left half done: the order is written down, the log records it, it is
carried out. What a crash interrupts is completed at the next start, or by `audit shred --complete`;
an order that was never recorded is dropped. Carrying out an order twice does nothing more.

The record names an exchange or an epoch. Of a patient it says no more than that it was one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import apsw

from gateway.domain.epochs import epoch_span
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.payloads import Part
from gateway.domain.ports import Holds
from gateway.domain.records import Admin, AdminAct
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.holds import check_none_lost
from gateway.ledger.quarters import epoch_of_id
from gateway.ledger.query import read_ledger
from gateway.ledger.sealing import erasing, keystore, sealstore
from gateway.ledger.sealing.envelope import ERASED
from gateway.ledger.sealing.reading import VaultPlace

PATIENT: Final = "patient"
"""The target in the record of a patient's shredding: who it was is recorded nowhere."""


class Kind(StrEnum):
    """What is shredded at once."""

    RECORD = "record"
    PATIENT = "patient"
    EPOCH = "epoch"


_ACTS: Final = {
    Kind.RECORD: AdminAct.RECORD_SHREDDED,
    Kind.PATIENT: AdminAct.PATIENT_SHREDDED,
    Kind.EPOCH: AdminAct.EPOCH_SHREDDED,
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be shredded, and how much it is."""

    id: str
    kind: Kind
    target: str
    """An exchange, an epoch, or `PATIENT`."""
    row: int = field(repr=False)
    """Number of the exchange, the subject or the epoch in the database of keys."""
    exchanges: int
    texts: int

    def record(self, actor: str, now: int) -> Admin:
        """Return what the log has to hold before the order is carried out."""
        return Admin(
            exchange=self.id, time=now, actor=actor, act=_ACTS[self.kind], target=self.target
        )


class Shredder:
    """Shreds in the vault of a node, beside a gateway that goes on keeping. Everything blocks."""

    def __init__(self, place: VaultPlace, holds: Holds, *, vfs: str | None = None) -> None:
        self._place = place
        self._vfs = vfs
        self._holds = holds

    def of_record(self, order: str, exchange: str) -> Order:
        """Write down an order for what is kept of one exchange.

        Raises `ExchangeError`, as do the two below: there is nothing to shred, it is held, or the
        vault cannot be used now. Then nothing was written down.
        """
        with self._ordering() as keys:
            number = keystore.number_of(keys, exchange)
            parts = [] if number is None else _parts_of(keys, [number])
            if number is None or not parts:
                raise _nothing(
                    Code.PAYLOAD_NOT_KEPT, "No text of this exchange is kept, or there is no such"
                )
            if not _living(keys, parts):
                raise _nothing(Code.PAYLOAD_SHREDDED, "The texts of this exchange are shredded")
            self._check_held(keys, Kind.RECORD, number)
            return _write(keys, Order(order, Kind.RECORD, exchange, number, 1, len(parts)))

    def of_patient(self, order: str, fingerprint: bytes) -> Order:
        """Write down an order for all that is kept about a patient, and for the index of it."""
        with self._ordering() as keys:
            subject = keystore.subject_of(keys, fingerprint)
            numbers = [] if subject is None else _numbers_of(keys, subject)
            if subject is None or not numbers:
                raise _nothing(Code.NOT_FOUND, "Nothing is known of a patient with this number")
            self._check_held(keys, Kind.PATIENT, subject)
            texts = len(_living(keys, _parts_of(keys, numbers)))
            return _write(keys, Order(order, Kind.PATIENT, PATIENT, subject, len(numbers), texts))

    def of_epoch(self, order: str, epoch: str) -> Order:
        """Write down an order for all texts that were kept in an epoch."""
        try:
            epoch_span(epoch)
        except ValueError as error:
            raise ExchangeError(Code.INVALID_REQUEST, f"{error}.") from None
        with self._ordering() as keys:
            row = keystore.epoch_row(keys, epoch)
            if row is None:
                raise _nothing(Code.NOT_FOUND, "No text of this epoch is kept")
            self._check_held(keys, Kind.EPOCH, row[0])
            parts = _living(keys, keystore.parts_of_epoch(keys, row[0]))
            exchanges = len({part // 2 for part in parts})
            return _write(keys, Order(order, Kind.EPOCH, epoch, row[0], exchanges, len(parts)))

    def confirm(self, order: Order) -> None:
        """Raise `ExchangeError` if what was ordered is held by now; then the order is dropped."""
        try:
            with self._ordering() as keys:
                self._check_held(keys, order.kind, order.row)
        except ExchangeError:
            self.drop(order)
            raise

    def drop(self, order: Order) -> None:
        """Strike out an order that was not recorded: somebody thought better of it."""
        with self._databases() as (keys, _), store.transaction(keys):
            keys.execute("DELETE FROM shreddings WHERE id = ?", (order.id,))

    def carry_out(self, order: Order) -> None:
        """Shred what a recorded order says. Raises `ExchangeError`; then it can be done again."""
        with self._databases() as (keys, seals):
            carry_out(keys, seals, self._place, order.id, order.kind, order.row)

    def complete(self) -> int:
        """Carry out orders that a crash interrupted; return how many. Raises `ExchangeError`."""
        with self._databases() as (keys, seals):
            return complete(keys, seals, self._place)

    def _check_held(self, keys: apsw.Connection, kind: Kind, row: int) -> None:
        if any(self._holds.held(name) for name in _names_of(keys, kind, row)):
            raise ExchangeError(
                Code.PAYLOAD_HELD,
                "A legal hold is on what was to be shredded, or on a part of it. "
                "`intramural audit holds` shows it; nothing was shredded.",
            )

    @contextmanager
    def _ordering(self) -> Iterator[apsw.Connection]:
        with self._databases() as (keys, _):
            # Before the transaction: it looks through the log, and the gateway goes on keeping.
            with read_ledger(self._place.ledger) as ledger:
                check_none_lost(ledger.connection, self._holds)
            with store.transaction(keys):
                yield keys

    @contextmanager
    def _databases(self) -> Iterator[tuple[apsw.Connection, apsw.Connection]]:
        if not self._place.keys.exists():
            raise _nothing(Code.NOT_FOUND, "Nothing was ever kept here")
        try:
            keys = keystore.connect(self._place.keys, vfs=self._vfs)
            try:
                seals = sealstore.connect(self._place.seals, vfs=self._vfs)
                try:
                    yield keys, seals
                finally:
                    seals.close()
            finally:
                keys.close()
        except (apsw.Error, LedgerError, OSError) as error:
            why = str(error) if isinstance(error, LedgerError) else type(error).__name__
            raise ExchangeError(
                Code.AUDIT_UNAVAILABLE,
                f"The vault cannot be used now ({why}). Look at the space on its file system, and "
                "run `intramural audit shred --complete`.",
            ) from None


def complete(keys: apsw.Connection, seals: apsw.Connection, place: VaultPlace) -> int:
    """Carry out orders that were recorded and not finished; drop those that were not recorded."""
    rows = [
        (str(order), Kind(str(kind)), row)
        for order, kind, row in keys.execute("SELECT id, kind, target FROM shreddings")
        if isinstance(row, int)
    ]
    done = 0
    for order, kind, row in rows:
        if _is_recorded(place, order):
            carry_out(keys, seals, place, order, kind, row, resumed=True)
            done += 1
        else:
            keys.execute("DELETE FROM shreddings WHERE id = ?", (order,))
    return done


def carry_out(  # noqa: PLR0913, PLR0917 - where, and what
    keys: apsw.Connection,
    seals: apsw.Connection,
    place: VaultPlace,
    order: str,
    kind: Kind,
    row: int,
    *,
    resumed: bool = False,
) -> None:
    """Shred, in an order in which a crash at any place leaves what finds the rest.

    What was `resumed` may have erased already what it would look for: the file is written anew.
    """
    with store.transaction(keys):
        # The keys first: with this commit nobody can open anything of it any more.
        parts = _shred_keys(keys, kind, row)
    erasing.remove_seals(seals, parts)
    erased: list[bytes] = []
    if kind is Kind.PATIENT:
        with store.transaction(keys):
            erased = erasing.forget(keys, _numbers_of(keys, row), spared=row)
    erasing.truncate(keys, seals)
    if kind is Kind.PATIENT:
        # The patient's own fingerprint goes last: until then it finds what is left to do.
        whose = erasing.fingerprints(keys, [row])
        for each in whose:
            if any(each):
                place.forget(each)
        erased += whose
        with store.transaction(keys):
            erasing.erase_subject(keys, row)
        erasing.truncate(keys)
        erasing.clear_copies(keys, place.keys, None if resumed else erased)
    with store.transaction(keys):
        keys.execute("DELETE FROM shreddings WHERE id = ?", (order,))


def _shred_keys(keys: apsw.Connection, kind: Kind, row: int) -> list[int]:
    """Erase the keys, and return the parts that nobody can open any more."""
    match kind:
        case Kind.RECORD:
            parts = _parts_of(keys, [row])
        case Kind.PATIENT:
            parts = _parts_of(keys, _numbers_of(keys, row))
            erasing.erase_keys_of(keys, row)
        case Kind.EPOCH:
            parts = keystore.parts_of_epoch(keys, row)
            erasing.erase_epoch(keys, row)
    erasing.erase_parts(keys, parts)
    return parts


def _write(keys: apsw.Connection, order: Order) -> Order:
    keys.execute("INSERT INTO shreddings VALUES (?, ?, ?)", (order.id, order.kind.value, order.row))
    return order


def _is_recorded(place: VaultPlace, order: str) -> bool:
    with read_ledger(place.ledger) as ledger:
        return bool(ledger.exchange(order))


def _numbers_of(keys: apsw.Connection, subject: int) -> list[int]:
    rows = keys.execute("SELECT number FROM about WHERE subject = ?", (subject,))
    return [number for (number,) in rows]


def _names_of(keys: apsw.Connection, kind: Kind, row: int) -> set[str]:
    """Return the exchanges and the epochs, by name, of what is to be shredded.

    An exchange that began in one epoch may be kept in the next: a hold on either holds it.
    """
    match kind:
        case Kind.RECORD:
            numbers = {row}
        case Kind.PATIENT:
            numbers = set(_numbers_of(keys, row))
        case Kind.EPOCH:
            numbers = {part // 2 for part in keystore.parts_of_epoch(keys, row)}
    names = {_name_of(keys, number) for number in numbers}
    if kind is Kind.EPOCH:
        epoch = keystore.epoch_name(keys, row)
        return {epoch, *(name for name in names if epoch_of_id(name) != epoch)}
    parts = (keystore.part_row(keys, part) for part in _parts_of(keys, sorted(numbers)))
    epochs = {part[0] for part in parts if part is not None}
    return names | {keystore.epoch_name(keys, epoch) for epoch in epochs}


def _name_of(keys: apsw.Connection, number: int) -> str:
    stored: bytes = keys.execute("SELECT exchange FROM exchanges WHERE number = ?", (number,)).get
    return keystore.exchange_name(stored)


def _parts_of(keys: apsw.Connection, numbers: Sequence[int]) -> list[int]:
    every = [keystore.part_id(number, part) for number in numbers for part in Part]
    return [part for part in every if keystore.part_row(keys, part) is not None]


def _living(keys: apsw.Connection, parts: Sequence[int]) -> list[int]:
    rows = ((part, keystore.part_row(keys, part)) for part in parts)
    return [part for part, row in rows if row is not None and row[2] != ERASED]


def _nothing(code: Code, what: str) -> ExchangeError:
    return ExchangeError(code, f"{what}: there is nothing to shred.")
