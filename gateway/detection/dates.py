"""Dates in written and numeric forms, and birth dates (45 CFR 164.514(b)(2)(i)(C)).

English, German, French, Spanish and Chinese, in every numeric order. A bare year is not a finding:
Safe Harbor lets the year stand, except where it tells an age over 89, which "born in 1932" may. A
full date that lies more than `ADULT_YEARS` back counts as a birth date: a wrong guess only makes
the treatment stricter. All patterns but the Chinese read folded text (`labels.fold`).
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final, NamedTuple

ADULT_YEARS: Final = 10

Y4: Final = r"(?:1[89]|2[01])\d\d(?!\d)"
TIME: Final = r"(?:[t ,]{1,2}(?:at |um |a las |a )?\d{1,2}[:h]\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[ ]?[ap]\.?m\b\.?)?(?:[ ]?z\b|[+-]\d\d:?\d\d)?)?"
_BEFORE: Final = frozenset("./:-$€£_")
_ISO: Final = re.compile(rf"{Y4}([-/. ])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|0?[1-9])(?!\d){TIME}")
_NUMERIC: Final = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<s>[ ]?[/.\-][ ]?)(?P<b>\d{{1,2}})(?P=s)(?P<y>(?:1[89]|2[01])\d\d|\d\d)(?!\d|[/.\-,]\d){TIME}"
)
_LOOSE: Final = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<s>[.])[ ]?(?P<b>\d{{1,2}})[.][ ]?(?P<y>(?:1[89]|2[01])\d\d)(?!\d|[/.\-]\d){TIME}"
)
_SPAN: Final = re.compile(
    r"\d{1,2}(?:(?P<s>[./])\d{1,2})?[./]?[ ]?(?:-|bis|to|a|au|al|et|und|y|and|&)[ ]?(?P<value>(?P<a>\d{1,2})(?P<t>[./])(?P<b>\d{1,2})(?P=t)(?P<y>(?:1[89]|2[01])\d\d|\d\d))(?!\d|[/.\-,]\d)"
)
_COMPACT: Final = re.compile(
    r"(?:19\d\d|20[0-4]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?(?![0-9A-Za-z_]|-(?!(?:19|20)\d{6}(?!\d))|\.\d)"
)
_MONTH_YEAR: Final = re.compile(
    r"(?:(?:1[0-2]|0?[1-9])[ ]?-[ ]?)?(?:(?:1[0-2]|0?[1-9])[ ]?[/.][ ]?|(?:1[0-2]|0[1-9])-)(?:19\d\d|20[0-3]\d)(?![0-9A-Za-z_/\-]|\.\d)"
)
_CJK: Final = re.compile(
    r"(?:19|20)?\d\d[ ]?年[ ]?(?:\d{1,2}[ ]?月(?:[ ]?\d{1,2}[ ]?[日号])?)|\d{1,2}[ ]?月[ ]?\d{1,2}[ ]?[日号]|(?:19|20)\d\d年(?!度|代|来|间|前|后|以|版|修订|[^\u3002\uff0c,\uff1b;\n]{0,10}(?:指南|共识|规范|标准))"
)
_BOXES: Final = re.compile(r"\d(?: \d){7}(?! ?\d)")
_PARTS: Final = (slice(0, 2), slice(2, 4), slice(4, 8))
_UNIT_AFTER: Final = (
    r"(?![\d/]|[.,]\d|[ ]?(?:mm ?hg|mmhg|mg|mcg|µg|ug|g\b|kg|ml|l\b|cm|mm\b|%|units?|iu\b|tab|tsp|hours?|hrs?|times|systolic|pain|strength|"
    r"points?|score|x\b|bpm|gy\b|meq|mmol|pack|cycles?|nodes?|of\b|del?\b|des\b|der\b|semaines?|jours?|mois|ans\b|jahre?|wochen|monate?|tage?\b|dias?|meses|semanas|anos|weeks?|days?|months?|years?))"
)
_PARTIAL: Final = rf"(?:(?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9])|(?:3[01]|[12]\d|0?[1-9])/(?:1[0-2]|0?[1-9])){_UNIT_AFTER}"
_PADDED: Final = re.compile(rf"(?:3[01]|[12]\d|0[1-9])/0[1-9]{_UNIT_AFTER}(?![0-9A-Za-z_/\-])")
"""A day and a month with its nought, which no fraction has: "Guthrie 14/02"."""
_NOT_PADDED: Final = re.compile(
    r"\b(?:n?i?bp|ta|pa|t\.a|p\.a|rr|tension|pression|presion|pressure|blutdruck|scores?|eva|vas|nrs|apgar|gcs|av|od|og|oi|os|ou|vod|vog|visus|acuite|agudeza"
    r"|page|seite|pagina|blatt|teil|sheet|bed|bett|cama|lit|room|zimmer|n|no|nr|ref)\b[.:]{0,2}[^0-9\n]{0,14}\Z"
)
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
_CUE_DOTS: Final = re.compile(
    r"\b(?:am|vom|zum|bis|seit|den|ab dem|dem|ab|du|au|le|depuis le|des le|jusqu'au)[ (]{1,2}\Z"
)
_CUE_DAY: Final = re.compile(
    r"\b(?:mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|termin|aufnahme|aufn|entlassung|entl|wiedervorstellung|gestern|heute|morgen|wv|op|kontrolle)[.:,]{0,2}[ ]{1,2}[(]?\Z"
)
_HEADING: Final = re.compile(r"(?:\A|\n)[ \t*\-]{0,4}\Z")
_HEADED: Final = re.compile(r"[ ]?[:\-]|[ ]\d\d:?\d\d|[ ][a-z]")
_BIRTH: Final = re.compile(
    r"(?:1[89]|20)\d\d[-/. ](?:1[0-2]|0?[1-9])[-/. ](?:3[01]|[12]\d|0?[1-9])|\d{1,2}[ ]?[/.\- ][ ]?\d{1,2}[ ]?[/.\- ][ ]?(?:(?:1[89]|20)\d\d|\d\d)|\d{1,2}/(?:(?:1[89]|20)\d\d|\d\d)|\d\d[|]\d\d[|](?:1[89]|20)\d\d|(?:18|19|20)\d{6}|\d{8}|\d(?: \d){7}|\d ?\d ?[./] ?\d ?\d ?[./] ?\d ?\d ?\d ?\d|\d{6}|(?:18|19|20)\d\d"
)
_YEAR_IN: Final = re.compile(r"(?<!\d)(?:1[89]|2[01])\d\d(?!\d)")
_SHORT_YEAR: Final = re.compile(r"(?:[/.\-']|[a-z] )(\d\d)(?!\d|:)[^\d:]{0,3}\Z")
_DAY_IN: Final = re.compile(r"(?<!\d)(?:3[01]|[12]\d|0?[1-9])(?!\d)")
_OF_AN_EYE: Final = re.compile(
    r"\b(?:re|od|va|right)[ :]{1,2}6/\d{1,2}[ ,;]{1,3}(?:le|os|left)[ :]{1,2}\Z"
)
"""What the left eye sees, after the right: "RE 6/9 LE 6/6"."""
COUNTED: Final = re.compile(r"(?<![\d./-])\d{1,2}/(?:(?:7|12|52)[ ]ago|52[ ](?:hx|h/o|history))\b")
"""Days, months or weeks, as British notes count them: "3/12 ago", "2/52 hx of cough".

