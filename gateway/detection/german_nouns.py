"""Nouns of German notes: all of them have capitals, and few are names."""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.letters import U
from gateway.detection.vocabulary import is_word
from gateway.domain.person_names import fold, is_given

_NOUN: Final = re.compile(
    r"(?:ung|ungen|heit|keit|schaft|tion|tionen|tät|itis|osis|ose|omie|pathie|ologie|iatrie|medizin|chirurgie|therapie|pflege|visite|gespräch|krebs|infarkt|schmerz|schmerzen|termin|kontrolle|anamnese|diagnostik|dienst|station|praxis|klinik|ambulanz|arzt|ärztin|team|bogen|schein|plan|liste|werte?|bericht|brief|befund|fahrt|narkose|anästhesie|karzinom|gramm|graphie|grafie|skopie|ektomie|sucht|pflegeheim|krankenhaus|amt|nummer|nahme|beginn|wechsel|gabe|mittel|versorgung|kasse|hypertonie|mellitus|demenz|adresse|telefon)\Z"
)
_NOUNS: Final = frozenset(
    [
        "morbus",
        "ort",
        "datum",
        "zustand",
        "stabil",
        "allgemeine",
        "allgemeinen",
        "angehörige",
        "angehörigen",
        "anlage",
        "anliegen",
        "antrag",
        "apoplex",
        "asthma",
        "attest",
        "auf",
        "auge",
        "augen",
        "bedarf",
        "bei",
        "bescheid",
        "bett",
        "bitte",
        "blutdruck",
        "danke",
        "das",
        "der",
        "die",
        "diabetes",
        "dringend",
        "eigene",
        "eltern",
        "er",
        "erstes",
        "es",
        "fax",
        "folgt",
        "fragen",
        "frau",
        "freund",
        "geburt",
        "gesund",
        "herr",
        "herrn",
        "hilfe",
        "innere",
        "inneren",
        "intensiv",
        "intensivmedizin",
        "intravenös",
        "ist",
        "ja",
        "jetzt",
        "kein",
        "keine",
        "kind",
        "kinder",
        "kollegen",
        "konsil",
        "labor",
        "lebt",
        "leitung",
        "links",
        "mann",
        "mit",
        "mutter",
        "nach",
        "nachricht",
        "nein",
        "nicht",
        "noch",
        "nächste",
        "oben",
        "ohne",
        "partner",
        "patient",
        "patienten",
        "patientin",
        "post",
        "rechts",
        "rezept",
        "ruf",
        "schlaganfall",
        "schwester",
        "sehr",
        "sie",
        "siehe",
        "sohn",
        "sozialer",
        "stunde",
        "stunden",
        "tag",
        "tage",
        "team",
        "tochter",
        "total",
        "unauffällig",
        "unbekannt",
        "und",
        "unten",
        "unser",
        "urlaub",
        "vater",
        "verstorben",
        "vollmacht",
        "vom",
        "von",
        "vor",
        "wir",
        "wird",
        "woche",
        "wochen",
        "wunde",
        "wünscht",
        "zeitpunkt",
        "zimmer",
        "zum",
        "zur",
    ]
)
_INITIALS: Final = re.compile(rf"{U}\. ?{U}[^\W\d_]")


def has_given(value: str) -> bool:
    """Say whether a known given name, or an initial, is among the words."""
    return _INITIALS.match(value) is not None or any(
        is_given(fold(word)) and not is_word(word) for word in re.split(r"[\s,-]+", value)
    )


def is_noun(word: str) -> bool:
    """Say whether a German word with a capital is an everyday one, as all nouns have capitals."""
    low = word.lower().rstrip(".,")
    return low in _NOUNS or is_word(low) or _NOUN.search(low) is not None
