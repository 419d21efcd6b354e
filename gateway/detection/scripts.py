"""Words in scripts that detection does not read: nobody knows what they say, so they are found.

The tagger has learnt five languages in Latin and Chinese letters. It takes a lone Cyrillic, Greek
or Arabic name for one by what stands around it; of a paragraph in such letters it leaves names
standing. Japanese syllables stay its business, and so do Greek letters alone or in pairs ("TGF-β",
"γδ T cells").
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.rules import Rule, Rules
from gateway.domain.entities import OTHER_ID, PERSON

_LETTER: Final = (
    # Greek to Mongolian; Greek with accents; Glagolitic; Coptic to Cyrillic; Hangul letters; Yi to
    # Bamum; Syloti to Ethiopic; Cherokee to Hangul; Armenian to Arabic forms; Arabic forms.
    "[\u0370-\u1cff\u1f00-\u1fff\u2c00-\u2c5f\u2c80-\u2dff\u3130-\u318f\ua000-\ua6ff"
    "\ua800-\uab2f\uab70-\ud7ff\ufb13-\ufdff\ufe70-\ufefc]"
)
_BETWEEN: Final = r"[^\S\n]{0,2}[.,:;'\"()/-]{0,2}[^\S\n]{0,2}"
_RUN: Final = re.compile(rf"{_LETTER}++(?:{_BETWEEN}{_LETTER}++)*")
"""Words of one line, and what stands between them; nothing of it is tried twice."""
_SCORE: Final = 0.5
_MOST_NAMES: Final = 4
"""Words that may be somebody's name; more of them are a sentence."""
_SYMBOLS: Final = re.compile(r"(?:[\u0370-\u03ff]{1,2}(?![^\W\d_])\W{0,6})+|[\u0400-\u04ff]")
"""Greek letters alone or in pairs, "Ω, ΔΨ"; a Cyrillic letter, which says nothing."""


def _is_symbol(match: re.Match[str]) -> bool:
    return _SYMBOLS.fullmatch(match[0]) is not None


def _is_name(match: re.Match[str]) -> bool:
    return not _is_symbol(match) and len(match[0].split()) <= _MOST_NAMES


def _is_text(match: re.Match[str]) -> bool:
    return not _is_symbol(match) and len(match[0].split()) > _MOST_NAMES


_ANY: Final = re.compile(_LETTER)
RULES: Final[Rules] = (
    # "Patient Иванов Иван", "her son 김민준".
    Rule("script.name", PERSON, _RUN, _SCORE, _is_name, needs=_ANY),
    # A sentence of which detection understands nothing.
    Rule("script.text", OTHER_ID, _RUN, _SCORE, _is_text, needs=_ANY),
)
