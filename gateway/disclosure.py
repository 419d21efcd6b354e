"""Showing a kept text: to a person who carries the duty, under a grant, and recorded first.

1. Whoever asks holds a grant for this patient. 2. That they look is durable, with whatever speaks
against it. 3. Only then is it opened; if it does not open, a second record says that nothing was
shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Caller
from gateway.domain.payloads import Payload, is_exchange
from gateway.domain.ports import Clock, Grants, KeptTexts, Ledger
from gateway.domain.records import Access, AccessAct


@dataclass(frozen=True, slots=True, repr=False)
class Disclosure:
    """What it takes to show a kept text."""

    vault: KeptTexts
    grants: Grants
    ledger: Ledger
    clock: Clock
    gate: Callable[[], None]
    """`pipeline.Parts.gate`: where nobody outside vouches for the log, nothing is shown."""

    async def show(self, caller: Caller, exchange: str) -> Payload:
        """Return what was kept of `exchange`. The duty of `caller` was checked before.

        Raises `ExchangeError` with AUDIT_UNWITNESSED, GRANT_REQUIRED, PAYLOAD_NOT_KEPT,
        PAYLOAD_SHREDDED or PAYLOAD_DAMAGED, or `LedgerUnavailable`; then nothing is shown.
        """
        if not is_exchange(exchange):
            # What somebody made up is in no record either.
            raise ExchangeError(Code.NOT_FOUND, "That is no id of an exchange: X-Request-Id is.")
        try:
            # It may have to ask, and is in nobody's way while it does.
            await asyncio.to_thread(self.gate)
        except ExchangeError as error:
            await self._record(caller, exchange, None, error.code)
            raise
        about = await asyncio.to_thread(self.vault.about, exchange)
        grant = await self._granted(caller, exchange, about.patients)
        await self._record(caller, exchange, grant, None)
        try:
            return await asyncio.to_thread(self.vault.open, exchange)
        except ExchangeError as error:
            await self._record(caller, exchange, grant, error.code)
            raise

    async def _granted(self, caller: Caller, exchange: str, patients: Sequence[bytes]) -> str:
        try:
            return await asyncio.to_thread(
                self.grants.check, caller, AccessAct.READ_PAYLOAD, patients
            )
        except ExchangeError as error:
            await self._record(caller, exchange, None, error.code)
            raise

    async def _record(
        self, caller: Caller, exchange: str, grant: str | None, code: Code | None
    ) -> None:
        await self.ledger.append(
            Access(
                exchange=self.clock.new_id(),
                time=self.clock.now_ms(),
                actor=caller.id,
                client=caller.client,
                access=AccessAct.READ_PAYLOAD,
                target=exchange,
                grant=grant,
                code=code,
            )
        )
