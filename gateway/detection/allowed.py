"""Words that look like names and are none: drugs, devices, papers, eponyms of diseases.

They silence weak findings only, those for which nothing but the words themselves speaks; what a
title, a label, a field or a second recognizer insists on stays (`merging.py`). A site adds its own
with `intramural detect dictionary load --kind allow`. The long lists are in `word_lists.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from gateway.detection.vocabulary import EPONYM_NOUNS, EPONYMS
from gateway.detection.word_lists import (
    DRUGS,
    EPONYMS_ALONE,
    EPONYMS_SHARED,
    LIKE_NAMES,
    PRODUCTS,
    TERMS,
)
from gateway.domain.person_names import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split())


MAKERS: Final = _words(
    """
    abbott baxter boston braun burr gore hickman fogarty hohmann kelly mayo steinmann toomey
    """
)
"""Devices and makers that many people are named like: harmless before a device's noun only."""
_DEVICE_NOUN: Final = re.compile(
    r"[ -](?:clamps?|catheters?|drains?|forceps|retractors?|scissors|stand|tubes?|lines?|wires?"
    r"|pins?|nails?|grafts?|table|tray|needles?|holder|pumps?|pacemaker|stents?|valves?|sensors?|monitors?"
    r"|scientific|freestyle|libre|katheter|klemme|pinzette|schere|haken|hebel|nadel|nagel|pumpe"
    r"|pince|pinza|sonda|sonde|melsungen)\b",
    re.IGNORECASE,
)
_DEVICE_BEFORE: Final = re.compile(
    r"(?:\b(?:bombas?|pompes?|sondas?|sondes?|pinzas?|pinces?|catéter(?:es)?|cathéters?|drenajes?|drains?|monitor(?:es)?|moniteurs?"
    r"|respirador(?:es)?|respirateurs?|pumpen?)[ ](?:de |[A-Z][a-z]{2,12} (?:y|o|et|ou|und) )?)\Z"
)
"""What a maker's name stands behind in Romance languages: "bombas Alaris y Braun"."""
HAN_BRANDS: Final = _words(
    """
    辉瑞 赛诺菲 恒瑞 罗氏 诺华 拜耳 默沙东 阿斯利康 礼来 诺和诺德 葛兰素史克 雅培 强生 三诺
    鱼跃 石药 齐鲁 正大天晴 豪森 扬子江 科伦
    信达 百济神州 君实 同仁堂 美敦力 波士顿科学 西门子 飞利浦 迈瑞 联影 东软
    """
)
"""Makers of drugs and devices, as Chinese papers call them."""

PAPERS: Final = _words(
    """
    affidavit assignation bescheid beschluss citation citación convocation defendant demanda
    deposition gerichtsbeschluss invoice lawsuit memorandum petition plaintiff requerimiento
    sentencia subpoena summons testimony verdict vollmacht vorladung warrant
    """
)
"""What arrives from courts and offices, where a line begins with it."""

