"""The power goes at any moment: what was acknowledged is there, and the log is whole.

A life is a real ledger with real producers on a disk that records (`tests/fakes/powerloss.py`). At
random moments of it, its opening and its end included, the power goes, and what may be left is
opened by the real recovery. One of these images is where the next life begins.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gateway.domain.errors import LedgerUnavailable
from gateway.domain.merkle import leaf_hash
from gateway.domain.ports import Receipt
from gateway.ledger import LedgerError, Place, SqliteLedger, Tuning, committing, store, verify
from gateway.ledger import published as publishing
from gateway.ledger import writer as writing
from gateway.ledger.keys import load_key, load_or_create_key
from gateway.ledger.readonly import open_snapshot
from tests.fakes.ledger import admin, intent, outcome, refusal
from tests.fakes.lives import Chain, LostError, in_memory
from tests.fakes.powerloss import Medium
from tests.fakes.recording import recording

NODE = "ward-1"


@dataclass(frozen=True, slots=True)
class Published:
    """What the file `checkpoint` is about to say: anybody may read it."""

    checkpoint: bytes


def live(medium: Medium, chance: random.Random, *, keys: Path, synchronous: bool) -> None:
    """Open the ledger on `medium`, have producers append to it, and close it."""
    deliver, replace_file = committing.deliver, publishing.replace_file

    def delivered(answers: Any) -> None:
        # Before anyone is woken, so that an answer that came too early is noted too early.
        for _, answer in answers:
            if isinstance(answer, Receipt):
                medium.note(answer)
        deliver(answers)

    def replaced(path: Path, content: bytes) -> None:
        medium.note(Published(content))
        replace_file(path, content)

    with (
        recording(medium) as vfs,
        mock.patch.object(committing, "deliver", delivered),
        mock.patch.object(writing, "WAL_PAGES", chance.choice([1, 20, 1000])),
        mock.patch.object(writing, "HISTORY_RECORDS", chance.choice([1, 50])),
        mock.patch.object(publishing, "replace_file", replaced),
        mock.patch("gateway.ledger.publisher.PUBLISH_SECONDS", chance.choice([0.0, 0.01])),
    ):
        place = Place(medium.root / "ledger", keys, NODE)
        tuning = Tuning(vfs=vfs, on_fatal=_never)
        with SqliteLedger.open_for_serving(place, now_ms=lambda: 2, tuning=tuning) as ledger:
            if not synchronous:
                ledger._writer._db.pragma("synchronous", 0)
            asyncio.run(_produce(ledger, chance))


async def _produce(ledger: SqliteLedger, chance: random.Random) -> None:
    name, rounds = f"{chance.getrandbits(64):x}", chance.choice([1, 3, 8])

    async def producer(which: int) -> None:
        for n in range(rounds):
            exchange = f"{name}-{which}-{n}"
            kinds = (refusal, admin) if which % 3 == 2 else (intent, outcome)
            for kind in kinds:
                await ledger.append(kind(exchange))

    await asyncio.gather(*(producer(which) for which in range(chance.choice([1, 3, 9]))))


def _never(reason: str) -> None:
    raise AssertionError(reason)


def check(directory: Path, told: list[object], *, keys: Path) -> int:
    """Open what a power cut left as the gateway does; return the size. `LostError` if it lost."""
    receipts = [each for each in told if isinstance(each, Receipt)]
    published = [each.checkpoint for each in told if isinstance(each, Published)]
    place = Place(directory / "ledger", keys, NODE)
    try:
        vkey = load_key(keys, NODE).vkey
        # Before anybody mends anything: what was published can be checked from the copy. And
        # whatever anybody could have read before the cut is still the beginning of the log.
        if (place.directory / "checkpoint").exists():
            verify(place.directory, vkey, published[-1] if published else None)
        SqliteLedger.open_for_serving(place, now_ms=lambda: 3).close()
        report = verify(place.directory, vkey, published[-1] if published else None)
    except (LedgerError, LedgerUnavailable) as error:
        raise LostError(str(error)) from error
    with open_snapshot(place.directory) as db:
        hashes = [leaf_hash(leaf) for chunk in store.read_leaves(db) for _, leaf in chunk]
    for receipt in receipts:
        if hashes[receipt.index : receipt.index + 1] != [receipt.leaf_hash]:
            raise LostError(f"record {receipt.index} was acknowledged, and is not there")
    if report.open or report.published != report.size:
        raise LostError("something is open or not published after a start")
    return report.size


def run(kept: Path, crashes: int, largest: int, *, synchronous: bool = True) -> Chain:
    """Have a chain of lives until the power went so many times."""
    with in_memory() as name:
        root = Path(name)
        keys = root / "keys"
        keys.mkdir(mode=0o700)
        load_or_create_key(keys, NODE)
        chain = Chain(
            root,
            kept,
            partial(live, keys=keys, synchronous=synchronous),
            partial(check, keys=keys),
            largest=largest,
            # Without syncs there is nothing to go on with, whatever a first look says.
            goes_on=synchronous,
        )
        while chain.crashes < crashes:
            chain.live(cuts=10)
    return chain


@pytest.mark.timeout(600)  # Seconds where nobody else computes.
def test_no_acknowledged_record_is_lost_in_a_power_cut(tmp_path: Path) -> None:
    chain = run(tmp_path, crashes=500, largest=300)
    assert chain.lost == []
    assert sum(isinstance(each, Receipt) for each in chain.told) > 5_000


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(8))
def test_no_acknowledged_record_is_lost_in_twenty_thousand_power_cuts(
    tmp_path: Path, part: int
) -> None:
    chain = run(tmp_path, crashes=2_500, largest=700)
    assert chain.lost == []
    assert max(chain.sizes) > 512


def test_without_syncs_acknowledged_records_are_lost(tmp_path: Path) -> None:
    """The control: what this disk does to a ledger that does not wait for it is noticed."""
    chain = run(tmp_path, crashes=60, largest=300, synchronous=False)
    assert len(chain.lost) > 5
