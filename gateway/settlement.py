"""Step 8's stubbornness: an outcome that the ledger refuses is offered again until it is durable.

Without this, a disk that was full for a minute would leave exchanges that read as lost although
this process knows how they ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from gateway import logs
from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.ports import Ledger
from gateway.domain.records import Outcome, RecordOrderError, Status

FIRST_DELAY: Final = 0.5
LAST_DELAY: Final = 30.0
"""Seconds between attempts: doubling from the first to the last."""


class Settlement:
    """Appends outcomes, and keeps trying for those that failed."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._retries: set[asyncio.Task[None]] = set()

    async def settle(
        self, outcome: Outcome, reply: Callable[[], Awaitable[str | None]] | None = None
    ) -> None:
        """Return once `outcome` is durable, and before it what `reply` seals and gives a digest of.

        Raises `LedgerUnavailable` after the first failure of either. The client then learns that
        its reply is not on record, and so does the record that is offered again: status failed,
        code `audit_unavailable`. Whatever else `reply` raises is raised too, once the outcome that
        says so is durable: no failure of it leaves an intent without one.
        """
        unkept: Exception | None = None
        if reply is not None:
            try:
                outcome = replace(outcome, sealed=await reply())
            except Exception as error:  # noqa: BLE001 - recorded, then raised below
                code = error.code if isinstance(error, ExchangeError) else Code.INTERNAL_ERROR
                outcome, unkept = _failed(outcome, code), error
        try:
            await self._ledger.append(outcome)
        except LedgerUnavailable:
            task = asyncio.create_task(
                self._retry(_failed(outcome, Code.AUDIT_UNAVAILABLE)), name="settlement"
            )
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)
            raise
        if unkept is not None:
            raise unkept

    async def drain(self, grace: float) -> None:
        """Give open retries `grace` seconds; what is left becomes `lost` at the next start."""
        if self._retries:
            await asyncio.wait(list(self._retries), timeout=grace)
        for task in list(self._retries):
            task.cancel()

    async def _retry(self, outcome: Outcome) -> None:
        delay = FIRST_DELAY
        while True:
            await asyncio.sleep(delay)
            try:
                await self._ledger.append(outcome)
            except RecordOrderError:
                return  # The first attempt was durable after all, though it reported failure.
            except LedgerUnavailable:
                pass
            except Exception as error:  # noqa: BLE001 - no failure ends the trying, unseen
                logs.unexpected(error, exchange=outcome.exchange)
            else:
                return
            delay = min(2 * delay, LAST_DELAY)


def _failed(outcome: Outcome, code: Code) -> Outcome:
    return replace(outcome, status=Status.FAILED, code=code, finish_reason=None)
