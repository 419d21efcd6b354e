"""Every string that a request can hold: scanned, or exempt for a reason (invariant 5).

Tests walk the wire types and compare: a field that is new is in neither list, and fails them until
somebody has decided. `docs/detection.md` shows the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.http.presidio_wire import AnalyzeRequest, AnonymizeRequest, DeanonymizeRequest
from gateway.http.redact import RedactRequest
from gateway.http.wire import ChatRequest, CompletionRequest, EmbeddingRequest


@dataclass(frozen=True, slots=True)
class Strings:
    """The strings of one endpoint by their path; `[]` is each element, `{}` each key and value."""

    endpoint: str
    body: Any
    """The type of the body; None for a form."""
    scanned: frozenset[str]
    exempt: Mapping[str, str] = field(default_factory=dict)
    """Why each of the others needs no scan. None of them travels to an engine."""


_DROPPED: Final = "checked for its type, then dropped"
_COMMON: Final = {
    "model": "compared with the names of our own models",
    "user": _DROPPED,
    "logit_bias{}": "refused unless empty",
}
_WITHOUT_ENGINE: Final = "treated where the caller says, and given back to it; no engine sees it"
_OWN: Final = "the caller's own word, in its own reply alone"
ENDPOINTS: Final = (
    Strings(
        "/v1/chat/completions",
        ChatRequest,
        frozenset({
            "messages[].content",
            "messages[].content[].text",
            "messages[].name",
            "messages[].tool_calls[].id",
            "messages[].tool_calls[].function.name",
            "messages[].tool_calls[].function.arguments",
            "messages[].tool_call_id",
            "stop",
            "stop[]",
        }),
        {
            **_COMMON,
            "safety_identifier": _DROPPED,
            "prompt_cache_key": _DROPPED,
            "messages[].refusal": "refused unless empty",
            "response_format.type": "refused unless `text`",
            "modalities[]": "refused unless `text`",
            "metadata{}": "refused unless empty",
            "service_tier": "refused unless neutral or `flex`, which lets others go first",
            "reasoning_effort": "refused unless neutral",
            "verbosity": "refused unless neutral",
            "tools[]": "refused unless empty",
            "functions[]": "refused unless empty",
            "tool_choice": "refused unless neutral",
            "function_call": "refused unless neutral",
        },
    ),
    Strings(
        "/v1/completions",
        CompletionRequest,
        frozenset({"prompt", "prompt[]", "stop", "stop[]"}),
        {**_COMMON, "suffix": "refused unless empty"},
    ),
    Strings(
        "/v1/embeddings",
        EmbeddingRequest,
        frozenset({"input", "input[]"}),
        {"model": _COMMON["model"], "user": _COMMON["user"]},
    ),
    Strings(
        "/v1/audio/transcriptions",
        None,
        frozenset({"prompt"}),
        {
            "model": _COMMON["model"],
            "language": "compared with the languages that the model knows",
            "response_format": "one of five words",
            "timestamp_granularities[]": "one of two words",
            "temperature": "a number",
            "stream": "refused unless false",
            "chunking_strategy": "refused",
            "include[]": "refused",
            "known_speaker_names[]": "refused",
            "known_speaker_references[]": "refused",
            "file": "sound; what it says is scanned as a transcript, and its file name is not read",
        },
    ),
    Strings(
        "/v1/redact",
        RedactRequest,
        frozenset({"text", "documents[].text"}),
        {
            "documents[].id": _OWN,
            "content_type": "compared with the types that are read",
            "documents[].content_type": "compared with the types that are read",
        },
    ),
    Strings(
        "/analyze",
        AnalyzeRequest,
        frozenset({"text", "text[]"}),
        {
            **dict.fromkeys(
                (
                    "allow_list[]",
                    "context[]",
                    "entities[]",
                    "language",
                    "ad_hoc_recognizers[].context[]",
                    "ad_hoc_recognizers[].deny_list[]",
                    "ad_hoc_recognizers[].name",
                    "ad_hoc_recognizers[].patterns[].name",
                    "ad_hoc_recognizers[].patterns[].regex",
                    "ad_hoc_recognizers[].supported_entities[]",
                    "ad_hoc_recognizers[].supported_entity",
                    "ad_hoc_recognizers[].supported_language",
                ),
                _OWN,
            ),
            **dict.fromkeys(
                (
                    "correlation_id",
                    "ad_hoc_recognizers[].country_code",
                    "ad_hoc_recognizers[].version",
                ),
                _DROPPED,
            ),
        },
    ),
    Strings(
        "/anonymize",
        AnonymizeRequest,
        frozenset(),
        {
            **dict.fromkeys(("text", "text[]"), _WITHOUT_ENGINE),
            "anonymizers{}": _OWN,
            **{
                f"{results}.{name}": reason
                for results in ("analyzer_results[]", "analyzer_results[][]")
                for name, reason in (
                    ("entity_type", _OWN),
                    ("analysis_explanation{}", _DROPPED),
                    ("recognition_metadata{}", _DROPPED),
                )
            },
        },
    ),
    Strings(
        "/deanonymize",
        DeanonymizeRequest,
        frozenset(),
        {
            **dict.fromkeys(("text", "text[]"), _WITHOUT_ENGINE),
            "deanonymizers{}": _OWN,
            **{
                f"{results}.{name}": _OWN
                for results in ("anonymizer_results[]", "anonymizer_results[][]")
                for name in ("entity_type", "operator", "text")
            },
        },
    ),
)


def table() -> Iterator[str]:
    """Yield the lines of the table in `docs/detection.md`."""
    yield "| endpoint | string | what becomes of it |"
    yield "| --- | --- | --- |"
    for each in ENDPOINTS:
        for path in sorted(each.scanned):
            yield f"| `{each.endpoint}` | `{path}` | scanned |"
        for path, reason in sorted(each.exempt.items()):
            yield f"| `{each.endpoint}` | `{path}` | exempt: {reason} |"
