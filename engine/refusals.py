"""What the engine's server says instead of a reply: a status, a stable code and OpenAI's shape.

No message quotes what was sent: the caller may log it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from engine import wire
from engine.errors import (
    CallerBusy,
    EngineClosed,
    EngineError,
    EngineFailed,
    ModelError,
    NoRoom,
    Overloaded,
    PromptTooLong,
    UnsupportedInput,
    UnsupportedOption,
)

_TYPES: Final = {
    401: "authentication_error",
    404: "not_found_error",
}
_SERVER: Final = 500
_RETRY_AFTER: Final = {"overloaded": b"1", "shutting_down": b"5", "not_ready": b"5"}
_ENGINE: Final[Mapping[type[EngineError], tuple[int, str]]] = {
    Overloaded: (503, "overloaded"),
    CallerBusy: (429, "rate_limited"),
    NoRoom: (503, "overloaded"),
    EngineClosed: (503, "shutting_down"),
    EngineFailed: (500, "engine_failed"),
    PromptTooLong: (400, "context_length_exceeded"),
    UnsupportedOption: (400, "unsupported_parameter"),
    UnsupportedInput: (400, "invalid_messages"),
}
_UNKNOWN: Final = re.compile(r"Object contains unknown field")
_PLACE: Final = re.compile(r" - at `\$\.?([\w.\[\]]{1,64})[^`]*`\Z")


class Refusal(Exception):  # noqa: N818 - reads as a state, as those of `errors.py`
    """A request that gets no reply, or no more of it."""

    def __init__(self, status: int, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param

    def body(self) -> bytes:
        """Return the JSON that says so."""
        kind = _TYPES.get(
            self.status, "invalid_request_error" if self.status < _SERVER else "server_error"
        )
        return msgspec.json.encode(
            wire.ErrorBody(wire.Error(self.message, kind, self.param, self.code))
        )

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that go with it."""
        wait = _RETRY_AFTER.get(self.code)
        return [] if wait is None else [(b"retry-after", wait)]


def of_engine(error: EngineError) -> Refusal:
    """Return the refusal that an error of the engine comes to; its words hold no text."""
    if isinstance(error, ModelError):
        # Its own words name files: they are for the operator.
        return Refusal(503, "model_unavailable", "This model cannot be loaded.", param="model")
    status, code = _ENGINE.get(type(error), (500, "engine_failed"))
    param = error.option if isinstance(error, UnsupportedOption) else None
    return Refusal(status, code, str(error), param=param)


def of_body(error: msgspec.DecodeError) -> Refusal:
    """Return the refusal of a body that is not JSON, or not the JSON that is meant."""
    words = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return Refusal(400, "invalid_json", "The body is not JSON.")
    place = _PLACE.search(words)
    param = None if place is None else place[1]
    if _UNKNOWN.match(words):
        return Refusal(
            400, "unknown_field", "The body has a field that is not known here.", param=param
        )
    return Refusal(400, "invalid_request", "A field has the wrong type or value.", param=param)


def unforeseen() -> Refusal:
    """Return what is said of a fault that nobody foresaw."""
    return Refusal(500, "internal_error", "The engine's server failed.")


def not_ready() -> Refusal:
    """Return what is said while no request would be answered."""
    return Refusal(503, "not_ready", "No model moves at present. Try again shortly.")


def shutting_down() -> Refusal:
    """Return what is said while the server drains."""
    return Refusal(503, "shutting_down", "The engine is stopping. Try again shortly.")
