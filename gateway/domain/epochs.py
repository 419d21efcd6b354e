"""Epochs: quarters of a year in UTC, by which kept texts are sealed and records are put away.

DURABLE FORMAT: an epoch's name, `2026Q4`, stands in records and in the vault.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_NAME: Final = re.compile(r"(?P<year>[0-9]{4})Q(?P<quarter>[1-4])\Z")
_MONTHS: Final = 3


def epoch_of(time: int) -> str:
    """Return the name of the epoch of a time in milliseconds since 1970.

    >>> epoch_of(1_790_000_000_000)
    '2026Q3'
    """
    moment = datetime.fromtimestamp(time / 1000, UTC)
    return f"{moment.year:04}Q{(moment.month - 1) // _MONTHS + 1}"


def epoch_span(name: str) -> tuple[int, int]:
    """Return when an epoch begins, and when it is over: milliseconds since 1970.

    Raises `ValueError` for what is no name of an epoch.
    """
    match = _NAME.match(name)
    if match is None or not int(match["year"]):
        raise ValueError("an epoch is a quarter of a year: 2026Q4")
    year, quarter = int(match["year"]), int(match["quarter"])
    start = datetime(year, (quarter - 1) * _MONTHS + 1, 1, tzinfo=UTC)
    following = (year, quarter + 1) if quarter < 4 else (year + 1, 1)  # noqa: PLR2004 - of a year
    end = datetime(following[0], (following[1] - 1) * _MONTHS + 1, 1, tzinfo=UTC)
    return int(start.timestamp() * 1000), int(end.timestamp() * 1000)
