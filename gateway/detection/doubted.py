"""What a tagger takes for somebody's, and what stands around it says that it is not.

A blood pressure is no date, a time of day no extension, a threshold no age, a bed no place, what
was measured nobody, and "MC:" heads a paragraph. Rule: only what the tagger alone says is doubted;
a rule, a field or a dictionary that says otherwise stays.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection import labels
from gateway.detection.dates import COUNTED
from gateway.detection.nobodys_words import (
    is_a_bed,
    is_an_abbreviation,
    is_called_after,
    is_everyday,
    is_in_a_phrase,
    is_letter_of_a_form,
    is_nobodys_word,
    is_of_a_segment,
)
from gateway.detection.structured import columns
from gateway.detection.technical import is_technical
from gateway.detection.vocabulary import words
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    DATE_TIME,
    LOCATION,
    ORGANIZATION,
    OTHER_ID,
    PERSON,
    PHONE_NUMBER,
    STREET_ADDRESS,
    EntityType,
)
from gateway.domain.findings import Finding

_BEFORE: Final = 24
_AFTER: Final = 12
_PRESSURE: Final = re.compile(r"[0-9]{1,3}/[0-9]{1,3}")
_PRESSURE_BEFORE: Final = re.compile(
    r"\b(?:N?I?BP|RR|TA|PA|T\.A|P\.A|PAS/PAD|[Tt]ension|[Pp]ress(?:ure|ion)|[Bb]lutdruck)\b"
    r"\.?[ :=]{0,3}"
    r"(?:(?:artérielle|arterial|of|de|is|was|à)[ ]){0,2}\Z"
)
_SCORE: Final = re.compile(r"[0-9]{1,2}/[0-9]{1,2}")
_SCORE_BEFORE: Final = re.compile(
    r"\b(?:[Ss]cores?|SCORES?|EVA|VAS|NRS|Apgar|APGAR|GCS|MRC|[Mm]urmur|[Ss]ouffle|[Ss]oplo|[Ss]ystolikum|Levine|[Ss]trength|[Ff]orce|[Ff]uerza|Kraft(?:grad)?)\b"
    r"[^0-9\n]{0,14}\Z"
)
_SIZES: Final = re.compile(
    r"[0-9]{1,2}/[0-9]{1,2}/[0-9]|(?:[0-9]{1,2}[.,][0-9]{1,2}/){2,4}[0-9]{1,2}[.,][0-9]{1,2}"
)
"""Three sizes, "Trocarts 10/5/5": no year has one digit; three results, "OGTT 4.8/9.1/7.6"."""
_CLOCK: Final = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9]")
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_CLOCK_BEFORE: Final = re.compile(
    r"(?:\b(?:at|by|scene|dest|arrived?|arr|dep|time|since|until|from"
    r"|um|gegen|seit|bis|a las|às)|@)[ :]{1,2}\Z",
    re.IGNORECASE,
)
_MERIDIEM: Final = re.compile(r"(?:[01]?[0-9][ ]?)?[ap]\.?[ ]?m")
"""A half of the day: "a. m.", and with its hour "10 a.m". Capitals may be somebody's initials."""
_MERIDIEM_BEFORE: Final = re.compile(r"[0-9 ][ap]\.?[ ]?\Z")
_HOUR: Final = re.compile(r"(?:[01]?[0-9]|2[0-3])[.:][0-5][0-9]")
_TIME: Final = re.compile(r"(?:[01]?[0-9]|2[0-3])(?:[:hH][0-5][0-9]|[:][0-5][0-9]:[0-5][0-9])")
"""A time of day without its day, which may stand (45 CFR 164.514(b)(2)(i)(C) asks for dates)."""
_CLOCK_AFTER: Final = re.compile(r"[ ]?(?:Uhr|hrs?|horas|heures)\b")
_READING_AFTER: Final = re.compile(r"[ ]{1,2}[<>]?[0-9]{1,3}[.,][0-9]{1,2}(?![.,]?[0-9]|\.)")
"""A decimal, and no date with its dots: "Ery 4.57, Hb 9.3", and not "Maier 4.5."."""
_SURE: Final = 0.9
_LETTERS: Final = re.compile(r"[^\w]{0,3}[^\W\d_]{1,4}[^\w]{0,3}")
"""A number without a digit: the label of one, "TLF", "**Geb.**"."""
_ELEMENT: Final = re.compile(r"\(?[0-9A-Fa-f]{4},[ ]?[0-9A-Fa-f]{4}\)?")
"""The name of an element of DICOM: "(0010,0010)" (PS3.5, 7.1)."""
_KEYWORD: Final = re.compile(
    r"(?:[\]\s]*#[ ]{1,4}[0-9]{1,6},[ ]?[0-9]{1,3}\b[ ]?)?"
    r"(?:(?:Patient|Institution|Operators?|Physicians?|Study|Series|Accession|Referring|Performing|Station)"
    r"(?:[A-Z][A-Za-z]{1,20}){1,4})?"
)
"""Its length, and its keyword: "# 24, 1 InstitutionName", "PatientAge" (PS3.6, table 6-1)."""
_THRESHOLD_BEFORE: Final = re.compile(r"[<>≥≤=][ ]?\Z")
_AGE_BEFORE: Final = re.compile(
    r"\b(?:age[ds]?|alter|edad|âge|aged)\b[ :]{0,2}[<>≥≤=]?[ ]?\Z", re.IGNORECASE
)
_RESULT_BEFORE: Final = re.compile(
    r"\b(?:Hb|HGB|Hgb|Hct|HCT|WBC|PLT|Plt|Na|Cl|Cr|Crea|Creat|BUN|CRP|MCV|HR|RR|SpO2|SPO2|MAP|EF|LVEF|BMI|GFR|eGFR|"
    r"Glu|BZ|BG|HF|FC|FR|INR|TSH|LDL|HDL|ALT|AST|GOT|GPT|PSA|LDH|CK|Temp)[ :='\"]{1,4}\Z"
)
_HEADINGS: Final = words(
    """
    MC AP EF IQ AF EA EC JC PC HC HPI PMH PSH FH SH ROS PE CC HX DX TX RX MDM ED IMP RTC SOB OBS
    VD AZ EZ TE NB VG HNO ZNS EKG RR BZ HF EB KM ATCD MDV HDM CAT TTT RDV EN MH HDLM PEC TA FC
    CMP CBC BMP UA CXR GMC LUT FD SD ND
    """
)
"""Headings in capitals, with their colon: "MC: dolor", "ATCD: HTA"."""
_LOGGED: Final = words("NULL NONE TRUE FALSE TRACE DEBUG INFO NOTICE WARN WARNING ERROR FATAL")
"""What programs write into logs and tables, in capitals."""
_CLASS: Final = re.compile(
    r"(?:(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL)[ ]{1,2})?[a-z]\w{0,15}"
    r"(?:\.(?!(?:van|von|de|der|den|del|la|el|al|bin|ibn|da|di|dos)\.)[a-z]\w{0,20}){1,8}"
    r"\.[A-Z]\w{1,40}"
)
"""The name of a class and the level of its line: "WARN c.h.adt.Merge", and not "jan.van.Dijk"."""
_PACKAGE_BEFORE: Final = re.compile(r"(?<![\w.])(?:[a-z]\w{0,20}\.){1,6}[a-z]\w{2,20}\.\Z")
"""The rest of such a name: "c.h.batch.". What one writes with a stop behind initials is shorter."""
_DOUBTFUL: Final = 0.3
_SPEAKERS: Final = frozenset("QABIFRP")
"""Who asks and who answers, in an interview: "Q: ", "A: ", "I: ", "B: "."""
_DEPARTMENTS: Final = words(
    """
    ICU NICU PICU MICU SICU CCU CICU PACU HDU ITU ED ER OR A&E OPD UCI UVI URPA SAU SAMU USIC IMC
    ITS ZNA
    """
)
"""What every hospital has one of; with a number behind it, it may be this one's."""
_PEDIGREE: Final = re.compile(r"(?:I{1,3}|IV|VI{0,3})[-.:/][0-9]{1,2}")
_FEW_DIGITS: Final = re.compile(r"[0-9]{1,2}")
_WARD_BEFORE: Final = re.compile(r"[^\W\d_][ -]{1,2}\Z")
"""A word before a number, which may be a ward's: "Onkologie-Ambulanz 3"."""
_NUMBERED: Final = re.compile(r"[.:]{0,2}[ ]{1,2}(?:[+(]{0,2}[A-Z]{0,2}[0-9]|[A-Z]{8})")
_HAN_SPAN: Final = re.compile(r"[0-9]{1,3}(?:年|日|天|个月)")
_HAN_SPAN_BEFORE: Final = re.compile(r"(?:[史约余已近期满]|过去|病程)\Z")
_HAN_ARTICLE: Final = re.compile(r"[条款项版]")
_MOST_DAYS: Final = 31
_SCALES: Final = words(
    """
    Barthel Zarit Lawton Pfeiffer Norton Braden Tinetti Berg Katz Downton Gijón Waterlow Morse
    Aldrete Karnofsky Rankin Yesavage Mingazzini Ramsay Apfel
    """
)
_POINTS: Final = re.compile(
    r"[ :=]{1,3}[0-9]{1,3}(?!\w|[ ][A-ZÄÖÜÉ]"
    r"|[ ,-]{1,2}(?:[yajmfw]\b(?![ ](?:su|la|el|las|los)\b)"
    r"|y/?o|years?|yrs?|a[nñ]os|ans|male|female))"
)
"""Points of a scale, and nobody's age."""
_PER_VOLUME: Final = re.compile(r"[ ]?/[ ]?(?:mm|µl|ul|ml|dl|l\b|hpf|min)", re.IGNORECASE)
"""What counts cells: "2578 /mm3"."""
_NAMING: Final = frozenset({PERSON, LOCATION, ORGANIZATION})


