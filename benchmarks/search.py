"""How long a search takes in a log of millions of records, and what the index costs. JSON.

    .venv/bin/python -m benchmarks.search [--records 10000000] [--dir DIR] [--queries 200]

Builds a log of synthetic exchanges by statements of its own (a gateway would take an hour), the
index of whom they are about, and then the search index as a gateway does. 10 million records need
about 8 GB. A query is what an auditor waits for: open the log, search, read and decode a page.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import apsw

from benchmarks.ledger import appends
from gateway.auditing import KeptSubjects
from gateway.domain.merkle import Frontier
from gateway.domain.questions import Question, ask
from gateway.ledger import Place, SqliteLedger, store
from gateway.ledger.desk import Desk
from gateway.ledger.follower import Follower
from gateway.ledger.keys import load_key
from gateway.ledger.notes import Notes
from gateway.ledger.pace import Breathe
from gateway.ledger.sealing import keystore
from gateway.ledger.sealing.reading import VaultPlace
from gateway.ledger.search.gathering import Gatherer
from gateway.ledger.search.index import SearchIndex

START = 1_700_000_000_000
ACTORS = 300
PATIENTS = 200_000
BATCH = 20_000
PURPOSES = ("TREAT", "TREAT", "TREAT", "TREAT", "CAREMGT", "HRESCH", "HPAYMT")
ENTITIES = ("PERSON", "DATE_OF_BIRTH", "MEDICAL_RECORD_NUMBER", "PHONE_NUMBER", "LOCATION")


def actor(number: int) -> str:
    return f"key:{number:010d}"


def fingerprint(number: int) -> bytes:
    return sha256(b"patient %d" % number).digest()


class Builder:
    """Writes exchanges: an intent and an outcome each, some refusals, and whom they are about."""

    def __init__(self, place: Place, vault: Path) -> None:
        self.place = place
        with SqliteLedger.open_for_recording(place):
            pass
        self.db = store.connect(place.directory / store.DATABASE)
        self.db.pragma("synchronous", "off")
        self.db.pragma("cache_size", -512 * 1024)
        self.keys = keystore.connect(vault / keystore.DATABASE)
        self.keys.pragma("synchronous", "off")
        self.keys.pragma("cache_size", -256 * 1024)
        self.chance = random.Random(1)  # noqa: S311 - an invented hospital
        self.frontier = Frontier()
        self.exchanges = 0
        with store.transaction(self.keys):
            self.keys.executemany(
                "INSERT INTO subjects (id, kind, fingerprint) VALUES (?, 1, ?)",
                ((number + 1, fingerprint(number)) for number in range(PATIENTS)),
            )

    def batch(self, records: int) -> None:
        """Write the next records in one transaction."""
        leaves: list[bytes] = []
        facts: list[tuple[object, ...]] = []
        named: list[tuple[int, bytes]] = []
        about: list[tuple[int, int]] = []
        first = self.frontier.size
        while len(leaves) < records:
            self.one(first, leaves, facts, named, about)
        self.frontier.extend([sha256(b"\x00" + leaf).digest() for leaf in leaves])
        with store.transaction(self.db):
            self.db.executemany("INSERT INTO entries VALUES (?, ?)", enumerate(leaves, first))
            self.db.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", facts)
        with store.transaction(self.keys):
            self.keys.executemany("INSERT INTO exchanges (number, exchange) VALUES (?, ?)", named)
            self.keys.executemany("INSERT OR IGNORE INTO about VALUES (?, ?)", about)

    def one(self, first, leaves, facts, named, about) -> None:  # noqa: ANN001
        """Add the rows of one exchange."""
        chance = self.chance
        self.exchanges += 1
        moment = START + self.exchanges * 3000
        name = f"{moment >> 16:08x}-{moment & 0xFFFF:04x}-7000-8000-{self.exchanges:012x}"
        who = actor(int(ACTORS * chance.random() ** 3))
        purpose = chance.choice(PURPOSES)
        index = first + len(leaves)
        if chance.random() < 0.02:
            leaves.append(
                f'{{"action":"chat","actor":"{who}","client":"client-{who[-3:]}",'
                f'"code":"policy_denied","exchange":"{name}","kind":"refusal","model":"small",'
                f'"purpose":"{purpose}","rules":["no-research"],"time":{moment},"v":1}}'.encode()
            )
            facts.append(
                (index, "refusal", name, moment, who, "chat", purpose, "small", "policy_denied")
            )
            return
        found = ",".join(f'"{each}":2' for each in sorted(chance.sample(ENTITIES, 3)))
        leaves.append(
            f'{{"action":"chat","actor":"{who}","client":"client-{who[-3:]}","exchange":"{name}",'
            f'"findings":{{{found}}},"kind":"intent","model":"small","model_digest":"{"d" * 64}",'
            f'"profile":"treatment","prompt_tokens":213,"purpose":"{purpose}",'
            f'"release":"{"e" * 63}{self.exchanges % 7}","rules":["treatment"],"time":{moment},'
            '"v":1}'.encode()
        )
        failed = chance.random() < 0.01
        how = '"code":"engine_failed",' if failed else ""
        status = "failed" if failed else "completed"
        leaves.append(
            f'{{{how}"completion_tokens":64,"exchange":"{name}","invented":0,"kind":"outcome",'
            f'"prompt_tokens":213,"restored":4,"status":"{status}","time":{moment + 2000},'
            '"v":1}'.encode()
        )
        asked = (who, "chat", purpose, "small")
        facts.append((index, "intent", name, moment, *asked, None))
        code = "engine_failed" if failed else None
        facts.append((index + 1, "outcome", name, moment + 2000, *asked, code))
        named.append((self.exchanges, keystore.exchange_id(name)))
        patient = int(PATIENTS * chance.random() ** 2)
        about.append((self.exchanges, patient + 1))

    def finish(self) -> None:
        """Sign the head."""
        key = load_key(self.place.keys, self.place.node)
        root = self.frontier.root()
        signed = key.checkpoint(self.frontier.size, root)
        with store.transaction(self.db):
            self.db.execute(
                "UPDATE head SET size = ?, frontier = ?, root = ?, checkpoint = ?",
                (self.frontier.size, self.frontier.to_bytes(), root, signed),
            )
        for db in (self.db, self.keys):
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            db.close()


def questions(count: int, size: int) -> dict[str, Iterator[tuple[Question, int | None]]]:
    chance = random.Random(2)  # noqa: S311 - which questions, repeatably

    def many(
        make: Callable[[], tuple[Question, int | None]],
    ) -> Iterator[tuple[Question, int | None]]:
        return (make() for _ in range(count))

    def words(*asked: str) -> Question:
        return ask(asked, 0)

    def when() -> tuple[str, str]:
        at = START + chance.randrange(size // 2) * 3000
        return (f"since={iso(at)}", f"until={iso(at + 86_400_000)}")

    def whom() -> Question:
        return Question(subject=fingerprint(int(PATIENTS * chance.random() ** 2)))

    def who() -> str:
        return f"actor={actor(chance.randrange(ACTORS))}"

    return {
        "patient": many(lambda: (whom(), None)),
        "actor": many(lambda: (words(who()), None)),
        "actor, from anywhere": many(lambda: (words(who()), chance.randrange(size))),
        "actor and a day": many(lambda: (words(who(), *when()), None)),
        "actor, purpose, entity": many(
            lambda: (words(who(), "purpose=HRESCH", "entity=LOCATION"), None)
        ),
        "actor and code": many(lambda: (words(who(), "code=engine_failed"), None)),
        "kind and purpose": many(lambda: (words("kind=refusal", "purpose=HPAYMT"), None)),
        "release": many(lambda: (words("release=" + "e" * 63 + "3"), None)),
        "a day": many(lambda: (words(*when()), None)),
        "nothing at all": many(lambda: (words(), chance.randrange(size))),
        "what never meets": many(lambda: (words("kind=refusal", "code=engine_failed"), None)),
        "nobody": many(lambda: (words("actor=key:nobody"), None)),
    }


def iso(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds / 1000))


def measured(desk: Desk, asked: Iterator[tuple[Question, int | None]]) -> dict[str, float]:
    taken: list[float] = []
    found = 0
    for question, before in asked:
        start = time.perf_counter()
        found += len(desk.page(question, 100, before).records)
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return {
        "p50_ms": round(taken[len(taken) // 2], 2),
        "p95_ms": round(taken[len(taken) * 95 // 100], 2),
        "max_ms": round(taken[-1], 2),
        "records": round(found / len(taken), 1),
    }


def writing(root: Path, records: int) -> dict[str, object]:
    """Return how fast records are acknowledged, without an index that follows and with one."""
    rates: dict[str, object] = {}
    for name in ("alone", "followed"):
        place = Place(root / name / "ledger", root / name / "keys", "benchmark")
        with SqliteLedger.open_for_recording(place) as ledger:

            def begin(
                db: apsw.Connection, _: Breathe, path: Path = root / name / "search.db"
            ) -> Gatherer:
                return Gatherer(db, SearchIndex.open(path, "benchmark"))

            follower = Follower(place.directory, [begin] if name == "followed" else [])
            follower.start()
            rates[name] = asyncio.run(appends(ledger, 32, records))
            follower.close()
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--writes", type=int, default=40_000)
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir) as name:
        root = Path(name)
        place = Place(root / "ledger", root / "keys", "benchmark")
        start = time.perf_counter()
        (root / "state").mkdir()
        builder = Builder(place, root / "state")
        while builder.frontier.size < options.records:
            builder.batch(BATCH)
            print(f"{builder.frontier.size} records", file=sys.stderr)
        size = builder.frontier.size
        builder.finish()
        built = time.perf_counter() - start
        path = root / "state" / "search.db"
        start = time.perf_counter()
        with apsw.Connection(
            str(place.directory / store.DATABASE), flags=apsw.SQLITE_OPEN_READONLY
        ) as db:
            gatherer = Gatherer(db, SearchIndex.open(path, f"intramural/{place.node}"))
            while gatherer.step(size):
                pass
            gatherer.close()
        gathered = time.perf_counter() - start
        vault = VaultPlace(root / "state", place.directory, b"")
        notes = Notes(root / "state" / "notes.db", root / "keys" / "notes.key")
        desk = Desk(place.directory, path, notes, KeptSubjects(vault))
        result = {
            "benchmark": "search",
            "python": platform.python_version(),
            "sqlite": apsw.sqlite_lib_version(),
            "cores": len(os.sched_getaffinity(0)),
            "records": size,
            "built_s": round(built, 1),
            "log_bytes": (place.directory / store.DATABASE).stat().st_size,
            "index_s": round(gathered, 1),
            "index_records_per_s": round(size / gathered),
            "index_bytes": path.stat().st_size,
            "page_of_100": {
                name: measured(desk, asked)
                for name, asked in questions(options.queries, size).items()
            },
            "append": writing(root, options.writes),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
