"""Ages. From 90 on, an age identifies by itself (45 CFR 164.514(b)(2)(i)(C))."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.rules import Rule, Rules, folded
from gateway.domain.entities import AGE, AGE_OVER_89

_OLDEST_COMMON: Final = 89
_OLDEST_EVER: Final = 130
_NUMBER: Final = r"(?P<n>\d{1,3})(?:[.,]\d{1,2})?"
_OLD: Final = (
    r"(?:[ \-]?(?:years?|yrs?|yr)\.?[ \-]?(?:of[ ]age|olds?)\b|[ \-]?y\.?/?o\.?(?:ld)?(?![a-z])|[ ]?y(?:rs?)?(?=[ ]?(?:male|female|[mfMF]\b|old|man|woman|boy|girl))|"
    r"[ \-]?(?:jährige?[rnms]?|Jahre(?: alt)?|ans|años|岁)\b|岁)"
)
_SEXED: Final = re.compile(r"(?<![\w.\-/])(?P<n>\d{2,3})[ ]?(?:[MF]|WM|WF|BM|BF|AAM|AAF)(?![\w.])")
_LABEL: Final = r"\b(?:aged?|at the age of|age of|at age|turned|died at|died aged|lived to|edad|alter)[\s:=*\"'|(]{1,5}(?:of |is |was |about |approx\.? )?(?P<value>(?P<n>\d{1,3}))(?![\d/]|\.\d|[ ]?(?:mg|%|days?|hours?|hrs?|weeks?|months?))"
_WORDS: Final = r"(?:(?:ninety|one[- ]hundred)(?:[- ](?:and[- ])?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?)"


def _young(match: re.Match[str]) -> bool:
    return int(match["n"]) <= _OLDEST_COMMON


def _old(match: re.Match[str]) -> bool:
    return _OLDEST_COMMON < int(match["n"]) <= _OLDEST_EVER


def _pair(name: str, pattern: str, score: float) -> Rules:
    return (
        folded(name, AGE, pattern, score, _young),
        folded(name + ".over_89", AGE_OVER_89, pattern, score, _old),
    )


RULES: Final[Rules] = (
    *_pair("age.years_old", rf"(?<![\w.]){_NUMBER}{_OLD}", 0.9),
    Rule("age.sexed", AGE, _SEXED, 0.7, _young),
    Rule("age.sexed.over_89", AGE_OVER_89, _SEXED, 0.7, _old),
    *_pair("age.labelled", _LABEL, 0.8),
    folded(
        "age.months_old",
        AGE,
        r"(?<![\w.])\d{1,3}[ \-]?(?:days?|weeks?|wks?|months?|mos?)[ \-](?:old|of age)\b",
        0.6,
    ),
    folded(
        "age.over_89.words",
        AGE_OVER_89,
        rf"\b(?:{_WORDS}[- ]years?[- ]olds?|aged? {_WORDS}|(?:her|his|their) (?:mid|early|late)?[- ]?nineties|centenarian|nonagenarian)\b",
        0.8,
        cues=("ninet", "hundred", "centenarian", "nonagenarian"),
    ),
)
