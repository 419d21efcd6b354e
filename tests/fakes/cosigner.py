"""A witness that only cosigns, over HTTP: `add-checkpoint` and nothing else, as the spec has it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer

from gateway.domain.notes import COSIGNATURE
from gateway.ledger.signatures import new_signer

SIGNER = new_signer("witness.example/1", COSIGNATURE)


@dataclass
class OnlyCosigns:
    """Cosigns whatever it is shown, or answers with `status`."""

    status: int = 200
    asked: int = 0
    port: int = 0

    def answer(self, body: bytes) -> bytes:
        """Return the body of the answer."""
        self.asked += 1
        if self.status != 200:
            return b""
        _, _, note = body.partition(b"\n\n")
        text = note.decode().partition("\n\n")[0] + "\n"
        return SIGNER.line(text, int(time.time())).line().encode()


@contextmanager
def serving(witness: OnlyCosigns) -> Iterator[None]:
    """Serve `witness` on a port of loopback, which it has then."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = witness.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(witness.status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    witness.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
