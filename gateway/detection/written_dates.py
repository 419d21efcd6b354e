"""Dates that name their month, and other words that mean one day, in five languages.

A month's name is sought first, and the rest of its date only around it. All patterns read folded
text (`labels.fold`).
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection import han_dates, spelt_dates
from gateway.detection.dates import COUNTED, TIME, Y4, Hit

_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier|v)?|janner|feb(?:ruary|ruar|rero)?|fev(?:rier|r)?|mar(?:ch|s|zo|z)?|mrz|apr(?:il)?|avr(?:il)?|abr(?:il)?|may(?:o)?|mai|"
    r"june?|juni[o]?|juin|july?|juli[o]?|juil(?:let)?|aug(?:ust)?|aout|agosto|ago|sept?(?:ember|embre|iembre)?|setiembre|oct(?:ober|obre|ubre)?|okt(?:ober)?|"
    r"nov(?:ember|embre|iembre)?|de[cz](?:ember|embre)?|enero|ene|dic(?:iembre)?)"
)
_FULL_ENGLISH: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
)
_FULL_GERMAN: Final = (
    "januar|februar|marz|april|mai|juni|juli|august|september|oktober|november|dezember"
)
_FULL_FRENCH: Final = (
    "janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
)
_FULL_SPANISH: Final = (
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
)
_MONTH_ONLY: Final = rf"(?:{_FULL_ENGLISH}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_DAY: Final = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|er|\.)?(?!\d)"
_YEAR: Final = rf"(?:{Y4}|'?\d\d(?![\d:%]|[.,]\d|[ ]?(?:mg|ml|kg|cm|mm|%|years?|yrs?|y/?o|days?|weeks?|months?|ans|anos|jahr)))"
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
    r"thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?![a-z])){1,3})?"
)
_OF: Final = r"(?:of |de |del |d')?"
_WRITTEN_FORMS: Final = (
    rf"{_MONTH}(?![0-9A-Za-z_])\.?[ \-]{{0,2}}{_DAY}(?:[ ]?(?:-|to|and|&|through)[ ]?{_DAY})?(?:(?:,[ ]?|[ \-/]|, of |\s)'?{_YEAR})?",
    rf"{_DAY}(?:[ ]?(?:-|/|to|and|&|through|bis|und|au|et|al|y|a)[ ]?{_DAY})?[ .,/\-]{{0,3}}{_OF}{_MONTH}(?:\d\d(?:\d\d)?(?![0-9A-Za-z_])|(?![0-9A-Za-z_])(?:\.?(?:[ ,\-/]{{1,2}}|[ ]de[l]?[ ]|[ ]of[ ]){_YEAR})?)",
    rf"{_MONTH}(?![0-9A-Za-z_])\.?(?:[ ,\-/]{{1,2}}{_OF}(?:{Y4}|'\d\d(?!\d)|(?:3[2-9]|[4-9]\d)(?![\d%]|[.,]\d|[ ](?:mg|ml|kg))))",
    rf"{Y4}[ \-/.]{_MONTH}(?![0-9A-Za-z_])\.?[ \-/.]{_DAY}",
    rf"(?:the )?{_ORD} (?:day )?of {_MONTH_ONLY}(?![0-9A-Za-z_]){_SPOKEN_YEAR}",
    rf"{_MONTH_ONLY} (?:the )?{_ORD}(?![0-9A-Za-z_]){_SPOKEN_YEAR}",
    rf"(?:premier|1er|primero) (?:de )?{_MONTH}(?![0-9A-Za-z_])(?: (?:de )?{Y4})?",
)
_WRITTEN: Final = re.compile(
    rf"(?<![0-9A-Za-z_./:$])(?:{_WEEKDAY}(?:{'|'.join(_WRITTEN_FORMS)}){TIME})"
)
_MONTH_AT: Final = re.compile(rf"(?<![A-Za-z]){_MONTH}(?![A-Za-z])")
_MONTH_CUES: Final = (
    "jan", "feb", "fev", "mar", "mrz", "apr", "avr", "may", "mai", "jun", "juin", "jul", "juil", "aug", "aou", "sep", "set",
    "oct", "okt", "nov", "dec", "dez", "ene", "abr", "ago", "dic",
)  # fmt: skip
_CITED: Final = re.compile(r"[ .]{0,2}\d{0,2}[ ]?(?:\d{4})?;[ ]?\d|[ ]\d{4};[ ]?\d")
"""The date of an issue in a reference: "Blood. 2010 Jan 21;115(3)"."""
_LEAD: Final = re.compile(r"[ ]\d{1,2}[ ]?mm\b")
"""A deflection of an electrocardiogram: "R in aVR 4 mm"."""
_LAW: Final = re.compile(
    r"\b(?:loi|decret|arrete|ordonnance|directive|real decreto|ley|gesetz|verordnung|richtlinie)\b[^.;\n]{0,24}(?:du|de|vom)[ ]\d{1,2}(?:er|\.)?[ ](?:de )?\Z"
)
_AROUND: Final = (36, 60)
"""Characters before and after a month's name within which the rest of its date is sought."""
_RELATIVE: Final = re.compile(
    rf"(?:\b(?:early|late|mid|in|since|until|by|during|from|through|between|and|every)[ -])(?P<value>(?:last |next |this |this past |this coming )?(?:{_FULL_ENGLISH}))(?![\w'-])"
    rf"|(?P<value2>\b(?:last|next|this|this past|this coming)[ ](?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|{_FULL_ENGLISH}))(?![\w'-])"
    rf"|\b(?:im|seit|bis|ab|ende|anfang|mitte|von)[ ](?P<value3>{_FULL_GERMAN})(?!\w)"
    rf"|\b(?:en|fin|debut|depuis|debut de|fin de|mi)[ -](?P<value4>{_FULL_FRENCH})(?!\w)"
    rf"|\b(?:en|desde|hasta|finales de|principios de|mediados de)[ ](?P<value5>{_FULL_SPANISH})(?!\w)"
)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = tuple(
    {*f"{_FULL_ENGLISH}|{_FULL_GERMAN}|{_FULL_FRENCH}|{_FULL_SPANISH}".split("|")}
)
"""Of the words above the names that each needs: where a text has none, they are not tried."""
_HOLIDAY: Final = re.compile(
    r"\b(?:christmas(?: eve| day)?|thanksgiving|easter(?: sunday| monday)?|halloween|new year's(?: eve| day)?|"
    rf"valentine's day|memorial day|labor day|independence day|mother's day|father's day|boxing day)(?:,? {Y4})?\b"
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

_THIS_MONTH: Final = re.compile(
    r"\b(?:dia )?(?:3[01]|[12]\d|0?[1-9]) (?:del? (?:corriente|presente|actual)(?: mes)?|de los corrientes)\b"
    r"|\b(?:3[01]|[12]\d|0?[1-9])\. ?d\. ?m\.|(?<=\ble )(?:3[01]|[12]\d|0?[1-9]) courant\b"
)
"""A day of the month in which a paper was written, as courts and offices say it."""
_THIS_MONTH_CUES: Final = (
    *(f"{of} {month}" for of in ("de", "del") for month in ("corriente", "presente", "actual")),
    *("de los corrientes", "d. m.", "d.m.", " courant"),
)
_DAYS: Final = (
    r"(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)",
    r"(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo)",
    r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)",
)
_THIS_WEEK: Final = re.compile(
    rf"\b(?:nachste|kommende|letzte|vergangene)[nrm]? {_DAYS[0]}\b|\b(?:pasado|proximo) {_DAYS[1]}\b"
    rf"|\b{_DAYS[1]} (?:pasado|proximo|que viene)\b|\b{_DAYS[2]} (?:prochain|dernier|passe)\b"
)
_THIS_WEEK_CUES: Final = (
    *("chste", "kommende", "letzte", "vergangene", "pasado", "proximo", "que viene", "prochain"),
    *("dernier", "passe"),
)
_SEASON: Final = re.compile(
    rf"\b(?:(?:early|late|mid)[ -])?(?:spring|summer|fall|autumn|winter)(?: of)?,? {Y4}(?:/[0-9]{{2,4}})?\b"
    rf"|\b(?:fruhjahr|fruhling|fruhsommer|spatsommer|sommer|herbst|winter)(?: des jahres)? {Y4}(?:/[0-9]{{2,4}})?\b"
    rf"|\b(?:le |l')?(?:printemps|ete|automne|hiver)(?: de)? {Y4}\b|\b(?:primavera|verano|otono|invierno)(?: del?)? {Y4}\b"
    r"|(?:19|20)[0-9]{2}年[春夏秋冬][季天]?"
)
_SEASON_CUES: Final = (
    *(
        "spring",
        "summer",
        "fall 1",
        "fall 2",
        "fall of",
        "fall,",
        "autumn",
        "winter",
        "fruh",
        "sommer",
        "herbst",
        "printemps",
    ),
    *(
        " ete ",
        "'ete ",
        "hiver",
        "automne",
        "primavera",
        "verano",
        "otono",
        "invierno",
        *"春夏秋冬",
    ),
)
_OTHERS: Final = (
    (("月",), han_dates.TOLD, "cjk_told", 0.65),
    (han_dates.WEEKDAY_CUES, han_dates.WEEKDAY, "relative", 0.5),
    (han_dates.HOLIDAY_CUES, han_dates.HOLIDAY, "holiday", 0.5),
    (_HOLIDAY_CUES, _HOLIDAY, "holiday", 0.5),
    (_THIS_MONTH_CUES, _THIS_MONTH, "relative", 0.6),
    (_THIS_WEEK_CUES, _THIS_WEEK, "relative", 0.5),
    (_SEASON_CUES, _SEASON, "season", 0.5),
    (("年",), han_dates.NUMERALS, "cjk", 0.8),
)
"""Words that mean a day, each with what a text must hold that it is sought in."""


