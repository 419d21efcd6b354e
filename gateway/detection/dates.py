"""Dates in written and numeric forms, and birth dates (45 CFR 164.514(b)(2)(i)(C)).

English, German, French, Spanish and Chinese, in every numeric order. A bare year is not a finding:
Safe Harbor lets the year stand, except where it tells an age over 89, which "born in 1932" may. A
full date that lies more than `ADULT_YEARS` back counts as a birth date: a wrong guess only makes
the treatment stricter. All patterns but the Chinese read folded text (`labels.fold`).
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

ADULT_YEARS: Final = 10

_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier|v)?|janner|feb(?:ruary|ruar|rero)?|fev(?:rier|r)?|mar(?:ch|s|zo|z)?|mrz|apr(?:il)?|avr(?:il)?|abr(?:il)?|may(?:o)?|mai|"
    r"june?|juni[o]?|juin|july?|juli[o]?|juil(?:let)?|aug(?:ust)?|aout|agosto|ago|sept?(?:ember|embre|iembre)?|setiembre|oct(?:ober|obre|ubre)?|okt(?:ober)?|"
    r"nov(?:ember|embre|iembre)?|de[cz](?:ember|embre)?|enero|ene|dic(?:iembre)?)"
)
_FULL_ENGLISH: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
)
_MONTH_ONLY: Final = rf"(?:{_FULL_ENGLISH}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_DAY: Final = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|er|\.)?(?!\d)"
_Y4: Final = r"(?:1[89]|2[01])\d\d(?!\d)"
_YEAR: Final = rf"(?:{_Y4}|'?\d\d(?![\d:%]|[.,]\d|[ ]?(?:mg|ml|kg|cm|mm|%|years?|yrs?|y/?o|days?|weeks?|months?|ans|anos|jahr)))"
_TIME: Final = r"(?:[T ,]{1,2}(?:at |um |a las |a )?\d{1,2}[:h]\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[ ]?[ap]\.?m\b\.?)?(?:[ ]?Z\b|[+-]\d\d:?\d\d)?)?".replace(
    "[T ", "[Tt "
).replace("Z", "[Zz]")
_WEEKDAY: Final = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? |(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag),? (?:den |dem )?|"
    r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche),? (?:le )?|(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo),? )?"
)
_ORD: Final = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|"
    r"fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|"
    r"(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))"
)
_SPOKEN_YEAR: Final = (
    r"(?:,? (?:of )?(?:nineteen|twenty|two thousand)(?:[ -](?:and|hundred|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)){1,3})?"
)
_OF: Final = r"(?:of |de |del |d')?"
_WRITTEN_FORMS: Final = (
    rf"{_MONTH}\b\.?[ \-]{{0,2}}{_DAY}(?:[ ]?(?:-|to|and|&|through)[ ]?{_DAY})?(?:(?:,[ ]?|[ \-/]|, of |\s)'?{_YEAR})?",
    rf"{_DAY}(?:[ ]?(?:-|/|to|and|&|through|bis|und|au|et|al|y|a)[ ]?{_DAY})?[ .,/\-]{{0,3}}{_OF}{_MONTH}(?:\d\d(?:\d\d)?\b|\b(?:\.?(?:[ ,\-/]{{1,2}}|[ ]de[l]?[ ]|[ ]of[ ]){_YEAR})?)",
    rf"{_MONTH}\b\.?(?:[ ,\-/]{{1,2}}{_OF}(?:{_Y4}|'\d\d(?!\d)|(?:3[2-9]|[4-9]\d)(?![\d%]|[.,]\d|[ ](?:mg|ml|kg))))",
    rf"{_Y4}[ \-/.]{_MONTH}\b\.?[ \-/.]{_DAY}",
    rf"(?:the )?{_ORD} (?:day )?of {_MONTH_ONLY}\b{_SPOKEN_YEAR}",
    rf"{_MONTH_ONLY} (?:the )?{_ORD}\b{_SPOKEN_YEAR}",
    rf"(?:premier|1er|primero) (?:de )?{_MONTH}\b(?: (?:de )?{_Y4})?",
)
_WRITTEN: Final = re.compile(rf"(?<![\w./:$])(?:{_WEEKDAY}(?:{'|'.join(_WRITTEN_FORMS)}){_TIME})")
_MONTH_AT: Final = re.compile(rf"(?<![^\W\d_]){_MONTH}(?![^\W\d_])")
_MONTH_CUES: Final = (
    "jan", "feb", "fev", "mar", "mrz", "apr", "avr", "may", "mai", "jun", "juin", "jul", "juil", "aug", "aou", "sep", "set",
    "oct", "okt", "nov", "dec", "dez", "ene", "abr", "ago", "dic",
)  # fmt: skip
_CITED: Final = re.compile(r"[ .]{0,2}\d{0,2}[ ]?(?:\d{4})?;[ ]?\d|[ ]\d{4};[ ]?\d")
"""The date of an issue in a reference: "Blood. 2010 Jan 21;115(3)"."""
_LAW: Final = re.compile(
    r"\b(?:loi|decret|arrete|ordonnance|directive|real decreto|ley|gesetz|verordnung|richtlinie)\b[^.;\n]{0,24}(?:du|de|vom)[ ]\d{1,2}(?:er|\.)?[ ](?:de )?\Z"
)
_AROUND: Final = (36, 60)
"""Characters before and after a month's name within which the rest of its date is sought."""
_RELATIVE: Final = re.compile(
    rf"(?:\b(?:early|late|mid|in|since|until|by|during|from|through|between|and|every)[ -])(?P<value>(?:last |next |this |this past |this coming )?(?:{_FULL_ENGLISH}))(?![\w'-])"
    rf"|(?P<value2>\b(?:last|next|this|this past|this coming)[ ](?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|{_FULL_ENGLISH}))(?![\w'-])"
    r"|\b(?:im|seit|bis|ab|ende|anfang|mitte|von)[ ](?P<value3>januar|februar|marz|april|mai|juni|juli|august|september|oktober|november|dezember)(?!\w)"
    r"|\b(?:en|fin|debut|depuis|debut de|fin de|mi)[ -](?P<value4>janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)(?!\w)"
    r"|\b(?:en|desde|hasta|finales de|principios de|mediados de)[ ](?P<value5>enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)(?!\w)"
)
_HOLIDAY: Final = re.compile(
    r"\b(?:christmas(?: eve| day)?|thanksgiving|easter(?: sunday| monday)?|halloween|new year's(?: eve| day)?|"
    rf"valentine's day|memorial day|labor day|independence day|mother's day|father's day|boxing day)(?:,? {_Y4})?\b"
)
_HOLIDAY_CUES: Final = (
    "christmas",
    "thanksgiving",
    "easter",
    "halloween",
    "new year's",
    "valentine's",
    "memorial day",
    "labor day",
    "independence day",
    "er's day",
    "boxing day",
)
_WEEKDAY_DAY: Final = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day,? (?:the )?(?:3[01]|[12]\d|[1-9])(?:st|nd|rd|th)\b"
)

