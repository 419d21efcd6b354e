"""One POST after another to one pinned address, and what an answer means. Never redirected."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Set as AbstractSet
from typing import Final

from gateway.endpoints import Endpoint
from gateway.ledger.exports.targets import DeliveryError, connect

_MAX_REPLY: Final = 64 * 1024
_MAX_WAIT: Final = 3600


class Poster:
    """One connection, made again when it ends. Used by one thread."""

    def __init__(
        self,
        endpoint: Endpoint,
        tls: ssl.SSLContext | None,
        seconds: float,
        arrived: AbstractSet[int],
    ) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._seconds = seconds
        self._arrived = arrived
        self._connection: http.client.HTTPConnection | None = None

    def post(self, content: bytes, headers: dict[str, str]) -> None:
        """Post `content`; raises `DeliveryError` unless the answer says that it arrived."""
        used = self._connection is not None
        try:
            status, wait = self._ask(content, headers)
        except DeliveryError as error:
            if not used or error.reason not in {"unreachable", "not_http"}:
                raise
            # It may have been idle for too long, which is nobody's fault: once more, anew.
            status, wait = self._ask(content, headers)
        if status not in self._arrived:
            raise DeliveryError(f"status_{status}", wait=wait)

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

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
