"""A running gateway follows the release in force, and a bad release never replaces a good one."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.exchange import Action, Assurance, Caller, Options, Purpose
from gateway.domain.policy import Permit
from gateway.domain.records import Admin, AdminAct, Intent, Outcome
from gateway.inforce import Following
from gateway.policy.problems import PolicyError
from gateway.policy.release import ACCESS, MODELS
from gateway.policy.releases.archive import pack
from gateway.policy.releases.store import DATABASE
from gateway.policy.releases.version import Part
from gateway.policy.shipped import install_default
from gateway.settings import PolicySettings, Settings, load
from tests.fakes.engine import MODEL
from tests.fakes.exchange import World, ask, read, submission
from tests.fakes.releases import APPROVER, AUTHOR, FILES, OPERATOR, Office, open_office

ALIASES = {MODELS: b"aliases:\n  default: fake-model\n"}
WIDE = {**FILES, **ALIASES}


class Log:
    """What the gateway records, and a switch for a ledger that does not."""

    def __init__(self) -> None:
        self.records: list[Admin] = []
        self.down = False

    def append(self, record: Admin) -> None:
        if self.down:
            raise LedgerUnavailable
        self.records.append(record)

    def acts(self) -> list[AdminAct]:
        return [record.act for record in self.records]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(load(tmp_path), policy=PolicySettings(mode="releases"))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """The register as another process has it open."""
    return open_office(tmp_path)


def release(office: Office, files: dict[str, bytes], activate: bool = True) -> str:  # noqa: FBT001, FBT002
    draft = office.desk.draft(AUTHOR, pack(files), "a test")
    number, ada = draft.number, office.keys["Ada"].id
    office.desk.submit(AUTHOR, number, ada, office.sign(number, Part.AUTHOR, "Ada"))
    office.approve(number)
    if activate:
        office.desk.activate(OPERATOR, number)
    return draft.digest


def denying(more: str = "") -> dict[str, bytes]:
    """A policy that permits nobody's TREAT, and says so in its vectors."""
    access = (
        WIDE[ACCESS]
        + (
            f'@id("nobody-treats{more}") forbid (principal, action, resource) '
            'when { context.purpose == Purpose::"TREAT" };\n'
        ).encode()
    )
    vector = (
        "vectors:\n  - name: nobody treats\n    roles: [clinician]\n    purpose: TREAT\n"
        "    action: chat\n    model: any\n    expect: {deny: [nobody-treats" + more + "]}\n"
    )
    kept = {name: data for name, data in WIDE.items() if not name.startswith("vectors/")}
    return {**kept, ACCESS: access, "vectors/v.yaml": vector.encode()}


@asynccontextmanager
async def following(settings: Settings, log: Log) -> AsyncIterator[Following]:
    policy = Following(settings, log.append)
    policy.serving([MODEL.name])
    try:
        async with policy.running():
            yield policy
    finally:
        policy.close()


