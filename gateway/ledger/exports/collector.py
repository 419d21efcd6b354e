"""A syslog collector over TLS (RFC 5425). Syslog has no acknowledgements, so this asks TCP.

A batch has arrived when the other machine's kernel has acknowledged every byte and the connection
still stands. A collector that dies with bytes in its kernel loses them: after every break the last
records are sent again, and `sequenceId` tells which were there twice.
"""

from __future__ import annotations

import fcntl
import select
import ssl
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.endpoints import Endpoint
from gateway.ledger.exports.syslog import framed
from gateway.ledger.exports.targets import DeliveryError, Item, connect

OVERLAP: Final = 64
"""Records that are sent again after a break."""
_LOOK: Final = 0.005
_SETTLE: Final = 0.3
"""Seconds after the handshake in which TLS 1.3 tells that our certificate was refused."""


class Collector:
    """Implements `targets.Target` over syslog."""

    overlap = OVERLAP

    def __init__(self, endpoint: Endpoint, tls: ssl.SSLContext, seconds: float) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._seconds = seconds
        self._socket: ssl.SSLSocket | None = None

    def deliver(self, items: Sequence[Item]) -> Iterator[int]:
        """Send all items, and wait until they have arrived."""
        try:
            connection = self._socket or self._connect()
            self._check(connection, 0)
            connection.sendall(b"".join(framed(item.content) for item in items if item.content))
            self._flushed(connection)
            self._check(connection, 0)
        except DeliveryError:
            self.close()
            raise
        except (OSError, ValueError) as error:
            self.close()
            reason = (
                "timeout"
                if isinstance(error, TimeoutError)
                else "tls"
                if isinstance(error, ssl.SSLError)
                else "unreachable"
            )
            raise DeliveryError(reason) from None
        yield items[-1].index

    def close(self) -> None:
        """Close the connection."""
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def _connect(self) -> ssl.SSLSocket:
        connection = connect(self._endpoint, self._tls, self._seconds)
        if not isinstance(connection, ssl.SSLSocket):
            raise TypeError("syslog is sent over TLS")
        self._socket = connection
        self._check(connection, _SETTLE)
        return connection

    def _check(self, connection: ssl.SSLSocket, seconds: float) -> None:
        """Raise `DeliveryError` if the other side has ended the connection, or refused us."""
        deadline = time.monotonic() + seconds
        while True:
            rest = max(0.0, deadline - time.monotonic())
            if not connection.pending() and not select.select([connection], [], [], rest)[0]:
                return
            connection.settimeout(0)
            try:
                if not connection.recv(4096):
                    raise DeliveryError("closed")
            except ssl.SSLWantReadError:
                continue  # A session ticket, which is nothing to us.
            except ssl.SSLError:
                raise DeliveryError("tls") from None
            finally:
                connection.settimeout(self._seconds)

    def _flushed(self, connection: ssl.SSLSocket) -> None:
        """Wait until the other kernel has acknowledged all bytes (tcp(7), SIOCOUTQ)."""
        deadline = time.monotonic() + self._seconds
        while struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0]:
            if time.monotonic() > deadline:
                raise DeliveryError("timeout")
            time.sleep(_LOOK)
