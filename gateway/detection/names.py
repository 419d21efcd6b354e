"""Names of people whom a phrase announces, and those before a degree: "spoke with Ann Lee, MD".

A label or a phrase does not depend on the sentence around it; all other names are the tagger's.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.letters import FULL, GAP, SUFFIX, WORD
from gateway.detection.name_checks import holds_name, is_eponym
from gateway.detection.name_words import CREDENTIAL, NICKNAMED, SAID
from gateway.detection.rules import Rule, Rules, caseless
from gateway.detection.titles import LATERAL, POST, trimmed_words
from gateway.detection.vocabulary import LOWER_STOP, is_word
from gateway.domain.entities import PERSON

_SAID_START: Final = re.compile(
    rf"[acdghikmnoprstwy](?<![\w'].)(?<=(?={SAID.replace('?i:', '?:')}[ ,:\n]).)"
)
_UNITS: Final = frozenset(["IE", "IU", "KE", "MG", "ML", "UI", "MO", "DI", "MI", "FR", "SA", "SO"])
_SIDE: Final = 2
_READING: Final = re.compile(r"[ =:]{1,3}[-+]?[0-9]{1,3}[.,][0-9]")


def _is_measured(match: re.Match[str]) -> bool:
    """Say whether two letters are a side and what is measured there: "RA MD 4.97", no doctor's."""
    value = match["value"]
    if value in _UNITS:
        return True  # "Mantoux (10 UI RT-23)", "(DI, DO und SA)"
    if match[0].endswith("PA") and LATERAL.match(match.string, match.end()):
        return True
    return (
        len(value) == _SIDE and value.isupper() and bool(_READING.match(match.string, match.end()))
    )


def _announced(text: str) -> Iterator[int]:
    """Yield where the words begin that announce a name."""
    for said in _SAID_START.finditer(caseless(text)):
        yield said.start()


_MEANS: Final = re.compile(
    r"(?:ung|tion|keit|heit|skopie|ektomie|graphie|grafie)\Z|^(?:Fax|E-Mail|Mail|Telefon|Post|Sectio|Hand|Protokoll)\Z"
)
_EDITION: Final = re.compile(
    r"[ ](?:v(?:ersion)?[ .]?[0-9]|[0-9]{4}\b|guid|recommend|protocol|criteri|standard|consensus)",
    re.IGNORECASE,
)


def _is_of_a_guideline(match: re.Match[str]) -> bool:
    """Say whether capitals are a society's or a standard's: "per CTCAE v5.0"."""
    value = match["value"]
    if match[0][:4].lower() == "per " and _MEANS.search(value):
        return True  # "per Abduktion", "per Fax": by which means.
    return value.isupper() and bool(_EDITION.match(match.string, match.end()))


def _said(match: re.Match[str]) -> bool:
    """Say whether a name is announced: "Yours sincerely, Consultant Rheumatologist" has none."""
    if POST.search(trimmed_words(match["value"])[-1]):
        return False
    return holds_name(match) and not is_eponym(match) and not _is_of_a_guideline(match)


_OF_A_TOOL: Final = re.compile(
    r"[\"']{0,2},?\s{0,3}[\"']?(?:arguments|parameters|description|input_?schema|args|kwargs|input|strict|returns)[\"']?\s?:",
    re.IGNORECASE,
)
"""What stands behind the name of a tool: its arguments, or what it is for."""


def _lower_field(match: re.Match[str]) -> bool:
    words = match["value"].split()
    if _OF_A_TOOL.match(match.string, match.end()):
        return False
    return not any(word in LOWER_STOP for word in words)


RULES: Final[Rules] = (
    Rule(
        "name.said",
        PERSON,
        re.compile(rf"(?<![\w'])(?:{SAID})[ ,:\n]{{1,3}}(?:[Dd]r\.?[ ])?(?P<value>{FULL}{SUFFIX})"),
        0.7,
        _said,
        begins=_announced,
    ),
    Rule(
        "name.labelled_lower",
        PERSON,
        re.compile(
            r"(?<![^\W_])(?i:(?:patient|pt|full|first|last|client|mother|father|doctor|my|her|his|the)?(?:'s)?[ _]?name)(?:[\s\"']{0,2}[:=][\s\"']{0,3}|[ ](?:is|was)[ ])(?P<value>[a-z][a-z'\-]{1,24}(?:[ ][a-z][a-z'\-]{1,24}){0,2}?)(?=[ ]?[,.;\n\"')]|[ ](?:and|dob|age[d]?|date|born|mrn|who|is|a|with|from|he|she|presents|here)\b|$)"
        ),
        0.7,
        _lower_field,
        cues=("name",),
    ),
    Rule(
        # 'Mr Entwistle (also known as "Spike")': what people call somebody, in quotation marks.
        "name.nickname",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?:{NICKNAMED})[ :]{{1,2}}[\"'\u201c\u201e\u00ab\u2018][ ]?(?P<value>{WORD}(?:{GAP}{WORD})?)(?=[ ]?[\"'\u201d\u201c\u00bb\u2019])"
        ),
        0.7,
        # A syndrome has a nickname, too, and an everyday word in it.
        lambda match: (
            holds_name(match)
            and not is_eponym(match)
            and not any(map(is_word, trimmed_words(match["value"])))
        ),
        needs=re.compile("[ :][\"'\u201c\u201e\u00ab\u2018]"),
    ),
    Rule(
        "name.dictated",
        PERSON,
        re.compile(
            r"\b(?i:name is|name's|named|patient is called|i am|my name is)[ ](?P<value>[a-z][a-z'\-]{1,20}[ ][a-z][a-z'\-]{1,20})(?=[,.;\n]|[ ](?:and|dob|age|date|born|mrn|who)\b|$)"
        ),
        0.6,
        _lower_field,
        cues=("name is", "name's", "named", "is called", "i am"),
    ),
    Rule(
        "name.credential",
        PERSON,
        re.compile(
            rf"(?<![\w'\-])(?P<value>{FULL}),?[ ]{CREDENTIAL}(?![\w']|-(?:\d|[A-ZÄÖÜ][a-zäöüß]))"
        ),
        0.8,
        lambda match: holds_name(match) and not _is_measured(match),
        needs=re.compile(rf"[ ]{CREDENTIAL}(?![\w'])"),
    ),
)
