"""Presidio's engine as the frame, without the step that is left out."""

from __future__ import annotations

import pytest

from gateway.detection.recognizers import rules_analyzer, topics


class Counts:
    """Stands where words of context are weighed."""

    def __init__(self) -> None:
        self.asked = 0

    def enhance_using_context(self, **asked: object) -> object:
        self.asked += 1
        return asked["raw_results"]


def test_presidio_weighs_no_words_of_context(monkeypatch: pytest.MonkeyPatch) -> None:
    analyzer = rules_analyzer(topics(2025))
    counts = Counts()
    monkeypatch.setattr(analyzer._engine, "context_aware_enhancer", counts)
    assert analyzer.analyze("Patient MRN 48210377, phone (617) 555-0142")
    # A Presidio that calls this step otherwise takes it again, and raises scores of its own accord.
    assert counts.asked == 0
