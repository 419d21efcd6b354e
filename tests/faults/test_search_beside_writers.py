"""Twenty writers, a follower and an auditor who reads everything, all at once: nothing fails."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import apsw

from gateway.clock import SystemClock
from gateway.domain.alerting import Rule
from gateway.domain.questions import ask
from gateway.domain.records import Alert, Kind
from gateway.ledger import Place, Query, SqliteLedger, read_ledger
from gateway.ledger.alerts import Watcher, Watching
from gateway.ledger.desk import Desk
from gateway.ledger.follower import Follower
from gateway.ledger.notes import Notes
from gateway.ledger.pace import Breathe
from gateway.ledger.search.gathering import Gatherer
from gateway.ledger.search.index import SearchIndex, read_index
from gateway.ledger.search.postings import BLOCK
from tests.fakes.ledger import intent, outcome, refusal

WRITERS = 20
EXCHANGES = 80
EVERYTHING = ask([], 0)
INTENTS = ask(["kind=intent"], 0)


async def write(ledger: SqliteLedger, name: int) -> None:
    for number in range(EXCHANGES):
        exchange = f"w{name:02d}-{number:04d}"
        if number % 40 == 7:
            await ledger.append(refusal(exchange))
        else:
            await ledger.append(intent(exchange))
            await ledger.append(outcome(exchange))


async def audit(desk: Desk, writing: asyncio.Task[object]) -> int:
    """Read all that there is, again and again, while others write; return how often."""
    rounds = 0
    while not writing.done() or rounds < 2:
        size: int | None = None
        seen: list[int] = []
        before: int | None = None
        while True:
            page = await asyncio.to_thread(desk.page, EVERYTHING, 500, before)
            size = page.size if size is None else size
            seen += [json.loads(record)["index"] for record in page.records]
            if (before := page.next) is None:
                break
        assert seen == list(range(size - 1, -1, -1))
        intents = await asyncio.to_thread(desk.page, INTENTS, 500, None)
        assert {json.loads(record)["kind"] for record in intents.records} <= {"intent"}
        rounds += 1
    return rounds


async def test_twenty_writers_and_an_auditor_who_reads_everything_at_once(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    path = tmp_path / "search.db"
    rules = (Rule("refused", "", ask(["kind=refusal"], 0)),)

    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:

        def search(db: apsw.Connection, _: Breathe) -> Gatherer:
            return Gatherer(db, SearchIndex.open(path, "intramural/ward-1"))

        def alerts(db: apsw.Connection, breathe: Breathe) -> Watcher:
            asked = Watching(tmp_path / "alerts.db", "o", rules, "d", ledger, SystemClock())
            return Watcher(db, asked, breathe)

        follower = Follower(place.directory, [alerts, search])
        desk = Desk(place.directory, path, Notes(tmp_path / "notes.db", tmp_path / "notes.key"))
        async with follower.following():
            writing = asyncio.ensure_future(
                asyncio.gather(*(write(ledger, name) for name in range(WRITERS)))
            )
            rounds = await asyncio.gather(audit(desk, writing), audit(desk, writing))
            await writing
            async with asyncio.timeout(30):
                while not is_followed(place, path):  # noqa: ASYNC110 - another thread works
                    await asyncio.sleep(0.05)
    assert min(rounds) >= 2
    with read_ledger(place.directory) as reader:
        found = [each.record for each in reader.search(Query(limit=None))]
    raised = Counter(each.record for each in found if isinstance(each, Alert))
    assert len(raised) == WRITERS * EXCHANGES // 40
    assert set(raised.values()) == {1}


def is_followed(place: Place, path: Path) -> bool:
    with (
        read_ledger(place.directory) as reader,
        read_index(path, reader.vkey.name) as index,
    ):
        alerts = reader.connection.execute(
            "SELECT count(*) FROM facts WHERE kind = ?", (Kind.ALERT.value,)
        ).get
        blocks = 0 if index is None else index.blocks
        return alerts == WRITERS * EXCHANGES // 40 and blocks == reader.checkpoint.size // BLOCK
