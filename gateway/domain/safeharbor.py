"""What the Safe Harbor rule lets stand of a value: 45 CFR 164.514(b)(2)(i)(B) and (C).

The year of a date, unless it tells an age over 89; an age up to 89, and `90+`; the first three
digits of a ZIP whose area has more than 20,000 people; a state or a country. Of all else nothing:
then there is no answer, and whoever asked replaces the value by its type.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from gateway.domain import dates
from gateway.domain.dates import Reading
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    DATE_OF_BIRTH,
    DATE_TIME,
    LOCATION,
    POSTCODE,
    EntityType,
)
from gateway.domain.language import Language

RESTRICTED: Final = frozenset(
    [
        "036",
        "059",
        "063",
        "102",
        "203",
        "556",
        "692",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    ]
)
"""The ZIP areas of 20,000 people or fewer in the census of 2000, as the guidance of the Department
of Health and Human Services on de-identification lists them (26 November 2012, on (b)(2)(i)(B))."""
OLDEST: Final = 89
_LONGEST: Final = 200
"""Characters of a value that is read."""
_OVER: Final = f"{OLDEST + 1}+"

_ZIP: Final = re.compile(r"(?<![\w-])(\d{3})\d{2}(?:[- ]?\d{4})?(?![\w-])")
_YEARS: Final = re.compile(
    r"(?<![\d.,])(\d{1,3})(?:[.,]\d{1,2})?(?P<after>[ \-]?(?:(?:years?|yrs?|jahre?|ans?|años?|año)(?P<more>[ ,]{1,2}(?:and |und |et |y )?\d{1,2}[ \-]?(?:months?|mos?|monate?|mois|meses?)(?![^\W\d_]))?)?)",
    re.IGNORECASE,
)
_SMALLER: Final = re.compile(
    r"(?<![\d.,])(\d{1,5})[ \-]?(days?|d|weeks?|wks?|w|months?|mos?|mo|tage?n?|wochen?|monate?n?|jours?|semaines?|mois|días?|semanas?|meses|mes|天|周|个月)(?![^\W\d_])",
    re.IGNORECASE,
)
_IN_A_YEAR: Final = {
    "d": 365,
    "t": 365,
    "j": 365,
    "天": 365,
    "w": 52,
    "s": 52,
    "周": 52,
    "m": 12,
    "个": 12,
}
_OLD_WORDS: Final = re.compile(
    r"(?:ninety|(?:one[- ]|a )?hundred)(?:[- ](?:and[- ])?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?",
    re.IGNORECASE,
)
_OLD_NOUNS: Final = re.compile(r"\b(?:centenarian|nonagenarian)", re.IGNORECASE)
_NO_AGE: Final = re.compile(r"\d{4}|\d[.,]\d{3}|\d[.,]\d+[.,]\d|\d\s+\d|\d\s?/\s?\d|\d-\d+-\d")
"""Numbers that are more than an age: a date, a year, thousands, digits with spaces between them."""
_PART_OF_A_YEAR: Final = re.compile(r"\d ?m(?![^\W\d_])", re.IGNORECASE)
_AGE_WORD: Final = re.compile(r"[^\W\d_]+|[^\W\d]")
_SAID_OF_AGES: Final = (
    "years year yrs yr y yo old olds o ld of age aged male female m f man woman boy girl lady "
    "gentleman patient wm wf bm bf aam aaf months month mos mo weeks week wks wk w days day d "
    "jahre jahren jahr jahrig jahrige jahriger jahriges jahrigen jahrigem j alt alte alter alten "
    "altes lebensjahr im monate monaten monat wochen woche tage tagen tag ans an agee agees ages "
    "mois jours jour semaines semaine anos ano a de edad vida meses mes dias dia semanas semana "
    "to and or und oder et ou y bis over under about approximately approx nearly almost early mid "
    "late in her his their the at s th st nd rd yom yof"
)
_AGE_WORDS: Final = frozenset(_SAID_OF_AGES.split())
_AGE_HAN: Final = frozenset("岁周多余半个月天男女大龄")
_STATES: Final = "Alabama AL|Alaska AK|Arizona AZ|Arkansas AR|California CA|Colorado CO|Connecticut CT|Delaware DE|Florida FL|Georgia GA|Hawaii HI|Idaho ID|Illinois IL|Indiana IN|Iowa IA|Kansas KS|Kentucky KY|Louisiana LA|Maine ME|Maryland MD|Massachusetts MA|Michigan MI|Minnesota MN|Mississippi MS|Missouri MO|Montana MT|Nebraska NE|Nevada NV|New Hampshire NH|New Jersey NJ|New Mexico NM|New York NY|North Carolina NC|North Dakota ND|Ohio OH|Oklahoma OK|Oregon OR|Pennsylvania PA|Rhode Island RI|South Carolina SC|South Dakota SD|Tennessee TN|Texas TX|Utah UT|Vermont VT|Virginia VA|Washington WA|West Virginia WV|Wisconsin WI|Wyoming WY|District of Columbia DC|Puerto Rico PR"
STATES: Final[Mapping[str, str]] = {
    name: code for name, _, code in (each.rpartition(" ") for each in _STATES.split("|"))
}
_STATE: Final = re.compile(
    rf"(?<![\w-])(?:(?:{'|'.join(sorted(STATES, key=len, reverse=True))})|(?:{'|'.join(STATES.values())}))(?![\w-])"
)
COUNTRIES: Final[Mapping[str, Mapping[Language, str]]] = {
    code: dict(zip(Language, names.split("|"), strict=True))
    for code, names in (
        ("us", "United States|USA|États-Unis|Estados Unidos|美国"),
        ("gb", "United Kingdom|Großbritannien|Royaume-Uni|Reino Unido|英国"),
        ("de", "Germany|Deutschland|Allemagne|Alemania|德国"),
        ("at", "Austria|Österreich|Autriche|Austria|奥地利"),
        ("ch", "Switzerland|Schweiz|Suisse|Suiza|瑞士"),
        ("fr", "France|Frankreich|France|Francia|法国"),
        ("es", "Spain|Spanien|Espagne|España|西班牙"),
        ("it", "Italy|Italien|Italie|Italia|意大利"),
        ("nl", "Netherlands|Niederlande|Pays-Bas|Países Bajos|荷兰"),
        ("pl", "Poland|Polen|Pologne|Polonia|波兰"),
        ("tr", "Turkey|Türkei|Turquie|Turquía|土耳其"),
        ("pt", "Portugal|Portugal|Portugal|Portugal|葡萄牙"),
        ("mx", "Mexico|Mexiko|Mexique|México|墨西哥"),
        ("ca", "Canada|Kanada|Canada|Canadá|加拿大"),
        ("cn", "China|China|Chine|China|中国"),
        ("jp", "Japan|Japan|Japon|Japón|日本"),
        ("in", "India|Indien|Inde|India|印度"),
        ("ru", "Russia|Russland|Russie|Rusia|俄罗斯"),
        ("ua", "Ukraine|Ukraine|Ukraine|Ucrania|乌克兰"),
        ("se", "Sweden|Schweden|Suède|Suecia|瑞典"),
    )
}
"""By ISO 3166-1 alpha-2. Enough to say where a city lies; a country that is not here is replaced."""
COUNTRY_NAMES: Final = frozenset(
    name.casefold() for names in COUNTRIES.values() for name in names.values()
)


def generalise(
    entity: EntityType,
    surface: str,
    reading: Reading,
    this_year: int | None,
    cities: Mapping[str, str],
) -> str | None:
    """Return what may stand of `surface`; `None` if nothing may, or nothing can be told.

    `this_year` is needed for dates: without it, no year is known not to tell an age over 89.
    `cities` are names in small letters and the country, or the state, that each is in.
    """
    if len(surface) > _LONGEST:
        return None
    match entity:
        case _ if entity in {AGE, AGE_OVER_89}:
            return _age(surface)
        case _ if entity in {DATE_TIME, DATE_OF_BIRTH}:
            return _years(entity, surface, reading, this_year)
        case _ if entity == POSTCODE:
            # A postcode of five digits is a ZIP only where the text is of the country of ZIPs.
            is_zip = reading.language is Language.ENGLISH and _ZIP.fullmatch(surface.strip())
            return _three(surface.strip()) if is_zip else None
        case _ if entity == LOCATION:
            return _place(surface, reading, cities)
        case _:
            return None


def _three(code: str) -> str:
    return "000" if code[:3] in RESTRICTED else code[:3]


def _age(surface: str) -> str | None:
    """Return the age with what is over 89 as `90+`, in its place.

    89 years and 11 months are 89; of 90 years and 2 months, the months go too. `None` where no
    number is read, and where anything is left over that is no part of an age.
    """
    if smaller := _SMALLER.fullmatch(surface.strip().removesuffix(" old").removesuffix("-old")):
        unit = _IN_A_YEAR[smaller[2][0].lower()]
        return None if int(smaller[1]) >= (OLDEST + 1) * unit else surface
    has_digits = any(map(str.isdigit, surface))
    if not has_digits and _OLD_WORDS.search(surface):
        return _if_age(_OLD_WORDS.sub(_OVER, surface))
    if not has_digits and _OLD_NOUNS.search(surface):
        return _if_age(_OLD_NOUNS.sub(f"{_OVER}-year-old", surface))
    if not has_digits or _NO_AGE.search(surface):
        return None

    def capped(match: re.Match[str]) -> str:
        if int(match[1]) <= OLDEST:
            return match[0]
        after = match["after"]
        return _OVER + (after.removesuffix(match["more"]) if match["more"] else after)

    new = _YEARS.sub(capped, surface)
    if new != surface and (_SMALLER.search(new) or _PART_OF_A_YEAR.search(new)):
        return None  # Months or days beside it would say more than 90+.
    return _if_age(new)


def _if_age(text: str) -> str | None:
    """Return `text` if each of its words is said of ages: a neighbour's name or place is not."""
    plain = "".join(
        char
        for char in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(char)
    )
    words = _AGE_WORD.findall(plain)
    return text if all(word in _AGE_WORDS or _AGE_HAN.issuperset(word) for word in words) else None


