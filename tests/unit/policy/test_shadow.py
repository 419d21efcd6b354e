"""A candidate that decides beside the release in force: what is recorded, what never changes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.policy import app
from gateway.domain.exchange import Action, Caller, Model, Purpose
from gateway.domain.policy import Permit
from gateway.domain.records import Admin, Difference, Intent, Kind, Record, Refusal
from gateway.domain.standing import Standing, standing_of
from gateway.installation import place_of
from gateway.ledger import SqliteLedger, read_ledger
from gateway.ledger.query import Query
from gateway.policy import shadow
from gateway.policy.decider import CedarDecider
from gateway.policy.release import build, read
from gateway.policy.releases.archive import pack
from gateway.policy.shadow import CANDIDATE, STATUS, Beside
from gateway.policy.shipped import install_default, shipped_policies
from gateway.policy.standings import DATABASE, Standings, StandingsError
from gateway.settings import Settings, load
from tests.fakes.identity import StoppedClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.traffic import callers, changed

SHIPPED = dict(read(shipped_policies()))
DOCTOR, RESEARCHER, CODER = callers()[:3]
MODEL = Model("small", "ab" * 32, 8192, 0)


class World:
    """A gateway's decider and ledger with a shadow beside them."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.ledger = MemoryLedger()
        self.decider = CedarDecider(build(SHIPPED))
        self.standings = Standings(state / DATABASE)
        self.beside = Beside(state, self.standings, self.decider, self.ledger, StoppedClock())
        self._count = 0

    def candidate(self, files: dict[str, bytes] | None = None) -> str:
        files = changed(SHIPPED) if files is None else files
        (self.state / CANDIDATE).write_bytes(pack(files))
        return build(files).digest

    async def exchange(self, caller: Caller, action: Action, purpose: Purpose) -> Record:
        """Do what the pipeline does: decide, and record it."""
        self._count += 1
        decision = self.beside.decider.decide(caller, action, MODEL, purpose)
        common = {
            "exchange": f"x{self._count}",
            "time": 1000,
            "actor": caller.id,
            "client": caller.client,
            "action": action,
            "purpose": purpose,
            "model": MODEL.name,
            "release": decision.release,
            "rules": decision.rules,
            "standing": standing_of(caller).digest,
        }
        record: Record
        if isinstance(decision, Permit):
            record = Intent(
                model_digest="", profile=decision.profile.name, findings={}, prompt_tokens=1,
                **common,
            )  # fmt: skip
        else:
            record = Refusal(code=decision.code, **common)
        await self.beside.ledger.append(record)
        return record

    @property
    def differences(self) -> list[Difference]:
        return [each for each in self.ledger.of(Kind.DIFFERENCE) if isinstance(each, Difference)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - of a thread
            await asyncio.sleep(0.01)


async def test_what_a_candidate_would_decide_otherwise_is_recorded_after_the_exchange(
    world: World,
) -> None:
    digest = world.candidate()
    async with world.beside.running():
        lost = await world.exchange(RESEARCHER, Action.EMBED, Purpose.HRESCH)
        gained = await world.exchange(CODER, Action.TRANSCRIBE, Purpose.HPAYMT)
        await world.exchange(RESEARCHER, Action.CHAT, Purpose.HRESCH)
        await world.exchange(DOCTOR, Action.CHAT, Purpose.TREAT)
    told = {each.exchange: each for each in world.differences}
    assert isinstance(lost, Intent)
    assert isinstance(gained, Refusal)
    assert told[lost.exchange].profile is None
    assert told[lost.exchange].code == "policy_denied"
    assert (told[gained.exchange].profile, told[gained.exchange].rules) == (
        *("coding", ("billing-may-listen",)),
    )
    # The profile of treatment differs, though it is called the same; that of research does not.
    assert set(told) == {lost.exchange, gained.exchange, "x4"}
    assert {each.release for each in told.values()} == {digest}
    assert (world.beside.status.seen, world.beside.status.differences) == (4, 3)


async def test_the_same_release_beside_itself_differs_in_nothing(world: World) -> None:
    world.candidate(SHIPPED)
    async with world.beside.running():
        for caller in callers():
            for purpose in (Purpose.TREAT, Purpose.HRESCH, Purpose.HMARKT):
                await world.exchange(caller, Action.CHAT, purpose)
    assert world.differences == []
    assert world.beside.status.seen == 15


async def test_without_a_candidate_nothing_is_kept_but_what_callers_are(world: World) -> None:
    async with world.beside.running():
        await world.exchange(DOCTOR, Action.CHAT, Purpose.TREAT)
    assert len(world.ledger.records) == 1
    assert world.standings.find(standing_of(DOCTOR).digest) == standing_of(DOCTOR)
    assert Standings(world.state / DATABASE).find(standing_of(DOCTOR).digest) is not None
    assert not (world.state / STATUS).exists()


async def test_the_decision_is_that_of_the_release_in_force_whatever_the_candidate_says(
    world: World,
) -> None:
    world.candidate()
    async with world.beside.running():
        for caller in callers():
            for action in (Action.CHAT, Action.EMBED, Action.TRANSCRIBE):
                asked = (caller, action, MODEL, Purpose.HRESCH)
                assert world.beside.decider.decide(*asked) == world.decider.decide(*asked)
    assert world.beside.decider.release == world.decider.release
    assert world.beside.decider.aliases == world.decider.aliases


async def test_a_candidate_that_fails_is_counted_and_harms_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.candidate()

    def fails(*_: object) -> None:
        raise RuntimeError("a patient's name")

    async with world.beside.running():
        monkeypatch.setattr("gateway.policy.simulation.sides.Side.answer", fails)
        await world.exchange(RESEARCHER, Action.EMBED, Purpose.HRESCH)
        await until(lambda: world.beside.status.errors)
    assert world.differences == []
    assert len(world.ledger.records) == 1


async def test_a_ledger_that_takes_no_difference_harms_no_exchange(world: World) -> None:
    world.candidate()
    world.ledger.fail_kinds = {Kind.DIFFERENCE}
    async with world.beside.running():
        await world.exchange(RESEARCHER, Action.EMBED, Purpose.HRESCH)
        await world.exchange(RESEARCHER, Action.CHAT, Purpose.HRESCH)
    assert len(world.ledger.records) == 2
    assert world.beside.status.errors == 1


async def test_a_table_that_takes_no_standing_harms_no_exchange(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise StandingsError("disk")

    monkeypatch.setattr(world.standings, "note", fails)
    async with world.beside.running():
        await world.exchange(DOCTOR, Action.CHAT, Purpose.TREAT)
    assert len(world.ledger.records) == 1


async def test_a_candidate_that_differs_in_everything_does_not_fill_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "_PER_SECOND", 0.0)
    world.candidate()
    async with world.beside.running():
        for _ in range(80):
            await world.exchange(DOCTOR, Action.CHAT, Purpose.TREAT)
    assert world.beside.status.differences == 80
    assert len(world.differences) == world.beside.status.recorded == 50


async def test_more_than_can_wait_is_counted_and_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "_WAITING", 3)
    world.candidate()
    async with world.beside.running():
        record = await world.exchange(DOCTOR, Action.CHAT, Purpose.TREAT)
        for _ in range(10):
            world.beside.heard(record)
    assert world.beside.status.missed >= 7


