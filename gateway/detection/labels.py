"""What stands before a number and says what it is: "MRN", "Nº Col.", "Vers.-Nr.", "手机".

A vocabulary instead of patterns, so that five languages cost no more than one. Words are kept as
`fold` leaves them: small, without accents; dots, hyphens and spaces part them. A strong label needs
nothing beside it; a weak one is a word of prose too, and counts with "no.", "ID", "#" or a colon.
"""

# ruff: noqa: E501 - lists of words are read across

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from gateway.detection.label_words import CHINESE, STRONG, WEAK
from gateway.domain.entities import LICENSE_NUMBER, OTHER_ID, EntityType

_NUMBERS: Final = frozenset(
    ["number", "numbers", "num", "nums", "no", "nos", "nr", "nrn", "n", "o", "#", "№", "id", "ids", "identifier", "identification", "code", "codes", "ref", "reference", "key", "nummer", "kennung", "numero", "numeros", "nro", "numeral", "codigo", "identifiant", "号", "号码", "编号", "№"]
)
"""Words that say that a number comes."""
_GAPS: Final = frozenset(
    ["is", "was", "are", "being", "of", "the", "patient", "for", "this", "ending", "in", "listed", "recorded", "as", "her", "his", "my", "their", "your", "our", "provided", "given", "with", "under", "reads", "it", "s", "issued", "et", "est", "ist", "lautet", "es", "le", "la", "el", "del", "de", "du", "des", "der", "die", "das", "dem", "den", "fur", "para", "con", "mit", "avec", "a", "to", "at", "on", "and", "me", "us", "him", "them", "you", "please", "here", "new", "old", "current", "now", "nummer", "von", "zu", "am", "pour", "son", "sa", "su", "mi", "votre", "unter", "office", "home", "work", "cell", "mobile", "direct", "privat", "dienstlich", "dienst", "geschaftlich", "private", "personnel", "professionnel", "particular", "trabajo", "perso", "domicile", "fijo", "day", "night", "evening", "main", "alternate", "alt", "primary", "secondary", "ext", "emergency", "patienten", "versicherten", "d", "l"]
)
"""Words that may stand between a label and its number."""
_MOST_BETWEEN: Final = 6
_LONGEST: Final = 5
"""Words of the longest label."""
_REACH: Final = 72
"""Characters before a number where its label is sought."""
_TOKEN: Final = re.compile(r"[^\W\d_]+|[#№]")
_CLOSE: Final = re.compile(r"[\s:=*_\"'`|(#\[<>,;.\\/{}+-]{0,10}")
_MARK: Final = re.compile(r"[:=#|]")
_LEFT_OF: Final = re.compile(r"[\s.\-/_:'*\"|()#\[\],=]{0,6}")
_COMPOUND: Final = ("nummer", "nr", "kennung", "nummern")
_NO_COMPOUND: Final = frozenset(
    ["hausnummer", "zimmernummer", "seitennummer", "ordnungsnummer", "artikelnummer", "rufnummern", "katalognummer", "bettnummer", "raumnummer", "atomnummer", "ordnungsnr"]
)
_THINGS: Final = frozenset(
    ["page", "p", "figure", "fig", "table", "tab", "chapter", "section", "version", "phase", "grade", "type", "size", "level", "day", "week", "cycle", "dose", "protocol", "appendix", "item", "step", "room", "article", "volume", "vol", "issue", "score", "stage", "class", "model", "french", "gauge", "seite", "abb", "abbildung", "tabelle", "kapitel", "grad", "typ", "stufe", "zyklus", "zimmer", "punkt", "figura", "tabla", "pagina", "capitulo", "fase", "grado", "tipo", "ciclo", "dosis", "habitacion", "cama", "tableau", "chapitre", "stade", "cycle", "chambre", "lit", "bed", "catalog", "catalogue", "pmid", "pmcid", "doi", "isbn", "issn", "cas", "ec", "icd", "cpt", "loinc", "snomed", "ndc", "hcpcs", "atc", "ops", "drg", "rxnorm", "umls", "orpha", "omim", "mesh", "isrctn", "eudract", "nct", "ref", "pzn", "bus", "line", "channel", "lead", "station", "ward", "floor", "top", "question", "option", "route", "exit"]
)
"""What is numbered and is nobody: "page no. 12", "Table 4"."""
_CJK: Final = "\u2e7f"
_CJK_GAP: Final = "为是:号码系如下的"
_ACCENTS: Final[dict[int, str]] = {
    code: base.lower()
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if len(base := unicodedata.normalize("NFD", chr(code))[0]) == 1 and base.isascii()
} | {ord("ß"): "s"}