def is_nobodys(text: str, finding: Finding) -> bool:
    """Say whether what a tagger found in `text` identifies nobody, by what stands around it."""
    value = text[finding.start : finding.end].rstrip(" .,;")
    before = text[max(0, finding.start - _BEFORE) : finding.start]
    entity = finding.entity
    after = text[finding.end : finding.end + _AFTER]
    if not value:
        return True
    if is_technical(entity, value, before, after):
        return True
    if entity == DATE_TIME:
        return _is_no_date(value, before, after) or _is_a_span(value, before, after)
    if entity in {AGE, AGE_OVER_89}:
        return _is_no_age(before) or _is_an_hour(value, after)
    if entity in {PHONE_NUMBER, OTHER_ID}:
        return _is_no_number(entity, value, before, after)
    return _is_no_word(finding, value, before, after)


def _is_no_word(finding: Finding, value: str, before: str, after: str) -> bool:
    """Say whether a name, place or street is none."""
    entity = finding.entity
    if entity != STREET_ADDRESS and entity not in _NAMING:
        return False
    if _KEYWORD.fullmatch(value) or is_a_bed(value, before):
        return True
    if finding.score < _SURE and _is_unsure(finding, value, before, after):
        return True
    if entity == STREET_ADDRESS:
        return False
    if _FEW_DIGITS.fullmatch(value):
        return _WARD_BEFORE.search(before) is None
    packed = finding.score < _DOUBTFUL and _PACKAGE_BEFORE.search(before)
    return bool(packed) or _is_no_name(entity, value, before, after)