def written(folded: str) -> Iterator[Hit]:
    """Yield the dates that name their month, and the other words that mean one day."""
    named = any(map(folded.__contains__, _MONTH_CUES))
    if named:
        yield from _named(folded)
    yield from _spoken(folded)
    weekday = "day" in folded and any(map(folded.__contains__, _WEEKDAYS))
    if weekday or (named and any(map(folded.__contains__, _MONTHS))):
        for match in _RELATIVE.finditer(folded):
            yield Hit(*match.span(match.lastgroup or 0), "relative", 0.4)
    if weekday:
        for match in _WEEKDAY_DAY.finditer(folded):
            yield Hit(*match.span(), "weekday", 0.6)
    for cues, pattern, form, score in _OTHERS:
        if any(map(folded.__contains__, cues)):
            for match in pattern.finditer(folded):
                yield Hit(*match.span(), form, score)


def _spoken(folded: str) -> Iterator[Hit]:
    for start, end in spelt_dates.spoken(folded):
        yield Hit(start, end, "spelt", 0.8)


def _named(folded: str) -> Iterator[Hit]:
    done = 0
    for month in _MONTH_AT.finditer(folded):
        if month.start() < done or _is_nobodys(folded, month):
            continue
        spelt = spelt_dates.around(folded, *month.span())
        if spelt is not None:
            yield Hit(spelt.start, spelt.end, "spelt" if spelt.day else "month_year", 0.85)
            done = spelt.end
            continue
        low, high = max(done, month.start() - _AROUND[0]), month.end() + _AROUND[1]
        for match in _WRITTEN.finditer(folded, low, high):
            if match.end() > month.start():
                if match.start() <= month.start():
                    yield Hit(*match.span(), "written", 0.85)
                    done = match.end()
                break


def _is_nobodys(folded: str, month: re.Match[str]) -> bool:
    """Say whether it is of a law, of an issue in a reference, or no month at all."""
    start = month.start()
    if month[0] == "ago" and COUNTED.search(folded, max(0, start - 8), month.end()):
        return True
    if month[0] == "avr" and _LEAD.match(folded, month.end()):
        return True
    return (
        _CITED.match(folded, month.end()) is not None
        or _LAW.search(folded, max(0, start - 40), start) is not None
    )
