"""Names beside relations, signatures and labels of French and Spanish notes.

Most of these words stand before much else, so a given name has to be there too.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.letters import FULL, WORD
from gateway.detection.relations import CLINICAL
from gateway.detection.rules import Rule, Rules
from gateway.detection.vocabulary import EPONYMS, is_word
from gateway.domain.entities import PERSON
from gateway.domain.person_names import fold, is_given

_HOUSE: Final = re.compile(
    r"(?i)(?:h[ôo]pital|hospital|clini|clíni|san|santa|santo|saint|sainte|st|ste|centr|institut|fund|virgen|rue|calle|servic|unidad|unité|ley|loi)",
)
"""What is called after somebody: a hospital, a saint's, a street, a law."""


def _is_full_name(match: re.Match[str]) -> bool:
    """Say whether a given name is among two words or more, and none is of the language."""
    return len(match["value"].split()) > 1 and _is_given_alone(match)


def _is_given_alone(match: re.Match[str]) -> bool:
    words = [word.strip(".,") for word in match["value"].split()]
    if _HOUSE.match(words[0]) or words[-1].lower() in EPONYMS:
        return False
    return any(is_given(fold(word)) for word in words) and not any(map(is_word, words))


def _is_filed(match: re.Match[str]) -> bool:
    """Say whether a line of a form holds somebody: not "Hôpital : Robert Debré"."""
    return _HOUSE.search(match["label"]) is None and _is_full_name(match)


_BORN: Final = frozenset({
    "le", "la", "en", "à", "a", "el", "par", "fille", "enfant", "patiente", "jumelle", "petite", "bébé", "patient",
})  # fmt: skip


def _is_family(match: re.Match[str]) -> bool:
    value = match["value"].lower()
    return (
        value.split()[0] not in _BORN
        and match["before"].lower() not in _BORN
        and not is_word(match["value"])
        and CLINICAL.search(value) is None
    )


RULES: Final[Rules] = (
    Rule(
        # "Validé par Sophie Carlier", "visto por Carmen Gil", "à l'attention de Sophie Carlier".
        "name.said_by",
        PERSON,
        re.compile(
            rf"(?<![^\W_])(?i:par|por|[àa] l['\u2019]attention de|a la atención de|accompagnée? de)[ ](?P<value>{FULL})"
        ),
        0.6,
        _is_full_name,
        cues=("par ", "por ", "attention de ", "atención de ", "accompagné"),
    ),
    Rule(
        # "Bonjour Sophie,", "Estimada Carmen:", "su hija Carmen", "l'infirmière Sophie Carlier".
        "name.said_beside",
        PERSON,
        re.compile(
            rf"(?<![^\W_])(?:(?:[Bb]onjour|[Bb]onsoir|[Ss]alut|[Cc]oucou|[Mm]erci|[Cc]h(?:er|ère|ers|ères)|[Hh]ola|[Gg]racias|[Ee]stimad[oa]|[Qq]uerid[oa]|[Bb]uen[oa]s (?:días|tardes|noches)),?"
            r"|(?:sa|son|ma|mon|su|mi|la|el|l['\u2019])[ ]?(?:fille|fils|femme|mari|mère|père|frère|s(?:œ|oe)ur|épouse|compagne|compagnon|hij[oa]|marido|mujer|espos[oa]|madre|padre|herman[oa]|niet[oa]|pareja)"
            r"|(?i:infirmi(?:er|ère|ere)|aide-soignante?|sage-femme|kinés?|kinésithérapeute|psychologue|enfermer[oa]|auxiliar|matrona|fisioterapeuta|psicólog[oa]|trabajadora social))"
            rf"[ ](?P<value>{FULL})"
        ),
        0.6,
        _is_given_alone,
        cues=(
            *("bonjour", "bonsoir", "salut", "coucou", "merci", "cher ", "chère", "chers ", "hola"),
            *("gracias", "estimad", "querid", "buenos ", "buenas ", "fille ", "fils ", "femme "),
            *(
                "mari ",
                "mère ",
                "père ",
                "frère ",
                "sœur ",
                "soeur ",
                "épouse ",
                "compagn",
                "hija ",
            ),
            *(
                "hijo ",
                "marido ",
                "mujer ",
                "espos",
                "madre ",
                "padre ",
                "herman",
                "nieta ",
                "nieto ",
            ),
            *("pareja ", "infirmi", "soignant", "kiné", "psychologue ", "psicólog", "enfermer"),
            *("auxiliar ", "matrona ", "fisiotera", "a social "),
        ),
    ),
    Rule(
        # "IDE Sophie Carlier", "R3 Carmen Gil".
        "name.said_post",
        PERSON,
        re.compile(rf"(?<![^\W_])(?:DUE|IDE|MIR|R[1-5])[ ](?P<value>{FULL})"),
        0.6,
        _is_given_alone,
        needs=re.compile(r"(?:DUE|IDE|MIR|R[1-5])[ ][^\W\d_a-z]"),
    ),
    Rule(
        # Who signs, also for somebody else: "Fdo. Carmen Gil", "P.O. Sophie Carlier".
        "name.said_signed",
        PERSON,
        re.compile(
            rf"(?<![^\W_])(?:[Pp]\.[ ]?[OoPpAa]\.|[Pp]/[oO]\.?|Fdo\.?|FDO\.?|Firmado|Signé)[ :]{{1,3}}(?P<value>{FULL})"
        ),
        0.6,
        _is_full_name,
        cues=("p.", "p/o", "fdo", "firmado", "signé"),
    ),
    Rule(
        # A line of a form, whatever its label says: "Responsable: Carmen Gil".
        "name.labelled_line",
        PERSON,
        re.compile(
            rf"(?m)^[ \t]{{0,4}}(?P<label>[^\W\d_][^:\n]{{0,30}}?)[ ]?(?::[ \t]{{1,3}}|\t)(?P<value>{FULL})(?=[ \t]{{0,4}}(?:$|[,;(|]))"
        ),
        0.6,
        _is_filed,
        needs=re.compile(r":[ \t]|\t"),
    ),
    Rule(
        # "NOM CARLIER Prénom SOPHIE": the next label ends the name.
        "name.labelled_between",
        PERSON,
        re.compile(
            rf"(?<![^\W_])(?:NOM|Nom)[ ]{{1,3}}(?P<value>{WORD}(?:[ ]{WORD}){{0,2}}?)(?=[ ]{{1,4}}(?i:pr[ée]nom)\b)"
        ),
        0.7,
        lambda match: not is_word(match["value"].split()[0]),
        cues=("prénom", "prenom"),
    ),
    Rule(
        # "Mme DUPUIS née CARLIER", "DUPUIS ép. CARLIER".
        "name.labelled_born",
        PERSON,
        re.compile(
            rf"(?<![^\W_])(?P<before>{WORD}),?[ ](?:[Nn]ée|NÉE|NEE|épouse|EPOUSE|ÉPOUSE|[ée]pse|[ée]p\.|EP\.|[Vv]euve|VEUVE|[Vv]ve)[ ](?P<value>{WORD})(?![^\W_])"
        ),
        0.7,
        _is_family,
        cues=("née ", "nee ", "épouse ", "epouse ", "pse ", "ép. ", "ep. ", "veuve ", "vve "),
    ),
)
