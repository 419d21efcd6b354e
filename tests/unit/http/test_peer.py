"""Where a request comes from: the socket says so, and where it cannot, nobody is let in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Request

from gateway.http.openai import credentials_of
from gateway.http.server import configured
from gateway.settings import Server

_RESET = struct.pack("ii", 1, 0)
"""`SO_LINGER` of nothing: a close is a reset (socket(7))."""


class _Seen:
    """An application that notes who called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bool]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.calls.append((scope["path"], scope["client"] is None))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def _asked(path: str, where: Any, family: int) -> socket.socket:
    """Return a connection, not accepted yet, on which a request was sent."""
    client = socket.socket(family)
    client.connect(where)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())
    return client


async def _served(listening: socket.socket, seen: _Seen) -> None:
    server = uvicorn.Server(configured(seen, Server()))
    task = asyncio.ensure_future(server.serve([listening]))
    async with asyncio.timeout(10):
        while not any(path == "/last" for path, _ in seen.calls):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    server.should_exit = True
    await task


async def test_who_resets_before_being_accepted_does_not_pass_for_the_unix_socket() -> None:
    seen = _Seen()
    listening = socket.create_server(("127.0.0.1", 0), backlog=8)
    gone = _asked("/reset", listening.getsockname(), socket.AF_INET)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    gone.close()
    with contextlib.closing(_asked("/last", listening.getsockname(), socket.AF_INET)):
        await _served(listening, seen)
    assert seen.calls == [("/last", False)]


def test_two_authorizations_are_no_credential_and_none_is_none() -> None:
    def presented(*values: bytes) -> str | None:
        headers = [(b"authorization", value) for value in values]
        scope: Any = {"type": "http", "headers": headers}
        return credentials_of(Request(scope)).authorization

    assert presented(b"Bearer one") == "Bearer one"
    assert presented(b"Bearer one", b"Bearer two") == "Bearer one, Bearer two"
    assert presented() is None
    assert presented(b"") == ""


async def test_the_unix_socket_has_no_address_and_is_served(tmp_path: Path) -> None:
    seen = _Seen()
    path = str(tmp_path / "s")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(path)
        listening.listen(8)
        with contextlib.closing(_asked("/last", path, socket.AF_UNIX)):
            await _served(listening, seen)
    assert seen.calls == [("/last", True)]
