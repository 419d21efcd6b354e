"""A register of releases with the people who sign in it, and a ledger that is a list."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.domain.errors import LedgerUnavailable
from gateway.domain.exchange import Assurance, Caller
from gateway.domain.records import AdminAct
from gateway.policy.check import check_release
from gateway.policy.problems import Problem
from gateway.policy.release import ACCESS, Release, read
from gateway.policy.releases.archive import pack
from gateway.policy.releases.desk import Desk
from gateway.policy.releases.signing import PersonalKey
from gateway.policy.releases.store import DATABASE, PolicyStore
from gateway.policy.releases.version import Part, Version
from gateway.policy.shipped import shipped_policies
from tests.fakes.identity import START, StoppedClock

FILES = dict(read(shipped_policies()))


def person(name: str, role: str) -> Caller:
    return Caller(f"key:{name}", name, frozenset({role}), frozenset(), name, Assurance.API_KEY)


AUTHOR = person("Ada", "policy_author")
APPROVER = person("Grace", "approver")
OPERATOR = person("Linus", "operator")


def policy(number: int) -> dict[str, bytes]:
    """A policy that checks, and is another one for each number."""
    return {**FILES, ACCESS: FILES[ACCESS] + f"// {number}\n".encode()}


@dataclass
class Office:
    """The desk, and what stands around it."""

    desk: Desk
    clock: StoppedClock
    acts: list[tuple[str, AdminAct, str, int | None]] = field(default_factory=list)
    keys: dict[str, PersonalKey] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    down: bool = False
    before: Callable[[AdminAct], None] = lambda _: None
    """Called with each act before it is recorded."""

    def record(self, actor: str, act: AdminAct, target: str, until: int | None = None) -> None:
        self.before(act)
        if self.down:
            raise LedgerUnavailable
        self.acts.append((actor, act, target, until))

    def examine(self, release: Release) -> Sequence[Problem]:
        return (*check_release(release).problems, *self.problems)

    def hire(self, name: str, part: Part) -> PersonalKey:
        key = self.keys[name] = PersonalKey.generate()
        self.desk.add_signer(OPERATOR, name, part, key.public)
        return key

    def sign(self, number: int, part: Part, name: str, reason: str | None = None) -> bytes:
        key = self.keys[name]
        return key.sign(self.desk.statement(number, part, key.id, reason))

    def drafted(self, number: int = 1) -> Version:
        return self.desk.draft(AUTHOR, pack(policy(number)), f"policy {number}")

    def submitted(self, number: int = 1) -> Version:
        made = self.drafted(number).number
        key = self.keys["Ada"].id
        return self.desk.submit(AUTHOR, made, key, self.sign(made, Part.AUTHOR, "Ada"))

    def approved(self, number: int = 1) -> Version:
        return self.approve(self.submitted(number).number)

    def approve(self, number: int, name: str = "Grace", by: Caller = APPROVER) -> Version:
        key = self.keys[name].id
        return self.desk.approve(by, number, key, self.sign(number, Part.APPROVER, name))

    def active(self, number: int = 1) -> Version:
        return self.desk.activate(OPERATOR, self.approved(number).number)

    def emergency(self, number: int, name: str = "Ada", by: Caller = AUTHOR) -> Version:
        reason = "the ward cannot work"
        signature = self.sign(number, Part.ALONE, name, reason)
        return self.desk.emergency(by, number, self.keys[name].id, signature, reason)

    def said(self) -> list[AdminAct]:
        return [act for _, act, _, _ in self.acts]


def open_office(folder: Path) -> Office:
    clock = StoppedClock(now=START)
    store = PolicyStore(folder / "state" / DATABASE)
    lock = threading.Lock()
    office = Office(Desk(store, lambda *_: None, clock.now_ms, lambda _: ()), clock)

    def record(actor: str, act: AdminAct, target: str, until: int | None = None) -> None:
        with lock:
            office.record(actor, act, target, until)

    office.desk = replace(office.desk, record=record, examine=office.examine)
    if not store.signers():
        office.hire("Ada", Part.AUTHOR)
        office.hire("Grace", Part.APPROVER)
        office.acts.clear()
    return office
