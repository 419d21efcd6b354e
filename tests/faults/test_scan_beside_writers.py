"""An auditor reads the whole log while twenty write to it: neither fails, and neither waits."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from gateway.ledger import Place, Query, SqliteLedger, read_ledger, verify
from tests.fakes.ledger import intent, outcome

WRITERS = 20
EXCHANGES = 40


async def test_a_full_scan_and_twenty_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    written = asyncio.Event()
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:

        async def write(which: int) -> None:
            for n in range(EXCHANGES):
                await ledger.append(intent(f"{which}-{n}"))
                await ledger.append(outcome(f"{which}-{n}"))

        def scan() -> tuple[int, int, int]:
            """Return the sizes that a verification, a walk and a search of the whole log saw."""
            verified = verify(place.directory, ledger.vkey).size
            with read_ledger(place.directory) as reader:
                # A scan sees one state of the log, however long it takes.
                walked = sum(1 for _ in reader.walk())
                found = sum(1 for _ in reader.search(Query(limit=None)))
                assert walked == found == reader.checkpoint.size
            return verified, walked, found

        async def audit() -> list[tuple[int, int, int]]:
            seen = [await asyncio.to_thread(scan)]
            while not written.is_set():
                seen.append(await asyncio.to_thread(scan))
            return seen

        auditing = asyncio.create_task(audit())
        await asyncio.gather(*(write(which) for which in range(WRITERS)))
        written.set()
        seen = await auditing
        seen.append(await asyncio.to_thread(scan))
    assert all(before <= after for before, after in pairwise(each[0] for each in seen))
    assert set(seen[-1]) == {2 * WRITERS * EXCHANGES}
