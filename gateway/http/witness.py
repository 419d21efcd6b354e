"""The wire of a witness: https://c2sp.org/tlog-witness, `add-checkpoint` and a log's checkpoint."""

from __future__ import annotations

import asyncio
from typing import Final

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.enums import MediaType

from gateway import logs
from gateway.domain.witnessing import MAX_REQUEST
from gateway.http import health
from gateway.http.errors import HANDLERS
from gateway.http.receive import Inbox
from gateway.ledger.witness.memory import MemoryUnavailable
from gateway.ledger.witness.witness import Refused, Witness

_PATIENCE: Final = 10.0
"""Seconds that a log has to send its request."""


@post("/add-checkpoint", status_code=200)
async def add_checkpoint(request: Request[object, object, State], state: State) -> Response[str]:
    """Cosign a checkpoint, if it is proved to continue the last one."""
    witness: Witness = state["witness"]
    inbox = Inbox(request.receive, limit=MAX_REQUEST, timeout=_PATIENCE)
    body = await inbox.body(request.headers.get("content-length"))
    try:
        # Not to be cut off in the middle: whoever hangs up leaves the answer, not the turn.
        lines = await asyncio.shield(asyncio.to_thread(witness.add_checkpoint, body))
    except Refused as refused:
        return Response(refused.body, status_code=refused.status, media_type=refused.media)
    except MemoryUnavailable:
        logs.alarm("witness_cannot_remember")
        told = "The witness cannot store what it sees now. Try again later.\n"
        return Response(told, status_code=503, media_type=MediaType.TEXT)
    return Response(lines, media_type=MediaType.TEXT)


@get("/{origin_hash:str}/checkpoint")
async def checkpoint(origin_hash: str, state: State) -> Response[bytes]:
    """Return the last checkpoint of a log that was cosigned."""
    witness: Witness = state["witness"]
    note = await asyncio.to_thread(witness.checkpoint, origin_hash)
    if note is None:
        return Response(b"", status_code=404, media_type=MediaType.TEXT)
    return Response(note, media_type=MediaType.TEXT)


def application(witness: Witness) -> Litestar:
    """Return the witness as an ASGI application. It asks for no credentials: signatures decide."""
    return Litestar(
        route_handlers=[add_checkpoint, checkpoint, health.live],
        state=State({"witness": witness}),
        exception_handlers=HANDLERS,
        openapi_config=None,
        request_max_body_size=None,  # `receive.py` counts.
        debug=False,
        logging_config=None,
    )
