"""The report of use: sums by department, client, caller or model, and what they cost."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

import msgspec

from gateway.pages.cells import harmless
from gateway.prices import UsageSettings
from gateway.usage.counting import Row, Sums

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CENT: Final = Decimal("0.0001")
_NONE: Final = "(none)"


class By(StrEnum):
    """What is summed up together."""

    DEPARTMENT = "department"
    CLIENT = "client"
    ACTOR = "actor"
    MODEL = "model"


class Line(msgspec.Struct, frozen=True):
    """One sum. `cost` is a decimal number as text, or absent where a price is missing."""

    name: str
    requests: int
    failures: int
    refusals: int
    cache_hits: int
    prompt_tokens: int
    completion_tokens: int
    audio_seconds: int
    cost: str | None


@dataclass(slots=True)
class _Total:
    sums: Sums
    cost: Decimal | None


def report(rows: Iterable[tuple[Row, Sums]], by: By, settings: UsageSettings) -> list[Line]:
    """Return the lines, by name, and one for all at the end where there is more than one."""
    totals: dict[str, _Total] = {}
    whole = _Total(Sums(), Decimal(0))
    for row, sums in rows:
        name = str(getattr(row, by.value)) or _NONE
        price = settings.price(row.model)
        # What reached no model costs nothing, whatever prices there are.
        free = not (sums.prompt_tokens or sums.completion_tokens or sums.audio_ms)
        used = (sums.prompt_tokens, sums.completion_tokens, sums.audio_ms)
        cost = Decimal(0) if free else price.of(*used) if price is not None else None
        for total in (totals.setdefault(name, _Total(Sums(), Decimal(0))), whole):
            _add(total, sums, cost)
    lines = [_line(name, total) for name, total in sorted(totals.items())]
    return [*lines, _line("total", whole)] if len(lines) > 1 else lines


def _add(total: _Total, sums: Sums, cost: Decimal | None) -> None:
    for each in fields(Sums):
        setattr(total.sums, each.name, getattr(total.sums, each.name) + getattr(sums, each.name))
    # A sum with an unknown part is unknown: half a bill is worse than none.
    total.cost = None if total.cost is None or cost is None else total.cost + cost


def _line(name: str, total: _Total) -> Line:
    sums, cost = total.sums, total.cost
    return Line(
        name=name,
        requests=sums.requests,
        failures=sums.failures,
        refusals=sums.refusals,
        cache_hits=sums.hits,
        prompt_tokens=sums.prompt_tokens,
        completion_tokens=sums.completion_tokens,
        audio_seconds=round(sums.audio_ms / 1000),
        cost=None if cost is None else str(cost.quantize(_CENT, ROUND_HALF_UP)),
    )


def as_csv(lines: Iterable[Line], by: By, currency: str) -> str:
    """Return the lines as CSV (RFC 4180). No cell is a formula where a spreadsheet opens it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    names = msgspec.structs.fields(Line)
    headings = {"name": by.value, "cost": f"cost_{currency}"}
    writer.writerow([headings.get(each.name, each.name) for each in names])
    for line in lines:
        cells = msgspec.structs.astuple(line)
        writer.writerow(["" if cell is None else _plain(cell) for cell in cells])
    return out.getvalue()


def _plain(cell: str | int) -> str | int:
    return harmless(cell) if isinstance(cell, str) else cell


def period(first: str | None, last: str | None, now: int) -> tuple[int, int]:
    """Return the hours since the epoch from the first day up to the end of the last, in UTC.

    Without days it is this month so far. Raises `ValueError`, with what to write instead.
    """
    today = dt.datetime.fromtimestamp(now / 1000, dt.UTC).date()
    begin = today.replace(day=1) if first is None else _day(first)
    end = today if last is None else _day(last)
    if end < begin:
        raise ValueError("the last day is before the first")
    return _hour(begin), _hour(end + dt.timedelta(days=1))


def _day(words: str) -> dt.date:
    wrong = ValueError("a day is written 2027-01-31, and is in the calendar")
    if not _DAY.match(words):
        raise wrong
    try:
        return dt.date.fromisoformat(words)
    except ValueError:
        raise wrong from None


def _hour(day: dt.date) -> int:
    return day.toordinal() * 24 - dt.date(1970, 1, 1).toordinal() * 24
