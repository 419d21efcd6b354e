"""Kept texts are opened for a simulation under a grant, after the record, and seen by nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from gateway.domain import entities as e
from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.exchange import Action
from gateway.domain.payloads import Part, Payload, Words
from gateway.domain.policy import Operator, Rule
from gateway.domain.records import Access, AccessAct
from gateway.domain.subjects import Subjects
from gateway.domain.text import RawText
from gateway.policy.simulation.replay import Past
from gateway.policy.simulation.texts import Rereading, TextFindings, Unopened
from gateway.rehearsal import Means, Rehearsal
from tests.fakes.detector import FakeDetector
from tests.fakes.identity import StoppedClock, caller
from tests.fakes.ledger import MemoryLedger
from tests.fakes.policy import profile
from tests.fakes.vault import FakeGrants, MemoryVault

AUDITOR = caller("key:auditor", roles=frozenset({"auditor"}))
ADA, BEN = b"a" * 32, b"b" * 32
BEFORE = profile("treatment")
AFTER = profile("treatment", PERSON=Rule(Operator.REPLACE))


def name(number: int) -> str:
    return f"019a0000-0000-7000-8000-{number:012x}"


def past(number: int, action: Action = Action.CHAT, *, sealed: bool = True) -> Past:
    return Past(number, name(number), action, {"PERSON": 1}, sealed, BEFORE, AFTER)


@dataclass
class Told(MemoryVault):
    """A vault that says what was durable when it was opened."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    opened: list[tuple[str, int]] = field(default_factory=list)

    def open(self, exchange: str) -> Payload:
        self.opened.append((exchange, len(self.ledger.records)))
        return super().open(exchange)


@dataclass
class World:
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    grants: FakeGrants = field(default_factory=lambda: FakeGrants(held=frozenset({ADA})))
    detector: FakeDetector = field(default_factory=lambda: FakeDetector({"Thornton": e.PERSON}))
    gate: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.vault = Told(ledger=self.ledger)
        self.rereading = Rereading(2026)
        means = Means(
            *(self.vault, self.grants, self.ledger, StoppedClock(), self.detector, self.gate)
        )
        self.rehearsal = Rehearsal(means, AUDITOR, self.rereading)

    async def keep(
        self, number: int, patient: bytes | None = ADA, part: Part = Part.REQUEST, **words: object
    ) -> None:
        kept = Words(**({"plain": (RawText("Mr Thornton coughs"),)} | words))  # type: ignore[arg-type]
        whom = Subjects(() if patient is None else (patient,))
        await self.vault.keep(name(number), part, whom, kept)

    async def run(self, *those: Past) -> TextFindings:
        await self.rehearsal.begin()
        for each in those:
            self.rehearsal.choose(each)
        self.moved: list[tuple[int, int]] = []
        await self.rehearsal.open(lambda done, whole: self.moved.append((done, whole)))
        return self.rereading.found

    def accesses(self) -> list[tuple[str, str | None, Code | None]]:
        found = [each for each in self.ledger.records if isinstance(each, Access)]
        assert len(found) == len(self.ledger.records)
        assert {(each.access, each.actor) for each in found} <= {
            (AccessAct.READ_PAYLOAD, "key:auditor")
        }
        return [(each.target, each.grant, each.code) for each in found]


def unopened(found: TextFindings) -> dict[Unopened, list[int]]:
    return {why: tally.examples for why, tally in found.unopened}


async def test_each_exchange_is_opened_after_a_record_of_its_own_that_names_the_grant() -> None:
    world = World()
    for number in (1, 2):
        await world.keep(number)
    found = await world.run(past(1), past(2))
    assert (found.opened, unopened(found)) == (2, {})
    assert world.accesses() == [(name(1), "grant-1", None), (name(2), "grant-1", None)]
    assert world.vault.opened == [(name(1), 1), (name(2), 2)]
    assert world.moved == [(0, 2), (1, 2), (2, 2)]
    assert [tally.records for _, tally in found.differ] == [2]


async def test_what_no_grant_is_for_stays_closed_and_is_no_use_of_one() -> None:
    world = World()
    await world.keep(1, BEN)
    await world.keep(2, None)
    found = await world.run(past(1), past(2))
    assert unopened(found) == {Unopened.NO_GRANT: [1], Unopened.ABOUT_NOBODY: [2]}
    assert world.accesses() == world.vault.opened == world.grants.asked == []


