"""Dates in written and numeric forms, and birth dates (45 CFR 164.514(b)(2)(i)(C)).

A bare year is not a finding: Safe Harbor lets the year stand, except where it tells an age over 89,
which "born in 1932" may. A full date that lies more than `ADULT_YEARS` back counts as a birth date:
a wrong guess only makes the treatment stricter.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from gateway.detection.letters import U
from gateway.detection.rules import Rule, Rules, folded
from gateway.domain.entities import DATE_OF_BIRTH, DATE_TIME

ADULT_YEARS: Final = 10

_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier)?|jänner|feb(?:ruary|ruar)?|févr(?:ier)?|fev|mar(?:ch|s|zo)?|märz|mrz|apr(?:il)?|avr(?:il)?|may|mai|mayo|"
    r"june?|juni|juin|junio|july?|juli|juillet|julio|aug(?:ust)?|août|sept?(?:ember|embre|iembre)?|setiembre|oct(?:ober|obre|ubre)?|okt(?:ober)?|"
    r"nov(?:ember|embre|iembre)?|de[cz](?:ember)?|déc(?:embre)?|enero|febrero|abril|agosto|dic(?:iembre)?)"
)
_MONTH_ONLY: Final = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_DAY: Final = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|er|\.)?(?!\d)"
_Y4: Final = r"(?:1[89]|2[01])\d\d(?!\d)"
_YEAR: Final = (
    rf"(?:{_Y4}|'?\d\d(?![\d:%]|[ ]?(?:mg|ml|kg|cm|mm|%|years?|yrs?|y/?o|days?|weeks?|months?)))"
)
_TIME: Final = r"(?:[T ,]{1,2}(?:at )?\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[ ]?[AaPp]\.?[Mm]\b\.?)?(?:[ ]?Z\b|[+-]\d\d:?\d\d)?)?"
_WEEKDAY: Final = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?"
_ORD: Final = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|"
    r"fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|"
    r"(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))"
)
_SPOKEN_YEAR: Final = (
    r"(?:,? (?:of )?(?:nineteen|twenty|two thousand)(?:[ -](?:and|hundred|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)){1,3})?"
)
_JOIN: Final = r"[ .,/\-]{1,3}(?:of |de |del )?"

_WRITTEN_FORMS: Final = (
    rf"{_MONTH}\b\.?[ \-]{{0,2}}{_DAY}(?:[ ]?(?:-|to|and|&|through)[ ]?{_DAY})?(?:(?:,[ ]?|[ \-/]|, of |\s)'?{_YEAR})?",
    rf"{_DAY}(?:[ ]?(?:-|to|and|&|through)[ ]?{_DAY})?{_JOIN.replace('{1,3}', '{0,3}')}{_MONTH}(?:\d\d(?:\d\d)?\b|\b(?:\.?(?:[ ,\-/]{{1,2}}|[ ]de[l]?[ ]|[ ]of[ ]){_YEAR})?)",
    rf"{_MONTH}\b\.?(?:[ ,\-/]{{1,2}}(?:of |de |del )?(?:{_Y4}|'\d\d(?!\d)))",
    rf"{_Y4}[ \-/.]{_MONTH}\b\.?[ \-/.]{_DAY}",
    rf"(?:the )?{_ORD} (?:day )?of {_MONTH_ONLY}\b{_SPOKEN_YEAR}",
    rf"{_MONTH_ONLY} (?:the )?{_ORD}\b{_SPOKEN_YEAR}",
)
WRITTEN: Final = rf"(?:{_WEEKDAY}(?:{'|'.join(_WRITTEN_FORMS)}){_TIME})"
ISO: Final = rf"(?:{_Y4}([-/. ]{{1}})(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|0?[1-9])(?!\d){_TIME})"
_NUMERIC: Final = rf"(?:(?P<a>\d{{1,2}})(?P<s>[ ]?[/.\-][ ]?)(?P<b>\d{{1,2}})(?P=s)(?P<y>(?:1[89]|2[01])\d\d|\d\d)(?!\d|[/.\-]\d){_TIME})"
_BEFORE: Final = r"(?<![\w./:\-$€£])"
_BEFORE_RANGE: Final = r"(?<![\w./:$€£])"
_CUE: Final = (
    r"(?:on|since|in|dated?|from|until|till|by|through|thru|between|and|of|seen|visit|admitted|adm|discharged?|"
    r"appt|appointment|due|d/?c|f/u|follow[- ]?up|exam(?:ined)?|performed|started|surgery|scheduled|for|around|circa|ca|before|after|"
    r"last|done|repeat|stopped|held|given|placed|removed|cxr|ct|mri|xr|ekg|ecg|echo|labs?|cath|colonoscopy|egd|biopsy|bronch|pathology|note|culture|cultures|ultrasound|xray|x-ray|scan|consult|op|dos|as of|effective|expires?|exp|am|vom|bis|seit|le|du|au|el|del)"
)
_UNIT_AFTER: Final = (
    r"(?![\d/]|\.\d|[ ]?(?:mm ?hg|mmhg|mg|mcg|µg|ug|g\b|kg|ml|l\b|cm|mm\b|%|units?|iu\b|tab|tsp|hours?|hrs?|times|systolic|pain|strength|"
    r"points?|score|x\b|bpm|gy\b|meq|mmol|pack|cycles?|nodes?|of\b))"
)
_PARTIAL: Final = rf"(?:(?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9]){_UNIT_AFTER})"
_DOB_LABEL: Final = (
    r"(?:(?<![a-z0-9])(?:d\.? ?o\.? ?b\.?|dob|date[\s_]?of[\s_]?birth|birth[\s_]?date|birth[\s_]?day|birthdate|birth|born|geb(?:oren|\.)?(?: am)?|"
    r"geburtsdatum|né(?:e|\(e\))?|date de naissance|fecha de nacimiento|nacid[oa]|nac\.?|b\.|\*))"
)
_DOB_GAP: Final = r"(?:[\s:=*_\"'`|(#,\-]{0,6}(?:(?:is|was|on|in|le|el|am|the|of|year|listed as|recorded as)[ ]){0,3})"
_WEEKDAY_NAME: Final = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH_NAME: Final = r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec)"
_HOLIDAY: Final = (
    r"(?:christmas(?: eve| day)?|thanksgiving|easter(?: sunday| monday)?|halloween|new year's(?: eve| day)?|"
    r"valentine's day|memorial day|labor day|independence day|mother's day|father's day|boxing day)"
)
_MONTHS: Final = (
    "jan",
    "feb",
    "fév",
    "fev",
    "mar",
    "mär",
    "mrz",
    "apr",
    "avr",
    "may",
    "mai",
    "jun",
    "juin",
    "jul",
    "juil",
    "aug",
    "aoû",
    "sep",
    "set",
    "oct",
    "okt",
    "nov",
    "dec",
    "dez",
    "déc",
    "ener",
    "abr",
    "ago",
    "dic",
    "jän",
)
_YEAR_IN: Final = re.compile(r"(?<!\d)(?:1[89]|2[01])\d\d(?!\d)")
_SHORT_YEAR: Final = re.compile(r"(?:[/.\-']|[a-z] )(\d\d)(?!\d|:)[^\d:]{0,3}\Z", re.IGNORECASE)
_DAY_IN: Final = re.compile(r"(?<!\d)(?:3[01]|[12]\d|0?[1-9])(?!\d)")
_MONTHS_DAYS: Final = (12, 31)


def _plausible(match: re.Match[str]) -> bool:
    a, b = int(match["a"]), int(match["b"])
    months, days = _MONTHS_DAYS
    return 0 < min(a, b) <= months and max(a, b) <= days


def _calendar(match: re.Match[str]) -> bool:
    """A month is an element of a date in any phrase; a weekday only where it means one day."""
    relative = match["value"].startswith(("last", "next", "this"))
    return relative or (match[0] != match["value"] and not match["value"].endswith("day"))


def _older(reference_year: int) -> Callable[[re.Match[str]], bool]:
    """Return a check: the match is a full date of a year more than `ADULT_YEARS` before."""

    def check(match: re.Match[str]) -> bool:
        text = match.group()
        if match.re.groupindex.get("a") and not _plausible(match):
            return False
        year_match = _YEAR_IN.search(text)
        if year_match is not None:
            year = int(year_match.group())
            rest = text[: year_match.start()] + text[year_match.end() :]
        else:
            short = _SHORT_YEAR.search(text)
            if short is None:
                return False
            year = 1900 + int(short[1])
            if year + 100 <= reference_year:
                year += 100
            rest = text[: short.start()]
        return reference_year - year > ADULT_YEARS and _DAY_IN.search(rest) is not None

    return check


def rules(reference_year: int) -> Rules:
    """Return the date rules; `reference_year` is this year, for the guess at birth dates."""
    written = _BEFORE_RANGE + WRITTEN
    iso = _BEFORE_RANGE + ISO
    numeric = re.compile(_BEFORE + _NUMERIC)
    numeric_range = re.compile(r"(?<=\d-)" + _NUMERIC)
    older = _older(reference_year)
    return (
        folded("date.written", DATE_TIME, written, 0.85, cues=_MONTHS),
        folded("date.iso", DATE_TIME, iso, 0.9),
        Rule("date.numeric", DATE_TIME, numeric, 0.85, _plausible),
        Rule("date.numeric_range", DATE_TIME, numeric_range, 0.8, _plausible),
        Rule(
            "date.compact",
            DATE_TIME,
            re.compile(
                r"(?<![\w.])(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?(?![\w.])"
            ),
            0.5,
        ),
        Rule(
            "date.month_year",
            DATE_TIME,
            re.compile(
                r"(?<![\w./:\-])(?:1[0-2]|0?[1-9])[ ]?[/.\-][ ]?(?:19|20)\d\d(?![\w/\-]|\.\d)"
            ),
            0.7,
        ),
        folded(
            "date.partial",
            DATE_TIME,
            rf"\b{_CUE}:?[ (]{{1,2}}(?:the )?(?P<value>{_PARTIAL}(?:[ ]?(?:-|to|and|through)[ ]?{_PARTIAL})?)",
            0.6,
            cues=("/",),
        ),
        folded(
            "date.partial_year",
            DATE_TIME,
            rf"\b(?:since|in|dated|from|until|expires|exp)\.?:?[ (]{{1,2}}(?P<value>(?:1[0-2]|0?[1-9])/(?:\d\d){_UNIT_AFTER})",
            0.6,
            cues=("/",),
        ),
        Rule(
            "date.partial_heading",
            DATE_TIME,
            re.compile(
                rf"(?m)^[ \t*\-]{{0,4}}(?P<value>{_PARTIAL})(?=[ ]?[:\-]|[ ]\d\d:?\d\d|[ ]{U})"
            ),
            0.5,
            cues=("/",),
        ),
        Rule(
            "date.range_start",
            DATE_TIME,
            re.compile(
                rf"{_BEFORE}\d{{1,2}}([/.])\d{{1,2}}(?=\.?[ ]?-[ ]?\d{{1,2}}\1\d{{1,2}}\1\d\d)"
            ),
            0.7,
        ),
        Rule(
            "date.cjk",
            DATE_TIME,
            re.compile(r"(?:(?:19|20)\d\d年)?\d{1,2}月(?:\d{1,2}[日号])?"),
            0.8,
            cues=("月",),
        ),
        folded("date.holiday", DATE_TIME, rf"\b{_HOLIDAY}(?:,? {_Y4})?\b", 0.5),
        folded(
            "date.weekday",
            DATE_TIME,
            r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day,? (?:the )?(?:3[01]|[12]\d|[1-9])(?:st|nd|rd|th)\b",
            0.6,
            cues=("day",),
        ),
        Rule(
            "date.relative",
            DATE_TIME,
            re.compile(
                rf"(?:\b(?:early|late|mid|in|since|until|by|during|from|through|between|and|every)[ -])?(?P<value>(?:\b(?:last|next|this|this past|this coming)[ ])?(?:{_WEEKDAY_NAME}|{_MONTH_NAME}))(?![\w'-])"
            ),
            0.4,
            _calendar,
        ),
        folded(
            "birth.labelled",
            DATE_OF_BIRTH,
            rf"{_DOB_LABEL}{_DOB_GAP}(?P<value>{WRITTEN}|(?:1[89]|20)\d\d[-/. ](?:1[0-2]|0?[1-9])[-/. ](?:3[01]|[12]\d|0?[1-9])|\d{{1,2}}[ ]?[/.\- ][ ]?\d{{1,2}}[ ]?[/.\- ][ ]?(?:(?:1[89]|20)\d\d|\d\d)|\d{{1,2}}/(?:(?:1[89]|20)\d\d|\d\d)|(?:18|19|20)\d{{6}}|\d{{8}}|(?:18|19|20)\d\d)(?!\d)",
            0.95,
        ),
        folded("birth.old_written", DATE_OF_BIRTH, written, 0.5, older, cues=_MONTHS),
        folded("birth.old_iso", DATE_OF_BIRTH, iso, 0.5, older),
        Rule("birth.old_numeric", DATE_OF_BIRTH, numeric, 0.5, older),
    )
