"""The OpenAPI document.

The handlers read their bodies themselves, after authentication, so the document is made of the same
structs that they decode into, by msgspec's own schema generator.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec
from litestar import Response, get

from gateway import __version__
from gateway.domain.errors import Code
from gateway.domain.exchange import Purpose
from gateway.http import openapi_office
from gateway.http.errors import OpenAIErrorBody, PresidioError, status_of
from gateway.http.grants import Reidentified, ReidentifyRequest
from gateway.http.presidio_wire import (
    AnalyzeItem,
    AnalyzeRequest,
    AnonymizeRequest,
    DeanonymizeRequest,
    OperatedText,
)
from gateway.http.redact import RAW, Redaction, RedactRequest
from gateway.http.responses_wire import ResponseEvent, ResponseObject, ResponsesRequest
from gateway.http.subtitles import Transcription, VerboseTranscription
from gateway.http.transcription import FORMATS
from gateway.http.wire import (
    ChatChunk,
    ChatCompletion,
    ChatRequest,
    CompletionRequest,
    EmbeddingList,
    EmbeddingRequest,
    ModelList,
    TextCompletion,
    WireModel,
)

_BODIES: Final = (
    ChatRequest,
    CompletionRequest,
    ChatCompletion,
    ChatChunk,
    TextCompletion,
    ResponsesRequest,
    ResponseObject,
    ResponseEvent,
    EmbeddingRequest,
    EmbeddingList,
    Transcription,
    VerboseTranscription,
    ModelList,
    WireModel,
    OpenAIErrorBody,
    RedactRequest,
    Redaction,
    ReidentifyRequest,
    Reidentified,
    AnalyzeRequest,
    AnalyzeItem,
    AnonymizeRequest,
    DeanonymizeRequest,
    OperatedText,
    PresidioError,
)
_REPLY_HEADERS: Final = {
    "X-Request-Id": {
        "description": "The exchange, as records and log lines name it.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "X-Credential-Expires": {
        "description": "When the key or client certificate ends: from 14 days before, so that "
        "somebody replaces it.",
        "schema": {"type": "string", "format": "date-time"},
    },
    "Cache-Status": {
        "description": "RFC 9211: `hit` or `collapsed`. Absent where the reply was made for this "
        "request alone.",
        "schema": {"type": "string"},
    },
}
_HEADERS: Final = [
    {
        "name": "X-Purpose-Of-Use",
        "in": "header",
        "description": "HL7 v3-ActReason code, no default. A key bound to a purpose needs none.",
        "schema": {"type": "string", "enum": [str(purpose) for purpose in Purpose]},
    },
    {
        "name": "X-Redaction-Profile",
        "in": "header",
        "description": "A stricter profile than policy grants. It can tighten, never loosen.",
        "schema": {"type": "string"},
    },
    {
        "name": "X-Patient",
        "in": "header",
        "description": "The number of the patient that this is about, printable ASCII. It is "
        "indexed as a keyed fingerprint, for search and erasure, and is in no record.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    },
]
_GRANT: Final = {
    "name": "X-Grant",
    "in": "header",
    "required": True,
    "description": "The id of a grant of the caller's own.",
    "schema": {"type": "string"},
}
_RECORDING: Final = {
    "type": "object",
    "required": ["file", "model"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "WAV, FLAC or MP3."},
        "model": {"type": "string"},
        "language": {"type": "string", "description": "ISO 639-1."},
        "prompt": {"type": "string", "description": "What the recording continues."},
        "response_format": {"type": "string", "enum": list(FORMATS)},
        "temperature": {"type": "number", "minimum": 0, "maximum": 1},
        "timestamp_granularities[]": {
            "type": "array",
            "items": {"type": "string", "enum": ["word", "segment"]},
        },
    },
}


@get("/openapi.json", sync_to_thread=False)
def openapi_document() -> Response[bytes]:
    """Return the document; it holds nothing of this installation."""
    return Response(document(), media_type="application/vnd.oai.openapi+json")


@cache
def document() -> bytes:
    """Return the OpenAPI 3.1 document as JSON."""
    schemas, components = msgspec.json.schema_components(
        (*_BODIES, *openapi_office.types()), ref_template="#/components/schemas/{name}"
    )
    schema_of = dict(zip((*_BODIES, *openapi_office.types()), schemas, strict=True))
    openapi_office.finish(components, schema_of)

    def json_body(kind: type[msgspec.Struct]) -> dict[str, Any]:
        return {"application/json": {"schema": schema_of[kind]}}

    def errors() -> dict[str, Any]:
        by_status: dict[int, list[str]] = {}
        for code in Code:
            by_status.setdefault(status_of(code), []).append(str(code))
        return {
            str(status): {
                "description": "Codes: " + ", ".join(sorted(codes)),
                "content": json_body(OpenAIErrorBody),
            }
            for status, codes in sorted(by_status.items())
        }

    def answering(
        summary: str,
        request: type[msgspec.Struct],
        reply: type[msgspec.Struct],
        event: type[msgspec.Struct] | None,
    ) -> dict[str, Any]:
        content = json_body(reply)
        if event is not None:
            content |= {"text/event-stream": {"schema": schema_of[event]}}
        return {
            "post": {
                "summary": summary,
                "parameters": _HEADERS,
                "requestBody": {"required": True, "content": json_body(request)},
                "responses": {
                    "200": {
                        "description": "The reply",
                        "headers": _REPLY_HEADERS,
                        "content": content,
                    }
                }
                | errors(),
            }
        }

    def reading(summary: str, reply: type[msgspec.Struct]) -> dict[str, Any]:
        return {
            "summary": summary,
            "responses": {"200": {"description": "Found", "content": json_body(reply)}} | errors(),
        }

    heard = {
        "application/json": {
            "schema": {"anyOf": [schema_of[Transcription], schema_of[VerboseTranscription]]}
        },
        "text/plain": {"schema": {"type": "string"}},
    }

    def treating(
        summary: str, request: type[msgspec.Struct], reply: type[msgspec.Struct], *, listed: bool
    ) -> dict[str, Any]:
        """Describe a route of Presidio's: one reply for a text, a list for many."""
        one = {"type": "array", "items": schema_of[reply]} if listed else schema_of[reply]
        many = {"type": "array", "items": one}
        answered = {"application/json": {"schema": {"anyOf": [one, many]}}}
        return {
            "post": {
                "summary": summary,
                "parameters": _HEADERS,
                "requestBody": {"required": True, "content": json_body(request)},
                "responses": {
                    "200": {
                        "description": "The reply",
                        "headers": {"X-Request-Id": _REPLY_HEADERS["X-Request-Id"]},
                        "content": answered,
                    }
                }
                | presidio_errors(),
            }
        }

    def presidio_errors() -> dict[str, Any]:
        unprocessable = {"description": "Codes: invalid_request"}
        told = errors() | {"422": unprocessable}
        return {
            status: each | {"content": json_body(PresidioError)} for status, each in told.items()
        }

    names = {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}
    language = {"name": "language", "in": "query", "schema": {"type": "string"}}

    def listing(summary: str) -> dict[str, Any]:
        found = {"200": {"description": "Found", "content": names}}
        return {
            "get": {
                "summary": summary,
                "parameters": [language],
                "responses": found | presidio_errors(),
            }
        }

    redacting = answering("Redact documents", RedactRequest, Redaction, None)
    reidentifying = answering(
        "Restore the stand-ins of one exchange, under a grant",
        ReidentifyRequest,
        Reidentified,
        None,
    )
    reidentifying["post"]["parameters"] = [_HEADERS[0], _GRANT]
    text = {"schema": {"type": "string"}}
    redacting["post"]["requestBody"]["content"] |= dict.fromkeys(RAW, text)
    redacting["post"]["responses"]["200"]["content"] |= dict.fromkeys(RAW, text)
    health = {
        "summary": "Probe",
        "security": [],
        "responses": {"200": {"description": "Yes"}, "503": {"description": "No"}},
    }
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Intramural",
                "version": __version__,
                "description": "A privacy gateway for language models in hospitals.",
            },
            "security": [{"key": []}],
            "paths": {
                "/v1/chat/completions": answering(
                    "Answer a conversation", ChatRequest, ChatCompletion, ChatChunk
                ),
                "/v1/completions": answering(
                    "Continue a prompt", CompletionRequest, TextCompletion, TextCompletion
                ),
                "/v1/responses": answering(
                    "Answer a conversation, in the words of the Responses API",
                    ResponsesRequest,
                    ResponseObject,
                    ResponseEvent,
                ),
                "/v1/embeddings": answering(
                    "Turn texts into vectors", EmbeddingRequest, EmbeddingList, None
                ),
                "/v1/audio/transcriptions": {
                    "post": {
                        "summary": "Write down what a recording says",
                        "parameters": _HEADERS,
                        "requestBody": {
                            "required": True,
                            "content": {"multipart/form-data": {"schema": _RECORDING}},
                        },
                        "responses": {"200": {"description": "The transcript", "content": heard}}
                        | errors(),
                    }
                },
                "/v1/models": {"get": reading("List the models", ModelList)},
                "/v1/models/{name}": {
                    "get": reading("Describe a model", WireModel) | {"parameters": [name]}
                },
                "/v1/redact": redacting,
                "/v1/reidentify": reidentifying,
                "/analyze": treating(
                    "Say where identifiers are", AnalyzeRequest, AnalyzeItem, listed=True
                ),
                "/anonymize": treating(
                    "Apply the caller's operators", AnonymizeRequest, OperatedText, listed=False
                ),
                "/deanonymize": treating(
                    "Undo what can be undone", DeanonymizeRequest, OperatedText, listed=False
                ),
                "/supportedentities": listing("List the types"),
                "/recognizers": listing("List what detection is made of"),
                "/anonymizers": listing("List the operators"),
                "/deanonymizers": listing("List what undoes them"),
                "/health": {"get": health},
                "/health/live": {"get": health},
                "/health/ready": {"get": health},
                **openapi_office.paths(schema_of, errors()),
            },
            "components": {
                "schemas": components,
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
        }
    )
