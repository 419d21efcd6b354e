"""Names beside posts, signatures and greetings of German notes.

Every noun has a capital there, so what stands behind a post is asked whether it is one.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.german_nouns import has_given, is_noun
from gateway.detection.letters import FULL, WORD, U
from gateway.detection.name_words import DONE_GERMAN
from gateway.detection.rules import Rule, Rules
from gateway.detection.vocabulary import words
from gateway.detection.word_lists import DRUGS, PRODUCTS
from gateway.domain.entities import PERSON
from gateway.domain.person_names import fold

_POST_GERMAN: Final = (
    r"(?:(?:[Ss]tations|[Aa]ssistenz|[Ff]ach|[Hh]aus|[Nn]ot|[Tt]urnus|[Dd]ienst|[Ss]ekundar)(?:arzt|ärztin|aerztin)|Ass\.[ -]?(?:Arzt|Ärztin)|(?:[Pp]hysio|[Ee]rgo|[Pp]sycho)?(?:[Tt]herapeut)(?:in)?|(?:Dipl\.-)?[Pp]sycholog(?:e|in)|[Ll]ogopädin|[Ss]ozialarbeiter(?:in)?"
    r"|[Nn]otfallsanitäter(?:in)?|[Oo]perateur(?:in)?|[Aa]nästhesist(?:in)?|[Ss]tationsleitung|[Ss]ekretärin|[Hh]ebamme|(?:[Bb]erufs)?[Bb]etreuer(?:in)?|[Aa]rzthelferin|[Ss]eelsorger(?:in)?|[Rr]echtsanw(?:alt|ältin)|[Dd]olmetscher(?:in)?|[Pp]raktikantin|PJlerin"
    r"|Patient(?:in)?|Pat\.|PAT\.|Ptn\.|Fam\.|Familie|Eheleute|Ehepaar|[Kk]olleg(?:e|in)|Koll\.|Ehe(?:mann|frau)|Tochter|Sohn|Enkel(?:in)?|Lebensgefährt(?:e|in)|FÄ|AÄ|HÄ)"
)
"""What somebody is, in German, before the name."""
_NOBODY_GERMAN: Final = words(
    """
    alle allerseits beide damen feedback gott knabe knaben junge jungen kinder mädchen säugling
    spontan sectio team termin visite vorstellung welt zeit zusammen zwilling zwillinge januar jänner
    februar märz april mai juni juli august september oktober november dezember mitte anfang
    raucher raucherin diabetiker diabetikerin information vorerkrankungen aktuell allein bereits
    beratung anleitung bekommt hat möchte klagt wach orientiert mobil stabil kooperativ
    gez frl hr dr prof pd oa oä
    nachsorge unterschrift protokoll arabisch türkisch russisch ukrainisch kollegin kollege leute mama
    papa liebe lieber schatz regel herren orthopädie gynäkologie pädiatrie hno-arzt pflegeheim
    innere allgemein hno chirurg chirurgin internist internistin radiologie labor intensiv
    """
)


def _is_german(match: re.Match[str]) -> bool:
    """Say whether no word of a name is a noun, which has a capital as well."""
    parts = re.split(r"[\s,-]+", match["value"])
    given = has_given(match["value"])
    if not given and _OF_PATIENTS.match(match[0]):
        return False
    return not any(
        (not given and is_noun(part))
        or part.lower().rstrip(".") in _NOBODY_GERMAN
        or fold(part) in _GOODS
        or part in _ABBREVIATED
        for part in parts
    )


_GOODS: Final = DRUGS | PRODUCTS
_OF_PATIENTS: Final = re.compile(
    r"Patient|P[Aa][Tt]\.|Ptn|Tochter|Sohn|Enkel|Ehe[mf]|[Bb]efundet|[Ee]rstellt|[Dd]urchgeführt"
)
"""Behind these much stands that is no name: "Pat. Schmerzfrei"."""
_ABBREVIATED: Final = words("ITS IMC ZNA OP EKG MRT CT DRK ASB NYHA ASA BMI RR COPD KHK DM HTN")


RULES: Final[Rules] = (
    Rule(
        # "Hausärztin Wiesenhütter", "Pat. Brömmel, Ute", "Tochter Ute Brömmel".
        "name.titled_german",
        PERSON,
        re.compile(
            rf"(?<![\w'-]){_POST_GERMAN}[ ]{{1,2}}(?:(?:Dr|Prof|PD|med)\.?[ ]){{0,3}}"
            rf"(?P<value>(?:(?:von|van|zu)[ ](?:der[ ]|den[ ])?)?{WORD},[ ]{WORD}(?=[ ]{{0,3}}(?:[,;.(*\n]|geb|\Z))|{FULL})"
        ),
        0.7,
        _is_german,
        cues=(
            *("arzt ", "ärztin ", "aerztin ", "therapeut", "psycholog", "logopädin ", "sozialarb"),
            *("sanitäter", "operateur", "anästhesist", "leitung ", "sekretärin ", "hebamme "),
            *("betreuer", "helferin ", "seelsorg", "anwalt ", "anwältin ", "dolmetsch", "ikantin "),
            *(
                "pjlerin ",
                "patient",
                "pat. ",
                "ptn. ",
                "fam. ",
                "familie ",
                "eheleute ",
                "ehepaar ",
            ),
            *("kolleg", "koll. ", "ehemann ", "ehefrau ", "tochter ", "sohn ", "enkel", "gefährt"),
            *("fä ", "aä ", "hä "),
        ),
    ),
    Rule(
        # "gez. Brömmel", "i.A. U. Brömmel", "c/o Brömmel", "z.Hd. Ute Brömmel", "Visum Brömmel".
        "name.signed_german",
        PERSON,
        re.compile(
            rf"(?<![\w.'-])(?:gez\.|ppa\.|c/o|z\.?[ ]?Hd\.|z\.?[ ]?H\.|zu[ ]Händen|(?m:^)i\.[ ]?V\.|i\.[ ]?A\.)[ ]?:?[ ]{{1,2}}(?:(?:Dr|Prof|med)\.[ ]?){{0,3}}(?P<value>{FULL})"
        ),
        0.75,
        _is_german,
        cues=(
            "gez.",
            "ppa.",
            "c/o ",
            "hd.",
            "h. ",
            "händen ",
            "i.v. ",
            "i. v. ",
            "i.a. ",
            "i. a. ",
        ),
    ),
    Rule(
        # "vidiert von Ute Brömmel", "erstellt durch: U. Brömmel".
        "name.by_german",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?i:{DONE_GERMAN})[ ](?:von|durch):?[ ](?P<value>{U}\.[ ]{WORD}|{WORD}[ ]{WORD})(?![\w-])"
        ),
        0.7,
        _is_german,
        cues=("von ", "durch "),
    ),
    Rule(
        # "Ute Brömmel, geb. Wiesenhütter", "verwitwete Brömmel": the name that somebody was born with.
        "name.born_german",
        PERSON,
        re.compile(
            rf"(?:(?<=[a-zäöüß],[ ])|(?<=[a-zäöüß][ ])|(?<=[ ]\())(?:geb\.|geborene[rn]?)[ ](?P<value>(?:von[ ])?{WORD})(?=[ ]{{0,3}}(?:[,;.)*\n(]|\Z|[ ][a-z]))"
        ),
        0.7,
        _is_german,
        cues=("geb. ", "geborene"),
    ),
    Rule(
        # "Hallo Ute,", "Guten Morgen Ute!", "Liebe Ute,".
        "name.greeted_german",
        PERSON,
        re.compile(
            rf"(?<!\w)(?i:hallo|hi|moin|servus|grüezi|liebe[rs]?|guten (?:morgen|tag|abend))[ ](?P<value>{WORD})(?=[ ]?[,!\n])"
        ),
        0.65,
        _is_german,
        cues=("hallo ", "hi ", "moin ", "servus ", "grüezi ", "liebe", "guten "),
    ),
)
