"""An audit record repository: IHE ITI-20, "Send Audit Resource" of the RESTful ATNA supplement.

One `POST /AuditEvent` after another on one connection, so that the order of the log is kept. A
record that was acknowledged just before the power went is posted again: `If-None-Exist` names it by
its tag (FHIR R4, "Conditional create"), and a repository that knows it makes no second one.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from gateway.endpoints import Endpoint
from gateway.ledger.exports.targets import DeliveryError, Item, connect

_ARRIVED: Final = frozenset({200, 201, 202, 204, 412})
"""412: several resources have the tag already. That is somebody's mistake, and it is there."""
_MAX_REPLY: Final = 64 * 1024
_MAX_WAIT: Final = 3600


class Repository:
    """Implements `targets.Target` over HTTP."""

    overlap = 0

    def __init__(
        self, endpoint: Endpoint, tls: ssl.SSLContext | None, seconds: float, token: str | None
    ) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._seconds = seconds
        self._token = token
        self._connection: http.client.HTTPConnection | None = None

    def deliver(self, items: Sequence[Item]) -> Iterator[int]:
        """Post each item and wait for its answer."""
        for item in items:
            if item.content:
                self._post(item)
            yield item.index

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _post(self, item: Item) -> None:
        headers = {
            "Content-Type": "application/fhir+json; charset=utf-8",
            "Accept": "application/fhir+json",
            "Prefer": "return=minimal",
            "If-None-Exist": f"_tag={quote(f'urn:intramural:record|{item.name}', safe='')}",
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        used = self._connection is not None
        try:
            status, wait = self._ask(item.content, headers)
        except DeliveryError as error:
            if not used or error.reason not in {"unreachable", "not_http"}:
                raise
            # It may have been idle for too long, which is nobody's fault: once more, anew.
            status, wait = self._ask(item.content, headers)
        if status not in _ARRIVED:
            raise DeliveryError(f"status_{status}", wait=wait)

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, float]:
        try:
            connection = self._connection or self._connect()
            connection.request("POST", self._endpoint.target, body, headers)
            reply = connection.getresponse()
            rest = reply.read(_MAX_REPLY)
            if len(rest) == _MAX_REPLY or reply.will_close:
                self.close()
            return reply.status, _seconds(reply.headers.get("Retry-After"))
        except DeliveryError:
            self.close()
            raise
        except TimeoutError:
            self.close()
            raise DeliveryError("timeout") from None
        except ssl.SSLError:
            self.close()
            raise DeliveryError("tls") from None
        except OSError:
            self.close()
            raise DeliveryError("unreachable") from None
        except (http.client.HTTPException, ValueError):
            self.close()
            raise DeliveryError("not_http") from None

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._endpoint.host, self._endpoint.port)
        connection.sock = connect(self._endpoint, self._tls, self._seconds)
        connection.auto_open = 0  # Or it would look the name up when the other side closes.
        self._connection = connection
        return connection


def _seconds(header: str | None) -> float:
    if header is None or not header.isdecimal():
        return 0.0
    return min(float(header[:9]), _MAX_WAIT)
