"""Which characters of an annotation or a finding tell something: neither punctuation nor titles.

What one corpus annotates ("Dr. Reyes, MD", "MRN: 8412") another does not ("Reyes", "8412"). Without
this, such words and not the identifiers would decide a figure.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from gateway.evaluation.labels import NAME, NUMBERED

_TITLES: Final = frozenset(
    {"dr", "drs", "dra", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "pr", "doctor"}
    | {"nurse", "herr", "herrn", "frau", "sr", "sra", "don", "doña", "m", "mme"}
)
_DEGREES: Final = frozenset(
    {"MD", "M.D.", "DO", "RN", "NP", "PA-C", "PA", "LCSW", "PhD", "PharmD", "DPM", "DDS", "FACS"}
    | {"LPN", "CRNA", "MPH", "DNP", "PsyD"}
)
_WORD: Final = re.compile(r"\S+")
_FIELD: Final = re.compile(r"([A-Za-z.\s-]*)[:#]+\s*|([A-Za-z.\s]+)(?<=\s)")
_FIELD_WORDS: Final = 4
_BEFORE_NUMBER: Final = 3
"""How many words the name of a field has: with a colon or `#` behind it, and without."""
_AGE: Final = re.compile(
    r"\W*(?:age[ds]?\W*)?(?P<years>\d{1,2})(?P<rest>[^\W\d_]*(?:[\s./-]*[^\W\d_]+){0,3})\W*\Z",
    re.IGNORECASE,
)
_AGE_WORD: Final = re.compile(
    r"(?:years?|yrs?|y)?(?:olds?|o|jahre|jährige\w*|ans|años|岁)?[fm]?\Z", re.IGNORECASE
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_NINETY: Final = 90


def told(text: str, start: int, end: int, kind: str) -> list[int]:
    """Return the offsets of the telling characters of an annotation of class `kind`."""
    if kind == NAME:
        start, end = _bare_name(text, start, end)
    elif kind in NUMBERED:
        start = _after_field(text, start, end)
    return letters(text, start, end)


def letters(text: str, start: int, end: int) -> list[int]:
    """Return the offsets of letters and digits in `text[start:end]`."""
    return [place for place in range(start, min(end, len(text))) if text[place].isalnum()]


def is_plain_age(text: str, label: str) -> bool:
    """Say whether a finding is an age below 90, which Safe Harbor keeps and corpora differ on.

    A number alone is one only if it was found as an `AGE`.
    """
    if text.strip().isdigit() and label != "AGE":
        return False
    found = _AGE.match(text)
    if found is None:
        return False
    years = int(found["years"])
    plain = years < _NINETY and found["years"] == str(years)
    return plain and all(_AGE_WORD.match(word) for word in _LETTERS.findall(found["rest"]))


def _bare_name(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a name without titles before it and degrees behind it."""
    words = list(_WORD.finditer(text, start, end))
    while len(words) > 1 and words[0][0].removesuffix(".").lower() in _TITLES:
        words = words[1:]
        start = words[0].start()
    for before, word in pairwise(words):
        degree, comma, _ = word[0].partition(",")
        closes = comma or word is words[-1]
        if closes and (degree in _DEGREES or degree.removesuffix(".") in _DEGREES):
            return start, before.end() - before[0].endswith(",")
    return start, end


def _after_field(text: str, start: int, end: int) -> int:
    """Return where a number begins behind the name of its field, `Patient ID: ` or `Medicare `."""
    field = _FIELD.match(text, start, end)
    if field is None:
        return start
    marked, bare = field[1], field[2]
    words = len(re.findall(r"[A-Za-z]+", marked or bare or ""))
    following = _WORD.match(text, field.end(), end)
    if words > (_FIELD_WORDS if bare is None else _BEFORE_NUMBER) or following is None:
        return start
    return field.end() if any(map(str.isdigit, following[0])) else start
