"""What an export may tell of a request's text: the redacted one, where it is kept, and no other.

BALP's `entity.query` is the raw request. Ours is what redaction made of it: the one place that
takes a text out of a payload for others looks at nothing but `redacted`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.payloads import Payload
from gateway.domain.records import Intent
from gateway.ledger.errors import LedgerError
from gateway.ledger.exports.events import Event
from gateway.ledger.sealing.reading import VaultPlace, open_payload

Open = Callable[[str], Payload]
"""Returns what is kept of an exchange, as `ports.KeptTexts.open`."""
Queries = Callable[[Event], bytes | None]
"""Returns the request of an event's exchange as it was redacted, or nothing."""

_LEFT_OUT: Final = frozenset(
    {Code.PAYLOAD_NOT_KEPT, Code.PAYLOAD_SHREDDED, Code.PAYLOAD_DAMAGED, Code.NOT_FOUND}
)
"""There is no text to tell: the event is told without."""


def no_queries(_: Event) -> bytes | None:
    """Tell no text."""
    return None


def redacted_queries(opened: Open) -> Queries:
    """Return what tells redacted requests out of what `opened` opens.

    Raises what `opened` does, unless it says that there is no text.
    """

    def tell(event: Event) -> bytes | None:
        record = event.record if event.intent is None else event.intent.record
        if not isinstance(record, Intent) or record.sealed is None:
            return None
        try:
            payload = opened(record.exchange)
        except ExchangeError as error:
            if error.code in _LEFT_OUT:
                return None
            raise
        return _redacted(payload)

    return tell


def queries_for_feed(place: VaultPlace) -> Queries:
    """Return what tells redacted requests to a feed. Raises `LedgerError`, and it tries again."""

    def opened(exchange: str) -> Payload:
        try:
            return open_payload(place, exchange)
        except ExchangeError as error:
            if error.code in _LEFT_OUT:
                raise
            raise LedgerError(error.message) from None

    return redacted_queries(opened)


def _redacted(payload: Payload) -> bytes | None:
    if payload.request is None:
        return None
    texts = [text.reveal() for text in payload.request.redacted]
    return "\n\n".join(texts).encode("utf-8", "replace") or None
