"""Quarters of a year, in UTC: what is closed, kept and dropped as a whole. "2026Q4".

DURABLE FORMAT: names of shards, of holds and of keys are made of it.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Final

_NAME: Final = re.compile(r"([0-9]{4})Q([1-4])\Z")
_LAST_YEAR: Final = 9999
_UUID_V7: Final = 7


def epoch_of(milliseconds: int) -> str:
    """Return the quarter of a time since the Unix epoch; a clock past the year 9999 has its last.

    >>> epoch_of(1_795_346_955_251)
    '2026Q4'
    """
    try:
        moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return f"{_LAST_YEAR}Q4"
    return f"{moment.year:04d}Q{(moment.month + 2) // 3}"


def bounds(name: str) -> tuple[int, int]:
    """Return when a quarter begins, and when the next one does, in milliseconds.

    Raises `ValueError` for what is no quarter.
    """
    matched = _NAME.match(name)
    if matched is None or not int(matched[1]):
        raise ValueError("a quarter is written 2026Q4")
    year, quarter = int(matched[1]), int(matched[2])
    after = (year + 1, 1) if quarter == 4 else (year, quarter * 3 + 1)  # noqa: PLR2004
    return _begin(year, quarter * 3 - 2), _begin(*after)


def following(name: str) -> str:
    """Return the quarter after this one."""
    return epoch_of(bounds(name)[1])


def epoch_of_id(exchange: str) -> str | None:
    """Return the quarter in which a UUIDv7 was made; `None` for any other id."""
    try:
        value = uuid.UUID(exchange)
    except ValueError:
        return None
    return epoch_of(value.int >> 80) if value.version == _UUID_V7 else None


def _begin(year: int, month: int) -> int:
    if year > _LAST_YEAR:
        return 253_402_300_800_000
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000
