"""Legal holds: what may be neither dropped nor shredded, whatever its time is.

DURABLE FORMAT, `user_version` 1, in `state/holds.db`. A hold says why in the words of who placed
it; the log has only a salted digest of them, because they may name a patient. A hold that is lifted
stays in the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Final

import apsw

from gateway import statefile
from gateway.domain.epochs import epoch_span
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.ports import Holds
from gateway.domain.records import AdminAct
from gateway.ledger.quarters import epoch_of_id

DATABASE: Final = "holds.db"
MAX_REASON: Final = 1000
_VERSION: Final = 1
_SALT: Final = 16
_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS hold (
  id TEXT PRIMARY KEY,
  what TEXT NOT NULL,      -- an exchange, or a quarter: 2026Q4
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  salt BLOB NOT NULL,
  placed INTEGER NOT NULL, -- Unix milliseconds, as the others
  lifted INTEGER,
  lifted_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hold_by_what ON hold (what) WHERE lifted IS NULL;
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class HoldError(ExchangeError):
    """A hold cannot be placed, lifted or looked up; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold, in force or lifted."""

    id: str
    what: str
    actor: str
    reason: str = field(repr=False)
    placed: int
    salt: bytes = field(repr=False)
    lifted: int | None = None

    @property
    def digest(self) -> str:
        """What the log says of the reason."""
        return sha256(self.salt + self.reason.encode()).hexdigest()


def new_hold(hold_id: str, what: str, actor: str, reason: str, now: int) -> Hold:
    """Return a hold on an exchange or a quarter. Raises `HoldError`."""
    if epoch_of_id(what) is None:
        try:
            epoch_span(what)
        except ValueError:
            raise HoldError(
                Code.INVALID_REQUEST, "Name the id of an exchange, or a quarter such as 2026Q4."
            ) from None
    if not reason.strip() or len(reason) > MAX_REASON:
        raise HoldError(
            Code.INVALID_REQUEST, f"Say why, in 1 to {MAX_REASON} characters: who, which case."
        )
    return Hold(hold_id, what, actor, reason, now, token_bytes(_SALT))


class LegalHolds:
    """Implements `ports.Holds`. Each call opens the table anew: it is asked rarely, and by many."""

    def __init__(self, state: Path) -> None:
        self._path = state / DATABASE

    def held(self, what: str) -> bool:
        """Say whether an exchange (by itself, or with its quarter) or a quarter is held.

        A quarter is held if any exchange of its time is. Raises `HoldError` if nobody can tell.
        """
        if not self._path.exists():
            return False
        with self._open() as db:
            names = {what, epoch_of_id(what) or what}
            if any(self._is_held(db, name) for name in names):
                return True
            return epoch_of_id(what) is None and any(
                epoch_of_id(str(each)) == what
                for (each,) in db.execute("SELECT what FROM hold WHERE lifted IS NULL")
            )

    def in_force(self) -> frozenset[str]:
        """Return the ids of the holds in force. Raises `HoldError`."""
        return frozenset(hold.id for hold in self.all_holds() if hold.lifted is None)

    def all_holds(self) -> tuple[Hold, ...]:
        """Return every hold, the oldest first. Raises `HoldError`."""
        if not self._path.exists():
            return ()
        with self._open() as db:
            rows = db.execute(
                "SELECT id, what, actor, reason, placed, salt, lifted FROM hold ORDER BY placed, id"
            )
            return tuple(_hold(row) for row in rows)

    def place(self, hold: Hold) -> None:
        """Make a hold durable. Raises `HoldError`."""
        with self._open() as db:
            db.execute(
                "INSERT INTO hold (id, what, actor, reason, salt, placed) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (hold.id, hold.what, hold.actor, hold.reason, hold.salt, hold.placed),
            )

    def find(self, hold_id: str) -> Hold:
        """Return a hold that is in force. Raises `HoldError` if there is none of that id."""
        for hold in self.all_holds():
            if hold.id == hold_id and hold.lifted is None:
                return hold
        raise HoldError(
            Code.NOT_FOUND, "No hold of this id is in force: `intramural audit holds` lists them."
        )

    def lift(self, hold_id: str, actor: str, now: int) -> None:
        """End a hold, durably. Raises `HoldError`."""
        with self._open() as db:
            db.execute(
                "UPDATE hold SET lifted = ?, lifted_by = ? WHERE id = ? AND lifted IS NULL",
                (now, actor, hold_id),
            )

    @staticmethod
    def _is_held(db: apsw.Connection, what: str) -> bool:
        found = db.execute("SELECT 1 FROM hold WHERE what = ? AND lifted IS NULL", (what,))
        return found.fetchone() is not None

    @contextmanager
    def _open(self) -> Iterator[apsw.Connection]:
        try:
            db = statefile.connect(self._path, _SCHEMA, _VERSION)
            try:
                yield db
            finally:
                db.close()
        except (apsw.Error, OSError, statefile.UnknownVersion) as error:
            raise HoldError(
                Code.AUDIT_UNAVAILABLE,
                f"{self._path} cannot be used ({type(error).__name__}), so nothing is erased: "
                "check the file and the disk, or restore it from a backup.",
            ) from None


def check_none_lost(db: apsw.Connection, holds: Holds) -> None:
    """Raise `HoldError` if the log in `db` tells of a hold that is in force, and `holds` does not.

    The table may be gone, be an older one, or have been changed; what it forgot is still held.
    """
    told: dict[AdminAct, set[str]] = {}
    for act in (AdminAct.HOLD_PLACED, AdminAct.HOLD_LIFTED):
        rows = db.execute(
            "SELECT exchange FROM facts WHERE kind = 'admin' AND action = ?", (act.value,)
        )
        told[act] = {str(exchange) for (exchange,) in rows}
    placed = told[AdminAct.HOLD_PLACED] - told[AdminAct.HOLD_LIFTED]
    if lost := sorted(placed - holds.in_force()):
        raise HoldError(
            Code.AUDIT_UNAVAILABLE,
            f"The log tells of the hold {lost[0]}, and state/holds.db does not have it in force: "
            "restore that file from its backup before anything is dropped or shredded.",
        )


def _hold(row: tuple[apsw.SQLiteValue, ...]) -> Hold:
    match row:
        case (str(name), str(what), str(actor), str(reason), int(placed), bytes(salt), lifted):
            ended = lifted if isinstance(lifted, int) else None
            return Hold(name, what, actor, reason, placed, salt, ended)
        case _:
            raise OSError("a row of another form")