async def test_who_holds_no_grant_is_refused_and_that_is_recorded() -> None:
    world = World(grants=FakeGrants(None))
    with pytest.raises(ExchangeError) as refused:
        await world.run(past(1))
    assert refused.value.code is Code.GRANT_REQUIRED
    assert world.accesses() == [("simulation", None, Code.GRANT_REQUIRED)]


async def test_where_nobody_outside_vouches_for_the_log_nothing_begins() -> None:
    def gate() -> None:
        raise ExchangeError(Code.AUDIT_UNWITNESSED, "A witness has seen another history.")

    world = World(gate=gate)
    await world.keep(1)
    with pytest.raises(ExchangeError) as refused:
        await world.run(past(1))
    assert refused.value.code is Code.AUDIT_UNWITNESSED
    assert world.accesses() == [("simulation", None, Code.AUDIT_UNWITNESSED)]
    assert world.vault.opened == []


async def test_without_a_durable_record_nothing_is_opened() -> None:
    world = World()
    await world.keep(1)
    await world.rehearsal.begin()
    world.rehearsal.choose(past(1))
    world.ledger.fail_next = 1
    with pytest.raises(LedgerUnavailable):
        await world.rehearsal.open(lambda _done, _whole: None)
    assert world.vault.opened == []


async def test_a_grant_that_ends_meanwhile_opens_nothing_more() -> None:
    world = World()
    await world.keep(1)
    await world.rehearsal.begin()
    world.rehearsal.choose(past(1))
    world.grants.grant = None
    await world.rehearsal.open(lambda _done, _whole: None)
    assert unopened(world.rereading.found) == {Unopened.NO_GRANT: [1]}
    assert world.vault.opened == []


@pytest.mark.parametrize("fault", ["shredded", "damaged"])
async def test_what_does_not_open_is_counted_and_a_second_record_says_so(fault: str) -> None:
    world = World()
    await world.keep(1)
    getattr(world.vault, fault).add(name(1))
    found = await world.run(past(1))
    code = Code(f"payload_{fault}")
    assert unopened(found) == {Unopened(fault): [1]}
    assert world.accesses() == [(name(1), "grant-1", None), (name(1), "grant-1", code)]


async def test_what_was_never_kept_or_is_denied_or_its_callers_own_is_not_asked_about() -> None:
    world = World()
    await world.keep(3)
    denied = Past(2, name(2), Action.CHAT, {}, True, BEFORE, None)  # noqa: FBT003 - it is kept
    found = await world.run(past(1, sealed=False), denied, past(3, Action.ANONYMIZE))
    assert unopened(found) == {
        Unopened.NEVER_KEPT: [1],
        Unopened.ONE_DENIES: [2],
        Unopened.CALLERS_OWN: [3],
    }
    assert world.accesses() == []


async def test_of_what_the_engine_had_alone_nothing_is_said() -> None:
    world = World()
    await world.keep(1, plain=(), redacted=(RawText("Mr PERSON_042 coughs"),))
    found = await world.run(past(1))
    assert unopened(found) == {Unopened.WITHOUT_ORIGINAL: [1]}


async def test_of_a_recording_what_was_heard_is_read() -> None:
    world = World()
    await world.keep(1, plain=(RawText("no name here"),))
    await world.keep(1, part=Part.REPLY)
    found = await world.run(past(1, Action.TRANSCRIBE))
    assert found.opened == len(found.differ) == 1


async def test_a_detector_that_fails_leaves_the_exchange_uncounted_and_goes_on() -> None:
    world = World()
    await world.keep(1)
    world.detector.missing = 1
    found = await world.run(past(1))
    assert (found.opened, unopened(found)) == (0, {Unopened.UNREAD: [1]})


async def test_one_run_opens_no_more_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.rehearsal.MOST", 1)
    world = World()
    for number in (1, 2):
        await world.keep(number)
    found = await world.run(past(1), past(2))
    assert (found.opened, unopened(found)) == (1, {Unopened.TOO_MANY: [2]})
