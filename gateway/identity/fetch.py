"""Fetches one small document over HTTP, from a pinned address: bounded in bytes and in time.

It blocks, so it is called in a thread of its own.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from gateway.endpoints import Endpoint
from gateway.pinned import Question, Unanswered, ask

_OK: Final = 200


class FetchError(Exception):
    """The document could not be had; `reason` is a word of ours, fit for a log line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def get(endpoint: Endpoint, tls: ssl.SSLContext | None, seconds: float) -> bytes:
    """Return the body of a 200 reply; anything else is a `FetchError`."""
    question = Question("GET", endpoint.target, {"Accept": "application/json"})
    try:
        answer = asyncio.run(ask(endpoint, tls if endpoint.tls else None, question, seconds))
    except Unanswered as error:
        raise FetchError(error.reason) from None
    if answer.status != _OK:
        raise FetchError("status")
    return answer.body