async def test_a_running_gateway_follows_the_candidate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "_INTERVAL", 0.02)
    async with world.beside.running():
        assert world.beside.status.release is None
        digest = world.candidate()
        await until(lambda: world.beside.status.release == digest)
        (world.state / CANDIDATE).write_bytes(b"no archive")
        await until(lambda: world.beside.status.problem == "policy_unavailable")
        (world.state / CANDIDATE).unlink()
        await until(lambda: world.beside.status.problem is None)
        await world.exchange(RESEARCHER, Action.EMBED, Purpose.HRESCH)
    assert world.differences == []


async def test_a_candidate_is_followed_however_much_there_is_to_decide(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "_INTERVAL", 0.05)
    decide = world.beside._decide

    def slowly(callers: list[Standing], records: list[Intent | Refusal]) -> list[Difference]:
        time.sleep(0.02)  # So that there is always more when a round is over.
        return decide(callers, records)

    monkeypatch.setattr(world.beside, "_decide", slowly)
    world.candidate()
    async with world.beside.running():

        async def ask() -> None:
            while True:
                await world.exchange(DOCTOR, Action.CHAT, Purpose.TREAT)
                await asyncio.sleep(0)

        asking = asyncio.create_task(ask())
        await until(lambda: world.beside.status.seen)
        (world.state / CANDIDATE).unlink()
        try:
            await until(lambda: world.beside.status.release is None)
        finally:
            asking.cancel()


async def test_what_the_release_in_force_has_changed_meanwhile_is_not_compared(
    world: World,
) -> None:
    world.candidate()
    async with world.beside.running():
        record = await world.exchange(RESEARCHER, Action.EMBED, Purpose.HRESCH)
        world.decider._release = build(changed(SHIPPED))
        world.beside.heard(record)
    assert world.beside.status.unknown >= 1


# -- commands


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load(tmp_path / "data")
    install_default(settings.policies)
    with SqliteLedger.open_for_recording(place_of(settings)):
        return settings


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(
        app, ["shadow", *arguments], obj=settings
    )


def test_a_shadow_is_started_looked_at_and_stopped(settings: Settings) -> None:
    assert "no shadow" in run(settings, "status").stdout
    started = run(settings, "start", str(settings.policies))
    assert started.exit_code == 0, started.stderr
    digest = build(read(settings.policies)).digest
    assert json.loads(run(settings, "status", "--json").stdout) == {
        "candidate": digest,
        "gateway": None,
    }
    assert "No gateway has followed it yet" in run(settings, "status").stdout
    assert run(settings, "stop").exit_code == 0
    assert run(settings, "stop").exit_code == 1
    with read_ledger(settings.ledger) as reader:
        acts = [each.record for each in reader.search(Query())]
    assert [(each.act, each.target) for each in acts if isinstance(each, Admin)] == [
        ("shadow_started", digest),
        ("shadow_stopped", digest),
    ]


async def test_the_status_is_that_of_the_gateway(settings: Settings) -> None:
    await asyncio.to_thread(run, settings, "start", str(settings.policies))
    world = World(settings.state)
    async with world.beside.running():
        await world.exchange(DOCTOR, Action.CHAT, Purpose.TREAT)
    assert "1 decisions made again, 0 otherwise" in run(settings, "status").stdout


def test_a_candidate_that_is_no_release_is_not_started(settings: Settings, tmp_path: Path) -> None:
    for word in ("nowhere", str(tmp_path)):
        result = run(settings, "start", word)
        assert result.exit_code == 1
        assert result.stderr.startswith("intramural: ")
    assert not (settings.state / CANDIDATE).exists()