def _years(entity: EntityType, surface: str, reading: Reading, this_year: int | None) -> str | None:
    """Return the years of the dates in `surface`, once each.

    A year that tells an age over 89 tells no more than that. The bound is a year early, because
    nobody knows the day: whoever was born in it may not be 90 yet.
    """
    found = dates.years(surface, reading)
    if not found or this_year is None:
        return None
    bound = this_year - OLDEST
    if entity == DATE_OF_BIRTH and not re.search(
        r"(?<!\d)\d{4}(?!\d)|年|\d{8}|\d(?: \d){7}", surface
    ):
        return None  # The century of a short year is a guess, and a birth year must not be one.
    years = []
    for year in found:
        if year is None:
            return None  # A day without its year: nothing of it may stand.
        if year > this_year and str(year) not in surface:
            return None  # 31 is 1931 as well as 2031, and 1931 tells an age over 89.
        years.append(f"≤{bound}" if year <= bound else str(year))
    return "-".join(dict.fromkeys(years))


def _place(surface: str, reading: Reading, cities: Mapping[str, str]) -> str | None:
    folded = " ".join(surface.casefold().split())
    if folded in COUNTRY_NAMES:
        return surface
    state = _STATE.search(surface)
    code = _ZIP.search(surface)
    if state is not None:
        # In "Boston, MA 02118" the state and three digits may stand.
        return state[0] if code is None else f"{state[0]} {_three(code[0])}"
    within = cities.get(folded)
    if within is None:
        return None
    names = COUNTRIES.get(within)
    return within if names is None else names[reading.language or Language.ENGLISH]
