"""Findings grown to whole words, so that no part of a name or number stays behind.

A finding "Tanaka" in "Tanaka-Sato" would leave "-Sato" for all to read. Scripts that do not part
their words (Chinese, Japanese, Thai) are left as found. The genitive 's is not part
of a person's name (of a place's it may be: "St. Luke's").
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.domain.entities import AGE, AGE_OVER_89, PERSON
from gateway.domain.findings import Finding

_FARTHEST: Final = 128
"""Characters that a finding grows to either side: longer runs are not words."""
_JOINTS: Final = frozenset("-'")
_EXACT: Final = frozenset({AGE, AGE_OVER_89})
_UNPARTED: Final = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x2E80, 0xD7AF),
    (0x20000, 0x3FFFF),
)


def _is_letter(char: str) -> bool:
    if char <= "~":
        return char.isalnum() or char == "_"
    return char.isalnum() and not any(low <= ord(char) <= high for low, high in _UNPARTED)


def grow(finding: Finding, text: str) -> Finding:
    """Return `finding` grown to whole, hyphenated words of `text`."""
    if finding.entity in _EXACT:
        return finding
    start, end = finding.start, finding.end
    if _is_letter(text[start]):
        start = _left(text, start)
    if _is_letter(text[end - 1]):
        end = _right(text, end)
    if finding.entity == PERSON and end - start > 2 and text[end - 2 : end] in {"'s", "'S"}:  # noqa: PLR2004
        end -= 2
    if (start, end) == (finding.start, finding.end):
        return finding
    return replace(finding, start=start, end=end)


def _left(text: str, start: int) -> int:
    limit = max(0, start - _FARTHEST)
    while start > limit:
        before = text[start - 1]
        if _is_letter(before):
            start -= 1
        elif before in _JOINTS and start - 1 > limit and _is_letter(text[start - 2]):
            start -= 2
        else:
            break
    return start


def _right(text: str, end: int) -> int:
    limit = min(len(text), end + _FARTHEST)
    while end < limit:
        after = text[end]
        if _is_letter(after):
            end += 1
        elif after in _JOINTS and end + 1 < limit and _is_letter(text[end + 1]):
            end += 2
        else:
            break
    return end
