"""Whether a name stands behind a title: "Matron Pemberton" has one, "SHO Bleep" and "M. Crohn" do not."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.german_nouns import has_given
from gateway.detection.name_words import POSTED
from gateway.detection.vocabulary import EPONYMS, TITLE_STOPS, is_word
from gateway.domain.person_names import fold, is_given

POST: Final = re.compile(
    r"(?:ologist|ologe|ologin|iatrist|iatrician|iater|iaterin|esthetist|aesthetist|surgeon|physician|therapist"
    r"|ólogo|óloga|ologue|iatre|iatra|chirurg|chirurgin|ologie|iatrie|chirurgie|medizin)\Z"
)
"""What somebody does: "Consultant Neurologist" names nobody."""
_WRITTEN_OUT: Final = re.compile(
    r"(?:[Pp]rofess(?:or(?:in)?|eure?)|[Pp]rofesora?|[Dd]oct(?:ora?|eure?)|[Dd]oktor(?:in)?|Schwester|[Nn]urse|[Ss]ister|[Ff]ather|Reverend|Captain|Sergeant|Judge|[Oo]fficer|Detective|Lady|Lord|Pastor|"
    r"Frau|Herrn?|Señora?|Madame|Monsieur|Attending|Midwife|Consultant|Registrar|Uncle|Aunt|Grandma|Grandpa|Coach)\."
)
"""A word that is not abbreviated, and ends its sentence: "Tell your doctor. Keep it dry."."""
_GAUGE: Final = re.compile(r"[0-9] ?\Z")


def trimmed_words(value: str) -> list[str]:
    """Return the words of a name, without the commas between them."""
    return [word for word in re.split(r"[\s,]+", value) if word]


_POSTED_START: Final = re.compile(rf"{POSTED}[. \t]")
OF_A_POST: Final = frozenset(
    [
        *("bleep", "bleeped", "oncall", "cover", "rota", "round", "rounds", "led", "handover"),
        *(
            "clerking",
            "aware",
            "input",
            "licensed",
            "apgar",
            "excel",
            "chart",
            "class",
            "gene",
            "trust",
            "office",
            "printer",
            "died",
        ),
        *("deceased", "scanner", "health", "health's", "file", "list", "index", "hospital", "dept"),
        *("department", "check", "screening", "verified", "jo", "bo", "lives", "alive", "well"),
    ]
)
NO_NAME_BEGINS: Final = TITLE_STOPS | OF_A_POST
NO_NAMES_END: Final = (
    "tion",
    "ment",
    "ity",
    "ence",
    "sis",
    "ology",
    "itis",
    "emia",
    "pathy",
    "ical",
)


def _is_of_post(value: str) -> bool:
    """Say whether a name follows a post: "Matron Pemberton" has one, "SHO Bleep" has not."""
    first = trimmed_words(value)[0]
    low = first.lower().rstrip(".")
    if is_word(first) or low in OF_A_POST or low.endswith(NO_NAMES_END):
        return False
    return not (first.isupper() and 1 < len(first) <= _SHORT_CAPITALS)


_SHORT_CAPITALS: Final = 4


def is_titled(match: re.Match[str]) -> bool:
    """Say whether what stands behind a title is a name."""
    words, value = trimmed_words(match["value"]), match["value"]
    first = words[0].lower().rstrip(".")
    # "Dr Le Goff", "Dr. La Torre": an article with a capital begins a family name.
    article = words[0] in _ARTICLES and len(words) > 1 and not is_word(words[1])
    if (first in TITLE_STOPS and not article) or POST.search(first):
        return False
    if value in _POST_NOMINALS or _NOT_TITLED.match(value):
        return False
    if _NOBODY_AFTER.match(match.string, match.start("value")):
        return False
    return _is_title(match, words) and not _WRITTEN_OUT.match(match[0])


def _is_title(match: re.Match[str], words: list[str]) -> bool:
    """Say whether a word that may be a title is one before these words."""
    title, value = match[0], match["value"]
    if _LETTER_TITLE.match(title):
        return _is_addressed(match, words)
    if _POSTED_START.match(title):
        return _is_of_post(value)
    if _SHORTENED.match(title):
        return has_given(value)  # "Prim. Tumor", "Mag. Schleimhaut"
    if title.startswith("PA"):
        return LATERAL.match(match.string, match.start() + 2) is None
    # "19 Fr Blake drain": the gauge of a catheter, and nobody's wife.
    return not (title[:2] == "Fr" and _GAUGE.search(match.string, 0, match.start()))


_SHORTENED: Final = re.compile(r"(?:Mag|Prim)\.[ ](?!(?:Dr|Prof|Univ|Doz))|Primaria\b")
_ARTICLES: Final = frozenset(["Le", "La", "LE", "LA"])
_LETTER_TITLE: Final = re.compile(r"(?:MM?|D)\.?[ ]|(?:don|DON|Lic)\.?[ ]")
"""Titles that are a letter or a word, too: "M. Crohn", "vitamin D. Then", "don PPE"."""
_FRENCH: Final = re.compile(
    r"(?i)(?<!\w)(?:est|pour|avec|chez|dans|une|vue?|par|ans|du|aux?|ce|cher|bonjour|rdv|l'|d')(?!\w)|\b[ld]'"
)
_BEFORE_M: Final = re.compile(
    r"(?:\A|\n|[.;,(][ ]|\b(?:par|de|chez|pour|avec|à|que|et|voir|vu|cher|bonjour)[ ])\Z"
)
_MORBUS: Final = re.compile(
    r"(?i)(?:ig[agmde]\b|intern|pneumoniae|avium|tuberculosis|bovis|genitalium|hominis|kansasii|leprae|abscessus|chelonae|marinum|ulcerans|luteus|intracell|basedow|scheuermann|waldenstr|perthes|sudeck|osgood|pompe|hurler|ledderhose|pick|gilbert|köhler|kohler|ormond|schlatter|meulengracht|boeck|werlhof|blount|ollier|haglund|forestier|beh[cç]et|darier|fox|kienb|panner|legg|recklingh|refsum|fahr|castleman|m[eé]n[eé]tri|niemann|"
    r"günther|vaquez|winiwarter|[a-zäöü-]+(?:alis|aris|oris|rius|eus|eps|ata|atus|icus)\Z)"
)
"""Diseases, muscles and germs that stand behind an "M."."""


def _is_addressed(match: re.Match[str], words: list[str]) -> bool:
    """Say whether "M.", "D." and "don" are titles: beside French words, or before a given name."""
    if match[0][0] in "DdL":
        return is_given(fold(words[0]))
    last = words[-1].lower()
    if last in EPONYMS or _MORBUS.match(words[0]) or any(map(is_word, words)):
        return False
    text, start = match.string, match.start()
    if match[0][1] != "." and not _BEFORE_M.search(text, max(0, start - 9), start):
        return False
    return _FRENCH.search(text, max(0, start - 80), match.end() + 80) is not None


_NOBODY_AFTER: Final = re.compile(
    r"[A-Z]&|(?:Anfang|Mitte|Ende)[ ](?:[1-9]0|(?:zwanz|drei(?:ß|ss)|vierz|fünfz|sechz|siebz|achtz|neunz)ig)\b"
)
"""How awake somebody is, "Pt A&Ox3", and how old, "Frau Mitte siebzig"."""
_NOT_TITLED: Final = re.compile(
    r"(?:I{1,3}|IV)(?:-[0-9]{1,2})?\Z|vom Dienst\b|[A-Z]{2,}[0-9]|[Dd]es (?:Univ|H[ôo]p)|d'(?:EPS|[A-Z]{3,}\Z)"
    r"|(?:Agrégée?|[ÉE]mérite|Associée?|Junior|Émerit[oa]|Titular|Asociad[oa])\Z"
)
"""Whom a pedigree numbers ("her sister III-2"), whoever is on duty, and a model."""
_POST_NOMINALS: Final = frozenset(
    [
        "CCM",
        "CEN",
        "CCRN",
        "CNOR",
        "OCN",
        "CWOCN",
        "CDCES",
        "CPHON",
        "ACM",
        "CLC",
        "IBCLC",
        "PHN",
        "CRRN",
    ]
)
"""What else stands behind a nurse: "Ann Lee, RN CCM"."""
LATERAL: Final = re.compile(r"[ ]?(?:Y|E|ET|AND|UND|U|\+|/)?[ ]?(?:LAT|L\b)", re.IGNORECASE)
"""The other side of a chest: "RX TÓRAX PA Y LAT" is seen by nobody's assistant."""
