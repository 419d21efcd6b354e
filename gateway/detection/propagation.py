"""What one text reveals is sought in all texts of the exchange: names and labelled numbers.

Rule: everything is sought in one pass. More needles than `MOST` fail the exchange: to look for
some of them would be to leak the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.detection.vocabulary import EPONYM_NOUNS, is_word
from gateway.domain.entities import PERSON, EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding

MOST: Final = 20_000
"""Different names and numbers that are sought in one exchange."""
_SURE: Final = 0.7
"""Least score of a finding that is sought elsewhere."""
_PREFIXES: Final = ("structured.", "label.", "id.", "contact.", "birth.labelled")
_LEAST_NAME: Final = 4
_LEAST_NUMBER: Final = 5
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\-][^\W\d_]+)*")
_TOKEN: Final = re.compile(r"[^\W_](?:[\w'\-.@/+]*[^\W_])?")
_SPACES: Final = re.compile(r"\s+")


def propagate(texts: Sequence[str], found: Sequence[Sequence[Finding]]) -> list[list[Finding]]:
    """Return for each text the further places of what any text revealed. Linear in the texts."""
    needles: dict[str, EntityType] = {}
    for text, findings in zip(texts, found, strict=True):
        for finding in findings:
            for needle in _needles(text[finding.start : finding.end], finding):
                needles.setdefault(needle, finding.entity)
    if len(needles) > MOST:
        raise ExchangeError(
            Code.DETECTION_FAILED,
            f"The request holds more than {MOST} different names and numbers, so nothing was sent "
            "to a model. Send it in parts.",
        )
    if not needles:
        return [[] for _ in texts]
    return [list(_seek(text, needles)) for text in texts]


def _needles(value: str, finding: Finding) -> Iterator[str]:
    if finding.score < _SURE:
        return
    if finding.entity == PERSON:
        words = _WORD.findall(value)
        for word in words:
            if len(word) >= _LEAST_NAME and word[0].isupper() and not is_word(word):
                yield word.lower()
    elif finding.recognizer.startswith(_PREFIXES):
        needle = value.strip("#")
        if (
            len(needle) >= _LEAST_NUMBER
            and any(char.isdigit() for char in needle)
            and not _SPACES.search(needle)
        ):
            yield needle.lower()


def _seek(text: str, needles: Mapping[str, EntityType]) -> Iterator[Finding]:
    """Yield the words of `text` that are needles: names where capitalised, numbers in any case."""
    for match in _TOKEN.finditer(text):
        token = match[0].lower()
        entity = needles.get(token)
        if entity is not None and entity != PERSON:
            yield Finding(match.start(), match.end(), entity, _SURE, "propagated.number")
    for match in _WORD.finditer(text):
        word = match[0]
        if not word[0].isupper():
            continue
        bare = word.removesuffix("'s")
        if needles.get(bare.lower()) == PERSON and not EPONYM_NOUNS.match(
            text, match.start() + len(bare)
        ):
            yield Finding(
                match.start(), match.start() + len(bare), PERSON, _SURE, "propagated.name"
            )
