"""Ages. From 90 on, an age identifies by itself (45 CFR 164.514(b)(2)(i)(C))."""

from __future__ import annotations

import re
from typing import Final

from gateway.domain.entities import AGE, AGE_OVER_89
from gateway.detection.rules import Rule, Rules

_OLDEST_COMMON: Final = 89
_OLDEST_EVER: Final = 130
_NUMBER: Final = r"(?P<n>\d{1,3})(?:[.,]\d{1,2})?"
_OLD: Final = (
    r"(?:[ \-]?(?:years?|yrs?|yr)\.?[ \-]?(?:of[ ]age|olds?)\b|[ \-]?y\.?/?o\.?(?:ld)?(?![a-z])|[ ]?y(?:rs?)?(?=[ ]?(?:male|female|[mfMF]\b|old|man|woman|boy|girl))|"
    r"[ \-]?(?:jährige?[rnms]?|Jahre(?: alt)?|ans|años|岁)\b|岁)"
)
_SEXED: Final = r"(?<![\w.\-/])(?P<n>\d{2,3})[ ]?(?:[MF]|WM|WF|BM|BF|AAM|AAF)(?![\w.])"
_LABEL: Final = r"\b(?:aged?|at the age of|age of|at age|turned|edad|alter)[\s:=*\"'|(]{1,5}(?:of |is |was |about |approx\.? )?(?P<value>(?P<n>\d{1,3}))(?![\d/.]|[ ]?(?:mg|%|days?|hours?|hrs?|weeks?|months?))"
_WORDS: Final = r"(?:(?:ninety|one[- ]hundred)(?:[- ](?:and[- ])?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?)"


def _young(match: re.Match[str]) -> bool:
    return int(match["n"]) <= _OLDEST_COMMON


def _old(match: re.Match[str]) -> bool:
    return _OLDEST_COMMON < int(match["n"]) <= _OLDEST_EVER


def _pair(name: str, pattern: str, score: float, flags: re.RegexFlag = re.NOFLAG) -> Rules:
    compiled = re.compile(pattern, flags)
    return (
        Rule(name, AGE, compiled, score, _young),
        Rule(name + ".over_89", AGE_OVER_89, compiled, score, _old),
    )


RULES: Final[Rules] = (
    *_pair("age.years_old", rf"(?<![\w.]){_NUMBER}{_OLD}", 0.9, re.IGNORECASE),
    *_pair("age.sexed", _SEXED, 0.7),
    *_pair("age.labelled", _LABEL, 0.8, re.IGNORECASE),
    Rule(
        "age.months_old",
        AGE,
        re.compile(r"(?<![\w.])\d{1,3}[ \-]?(?:days?|weeks?|wks?|months?|mos?)[ \-](?:old|of age)\b", re.IGNORECASE),
        0.6,
    ),
    Rule(
        "age.over_89.words",
        AGE_OVER_89,
        re.compile(rf"\b(?:{_WORDS}[- ]years?[- ]olds?|aged? {_WORDS}|(?:her|his|their) (?:mid|early|late)?[- ]?nineties|centenarian|nonagenarian)\b", re.IGNORECASE),
        0.8,
        cues=("ninet", "hundred", "centenarian", "nonagenarian"),
    ),
)
