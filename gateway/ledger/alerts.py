"""Watching the log by the site's rules, and writing an alert for each record that sets one off.

DERIVED but for one thing: `state/alerts.db` says up to which record the log was watched. An alert
is written to the log before that is moved on, and the log is asked for it when a watch begins
again, so a crash in between neither loses an alert nor doubles it. It holds no patient.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol, cast

import apsw

from gateway import logs
from gateway.domain.alerting import NOBODY, LogClock, Raised, Rule, Seen, Watch
from gateway.domain.ports import Clock, Receipt
from gateway.domain.records import Alert, Record
from gateway.files import make_directory
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.leaves import AlertLeaf, IntentLeaf, Leaf, OutcomeLeaf, read_leaf, read_leaves
from gateway.ledger.pace import Breathe, no_rest
from gateway.ledger.search.gathering import Terms

ALERTS_FILE: Final = "alerts.db"
STEP: Final = 1024
"""Records that are watched at a time."""
_TOGETHER: Final = 128
"""Records between two moments at which the writer may have its turn."""
_APPLICATION_ID: Final = 0x494D414C
_VERSION: Final = 1
_SCHEMA: Final = f"""
CREATE TABLE watched (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  origin TEXT NOT NULL,
  position INTEGER NOT NULL,
  rules TEXT NOT NULL
) STRICT;
CREATE TABLE mark (
  position INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  clock_offset INTEGER NOT NULL,
  clock_highest INTEGER NOT NULL
) STRICT;
CREATE TABLE fired (
  rule TEXT NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (rule, actor)
) STRICT, WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
"""


class Appends(Protocol):
    """Writes a record and waits until it is durable."""

    def append_blocking(self, record: Record) -> Receipt:
        """Raise `LedgerUnavailable` if it is not."""
        ...


@dataclass(frozen=True, slots=True)
class Watching:
    """What a watcher needs: where it keeps its place, and what it watches by."""

    path: Path
    origin: str
    rules: Sequence[Rule]
    rules_digest: str
    ledger: Appends
    clock: Clock
    new_rules: Callable[[str], None] = lambda _: None
    """Told once that other rules hold than before, by their digest; it may record that."""


class Watcher:
    """A `Follows` that raises alerts. `db` reads the log, outside of any transaction."""

    name = "alerts"

    def __init__(self, db: apsw.Connection, watching: Watching, breathe: Breathe = no_rest) -> None:
        self._db = db
        self._watching = watching
        self._terms = Terms(db)
        self._state = _open(watching.path)
        try:
            self._position = self._begin(breathe)
        except BaseException:
            self._state.close()
            raise

    def step(self, size: int, breathe: Breathe = no_rest) -> bool:
        """Watch up to `STEP` records; return whether there may be more.

        Raises `LedgerUnavailable` if an alert cannot be written; then it is written later.
        """
        end = min(size, self._position + STEP)
        if end <= self._position:
            return False
        raised = [
            each
            for seen in self._seen(self._position, end, breathe)
            for each in self._watch.feed(seen)
        ]
        for each in raised:
            if (each.rule, each.record) not in self._written:
                self._write(each)
        self._watch.forget()
        self._move(end, raised)
        return True

    def close(self) -> None:
        """Close the database of the position."""
        self._state.close()

    def _begin(self, breathe: Breathe) -> int:
        watching = self._watching
        head = store.read_head(self._db).size
        kept = self._state.execute("SELECT origin, position, rules FROM watched").fetchone()
        row = cast("tuple[str, int, str] | None", kept)
        if row is None or row[0] != watching.origin or row[1] > head:
            # A log that is new to these rules is watched from its next record on; one that is
            # new altogether from its first.
            position = 0 if row is None and head < STEP else head
            with store.transaction(self._state):
                for table in ("watched", "mark", "fired"):
                    self._state.execute(f"DELETE FROM {table}")  # noqa: S608 - names of this module
                self._state.execute(
                    "INSERT INTO watched VALUES (0, ?, ?, '')", (watching.origin, position)
                )
                self._state.execute("INSERT INTO mark VALUES (?, 0, 0, 0)", (position,))
            row = (watching.origin, position, "")
        position = row[1]
        if row[2] != watching.rules_digest:
            watching.new_rules(watching.rules_digest)
            self._state.execute("UPDATE watched SET rules = ?", (watching.rules_digest,))
        self._written = self._alerts_since(position)
        self._rewatch(position, breathe)
        return position

    def _alerts_since(self, position: int) -> set[tuple[str, int]]:
        rows = self._db.execute(
            "SELECT leaf FROM facts JOIN entries USING (idx) WHERE idx >= ? AND kind = 'alert'",
            (position,),
        )
        leaves = (read_leaf(raw) for (raw,) in rows)
        return {(leaf.rule, leaf.record) for leaf in leaves if isinstance(leaf, AlertLeaf)}

    def _rewatch(self, position: int, breathe: Breathe) -> None:
        """Fill the windows again with what was watched already, and raise nothing."""
        reach = max((rule.reach for rule in self._watching.rules), default=0)
        marks = self._marks()
        # The last mark that is older than anything that can matter, or the first there is.
        late = [mark for mark in marks if mark[1] < marks[-1][1] - reach]
        begin, _, offset, highest = (late[-1:] or marks)[0]
        clock = LogClock(offset, highest)
        self._watch = Watch(self._watching.rules, local_time, clock)
        for seen in self._seen(begin, position, breathe):
            self._watch.feed(seen)
        rows = self._state.execute("SELECT rule, actor, at FROM fired").fetchall()
        fired = cast("list[tuple[str, str, int]]", rows)
        self._watch.replace_fired(Raised(rule, 0, actor, 0, at) for rule, actor, at in fired)

    def _seen(self, start: int, end: int, breathe: Breathe) -> Iterator[Seen]:
        for first in range(start, end, _TOGETHER):
            raws = store.read_span(self._db, first, min(end, first + _TOGETHER))
            for index, leaf in enumerate(read_leaves(raws), first):
                yield self._one(index, leaf)
            breathe()

    def _one(self, index: int, leaf: Leaf) -> Seen:
        terms = frozenset(self._terms.of(leaf))
        actor = getattr(leaf, "actor", None)
        if actor is None and isinstance(leaf, OutcomeLeaf):
            actor = next((term[6:] for term in terms if term.startswith("actor=")), None)
        patients = leaf.patients if isinstance(leaf, IntentLeaf) else 0
        return Seen(index, leaf.time, actor or NOBODY, terms, patients or 0)

    def _write(self, raised: Raised) -> None:
        watching = self._watching
        watching.ledger.append_blocking(
            Alert(
                exchange=watching.clock.new_id(),
                time=watching.clock.now_ms(),
                rule=raised.rule,
                record=raised.record,
                actor=raised.actor,
                count=raised.count,
            )
        )
        self._written.add((raised.rule, raised.record))
        logs.alarm("alert_raised", rule=raised.rule, actor=raised.actor, count=raised.count)

    def _move(self, position: int, raised: Sequence[Raised]) -> None:
        clock = self._watch.clock
        now = clock.offset + clock.highest
        with store.transaction(self._state):
            self._state.execute("UPDATE watched SET position = ?", (position,))
            self._state.executemany(
                "INSERT INTO fired VALUES (?, ?, ?) "
                "ON CONFLICT (rule, actor) DO UPDATE SET at = excluded.at",
                [(each.rule, each.actor, each.at) for each in raised],
            )
            self._state.execute(
                "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?)",
                (position, now, clock.offset, clock.highest),
            )
            self._thin(now)
        self._position = position
        self._written = {each for each in self._written if each[1] >= position}

    def _marks(self) -> list[tuple[int, int, int, int]]:
        rows = self._state.execute("SELECT * FROM mark ORDER BY position").fetchall()
        return cast("list[tuple[int, int, int, int]]", rows)

    def _thin(self, now: int) -> None:
        """Keep one mark from before all that matters, and few of those after it."""
        reach = max((rule.reach for rule in self._watching.rules), default=0)
        self._state.execute(
            "DELETE FROM mark WHERE position < (SELECT max(position) FROM mark WHERE at < ?)",
            (now - reach,),
        )
        self._state.execute("DELETE FROM fired WHERE at < ?", (now - reach,))
        marks = [mark[:2] for mark in self._marks()]
        gap = reach // 32
        near = [
            (middle[0],)
            for (before, middle), (_, after) in pairwise(pairwise(marks))
            if after[1] - before[1] < gap
        ]
        self._state.executemany("DELETE FROM mark WHERE position = ?", near[::2])


def local_time(milliseconds: int) -> tuple[int, int]:
    """Return the minute of the day and the day of the week, as this host's clock on the wall."""
    moment = time.localtime(milliseconds / 1000)
    return 60 * moment.tm_hour + moment.tm_min, moment.tm_wday


def _open(path: Path) -> apsw.Connection:
    try:
        make_directory(path.parent)
        if not path.exists():
            path.touch(mode=0o600)
        db = apsw.Connection(str(path))
    except (apsw.Error, OSError) as error:
        raise _unusable(path, error) from None
    try:
        db.set_busy_timeout(store.BUSY_MS)
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "full")
        with store.transaction(db):
            if (version := db.pragma("user_version")) == 0:
                db.execute(_SCHEMA)
    except apsw.Error as error:
        db.close()
        raise _unusable(path, error) from None
    if version not in {0, _VERSION}:
        db.close()
        raise LedgerError(f"{path} is of a later version: use the release that wrote it")
    return db


def _unusable(path: Path, error: Exception) -> LedgerError:
    return LedgerError(
        f"{path} cannot be used ({type(error).__name__}): look at its owner and its disk"
    )
