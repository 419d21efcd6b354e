"""Opening kept texts for a simulation: each under a grant, recorded first, and shown to nobody.

1. Somebody outside vouches for the log, and whoever asks holds a grant. 2. Of each exchange that is
about a patient of a grant, the use is durable. 3. Only then it is opened, in memory; detection
reads it, both releases treat it, and counts are what is left. One exchange at a time, and after the
log was read: detection takes its time, and whoever closes a log waits for those who read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Caller
from gateway.domain.payloads import Payload
from gateway.domain.ports import Clock, Detector, Grants, KeptTexts, Ledger
from gateway.domain.records import Access, AccessAct
from gateway.domain.text import RawText
from gateway.policy.simulation.replay import Past
from gateway.policy.simulation.texts import Rereading, Unopened
from gateway.treatment import found_in

TARGET: Final = "simulation"
"""What a refusal to begin is recorded about."""
MOST: Final = 10_000
"""Exchanges that one run opens: far more than a patient has, so that what is chosen fits."""
_BY_PROFILE: Final = frozenset(
    {Action.CHAT, Action.COMPLETE, Action.EMBED, Action.TRANSCRIBE, Action.REDACT}
)
"""Actions whose texts a profile treats; in the others their caller says how."""
_CLOSED: Final = {
    Code.PAYLOAD_NOT_KEPT: Unopened.NEVER_KEPT,
    Code.PAYLOAD_SHREDDED: Unopened.SHREDDED,
    Code.PAYLOAD_DAMAGED: Unopened.DAMAGED,
}


class HeldGrants(Grants, Protocol):
    """Grants, and for whom somebody holds some: `identity.grants.desk.GrantDesk`."""

    def patients(self, caller: Caller) -> frozenset[bytes]:
        """Return the patients for whom `caller` holds a grant now. No use of it; asks nobody."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Means:
    """What it takes to open texts for a simulation."""

    vault: KeptTexts
    grants: HeldGrants
    ledger: Ledger
    clock: Clock
    detector: Detector
    gate: Callable[[], None]
    """Raises `ExchangeError` where nobody outside vouches for the log: then nothing is opened."""


class Rehearsal:
    """One run of one person, who carries the duty to read payloads."""

    def __init__(self, means: Means, caller: Caller, rereading: Rereading) -> None:
        self._means = means
        self._caller = caller
        self._rereading = rereading
        self._patients: frozenset[bytes] = frozenset()
        self._chosen: list[Past] = []

    async def begin(self) -> None:
        """Return if texts may be opened at all.

        Raises `ExchangeError` with AUDIT_UNWITNESSED or GRANT_REQUIRED; that it did is recorded.
        """
        try:
            await asyncio.to_thread(self._means.gate)
            self._patients = await asyncio.to_thread(self._held)
        except ExchangeError as error:
            await self._record(TARGET, None, error.code)
            raise

    def choose(self, past: Past) -> None:
        """Remember an exchange to be opened, or count why it is not. Reads no text."""
        if (why := _beside(past)) is None:
            # Only of those for whom a grant was held when this began: each check counts a use.
            about = self._means.vault.about(past.exchange).patients
            if not about:
                why = Unopened.ABOUT_NOBODY
            elif self._patients.isdisjoint(about):
                why = Unopened.NO_GRANT
            elif len(self._chosen) >= MOST:
                why = Unopened.TOO_MANY
        if why is None:
            self._chosen.append(past)
        else:
            self._rereading.leave(past, why)

    async def open(self, moved: Callable[[int, int], None]) -> None:
        """Open what was chosen, one after another; `moved` hears how many of how many.

        Raises `ExchangeError` where the vault, the grants or the ledger cannot be asked: what was
        counted until then is not the whole.
        """
        whole = len(self._chosen)
        for done, past in enumerate(self._chosen):
            moved(done, whole)
            if (why := await self._opened(past)) is not None:
                self._rereading.leave(past, why)
        moved(whole, whole)

    async def _opened(self, past: Past) -> Unopened | None:
        means = self._means
        about = await asyncio.to_thread(means.vault.about, past.exchange)
        try:
            grant = await asyncio.to_thread(
                means.grants.check, self._caller, AccessAct.READ_PAYLOAD, about.patients
            )
        except ExchangeError as error:
            if error.code is not Code.GRANT_REQUIRED:
                raise
            return Unopened.NO_GRANT  # It has ended meanwhile.
        await self._record(past.exchange, grant, None)
        try:
            payload = await asyncio.to_thread(means.vault.open, past.exchange)
        except ExchangeError as error:
            await self._record(past.exchange, grant, error.code)
            if error.code not in _CLOSED:
                raise
            return _CLOSED[error.code]
        return await self._reread(past, _original(payload, past.action))

    async def _reread(self, past: Past, texts: Sequence[RawText]) -> Unopened | None:
        if not texts:
            return Unopened.WITHOUT_ORIGINAL
        try:
            seen = await found_in(self._means.detector, texts)
        except ExchangeError:
            return Unopened.UNREAD
        await asyncio.to_thread(self._rereading.compare, past, texts, seen)
        return None

    def _held(self) -> frozenset[bytes]:
        held = self._means.grants.patients(self._caller)
        if not held:
            raise ExchangeError(
                Code.GRANT_REQUIRED,
                "Texts are opened under a grant, for the patients whom it is for, and you hold "
                "none: ask for one with `intramural grants ask`, or leave out --texts.",
            )
        return held

    async def _record(self, target: str, grant: str | None, code: Code | None) -> None:
        await self._means.ledger.append(
            Access(
                exchange=self._means.clock.new_id(),
                time=self._means.clock.now_ms(),
                actor=self._caller.id,
                client=self._caller.client,
                access=AccessAct.READ_PAYLOAD,
                target=target,
                grant=grant,
                code=code,
            )
        )


def _beside(past: Past) -> Unopened | None:
    """Return why a look at the texts would say nothing, if it would not."""
    if not past.sealed:
        return Unopened.NEVER_KEPT
    if past.before is None or past.after is None:
        return Unopened.ONE_DENIES
    return None if past.action in _BY_PROFILE else Unopened.CALLERS_OWN


def _original(payload: Payload, action: Action) -> Sequence[RawText]:
    """Return the texts that detection read: of a recording, what was heard in it."""
    words = payload.reply if action is Action.TRANSCRIBE else payload.request
    return () if words is None else words.plain
