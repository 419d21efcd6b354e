"""Ages. From 90 on, an age identifies by itself (45 CFR 164.514(b)(2)(i)(C))."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.domain.entities import AGE, AGE_OVER_89, EntityType

_OLDEST_COMMON: Final = 89
_OLDEST_EVER: Final = 130
_FORM: Final = re.compile(
    r"(?P<n>[0-9]{1,3})(?:[.,][0-9]{1,2})?(?:"
    r"[ \-]?(?:years?|yrs?|yr)\.?[ \-]?(?:of[ ]age|olds?)\b|[ \-]?y\.?/?[ ]?o\.?(?:ld)?(?![a-z])|[ ]?y(?:rs?)?(?=[ ]?(?:male|female|[mf]\b|old|man|woman|boy|girl))"
    r"|[ ]?-?jahrige?[rnms]?\b|[ ]?-?jahr[.]|[ ]?-?j(?:g?\.|g)(?=[ ]{1,2}(?:pat\b|patient(?:in)?\b|mann\b|frau\b))|[ ]j\.(?=,[ ][wmd]\b)|[.][ ](?P<lived>lebensjahr|lj)\b|[ ]jahre[ ]alt(?:e[rnms]?)?\b|[ ]?j\.[ ]?(?=alt|\()|[ ]?(?:周|虚|多|余)?[岁歲](?:余|半)?|[ ]lenze\b"
    r"|[ ]?(?P<free>ans|anos|jahren?|a)\b)"
)
_PAIR: Final = re.compile(
    r"(?P<n>[0-9]{1,3})[ ](?:y|et|und|and|e)[ ](?P<m>[0-9]{1,3})[ ](?:anos|ans|jahren?|years?)\b"
)
_MONTHS: Final = re.compile(
    r"[0-9]{1,3}[ \-]?(?:days?|weeks?|wks?|months?|mos?)[ \-](?:olds?|of age)\b"
    r"|[0-9]{1,2}[ ]?(?:monate|wochen|tage)[ ]alt|[0-9]{1,2}[- ]?(?:monatige?[rnms]?|wochige?[rnms]?)\b|[0-9]{1,2}[ ]?(?:个月|月龄|天)(?=[大男女患]|婴)|(?:[0-9]{1,2}[ ]meses)(?= de edad| de vida)"
)
_IN_THE: Final = re.compile(r"\b(?:im|ihrem|seinem)[ ]\Z")
"""What stands before the year that somebody lives in: "im 93. Lebensjahr"."""
_GROUP_AFTER: Final = re.compile(
    r"[ ]?(?:years?|yrs?|anos|ans|jahren?|months?|meses|mois)?(?:[ ](?:of age|de edad|d'age|alt))?[ ,(]{0,2}(?:(?:and|or|y|o|et|ou|und|oder)[ ]/?(?:older|over|above|younger|under|more|mas|mayores|menores|plus|alter|junger|daruber|moins|up|below|less)|\+|及以上|以上|以下|to[ ]|-[0-9]|bis[ ]|through)"
)
_GROUP_BEFORE: Final = re.compile(
    r"(?:[<>≥≤=]|[0-9](?:[ ]?(?:to|-|a|bis|and|y|et|und|or)[ ]?)|\b(?:older than|younger than|over|under|above|below|at least|up to|between|from|until|beyond|ages|mayores de|menores de|mas de|a partir de|plus de|moins de|des|uber|unter|ab|mindestens|bis zu|hasta|(?<! a )los|entre|zwischen|minimum|maximum)[ ](?:the age of |les |los |l'age de )?(?:age )?)[ ]?\Z"
)
_AND_MONTHS: Final = re.compile(
    r"[ ](?:y|and|et|und)[ ][0-9]{1,2}[ ](?:mes(?:es)?|months?|mois|monate?n?|semanas|weeks|semaines|wochen)\b"
)
"""What a small child's age has besides: "5 años y 3 meses"."""
_SEXED: Final = re.compile(
    r"(?P<n>[0-9]{1,3})[ ]?(?:[Yy](?:(?:ea)?rs?)?\.?)[ ]?/[ ]?(?:M|F|m|f|Male|Female|male|female)(?![\w./\-])|(?P<m>[0-9]{2,3})(?:M|F(?![ ](?i:chest|foley|tube|cath(?:eter)?|sheath|drain|bougie|coud[eé]|silastic|pigtail|stent|trocar|rusch|3-way)\b)|/[MF](?=[ ,]|\Z)|[ ]?(?:WM|WF|BM|BF|AAM|AAF)|[ ][MF](?=[ ,]{1,2}(?:w/|with|who|present|p/w|c/o|h/o|hx|admitted|s/p|status|pt\b|patient|seen|here|from|is\b)))(?![\w./\-])"
)
_NO_AGE: Final = re.compile(
    r"(?:hace|durante|tras|ultimos?|ultimas?|proximos?|cada|unos|desde hace|depuis|pendant|il y a|durant|dans|apres|dernier(?:e?s)?|tou(?:s|tes) les|plus de|pres de|environ|seit|vor|nach|fur|von|uber|ueber|in|for|past|last|over|during|within|every|next|alle|mas de|casi|primeros|premieres|y|et|und|a|o|sur|sous)[ ]\Z"
)
_AGE_BEFORE: Final = re.compile(
    r"(?:mayor|menor|mujer|varon|hombre|paciente|nino|nina|chico|chica|joven|edad|hijos?|hijas?|hermanos?|hermanas?|madre|padre|tio|tia|primos?|primas?|abuel[oa]|anciano|anciana|bebe|senora?|adolescente|esposa|marido|sujeto|neonato|lactante"
    r"|femme|homme|patient|patiente|enfant|garcon|fille|agee?s?|age|mere|pere|frere|soeur|fils|conjoint|epouse|mari|monsieur|madame|jeune"
    r"|alter|mann|frau|patientin|kind|madchen|junge|vater|mutter|bruder|schwester|sohn|tochter|alter von|mit|vida|fallecid[oa]|muert[oa]|diagnosticad[oa]|operad[oa])s?"
    r"[ ,(:]{1,3}(?:de |d'|mit |con |von |a los |a |a l'age de |unos |aprox\.? ){0,2}\Z|(?:de edad|edad)[ :=]{1,3}\Z|[(]\Z|(?:age|alter|edad)[e]?[ ]?:[ ]{0,2}\Z"
)
_AGE_AFTER: Final = re.compile(r"[ ](?:de edad|d'age|de vida)\b")
_NO_AGE_AFTER: Final = re.compile(
    r"[ ,]{1,2}(?:de evolucion|de seguimiento|de duracion|despues|antes|mas tarde|de tratamiento|previos?|previamente|atras|de suivi|d'evolution|plus tard|auparavant|apres|avant|de traitement|nach|vor|spater|zuvor|postoperativ|de antiguedad|de supervivencia|libre|de survie|ago|later|de experiencia|de fumador|paquete|del?[ ]|fue[ ]|era[ ]|la paciente|el paciente|desde|tras)|/"
)
_LABELLED: Final = re.compile(
    r"(?P<n>[0-9]{1,3})(?![0-9/]|[.,][0-9]|[ ]?(?:mg|%|days?|hours?|hrs?|weeks?|months?|ml|cm|kg|x\b|[个月日天次度例级])|[年/-])(?:[ ]?(?:anos|ans|jahre|years|yrs|岁|meses|mois|monate|y/?o|[ajy])\b)?"
)
_WORDS: Final = re.compile(
    r"\b(?:(?:ninety|one[- ]hundred)(?:[- ](?:and[- ])?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?[- ]years?[- ]olds?"
    r"|aged? (?:ninety|one[- ]hundred)(?:[- ](?:and[- ])?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?"
    r"|(?:her|his|their) (?:mid|early|late)?[- ]?nineties|centenarian|nonagenarian|(?:einund|zweiund|dreiund|vierund|funfund|sechsund|siebenund|achtund|neunund)?neunzigjahrige?[rnms]?|hundertjahrige?[rnms]?"
    r"|quatre-vingt-(?:dix(?:-(?:sept|huit|neuf))?|onze|douze|treize|quatorze|quinze|seize) ans|noventa(?: y (?:uno?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve))? anos|nonagenari[oa]|centenari[oa]|nonagenaire|centenaire)\b"
)
_WORD_CUES: Final = (
    "ninet",
    "hundred",
    "centen",
    "nonagen",
    "neunzig",
    "hundertj",
    "vingt-",
    "noventa",
)
_CHINESE: Final = re.compile(
    r"(?P<old>九十[一二三四五六七八九]?|一百[零〇]?[一二三四五六七八九十]{0,2})岁|[二三四五六七八]?十[一二三四五六七八九]?岁|[一二三四五六七八九]岁"
)


