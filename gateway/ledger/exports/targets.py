"""Where a feed delivers, and what it takes to connect there: pinned, over TLS, bounded in time."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gateway import secretfiles
from gateway.endpoints import Endpoint
from gateway.ledger.errors import LedgerError
from gateway.pinned import NoAuthorities, trusting


class TargetError(LedgerError):
    """The settings of a feed cannot be used; the message says what to do."""


class DeliveryError(Exception):
    """A target did not take what it was given; `reason` is a word of ours, fit for a log line."""

    def __init__(self, reason: str, *, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        """Seconds that the target asks for before it is tried again."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one record becomes on its way. `content` is empty where another record tells it."""

    index: int
    name: str
    """What names the record everywhere, so that a target knows it again."""
    content: bytes


class Target(Protocol):
    """Takes items in the order of the log. Used by one thread; every call may block for a while."""

    overlap: int
    """How many records are sent again after a break: of those the target cannot confirm."""

    def deliver(self, items: Sequence[Item]) -> Iterator[int]:
        """Deliver items one after the other; yield an index when all up to it have arrived.

        Raises `DeliveryError`; what was not confirmed is given again, in the same order.
        """
        ...

    def close(self) -> None:
        """Let the connection go. It is made again when there is something to deliver."""
        ...


def tls_of(
    data: Path,
    ca_file: str | None,
    cert_file: str | None,
    key_file: str | None,
    table: str = "export",
) -> ssl.SSLContext:
    """Return what checks the target and shows our certificate. Raises `TargetError`.

    `table` is the one of the settings that the message names.
    """
    try:
        context = trusting(data / (ca_file or ""))
    except NoAuthorities as error:
        raise TargetError(f"{table}: ca_file {error}") from None
    if cert_file is None or key_file is None:
        return context
    try:
        secretfiles.read(data / key_file)  # Refuses a key that others may read.
        context.load_cert_chain(data / cert_file, data / key_file, password="")
    except secretfiles.SecretFileError as error:
        raise TargetError(f"{table}: {error}") from None
    except (OSError, ValueError) as error:
        raise TargetError(
            f"{table}: {data / cert_file} and {data / key_file} are not a certificate and its key "
            f"in PEM ({type(error).__name__}): name files that are"
        ) from None
    return context


_HANDSHAKE: Final = "tls"


def connect(endpoint: Endpoint, tls: ssl.SSLContext | None, seconds: float) -> socket.socket:
    """Return a connection to exactly this address. Raises `DeliveryError`."""
    try:
        raw = socket.create_connection((endpoint.address, endpoint.port), timeout=seconds)
    except TimeoutError:
        raise DeliveryError("timeout") from None
    except OSError:
        raise DeliveryError("unreachable") from None
    if tls is None:
        return raw
    try:
        return tls.wrap_socket(raw, server_hostname=endpoint.host)
    except (OSError, ValueError) as error:
        raw.close()
        timeout = isinstance(error, TimeoutError)
        raise DeliveryError("timeout" if timeout else _HANDSHAKE) from None
