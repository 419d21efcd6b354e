"""Names beside what somebody is: "por Neus, enfermera", "Hermano, Driss, con", the foot of a mail.

Rule: a name stands between two signs; a word of the language, or of a clinic, is none.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.letters import WORD
from gateway.detection.rules import Rule, Rules
from gateway.detection.vocabulary import EPONYMS, is_word, words
from gateway.domain.entities import PERSON

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
CLINICAL: Final = re.compile(
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
        and CLINICAL.search(word) is None
    )


RULES: Final[Rules] = (
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
