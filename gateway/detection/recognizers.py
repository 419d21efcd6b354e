"""Our rules and the language model as recognizers of presidio-analyzer, and its engine over them.

The registry is built here, in code: Presidio's default list asks the internet for the public suffix
list and spends most of its time on telephone numbers. Nothing is logged, no decision is traced.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts

from gateway.detection import addresses, contact, facilities, names
from gateway.detection.model import LANGUAGE, MODEL_SCORE, InstalledModel
from gateway.detection.model_filter import keep
from gateway.detection.numbers import Numbers
from gateway.detection.rules import Finder, Topic
from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding


def topics(reference_year: int) -> dict[str, Finder]:
    """Return the rules of each recognizer by its name."""
    return {
        "names": Topic(names.RULES),
        "facilities": Topic(facilities.RULES),
        "addresses": Topic(addresses.RULES),
        "contact": Topic(contact.RULES),
        "numbers": Numbers(reference_year),
    }


class RuleRecognizer(EntityRecognizer):
    """Rules of one topic as a recognizer of Presidio's."""

    def __init__(self, name: str, finder: Finder) -> None:
        self._finder = finder
        super().__init__(supported_entities=sorted(finder.entities), name=name)

    def load(self) -> None:
        """Do nothing: patterns are compiled when the module is imported."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002 - every type is always sought
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002 - rules read the text alone
    ) -> list[RecognizerResult]:
        """Return what the rules find."""
        return [_result(finding, self.id) for finding in self._finder.find(text)]


class ModelRecognizer(EntityRecognizer):
    """What the language model found, less what is certainly no name."""

    def __init__(self) -> None:
        super().__init__(
            supported_entities=["DATE_TIME", "LOCATION", "ORGANIZATION", "PERSON"], name="model"
        )

    def load(self) -> None:
        """Do nothing: the engine holds the model."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002 - every type is always sought
        nlp_artifacts: NlpArtifacts,
    ) -> list[RecognizerResult]:
        """Return the model's entities as results."""
        results = []
        for span in nlp_artifacts.entities:
            for start, end in keep(text, span.start_char, span.end_char, span.label_):
                finding = Finding(start, end, EntityType(span.label_), MODEL_SCORE, "model.spacy")
                results.append(_result(finding, self.id))
        return results


class _NoEnhancer(ContextAwareEnhancer):
    """Context words are part of our patterns; Presidio's would copy every result."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,  # noqa: ARG002 - Presidio's signature
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002
        recognizers: list[EntityRecognizer],  # noqa: ARG002
        context: list[str] | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Return the results as they are."""
        return raw_results


def _result(finding: Finding, recognizer_id: str) -> RecognizerResult:
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
    """Presidio's engine over our recognizers. Not for use by two threads at once.

    Construction takes about 0.3 s, once the modules are imported.
    """

    def __init__(self, reference_year: int) -> None:
        # Presidio logs when it builds; the level keeps its later messages, too, out of our log.
        logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)
        recognizers: list[Any] = [
            RuleRecognizer(name, finder) for name, finder in topics(reference_year).items()
        ]
        recognizers.append(ModelRecognizer())
        registry = RecognizerRegistry(recognizers=recognizers, supported_languages=[LANGUAGE])
        self.recognizers: Sequence[EntityRecognizer] = tuple(recognizers)
        self._model = InstalledModel()
        self._entities = sorted(
            {entity for each in recognizers for entity in each.supported_entities}
        )
        self._engine = AnalyzerEngine(
            registry=registry,
            nlp_engine=self._model,
            supported_languages=[LANGUAGE],
            context_aware_enhancer=_NoEnhancer(),
            log_decision_process=False,
        )

    def analyze(self, text: str) -> list[Finding]:
        """Return what is found in `text`, in no particular order. Any failure propagates."""
        # The zone frees the words of this text: without it the model's vocabulary would keep every
        # name that it ever read.
        with self._model.pipeline.memory_zone():
            results = self._engine.analyze(text, LANGUAGE, entities=self._entities)
            return [
                Finding(
                    result.start,
                    result.end,
                    EntityType(result.entity_type),
                    result.score,
                    result.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY],
                )
                for result in results
            ]
