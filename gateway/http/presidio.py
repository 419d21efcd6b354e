"""The routes of Presidio's REST API, so that its clients work with this gateway unchanged.

Authenticated, decided and recorded like every exchange. Whether texts may be looked at, and by
whom, says policy; what is done with them, the caller, who has them already.
"""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.response.base import ASGIResponse

from gateway.domain.entities import KNOWN
from gateway.domain.exchange import Action
from gateway.domain.findings import Finding
from gateway.http.openai import Backend
from gateway.http.presidio_parse import (
    anonymization,
    check_language,
    deanonymization,
    read_analysis,
)
from gateway.http.presidio_wire import (
    AnalyzeItem,
    AnalyzeRequest,
    Explanation,
    OperatedItem,
    OperatedText,
)
from gateway.http.treating import HttpRequest, answer, json_only, key_of
from gateway.presidio.analysis import Analyzed
from gateway.presidio.anonymization import Operated, Operating, Result
from gateway.presidio.operators import ANONYMIZERS, DEANONYMIZERS
from gateway.treatment import Treated, Work

_JSON: Final = "application/json"
_encode: Final = msgspec.json.Encoder().encode


@post("/analyze", status_code=200)
async def analyze(request: HttpRequest, state: State) -> ASGIResponse:
    """Say where identifiers are in a text, or in each of many."""
    asked = AnalyzeRequest()

    def read(body: bytes) -> Work:
        nonlocal asked
        asked, work = read_analysis(body)
        return work

    def write(treated: Treated, _: str) -> tuple[bytes, str, dict[str, str]]:
        if not isinstance(treated, Analyzed):
            raise TypeError("an analysis ends with findings")
        explained = bool(asked.return_decision_process)
        lists = [[_item(each, explained=explained) for each in one] for one in treated.findings]
        return _encode(lists if isinstance(asked.text, list) else lists[0]), _JSON, {}

    return await answer(request, state["backend"], Action.ANALYZE, json_only, read, write)


@post("/anonymize", status_code=200)
async def anonymize(request: HttpRequest, state: State) -> ASGIResponse:
    """Apply the caller's operators to what an analyzer found."""
    return await _operate(request, state["backend"], Action.ANONYMIZE)


@post("/deanonymize", status_code=200)
async def deanonymize(request: HttpRequest, state: State) -> ASGIResponse:
    """Undo what can be undone with the caller's key."""
    return await _operate(request, state["backend"], Action.DEANONYMIZE)


async def _operate(request: HttpRequest, backend: Backend, action: Action) -> ASGIResponse:
    many = False
    parse = anonymization if action is Action.ANONYMIZE else deanonymization

    def read(body: bytes) -> Work:
        nonlocal many
        work: Operating
        many, work = parse(body)
        return work

    def write(treated: Treated, _: str) -> tuple[bytes, str, dict[str, str]]:
        if not isinstance(treated, Operated):
            raise TypeError("operators end with results")
        texts = [_operated(each) for each in treated.results]
        return _encode(texts if many else texts[0]), _JSON, {}

    return await answer(request, backend, action, json_only, read, write)


def _item(finding: Finding, *, explained: bool) -> AnalyzeItem:
    score = round(finding.score, 4)
    explanation = Explanation(recognizer=finding.recognizer, original_score=score, score=score)
    return AnalyzeItem(
        start=finding.start,
        end=finding.end,
        entity_type=finding.entity,
        score=score,
        analysis_explanation=explanation if explained else None,
    )


def _operated(result: Result) -> OperatedText:
    return OperatedText(
        text=result.text,
        items=[
            OperatedItem(
                start=each.start,
                end=each.end,
                entity_type=each.entity,
                text=each.text,
                operator=each.operator,
                score=each.score,
            )
            for each in result.items
        ],
    )


@get("/supportedentities", sync_to_thread=False)
def supported_entities(request: HttpRequest, state: State) -> list[str]:
    """List the types that detection may find."""
    _admit(request, state)
    return sorted(KNOWN)


@get("/recognizers", sync_to_thread=False)
def recognizers(request: HttpRequest, state: State) -> list[str]:
    """List what detection is made of."""
    backend = _admit(request, state)
    return list(backend.recognizers)


@get("/anonymizers", sync_to_thread=False)
def list_anonymizers(request: HttpRequest, state: State) -> list[str]:
    """List the operators of `/anonymize`."""
    _admit(request, state)
    return list(ANONYMIZERS)


@get("/deanonymizers", sync_to_thread=False)
def list_deanonymizers(request: HttpRequest, state: State) -> list[str]:
    """List the operators of `/deanonymize`."""
    _admit(request, state)
    return list(DEANONYMIZERS)


@get("/health", sync_to_thread=False)
def health() -> Response[bytes]:
    """Answer as Presidio's services do, to anybody. `/health/ready` says whether all is well."""
    return Response(b"Presidio Analyzer service is up", media_type="text/html")


def _admit(request: HttpRequest, state: State) -> Backend:
    backend: Backend = state["backend"]
    backend.authenticator.authenticate(key_of(request))
    if (language := request.query_params.get("language")) is not None:
        check_language(language)
    return backend


ROUTES = [
    analyze,
    anonymize,
    deanonymize,
    supported_entities,
    recognizers,
    list_anonymizers,
    list_deanonymizers,
    health,
]
