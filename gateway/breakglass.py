"""Where this installation's grants are, what a use of one works with, and what ends them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from gateway import logs, secretfiles
from gateway.domain.errors import ExchangeError
from gateway.domain.exchange import Model
from gateway.domain.ports import Clock
from gateway.domain.records import Record
from gateway.identity.grants.desk import KEY, Decide, GrantDesk, Means
from gateway.identity.grants.store import DATABASE, GrantStore

_KEY_SIZE: Final = 32
_INTERVAL: Final = 10.0
"""Seconds between two looks for grants that are over. Nothing waits for it: a use asks itself."""


def open_grants(  # noqa: PLR0913, PLR0917 - what the desk is made of
    state: Path,
    keys: Path,
    decide: Decide,
    model: Model,
    clock: Clock,
    subject_key: bytes,
    record: Callable[[Record], object],
) -> GrantDesk:
    """Return the desk over this installation's grants, made where there are none.

    `record` blocks until a record is durable. Raises `GrantStoreError` or `SecretFileError`.
    """
    key = secretfiles.read_or_create(keys / KEY, _KEY_SIZE)
    if len(key) != _KEY_SIZE:
        raise secretfiles.SecretFileError(
            f"{keys / KEY} does not hold {_KEY_SIZE} bytes; restore it from a backup"
        )
    return GrantDesk(
        Means(
            store=GrantStore(state / DATABASE),
            decide=decide,
            model=model,
            clock=clock,
            key=key,
            subject_key=subject_key,
            record=record,
        )
    )


@contextlib.asynccontextmanager
async def sweeping(desk: GrantDesk) -> AsyncIterator[None]:
    """End grants that are over, while the context lasts."""
    task = asyncio.create_task(_sweep(desk), name="grants")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _sweep(desk: GrantDesk) -> None:
    known: str | None = None
    while True:
        trouble: str | None = None
        try:
            if ended := await asyncio.to_thread(desk.sweep):
                logs.event("grants_ended", count=ended)
        except ExchangeError as error:
            trouble = str(error.code)
            if trouble != known:  # A full disk is full for hours, and each look finds it so.
                logs.alarm("grants_unavailable", code=trouble)
        except Exception as error:  # noqa: BLE001 - a use asks itself; the next look may do better
            trouble = type(error).__name__
            if trouble != known:
                logs.unexpected(error)
        if known is not None and trouble is None:
            logs.event("grants_available")
        known = trouble
        await asyncio.sleep(_INTERVAL)
