"""`HEAD`, which monitors and load balancers send, is `GET` without the body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class AnsweringHead:
    """An application that is asked for the same by `HEAD` as by `GET`.

    It sends the body as well; the server, which knows how it was really asked, leaves that out.
    """

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own
        """Answer."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