_BEFORE: Final = frozenset("./:-$€£_")
_ISO: Final = re.compile(rf"{_Y4}([-/. ])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|0?[1-9])(?!\d){_TIME}")
_NUMERIC: Final = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<s>[ ]?[/.\-][ ]?)(?P<b>\d{{1,2}})(?P=s)(?P<y>(?:1[89]|2[01])\d\d|\d\d)(?!\d|[/.\-,]\d){_TIME}"
)
_LOOSE: Final = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<s>[.])[ ]?(?P<b>\d{{1,2}})[.][ ]?(?P<y>(?:1[89]|2[01])\d\d)(?!\d|[/.\-]\d){_TIME}"
)
_SPAN: Final = re.compile(
    r"\d{1,2}(?:(?P<s>[./])\d{1,2})?[./]?[ ]?(?:-|bis|to|a|au|al|et|und|y|and|&)[ ]?(?P<value>(?P<a>\d{1,2})(?P<t>[./])(?P<b>\d{1,2})(?P=t)(?P<y>(?:1[89]|2[01])\d\d|\d\d))(?!\d|[/.\-,]\d)"
)
_COMPACT: Final = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?(?![\w.])"
)
_MONTH_YEAR: Final = re.compile(
    r"(?:(?:1[0-2]|0?[1-9])[ ]?-[ ]?)?(?:1[0-2]|0?[1-9])[ ]?[/.\-][ ]?(?:19|20)\d\d(?![\w/\-]|\.\d)"
)
_CJK: Final = re.compile(
    r"(?:19|20)?\d\d[ ]?年[ ]?(?:\d{1,2}[ ]?月(?:[ ]?\d{1,2}[ ]?[日号])?)|\d{1,2}[ ]?月[ ]?\d{1,2}[ ]?[日号]|(?:19|20)\d\d年(?!度|代|来|间|前|后|以)"
)
_CJK_NUMERALS: Final = re.compile(
    r"[一二][九〇零][〇零一二三四五六七八九]{2}年(?:[一二三四五六七八九十]{1,2}月(?:[一二三四五六七八九十廿]{1,3}[日号])?)?"
)
_SPACED: Final = re.compile(
    r"(?:\d\d? \d\d? (?:1[89]|20)\d\d|(?:1[89]|20)\d\d \d\d? \d\d?|\d(?: \d){7})(?![\d.,])"
)
_BOXES: Final = re.compile(r"\d(?: \d){7}(?! ?\d)")
_PARTS: Final = (slice(0, 2), slice(2, 4), slice(4, 8))
_UNIT_AFTER: Final = (
    r"(?![\d/]|[.,]\d|[ ]?(?:mm ?hg|mmhg|mg|mcg|µg|ug|g\b|kg|ml|l\b|cm|mm\b|%|units?|iu\b|tab|tsp|hours?|hrs?|times|systolic|pain|strength|"
    r"points?|score|x\b|bpm|gy\b|meq|mmol|pack|cycles?|nodes?|of\b|del?\b|des\b|der\b|semaines?|jours?|mois|ans\b|jahre?|wochen|monate?|tage?\b|dias?|meses|semanas|anos|weeks?|days?|months?|years?))"
)
_PARTIAL: Final = rf"(?:(?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9])|(?:3[01]|[12]\d|0?[1-9])/(?:1[0-2]|0?[1-9])){_UNIT_AFTER}"
_PARTIALS: Final = re.compile(rf"{_PARTIAL}(?:[ ]?(?:-|to|and|through)[ ]?{_PARTIAL})?")
_PARTIAL_YEAR: Final = re.compile(rf"(?:1[0-2]|0?[1-9])/\d\d{_UNIT_AFTER}")
_PARTIAL_DOTS: Final = re.compile(
    r"(?:3[01]|[12]\d|0?[1-9])\.(?:1[0-2]|0?[1-9])\.(?!\d)|(?:3[01]|[12]\d|0?[1-9])\.(?:1[0-2]|0[1-9])(?![\d.,%/]|[ ]?(?:mg|ml|kg|g|cm|mm|mmol|l|uhr|/)\b)"
)
_CUE: Final = re.compile(
    r"\b(?:on|since|in|dated?|from|until|till|by|through|thru|between|and|of|seen|visit|admitted|adm|discharged?|"
    r"appt|appointment|due|d/?c|f/u|follow[- ]?up|exam(?:ined)?|performed|started|surgery|scheduled|for|around|circa|ca|before|after|"
    r"last|done|repeat|stopped|held|given|placed|removed|cxr|ct|mri|xr|ekg|ecg|echo|labs?|cath|colonoscopy|egd|biopsy|bronch|pathology|note|culture|cultures|ultrasound|xray|x-ray|scan|consult|op|dos|as of|effective|expires?|exp):?[ (]{1,2}(?:the )?\Z"
    r"|\b(?:am|vom|zum|bis|seit|den|ab|du|au|le|depuis|desde|hasta|el|del|al|dia|fecha|date|datum):?[ (]{1,2}\Z"
)
_CUE_YEAR: Final = re.compile(
    r"\b(?:since|in|dated|from|until|expires|exp|seit|bis|ab|desde|hasta|depuis)\.?:?[ (]{1,2}\Z"
)
_CUE_DOTS: Final = re.compile(r"\b(?:am|vom|zum|bis|seit|den|ab dem|dem|ab)[ (]{1,2}\Z")
_HEADING: Final = re.compile(r"(?:\A|\n)[ \t*\-]{0,4}\Z")
_HEADED: Final = re.compile(r"[ ]?[:\-]|[ ]\d\d:?\d\d|[ ][a-z]")
_BIRTH: Final = re.compile(
    r"(?:1[89]|20)\d\d[-/. ](?:1[0-2]|0?[1-9])[-/. ](?:3[01]|[12]\d|0?[1-9])|\d{1,2}[ ]?[/.\- ][ ]?\d{1,2}[ ]?[/.\- ][ ]?(?:(?:1[89]|20)\d\d|\d\d)|\d{1,2}/(?:(?:1[89]|20)\d\d|\d\d)|\d\d[|]\d\d[|](?:1[89]|20)\d\d|(?:18|19|20)\d{6}|\d{8}|\d(?: \d){7}|\d{6}|(?:18|19|20)\d\d"
)
_YEAR_IN: Final = re.compile(r"(?<!\d)(?:1[89]|2[01])\d\d(?!\d)")
_SHORT_YEAR: Final = re.compile(r"(?:[/.\-']|[a-z] )(\d\d)(?!\d|:)[^\d:]{0,3}\Z")
_DAY_IN: Final = re.compile(r"(?<!\d)(?:3[01]|[12]\d|0?[1-9])(?!\d)")
_OPENS: Final = re.compile(r"9{1,2}|9999|9{8}|9{12}|9{14}|9{8}A9{4,6}")


