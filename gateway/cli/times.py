"""Times as people write them on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.cli.common import fail

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO: Final = re.compile(r"(\d{1,6})([smhdw])\Z")


def moment(text: str | None) -> int | None:
    """Return Unix milliseconds of an ISO 8601 time, UTC unless it says otherwise, or of `2h`."""
    if text is None:
        return None
    if matched := _AGO.match(text):
        past = timedelta(**{_UNITS[matched[2]]: int(matched[1])})
        return int((datetime.now(UTC) - past).timestamp() * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"not a time: {text!r}; write 2026-11-22, 2026-11-22T08:00 or 2h", status=2)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def zoned(text: str) -> int:
    """Return Unix milliseconds of an ISO 8601 time that says its zone.

    What takes effect at a time, or counts from one on, must not depend on whose zone is meant.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        fail(
            "a time is written as 2027-01-31T06:00:00+01:00, or with Z: the zone has to be there",
            status=2,
        )
    return int(moment.timestamp() * 1000)
