"""Findings grown to whole words, so that no part of a name or number stays behind, and tidied.

A finding "Tanaka" in "Tanaka-Sato" would leave "-Sato" for all to read. Scripts that do not part
their words (Chinese, Japanese, Thai) are left as found. The genitive 's is not part
of a person's name (of a place's it may be: "St. Luke's"), and neither are titles, degrees, labels
and the punctuation around it: a model needs them. Fields of structured payloads stay as they are.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.evidence import TEXTUAL, is_structured
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    EMAIL_ADDRESS,
    IP_ADDRESS,
    MAC_ADDRESS,
    OTHER_ID,
    PERSON,
    URL,
    USERNAME,
)
from gateway.domain.findings import Finding
from gateway.domain.person_names import bare

_FARTHEST: Final = 128
"""Characters that a finding grows to either side: longer runs are not words."""
_LONG_URL: Final = 290
"""Characters of an address of the web that its pattern, which is bounded, may have cut."""
_URL_REST: Final = re.compile(r"[^\s<>\"'`\])}\u3000-\u303f\u4e00-\u9fff]{1,20000}")
_JOINTS: Final = frozenset("-'")
_PARTS_BEFORE: Final = re.compile(r"(?<![^\W_])(?<!/)(?:[A-Z0-9]{1,8}/){1,3}\Z")
"""Parts of a reference before the part that was found: "URG/P/0447"."""
_EXACT: Final = frozenset({AGE, AGE_OVER_89})
_UNPARTED: Final = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x2E80, 0xD7AF),
    (0x20000, 0x3FFFF),
)


def is_letter(char: str) -> bool:
    """Say whether `char` is part of a word in a script that parts its words."""
    if char <= "~":
        # Nothing at all is no letter either.
        return char.isalnum() or char == "_"
    return char.isalnum() and not any(low <= ord(char) <= high for low, high in _UNPARTED)


def grow(finding: Finding, text: str) -> Finding:
    """Return `finding` grown to whole, hyphenated words of `text`, and a long URL to its end."""
    if finding.entity in _EXACT or is_structured(finding):
        return finding
    start, end = finding.start, finding.end
    if is_letter(text[start]) or (
        text[start] in _JOINTS and is_letter(text[start + 1 : start + 2])
    ):
        start = _left(text, start)
    if is_letter(text[end - 1]) or (
        text[end - 1] in _JOINTS and is_letter(text[end - 2 : end - 1])
    ):
        end = _right(text, end)
    if finding.entity == URL and end - start > _LONG_URL and (rest := _URL_REST.match(text, end)):
        end = rest.end()
    if finding.entity == OTHER_ID and text[start - 1 : start] == "/":
        parts = _PARTS_BEFORE.search(text, max(0, start - 27), start)
        start = parts.start() if parts else start
    if finding.entity == PERSON and end - start > 2 and text[end - 2 : end] in {"'s", "'S"}:  # noqa: PLR2004
        end -= 2
    return finding.at(start, end)


def _left(text: str, start: int) -> int:
    limit = max(0, start - _FARTHEST)
    while start > limit:
        before = text[start - 1]
        if is_letter(before):
            start -= 1
        elif before in _JOINTS and start - 1 > limit and is_letter(text[start - 2]):
            start -= 2
        else:
            break
    return start


def _right(text: str, end: int) -> int:
    limit = min(len(text), end + _FARTHEST)
    while end < limit:
        after = text[end]
        if is_letter(after):
            end += 1
        elif after in _JOINTS and end + 1 < limit and is_letter(text[end + 1]):
            end += 2
        else:
            break
    return end


_AROUND_WORDS: Final = (
    ' \t\r\n\u00a0,;:!?"`*|<>=\u201c\u201d\u201e\u00ab\u00bb\uff0c\u3002\u3001\uff1a\uff1b'
)
_BEFORE_WORDS: Final = _AROUND_WORDS + "'.-"
_BEHIND_WORDS: Final = _AROUND_WORDS + "'-"
_BEHIND_NUMBERS: Final = " \t\r\n\u00a0,;:."
_SPACE: Final = " \t\r\n\u00a0"
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSING: Final = frozenset(_BRACKETS.values())
_AS_FOUND: Final = frozenset({EMAIL_ADDRESS, IP_ADDRESS, MAC_ADDRESS, URL, USERNAME, *_EXACT})
"""Types of which every character counts, or that patterns alone find."""
_LABEL: Final = re.compile(
    r"\W{0,2}(?:(?:patients?|patient'?s|pt|full|legal|first|last|given|family|birth|home|cell|mobile|work|office|"
    r"emergency|medical|health|hospital|record|chart|member|insurance|policy|account|acct|social|security|date|of|"
    r"name|nombre|nom|prénom|apellidos?|nachname|vorname|paciente|mrn|ssn|nhs|dob|d\.o\.b|born|geb|geboren|tel|"
    r"telephone|telefon|teléfono|téléphone|phone|fax|address|adresse|dirección|anschrift|id|no|nr|num|number|ref|"
    r"npi|dea|vin|sn|serial)[.']?[ ]{0,2}){1,4}[:#=]{1,2}[ \t]{0,3}(?=\w)",
    re.IGNORECASE,
)
"""A label that a finding took in, with the mark that makes it one."""
_LABEL_MARK: Final = re.compile(r"[:#=]")
"""By far the most findings have none."""
_ASIDE: Final = re.compile(r"[(][^\W\d_]{1,8}\.?[)][.:]?[ \t]{1,3}(?=[+(\d])")
"""What a label says besides, before a number: "Tel (h) 01599 555 0142"."""


def tidy(finding: Finding, text: str) -> Finding | None:
    """Return `finding` without what is around its value, or `None` if it is nothing else."""
    if is_structured(finding):
        return finding
    start, end = finding.start, finding.end
    while True:
        before = start, end
        start, end = _stripped(text, start, end, finding)
        if start >= end:
            return None
        if finding.entity not in _AS_FOUND:
            label = _LABEL_MARK.search(text, start, end) and _LABEL.match(text, start, end)
            start = label.end() if label and label.end() < end else start
        if finding.entity == PERSON:
            first, last = bare(text[start:end])
            if not any(char.isalnum() for char in text[start + first : start + last]):
                return None
            start, end = start + first, start + last
            if end - start > 2 and text[end - 2 : end] in {"'s", "'S", "\u2019s"}:  # noqa: PLR2004
                end -= 2
        if (start, end) == before:
            break
    return finding.at(start, end)


def _stripped(text: str, start: int, end: int, finding: Finding) -> tuple[int, int]:
    if finding.entity in _AS_FOUND:
        return _without(text, start, end, _SPACE, _SPACE)
    if finding.entity not in TEXTUAL:
        aside = _ASIDE.match(text, start, end)
        start = aside.end() if aside else start
        return _bare(text, *_without(text, start, end, _SPACE, _BEHIND_NUMBERS))
    start, end = _without(text, start, end, _BEFORE_WORDS, _BEHIND_WORDS)
    start, end = _bare(text, start, end)
    # The dot of an initial or of "Jr." is the name's, the one behind a word the sentence's.
    while end - start > 1 and text[end - 1] == "." and not _is_short(text, start, end - 1):
        end -= 1
    return start, end


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out brackets around a value; those within it, as in "(203) 555-0148", are its own."""
    if start >= end or (text[start] not in _BRACKETS and text[end - 1] not in _CLOSING):
        return start, end
    for opening, closing in _BRACKETS.items():
        inner = text[start + 1 : end - 1]
        around = end - start > 1 and text[start] == opening and text[end - 1] == closing
        if around and opening not in inner and closing not in inner:
            start, end = start + 1, end - 1
        if start < end and text[start] == opening and closing not in text[start:end]:
            start += 1
        if start < end and text[end - 1] == closing and opening not in text[start:end]:
            end -= 1
    return start, end


def _without(text: str, start: int, end: int, left: str, right: str) -> tuple[int, int]:
    while start < end and text[start] in left:
        start += 1
    while start < end and text[end - 1] in right:
        end -= 1
    return start, end


def _is_short(text: str, start: int, end: int) -> bool:
    word = text[max(start, end - 3) : end]
    return word[-1:].isalpha() and (
        not word[-2:-1].isalnum() or (word[-2:].lower() in {"jr", "sr"} and not word[:-2].isalnum())
    )
