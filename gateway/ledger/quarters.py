"""Which epoch a record or an exchange belongs to, also where a clock or an id says nothing."""

from __future__ import annotations

import uuid
from typing import Final

from gateway.domain.epochs import epoch_of, epoch_span

LAST: Final = "9999Q4"
_UUID_V7: Final = 7
_END: Final = epoch_span("9999Q3")[1]


def quarter_of(milliseconds: int) -> str:
    """Return the epoch of a record's time; a clock past the year 9999 has its last."""
    return LAST if milliseconds >= _END else epoch_of(milliseconds)


def following(name: str) -> str:
    """Return the epoch after this one."""
    return LAST if name in {LAST, "9999Q3"} else epoch_of(epoch_span(name)[1])


def end_of(name: str) -> int:
    """Return when an epoch is over, in milliseconds; the last one never is."""
    return 2**53 if name == LAST else epoch_span(name)[1]


def epoch_of_id(exchange: str) -> str | None:
    """Return the epoch in which a UUIDv7 was made; `None` for any other id."""
    try:
        value = uuid.UUID(exchange)
    except ValueError:
        return None
    return quarter_of(value.int >> 80) if value.version == _UUID_V7 else None
