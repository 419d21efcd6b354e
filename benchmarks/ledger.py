"""How fast the ledger acknowledges records, checks itself at a start, and is verified. JSON.

    .venv/bin/python -m benchmarks.ledger [--records 40000] [--verify 200000] [--dir DIR]

`sealed` keeps the texts of each exchange as well, each record's after the last: about one of
`--patients`, 700 characters asked and 300 answered, all of it (`keep: all`). `--dir` names a
directory on the disk to measure. `verify_all_jobs_2` has the start of its two processes in it, so
give it a log that is worth it: `--verify 400000`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path

import apsw

from gateway.domain.exchange import Action, FinishReason, Purpose
from gateway.domain.payloads import Part, Words
from gateway.domain.questions import Question
from gateway.domain.records import Intent, Outcome, Record, Status
from gateway.domain.subjects import Subjects, patient
from gateway.domain.text import RawText
from gateway.ledger import Derived, Place, SqliteLedger, read_ledger, verify
from gateway.ledger.desk import Desk, as_lines
from gateway.ledger.notes import Notes
from gateway.ledger.publickeys import vkey_beside
from gateway.ledger.sealing import SqliteVault, VaultPlace


def exchange(name: str) -> tuple[Record, Record]:
    intent = Intent(
        exchange=name,
        time=1_780_000_000_000,
        actor="key-4f2a91c0",
        client="discharge-letters",
        action=Action.CHAT,
        purpose=Purpose.TREAT,
        model="smollm2-135m-instruct",
        model_digest="d" * 64,
        profile="treatment",
        release="e" * 64,
        rules=("treatment-clinicians",),
        findings={"PERSON": 2, "DATE_OF_BIRTH": 1, "MEDICAL_RECORD_NUMBER": 1, "PHONE_NUMBER": 1},
        prompt_tokens=213,
    )
    outcome = Outcome(
        exchange=name,
        time=1_780_000_001_000,
        status=Status.COMPLETED,
        finish_reason=FinishReason.STOP,
        prompt_tokens=213,
        completion_tokens=64,
        restored=4,
    )
    return intent, outcome


async def produce(ledger: SqliteLedger, name: str, exchanges: int, latencies: list[float]) -> None:
    for number in range(exchanges):
        for record in exchange(f"{name}-{number:08d}"):
            start = time.perf_counter()
            await ledger.append(record)
            latencies.append(time.perf_counter() - start)


async def appends(
    ledger: SqliteLedger, producers: int, records: int, mark: str = ""
) -> dict[str, float]:
    latencies: list[float] = []
    each = max(1, records // producers // 2)
    start = time.perf_counter()
    await asyncio.gather(
        *(produce(ledger, f"{mark}{producers}-{p}", each, latencies) for p in range(producers))
    )
    elapsed = time.perf_counter() - start
    latencies.sort()
    return {
        "producers": producers,
        "records": len(latencies),
        "records_per_s": round(len(latencies) / elapsed),
        "p50_ms": round(latencies[len(latencies) // 2] * 1000, 3),
        "p99_ms": round(latencies[len(latencies) * 99 // 100] * 1000, 3),
    }


def scan(directory: Path, over: Event, scans: SimpleQueue[int]) -> None:
    """Read and verify the whole log, again and again, as a command of an auditor's might."""
    key = vkey_beside(directory)
    while not over.is_set():
        with read_ledger(directory) as reader:
            records = sum(1 for _ in reader.walk())
        verify(directory, key)
        scans.put(records)


def while_verified(ledger: SqliteLedger, place: Place, records: int) -> dict[str, float | str]:
    """Measure 20 producers while a process of its own verifies the log."""
    spawn = get_context("spawn")
    over, scans = spawn.Event(), spawn.SimpleQueue()
    auditor = spawn.Process(target=scan, args=(place.directory, over, scans))
    auditor.start()
    while scans.empty():  # The first one may be an import's.
        time.sleep(0.01)
    scans.get()
    try:
        measured = asyncio.run(appends(ledger, 20, records, "process-"))
    finally:
        over.set()
        auditor.join()
    done = 0
    while not scans.empty():
        scans.get()
        done += 1
    return {"scanned_by": "process", "scans": done, **measured}


Read = Callable[[], Iterator[int]]
"""Reads all that there is, once, and yields how many records each piece of that was."""


def while_read(ledger: SqliteLedger, records: int, name: str, read: Read) -> dict[str, float | str]:
    """Measure 20 producers while a thread beside them reads everything, again and again."""
    over, begun, done = threading.Event(), threading.Event(), 0

    def run() -> None:
        nonlocal done
        while not over.is_set():
            for count in read():
                begun.set()
                done += count
                if over.is_set():
                    return

    reader = threading.Thread(target=run)
    reader.start()
    begun.wait()
    before, start = done, time.perf_counter()
    try:
        measured = asyncio.run(appends(ledger, 20, records, f"{name}-"))
        rate = round((done - before) / (time.perf_counter() - start))
    finally:
        over.set()
        reader.join()
    return {"scanned_by": name, "scanned_per_s": rate, **measured}


def desk(place: Place) -> Read:
    """Return what the gateway does for `GET /audit/records` as NDJSON."""
    state = place.keys.parent / "state"
    at = Desk(place.directory, state / "search.db", Notes(state / "notes.db", state / "notes.key"))

    def read() -> Iterator[int]:
        for answer in at.pages(Question(), None):
            as_lines(answer)
            yield len(answer.records)

    return read


