"""An audit record repository: IHE ITI-20, "Send Audit Resource" of the RESTful ATNA supplement.

One `POST /AuditEvent` after another on one connection, so that the order of the log is kept. A
record that was acknowledged just before the power went is posted again: `If-None-Exist` names it by
its tag (FHIR R4, "Conditional create"), and a repository that knows it makes no second one.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from gateway.endpoints import Endpoint
from gateway.ledger.exports.posting import Poster
from gateway.ledger.exports.targets import Item

_ARRIVED: Final = frozenset({200, 201, 202, 204, 412})
"""412: several resources have the tag already. That is somebody's mistake, and it is there."""


class Repository:
    """Implements `targets.Target` over HTTP."""

    overlap = 0

    def __init__(
        self, endpoint: Endpoint, tls: ssl.SSLContext | None, seconds: float, token: str | None
    ) -> None:
        self._poster = Poster(endpoint, tls, seconds, _ARRIVED)
        self._token = token

    def deliver(self, items: Sequence[Item]) -> Iterator[int]:
        """Post each item and wait for its answer."""
        for item in items:
            if item.content:
                self._post(item)
            yield item.index

    def close(self) -> None:
        """Close the connection."""
        self._poster.close()

    def _post(self, item: Item) -> None:
        headers = {
            "Content-Type": "application/fhir+json; charset=utf-8",
            "Accept": "application/fhir+json",
            "Prefer": "return=minimal",
            "If-None-Exist": f"_tag={quote(f'urn:intramural:record|{item.name}', safe='')}",
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        self._poster.post(item.content, headers)
