"""An alert as a message to somebody's webhook: which rule, which record, whose; and nothing more.

A message is made of the leaf of the alert alone, which holds no text and no patient: what happened
is looked up by who may, in the record that it names.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from gateway.domain.records import Alert
from gateway.endpoints import Endpoint
from gateway.ledger.exports.elements import Origin, instant, tag_of
from gateway.ledger.exports.posting import Poster
from gateway.ledger.exports.targets import Item
from gateway.ledger.query import LoggedRecord

_ARRIVED: Final = frozenset(range(200, 300))
_VERSION: Final = 1


def message_of(logged: LoggedRecord, origin: Origin) -> bytes:
    """Return the body that tells an alert, as JSON; nothing of any other record."""
    alert = logged.record
    if not isinstance(alert, Alert):
        return b""
    where = f"Intramural on {origin.node}"
    return msgspec.json.encode(
        {
            "v": _VERSION,
            "id": tag_of(origin, logged.index).code,
            "node": origin.node,
            "time": instant(alert.time),
            "rule": alert.rule,
            "actor": alert.actor,
            "record": alert.record,
            "count": alert.count,
            "alert": logged.index,
            # What Mattermost, Rocket.Chat and their kind show.
            "text": f"{where}: alert {alert.rule} about {alert.actor}, set off by record "
            f"{alert.record}. `intramural audit review {logged.index}` answers it.",
        }
    )


class Hook:
    """Implements `targets.Target`: a POST for each alert, and nothing for the rest."""

    overlap = 0

    def __init__(
        self, endpoint: Endpoint, tls: ssl.SSLContext | None, seconds: float, token: str | None
    ) -> None:
        self._poster = Poster(endpoint, tls, seconds, _ARRIVED)
        self._token = token

    def deliver(self, items: Sequence[Item]) -> Iterator[int]:
        """Post each alert and wait for its answer."""
        for item in items:
            if not item.content:
                continue
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                # Who sees one twice, after an answer that was lost, knows it by this.
                "Idempotency-Key": item.name,
            }
            if self._token is not None:
                headers["Authorization"] = f"Bearer {self._token}"
            self._poster.post(item.content, headers)
            yield item.index

    def close(self) -> None:
        """Close the connection."""
        self._poster.close()