def _type(number: str) -> EntityType | None:
    age = int(number)
    if age > _OLDEST_EVER:
        return None
    return AGE if age <= _OLDEST_COMMON else AGE_OVER_89


def _of_a_group(folded: str, start: int, end: int) -> bool:
    """Say whether an age bounds a group of people: "aged 65 years or older", "6 to 11 years"."""
    return (
        _GROUP_AFTER.match(folded, end) is not None
        or _GROUP_BEFORE.search(folded, max(0, start - 24), start) is not None
    )


def at(text: str, folded: str, start: int) -> tuple[int, EntityType, str, float] | None:
    """Return where the age that begins at `start` ends, its type, form and score, or None."""
    match = _FORM.match(folded, start)
    if match is not None:
        entity = _type(match["n"])
        person = match["free"] is None or _of_a_person(folded, match)
        if match["lived"] is not None:
            person = _IN_THE.search(folded, max(0, start - 10), start) is not None
        if entity is not None and person and not _of_a_group(folded, *match.span()):
            months = _AND_MONTHS.match(folded, match.end())
            return (months or match).end(), entity, "years_old", 0.9
    match = _PAIR.match(folded, start)
    if match is not None and _AGE_BEFORE.search(folded, max(0, start - 40), start):
        entity = _type(str(max(int(match["n"]), int(match["m"]))))
        if entity is not None:
            return match.end(), entity, "pair", 0.8
    match = _MONTHS.match(folded, start)
    if match is not None and not _of_a_group(folded, *match.span()):
        return match.end(), AGE, "months_old", 0.6
    match = _SEXED.match(text, start)
    if match is not None and (entity := _type(match["n"] or match["m"])) is not None:
        return match.end(), entity, "sexed", 0.7
    return None