"Adm 3/7 hx COPD" is American, and a day of March.
"""


_YEAR_FIRST: Final = (("iso", _ISO, 0.9), ("compact", _COMPACT, 0.5))
_DAY_FIRST: Final = (
    ("span", _SPAN, 0.8),
    ("numeric", _NUMERIC, 0.85),
    ("numeric", _LOOSE, 0.85),
    ("month_year", _MONTH_YEAR, 0.7),
)


class Hit(NamedTuple):
    """A date: `text[start:end]`, by which form."""

    start: int
    end: int
    form: str
    score: float


def numeric(folded: str, start: int, shape: str) -> Hit | None:
    """Return the date in digits that begins at `start`, where a unit of that shape begins."""
    if not _may_begin(folded, start):
        return None
    match = _CJK.match(folded, start)
    if match:
        return Hit(*match.span(), "cjk", 0.8)
    if len(shape) == 1 and folded[start + 1 : start + 2] == " ":
        return _single_digits(folded, start)
    if shape.startswith("9999"):
        return _first_of(_YEAR_FIRST, folded, start)
    found = _first_of(_DAY_FIRST, folded, start)
    if (
        found is None
        and COUNTED.match(folded, start) is None
        and ("/" in shape[:3] or "." in shape[:3])
    ):
        return _partial(folded, start)
    return found


def _may_begin(folded: str, start: int) -> bool:
    """Say whether a date may begin at `start`: not within another number, time or price."""
    before = folded[start - 1] if start else " "
    if before == ":":
        return start > 1 and folded[start - 2].isalpha()
    return before not in _BEFORE and not (
        before == "," and start > 1 and folded[start - 2].isdigit()
    )


def _first_of(
    forms: tuple[tuple[str, re.Pattern[str], float], ...], folded: str, start: int
) -> Hit | None:
    for form, pattern, score in forms:
        match = pattern.match(folded, start)
        if match and ("a" not in pattern.groupindex or _plausible(match)):
            return Hit(*match.span(), form, score)
    return None


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
            if match
            and (
                _CUE_DOTS.search(folded, low, start)
                or (match[0][-1] == "." and _CUE_DAY.search(folded, low, start))
            )
            else None
        )
    match = _PADDED.match(folded, start)
    if match and _NOT_PADDED.search(folded, low, start) is None:
        return Hit(*match.span(), "partial", 0.5)
    match = _PARTIALS.match(folded, start)
    if match and _OF_AN_EYE.search(folded, low, start) is None:
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


_WEEKDAY: Final = re.compile(
    r"(?<![^\W_])(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun|Mo|Di|Mi|Do|Fr|Sa|So|[Ll]un|[Mm]ar|[Mm]er|[Jj]eu|[Vv]en|[Ss]am|[Dd]im|[Mm]i[eé]r?|[Jj]ue|[Vv]ie|[Ss][aá]b|[Dd]om)"
    r"(?:\.,?[ ]?|,?[ ])(?:(?:den|dem|le|el)[ ])?\Z"
    r"|(?<![^\W_])(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi"
    r"|dimanche|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo),?[ ](?:(?:den|dem|le|el)[ ])?\Z"
)


def with_weekday(text: str, start: int) -> int:
    """Return where the date that begins at `start` begins with its day of the week: "Mi 10.9."."""
    match = _WEEKDAY.search(text, max(0, start - 16), start)
    return match.start() if match else start


def birth(folded: str, start: int) -> Hit | None:
    """Return the birth date in digits at `start`, whose label was seen: any order, a year alone."""
    match = _CJK.match(folded, start) or _BIRTH.match(folded, start)
    if match is None or folded[match.end() : match.end() + 1].isdigit():
        return None
    return Hit(*match.span(), "labelled", 0.95)


_APGAR: Final = re.compile(r"\bapgar\b[^0-9\n]{0,12}\Z")
_BEST: Final = 10
"""The highest of the three scores of a newborn, at one, five and ten minutes: "Apgar 9/10/10"."""


def _plausible(match: re.Match[str]) -> bool:
    a, b = int(match["a"]), int(match["b"])
    if max(a, b, int(match["y"])) <= _BEST and _APGAR.search(
        match.string, max(0, match.start() - 20), match.start()
    ):
        return False
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
