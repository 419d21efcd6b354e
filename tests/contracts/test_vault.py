"""What every vault does: the one on disk and the one in memory pass the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.payloads import Part, Words
from gateway.domain.ports import Ledger, Vault
from gateway.domain.subjects import Subjects, named, patient
from gateway.domain.text import RawText
from gateway.ledger import Place, SqliteLedger
from gateway.ledger.sealing import SqliteVault, VaultPlace
from tests.fakes.ledger import MemoryLedger, intent, outcome
from tests.fakes.vault import MemoryVault

KEY = b"k" * 32
THORNTON = patient(KEY, "48210377")
OTHER = patient(KEY, "99120455")
NAME = named(KEY, "Margaret Thornton")
WORDS = Words(
    redacted=(RawText("PERSON_042 has a cough"), RawText("")),
    plain=(RawText("Margaret Thornton has a cough"), RawText("\ud83c\udf3b \ud800")),
    pseudonyms={"PERSON_042": RawText("Margaret Thornton")},
)
REPLY = Words(redacted=(RawText("PERSON_042 needs rest"),))


@dataclass
class Node:
    vault: Vault
    ledger: Ledger

    async def exchange(
        self,
        name: str,
        subjects: Subjects,
        request: Words | None = WORDS,
        reply: Words | None = None,
    ) -> None:
        """Keep and record one exchange, as the pipeline does."""
        sealed = await self.vault.keep(name, Part.REQUEST, subjects, request)
        await self.ledger.append(replace(intent(name), sealed=sealed))
        sealed = await self.vault.keep(name, Part.REPLY, subjects, reply)
        await self.ledger.append(replace(outcome(name), sealed=sealed))


@pytest.fixture(params=["memory", "sqlite"])
async def node(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Node]:
    if request.param == "memory":
        yield Node(MemoryVault(), MemoryLedger())
        return
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    vault = VaultPlace(tmp_path / "state", tmp_path / "ledger", tmp_path / "vault.key")
    with (
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger,
        SqliteVault.open_for_serving(vault, now_ms=lambda: 1_790_000_000_000) as opened,
    ):
        yield Node(opened, ledger)


def refused(call: Callable[[], object]) -> Code:
    with pytest.raises(ExchangeError) as error:
        call()
    return error.value.code


async def test_what_was_kept_is_opened_as_it_was(node: Node) -> None:
    await node.exchange("x1", Subjects((THORNTON,)), reply=REPLY)
    payload = node.vault.open("x1")
    assert payload.exchange == "x1"
    assert payload.request == WORDS
    assert payload.reply == REPLY
    assert payload.pseudonyms["PERSON_042"].reveal() == "Margaret Thornton"


@pytest.mark.parametrize(
    "subjects", [Subjects(), Subjects((THORNTON,)), Subjects((OTHER, THORNTON), (NAME,))]
)
async def test_it_is_opened_whoever_it_is_about(node: Node, subjects: Subjects) -> None:
    await node.exchange("x1", subjects)
    assert node.vault.open("x1").request == WORDS
    assert set(node.vault.about("x1").patients) == set(subjects.patients)
    assert node.vault.about("x1").names == subjects.names


async def test_a_digest_is_of_the_seal_and_never_the_same_twice(node: Node) -> None:
    digests = [
        await node.vault.keep(name, part, Subjects(), WORDS) for name in ("a", "b") for part in Part
    ]
    assert len(set(digests)) == 4
    assert all(each is not None and len(each) == 64 for each in digests)


async def test_without_words_only_the_index_knows(node: Node) -> None:
    assert await node.vault.keep("x1", Part.REQUEST, Subjects((THORNTON,)), None) is None
    await node.ledger.append(intent("x1"))
    assert list(node.vault.find(THORNTON, None, 10)) == ["x1"]
    assert refused(lambda: node.vault.open("x1")) is Code.PAYLOAD_NOT_KEPT


async def test_nobody_knows_of_an_exchange_that_never_was(node: Node) -> None:
    assert refused(lambda: node.vault.open("nothing")) is Code.PAYLOAD_NOT_KEPT
    assert node.vault.about("nothing") == Subjects()
    assert list(node.vault.find(THORNTON, None, 10)) == []


async def test_a_patient_is_found_page_by_page_the_newest_first(node: Node) -> None:
    for n in range(25):
        whom = Subjects((THORNTON,), (NAME,)) if n % 5 else Subjects((OTHER,))
        await node.exchange(f"x{n:02}", whom, None)
    pages: list[list[str]] = []
    before = None
    while page := list(node.vault.find(THORNTON, before, 8)):
        pages.append(page)
        before = page[-1]
    assert [len(page) for page in pages] == [8, 8, 4]
    found = [each for page in pages for each in page]
    assert found == [f"x{n:02}" for n in reversed(range(25)) if n % 5]
    assert list(node.vault.find(NAME, None, 100)) == found


async def test_whom_only_the_reply_is_about_is_found_too(node: Node) -> None:
    await node.vault.keep("x1", Part.REQUEST, Subjects(), None)
    await node.vault.keep("x1", Part.REPLY, Subjects((OTHER,)), None)
    assert list(node.vault.find(OTHER, None, 10)) == ["x1"]


async def test_many_at_once_are_all_kept(node: Node) -> None:
    await asyncio.gather(
        *(node.exchange(f"x{n}", Subjects((patient(KEY, f"10{n % 7}0"),))) for n in range(60))
    )
    assert all(node.vault.open(f"x{n}").request == WORDS for n in range(60))


async def test_a_cancelled_call_disturbs_nobody(node: Node) -> None:
    calls = [
        asyncio.create_task(node.vault.keep(f"x{n}", Part.REQUEST, Subjects(), WORDS))
        for n in range(20)
    ]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, str) for result in results[1::2])


async def test_nothing_of_a_payload_shows_itself(node: Node) -> None:
    await node.exchange("x1", Subjects((THORNTON,)))
    payload = node.vault.open("x1")
    shown = f"{payload!r} {payload} {payload.request!r} {payload.request}"
    assert "Thornton" not in shown
    assert "cough" not in shown