def labelled(folded: str, start: int) -> tuple[int, EntityType] | None:
    """Return where the age at `start`, whose label was seen, ends, and its type; or None."""
    match = _LABELLED.match(folded, start)
    if match is None or (entity := _type(match["n"])) is None:
        return None
    return None if _of_a_group(folded, *match.span()) else (match.end(), entity)


def _of_a_person(folded: str, match: re.Match[str]) -> bool:
    """Say whether "30 años" is an age: "hace 30 años" and "30 años de evolución" are spans of time."""
    start, low = match.start(), max(0, match.start() - 40)
    if match["free"] == "a":
        return False
    if _AGE_AFTER.match(folded, match.end()) or _AGE_BEFORE.search(folded, low, start):
        return True
    if _NO_AGE_AFTER.match(folded, match.end()):
        return False
    return not match["free"].startswith("jahr") and _NO_AGE.search(folded, low, start) is None


def spelt(folded: str) -> Iterator[tuple[int, int, EntityType]]:
    """Yield the ages in words: over 89 in five languages, and every one in Chinese."""
    if any(cue in folded for cue in _WORD_CUES):
        for match in _WORDS.finditer(folded):
            yield (*match.span(), AGE_OVER_89)
    if "岁" in folded:
        for match in _CHINESE.finditer(folded):
            yield (*match.span(), AGE if match["old"] is None else AGE_OVER_89)