class Hit(NamedTuple):
    """A date: `text[start:end]`, by which form."""

    start: int
    end: int
    form: str
    score: float


def written(folded: str) -> Iterator[Hit]:
    """Yield the dates that name their month, and the other words that mean one day."""
    done = 0
    for month in _MONTH_AT.finditer(folded) if any(cue in folded for cue in _MONTH_CUES) else ():
        if month.start() < done:
            continue
        if _CITED.match(folded, month.end()) or _LAW.search(
            folded, max(0, month.start() - 40), month.start()
        ):
            continue
        low, high = max(done, month.start() - _AROUND[0]), month.end() + _AROUND[1]
        for match in _WRITTEN.finditer(folded, low, high):
            if match.end() > month.start():
                if match.start() <= month.start():
                    yield Hit(*match.span(), "written", 0.85)
                    done = match.end()
                break
    if done or any(cue in folded for cue in _MONTH_CUES) or "day" in folded:
        for match in _RELATIVE.finditer(folded):
            yield Hit(*match.span(match.lastgroup or 0), "relative", 0.4)
    if "day" in folded:
        for match in _WEEKDAY_DAY.finditer(folded):
            yield Hit(*match.span(), "weekday", 0.6)
    if any(cue in folded for cue in _HOLIDAY_CUES):
        for match in _HOLIDAY.finditer(folded):
            yield Hit(*match.span(), "holiday", 0.5)
    if "年" in folded:
        for match in _CJK_NUMERALS.finditer(folded):
            yield Hit(*match.span(), "cjk", 0.8)


