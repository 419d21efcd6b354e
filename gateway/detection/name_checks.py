"""What is no name, whatever announces it: a word of forms, a disease called after somebody."""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.titles import trimmed_words
from gateway.detection.vocabulary import EPONYM_NOUNS, EPONYMS, NEVER_NAMES, is_word


def is_eponym(match: re.Match[str]) -> bool:
    """Say whether the name stands for a disease, a sign or a scale."""
    start, end = match.span("value") if "value" in match.re.groupindex else match.span()
    last = match.string[start:end].split()[-1].lower().rstrip(".,")
    return EPONYM_NOUNS.match(match.string, end) is not None and (
        last in EPONYMS or last.removesuffix("'s") in EPONYMS
    )


_ROMAN: Final = re.compile(r"(?:I{1,3}|IV)[ab]?")
_OF_A_FIELD: Final = ("ology", "etics", "iatrics", "iatry")
"""How the name of a field ends: "To: Neurology SOC" goes to a department."""


def holds_name(match: re.Match[str]) -> bool:
    """Say whether a field holds a name, and no word that forms are filled with."""
    words = trimmed_words(match["value"])
    if len(words) > 1 and _ROMAN.fullmatch(words[-1]) and words[0].isupper():
        # "HI NYHA III" is a class, and nobody's third.
        words = words[:-1]
    if len(words) > 1 and words[0].lower().endswith(_OF_A_FIELD):
        return False
    if words[0].lower().rstrip(".'s") in NEVER_NAMES or words[0].lower() in NEVER_NAMES:
        return False
    if len(words) > 1:
        # "Grace Young" is two everyday words and a person: behind a label only forms' words count.
        return not any(word.lower().rstrip(".") in NEVER_NAMES for word in words)
    return not is_word(words[0])
