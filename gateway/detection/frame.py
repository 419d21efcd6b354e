"""Presidio's engine over our recognizers: what it wants to have of a language, it does not get.

Its own engines for language read a text with spaCy before any recognizer does, in one language.
Here rules read the text alone, and the tagger has read it already, in whatever language it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from gateway.detection.placeholder import without_unused
from gateway.detection.tagging import Tag
from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding

with without_unused():
    from presidio_analyzer import (
        AnalyzerEngine,
        EntityRecognizer,
        RecognizerRegistry,
        RecognizerResult,
    )
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

__all__ = [
    "LANGUAGE",
    "Analyzer",
    "Artifacts",
    "EntityRecognizer",
    "NlpArtifacts",
    "NoPipeline",
    "RecognizerResult",
    "result",
]

LANGUAGE: Final = "mul"
"""Presidio wants one code of a language for each text: ISO 639-2 has this one for "several"."""


class Artifacts(NlpArtifacts):
    """What Presidio hands to recognizers besides the text: the tags of it, and nothing else."""

    def __init__(self, engine: NlpEngine, tags: Sequence[Tag] = ()) -> None:
        super().__init__(
            entities=[],
            tokens=[],  # type: ignore[arg-type]  # a spaCy document, which no recognizer here reads
            tokens_indices=[],
            lemmas=[],
            nlp_engine=engine,
            language=LANGUAGE,
        )
        self.tags = tags


class NoPipeline(NlpEngine):
    """An engine for language that reads nothing, loads nothing and downloads nothing."""

    def load(self) -> None:
        """Do nothing: there is nothing to load."""

    def is_loaded(self) -> bool:
        """Return that it is ready."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:  # noqa: ARG002 - Presidio's
        """Return nothing about `text`."""
        return Artifacts(self)

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,  # noqa: ARG002 - Presidio's signature
        batch_size: int = 1,  # noqa: ARG002
        n_process: int = 1,  # noqa: ARG002
        **kwargs: Any,  # noqa: ANN401, ARG002
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Yield each text with nothing about it."""
        for text in texts:
            yield text, Artifacts(self)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002 - Presidio's signature
        """Return that no word is one."""
        return False

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002 - Presidio's signature
        """Return that no word is one."""
        return False

    def get_supported_entities(self) -> list[str]:
        """Return that it finds nothing."""
        return []

    def get_supported_languages(self) -> list[str]:
        """Return the one code."""
        return [LANGUAGE]


class _All(RecognizerRegistry):
    """A registry of which every recognizer is always asked: to choose them by type takes time."""

    def get_recognizers(
        self,
        language: str,  # noqa: ARG002 - Presidio's signature
        entities: list[str] | None = None,  # noqa: ARG002
        all_fields: bool = False,  # noqa: ARG002, FBT001, FBT002
        ad_hoc_recognizers: list[EntityRecognizer] | None = None,  # noqa: ARG002
    ) -> list[EntityRecognizer]:
        """Return all recognizers."""
        return list(self.recognizers)


class _Engine(AnalyzerEngine):
    """Presidio's engine without one of its steps, which a test sees to that it still has.

    It asks for each recognizer which results are its own, and copies them to weigh words of context
    that are part of our patterns.
    """

    def _enhance_using_context(
        self,
        text: str,  # noqa: ARG002 - Presidio's signature
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002
        recognizers: list[EntityRecognizer],  # noqa: ARG002
        context: list[str] | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Return the results as they are."""
        return raw_results


def result(finding: Finding, recognizer_id: str) -> RecognizerResult:
    """Return a finding in Presidio's words."""
    return RecognizerResult(
        finding.entity,
        finding.start,
        finding.end,
        finding.score,
        recognition_metadata={
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recognizer_id,
            RecognizerResult.RECOGNIZER_NAME_KEY: finding.recognizer,
        },
    )


class Analyzer:
    """Presidio's engine over `recognizers`. It keeps nothing of a text: threads may share one."""

    def __init__(self, recognizers: Sequence[EntityRecognizer]) -> None:
        # Presidio logs when it builds; the level keeps its later messages, too, out of our log.
        logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)
        self.recognizers = tuple(recognizers)
        self._pipeline = NoPipeline()
        self._entities = sorted(
            {entity for each in recognizers for entity in each.supported_entities}
        )
        self._engine = _Engine(
            registry=_All(recognizers=list(recognizers), supported_languages=[LANGUAGE]),
            nlp_engine=self._pipeline,
            supported_languages=[LANGUAGE],
            log_decision_process=False,
        )

    def analyze(self, text: str, tags: Sequence[Tag] = ()) -> list[Finding]:
        """Return what is found in `text`, in no particular order. Any failure propagates."""
        results = self._engine.analyze(
            text,
            LANGUAGE,
            entities=self._entities,
            nlp_artifacts=Artifacts(self._pipeline, tags),
        )
        return [
            Finding(
                each.start,
                each.end,
                EntityType(each.entity_type),
                each.score,
                each.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY],
            )
            for each in results
        ]
