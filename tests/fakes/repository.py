"""An audit record repository on loopback, that a test can make fail: FHIR's `create` alone."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeRepository:
    """`events` is what it has, in the order in which it came.

    `statuses` are answered first, one to a request; `knows` says whether it understands
    `If-None-Exist`; `drop_answers` makes so many events arrive without an answer.
    """

    port: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    knows: bool = True
    drop_answers: int = 0

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        self.requests.append((path, headers))
        if self.statuses:
            return self.statuses.pop(0)
        event = json.loads(body)
        tag = event["meta"]["tag"][0]
        asked = headers.get("If-None-Exist", "")
        if self.knows and asked.endswith(tag["code"]):
            known = any(each["meta"]["tag"][0] == tag for each in self.events)
            if known:
                return 200
        self.events.append(event)
        return 201

    @property
    def codes(self) -> list[str]:
        return [event["meta"]["tag"][0]["code"] for event in self.events]


@contextmanager
def serving(
    repository: FakeRepository, tls: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[FakeRepository]:
    """Serve on a free port of 127.0.0.1, or on this one."""

    open_sockets: list[socket.socket] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            open_sockets.append(self.request)
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = repository.take(self.path, dict(self.headers), body)
            if repository.drop_answers:
                repository.drop_answers -= 1
                self.close_connection = True
                return
            self.send_response(status)
            if status == 503:
                self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """A client that does not finish its handshake is what some tests are about."""

    server = Server(("127.0.0.1", port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    repository.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield repository
    finally:
        server.shutdown()
        server.server_close()
        for each in open_sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        thread.join()
