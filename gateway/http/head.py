"""`HEAD`, which monitors and load balancers send, is `GET` without the body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def answering_head(app: Asgi) -> Asgi:
    """Return `app`, which is asked for the same by `HEAD` as by `GET`.

    It sends the body as well; the server, which knows how it was really asked, leaves that out.
    """

    async def answer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await app(scope, receive, send)

    return answer
