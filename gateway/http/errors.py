"""The one module that turns errors into HTTP: a status for each code, and three shapes.

OpenAI's shape under `/v1`, so that its clients raise the exceptions they know, and Presidio's on
its paths; RFC 9457 elsewhere.
"""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
)
from litestar.types import ExceptionHandlersMap

from gateway import logs
from gateway.domain.errors import Code, ExchangeError

STATUS: Final[dict[Code, int]] = {
    Code.MISSING_CREDENTIALS: 401,
    Code.INVALID_CREDENTIALS: 401,
    Code.REVOKED_CREDENTIALS: 401,
    Code.EXPIRED_CREDENTIALS: 401,
    Code.TOKEN_NOT_YET_VALID: 401,
    Code.NETWORK_NOT_ALLOWED: 403,
    Code.BODY_TOO_LARGE: 413,
    Code.HEADERS_TOO_LARGE: 431,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.REQUEST_TIMEOUT: 408,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.MODEL_NOT_FOUND: 404,
    Code.PURPOSE_NOT_ALLOWED: 403,
    Code.SCOPE_EXCEEDED: 403,
    Code.PROFILE_NOT_STRICTER: 403,
    Code.POLICY_DENIED: 403,
    Code.ENTITY_BLOCKED: 403,
    Code.DUTY_REFUSED: 403,
    Code.RELEASE_NOT_FOUND: 404,
    Code.RELEASE_CONFLICT: 409,
    Code.SIGNATURE_REFUSED: 403,
    Code.SELF_APPROVAL: 403,
    Code.GRANT_REFUSED: 403,
    Code.GRANT_UNKNOWN: 404,
    Code.GRANT_STATE: 409,
    Code.GRANT_OWN: 403,
    Code.REVIEW_REFUSED: 409,
    Code.GRANT_REQUIRED: 403,
    Code.PAYLOAD_NOT_KEPT: 404,
    Code.PAYLOAD_SHREDDED: 410,
    Code.PAYLOAD_DAMAGED: 500,
    Code.PAYLOAD_HELD: 409,
    Code.CLIENT_DISCONNECTED: 499,
    Code.OVERLOADED: 503,
    Code.RATE_LIMITED: 429,
    Code.QUOTA_EXCEEDED: 429,
    Code.SHUTTING_DOWN: 503,
    Code.DETECTION_FAILED: 503,
    Code.POLICY_UNAVAILABLE: 503,
    Code.IDENTITY_UNAVAILABLE: 503,
    Code.AUDIT_UNAVAILABLE: 503,
    Code.AUDIT_UNWITNESSED: 503,
    Code.MODEL_UNAVAILABLE: 503,
    Code.ENGINE_FAILED: 502,
    Code.ENGINE_TIMEOUT: 504,
    Code.ENGINE_UNAVAILABLE: 503,
    Code.INTERNAL_ERROR: 500,
}
"""What is not listed is the client's to mend: 400."""
_RETRY_AFTER: Final = {
    Code.OVERLOADED: "1",
    Code.RATE_LIMITED: "1",
    Code.ENGINE_UNAVAILABLE: "5",
    Code.IDENTITY_UNAVAILABLE: "1",
    Code.SHUTTING_DOWN: "5",
    Code.AUDIT_UNAVAILABLE: "5",
    Code.AUDIT_UNWITNESSED: "5",
}
_NOTHING_HERE: Final = "There is nothing at this path: GET /openapi.json lists what there is."
_UNAUTHORIZED: Final = 401
_SERVER: Final = 500
_UNPROCESSABLE: Final = 422
_OPERATORS: Final = frozenset({"/anonymize", "/deanonymize"})
PRESIDIO_PATHS: Final = _OPERATORS | {
    "/analyze",
    "/anonymizers",
    "/deanonymizers",
    "/recognizers",
    "/supportedentities",
}
"""Where errors have the shape that clients of Presidio's services read."""
_TYPES: Final = {
    _UNAUTHORIZED: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class OpenAIError(msgspec.Struct, frozen=True):
    """OpenAI's error object."""

    message: str
    type: str
    param: str | None
    code: str


class OpenAIErrorBody(msgspec.Struct, frozen=True):
    """OpenAI's error body; also an event of a stream that ends early."""

    error: OpenAIError


class PresidioError(msgspec.Struct, frozen=True):
    """The error body of Presidio's services, with our code."""

    error: str
    code: str


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457 problem details. `type` is a name, not an address: nothing here is on the web."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def status_of(code: Code) -> int:
    """Return the HTTP status of a code."""
    return STATUS.get(code, 400)


def openai_body(error: ExchangeError) -> OpenAIErrorBody:
    """Return `error` in OpenAI's shape."""
    status = status_of(error.code)
    kind = _TYPES.get(status, "invalid_request_error" if status < _SERVER else "server_error")
    return OpenAIErrorBody(OpenAIError(error.message, kind, error.param, str(error.code)))


def response(
    error: ExchangeError, path: str, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """Return the whole reply that tells a client of `error`."""
    status = status_of(error.code)
    all_headers = dict(headers or {})
    if status == _UNAUTHORIZED:
        all_headers["WWW-Authenticate"] = 'Bearer realm="intramural"'
    if error.retry_after is not None:
        all_headers["Retry-After"] = str(error.retry_after)
    elif error.code in _RETRY_AFTER:
        all_headers["Retry-After"] = _RETRY_AFTER[error.code]
    if path.startswith("/v1/"):
        body, media = msgspec.json.encode(openai_body(error)), "application/json"
    elif path in PRESIDIO_PATHS:
        if path in _OPERATORS and error.code is Code.INVALID_REQUEST:
            status = _UNPROCESSABLE
        told = PresidioError(error.message, str(error.code))
        body, media = msgspec.json.encode(told), "application/json"
    else:
        problem = Problem(
            f"urn:intramural:error:{error.code}",
            error.code.replace("_", " "),
            status,
            error.message,
            str(error.code),
        )
        body, media = msgspec.json.encode(problem), "application/problem+json"
    return Response(body, status_code=status, media_type=media, headers=all_headers)


def _known(request: Request[object, object, State], error: ExchangeError) -> Response[bytes]:
    return response(error, request.scope["path"])


def _http(request: Request[object, object, State], error: HTTPException) -> Response[bytes]:
    match error:
        case NotFoundException():
            known = ExchangeError(Code.NOT_FOUND, _NOTHING_HERE)
        case MethodNotAllowedException():
            known = ExchangeError(Code.METHOD_NOT_ALLOWED, "This path does not take this method.")
            # RFC 9110, 15.5.6: it has to say which methods there are.
            return response(known, request.scope["path"], dict(error.headers or {}))
        case _:
            known = ExchangeError(Code.INVALID_REQUEST, "The request cannot be read.")
    return response(known, request.scope["path"])


def _unforeseen(request: Request[object, object, State], error: Exception) -> Response[bytes]:
    logs.unexpected(error)
    known = ExchangeError(Code.INTERNAL_ERROR, "The gateway failed. Tell the operator.")
    return response(known, request.scope["path"])


HANDLERS: Final[ExceptionHandlersMap] = {
    ExchangeError: _known,
    HTTPException: _http,
    Exception: _unforeseen,
}
