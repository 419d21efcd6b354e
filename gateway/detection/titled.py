"""Names of people behind a title: "Dr. Ann Lee", "Drs Pemberton and Okafor", "nurse pemberton"."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.letters import FULL, SUFFIX, A, U
from gateway.detection.name_words import TITLE
from gateway.detection.rules import Rule, Rules
from gateway.detection.titles import NO_NAME_BEGINS, is_titled, trimmed_words
from gateway.detection.vocabulary import LOWER_STOP, is_word
from gateway.domain.entities import PERSON

_TITLE_START: Final = re.compile(
    # A pattern that begins with one of few letters is sought much faster.
    rf"[A-DF-PR-Wadfmnoprsuvw](?<![\w'].)(?<=(?={TITLE}[. \t]).)"
)

_SHORT_GIVEN: Final = (
    r"(?:Fr|Ch|Ph|Th|Chr|Cl|Jos|Ant|Alb|Bern|Guill|Gme|Wm|Chas|Geo|Thos|Jas|Joh|Ulr|Ferd|Fco|Mª)"
)
"""A given name cut short, as French and older hands write it: "Dr Fr. Colson"."""


def _titles(text: str) -> Iterator[int]:
    """Yield where titles begin."""
    for title in _TITLE_START.finditer(text):
        yield title.start()


RULES: Final[Rules] = (
    Rule(
        "name.titled",
        PERSON,
        re.compile(
            rf"(?<![\w']){TITLE}(?:\.?[ \t]{{1,3}}|\.(?=med\.))(?:(?:(?:[Dd]r|DR|[Mm]ed|MED|h\.c|Prof|[Mm]rs?|univ|dent|rer|nat|phil|habil|vet|O[AÄ]|C[AÄ]|PD|Priv\.-Doz|Dipl\.-Psych|Mag|Prim|Oberarzt|Oberärztin|Chefarzt|Chefärztin|Kollegen?|Kollegin)\.?[ \t]{{1,2}}|[Dd]r\.in[ ]|(?:[Dd]r\.|med\.)(?=med\.|univ\.))){{0,5}}(?P<value>(?:{_SHORT_GIVEN}\.-?[ ]?)?{FULL}{SUFFIX})"
        ),
        0.9,
        is_titled,
        begins=_titles,
    ),
    Rule(
        # "Dr.Sharma", "Dr (Mrs) Lata Sharma", "Prof.(Dr.) A.K.Sharma".
        "name.titled_joined",
        PERSON,
        re.compile(
            rf"(?<![\w'.@/])(?:Drs?|Mrs?|Ms|Prof|Smt)(?:\.|\.?[ ]?\((?:Dr|Mrs?|Ms|Miss|Prof|Col)\.?\)[ ]?)(?P<value>(?:{U}\.[ ]?){{0,3}}{U}[a-z][^\W\d_]{{1,24}}(?:['-]{A}{{1,24}})?(?:[ ]{U}[a-z]{{2,24}}){{0,2}})(?![\w@/]|\.[a-z])"
        ),
        0.8,
        lambda match: (
            trimmed_words(match["value"])[0].lower().rstrip(".") not in NO_NAME_BEGINS
            and not is_word(trimmed_words(match["value"])[0])
        ),
        needs=re.compile(r"(?:Drs?|Mrs?|Ms|Prof|Smt)(?:\.[A-Z(]|\.?[ ]?\([DMPC])"),
    ),
    Rule(
        # "Drs Pemberton and Okafor": the second of them.
        "name.titled_second",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?:Drs|Doctors|Messrs|Profs|Professors|Nurses)\.?[ ]{FULL}(?:[ ](?:and|&)[ ]|[ ]?/[ ]?)(?P<value>{FULL})"
        ),
        0.8,
        lambda match: not is_word(trimmed_words(match["value"])[0]),
        needs=re.compile(r"(?:Drs|Doctors|Messrs|Profs|Professors|Nurses)\.?[ ]"),
    ),
    Rule(
        "name.titled_lower",
        PERSON,
        re.compile(
            r"(?<![\w'])(?:dr|mr|mrs|ms\.|miss|prof|doctor|nurse)\.?[ ](?P<value>[a-z][a-z'\-]{2,24}(?:[ ][a-z][a-z'\-]{2,24}(?=[,.;)\n]|$))?)(?![\w\-])"
        ),
        0.6,
        lambda match: (
            match["value"].split()[0] not in LOWER_STOP
            and not is_word(match["value"].split()[0])
            and not match["value"].split()[0].endswith(("ed", "ing", "ly", "es"))
        ),
    ),
)
