"""Another place, street or institution of the same country and form.

What says only what kind of thing it is stays: "Street", "Klinikum", "Apt". Every other word and
number changes. A country becomes another country, a state another state, a city another city of
its country.
"""

# ruff: noqa: E501, RUF001 - patterns are read worse when cut; Turkish has a dotless i

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from gateway.domain.keyed import Dice, Keyed
from gateway.domain.language import Language
from gateway.domain.safeharbor import COUNTRIES, COUNTRY_NAMES, STATES
from gateway.domain.stock import Stock, first_free, script_of
from gateway.domain.surrogate_names import NameSurrogates, in_case_of


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD: Final = re.compile(
    r"['\u2019]s\b|[^\W\d_]+(?:['\u2019.](?!s\b)[^\W\d_]+)*\.?|\d+|[^\w'\u2019]+|['\u2019_]+"
)
_COUNTRY: Final = {
    Language.ENGLISH: "us",
    Language.GERMAN: "de",
    Language.FRENCH: "fr",
    Language.SPANISH: "es",
    Language.CHINESE: "cn",
}
_STREET_LISTS: Final = {
    "de": "de",
    "at": "de",
    "ch": "de",
    "fr": "fr",
    "es": "es",
    "mx": "es",
    "cn": "zh",
    "tr": "tr",
}
_KINDS_OF_STREET: Final = _words_of(
    "street st avenue ave av road rd boulevard blvd drive dr lane ln court ct place pl square sq "
    "terrace ter trail parkway pkwy highway hwy circle cir way row close crescent gardens grove "
    "mews alley loop pike turnpike broadway walk plaza ridge crossing run bend point view path "
    "glen north south east west n s e w ne nw se sw apartment apt suite ste unit flat floor fl "
    "building bldg room rm lot box po p.o the of and straße strasse str weg allee platz gasse "
    "ring damm ufer am an der auf dem den im in zum zur unter hinter vor bei haus stiege top tür "
    "bloque portal urbanización edificio casa núm número etage étage bâtiment rue avenue boulevard bd allée chemin impasse place quai cours route square passage bis ter "
    "de du des la le les l d' sur calle c avda avenida plaza paseo camino carretera ctra ronda "
    "glorieta travesía carrer piso planta puerta escalera bajo izq dcha del el los las y nº no "
    "via viale corso piazza ulica ul caddesi cad sokak sok mahallesi mah"
)
_KINDS_OF_HOUSE: Final = _words_of(
    "hospital hospitals clinic clinics medical center centre health healthcare system university "
    "college school institute institution department dept ward unit care general memorial "
    "community regional county city national royal infirmary trust nhs foundation surgery "
    "practice pharmacy laboratory laboratories lab associates group inc ltd llc llp corp co "
    "company gmbh ag kg se sa nv bv plc services service of the and at for in on 's s emergency "
    "intensive rehabilitation nursing home children's women's veterans affairs cancer heart eye "
    "insurance insurances bank police fire church st st. saint sankt san santa santo sainte "
    "saint- klinik kliniken klinikum krankenhaus universitätsklinikum universitätsklinik "
    "uniklinik uniklinikum spital landeskrankenhaus kreiskrankenhaus praxis zentrum abteilung "
    "station medizinische hochschule universität institut für und der die das des im am "
    "städtisches städt krankenkasse versicherung stiftung hôpital hôpitaux centre hospitalier "
    "universitaire clinique service chu chr polyclinique institut laboratoire cabinet médical de "
    "du des la le les et d' l' clínica clínico hospitalario universitario universitaria centro "
    "salud servicio instituto complejo ambulatorio consultorio facultad universidad del los las y "
    "e n.º ospedale policlinico azienda hastanesi üniversitesi tıp fakültesi devlet eğitim "
    "araştırma"
)
_COMPOUND: Final = re.compile(
    r"(?P<stem>[^\W\d_]{2,})(?P<end>(?:straße|strasse|str\.?|weg|allee|platz|gasse|ring|damm|ufer|hof|steig|straat|laan|plein|gade|vägen|gatan))\Z",
    re.IGNORECASE,
)
_HAN_KINDS: Final = re.compile(
    r"[省市区县镇乡村路街道巷弄号栋楼层室单元]|医院|人民|中心|大学|附属|第[一二三四五六七八九十]|医科|中医|儿童|妇幼|保健|诊所|公司|有限|集团|科"
)

