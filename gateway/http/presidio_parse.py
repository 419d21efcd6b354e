"""From Presidio's bodies to the work that they ask for: everything that a client can get wrong.

Messages are Presidio's where it has one, and quote no value (invariant 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gateway.domain.entities import KNOWN, EntityType
from gateway.domain.text import RawText
from gateway.http.parse import decode
from gateway.http.presidio_wire import (
    AnalyzeRequest,
    AnonymizeRequest,
    DeanonymizeRequest,
    WireMade,
    WirePattern,
    WireRecognizer,
    WireResult,
)
from gateway.presidio.adhoc import AdHoc, Pattern
from gateway.presidio.analysis import ALIASES, LANGUAGES, Analysis, Narrowing, names_for
from gateway.presidio.anonymization import Operating, Stretch, anonymizers
from gateway.presidio.errors import invalid
from gateway.presidio.expressions import DEFAULT_FLAGS, Expression, Words, expression
from gateway.presidio.operators import check

NO_RECOGNIZERS: Final = "No matching recognizers were found to serve the request."
_MAX_PATTERNS: Final = 100
_MAX_CHARACTERS: Final = 10_000
"""Of all patterns together: the work is bounded by these times those of the text."""


def check_language(language: str | None) -> None:
    """Raise `ExchangeError` unless detection may be asked for this language."""
    if not language:
        raise invalid("No language provided", "language")
    if language not in LANGUAGES:
        raise invalid(f"{NO_RECOGNIZERS} Languages: {', '.join(LANGUAGES)}.", "language")


def analysis(request: AnalyzeRequest) -> Analysis:
    """Return the work of an analyzer's request. Raises `ExchangeError`."""
    if not request.text:
        raise invalid("No text provided", "text")
    check_language(request.language)
    ad_hoc = tuple(_ad_hoc(request.ad_hoc_recognizers or (), request.language))
    return Analysis(
        documents=_texts(request.text),
        narrowing=_narrowing(request, frozenset(each.entity for each in ad_hoc)),
        ad_hoc=ad_hoc,
        around=tuple(request.context or ()),
    )


def read_analysis(body: bytes) -> tuple[AnalyzeRequest, Analysis]:
    """Return the request in a body, and its work."""
    request = decode(body, AnalyzeRequest)
    return request, analysis(request)


def _narrowing(request: AnalyzeRequest, brought: frozenset[str]) -> Narrowing:
    asked = frozenset(request.entities or ()) or None
    if asked is not None and not asked & (KNOWN | ALIASES.keys() | brought):
        raise invalid(NO_RECOGNIZERS, "entities")
    listed = [term for term in request.allow_list or () if term]
    by_expression = request.allow_list_match == "regex"
    flags = DEFAULT_FLAGS if request.regex_flags is None else request.regex_flags
    allowed: Expression | None = None
    if by_expression and listed:
        for term in listed:
            expression(term, flags, "allow_list")
        allowed = expression("|".join(f"(?:{term})" for term in listed), flags, "allow_list")
    return Narrowing(
        told_as=None if asked is None else names_for(asked),
        threshold=request.score_threshold or 0.0,
        allowed=frozenset() if by_expression else frozenset(listed),
        allowed_expression=allowed,
    )


def _ad_hoc(brought: Sequence[WireRecognizer], language: str | None) -> Iterator[AdHoc]:
    patterns = [pattern.regex for each in brought for pattern in each.patterns or ()]
    if len(patterns) > _MAX_PATTERNS or sum(map(len, patterns)) > _MAX_CHARACTERS:
        raise invalid(
            f"Bring at most {_MAX_PATTERNS} patterns, of {_MAX_CHARACTERS} characters together.",
            "ad_hoc_recognizers",
        )
    for index, each in enumerate(brought):
        at = f"ad_hoc_recognizers[{index}]"
        named = {*(each.supported_entities or ())} | {each.supported_entity or ""} - {""}
        if len(named) != 1:
            raise invalid(f"{at} needs one supported_entity.", at)
        if not each.patterns and not each.deny_list:
            raise invalid(f"{at} needs patterns or a deny_list.", at)
        if each.supported_language != language:
            continue  # As Presidio: a recognizer of another language is not asked.
        entity = named.pop()
        yield AdHoc(
            name=each.name or "PatternRecognizer",
            entity=EntityType(entity),
            patterns=tuple(_patterns(each, at)),
            context=tuple(each.context or ()),
        )


def _patterns(recognizer: WireRecognizer, at: str) -> Iterator[Pattern]:
    wire: WirePattern
    for index, wire in enumerate(recognizer.patterns or ()):
        compiled = expression(
            wire.regex, recognizer.global_regex_flags, f"{at}.patterns[{index}].regex"
        )
        yield Pattern(wire.name, compiled, wire.score)
    if listed := tuple(word for word in recognizer.deny_list or () if word):
        yield Pattern("deny_list", Words(listed, f"{at}.deny_list"), recognizer.deny_list_score)


def anonymization(body: bytes) -> tuple[bool, Operating]:
    """Return whether a body holds many texts, and the work that it asks for."""
    request = decode(body, AnonymizeRequest)
    if request.analyzer_results is None and isinstance(request.text, str):
        raise invalid("Invalid input, request must contain analyzer results", "analyzer_results")
    named = anonymizers(request.anonymizers or {})
    for operator in named.values():
        check(operator)
    results = _per_text(request.text, request.analyzer_results, "analyzer_results")
    work = Operating(_texts(request.text), results, named, resolve=True)
    return isinstance(request.text, list), work


def deanonymization(body: bytes) -> tuple[bool, Operating]:
    """Return whether a body holds many texts, and the work that it asks for."""
    request = decode(body, DeanonymizeRequest)
    operators = request.deanonymizers or {}
    for operator in operators.values():
        check(operator)
    results = _per_text(request.text, request.anonymizer_results, "anonymizer_results")
    work = Operating(_texts(request.text), results, operators, resolve=False)
    return isinstance(request.text, list), work


def _texts(text: str | list[str]) -> tuple[RawText, ...]:
    return tuple(RawText(each) for each in ([text] if isinstance(text, str) else text))


def _per_text(
    text: str | list[str],
    results: Sequence[WireResult | WireMade | list[WireResult] | list[WireMade]] | None,
    field: str,
) -> tuple[tuple[Stretch, ...], ...]:
    """Return the stretches of each text: of one text a list, of many a list of lists."""
    many = isinstance(text, list)
    count = len(text) if isinstance(text, list) else 1
    if results is None:
        return ((),) * count
    if many and len(results) != count:
        raise invalid(
            f"Invalid input, '{field}' must contain one list of results per item in 'text' when "
            f"'text' is a list ({count} text items, {len(results)} '{field}' items)",
            field,
        )
    if any(isinstance(each, list) != many for each in results):
        raise invalid(
            f"{field} is a list of results for one text, a list of lists for many.", field
        )
    if not many:
        return (tuple(_stretches(results)),)
    return tuple(tuple(_stretches(each)) for each in results if isinstance(each, list))


def _stretches(results: Sequence[object]) -> Iterator[Stretch]:
    for each in results:
        if isinstance(each, WireResult | WireMade):
            yield Stretch(each.start, each.end, each.entity_type, each.score)