def words(length: int) -> Words:
    text = ("PERSON_042 was admitted with a cough and fever. " * length)[:length]
    return Words((RawText(text),), (RawText(text),), {"PERSON_042": RawText("Margaret Thornton")})


ASKED, ANSWERED = words(700), words(300)


async def produce_sealed(
    ledger: SqliteLedger, vault: SqliteVault, first: int, exchanges: int, patients: int
) -> list[float]:
    latencies: list[float] = []
    for number in range(first, first + exchanges):
        name = f"019a0000-0000-7000-8000-{number:012x}"
        whom = Subjects((patient(b"k" * 32, f"{number * 7919 % patients:08}"),))
        intent, outcome = exchange(name)
        for record, part, said in (
            (intent, Part.REQUEST, ASKED),
            (outcome, Part.REPLY, ANSWERED),
        ):
            start = time.perf_counter()
            sealed = await vault.keep(name, part, whom, said)
            await ledger.append(replace(record, sealed=sealed))
            latencies.append(time.perf_counter() - start)
    return latencies


async def sealed_appends(
    place: Place, producers: int, records: int, patients: int
) -> dict[str, float]:
    vault_place = VaultPlace(place.keys.parent / "state", place.directory, place.keys / "vault.key")
    each = max(1, records // producers // 2)
    with (
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger,
        SqliteVault.open_for_serving(vault_place, now_ms=lambda: 1_790_000_000_000) as vault,
    ):
        cpu, start = time.process_time(), time.perf_counter()
        runs = await asyncio.gather(
            *(
                produce_sealed(ledger, vault, (p + 1) << 32, each, patients)
                for p in range(producers)
            )
        )
        elapsed, used = time.perf_counter() - start, time.process_time() - cpu
    latencies = sorted(latency for run in runs for latency in run)
    return {
        "producers": producers,
        "records": len(latencies),
        "records_per_s": round(len(latencies) / elapsed),
        "cpu_us_per_record": round(used / len(latencies) * 1e6, 1),
        "p50_ms": round(latencies[len(latencies) // 2] * 1000, 3),
        "p99_ms": round(latencies[len(latencies) * 99 // 100] * 1000, 3),
    }


def timed(work, size: int) -> dict[str, float]:  # noqa: ANN001
    start = time.perf_counter()
    work()
    elapsed = time.perf_counter() - start
    return {"seconds": round(elapsed, 3), "leaves_per_s": round(size / elapsed)}


def proofs(place: Place, size: int) -> float:
    """Return the milliseconds that one proof takes, the log being open."""
    with read_ledger(place.directory) as reader:
        records = [reader.at(index) for index in range(0, size, max(1, size // 20))]
        start = time.perf_counter()
        for record in records:
            assert record is not None
            reader.prove(record)
        return round((time.perf_counter() - start) / len(records) * 1000, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=40_000, help="for 32 and 256 producers")
    parser.add_argument("--verify", type=int, default=200_000, help="leaves in the log to verify")
    parser.add_argument("--sealed", type=int, default=20_000, help="records with kept texts")
    parser.add_argument("--patients", type=int, default=5_000, help="whom those are about")
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir) as root:
        place = Place(Path(root) / "ledger", Path(root) / "keys", "benchmark")
        with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
            runs = [
                asyncio.run(appends(ledger, producers, records))
                for producers, records in (
                    (1, options.records // 10),
                    (32, options.records),
                    (256, options.records),
                )
            ]
            alone = asyncio.run(appends(ledger, 20, options.records))
            scanned = [
                while_verified(ledger, place, options.records),
                while_read(ledger, options.records, "desk", desk(place)),
            ]
            size = sum(int(run["records"]) for run in (*runs, alone, *scanned))
            if options.verify > size:
                filling = asyncio.run(appends(ledger, 512, options.verify - size))
                size += int(filling["records"])
            vkey = ledger.vkey

        def leaves_only() -> None:
            verify(place.directory, vkey, derived=Derived(index=False, tiles=False))

        result = {
            "benchmark": "ledger",
            "python": platform.python_version(),
            "sqlite": apsw.sqlite_lib_version(),
            "cores": len(os.sched_getaffinity(0)),
            "append": runs,
            "append_alone": alone,
            "append_while_scanned": scanned,
            "sealed": [
                asyncio.run(
                    sealed_appends(
                        Place(Path(root) / str(n) / "ledger", Path(root) / str(n) / "keys", "b"),
                        n,
                        options.sealed,
                        options.patients,
                    )
                )
                for n in (1, 32, 256)
            ],
            "size": size,
            "start": timed(
                lambda: SqliteLedger.open_for_serving(place, now_ms=lambda: 1).close(), size
            ),
            "verify_leaves": timed(leaves_only, size),
            "verify_leaves_and_index": timed(
                lambda: verify(place.directory, vkey, derived=Derived(tiles=False)), size
            ),
            "verify_all": timed(lambda: verify(place.directory, vkey), size),
            **(
                {"verify_all_jobs_2": timed(lambda: verify(place.directory, vkey, jobs=2), size)}
                if len(os.sched_getaffinity(0)) > 1
                else {}
            ),
            "prove_ms": proofs(place, size),
        }
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
