"""Quarters of the log: copied to a file when they are over, dropped when their time is.

Dropping goes in an order that can stop anywhere and be begun again: a record says that all before
an index are to go; rows go, some thousand at a time; bundles go; copies go. Hashes, checkpoints
and that record stay for ever. Nothing goes that is not over, published, witnessed where there are
witnesses, delivered where there are feeds, and free of holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from gateway.domain.epochs import epoch_span
from gateway.domain.ports import Holds
from gateway.domain.records import AdminAct
from gateway.domain.tiles import WIDTH, TileName
from gateway.files import make_directory, sync_directory
from gateway.ledger import store
from gateway.ledger.dropped import first_record, said_to_be_dropped
from gateway.ledger.errors import LedgerError
from gateway.ledger.exports.files import write_lines
from gateway.ledger.exports.proofs import lines_of, verify_lines
from gateway.ledger.holds import HoldError, LegalHolds, check_none_lost
from gateway.ledger.publickeys import vkey_beside
from gateway.ledger.quarters import LAST, end_of, epoch_of_id, following, quarter_of
from gateway.ledger.query import read_ledger
from gateway.ledger.recovery import CHECKPOINT_FILE, WITNESSED_FILE, read_checkpoint_file

SHARDS: Final = "shards"
_STEP: Final = 4096
"""Rows that go in one transaction, while a gateway may be waiting to write."""
_READ_ONLY: Final = 0o400

Record = Callable[[AdminAct, str], None]
"""Makes an administrative act durable."""


class RetentionError(LedgerError):
    """What was asked for may not be done now; the message says why."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """Records of one quarter: from `start` up to but not including `end`."""

    name: str
    start: int
    end: int
    over: bool
    held: bool
    copied: bool
    """Whether its copy is there."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is, and what may go."""

    first: int
    """The first record that is there."""
    size: int
    quarters: tuple[Quarter, ...]
    may_go: tuple[str, ...]
    """Quarters whose time is over, the oldest first, up to the first that has to stay."""
    because: str | None
    """Why the next one has to stay, though its time is over."""
    cuts: tuple[int, ...]
    """Indices up to which records may go: whole bundles, and no exchange torn apart."""

    @property
    def boundary(self) -> int:
        """The index before which all may go; that of the first record if nothing may."""
        return self.cuts[-1]


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides: how many quarters records are kept, how far feeds are, who has to cosign."""

    quarters: int
    delivered: int | None = None
    """Records that every feed has delivered; `None`: there are no feeds."""
    witnessed: bool = False
    """Whether the settings name witnesses, so that only what they cosigned may go."""


class Retention:
    """The quarters of one log. Works beside a running gateway."""

    def __init__(self, directory: Path, holds: Holds, terms: Terms, now: int) -> None:
        self._directory = directory
        self._holds = holds
        self._terms = terms
        self._now = now

    def standing(self) -> Standing:
        """Return what there is. Raises `LedgerError`."""
        with read_ledger(self._directory) as reader:
            db, size = reader.connection, reader.checkpoint.size
            first = first_record(db)
            _check_holds(db, self._holds)
            quarters = self._quarters(db, first, size)
            may_go, because = self._may_go(quarters)
            cuts = _clean_cuts(db, may_go[-1].end) if may_go else ()
        names = tuple(each.name for each in may_go)
        return Standing(first, size, quarters, names, because, (first, *cuts))

    def seal(self, name: str, record: Record) -> Path:
        """Copy a quarter that is over into a file of its own, with the proof of each record.

        The copy is 0400 and verified before it has its name; `intramural audit verify-export` does
        it again, anywhere. Raises `LedgerError`.
        """
        quarter = self._named(name)
        if not quarter.over:
            raise RetentionError(f"{name} is not over yet: what is open is not sealed off")
        path = self._copy_of(name)
        if path.exists():
            raise RetentionError(f"{path} is there already, and a copy is never written twice")
        make_directory(path.parent)
        draft = path.with_name(f".{path.name}")
        keys = vkey_beside(self._directory)
        try:
            with read_ledger(self._directory, keys) as reader:
                write_lines(draft, lines_of(reader, reader.span(quarter.start, quarter.end)))
            with draft.open("rb") as lines:
                verify_lines(lines, keys)
            record(AdminAct.QUARTER_SEALED, f"{name}:{quarter.start}-{quarter.end}")
            draft.chmod(_READ_ONLY)
            draft.rename(path)
            sync_directory(path.parent)
        except OSError as error:
            raise RetentionError(f"{path} cannot be written: {error.strerror}") from None
        finally:
            draft.unlink(missing_ok=True)
        return path

    def drop(self, record: Record, progress: Callable[[int], None] = lambda _: None) -> Standing:
        """Drop all that may go, and what an earlier call left; return what was there before it.

        Raises `LedgerError`; then call it again.
        """
        before = self.standing()
        db = store.connect(self._directory / store.DATABASE)
        try:
            if before.boundary > max(before.first, said_to_be_dropped(db)):
                record(AdminAct.RECORDS_DROPPED, f"{before.may_go[-1]}:{before.boundary}")
            self._drop_rows(db, before.cuts, progress)
            first = first_record(db)
        except apsw.Error as error:
            raise RetentionError(
                f"rows cannot be removed now ({type(error).__name__}): call it again"
            ) from None
        finally:
            db.close()
        self._drop_bundles(first)
        for name in before.may_go:
            self._copy_of(name).unlink(missing_ok=True)
        return before

    # -- what may go

    def _quarters(self, db: apsw.Connection, first: int, size: int) -> tuple[Quarter, ...]:
        found: list[Quarter] = []
        start = first
        while start < size:
            time = db.execute("SELECT time FROM facts WHERE idx = ?", (start,)).get
            name = quarter_of(time) if isinstance(time, int) else LAST
            # Clocks jump. A quarter ends at the first record that is later than it, so that what
            # is dropped with it is never younger.
            after = db.execute("SELECT min(idx) FROM facts WHERE time >= ?", (end_of(name),)).get
            end = after if isinstance(after, int) and after > start else size
            over, copied = end_of(name) <= self._now, self._copy_of(name).exists()
            found.append(Quarter(name, start, end, over, self._holds.held(name), copied))
            start = end
        return tuple(found)

    def _may_go(self, quarters: tuple[Quarter, ...]) -> tuple[tuple[Quarter, ...], str | None]:
        """Return the quarters whose time is over, up to the first that stays, and why it does."""
        found: list[Quarter] = []
        proved = self._proved()
        for quarter in quarters:
            if not self._time_is_over(quarter.name):
                return tuple(found), None
            if self._held_before(quarter.name):
                return tuple(found), f"{quarter.name} is held: `intramural audit holds` says why"
            if quarter.end > proved:
                return tuple(found), f"{quarter.name} is not published, or not witnessed, yet"
            delivered = self._terms.delivered
            if delivered is not None and quarter.end > delivered:
                return tuple(found), f"{quarter.name} has not arrived at every feed's target"
            found.append(quarter)
        return tuple(found), None

    def _time_is_over(self, name: str) -> bool:
        for _ in range(self._terms.quarters):
            if end_of(name) > self._now:
                return False
            name = following(name)
        return end_of(name) <= self._now

    def _held_before(self, name: str) -> bool:
        """Say whether anything of this quarter, or of an earlier one, is held."""
        if self._holds.held(name):
            return True
        if not isinstance(self._holds, LegalHolds):
            return False
        end = end_of(name)
        for hold in self._holds.all_holds():
            quarter = epoch_of_id(hold.what) or hold.what
            if hold.lifted is None and epoch_span(quarter)[0] < end:
                return True
        return False

    def _proved(self) -> int:
        """Return how many records a checkpoint outside of the database covers."""
        keys = vkey_beside(self._directory)
        published = read_checkpoint_file(self._directory, keys, CHECKPOINT_FILE)
        witnessed = read_checkpoint_file(self._directory, keys, WITNESSED_FILE)
        size = 0 if published is None else published.size
        if self._terms.witnessed or witnessed is not None:
            size = min(size, 0 if witnessed is None else witnessed.size)
        return size

    # -- how it goes

    def _named(self, name: str) -> Quarter:
        for quarter in self.standing().quarters:
            if quarter.name == name:
                return quarter
        raise RetentionError(f"there are no records of {name}")

    def _copy_of(self, name: str) -> Path:
        return self._directory / SHARDS / f"{name}.ndjson"

    @staticmethod
    def _drop_rows(
        db: apsw.Connection, cuts: tuple[int, ...], progress: Callable[[int], None]
    ) -> None:
        """Remove rows in steps, each of which ends where the log verifies."""
        db.pragma("secure_delete", 1)
        at = cuts[0]
        for cut in cuts[1:]:
            if cut - at < _STEP and cut != cuts[-1]:
                continue
            with store.transaction(db):
                db.execute("DELETE FROM entries WHERE idx < ?", (cut,))
                db.execute("DELETE FROM facts WHERE idx < ?", (cut,))
            at = cut
            progress(at)

    def _drop_bundles(self, first: int) -> None:
        for index in range(first // WIDTH):
            bundle = self._directory / TileName(None, index).path
            try:
                bundle.unlink(missing_ok=True)
            except OSError as error:
                raise RetentionError(f"{bundle} cannot be removed: {error.strerror}") from None


def _check_holds(db: apsw.Connection, holds: Holds) -> None:
    """Raise `RetentionError` if the log tells of a hold that the table has lost."""
    try:
        check_none_lost(db, holds)
    except HoldError as error:
        raise RetentionError(error.message) from None


def _clean_cuts(db: apsw.Connection, end: int) -> tuple[int, ...]:
    """Return the whole bundles up to `end` at which no exchange was under way.

    An outcome whose intent is gone would look like one that never had any.
    """
    under_way: set[str] = set()
    cuts: list[int] = []
    rows = db.execute("SELECT idx, kind, exchange FROM facts WHERE idx < ? ORDER BY idx", (end,))
    at = 0
    for index, kind, exchange in rows:
        at = int(str(index))
        if at % WIDTH == 0 and not under_way:
            cuts.append(at)
        if kind == "intent":
            under_way.add(str(exchange))
        elif kind == "outcome":
            under_way.discard(str(exchange))
    if end % WIDTH == 0 and at == end - 1 and not under_way:
        cuts.append(end)
    return tuple(cuts[1:])  # The first is where the log begins.
