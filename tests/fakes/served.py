"""ASGI applications on real sockets, and a gateway's engine that asks them."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import uvicorn

from gateway.endpoints import OpenAIEngines, RemoteModel
from gateway.generation.remote import RemoteEngine

MODEL = "smollm2-135m-instruct"
KNOWN = {MODEL: RemoteModel(context_length=8192)}


class _Server(uvicorn.Server):
    def capture_signals(self) -> Any:  # The test's process keeps its own.
        return nullcontext()


@asynccontextmanager
async def served(
    app: Any, where: Path | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve `app` in this loop, at a socket or on a free port; yield its base URL."""
    if where is None:
        sock = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    else:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(where))
        url = f"unix://{where}"
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    config.load()
    config.ssl = tls
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        yield url
    finally:
        server.should_exit = True
        await task
        if where is not None:
            with suppress(FileNotFoundError):
                os.unlink(where)  # noqa: PTH108 - a socket's name, without waiting


@asynccontextmanager
async def asking(*urls: str, data: Path = Path(), **more: Any) -> AsyncIterator[RemoteEngine]:
    """Yield an engine over the endpoints `urls`, in haste unless told otherwise."""
    haste = {
        "connect_timeout": 1.0,
        "first_token_timeout": 30.0,
        "token_timeout": 10.0,
        "total_timeout": 60.0,
        "check_interval": 0.2,
    }
    settings = OpenAIEngines(endpoints=urls, **{"models": KNOWN, **haste, **more})
    engine = RemoteEngine.open(settings, data)
    async with engine.serving():
        yield engine
