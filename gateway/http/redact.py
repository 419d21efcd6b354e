"""`POST /v1/redact`: whole documents in, the same documents as policy treats them out.

As JSON (`text`, or `documents`), or one document as the body itself. What comes back is what an
engine would be given; nothing here restores it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.datastructures import Headers, State
from litestar.response.base import ASGIResponse

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action
from gateway.domain.findings import Findings
from gateway.domain.text import RawText, RedactedText
from gateway.http.parse import decode
from gateway.http.treating import HttpRequest, answer, media_type
from gateway.treatment import Redacted, Redacting, Treated, Work

PLAIN: Final = "text/plain"
MAX_DOCUMENTS: Final = 1000
_JSON: Final = "application/json"
_JSON_TYPES: Final = ("application/fhir+json",)
RAW: Final = (PLAIN, "text/csv", "application/x-ndjson", "x-application/hl7-v2+er7", *_JSON_TYPES)
"""Types of a document, in JSON or as a body of its own."""
_Id = Annotated[str, msgspec.Meta(max_length=128)]


class _Concealed(msgspec.Struct, frozen=True, kw_only=True):
    """A body, coming or going: it does not show itself when printed."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Document(_Concealed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document of many. `id` is the caller's own, and comes back to it alone."""

    text: str
    id: _Id | None = None
    content_type: str = PLAIN


class RedactRequest(_Concealed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One text, or documents that belong together: a person has one stand-in in all of them."""

    text: str | None = None
    documents: Annotated[list[Document], msgspec.Meta(max_length=MAX_DOCUMENTS)] | None = None
    content_type: str = PLAIN


class WireFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What was treated: offsets in the text that was sent, in characters (code points)."""

    start: int
    end: int
    type: str
    score: float


class RedactedDocument(_Concealed, frozen=True, kw_only=True, omit_defaults=True):
    """One document as it may travel."""

    text: str
    content_type: str
    counts: dict[str, int]
    findings: list[WireFinding]
    id: str | None = None


class Redaction(_Concealed, frozen=True, kw_only=True):
    """The reply: documents in the order in which they were sent."""

    id: str
    """The exchange, as records and log lines name it."""
    object: str = "redaction"
    profile: str
    counts: dict[str, int]
    documents: list[RedactedDocument]


class _Reader:
    """Reads one request, and keeps how to reply."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers
        self._documents: list[Document] = []
        self._raw: str | None = None

    def check(self, headers: Headers) -> None:
        """Raise `ExchangeError` for a type of body that is not read."""
        if media_type(headers, "") not in {_JSON, *RAW}:
            raise _unsupported()

    def read(self, body: bytes) -> Work:
        """Return the work that the body asks for."""
        kind = media_type(self._headers, "")
        if kind == _JSON:
            self._documents = _listed(decode(body, RedactRequest))
        else:
            self._raw = kind
            self._documents = [Document(text=_text(body), content_type=kind)]
        for document in self._documents:
            _check(document)
        texts = tuple(RawText(each.text) for each in self._documents)
        return Redacting(texts, self._check_result)

    def _check_result(self, texts: Sequence[RedactedText]) -> None:
        """Raise `ExchangeError` where a document was JSON and no longer is."""
        for text, document in zip(texts, self._documents, strict=True):
            if _is_json(document) and not _parses(text.for_engine()):
                raise ExchangeError(
                    Code.DETECTION_FAILED,
                    "What stands in for an identifier does not fit into this JSON. Send it as "
                    "text/plain.",
                )

    def write(self, treated: Treated, exchange: str) -> tuple[bytes, str, dict[str, str]]:
        """Return the reply: JSON, or the document alone where the client asks for its own type."""
        if not isinstance(treated, Redacted):
            raise TypeError("redacting ends with redacted texts")
        texts = [text.for_engine() for text in treated.texts]
        accepted = self._headers.get("accept", "").partition(";")[0].strip().lower()
        if self._raw is not None and self._raw == accepted:
            return texts[0].encode(), self._raw, {"X-Redaction-Profile": treated.profile}
        reply = Redaction(
            id=exchange,
            profile=treated.profile,
            counts=dict(treated.counts),
            documents=[
                RedactedDocument(
                    text=text,
                    content_type=document.content_type,
                    counts=_counts(findings),
                    findings=_findings(findings),
                    id=document.id,
                )
                for text, document, findings in zip(
                    texts, self._documents, treated.findings, strict=True
                )
            ],
        )
        return msgspec.json.encode(reply), _JSON, {}


@post("/v1/redact", status_code=200)
async def redact(request: HttpRequest, state: State) -> ASGIResponse:
    """Redact documents by the caller's profile."""
    reader = _Reader(request.headers)
    backend = state["backend"]
    return await answer(request, backend, Action.REDACT, reader.check, reader.read, reader.write)


def _listed(request: RedactRequest) -> list[Document]:
    if (request.text is None) == (request.documents is None):
        raise ExchangeError(
            Code.INVALID_REQUEST, "Give text, or documents: one of both.", param="text"
        )
    if request.text is not None:
        return [Document(text=request.text, content_type=request.content_type)]
    if not request.documents:
        raise ExchangeError(Code.INVALID_REQUEST, "documents is empty.", param="documents")
    if request.content_type != PLAIN:
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "Each of documents has a content_type of its own. Put it there.",
            param="content_type",
        )
    return request.documents


def _check(document: Document) -> None:
    if document.content_type not in {_JSON, *RAW}:
        raise _unsupported()
    if _is_json(document) and not _parses(document.text):
        raise ExchangeError(Code.INVALID_JSON, "A document that says it is JSON is none.")


def _is_json(document: Document) -> bool:
    return document.content_type in {_JSON, *_JSON_TYPES}


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ExchangeError(
            Code.INVALID_ENCODING, f"The body is not UTF-8: byte {error.start} cannot be read."
        ) from None


def _unsupported() -> ExchangeError:
    return ExchangeError(Code.UNSUPPORTED_MEDIA_TYPE, f"Send one of {', '.join((_JSON, *RAW))}.")


def _counts(findings: Findings) -> dict[str, int]:
    return dict(sorted(Counter(str(each.entity) for each in findings).items()))


def _findings(findings: Findings) -> list[WireFinding]:
    return [
        WireFinding(start=each.start, end=each.end, type=each.entity, score=round(each.score, 4))
        for each in findings
    ]
