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
from gateway.http.responses_wire import ResponsesRequest
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
        frozenset(
            {
                "messages[].content",
                "messages[].content[].text",
                "messages[].name",
                "messages[].tool_calls[].id",
                "messages[].tool_calls[].function.name",
                "messages[].tool_calls[].function.arguments",
                "messages[].tool_call_id",
                "stop",
                "stop[]",
                "tools[].function.name",
                "tools[].function.description",
                "tools[].function.parameters{}",
                "tool_choice.function.name",
                "response_format.json_schema.name",
                "response_format.json_schema.description",
                "response_format.json_schema.schema{}",
            }
        ),
        {
            **_COMMON,
            "safety_identifier": _DROPPED,
            "prompt_cache_key": _DROPPED,
            **{
                f"messages[].{name}": "refused unless empty"
                for name in (
                    "refusal",
                    "annotations[]",
                    "audio",
                    "function_call",
                    "provider_specific_fields{}",
                )
            },
            "response_format.type": "one of three words",
            "modalities[]": "refused unless `text`",
            "metadata{}": "refused unless empty",
            "service_tier": "refused unless neutral or `flex`, which lets others go first",
            "reasoning_effort": "refused unless neutral",
            "verbosity": "refused unless neutral",
            "functions[]": "refused unless empty",
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
        "/v1/responses",
        ResponsesRequest,
        frozenset(
            {
                "instructions",
                "input",
                "input[].content",
                "input[].content[].text",
                "input[].call_id",
                "input[].name",
                "input[].arguments",
                "input[].output",
                "input[].output[].text",
                "tools[].name",
                "tools[].description",
                "tools[].parameters{}",
                "tool_choice.name",
                "text.format.name",
                "text.format.description",
                "text.format.schema{}",
            }
        ),
        {
            "model": _COMMON["model"],
            "user": _DROPPED,
            "safety_identifier": _DROPPED,
            "prompt_cache_key": _DROPPED,
            "prompt_cache_retention": _DROPPED,
            "input[].id": _DROPPED,
            **{
                f"input[].{parts}[].{name}[]": "refused unless empty"
                for parts in ("content", "output")
                for name in ("annotations", "logprobs")
            },
            "previous_response_id": "refused: nothing is kept that it could name",
            "conversation": "refused: nothing is kept that it could name",
            "prompt": "refused: nothing is kept that it could name",
            "include[]": "refused unless it asks for reasoning, of which there is none",
            "text.format.type": "one of three words",
            "text.verbosity": "refused unless neutral",
            "reasoning.effort": "refused unless neutral",
            "reasoning.summary": "refused unless neutral",
            "truncation": "refused unless neutral",
            "metadata{}": "refused unless empty",
            "service_tier": "refused unless neutral or `flex`, which lets others go first",
        },
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
            "language": "compared with the languages",
            "entities[]": "compared with types",
            "correlation_id": _DROPPED,
            "allow_list[]": "compared with the caller's text",
            "context[]": "compared with the caller's text",
            "ad_hoc_recognizers[].name": _OWN,
            "ad_hoc_recognizers[].supported_entity": _OWN,
            "ad_hoc_recognizers[].supported_entities[]": _OWN,
            "ad_hoc_recognizers[].supported_language": "compared with `language`",
            "ad_hoc_recognizers[].patterns[].name": _DROPPED,
            "ad_hoc_recognizers[].patterns[].regex": "runs in RE2 over the caller's text",
            "ad_hoc_recognizers[].deny_list[]": "runs in RE2 over the caller's text",
            "ad_hoc_recognizers[].context[]": "compared with the caller's text",
            "ad_hoc_recognizers[].version": _DROPPED,
            "ad_hoc_recognizers[].country_code": _DROPPED,
        },
    ),
    Strings(
        "/anonymize",
        AnonymizeRequest,
        frozenset(),
        {
            **dict.fromkeys(("text", "text[]"), _WITHOUT_ENGINE),
            "anonymizers{}": "operators and their parameters, for the caller's text alone",
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
            "deanonymizers{}": "operators and their parameters, for the caller's text alone",
            **{
                f"{results}.{name}": reason
                for results in ("anonymizer_results[]", "anonymizer_results[][]")
                for name, reason in (
                    ("entity_type", _OWN),
                    ("operator", _DROPPED),
                    ("text", "checked for its type, then dropped: the text itself holds it"),
                )
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
