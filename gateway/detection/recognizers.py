"""Our rules and the tagger as recognizers of presidio-analyzer.

The registry is built here, in code: Presidio's default list asks the internet for the public suffix
list and spends most of its time on telephone numbers. Nothing is logged, no decision is traced.
"""

from __future__ import annotations

from gateway.detection import (
    addresses,
    announced,
    called,
    contact,
    dicom,
    doubted,
    facilities,
    first_names,
    han_names,
    local_forms,
    named_fields,
    names,
    relations,
    relations_german,
    relations_romance,
    scripts,
    tagging,
    titled,
)
from gateway.detection.frame import (
    LANGUAGE,
    Analyzer,
    Artifacts,
    EntityRecognizer,
    NlpArtifacts,
    RecognizerResult,
    result,
)
from gateway.detection.numbers import Numbers
from gateway.detection.rules import Finder, Topic


def topics(reference_year: int, *, other_scripts: bool = True) -> dict[str, Finder]:
    """Return the rules of each recognizer by its name.

    Without `other_scripts` what is written in scripts that detection does not read is let through.
    """
    unread: dict[str, Finder] = {"scripts": Topic(scripts.RULES)} if other_scripts else {}
    return unread | {
        "names": Topic(
            (
                *titled.RULES,
                *named_fields.RULES,
                *names.RULES,
                *han_names.RULES,
                *relations.RULES,
                *relations_german.RULES,
                *relations_romance.RULES,
                *announced.RULES,
                *first_names.RULES,
            )
        ),
        "facilities": Topic(facilities.RULES),
        "addresses": Topic((*addresses.RULES, *local_forms.RULES)),
        "contact": Topic((*contact.RULES, *dicom.RULES)),
        "numbers": Numbers(reference_year),
    }


class RuleRecognizer(EntityRecognizer):
    """Rules of one topic as a recognizer of Presidio's."""

    def __init__(self, name: str, finder: Finder) -> None:
        self._finder = finder
        super().__init__(
            supported_entities=sorted(finder.entities), name=name, supported_language=LANGUAGE
        )

    def load(self) -> None:
        """Do nothing: patterns are compiled when the module is imported."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002 - every type is always sought
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002 - rules read the text alone
    ) -> list[RecognizerResult]:
        """Return what the rules find."""
        return [result(finding, self.id) for finding in self._finder.find(text)]


class TaggerRecognizer(EntityRecognizer):
    """What the tagger has found, which Presidio is handed with the text."""

    def __init__(self) -> None:
        super().__init__(
            supported_entities=sorted(tagging.ENTITIES),
            name=tagging.RECOGNIZER,
            supported_language=LANGUAGE,
        )

    def load(self) -> None:
        """Do nothing: the detector holds the tagger."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002 - every type is always sought
        nlp_artifacts: NlpArtifacts,
    ) -> list[RecognizerResult]:
        """Return the tags of `text` as results."""
        if not isinstance(nlp_artifacts, Artifacts):
            raise TypeError("a text comes to this recognizer with its tags")
        return [
            result(called.as_said(text, finding), self.id)
            for finding in tagging.findings(text, nlp_artifacts.tags)
            if not doubted.is_nobodys(text, finding)
        ]


def rules_analyzer(rules: dict[str, Finder]) -> Analyzer:
    """Return Presidio's engine over rules by topic; construction takes some milliseconds."""
    return Analyzer([RuleRecognizer(name, each) for name, each in rules.items()])


def tags_analyzer() -> Analyzer:
    """Return Presidio's engine over the tagger alone: it runs when the tags are there."""
    return Analyzer([TaggerRecognizer()])