def _is_unsure(finding: Finding, value: str, before: str, after: str) -> bool:
    """Say whether it is a scale, a reading, a word or an abbreviation, where nobody is sure."""
    if finding.entity in _NAMING and (is_everyday(value) or is_in_a_phrase(value, before, after)):
        return True
    if _is_scored(value, after) or _is_read(finding.entity, value, after):
        return True
    return finding.entity == PERSON and is_an_abbreviation(value, finding.score)


def _is_read(entity: EntityType, value: str, after: str) -> bool:
    """Say whether it is what was measured, with its reading behind it: "Ery 4.57"."""
    return entity == PERSON and value.isalpha() and _READING_AFTER.match(after) is not None


def _is_scored(value: str, after: str) -> bool:
    """Say whether it is a scale with its points: "Zarit 54". "Norton 54 yo" is somebody."""
    points = _POINTS.search(value)
    name, behind = (value[: points.start()], value[points.start() :]) if points else (value, "")
    return name in _SCALES and _POINTS.match(behind + after) is not None


def _is_no_date(value: str, before: str, after: str) -> bool:
    if _SIZES.fullmatch(value) or _TIME.fullmatch(value):
        return True
    if COUNTED.match(value + after):
        return True
    if _HOUR.fullmatch(value) and _CLOCK_AFTER.match(after):
        return True
    if _SCORE.fullmatch(value) and _SCORE_BEFORE.search(before):
        return True
    if _CLOCK.fullmatch(value) and _CLOCK_BEFORE.search(before):
        return _YEAR.fullmatch(value) is None
    return _PRESSURE.fullmatch(value) is not None and _PRESSURE_BEFORE.search(before) is not None