_DRUG: Final = re.compile(
    r"[a-z]{3,24}(?:sartan|statin|tinib|ciclib|cillin|floxacin|gliptin|gliflozin|glutide|prazol[e]?|"
    r"xaban|gatran|triptan|azepam|azolam|dronate|glitazone|limumab|tuzumab|lizumab|ximab|zumab|"
    r"tegravir|buvir|setron|platin|rubicin|parin|thyroxine?|bactam|penem)\Z"
)
_NOUNS: Final = _words(
    """
    anämie demenz disease drainage erkrankung formel fraktur grad hernie index katheter
    klassifikation kontraktur krankheit kriterien linie lymphom manöver operation phänomen punkt
    reflex sarkom scale score sign skala stadium syndrom syndrome test thyreoiditis tumor zeichen
    """
)
_BEFORE: Final = re.compile(
    r"(?:\b(?:morbus|mb|m|enfermedad|s[ií]ndrome|signo|escala|test|score|maladie|syndrome|signe|"
    r"échelle|índice|indice|clasificación|classification|criterios|critères|fractura|fracture|"
    r"zeichen|klassifikation|tumor|linfoma|lymphome|sarcoma|quiste|prueba|maniobra|man(?:œ|oe)uvre|técnica|technique|tecnica|"
    r"hernia|hernie|drenaje|drain|sonda|sonde|pinzas?|pinces?|reflejo|réflexe|angle|ángulo|tríada|triade|fórmula|formule|"
    r"abordaje|incisión|incision|plastia|hernioplastia|ley|loi|ganglio|dedo|signos|signes|maladies)\b\.?"
    r"[ ](?:de[l]?|nach|von|d')?[ ]?)\Z",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


_SHARED_NOUN: Final = re.compile(
    r"(?:['\u2019]s)?[ ](?:sign|syndrome?|law|triad|space|phenomenon)\b"
    r"|[ -](?:signs|classification|criteria|formula|equation|sutures?|stain|clamps?|forceps"
    r"|retractors?|speculum|blade|scissors|needle|elevator|cannula|flap|frame|splint|traction"
    r"|pouch|fascia|fossa|ligament|canal|duct|valves?"
    r"|nomogram|manoeuv(?:er|re)|maneuver|reflex|bod(?:y|ies)|cells?|lines?|staging|grading|zeichen|syndrom"
    r"|klassifikation|klemme|naht|schere|haken|phänomen|reflex|formel|manöver)\b",
    re.IGNORECASE,
)
"""What follows a name that many people bear and makes a sign or a tool of it."""
_DOSE: Final = re.compile(
    r"[®™]|[ ]?[0-9]{1,5}(?:[.,/][0-9]{1,4})?[ ]?(?:mg|µg|mcg|g|ml|IE|IU|UI|%|mmol|tabs?|caps?)\b",
    re.IGNORECASE,
)
_TITLED: Final = re.compile(
    r"\b(?:Drs?|Mrs?|Ms|Mme|Prof|Frau|Herrn?|Sra?|Dra|Schwester|Sister|Nurse|Pfleger"
    r"|patients?|pt)\b\.?[ ]"
)
_LEAST_GENERIC: Final = 8
"""Letters of the shortest word that is asked for in other spellings."""
_ROW: Final = 60
"""Characters to each side in which a list of its sort is looked for."""
_LINK: Final = (
    r"(?:['\u2019]s)?(?:[ ]?[,;/&+()\u2013-]{1,2}[ ]?|[ ](?:and|or|und|oder|et|ou|y|o|vs\.?)[ ])"
)
_LISTED_BEFORE: Final = re.compile(rf"([^\W\d_]+){_LINK}\Z")
_LISTED_AFTER: Final = re.compile(rf"{_LINK}([^\W\d_]+)")


def is_harmless(text: str, start: int, end: int) -> bool:
    """Say whether `text[start:end]` is nothing but drugs, devices, papers and names of diseases."""
    words = [fold(word) for word in _WORD.findall(text[start:end])]
    if not words:
        return False
    return _are_things(text, start, end, words) or _are_eponyms(text, start, end, words)


def _are_things(text: str, start: int, end: int, words: list[str]) -> bool:
    joined = "".join(words)
    if all(_is_thing(word) for word in words) or joined in EPONYMS_ALONE or joined in PRODUCTS:
        return True
    if all(_is_thing(word) or word in MAKERS for word in words):
        before = _DEVICE_BEFORE.search(text, max(0, start - 40), start)
        return before is not None or _DEVICE_NOUN.match(text, end) is not None
    if all(_is_thing(word) or word in LIKE_NAMES for word in words):
        return _DOSE.match(text, end) is not None or _is_one_of_a_row(text, start, end, _GOODS)
    return False


def _are_eponyms(text: str, start: int, end: int, words: list[str]) -> bool:
    known = [_is_eponym(word) for word in words]
    if all(known):
        return (
            EPONYM_NOUNS.match(text, end) is not None
            or _BEFORE.search(text, max(0, start - 24), start) is not None
            or _is_one_of_a_row(text, start, end, _NAMED_AFTER)
        )
    # "Babinski-Zeichen", "Wilson-Score": a compound whose last word says what it is.
    if known[0] and words[-1] in _NOUNS:
        return True
    if not all(map(_is_shared, words)):
        return False
    return _SHARED_NOUN.match(text, end) is not None or _is_one_of_a_row(
        text, start, end, _NAMED_AFTER
    )


def _is_one_of_a_row(text: str, start: int, end: int, sort: _Sort) -> bool:
    """Say whether it is listed between others of its sort: "Dalrymple, Young and Stellwag".

    One of them at least is nobody for sure: "Murphy, Kelly and Young" may have the same shift. What
    is first or last may be whom the list is about: "Kelly, Babinski down".
    """
    low = max(text.rfind("\n", 0, start) + 1, start - _ROW)
    high = text.find("\n", end)
    high = min(len(text) if high < 0 else high, end + _ROW)
    if _TITLED.search(text, low, high):
        return False
    beside = [_LISTED_BEFORE.search(text, low, start), _LISTED_AFTER.match(text, end, high)]
    if not all(each and sort.holds(fold(each[1])) for each in beside):
        return False
    return any(sort.sure(fold(word)) for word in _WORD.findall(text, low, high))


def _bare(word: str) -> str:
    return word if word in EPONYMS or word in EPONYMS_SHARED else word.removesuffix("s")


def _is_shared(word: str) -> bool:
    return _is_eponym(word) or _bare(word) in EPONYMS_SHARED


def _is_eponym(word: str) -> bool:
    return _bare(word) in EPONYMS or _bare(word) in EPONYMS_ALONE


def _is_thing(word: str) -> bool:
    known = (
        word in PRODUCTS
        or word in TERMS
        or word in EPONYMS_ALONE
        or word in PAPERS
        or word in HAN_BRANDS
    )
    return known or _is_drug(word)


def _is_drug(word: str) -> bool:
    if word in DRUGS or _DRUG.match(word) is not None:
        return True
    if len(word) < _LEAST_GENERIC:
        return False
    # "Metformina", "Metformine": the same medicine in another language.
    bare = word[:-1] if word[-1] in "aeo" else word
    return bare in DRUGS or f"{bare}e" in DRUGS


def _is_good(word: str) -> bool:
    return word in PRODUCTS or word in TERMS or _is_drug(word)


class _Sort(NamedTuple):
    """What stands in one list: what may, and what hardly anybody is called."""

    holds: Callable[[str], bool]
    sure: Callable[[str], bool]


_GOODS: Final = _Sort(lambda word: _is_good(word) or word in LIKE_NAMES, _is_good)
_NAMED_AFTER: Final = _Sort(
    _is_shared,
    lambda word: _bare(word) in EPONYMS_ALONE,
)