def numeric(folded: str, start: int, shape: str) -> Hit | None:
    """Return the date in digits that begins at `start`, where a unit of that shape begins."""
    before = folded[start - 1] if start else " "
    if before == ":" and start > 1 and folded[start - 2].isalpha():
        before = " "
    if before in _BEFORE or (before == "," and start > 1 and folded[start - 2].isdigit()):
        return None
    match = _CJK.match(folded, start)
    if match:
        return Hit(*match.span(), "cjk", 0.8)
    if len(shape) == 1 and folded[start + 1 : start + 2] == " ":
        return _single_digits(folded, start)
    opening = shape[:4]
    if opening == "9999":
        for form, pattern, score in (("iso", _ISO, 0.9), ("compact", _COMPACT, 0.5)):
            match = pattern.match(folded, start)
            if match:
                return Hit(*match.span(), form, score)
        return None
    match = _SPAN.match(folded, start)
    if match and _plausible(match):
        return Hit(*match.span(), "span", 0.8)
    for form, pattern in (("numeric", _NUMERIC), ("numeric", _LOOSE)):
        match = pattern.match(folded, start)
        if match and _plausible(match):
            return Hit(*match.span(), form, 0.85)
    match = _MONTH_YEAR.match(folded, start)
    if match:
        return Hit(*match.span(), "month_year", 0.7)
    return _partial(folded, start) if "/" in shape[:3] or "." in shape[:3] else None