async def until(what: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110 - anything may be waited for
            await asyncio.sleep(0.01)


async def test_a_running_gateway_follows_and_exchanges_end_under_their_release(
    settings: Settings, office: Office
) -> None:
    first = release(office, WIDE)
    log = Log()
    async with following(settings, log) as policy:
        world = World()
        world.decider = policy.decider  # type: ignore[assignment]
        world.engine.hang_at = 1
        pipeline = world.pipeline()
        running = pipeline.start(submission(ask("hello", model="default")))
        await world.engine.started.wait()
        second = release(office, denying())
        await until(lambda: policy.decider.release == second)  # Forty of its intervals.
        # What is new is decided by the new release,
        refused = await read(pipeline.start(submission(ask("hello", model="default"))))
        assert refused.error is not None
        assert refused.error.code is Code.POLICY_DENIED
        # and what runs ends as it began.
        running.cancel(Code.CLIENT_DISCONNECTED)
        await read(running)
        intent, outcome = world.records(running)
        assert isinstance(intent, Intent)
        assert isinstance(outcome, Outcome)
        assert (intent.release, intent.profile) == (first, "treatment")
        assert policy.as_ordered
    assert (AdminAct.POLICY_LOADED, second) in [(each.act, each.target) for each in log.records]


async def test_a_reply_that_was_kept_is_not_given_under_a_release_that_denies(
    settings: Settings, office: Office
) -> None:
    access = WIDE["profiles/treatment.yaml"].replace(b"cache: false", b"cache: true")
    release(office, {**WIDE, "profiles/treatment.yaml": access})
    async with following(settings, Log()) as policy:
        world = World(caching=True)
        world.decider = policy.decider  # type: ignore[assignment]
        pipeline = world.pipeline()
        cached = replace(ask("hello"), options=Options(temperature=0))
        for _ in range(2):
            assert (await read(pipeline.start(submission(cached)))).error is None
        assert len(world.engine.seen) == 1  # The second was given from memory.
        second = release(office, denying())
        await until(lambda: policy.decider.release == second)
        reply = await read(pipeline.start(submission(cached)))
        assert reply.error is not None
        assert reply.text == ""


async def test_a_release_whose_aliases_lead_nowhere_here_leaves_the_good_one(
    settings: Settings, office: Office
) -> None:
    good = release(office, WIDE)
    log = Log()
    async with following(settings, log) as policy:
        bad = release(office, FILES)  # Its alias leads to the shipped model.
        await until(lambda: not policy.as_ordered)
        assert policy.decider.release == good
        assert (AdminAct.POLICY_REFUSED, f"{bad} release_invalid") in [
            (each.act, each.target) for each in log.records
        ]
        await until(lambda: office.desk.store.serving()[settings.node][1] == bad)
        _, _, problem = office.desk.store.serving()[settings.node]
        assert problem is not None
        assert "not served" in problem
        # It is refused once, not four times a second.
        await asyncio.sleep(0.6)
        assert log.acts().count(AdminAct.POLICY_REFUSED) == 1
        # Back to the good one, and all is as ordered.
        office.desk.roll_back(OPERATOR, 1)
        await until(lambda: policy.as_ordered)
        assert policy.decider.release == good


async def test_what_nobody_signed_is_not_followed_whoever_wrote_it_into_the_register(
    settings: Settings, office: Office, tmp_path: Path
) -> None:
    import apsw

    good = release(office, WIDE)
    async with following(settings, Log()) as policy:
        office.desk.draft(AUTHOR, pack(denying()), "never signed")
        db = apsw.Connection(str(tmp_path / "state" / "policy.db"))
        with db:
            db.execute("UPDATE version SET state = 'retired' WHERE number = 1")
            db.execute("UPDATE version SET state = 'active' WHERE number = 2")
        db.close()
        await until(lambda: not policy.as_ordered)
        assert policy.decider.release == good


async def test_without_a_ledger_the_gateway_stays_where_it_is_and_tries_again(
    settings: Settings, office: Office
) -> None:
    first = release(office, WIDE)
    log = Log()
    async with following(settings, log) as policy:
        log.down = True
        second = release(office, denying())
        await until(lambda: not policy.as_ordered)
        assert policy.decider.release == first
        log.down = False
        await until(lambda: policy.decider.release == second)
        assert policy.as_ordered


async def test_what_nobody_foresaw_ends_no_following_and_is_told_once(
    settings: Settings,
    office: Office,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = release(office, WIDE)
    looks: list[None] = []

    def broken() -> None:
        looks.append(None)
        raise ValueError("a text that must not be logged")

    async with following(settings, Log()) as policy:
        with monkeypatch.context() as patched:
            patched.setattr(policy, "look", broken)
            second = release(office, denying())
            await until(lambda: len(looks) > 2)
            assert not policy.as_ordered
            assert policy.decider.release == first
        await until(lambda: policy.decider.release == second)
        assert policy.as_ordered
    said = "".join(capsys.readouterr())
    assert said.count("policy_not_followed") == 1
    assert "must not be logged" not in said


@pytest.mark.parametrize("how", ["another", "gone"])
async def test_a_register_that_is_replaced_stops_the_deciding_until_it_is_back(
    settings: Settings, office: Office, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    release(office, WIDE)
    register = settings.state / DATABASE
    aside = register.with_suffix(".aside")
    caller = Caller("key:a", "a", frozenset({"clinician"}), frozenset(), "a", Assurance.API_KEY)
    asked = (caller, Action.CHAT, MODEL, Purpose.TREAT)
    async with following(settings, Log()) as policy:
        assert isinstance(policy.decider.decide(*asked), Permit)
        register.rename(aside)
        if how == "another":
            register.write_bytes(aside.read_bytes())
        await until(lambda: not policy.as_ordered)
        with pytest.raises(ExchangeError, match="replaced") as refused:
            policy.decider.decide(*asked)
        assert refused.value.code is Code.POLICY_UNAVAILABLE
        assert not policy.decider.decides
        await asyncio.sleep(0.6)
        aside.replace(register)
        await until(lambda: policy.as_ordered)
        assert isinstance(policy.decider.decide(*asked), Permit)
    assert "".join(capsys.readouterr()).count("policy_register_replaced") == 1


async def test_a_scheduled_release_comes_by_the_gateways_own_clock(
    settings: Settings, office: Office
) -> None:
    release(office, WIDE)
    async with following(settings, Log()) as policy:
        second = release(office, denying(), activate=False)
        office.clock.now = time.time_ns() // 1_000_000
        office.desk.schedule(OPERATOR, 2, office.clock.now + 300)
        await until(lambda: policy.decider.release == second)


async def test_an_emergency_alarms_in_the_gateway_too(
    settings: Settings, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    release(office, WIDE)
    async with following(settings, Log()) as policy:
        draft = office.desk.draft(AUTHOR, pack(denying()), "hurry")
        capsys.readouterr()
        office.emergency(draft.number)
        await until(lambda: policy.decider.release == draft.digest)
    said = "".join(capsys.readouterr())
    assert said.count("policy_emergency") >= 2


async def test_a_directory_is_read_again_when_the_gateway_is_told_to(settings: Settings) -> None:
    settings = replace(settings, policy=PolicySettings())
    install_default(settings.policies)
    (settings.policies / MODELS).write_bytes(ALIASES[MODELS])
    log = Log()
    async with following(settings, log) as policy:
        before = policy.decider.release
        access = settings.policies / ACCESS
        good = access.read_text()
        access.write_text(f"{good}// more\n")
        await asyncio.sleep(0.5)
        assert policy.decider.release == before
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: policy.decider.release != before)
        after = policy.decider.release
        access.write_text("permt")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: not policy.as_ordered)
        assert policy.decider.release == after
        access.write_text(good)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: policy.decider.release == before)
        assert policy.as_ordered
    assert log.acts() == [
        AdminAct.POLICY_LOADED,
        AdminAct.POLICY_REFUSED,
        AdminAct.POLICY_LOADED,
    ]


def test_no_gateway_starts_without_a_release_or_with_one_that_may_not_be(
    settings: Settings, office: Office
) -> None:
    with pytest.raises(PolicyError, match="no release is in force"):
        Following(settings, Log().append)
    release(office, FILES)
    policy = Following(settings, Log().append)
    with pytest.raises(PolicyError, match="not served"):
        policy.serving([MODEL.name])
    policy.close()
    grace = office.keys["Grace"].id
    office.desk.revoke_signer(APPROVER, grace, since=1)
    with pytest.raises(ExchangeError) as refused:
        Following(settings, Log().append)
    assert refused.value.code is Code.SIGNATURE_REFUSED
