"""Names beside what somebody is: "por Neus, enfermera", "Hermano, Driss, con", the foot of a mail.

Rule: a name stands between two signs; a word of the language, or of a clinic, is none.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.letters import FULL, WORD, U
from gateway.detection.names import has_given, is_noun
from gateway.detection.rules import Rule, Rules
from gateway.detection.vocabulary import EPONYMS, is_word, words
from gateway.detection.word_lists import DRUGS, PRODUCTS
from gateway.domain.entities import PERSON
from gateway.domain.person_names import fold

_ROLE: Final = (
    r"(?:enfermer[oa]|auxiliar|celadora?|fisio(?:terapeuta)?|matrona|logopeda|psic[óo]log[oa]"
    r"|residente|adjunt[oa]|trabajador[a]? social|nutricionista|farmac[ée]utic[oa]|supervisora?"
    r"|infirmi(?:er|ère)|aide-soignante?|kiné(?:sithérapeute)?|sage-femme|interne|externe"
    r"|orthophoniste|psychologue|assistante? sociale?|diététicienne?|pharmacien(?:ne)?|secrétaire)"
)
_KIN: Final = sorted(
    words(
        """
        hermana hermano hija hijo madre padre esposa esposo marido mujer pareja sobrina sobrino
        nieta nieto suegra suegro cuñada cuñado yerno nuera tía tío prima primo mère père épouse
        mari conjoint conjointe compagne compagnon fille fils frère sœur nièce neveu tante oncle
        voisin voisine
        """
    )
)
_ANY_KIN: Final = "|".join(f"[{word[0].upper()}{word[0]}]{word[1:]}" for word in _KIN)
_CLINICAL: Final = re.compile(
    r"(?:i[óo]n|itis|ite|osis|ose|omas?|ome|[ií]a|ie|emia|émie|patía|pathie|ad|té|d[oa]s?|ée?s?|iv[oa])\Z"
)
"""How a disease or a state ends, in Spanish and French: "Madre, Hipertensión, DM"."""
_DEPARTMENT: Final = re.compile(
    r"(?:Urgenc|Medic|Médec|Cirug|Chirurg|Farmac|Pharmac|Admis|Réanim|Reanim|Quir[óo]f|Bloc|Plant"
    r"|Rehab|Rééd|Labora|Intensiv|Domicil|Servici|Service|Famil"
    r"|[A-ZÀ-Ö]\w{2,16}(?:log[ií]a|logie|iatr[ií]a|iatrie)\b)"
)
_MAIL: Final = re.compile(
    r"(?m)^(?:de|para|asunto|from|to|subject|von|an|betreff|à|objet|cc)[ ]?:", re.IGNORECASE
)
_GREETING: Final = frozenset({
    "gracias", "merci", "thanks", "danke", "saludos", "cordialement", "ok", "fin", "ende", "end",
})  # fmt: skip


def _is_name(match: re.Match[str]) -> bool:
    word = match["value"].split()[0]
    return (
        not word.isupper()
        and not is_word(word)
        and word.lower() not in EPONYMS | _GREETING
        and _CLINICAL.search(word) is None
    )


_POST_GERMAN: Final = (
    r"(?:(?:[Ss]tations|[Aa]ssistenz|[Ff]ach|[Hh]aus|[Nn]ot|[Tt]urnus|[Dd]ienst|[Ss]ekundar)(?:arzt|ärztin|aerztin)|Ass\.[ -]?(?:Arzt|Ärztin)|(?:[Pp]hysio|[Ee]rgo|[Pp]sycho)?(?:[Tt]herapeut)(?:in)?|(?:Dipl\.-)?[Pp]sycholog(?:e|in)|[Ll]ogopädin|[Ss]ozialarbeiter(?:in)?"
    r"|[Nn]otfallsanitäter(?:in)?|[Oo]perateur(?:in)?|[Aa]nästhesist(?:in)?|[Ss]tationsleitung|[Ss]ekretärin|[Hh]ebamme|(?:[Bb]erufs)?[Bb]etreuer(?:in)?|[Aa]rzthelferin|[Ss]eelsorger(?:in)?|[Rr]echtsanw(?:alt|ältin)|[Dd]olmetscher(?:in)?|[Pp]raktikantin|PJlerin"
    r"|Patient(?:in)?|Pat\.|PAT\.|Ptn\.|Fam\.|Familie|Eheleute|Ehepaar|[Kk]olleg(?:e|in)|Koll\.|Ehe(?:mann|frau)|Tochter|Sohn|Enkel(?:in)?|Lebensgefährt(?:e|in)|FÄ|AÄ|HÄ)"
)
"""What somebody is, in German, before the name."""
_BY_GERMAN: Final = r"(?:befundet|diktiert|geschrieben|vidiert|freigegeben|validiert|unterschrieben|signiert|erstellt|erfasst|dokumentiert|bearbeitet|überwiesen|zugewiesen|operiert|untersucht|aufgeklärt|veranlasst|durchgeführt|begleitet)"
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
        or fold(part) in DRUGS | PRODUCTS
        or part in _ABBREVIATED
        for part in parts
    )


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
            rf"(?<![\w'])(?i:{_BY_GERMAN})[ ](?:von|durch):?[ ](?P<value>{U}\.[ ]{WORD}|{WORD}[ ]{WORD})(?![\w-])"
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
    Rule(
        "name.apposed_role",
        PERSON,
        re.compile(
            rf"(?<![^\W_])(?:por|con|a|y|par|avec|à|et)[ ]"
            rf"(?P<value>{WORD}(?:[ ]{WORD})?),[ ]{_ROLE}\b"
        ),
        0.7,
        lambda match: (
            not match["value"].isupper()
            and not is_word(match["value"].split()[0])
            and _DEPARTMENT.match(match["value"]) is None
        ),
        cues=(
            "enferm",
            "infirmi",
            "logop",
            "matrona",
            "fisio",
            "kiné",
            "psic",
            "psych",
            "social",
            "residente",
            "interne",
            "externe",
            "sage-femme",
            "auxiliar",
            "adjunt",
            "celador",
            "secrétaire",
            "aide-soi",
            "ortho",
            "nutri",
            "diét",
            "farmac",
            "pharma",
            "supervis",
        ),
    ),
    Rule(
        "name.apposed_kin",
        PERSON,
        re.compile(rf"(?<![^\W_])(?:{_ANY_KIN}),[ ](?P<value>{WORD}(?:[ ]{WORD})?)(?=,[ ])"),
        0.6,
        _is_name,
        cues=tuple(f"{word}, " for word in _KIN),
    ),
    Rule(
        # One word on the last line of a mail: who wrote it.
        "name.closing_mail",
        PERSON,
        re.compile(rf"[.!?)]\s{{0,3}}\n\s{{0,3}}(?P<value>{WORD})\s{{0,4}}\Z"),
        0.6,
        lambda match: (
            not is_word(match["value"])
            and match["value"].lower() not in _GREETING
            and _MAIL.search(match.string) is not None
        ),
        needs=_MAIL,
    ),
)
