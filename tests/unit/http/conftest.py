"""The HTTP face over fakes: real sockets and the real server, in the test's own loop."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from gateway.app import assemble
from gateway.believed import Identity
from gateway.domain.entities import entity_type
from gateway.domain.errors import Code
from gateway.domain.ports import Receipt
from gateway.domain.records import Kind, Record, kind_of
from gateway.http.server import build
from gateway.settings import (
    CacheSettings,
    Egress,
    EngineSettings,
    Log,
    Server,
    Settings,
    Transcription,
)
from tests.fakes import exchange
from tests.fakes.detector import FakeDetector
from tests.fakes.identity import FakeAuthenticator, caller
from tests.fakes.ledger import MemoryLedger

HEADERS = {"authorization": "Bearer good", "x-purpose-of-use": "TREAT"}
NAME = "Zebedee"
"""What the fake detector takes for a person's name."""


class GatedLedger(MemoryLedger):
    """A ledger that can be held at the records of one kind, as by a disk that does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.hold: Kind | None = None
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    async def append(self, record: Record) -> Receipt:
        if kind_of(record) is self.hold:
            self.reached.set()
            await self.released.wait()
        return await super().append(record)


@dataclass
class World(exchange.World):
    """Fakes with switches, and the address of the gateway over them."""

    authenticator: FakeAuthenticator = field(
        default_factory=lambda: FakeAuthenticator(
            callers={
                "good": caller(),
                "other": caller("key:other"),
                "revoked": caller("key:revoked"),
            },
            refusals={"revoked": Code.REVOKED_CREDENTIALS},
        )
    )
    detector: FakeDetector = field(
        default_factory=lambda: FakeDetector({NAME: entity_type("PERSON")})
    )
    ledger: GatedLedger = field(default_factory=GatedLedger)
    port: int = 0
    server: uvicorn.Server | None = None

    def client(self, key: str = "good") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers=HEADERS | {"authorization": f"Bearer {key}"},
            timeout=20,
            trust_env=False,
        )

    async def post(self, body: object, key: str = "good", **headers: str) -> httpx.Response:
        """Send one request, and return the whole reply."""
        path = "/v1/completions" if "prompt" in dict(body) else "/v1/chat/completions"  # type: ignore[call-overload]
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client(key) as client:
            return await client.post(path, json=body, headers=more)

    @asynccontextmanager
    async def stream(self, body: object) -> AsyncIterator[httpx.Response]:
        """Send one chat request whose reply streams; inside, the reply has begun."""
        async with (
            self.client() as client,
            client.stream("POST", "/v1/chat/completions", json=body) as reply,
        ):
            yield reply

    async def connect(
        self, *, receive_buffer: int | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a plain connection, which sends and reads what a test wants."""
        sock = socket.socket()
        sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        return await asyncio.open_connection(sock=sock, limit=2**20)

    def exchanges(self) -> list[Record]:
        """Return the records of exchanges: all but those of the gateway's own start and stop."""
        return [each for each in self.ledger.records if kind_of(each) is not Kind.ADMIN]

    def kinds(self) -> list[str]:
        return [str(kind_of(each)) for each in self.exchanges()]

    async def until(self, what: Callable[[], object], seconds: float = 5) -> None:
        """Wait until `what` holds."""
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110 - anything may be waited for
                await asyncio.sleep(0.005)


Serving = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Return `serving(world, **server settings)`: inside, the gateway listens."""

    @asynccontextmanager
    async def run(
        world: World | None = None, transcription: Transcription | None = None, **server: Any
    ) -> AsyncIterator[World]:
        world = world or World()
        settings = Settings(
            data=tmp_path,
            node="unit",
            identity=Identity(),
            server=Server(**{"port": 0, "shutdown_grace": 2.0} | server),
            engine=EngineSettings(),
            cache=CacheSettings(),
            egress=Egress(),
            log=Log(),
            models=tmp_path,
            transcription=transcription or Transcription(),
        )
        app = assemble(world.parts(), settings, {"ledger": world.ledger.ready})
        listener = socket.create_server(("127.0.0.1", 0))
        world.port = listener.getsockname()[1]
        world.server = build(app, settings.server)
        task = asyncio.create_task(world.server.serve(sockets=[listener]))
        await world.until(lambda: task.done() or (world.server and world.server.started))
        try:
            yield world
        finally:
            world.ledger.released.set()
            world.server.should_exit = True
            async with asyncio.timeout(15):
                await task

    return run


def chat(content: str = "Hello", **more: object) -> dict[str, Any]:
    return {"model": "fake-model", "messages": [{"role": "user", "content": content}], **more}


def request(body: object, *, path: str = "/v1/chat/completions") -> bytes:
    """Return the bytes of a whole request."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(f"POST {path}", f"Content-Length: {len(encoded)}") + encoded


def head(target: str, *lines: str) -> bytes:
    """Return request line and headers, with credentials."""
    all_lines = (
        f"{target} HTTP/1.1",
        "Host: gateway",
        "Authorization: Bearer good",
        "X-Purpose-Of-Use: TREAT",
        "Content-Type: application/json",
        *lines,
    )
    return "\r\n".join([*all_lines, "", ""]).encode("latin-1")


def events(body: str) -> list[Any]:
    """Return the data of server-sent events, decoded; `[DONE]` stays a string."""
    assert body.endswith("\n\n")
    data = []
    for event in body[:-2].split("\n\n"):
        assert event.startswith("data: ")
        assert "\n" not in event
        words = event.removeprefix("data: ")
        data.append(words if words == "[DONE]" else json.loads(words))
    return data


def text_of(data: list[Any]) -> str:
    """Return the text of a chat stream."""
    return "".join(
        choice["delta"].get("content", "")
        for event in data
        if isinstance(event, dict)
        for choice in event.get("choices", ())
    )
