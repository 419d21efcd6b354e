"""Where this node's audit is: its log, the index that follows it, what auditors wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from gateway.ledger.desk import INDEX_FILE, NOTES_FILE, Desk
from gateway.ledger.follower import Follower
from gateway.ledger.keys import first_of
from gateway.ledger.notes import Notes
from gateway.ledger.publickeys import vkey_beside
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


def follower_of(settings: Settings) -> Follower:
    """Return what keeps the search index up with the log, while the gateway runs."""

    def search(db: apsw.Connection) -> Gatherer:
        origin = first_of(vkey_beside(settings.ledger)).name
        return Gatherer(db, SearchIndex.open(settings.state / INDEX_FILE, origin))

    return Follower(settings.ledger, [search])