def _is_a_span(value: str, before: str, after: str) -> bool:
    """Say whether Chinese numbers say how long, or which article: "病史10年", "180日", "第5条"."""
    if _HAN_ARTICLE.match(after):
        return True
    if _HAN_SPAN.fullmatch(value) is None:
        return False
    if _HAN_SPAN_BEFORE.search(before):
        return True
    return value.endswith("日") and int(value[:-1]) > _MOST_DAYS


def _is_no_age(before: str) -> bool:
    if _AGE_BEFORE.search(before):
        return False
    return bool(_THRESHOLD_BEFORE.search(before) or _RESULT_BEFORE.search(before))


def _is_an_hour(value: str, after: str) -> bool:
    """Say whether it is an hour of a half of the day: "10 a. m."."""
    return _MERIDIEM.fullmatch((value + after)[: len(value) + len(". m")]) is not None


def _is_no_number(entity: EntityType, value: str, before: str, after: str) -> bool:
    if value.isdigit() and _PER_VOLUME.match(after):
        return True
    if entity == OTHER_ID and _LETTERS.fullmatch(value):
        return True
    if (value[0] == "(" or before.endswith("(")) and _ELEMENT.fullmatch(value):
        return True
    return _CLOCK.fullmatch(value) is not None and _CLOCK_BEFORE.search(before) is not None


def _is_no_name(entity: EntityType, value: str, before: str, after: str) -> bool:
    if is_nobodys_word(value) or is_called_after(value, before, after):
        return True
    if entity == PERSON and (is_of_a_segment(value) or is_letter_of_a_form(value, after)):
        return True
    if entity in {LOCATION, ORGANIZATION} and value in _DEPARTMENTS:
        return True
    if (
        _MERIDIEM.fullmatch(value)
        or (value == "m" and _MERIDIEM_BEFORE.search(before))
        or value in _LOGGED
        or (value in _SPEAKERS and after[:2] == ": ")
        or _PEDIGREE.fullmatch(value)
        or _is_class(value, after)
        or (len(value) == 1 and is_in_a_phrase(value, before, after))
    ):
        return True
    if labels.is_label(value) and _NUMBERED.match(after):
        return True
    return after[:1] == ":" and (value in _HEADINGS or columns.strong(value) is not None)


def _is_class(value: str, after: str) -> bool:
    """Say whether it is the name of a class, or of its package with the class behind it."""
    named = _CLASS.match(value + after)
    return named is not None and "." in value and named.end() >= len(value)