_NUMBER: Final = re.compile(r"[0-9]+")
_TRIES: Final = 16
"""Throws of dice until a number is another one: sixteen equal ones in a row are not to be seen."""
_LONG: Final = 4
"""Letters of a word that is more than a joint ("of", "y", "zum")."""
_HAN_STREETS: Final = frozenset("路街道巷弄村乡镇")


class PlaceSurrogates:
    """The stand-ins of places in one exchange."""

    def __init__(
        self,
        keyed: Keyed,
        stock: Stock,
        language: Language | None,
        names: NameSurrogates,
        free: Callable[[str], bool],
    ) -> None:
        self._keyed = keyed
        self._stock = stock
        self._language = language
        self._names = names
        self._free = free
        self._words: dict[str, str] = {}
        self._used: set[str] = set()

    def place(self, surface: str) -> str | None:
        """Return another place in the form of `surface`."""
        folded = " ".join(surface.casefold().split())
        if folded in COUNTRY_NAMES:
            return self._country(surface, folded)
        for name, code in STATES.items():
            if surface in {name, code}:
                return self._from(
                    list(STATES if surface == name else STATES.values()), "state", surface
                )
        if folded in self._stock.country_of:
            return self._city(surface, self._stock.country_of[folded])
        if script_of(surface) == "han":
            return self._han(surface)
        return self._parts(surface)

    def _parts(self, surface: str) -> str | None:
        """Return "Denver, CO 80412" for "Boston, MA 02118": part by part."""
        pieces: list[str] = []
        state = ""
        for part in re.split(r"(,\s*|\s+\d[\d-]*|\s*\n\s*|\s+(?=[A-Z]{2}\b))", surface):
            words = part.strip()
            new = part
            if words in STATES or words in STATES.values():
                state = state or words
                new = part.replace(words, STATES.get(state, state) if len(words) == 2 else state)  # noqa: PLR2004
            elif words and words[0].isdigit() and any(map(str.isalpha, words)):
                street = self.street(part)
                if street is None:
                    return None
                new = street
            elif words and words[0].isdigit():
                new = _other_digits(part, self._keyed.dice("zip", words))
            elif any(map(str.isalpha, words)) and words.casefold() not in COUNTRY_NAMES:
                country = self._stock.country_of.get(words.casefold()) or self._country_of(words)
                city = self._city(words, country)
                if city is None:
                    return None
                state = state or self._stock.city_in.get(city.casefold(), "")
                new = part.replace(words, city)
            pieces.append(new)
        return "".join(pieces)

    def street(self, surface: str) -> str | None:
        """Return another address in the form of `surface`: other numbers, other names, the same kinds."""
        dice = self._keyed.dice("street", surface)
        if script_of(surface) == "han":
            return self._han(surface)
        country = self._country_of(surface)
        streets = self._streets(country)
        pieces = []
        for word in _WORD.findall(surface):
            new = self._street_word(word, streets, country, dice)
            if new is None:
                return None
            pieces.append(new)
        return "".join(pieces)

    def institution(self, surface: str) -> str | None:
        """Return another institution in the form of `surface`."""
        if script_of(surface) == "han":
            return self._han(surface)
        dice = self._keyed.dice("institution", surface)
        pieces = []
        for word in _WORD.findall(surface):
            bare = word.casefold().strip(".")
            if (
                not word[0].isalpha()
                or bare in _KINDS_OF_HOUSE
                or (word.islower() and len(word) < _LONG)
            ):
                pieces.append(_other_digits(word, dice))
            elif (country := self._stock.country_of.get(bare)) is not None:
                pieces.append(self._city(word, country) or _other_letters(word, dice))
            elif word.isupper() and len(word) <= 5:  # noqa: PLR2004 - letters of an abbreviation
                pieces.append(_other_letters(word, dice))
            else:
                new = self._names.any_word(bare, word)
                if new is None:
                    return None
                pieces.append(in_case_of(word, new))
        return "".join(pieces)

    def _street_word(
        self, word: str, streets: tuple[str, ...], country: str, dice: Dice
    ) -> str | None:
        bare = word.casefold().strip(".")
        if word.isdigit():
            return _other_digits(word, dice)
        if not word[0].isalpha() or bare in _KINDS_OF_STREET or len(bare) == 1:
            return word
        if word in STATES or word in STATES.values() or bare in COUNTRY_NAMES:
            return word
        if bare in self._stock.country_of:
            return self._city(word, self._stock.country_of[bare])
        if compound := _COMPOUND.match(word):
            stem = self._from(list(streets), "street", compound["stem"])
            return None if stem is None else stem + compound["end"]
        return self._from(list(streets), "street", word) or self._city(word, country)

    def _country(self, surface: str, folded: str) -> str | None:
        language = next(
            (
                lang
                for names in COUNTRIES.values()
                for lang, name in names.items()
                if name.casefold() == folded
            ),
            Language.ENGLISH,
        )
        if self._language and any(
            names[self._language].casefold() == folded for names in COUNTRIES.values()
        ):
            language = self._language
        return self._from([names[language] for names in COUNTRIES.values()], "country", surface)

    def _city(self, surface: str, country: str) -> str | None:
        return self._from(list(self._cities(country)), "city", surface)

    def _from(self, words: list[str], purpose: str, surface: str) -> str | None:
        """Return the stand-in of `surface` out of `words`; the same for every spelling of it."""
        folded = " ".join(surface.casefold().split()).strip(".")
        known = self._words.get(folded)
        if known is None:

            def free(word: str) -> bool:
                return word.casefold() not in {folded, *self._used} and self._free(word)

            known = first_free(words, self._keyed.number(purpose, folded), free)
            if known is None:
                return None
            self._words[folded] = known
            self._used.add(known.casefold())
        return in_case_of(surface.strip("."), known)

    def _han(self, surface: str) -> str | None:
        """Return a Chinese place: what names it changes, what says its kind stays."""
        dice = self._keyed.dice("han", surface)
        pieces = []
        rest = 0
        for kind in [*_HAN_KINDS.finditer(surface), None]:
            end = len(surface) if kind is None else kind.start()
            name = surface[rest:end]
            if name and any(map(str.isalpha, name)) and script_of(name) == "han":
                street = kind is not None and kind[0] in _HAN_STREETS
                new = self._from(
                    list(self._streets("cn") if street else self._cities("cn")), "han", name
                )
                if new is None:
                    return None
                pieces.append(new)
            else:
                pieces.append(_other_digits(name, dice))
            if kind is not None:
                pieces.append(kind[0])
                rest = kind.end()
        return "".join(pieces)

    def _cities(self, country: str) -> tuple[str, ...]:
        return self._stock.city_names.get(country, ())

    def _streets(self, country: str) -> tuple[str, ...]:
        return self._stock.streets.get(_STREET_LISTS.get(country, "en"), ())

    def _country_of(self, surface: str) -> str:
        for word in re.findall(r"[^\W\d_]+", surface):
            if (country := self._stock.country_of.get(word.casefold())) is not None:
                return country
        return _COUNTRY.get(self._language, "us") if self._language else "us"


def _other_digits(text: str, dice: Dice) -> str:
    """Return `text` with another number in its place, which does not begin with 0."""
    for _ in range(_TRIES):
        new = _NUMBER.sub(lambda number: _other_number(number[0], dice), text)
        if new != text:
            break
    return new


def _other_number(number: str, dice: Dice) -> str:
    return str(1 + dice(9)) + "".join(str(dice(10)) for _ in number[1:])


def _other_letters(word: str, dice: Dice) -> str:
    return "".join(chr(ord("A") + dice(26)) for _ in word)
