"""Beside a running gateway grants are ended; what fails there is said once and not at each look."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from gateway import breakglass, logs
from gateway.domain.errors import Code, ExchangeError
from gateway.identity.grants.desk import GrantDesk

FULL = ExchangeError(Code.AUDIT_UNAVAILABLE, "The disk is full.")
OTHER = ExchangeError(Code.INTERNAL_ERROR, "The table cannot be read.")


class Desk:
    """Fails, or ends some grants, as it is told; then it has nothing more to do."""

    def __init__(self, *looks: Exception | int) -> None:
        self._looks = list(looks)
        self._quiet = 0
        self.over = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def sweep(self) -> int:
        if not self._looks:
            # What is said of this look is said after it: the next one ends the test.
            self._quiet += 1
            if self._quiet > 1:
                self._loop.call_soon_threadsafe(self.over.set)
            return 0
        look = self._looks.pop(0)
        if isinstance(look, Exception):
            raise look
        return look


async def said(monkeypatch: pytest.MonkeyPatch, *looks: Exception | int) -> list[object]:
    """Return what the log says while a gateway looks so often."""
    lines: list[object] = []
    monkeypatch.setattr(breakglass, "_INTERVAL", 0.001)
    monkeypatch.setattr(logs, "alarm", lambda name, **more: lines.append((name, *more.values())))
    monkeypatch.setattr(logs, "event", lambda name, **more: lines.append((name, *more.values())))
    monkeypatch.setattr(logs, "unexpected", lambda error: lines.append(type(error)))
    desk = Desk(*looks)
    async with asyncio.timeout(10), breakglass.sweeping(cast("GrantDesk", desk)):
        await desk.over.wait()
    return lines


async def test_a_table_of_grants_that_cannot_be_used_is_told_once_and_again_when_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await said(monkeypatch, FULL, FULL, FULL, 2, 0, FULL) == [
        ("grants_unavailable", "audit_unavailable"),
        ("grants_ended", 2),
        ("grants_available",),
        ("grants_unavailable", "audit_unavailable"),
        ("grants_available",),
    ]


async def test_another_reason_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await said(monkeypatch, FULL, OTHER, OTHER) == [
        ("grants_unavailable", "audit_unavailable"),
        ("grants_unavailable", "internal_error"),
        ("grants_available",),
    ]


async def test_what_nobody_foresaw_does_not_fill_the_log_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await said(monkeypatch, OSError(), OSError(), 1) == [
        OSError,
        ("grants_ended", 1),
        ("grants_available",),
    ]
