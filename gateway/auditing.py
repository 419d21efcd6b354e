"""Where this node's audit is: its log, the index that follows it, what auditors wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from gateway import alertrules
from gateway.clock import SystemClock
from gateway.domain.alerting import NOBODY
from gateway.domain.ports import Clock
from gateway.domain.records import Admin, AdminAct
from gateway.installation import feeds_of
from gateway.ledger.alerts import ALERTS_FILE, Appends, Watcher, Watching
from gateway.ledger.desk import INDEX_FILE, NOTES_FILE, Desk
from gateway.ledger.exports.feeding import arrived_everywhere
from gateway.ledger.follower import Follower
from gateway.ledger.holds import LegalHolds
from gateway.ledger.keys import first_of
from gateway.ledger.notes import Notes
from gateway.ledger.pace import Breathe
from gateway.ledger.publickeys import vkey_beside
from gateway.ledger.retention import Retention, Terms
from gateway.ledger.sealing.reading import VaultPlace, exchanges_about
from gateway.ledger.search.gathering import Gatherer
from gateway.ledger.search.index import SearchIndex
from gateway.ledger.search.search import Subjects
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class KeptSubjects:
    """`Subjects` beside a gateway that goes on keeping them."""

    place: VaultPlace

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        """Return exchanges as `Subjects.find`."""
        return exchanges_about(self.place, fingerprint, before, limit)


def desk_of(settings: Settings, subjects: Subjects | None = None) -> Desk:
    """Return the desk over this node's log. Nothing is opened before somebody asks."""
    return Desk(
        log=settings.ledger,
        index=settings.state / INDEX_FILE,
        notes=Notes(settings.state / NOTES_FILE, settings.keys / "notes.key"),
        subjects=subjects,
    )


def follower_of(settings: Settings, ledger: Appends, clock: Clock) -> Follower:
    """Return what keeps the search index up with the log and raises alerts, while it runs.

    Writes the shipped rules where there are none. Raises `PolicyError` or `OSError` if the rules
    cannot be read.
    """
    alertrules.install(settings.data)
    rules, digest = alertrules.load(settings.data)

    def search(db: apsw.Connection, _: Breathe) -> Gatherer:
        origin = first_of(vkey_beside(settings.ledger)).name
        return Gatherer(db, SearchIndex.open(settings.state / INDEX_FILE, origin))

    def changed(digest: str) -> None:
        ledger.append_blocking(
            Admin(
                exchange=clock.new_id(),
                time=clock.now_ms(),
                actor=NOBODY,
                act=AdminAct.ALERTS_CHANGED,
                target=digest,
            )
        )

    def alerts(db: apsw.Connection, breathe: Breathe) -> Watcher:
        path, origin = settings.state / ALERTS_FILE, first_of(vkey_beside(settings.ledger)).name
        return Watcher(db, Watching(path, origin, rules, digest, ledger, clock, changed), breathe)

    return Follower(settings.ledger, [alerts, search])


def retention_of(settings: Settings) -> Retention:
    """Return the quarters of this node's log, and the terms on which they may go."""
    terms = Terms(
        quarters=settings.retention.quarters,
        delivered=arrived_everywhere(settings.export, feeds_of(settings)),
        witnessed=bool(settings.witness.peers),
    )
    now = SystemClock().now_ms()
    return Retention(settings.ledger, LegalHolds(settings.state), terms, now)
