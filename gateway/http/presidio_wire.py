"""The bodies of Presidio's analyzer and anonymizer, with every field that their API knows.

A field that they do not know is an error here, where they would drop it (invariant 5). Of the
strings, `text` is scanned; `entities`, `allow_list`, `context`, ad-hoc recognizers and operators
are the caller's own words and shape its own reply; `correlation_id`, `version`, `country_code` and
what an analyzer said of its decision are checked for their type and go nowhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from gateway.presidio.expressions import DEFAULT_FLAGS
from gateway.presidio.operators import Anonymizer, Deanonymizer

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Term = Annotated[str, msgspec.Meta(max_length=200)]
_Opaque = Annotated[str, msgspec.Meta(max_length=512)]
_Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Flags = Annotated[int, msgspec.Meta(ge=0, le=511)]
_Offset = Annotated[int, msgspec.Meta(ge=0)]
_Terms = Annotated[list[_Term], msgspec.Meta(max_length=1000)]
_Texts = Annotated[list[str], msgspec.Meta(max_length=1000)]
_Text = str | _Texts


class _Concealed(msgspec.Struct, frozen=True, kw_only=True):
    """A body, coming or going: it may hold a note or a key, so it does not show itself."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class _Strict(_Concealed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class WirePattern(_Strict, frozen=True, kw_only=True):
    """One expression of an ad-hoc recognizer."""

    name: _Term
    regex: str
    score: _Score


class WireRecognizer(_Strict, frozen=True, kw_only=True):
    """A recognizer that a request brings."""

    name: _Name | None = None
    supported_entity: _Name | None = None
    supported_entities: Annotated[list[_Name], msgspec.Meta(max_length=1)] | None = None
    supported_language: _Term = "en"
    patterns: Annotated[list[WirePattern], msgspec.Meta(max_length=50)] | None = None
    deny_list: _Terms | None = None
    deny_list_score: _Score = 1.0
    context: _Terms | None = None
    global_regex_flags: _Flags = DEFAULT_FLAGS
    version: _Term | None = None
    country_code: _Term | None = None


class AnalyzeRequest(_Strict, frozen=True, kw_only=True):
    """`POST /analyze`."""

    text: _Text | None = None
    language: _Term | None = None
    entities: _Terms | None = None
    correlation_id: _Opaque | None = None
    score_threshold: _Score | None = None
    return_decision_process: bool | None = None
    ad_hoc_recognizers: Annotated[list[WireRecognizer], msgspec.Meta(max_length=50)] | None = None
    context: _Terms | None = None
    allow_list: _Terms | None = None
    allow_list_match: Literal["exact", "regex"] | None = None
    regex_flags: _Flags | None = None


class Explanation(_Concealed, frozen=True, kw_only=True):
    """How a finding came to be: which recognizer, and with which score."""

    country_code: None = None
    original_score: float
    pattern: None = None
    pattern_name: None = None
    recognizer: str
    regex_flags: None = None
    score: float
    score_context_improvement: float = 0
    supportive_context_word: str = ""
    textual_explanation: None = None
    validation_result: None = None


class AnalyzeItem(msgspec.Struct, frozen=True, kw_only=True):
    """One finding."""

    analysis_explanation: Explanation | None = None
    end: int
    entity_type: str
    score: float
    start: int


class WireResult(_Strict, frozen=True, kw_only=True):
    """One finding, as an analyzer answers it and an anonymizer takes it."""

    start: _Offset
    end: _Offset
    entity_type: _Name
    score: float
    analysis_explanation: dict[str, Any] | None = None
    recognition_metadata: dict[str, Any] | None = None


_OneOrMany = WireResult | Annotated[list[WireResult], msgspec.Meta(max_length=20_000)]
_Results = Annotated[list[_OneOrMany], msgspec.Meta(max_length=20_000)]


class AnonymizeRequest(_Strict, frozen=True, kw_only=True):
    """`POST /anonymize`."""

    text: _Text = ""
    analyzer_results: _Results | None = None
    anonymizers: dict[_Name, Anonymizer] | None = None


class WireMade(_Strict, frozen=True, kw_only=True):
    """One stretch that an anonymizer made, as it answered it."""

    start: _Offset
    end: _Offset
    entity_type: _Name
    text: str | None = None
    operator: _Term | None = None
    score: float | None = None


_MadeOrMany = WireMade | Annotated[list[WireMade], msgspec.Meta(max_length=20_000)]
_Made = Annotated[list[_MadeOrMany], msgspec.Meta(max_length=20_000)]


class DeanonymizeRequest(_Strict, frozen=True, kw_only=True):
    """`POST /deanonymize`."""

    text: _Text = ""
    anonymizer_results: _Made | None = None
    deanonymizers: dict[_Name, Deanonymizer] | None = None


class OperatedItem(_Concealed, frozen=True, kw_only=True):
    """What stands in the result for one stretch, and where."""

    start: int
    end: int
    entity_type: str
    text: str
    operator: str
    score: float | None = None


class OperatedText(_Concealed, frozen=True, kw_only=True):
    """The reply of an anonymizer or deanonymizer."""

    text: str
    items: list[OperatedItem]