class Label(NamedTuple):
    """What the words before a number say that it is."""

    entity: EntityType
    end: int
    """Where the label's last word ends."""
    counted: bool
    """Whether a word or sign said that a number comes."""
    generic: bool = False
    """Whether nothing but that was said."""


def fold(text: str) -> str:
    """Return `text` in small letters without accents, of the same length."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lowered.translate(_ACCENTS)


def _vocabulary() -> dict[str, tuple[EntityType, bool]]:
    words: dict[str, tuple[EntityType, bool]] = {}
    for strong, source in ((False, WEAK), (True, STRONG)):
        for entity, phrases in source.items():
            for phrase in re.split(r"[;\n]", phrases):
                if phrase.strip():
                    words[fold(phrase.strip())] = (entity, strong)
    return words


_WORDS: Final = _vocabulary()
_IDEOGRAPHS: Final = {word: entity for entity, words in CHINESE.items() for word in words.split()}
_ENDS: Final = frozenset(phrase.rsplit(" ", 1)[-1] for phrase in _WORDS)


def before(folded: str, start: int, *, counted: bool = False) -> Label | None:
    """Return the label of the number that begins at `start` of the folded text, or None.

    `counted` says that it is a number whatever stands before: a weak label is enough.
    """
    low = start - _REACH if start > _REACH else 0
    tokens = list(_TOKEN.finditer(folded, low, start))
    if not tokens:
        return None
    last = tokens[-1]
    if _CLOSE.fullmatch(folded, last.end(), start) is None:
        return None
    counted = counted or _MARK.search(folded, last.end(), start) is not None
    words = [token[0] for token in tokens]
    number_word, between = False, 0
    for index in range(len(words) - 1, -1, -1):
        word = words[index]
        if word[-1] > _CJK:
            entity = _ideographs(word)
            return Label(entity, tokens[index].end(), True) if entity is not None else None
        if word in _ENDS and not (word == "dl" and folded[tokens[index].start() - 1] == "/"):
            found = _phrase(folded, tokens, words, index)
            if found is not None and (found[1] or counted):
                return Label(found[0], tokens[index].end(), counted)
        if word in _NUMBERS:
            counted = number_word = True
        elif word.endswith("nocol"):  # "MartínezNºCol:", as forms run together.
            return Label(LICENSE_NUMBER, tokens[index].end(), True)
        elif word.endswith(_COMPOUND) and word not in _NO_COMPOUND and len(word) > 4:  # noqa: PLR2004 - "nr" alone is a number word
            return Label(OTHER_ID, tokens[index].end(), True)
        elif word not in _GAPS:
            if number_word and word not in _THINGS:
                return Label(OTHER_ID, tokens[index].end(), True, True)
            return None
        between += 1
        if between > _MOST_BETWEEN:
            return None
        if (
            index
            and _LEFT_OF.fullmatch(folded, tokens[index - 1].end(), tokens[index].start()) is None
        ):
            break
    return Label(OTHER_ID, last.end(), True, True) if number_word else None


def _phrase(
    folded: str, tokens: list[re.Match[str]], words: list[str], index: int
) -> tuple[EntityType, bool] | None:
    """Return what the longest label that ends with word `index` means, and whether it is strong."""
    best = _WORDS.get(words[index])
    phrase = words[index]
    for first in range(index - 1, max(-1, index - _LONGEST), -1):
        if _LEFT_OF.fullmatch(folded, tokens[first].end(), tokens[first + 1].start()) is None:
            break
        phrase = f"{words[first]} {phrase}"
        best = _WORDS.get(phrase, best)
    return best


def _ideographs(word: str) -> EntityType | None:
    """Return what a label at the end of running Chinese means."""
    for end in range(len(word), max(0, len(word) - 3), -1):
        for length in range(8, 1, -1):
            entity = _IDEOGRAPHS.get(word[max(0, end - length) : end])
            if entity is not None:
                return entity
        if word[end - 1] not in _CJK_GAP:
            return None
    return None


_AFTER: Final = re.compile(r"[ ]?[(\[][ ]?([^()\n\d]{2,30})[)\]]")


def after(folded: str, end: int) -> EntityType | None:
    """Return what "(MRN)" right after a number says that it is, or None."""
    match = _AFTER.match(folded, end)
    if match is None:
        return None
    found = _WORDS.get(" ".join(_TOKEN.findall(match[1])))
    return found[0] if found is not None and found[1] else None
