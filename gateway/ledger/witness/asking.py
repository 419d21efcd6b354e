"""One question to one witness over HTTP: at a pinned address, bounded in bytes and in time.

No word of the answer reaches a log.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.endpoints import Endpoint, UnixEndpoint
from gateway.evidence import WitnessPeer
from gateway.ledger.errors import LedgerError
from gateway.pinned import Answer, NoAuthorities, Question, ask, trusting
from gateway.pinned import Unanswered as Unreachable

__all__ = ["Answer", "Line", "Unreachable", "open_line"]

_PATH: Final = "/add-checkpoint"
_PLAIN: Final = {"Content-Type": "text/plain"}


@dataclass(frozen=True, slots=True)
class Line:
    """How one witness is reached."""

    place: Endpoint | UnixEndpoint
    tls: ssl.SSLContext | None

    async def add_checkpoint(self, body: bytes, seconds: float) -> Answer:
        """Send a checkpoint and return the answer; raises `Unreachable`."""
        return await self._ask("POST", _PATH, body, seconds)

    async def checkpoint(self, origin_hash: str, seconds: float) -> Answer:
        """Ask for the last checkpoint that it cosigned of a log; raises `Unreachable`."""
        return await self._ask("GET", f"/{origin_hash}/checkpoint", b"", seconds)

    async def _ask(self, method: str, path: str, body: bytes, seconds: float) -> Answer:
        place = self.place
        prefix = place.target.rstrip("/") if isinstance(place, Endpoint) else ""
        question = Question(method, f"{prefix}{path}", _PLAIN, body)
        return await ask(place, self.tls, question, seconds)


def open_line(peer: WitnessPeer, data: Path) -> Line:
    """Return how a witness is reached; raises `LedgerError` for a bad `ca_file`."""
    place = peer.place
    if isinstance(place, UnixEndpoint) or not place.tls:
        return Line(place, None)
    try:
        return Line(place, trusting(data / (peer.ca_file or "")))
    except NoAuthorities as error:
        raise LedgerError(f"witness.peers, {peer.name}: {error}") from None
