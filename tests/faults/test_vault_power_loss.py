"""The power goes at any moment: kept texts open, and what was shredded never comes back.

As `test_power_loss.py`, with a log and a vault on one disk. A life keeps some exchanges of patients
of its own, and may shred one of the patients, of this life or of an earlier one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import pytest

from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.payloads import Part
from gateway.ledger import LedgerError, SqliteLedger
from gateway.ledger import writer as writing
from gateway.ledger.sealing import SqliteVault, erasing, reading
from gateway.ledger.sealing.shredding import Order
from tests.fakes.ledger import intent, outcome
from tests.fakes.lives import Chain, LostError, in_memory
from tests.fakes.powerloss import Medium
from tests.fakes.recording import recording
from tests.fakes.vaults import Node, about, patient_of, words


@dataclass(frozen=True, slots=True)
class Kept:
    """A caller was told that a part of an exchange is kept and recorded."""

    exchange: str
    part: Part
    patient: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """From here on a patient may be unreadable."""

    patient: str


@dataclass(frozen=True, slots=True)
class Shredded:
    """Somebody was told that a patient is shredded, and these keys with it."""

    patient: str
    keys: frozenset[bytes]


def live(medium: Medium, chance: random.Random) -> None:
    """Keep and record some exchanges on `medium`, and perhaps shred one of their patients."""
    node = Node(medium.root)
    life = f"{chance.getrandbits(32):08x}"
    with (
        recording(medium, default=True),
        mock.patch.object(writing, "WAL_PAGES", chance.choice([1, 20, 1000])),
    ):
        for turn in range(chance.choice([1, 2, 3])):
            # Nobody who was shredded comes again: their number would, under new keys.
            first, second = (
                [f"{life}{turn}{part}{n}" for n in range(chance.choice([1, 2, 5]))] for part in "ab"
            )
            with node.serving() as (ledger, vault):
                asyncio.run(_produce(medium, ledger, vault, f"{life}{turn}", first))
                if chance.random() < 0.7:
                    _shred(medium, node, first[0], f"{life}{turn}", ledger)
                    asyncio.run(_produce(medium, ledger, vault, f"{life}{turn + 4}", second))
            if chance.random() < 0.3:
                _shred(medium, node, first[-1], f"{life}{turn}-after", None)


async def _produce(
    medium: Medium, ledger: SqliteLedger, vault: SqliteVault, life: str, patients: list[str]
) -> None:
    async def exchanged(number: int, patient: str) -> None:
        name = f"019a0000-0000-7000-8000-{life}{number:03x}"
        sealed = await vault.keep(name, Part.REQUEST, about(patient), words(name))
        await ledger.append(replace(intent(name), sealed=sealed))
        medium.note(Kept(name, Part.REQUEST, patient))
        sealed = await vault.keep(name, Part.REPLY, about(patient), words(name))
        await ledger.append(replace(outcome(name), sealed=sealed))
        medium.note(Kept(name, Part.REPLY, patient))

    await asyncio.gather(
        *(exchanged(5 * n + turn, each) for n, each in enumerate(patients) for turn in range(5))
    )


def _shred(
    medium: Medium, node: Node, patient: str, name: str, ledger: SqliteLedger | None
) -> None:
    shredder, before = node.shredder(), node.wrapped()
    try:
        order = shredder.of_patient(f"order-{name}", patient_of(patient))
    except ExchangeError:
        return  # Nothing is kept of the patient any more.
    medium.note(Ordered(patient))
    if ledger is None:
        node.record(order.record("key:x", 5))
    else:
        asyncio.run(_record(ledger, order))
    shredder.carry_out(order)
    medium.note(Shredded(patient, frozenset(before - node.wrapped())))


async def _record(ledger: SqliteLedger, order: Order) -> None:
    await ledger.append(order.record("key:x", 5))


def check(directory: Path, told: list[object]) -> int:
    """Start on what a power cut left; return how many texts open. `LostError` if it lost any."""
    node = Node(directory)
    shredded = {each.patient: each.keys for each in told if isinstance(each, Shredded)}
    doubtful = {each.patient for each in told if isinstance(each, Ordered)}
    for when in ("at once", "after a start"):
        # What was erased stays so before anybody mends anything: a disk may be stolen then.
        for patient, keys in shredded.items():
            left = [name for key in {*keys, patient_of(patient)} for name in node.holding(key)]
            if left:
                raise LostError(f"what was shredded is {when} in {sorted(set(left))}")
        if when == "at once":
            try:
                with node.serving():
                    pass
            except (LedgerError, LedgerUnavailable) as error:
                raise LostError(str(error)) from error
    opened = 0
    for each in told:
        if isinstance(each, Kept):
            opened += _opens(node, each, shredded.keys(), doubtful)
    return opened


def _opens(node: Node, kept: Kept, shredded: Collection[str], doubtful: Collection[str]) -> bool:
    try:
        payload = reading.open_payload(node.vault_place, kept.exchange)
    except ExchangeError as error:
        if error.code is Code.PAYLOAD_SHREDDED and kept.patient in doubtful:
            return False
        raise LostError(f"{kept.exchange} was kept: {error.code}") from error
    if kept.patient in shredded:
        raise LostError(f"{kept.exchange} was shredded, and opens")
    part = payload.request if kept.part is Part.REQUEST else payload.reply
    if part is None or part.plain[0].reveal() != f"plain {kept.exchange}":
        raise LostError(f"{kept.exchange} opens as something else")
    return True


def run(kept: Path, crashes: int) -> Chain:
    """Have a chain of lives until the power went so many times."""
    with in_memory() as name:
        chain = Chain(Path(name), kept, live, check, largest=200)
        while chain.crashes < crashes:
            chain.live(cuts=10)
    return chain


@pytest.mark.timeout(300)
def test_kept_texts_survive_a_power_cut_and_shredded_ones_do_not_return(tmp_path: Path) -> None:
    chain = run(tmp_path, crashes=60)
    assert chain.lost == []
    assert max(chain.sizes) > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(4))
def test_they_do_so_in_four_thousand_power_cuts(tmp_path: Path, part: int) -> None:
    chain = run(tmp_path, crashes=1_000)
    assert chain.lost == []
    assert any(isinstance(each, Shredded) for each in chain.told)


def test_without_emptying_the_write_ahead_logs_what_was_shredded_returns(tmp_path: Path) -> None:
    """The control: what this disk gives back of a careless shredding is noticed."""
    with mock.patch.object(erasing, "truncate", return_value=None):
        chain = run(tmp_path, crashes=60)
    assert any("shredded" in each for each in chain.lost)