def _single_digits(folded: str, start: int) -> Hit | None:
    """Return a day, month and year in eight boxes of a form: "1 2 0 5 1 9 5 0"."""
    match = _BOXES.match(folded, start)
    if match is None:
        return None
    day, month, year = (int(match[0].replace(" ", "")[part]) for part in _PARTS)
    real = 0 < day <= 31 and 0 < month <= 12 and 1880 < year < 2100  # noqa: PLR2004 - days, months, lives
    return Hit(*match.span(), "boxes", 0.7) if real else None


def _partial(folded: str, start: int) -> Hit | None:
    """Return a day and a month, or a month and a year, where what stands before says that it is one."""
    low = max(0, start - 24)
    if folded[start : start + 3].count("."):
        match = _PARTIAL_DOTS.match(folded, start)
        return (
            Hit(*match.span(), "partial", 0.6)
            if match and _CUE_DOTS.search(folded, low, start)
            else None
        )
    match = _PARTIALS.match(folded, start)
    if match:
        if _CUE.search(folded, low, start):
            return Hit(*match.span(), "partial", 0.6)
        if _HEADING.search(folded, low, start) and _HEADED.match(folded, match.end()):
            return Hit(*match.span(), "partial_heading", 0.5)
    match = _PARTIAL_YEAR.match(folded, start)
    if match and (
        _CUE_YEAR.search(folded, low, start)
        or (
            len(match[0]) == 5  # noqa: PLR2004 - "02/50" at the head of a line of a history
            and _HEADING.search(folded, low, start)
            and _HEADED.match(folded, match.end())
        )
    ):
        return Hit(*match.span(), "partial_year", 0.6)
    return None


def birth(folded: str, start: int) -> Hit | None:
    """Return the birth date in digits at `start`, whose label was seen: any order, a year alone."""
    match = _CJK.match(folded, start) or _BIRTH.match(folded, start)
    if match is None or folded[match.end() : match.end() + 1].isdigit():
        return None
    return Hit(*match.span(), "labelled", 0.95)


def spaced(folded: str, start: int) -> Hit | None:
    """Return the date at `start` whose parts or digits only spaces part, for a labelled field."""
    match = _SPACED.match(folded, start)
    return Hit(*match.span(), "spaced", 0.6) if match else None


def _plausible(match: re.Match[str]) -> bool:
    a, b = int(match["a"]), int(match["b"])
    if not (0 < min(a, b) <= 12 and max(a, b) <= 31):  # noqa: PLR2004 - months and days
        return False
    separator = match["s"] if match.re is _NUMERIC else None
    # "1-1-10" is a dose; a year of two digits after hyphens wants two digits before it, too.
    return separator != "-" or len(match["y"]) == 4 or len(match["a"]) + len(match["b"]) == 4  # noqa: PLR2004


def is_old(date: str, reference_year: int) -> bool:
    """Say whether folded `date` is a full date of a year more than `ADULT_YEARS` ago."""
    year_match = _YEAR_IN.search(date)
    if year_match is not None:
        year = int(year_match.group())
        rest = date[: year_match.start()] + date[year_match.end() :]
    else:
        short = _SHORT_YEAR.search(date)
        if short is None:
            return False
        year = 1900 + int(short[1])
        if year + 100 <= reference_year:
            year += 100
        rest = date[: short.start()]
    return reference_year - year > ADULT_YEARS and _DAY_IN.search(rest) is not None
