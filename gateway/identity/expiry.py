"""When a key ends: always, and within a year."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

MAX_DAYS: Final = 366
_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
_SPAN: Final = re.compile(r"([1-9][0-9]{0,3})([dh])\Z")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def parse_expiry(words: str, now: int) -> int:
    """Return when a key that is made at `now` ends, both in milliseconds since the Unix epoch.

    `90d` and `12h` count from now; `2027-01-31` is the last day on which the key works, in UTC.
    Raises `ValueError`, with what to write instead, unless that is after now and within 366 days.
    """
    if span := _SPAN.match(words):
        end = now + int(span[1]) * (_DAY if span[2] == "d" else _HOUR)
    elif _DATE.match(words):
        try:
            day = dt.datetime.strptime(words, "%Y-%m-%d").replace(tzinfo=dt.UTC)
        except ValueError:
            raise ValueError("there is no such day in the calendar") from None
        end = int(day.timestamp()) * 1000 + _DAY
    else:
        raise ValueError("an end is a number of days or hours (90d, 12h), or a day (2027-01-31)")
    if end <= now:
        raise ValueError("that day is over: a key ends in the future")
    if end - now > MAX_DAYS * _DAY:
        raise ValueError(f"a key lives {MAX_DAYS} days at most, and is then replaced")
    return end


MAX_OVERLAP_DAYS: Final = 14


def parse_overlap(words: str, now: int) -> int:
    """Return until when the secret before the new one works: `12h`, `3d`, or `none` for no longer.

    Raises `ValueError`, with what to write instead; 14 days at most.
    """
    if words == "none":
        return now
    span = _SPAN.match(words)
    if span is None:
        raise ValueError("an overlap is a number of hours or days (12h, 3d), or `none`")
    length = int(span[1]) * (_DAY if span[2] == "d" else _HOUR)
    if length > MAX_OVERLAP_DAYS * _DAY:
        raise ValueError(f"both secrets work for {MAX_OVERLAP_DAYS} days at most")
    return now + length
