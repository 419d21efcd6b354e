"""Months and weekdays as people write them, in five languages, and how to write another alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.language import Language

_EN, _DE, _FR, _ES = Language.ENGLISH, Language.GERMAN, Language.FRENCH, Language.SPANISH

# Forms of a year: the full names first, then what they are shortened to.
_MONTHS: Final[Mapping[Language, tuple[str, ...]]] = {
    _EN: (
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec",
    ),
    _DE: (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
        "Jan Feb Mrz Apr Mai Juni Juli Aug Sept Okt Nov Dez",
        "Jänner Feber März April Mai Juni Juli August September Oktober November Dezember",
        "Januar Februar Maerz April Mai Juni Juli August September Oktober November Dezember",
    ),
    _FR: (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv févr mars avr mai juin juil août sept oct nov déc",
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        "jan fev mar avr mai juin juil aou sep oct nov dec",
    ),
    _ES: (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "ene feb mar abr may jun jul ago sep oct nov dic",
        "enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre",
    ),
}
_DAYS: Final[Mapping[Language, tuple[str, ...]]] = {
    _EN: (
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "Mon Tue Wed Thu Fri Sat Sun",
        "Mon Tues Wed Thurs Fri Sat Sun",
    ),
    _DE: (
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Mo Di Mi Do Fr Sa So",
    ),
    _FR: (
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lun mar mer jeu ven sam dim",
    ),
    _ES: (
        "lunes martes miércoles jueves viernes sábado domingo",
        "lun mar mié jue vie sáb dom",
    ),
    Language.CHINESE: (
        "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
        "周一 周二 周三 周四 周五 周六 周日",
    ),
}


class Names:
    """The names of a cycle, of months or of weekdays, by language and form."""

    def __init__(self, forms: Mapping[Language, tuple[str, ...]]) -> None:
        self._forms = [
            (language, tuple(form.split())) for language, rows in forms.items() for form in rows
        ]
        self._found: dict[str, list[tuple[int, int]]] = {}
        for number, (_, names) in enumerate(self._forms):
            for place, name in enumerate(names):
                self._found.setdefault(name.casefold(), []).append((number, place))
        self.pattern = "|".join(sorted(self._found, key=len, reverse=True))

    def place(self, word: str) -> int:
        """Return which one `word` is, from 0; `KeyError` if it is none."""
        return self._found[word.casefold()][0][1]

    def like(self, word: str, place: int, language: Language | None) -> str:
        """Return the name at `place` (modulo the cycle) in the form and case of `word`.

        Of several languages it is `language`, or the first.
        """
        meant = self._found[word.casefold()]
        form = next((form for form, _ in meant if self._forms[form][0] == language), meant[0][0])
        names = self._forms[form][1]
        name = names[place % len(names)]
        if word.isupper():
            return name.upper()
        return name.lower() if word[0].islower() else name[0].upper() + name[1:]


MONTHS: Final = Names(_MONTHS)
WEEKDAYS: Final = Names(_DAYS)
