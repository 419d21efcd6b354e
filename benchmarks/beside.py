"""What the ledger's writers feel of who reads in the same process. JSON.

    .venv/bin/python -m benchmarks.beside [--records 20000] [--rounds 3] [--switch 5] [--dir DIR]

20 producers without a pause, alone and beside one reader: an auditor's whole answer (`desk`), a
search index that is made anew (`index`), a feed of AuditEvents to a target
that takes everything (`feed`), an export of them (`export`), counts that are made anew (`usage`).
In turns; medians of the rounds.
`--switch` is Python's switch interval in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import apsw

from benchmarks.ledger import Read, appends, desk, while_read
from gateway.ledger import Place, SqliteLedger, read_ledger, store
from gateway.ledger.exports.elements import Origin
from gateway.ledger.exports.feed import Feed, as_events
from gateway.ledger.exports.forms import Form
from gateway.ledger.exports.making import Wanted, lines_of
from gateway.ledger.exports.spool import Spool
from gateway.ledger.exports.targets import Item
from gateway.ledger.pace import Pace
from gateway.ledger.search.gathering import Gatherer
from gateway.ledger.search.index import SearchIndex
from gateway.ledger.search.postings import BLOCK
from gateway.metering import AT_A_TIME, records_of
from gateway.usage.store import UsageStore, all_of


def opened(place: Place) -> apsw.Connection:
    path = str(place.directory / store.DATABASE)
    return apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)


def index(place: Place) -> Read:
    """Return what the follower does where there is no index yet."""

    def read() -> Iterator[int]:
        with tempfile.TemporaryDirectory() as root, opened(place) as db:
            pace = Pace()
            gatherer = Gatherer(db, SearchIndex.open(Path(root) / "search.db", "o"))
            while gatherer.step(store.read_head(db).size, pace.breathe):
                pace.rest()
                yield BLOCK
            gatherer.close()

    return read


class TakesAll:
    """A target that has taken everything at once."""

    overlap = 0

    def deliver(self, items: Sequence[Item]) -> Iterator[int]:
        """Confirm the last, and so all."""
        yield items[-1].index

    def close(self) -> None:
        """There is nothing to close."""


def feed(place: Place) -> Read:
    """Return what a feed of AuditEvents does that is far behind."""

    def read() -> Iterator[int]:
        with tempfile.TemporaryDirectory() as root:
            origin, spool = Origin(place.node), Spool(Path(root))
            made = Feed("fhir", place.directory, origin, spool, TakesAll(), as_events(origin))
            before = 0
            while made.step() == 0.0:
                position = spool.standing("fhir").position
                yield position - before
                before = position
            spool.close()

    return read


def export(place: Place) -> Read:
    """Return what the gateway does for `POST /audit/exports` of everything as AuditEvents."""

    def read() -> Iterator[int]:
        pace = Pace()
        lines = lines_of(place.directory, place.node, Wanted(Form.FHIR), breathe=pace.breathe)
        for _ in lines:
            yield 2  # An exchange's records are one event.

    return read


def usage(place: Place) -> Read:
    """Return what counting does where nothing is counted yet."""

    def read() -> Iterator[int]:
        with tempfile.TemporaryDirectory() as root, read_ledger(place.directory) as reader:
            pace = Pace()
            counts = UsageStore(Path(root) / "usage.db")
            for _ in all_of(partial(records_of, reader), counts, AT_A_TIME):
                pace.rest()
                yield AT_A_TIME
            counts.close()

    return read


READERS = {"desk": desk, "index": index, "feed": feed, "export": export, "usage": usage}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, help="that 20 producers write")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--switch", type=float, default=sys.getswitchinterval() * 1000)
    parser.add_argument("--only", default=",".join(READERS))
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    sys.setswitchinterval(options.switch / 1000)
    runs: dict[str, list[dict[str, float | str]]] = {}
    with tempfile.TemporaryDirectory(dir=options.dir) as root:
        place = Place(Path(root) / "ledger", Path(root) / "keys", "benchmark")
        with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
            asyncio.run(appends(ledger, 256, options.records))
            for turn in range(options.rounds):
                alone = asyncio.run(appends(ledger, 20, options.records, f"a{turn}-"))
                runs.setdefault("alone", []).append({**alone})
                for name in options.only.split(","):
                    found = while_read(
                        ledger, options.records, f"{name}{turn}", READERS[name](place)
                    )
                    runs.setdefault(name, []).append(found)
    result = {
        "benchmark": "beside",
        "switch_ms": options.switch,
        "rounds": options.rounds,
        **{name: medians(found) for name, found in runs.items()},
    }
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")


def medians(runs: list[dict[str, float | str]]) -> dict[str, float]:
    """Return the median of each figure."""
    wanted = ("records_per_s", "p50_ms", "p99_ms", "scanned_per_s")
    return {
        name: statistics.median(float(run[name]) for run in runs)
        for name in wanted
        if name in runs[0]
    }


if __name__ == "__main__":
    main()
