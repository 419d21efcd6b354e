"""`POST /v1/reidentify` without the HTTP: one text, one exchange, one grant.

1. Policy lets the caller, and the grant is theirs, for this purpose and a patient of the exchange.
2. The use is durable, with whatever speaks against it. 3. Only then is the exchange opened, and the
text restored; if it does not open, a second record says that nothing was shown.
There is one refusal for all of it, so that nobody learns from it which exchanges there are, or whom
they are about.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.allowance import check_scope
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Caller, Model, Purpose
from gateway.domain.payloads import is_exchange
from gateway.domain.policy import Deny
from gateway.domain.ports import Clock, Decider, Vault
from gateway.domain.reidentify import restored
from gateway.domain.text import RawText

_WINDOW_MS: Final = 60_000
_CALLERS: Final = 10_000
PER_MINUTE: Final = 30
"""Tries of one caller: enough for a letter at a time, too few to guess with."""


class Uses(Protocol):
    """Where a use is allowed and recorded: `identity.grants.desk.GrantDesk`."""

    def use(  # noqa: PLR0913, PLR0917 - what a use is about
        self,
        caller: Caller,
        grant_id: str,
        purpose: Purpose,
        exchange: str,
        patients: Sequence[bytes],
        problem: Code | None,
    ) -> None:
        """Return once the use is durable; `ExchangeError`, GRANT_REFUSED, if it may not be."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller wants restored, under which grant."""

    grant: str = field(repr=False)
    purpose: Purpose
    exchange: str = field(repr=False)
    text: RawText


@dataclass(slots=True)
class Pace:
    """At most `PER_MINUTE` tries of one caller in any minute. Used from one thread at a time."""

    clock: Clock
    _tries: OrderedDict[str, deque[int]] = field(default_factory=OrderedDict, repr=False)

    def take(self, caller: str) -> None:
        """Count a try; `ExchangeError` with RATE_LIMITED if it is one too many."""
        now = self.clock.now_ms()
        tries = self._tries.setdefault(caller, deque())
        self._tries.move_to_end(caller)
        if len(self._tries) > _CALLERS:
            self._tries.popitem(last=False)
        while tries and not now - _WINDOW_MS < tries[0] <= now:
            tries.popleft()
        if len(tries) >= PER_MINUTE:
            raise ExchangeError(
                Code.RATE_LIMITED, f"At most {PER_MINUTE} texts a minute. Try again in a minute."
            )
        tries.append(now)


@dataclass(frozen=True, slots=True, repr=False)
class Reidentification:
    """Restores texts. Blocks: call it in a thread."""

    decider: Decider
    model: Model
    """What policy calls detection: the resource of the action `reidentify`."""
    vault: Vault
    grants: Uses

    def restore(self, caller: Caller, wanted: Wanted) -> tuple[RawText, int]:
        """Return the text with its stand-ins restored, and how many there were.

        Raises `ExchangeError` with GRANT_REFUSED, whatever the reason, or with AUDIT_UNAVAILABLE.
        """
        patients = self._patients(wanted.exchange)
        self._use(caller, wanted, patients, self._forbidden(caller, wanted.purpose))
        try:
            meanings = self.vault.open(wanted.exchange).pseudonyms
            problem = None if meanings else Code.PAYLOAD_NOT_KEPT
        except ExchangeError as error:
            problem = error.code
        if problem is not None:
            self._use(caller, wanted, patients, problem)
            raise TypeError("a use with something against it is refused")
        return restored(wanted.text, meanings)

    def _use(
        self, caller: Caller, wanted: Wanted, patients: Sequence[bytes], problem: Code | None
    ) -> None:
        self.grants.use(
            caller,
            wanted.grant,
            wanted.purpose,
            wanted.exchange,
            patients=patients,
            problem=problem,
        )

    def _forbidden(self, caller: Caller, purpose: Purpose) -> Code | None:
        try:
            check_scope(caller, Action.REIDENTIFY, self.model, purpose)
            decision = self.decider.decide(caller, Action.REIDENTIFY, self.model, purpose)
        except ExchangeError as error:
            return error.code
        if isinstance(decision, Deny):
            return decision.code
        return None if decision.profile.reidentify.allowed else Code.POLICY_DENIED

    def _patients(self, exchange: str) -> Sequence[bytes]:
        """Return whom the exchange is about: nobody, where there is no such exchange."""
        return self.vault.about(exchange).patients if is_exchange(exchange) else ()
