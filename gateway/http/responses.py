"""`/v1/responses`: the API that several clients of OpenAI's speak unless told otherwise.

It is a chat in other words: the same exchange, policy, redaction and records.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.datastructures import State
from litestar.response.base import ASGIResponse

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action
from gateway.http.openai import Asked, Written, answer
from gateway.http.parse import decode
from gateway.http.responses_parse import responses
from gateway.http.responses_reply import ResponsesFormat
from gateway.http.responses_wire import ResponsesRequest


@post("/v1/responses", status_code=200)
async def create_response(request: Request[Any, Any, State], state: State) -> ASGIResponse:
    """Answer a conversation, whole or in typed events."""
    return await answer(request, state["backend"], Action.CHAT, _understood)


def _understood(body: bytes) -> Asked:
    request = decode(body, ResponsesRequest)
    if request.stream_options is not None and not request.stream:
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "stream_options belongs to a request with stream: true.",
            param="stream_options",
        )

    def written(exchange: str, created: int) -> Written:
        form = ResponsesFormat(exchange, created, request)
        return Written(whole=form.whole, stream=form.events)

    return Asked(responses(request), bool(request.stream), written)


ROUTES = [create_response]
