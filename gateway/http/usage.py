"""`GET /admin/usage`: who used how much, and what it costs, for who carries the duty to read it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypedDict

from litestar import Response, get
from litestar.datastructures import State

from gateway.domain.duties import Duty
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.records import Access, AccessAct
from gateway.http.openai import HttpRequest, credentials_of
from gateway.office import Office
from gateway.prices import UsageSettings
from gateway.usage.report import By, Line, as_csv, period, report
from gateway.usage.store import UsageError, UsageStore

_KNOWN: Final = frozenset({"from", "to", "by", "format"})


@dataclass(frozen=True, slots=True, repr=False)
class UsageDesk:
    """What the route works with; the composition root puts it into the application's state."""

    store: UsageStore
    settings: UsageSettings
    refresh: Callable[[], None]
    """Counts what is durable by now."""


class UsageReport(TypedDict):
    """The lines, by name, and one for all at the end where there is more than one."""

    by: str
    currency: str | None
    lines: list[Line]


@get("/admin/usage")
async def usage(request: HttpRequest, state: State) -> Response[object]:
    """Report the use from one day to another, by department, client, actor or model."""
    office: Office = state["office"]
    caller = await office.admit(credentials_of(request), Duty.READ_USAGE)
    desk: UsageDesk = state["usage"]
    asked = dict(request.query_params)
    try:
        by, since, until = _asked(asked, office.clock.now_ms())
    except ValueError as error:
        words = str(error)
        raise ExchangeError(Code.INVALID_REQUEST, f"{words[0].upper()}{words[1:]}.") from None
    await office.ledger.append(
        Access(
            exchange=office.clock.new_id(),
            time=office.clock.now_ms(),
            actor=caller.id,
            client=caller.client,
            access=AccessAct.REPORT,
            target="usage",
        )
    )
    try:
        lines = await asyncio.to_thread(_lines, desk, since, until, by)
    except UsageError:
        raise ExchangeError(
            Code.INTERNAL_ERROR, "The counts cannot be read. The operator has `intramural doctor`."
        ) from None
    if asked.get("format") == "csv":
        text = as_csv(lines, by, desk.settings.currency)
        return Response(text, media_type="text/csv; charset=utf-8; header=present")
    told: UsageReport = {"by": by.value, "currency": desk.settings.currency, "lines": lines}
    return Response(told, media_type="application/json")


def _asked(asked: dict[str, str], now: int) -> tuple[By, int, int]:
    if asked.keys() - _KNOWN or asked.get("format", "json") not in {"json", "csv"}:
        raise ValueError("this path takes from, to, by and format (json or csv)")
    by = {each.value: each for each in By}.get(asked.get("by", By.DEPARTMENT.value))
    if by is None:
        raise ValueError(f"the report is by one of {', '.join(By)}")
    return by, *period(asked.get("from"), asked.get("to"), now)


def _lines(desk: UsageDesk, since: int, until: int, by: By) -> list[Line]:
    desk.refresh()
    return report(desk.store.rows(since, until), by, desk.settings)
