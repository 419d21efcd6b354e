"""Who gets a grant, who gives it, and who may do what under it: the rules, in one place.

1. It is asked for by one person, for one patient and one purpose, with a reason, where policy lets
   that person re-identify for that purpose at all.
2. Another person approves it, unless the profile says otherwise; then its time begins.
3. Each use is recorded, durably, before anything is shown; it raises an alarm.
4. It ends by itself. Time goes forward only (`ratchet.py`).

Each step is recorded in the ledger inside the transaction that takes it: of two that race, one is
too late and records nothing. Blocks: call it in a thread.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway import logs
from gateway.allowance import check_scope
from gateway.domain.duties import Duty, carries
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Caller, Model, Purpose
from gateway.domain.policy import Deny, Permit, Reidentify
from gateway.domain.ports import Clock
from gateway.domain.records import Access, AccessAct, Admin, AdminAct, Record
from gateway.domain.subjects import patient
from gateway.identity.grants.grant import AccessGrant, GrantState
from gateway.identity.grants.ratchet import Ratchet
from gateway.identity.grants.rules import (
    MINUTE,
    Request,
    as_it_stands,
    checked,
    is_open,
    is_own,
    obstacle,
    past,
    refused,
    unknown,
)
from gateway.identity.grants.store import Change, GrantStore, GrantStoreError

KEY: Final = "grants.key"
_OPEN: Final = 20
"""Grants that one caller may have asked for or hold at once."""
_NONCE: Final = 12


Decide = Callable[[Caller, Action, Model, Purpose], Permit | Deny]
"""`ports.Decider.decide`, which is asked only when a grant is."""


@dataclass(frozen=True, slots=True, repr=False)
class Means:
    """What the desk works with."""

    store: GrantStore
    decide: Decide
    model: Model
    """What policy calls detection: the resource of the action `reidentify`."""
    clock: Clock
    key: bytes
    """Seals reasons: 32 bytes."""
    subject_key: bytes
    record: Callable[[Record], object]
    """Makes a record durable, or raises; called in a thread."""


class GrantDesk:
    """Implements `ports.Grants`, and everything that leads to a grant."""

    def __init__(self, means: Means, ratchet: Ratchet | None = None) -> None:
        self._means = means
        self._ratchet = ratchet or Ratchet(means.clock.now_ms)
        self._cipher = AESGCM(means.key)

    def ask(self, caller: Caller, request: Request) -> AccessGrant:
        """Return a new grant, which waits, or is active where no second person is needed.

        Raises `ExchangeError` with INVALID_REQUEST, POLICY_DENIED or RATE_LIMITED.
        """
        terms = self._terms(caller, request.purpose)
        minutes = checked(request, terms)
        grant_id = self._means.clock.new_id()
        with self._changing() as (change, now):
            if len([each for each in change.open_of(caller.id) if is_open(each, now)]) >= _OPEN:
                raise ExchangeError(
                    Code.RATE_LIMITED,
                    f"You hold {_OPEN} grants or requests: end one with `intramural grants end`.",
                )
            reason = self._sealed(grant_id, request.reason)
            grant = AccessGrant(
                id=grant_id,
                state=GrantState.ASKED,
                purpose=request.purpose,
                asker=caller.id,
                name=caller.name,
                minutes=minutes,
                asked=now,
                patient=patient(self._means.subject_key, request.patient),
                reason=reason,
            )
            digest = hashlib.sha256(reason).hexdigest()
            self._admin(caller.id, AdminAct.GRANT_ASKED, grant, now, sealed=digest)
            if not terms.second_person:
                grant = self._activated(grant, "policy", now)
            change.add(grant)
        return grant

    def approve(self, caller: Caller, grant_id: str) -> AccessGrant:
        """Return the grant, whose time begins now. Raises as `refuse`."""
        with self._changing() as (change, now):
            grant = self._activated(self._waiting(change, caller, grant_id, now), caller.id, now)
            change.put(grant)
        return grant

    def refuse(self, caller: Caller, grant_id: str) -> AccessGrant:
        """Return the grant, which will never be one.

        Raises `ExchangeError` with GRANT_UNKNOWN, GRANT_OWN (also for another key of the same
        name), or GRANT_STATE.
        """
        with self._changing() as (change, now):
            waiting = self._waiting(change, caller, grant_id, now)
            grant = replace(waiting, state=GrantState.REFUSED, decider=caller.id, ended=now)
            self._admin(caller.id, AdminAct.GRANT_REFUSED, grant, now)
            change.put(grant)
        return grant

    def end(self, caller: Caller, grant_id: str) -> AccessGrant:
        """Return the grant, which is over: for who asked for it, and for who approves grants."""
        with self._changing() as (change, now):
            found = self._concerning(change, caller, grant_id)
            if not is_open(found, now):
                raise past(found)
            grant = self._over(found, caller.id, now)
            change.put(grant)
        return grant

    def show(self, caller: Caller, grant_id: str) -> tuple[AccessGrant, str]:
        """Return a grant and its reason: to who asked for it, and to who approves grants."""
        with self._changing() as (change, now):
            found = self._concerning(change, caller, grant_id)
            return as_it_stands(found, now), self.reason(found)

    def waiting(self, caller: Caller) -> Sequence[tuple[AccessGrant, str]]:
        """Return the requests of others that wait for an approval, each with its reason."""
        with self._changing() as (change, now):
            return [
                (each, self.reason(each))
                for each in change.in_state(GrantState.ASKED)
                if is_open(each, now) and not is_own(each, caller)
            ]

    def use(  # noqa: PLR0913, PLR0917 - what a use is about
        self,
        caller: Caller,
        grant_id: str,
        purpose: Purpose,
        exchange: str,
        patients: Sequence[bytes],
        problem: Code | None,
    ) -> None:
        """Return once it is durable that `caller` learns who the stand-ins of `exchange` are.

        `patients` are whom it is about, `problem` what else speaks against it. Whatever does is in
        the record; who asks is told GRANT_REFUSED, always in the same words.
        """
        with self._changing() as (change, now):
            grant = change.find(grant_id)
            code = obstacle(grant, caller, purpose, now) or problem
            if code is None and grant is not None and grant.patient not in set(patients):
                code = Code.GRANT_PATIENT
            self._means.record(
                Access(
                    exchange=self._means.clock.new_id(),
                    time=self._means.clock.now_ms(),
                    actor=caller.id,
                    client=caller.client,
                    access=AccessAct.REIDENTIFY,
                    target=exchange if patients else "",
                    grant=None if grant is None else grant.id,
                    purpose=purpose,
                    code=code,
                )
            )
            if code is None and grant is not None:
                change.put(replace(grant, uses=grant.uses + 1))
        if code is not None:
            logs.alarm("reidentification_refused", actor=caller.id, code=str(code))
            raise refused()
        logs.alarm("reidentified", actor=caller.id, purpose=str(purpose), exchange=exchange)

    def check(self, caller: Caller, act: AccessAct, patients: Sequence[bytes]) -> str:
        """Return the id of a grant of `caller` for one of `patients` (`ports.Grants`).

        Whoever calls this records the use. Raises `ExchangeError` with GRANT_REQUIRED.
        """
        with self._changing() as (change, now):
            for grant in change.open_of(caller.id):
                if obstacle(grant, caller, grant.purpose, now) is None and (
                    grant.patient in set(patients)
                ):
                    change.put(replace(grant, uses=grant.uses + 1))
                    break
            else:
                raise ExchangeError(
                    Code.GRANT_REQUIRED,
                    "This needs a grant for a patient whom it is about: ask for one with "
                    "`intramural grants ask`.",
                )
        logs.alarm("grant_used", actor=caller.id, action=str(act), purpose=str(grant.purpose))
        return grant.id

    def patients(self, caller: Caller) -> frozenset[bytes]:
        """Return whom the grants are for that `caller` holds now. To know it is no use of one."""
        with self._changing() as (change, now):
            return frozenset(
                grant.patient
                for grant in change.open_of(caller.id)
                if obstacle(grant, caller, grant.purpose, now) is None
            )

    def sweep(self) -> int:
        """End what is over, write down the time, and return how many grants ended."""
        ended = 0
        with self._changing() as (change, now):
            for state in (GrantState.ACTIVE, GrantState.ASKED):
                for grant in change.in_state(state):
                    if not is_open(grant, now):
                        change.put(self._over(grant, "gateway", now))
                        ended += 1
        return ended

    def reason(self, grant: AccessGrant) -> str:
        """Return why a grant was asked for; `ExchangeError` if it does not open.

        It is empty where it was erased together with the patient.
        """
        sealed = grant.reason
        if not any(sealed):
            return ""
        try:
            opened = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], grant.id.encode())
        except (InvalidTag, ValueError):
            raise ExchangeError(
                Code.PAYLOAD_DAMAGED,
                "The reason of this grant does not open: restore keys and grants from one backup.",
            ) from None
        return opened.decode()

    def close(self) -> None:
        """Close the table."""
        self._means.store.close()

    # -- the steps

    def _terms(self, caller: Caller, purpose: Purpose) -> Reidentify:
        means = self._means
        check_scope(caller, Action.REIDENTIFY, means.model, purpose)
        decision = means.decide(caller, Action.REIDENTIFY, means.model, purpose)
        if isinstance(decision, Deny) or not decision.profile.reidentify.allowed:
            raise ExchangeError(
                Code.POLICY_DENIED,
                f"Policy lets nobody like you re-identify for the purpose {purpose}: it takes a "
                "rule for the action `reidentify`, and a profile with `reidentify: {allowed: "
                "true, …}`.",
            )
        return decision.profile.reidentify

    def _waiting(self, change: Change, caller: Caller, grant_id: str, now: int) -> AccessGrant:
        grant = change.find(grant_id)
        if grant is None:
            raise unknown()
        if is_own(grant, caller):
            self._means.record(
                Admin(
                    exchange=self._means.clock.new_id(),
                    time=self._means.clock.now_ms(),
                    actor=caller.id,
                    act=AdminAct.DUTY_REFUSED,
                    target=f"{Duty.APPROVE_GRANT}:{grant.id}",
                )
            )
            raise ExchangeError(
                Code.GRANT_OWN, "You asked for this grant: another person has to decide on it."
            )
        if grant.state is not GrantState.ASKED or not is_open(grant, now):
            raise past(grant)
        return grant

    def _concerning(self, change: Change, caller: Caller, grant_id: str) -> AccessGrant:
        grant = change.find(grant_id)
        if grant is None or not (
            grant.asker == caller.id or carries(caller.roles, Duty.APPROVE_GRANT)
        ):
            raise unknown()
        return grant

    def _activated(self, grant: AccessGrant, decider: str, now: int) -> AccessGrant:
        until = now + grant.minutes * MINUTE
        active = replace(grant, state=GrantState.ACTIVE, decider=decider, until=until)
        self._admin(decider, AdminAct.GRANT_APPROVED, active, now)
        logs.alarm("grant_approved", actor=decider, purpose=str(grant.purpose))
        return active

    def _over(self, grant: AccessGrant, actor: str, now: int) -> AccessGrant:
        self._admin(actor, AdminAct.GRANT_ENDED, grant, now)
        return replace(grant, state=GrantState.ENDED, ended=now)

    def _admin(
        self, actor: str, act: AdminAct, grant: AccessGrant, now: int, sealed: str | None = None
    ) -> None:
        self._means.record(
            Admin(
                exchange=self._means.clock.new_id(),
                time=now,
                actor=actor,
                act=act,
                target=grant.id,
                purpose=grant.purpose,
                until=grant.until,
                sealed=sealed,
            )
        )

    def _sealed(self, grant_id: str, reason: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, reason.encode(), grant_id.encode())

    @contextmanager
    def _changing(self) -> Iterator[tuple[Change, int]]:
        """Hold the transaction, and the time of it; the time stays written down."""
        try:
            with self._means.store.change() as change:
                now = self._ratchet.now(change.written())
                change.write(now)
                yield change, now
        except GrantStoreError as error:
            raise ExchangeError(Code.IDENTITY_UNAVAILABLE, f"Grants: {error}.") from error
