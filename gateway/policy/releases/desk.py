"""What can be done to releases, one method for each step: the command line and HTTP both come here.

Each step is recorded before it is done, and so is each refusal. A step is one transaction of the
register: of two approvals, or two activations, at the same time one is refused.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway import logs
from gateway.domain.duties import same_person
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Caller
from gateway.domain.records import AdminAct
from gateway.policy.problems import PolicyError, Problem
from gateway.policy.release import Release, build, digest
from gateway.policy.releases import trust
from gateway.policy.releases.archive import unpack
from gateway.policy.releases.signing import signer_id, sound, statement
from gateway.policy.releases.store import PolicyStore
from gateway.policy.releases.version import (
    Part,
    Signature,
    Signer,
    State,
    Step,
    Version,
)

_NOTE: Final = re.compile(r"[\x20-\x7e]{3,200}\Z")
_PERSON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}\Z")
_SIGNER: Final = re.compile(r"signer:[0-9a-f]{16}\Z")
_MAX_VERSIONS: Final = 100_000


class Record(Protocol):
    """Makes an act durable in the ledger, or raises: then nothing is done."""

    def __call__(self, actor: str, act: AdminAct, target: str, until: int | None = None) -> None:
        """Record that `actor` did `act`; `until` is when it begins or ends."""
        ...


Examine = Callable[[Release], Sequence[Problem]]
"""What speaks against putting a release in force here, besides that it does not load."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Moves releases from step to step. Safe to use from several threads and processes."""

    store: PolicyStore
    record: Record
    now: Callable[[], int]
    examine: Examine

    def draft(self, caller: Caller, archive: bytes, note: str) -> Version:
        """Take in a release as a draft. Raises `ExchangeError` with RELEASE_INVALID or -CONFLICT.

        It has to load; whether its vectors hold is asked when it is submitted.
        """
        _check_note(note)
        release = _release(archive)
        with self._refusing(caller.id, release.digest), self.store.transaction():
            if (there := self.store.with_digest(release.digest)) is not None:
                raise ExchangeError(
                    Code.RELEASE_CONFLICT,
                    f"This very policy is release {there.number}, which is {there.state}.",
                )
            if len(self.store.versions()) >= _MAX_VERSIONS:
                raise ExchangeError(Code.RELEASE_CONFLICT, "The register of releases is full.")
            self.record(caller.id, AdminAct.POLICY_DRAFTED, release.digest)
            made = Version(0, release.digest, State.DRAFT, note, self.now(), caller.id)
            return replace(made, number=self.store.add(made, archive))

    def submit(self, caller: Caller, number: int, signer: str, signature: bytes) -> Version:
        """Sign a draft as its author and ask for approval. Its vectors have to hold."""
        with self._step(caller, number, Step.SUBMIT) as version:
            self._examined(version)
            self._sign(caller, version, Part.AUTHOR, signer, signature)
            self.record(caller.id, AdminAct.POLICY_SUBMITTED, version.digest)
            return self._put(replace(version, state=State.SUBMITTED))

    def approve(self, caller: Caller, number: int, signer: str, signature: bytes) -> Version:
        """Sign what another person submitted, or put in force alone."""
        with self._step(caller, number, Step.APPROVE) as version:
            signed = self._sign(caller, version, Part.APPROVER, signer, signature)
            trust.another(
                version, self.store.signatures(number), self.store.signers(), caller, signed.person
            )
            self.record(caller.id, AdminAct.POLICY_APPROVED, version.digest)
            if version.alone:
                return self._put(replace(version, alone=False))
            return self._put(replace(version, state=State.APPROVED))

    def reject(self, caller: Caller, number: int) -> Version:
        """Put a release away for good; who wrote it may too."""
        with self._step(caller, number, Step.REJECT) as version:
            self.record(caller.id, AdminAct.POLICY_REJECTED, version.digest)
            return self._put(replace(version, state=State.REJECTED, begins=None))

    def schedule(self, caller: Caller, number: int, begins: int) -> Version:
        """Have an approved release put in force at `begins`, by a gateway that runs then."""
        with self._step(caller, number, Step.SCHEDULE) as version:
            if begins <= self.now():
                raise ExchangeError(
                    Code.INVALID_REQUEST, "That time has passed: activate the release instead."
                )
            self._signed(version)
            self.record(caller.id, AdminAct.POLICY_SCHEDULED, version.digest, begins)
            return self._put(replace(version, state=State.SCHEDULED, begins=begins))

    def unschedule(self, caller: Caller, number: int) -> Version:
        """Take a schedule back; the release stays approved."""
        with self._step(caller, number, Step.UNSCHEDULE) as version:
            self.record(caller.id, AdminAct.POLICY_UNSCHEDULED, version.digest)
            return self._put(replace(version, state=State.APPROVED, begins=None))

    def activate(self, caller: Caller, number: int) -> Version:
        """Put an approved release in force."""
        return self._activate(caller, number, Step.ACTIVATE)

    def roll_back(self, caller: Caller, number: int) -> Version:
        """Put a release that was in force, and that two persons signed, in force again."""
        return self._activate(caller, number, Step.ROLL_BACK)

    def emergency(
        self, caller: Caller, number: int, signer: str, signature: bytes, reason: str
    ) -> Version:
        """Put a release in force on one person's word: break-glass, which alarms.

        It has to check like every other, and its signature to hold.
        """
        _check_note(reason)
        with self._step(caller, number, Step.EMERGENCY) as version:
            self._examined(version)
            self._sign(caller, version, Part.ALONE, signer, signature, reason)
            self.record(caller.id, AdminAct.POLICY_EMERGENCY, version.digest)
            active = self._switch(replace(version, alone=True), caller.id)
        logs.policy_emergency(release=version.digest, actor=caller.id)
        self.settle()
        return active

    def due(self) -> tuple[Version, ...]:
        """Put in force what was scheduled until now, the latest last; return what was.

        One that may not be in force any more is approved again, and the refusal is recorded. So is
        one that another took the place of meanwhile: what somebody put in force after its time,
        when no gateway ran, is newer.
        """
        done = []
        before = self.store.active()
        for version in self.store.late(self.now()):
            try:
                if before is not None and (before.activated or 0) > (version.begins or 0):
                    with self._refusing(_GATEWAY.id, version.digest):
                        raise _overtaken(version)
                done.append(self._activate(_GATEWAY, version.number, Step.ACTIVATE))
            except ExchangeError as error:
                if error.code is Code.AUDIT_UNAVAILABLE:
                    raise
                logs.alarm("policy_refused", release=version.digest, code=str(error.code))
                with contextlib.suppress(ExchangeError):
                    self.unschedule(_GATEWAY, version.number)
        return tuple(done)

    def settle(self) -> None:
        """Tell the ledger what was done and could not be said then. Raises as `record` does."""
        if not self.store.owed():
            return
        with self.store.transaction():
            for debt, actor, act, target in self.store.owed():
                self.record(actor, AdminAct(act), target)
                self.store.paid(debt)

    def statement(self, number: int, part: Part, signer: str, reason: str | None = None) -> bytes:
        """Return what `signer` signs to have their name on a release as `part`."""
        return self._statement(self.version(number), part, signer, reason)

    def version(self, number: int) -> Version:
        """Return a version. Raises RELEASE_NOT_FOUND."""
        found = self.store.version(number)
        if found is None:
            raise ExchangeError(
                Code.RELEASE_NOT_FOUND,
                "There is no release of that number: `intramural policy releases` lists them.",
            )
        return found

    def release(self, version: Version) -> Release:
        """Return what a version says, out of its archive. Raises RELEASE_INVALID."""
        release = _release(self.store.archive(version.number))
        if release.digest != version.digest:
            raise ExchangeError(
                Code.RELEASE_INVALID,
                f"The archive of release {version.number} is not the one that was handed in: "
                "restore the register from a backup.",
            )
        return release

    def in_force(self) -> tuple[Version, Release] | None:
        """Return the release in force, or nothing where none ever was.

        Raises `ExchangeError` with SIGNATURE_REFUSED, SELF_APPROVAL or RELEASE_INVALID if what the
        register says is in force may not be.
        """
        version = self.store.active()
        if version is None:
            return None
        trust.in_force(
            self.store.installation(),
            version,
            self.store.signatures(version.number),
            self.store.signers(),
        )
        return version, self.release(version)

    def add_signer(self, caller: Caller, person: str, part: Part, public: bytes) -> Signer:
        """Register a person's public key as an author's or an approver's."""
        if not _PERSON.match(person):
            raise ExchangeError(
                Code.INVALID_REQUEST, "A person is 1 to 64 letters, digits, spaces, dots, _ and -."
            )
        if part is Part.ALONE or not sound(public):
            raise ExchangeError(
                Code.INVALID_REQUEST,
                "A signer is an author or an approver with an Ed25519 public key of 32 bytes.",
            )
        signer = Signer(signer_id(public), person, part, public, self.now())
        with self._refusing(caller.id, signer.id), self.store.transaction():
            for each in self.store.signers().values():
                if each.id == signer.id:
                    raise ExchangeError(Code.RELEASE_CONFLICT, "This key is registered already.")
                if same_person(each.person, person) and each.part is not part and not each.revoked:
                    raise ExchangeError(
                        Code.RELEASE_CONFLICT,
                        f"{each.person} has a key as {each.part}: nobody writes and approves. "
                        "Revoke that one first.",
                    )
            self.record(caller.id, AdminAct.SIGNER_ADDED, signer.id)
            self.store.add_signer(signer)
        return signer

    def revoke_signer(self, caller: Caller, signer: str, since: int | None = None) -> Signer:
        """Let a key's signatures count no more from `since` on: now, or a time in the past."""
        if not _SIGNER.match(signer):
            raise ExchangeError(Code.INVALID_REQUEST, "A signer is `signer:` and 16 hex digits.")
        now = self.now()
        moment = now if since is None else min(since, now)
        with self._refusing(caller.id, signer), self.store.transaction():
            if signer not in self.store.signers():
                raise ExchangeError(
                    Code.RELEASE_NOT_FOUND, "No key of that id: `intramural policy signers list`."
                )
            self.record(caller.id, AdminAct.SIGNER_REVOKED, signer, moment)
            self.store.revoke_signer(signer, moment)
            return self.store.signers()[signer]

    def _activate(self, caller: Caller, number: int, step: Step) -> Version:
        with self._step(caller, number, step) as version:
            self._examined(version)
            self._signed(version)
            act = (
                AdminAct.POLICY_ROLLING_BACK
                if step is Step.ROLL_BACK
                else AdminAct.POLICY_ACTIVATING
            )
            self.record(caller.id, act, version.digest)
            active = self._switch(version, caller.id)
        self.settle()
        return active

    def _switch(self, version: Version, actor: str) -> Version:
        """Put `version` in the place of the one in force, in the caller's transaction."""
        if (before := self.store.active()) is not None:
            self.store.put(replace(before, state=State.RETIRED))
        self.store.owe(actor, AdminAct.POLICY_ACTIVATED, version.digest)
        return self._put(replace(version, state=State.ACTIVE, activated=self.now(), begins=None))

    def _signed(self, version: Version) -> None:
        if version.alone:
            raise ExchangeError(
                Code.SIGNATURE_REFUSED,
                f"Release {version.number} was in force on one person's word: have it approved, "
                "or put it in force as an emergency again.",
            )
        signatures, signers = self.store.signatures(version.number), self.store.signers()
        trust.in_force(self.store.installation(), version, signatures, signers)
        if version.activated is None:
            trust.newly_in_force(signatures, signers, self.now())

    def _examined(self, version: Version) -> None:
        if problems := self.examine(self.release(version)):
            raise _invalid(problems)

    def _sign(  # noqa: PLR0913, PLR0917 - who, what, as what, and by which key
        self,
        caller: Caller,
        version: Version,
        part: Part,
        signer: str,
        signature: bytes,
        reason: str | None = None,
    ) -> Signer:
        said = self._statement(version, part, signer, reason)
        now = self.now()
        known = trust.signed(self.store.signers().get(signer), part, now, said, signature)
        self.store.sign(
            Signature(version.number, part, signer, caller.id, caller.name, now, said, signature)
        )
        return known

    def _statement(self, version: Version, part: Part, signer: str, reason: str | None) -> bytes:
        first: bytes | None = None
        if part is Part.APPROVER:
            signatures = self.store.signatures(version.number)
            base = signatures.get(Part.ALONE if version.alone else Part.AUTHOR)
            if base is None:
                raise ExchangeError(
                    Code.RELEASE_CONFLICT, "Nobody has asked for this release's approval yet."
                )
            first = base.statement
        return statement(
            self.store.installation(), version, part, signer, author=first, reason=reason
        )

    def _put(self, version: Version) -> Version:
        self.store.put(version)
        return version

    @contextlib.contextmanager
    def _step(self, caller: Caller, number: int, step: Step) -> Iterator[Version]:
        target = self.version(number)
        with self._refusing(caller.id, target.digest), self.store.transaction():
            version = self.version(number)
            trust.may(version, step)
            yield version

    @contextlib.contextmanager
    def _refusing(self, actor: str, target: str) -> Iterator[None]:
        try:
            yield
        except ExchangeError as error:
            if error.code is not Code.AUDIT_UNAVAILABLE:
                self.record(actor, AdminAct.POLICY_REFUSED, f"{target} {error.code}")
            raise


def _release(archive: bytes) -> Release:
    try:
        files = unpack(archive)
        release = build(files)
    except PolicyError as error:
        raise _invalid(error.problems) from None
    if release.digest != digest(files):
        raise ValueError("a release has another digest than its files")
    return release


def _invalid(problems: Sequence[Problem]) -> ExchangeError:
    return ExchangeError(
        Code.RELEASE_INVALID,
        "The policy does not check, so it goes no further:\n" + "\n".join(map(str, problems)),
    )


def _overtaken(version: Version) -> ExchangeError:
    return ExchangeError(
        Code.RELEASE_CONFLICT,
        f"Another release came into force after the time at which release {version.number} was to.",
    )


def _check_note(note: str) -> None:
    if not _NOTE.match(note):
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "Say in 3 to 200 printable ASCII characters what it is for; name no patient.",
        )


def _gateway() -> Caller:
    from gateway.domain.exchange import Assurance

    return Caller("gateway", "gateway", frozenset(), frozenset(), "gateway", Assurance.NETWORK)


_GATEWAY: Final = _gateway()
