"""The operator `surrogate`: something of the same kind that might be real, one for each value.

Rules: it never equals what it stands for; no word of it is in the exchange otherwise, so what the
caller wrote is never taken for it; equal values have equal surrogates, as long as the lists last.
What has no realistic surrogate has none at all, and is treated as the fallback says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Final

from gateway.domain import entities as e
from gateway.domain import surrogate_contacts as contacts
from gateway.domain.entities import EntityType
from gateway.domain.keyed import Keyed
from gateway.domain.language import Language
from gateway.domain.persons import Person
from gateway.domain.pseudonyms import canonical
from gateway.domain.stock import Stock, plain
from gateway.domain.surrogate_names import NameSurrogates, in_case_of, variations
from gateway.domain.surrogate_numbers import number_like
from gateway.domain.surrogate_places import PlaceSurrogates

_WORD: Final = re.compile(r"[^\W_]+")
_TRIES: Final = 8
_LONGEST: Final = 200
"""Characters: what is longer is no name and no number."""
_OLDEST: Final = 89


class Words:
    """The words of an exchange's texts: what no stand-in may be made of.

    Of earlier replies (`replies` are their places in `texts`) words are not the caller's own, nor
    are they where a later text repeats them: where nothing is restored, replies hold our stand-ins.
    """

    __slots__ = ("_replied", "_texts", "_words")

    def __init__(self, texts: Sequence[str], replies: Container[int] = ()) -> None:
        said = [text.casefold() for text in texts]
        self._texts = [text for place, text in enumerate(said) if place not in replies]
        self._replied = [text for place, text in enumerate(said) if place in replies]
        self._words: set[str] = set()
        before: set[str] = set()
        for place, text in enumerate(said):
            words = _WORD.findall(text)
            if place in replies:
                before.update(words)
            else:
                self._words.update(words if not before else set(words) - before)

    def __repr__(self) -> str:
        return f"<Words {len(self._words)}>"

    def hold(self, phrase: str) -> bool:
        """Say whether `phrase` stands in a text, whatever the case."""
        folded = phrase.casefold()
        parts = _WORD.findall(folded)
        if parts and all(ord(char) < 0x2E80 for char in folded):  # noqa: PLR2004 - scripts that part their words
            if not all(part in self._words for part in parts):
                return False
            if len(parts) == 1:
                return True
        return not self.replied(folded) and any(folded in text for text in self._texts)

    def replied(self, phrase: str) -> bool:
        """Say whether `phrase` stands in an earlier reply."""
        return any(phrase.casefold() in text for text in self._replied)


class Surrogates:
    """The surrogates of one exchange."""

    def __init__(self, keyed: Keyed, stock: Stock, language: Language | None, said: Words) -> None:
        self._keyed = keyed
        self._stock = stock
        self._language = language
        self._said = said
        self.names = NameSurrogates(keyed, stock, language, self._free)
        self._places = PlaceSurrogates(keyed, stock, language, self.names, self._free)

    def candidates(self, entity: EntityType, surface: str, person: Person | None) -> Iterator[str]:
        """Yield surrogates of `surface`, the best first; none where there can be none."""
        if len(surface) > _LONGEST or "\\" in surface:
            # An escape in a JSON string: a character changed behind it may be no escape any more.
            return
        for new in self._made(entity, surface, person):
            if new is not None and new.casefold() != surface.casefold():
                yield new

    def _made(
        self, entity: EntityType, surface: str, person: Person | None
    ) -> Iterator[str | None]:
        if entity == e.PERSON:
            new = self.names.surrogate(surface, person)
            yield new
            yield from () if new is None else variations(new)
        elif entity in _PLACES:
            yield self._place(entity, surface)
        else:
            value = canonical(entity, surface)
            for attempt in range(_TRIES):
                yield self._shaped(entity, surface, f"{attempt}\0{value}")

    def _place(self, entity: EntityType, surface: str) -> str | None:
        if not self._stock:
            return None
        if entity == e.LOCATION:
            return self._places.place(surface)
        if entity == e.STREET_ADDRESS:
            return self._places.street(surface)
        return self._places.institution(surface)

    def _shaped(self, entity: EntityType, surface: str, value: str) -> str | None:
        dice = self._keyed.dice(entity, value)
        new: str | None
        match entity:
            case _ if entity in {e.PHONE_NUMBER, e.FAX_NUMBER}:
                new = contacts.phone_like(surface, self._language, dice)
            case _ if entity == e.EMAIL_ADDRESS:
                new = contacts.mail_like(surface, self._namer(value), dice)
            case _ if entity == e.USERNAME:
                new = contacts.scrambled(surface, dice)
            case _ if entity == e.URL:
                new = contacts.url_like(surface, dice)
            case _ if entity == e.IP_ADDRESS:
                new = contacts.ip_like(surface, dice)
            case _ if entity == e.MAC_ADDRESS:
                new = contacts.mac_like(surface, dice)
            case _ if entity in {e.AGE, e.AGE_OVER_89}:
                new = _age(surface, dice)
            case _:
                new = number_like(entity, surface, dice)
        return None if new is None or self._said.hold(new) else new

    def _namer(self, value: str) -> Callable[[str], str]:
        """Return what makes a name of a run of letters: that of the person whose name it is."""

        def word(run: str) -> str:
            known = self.names.word(run)
            if known is None and len(run) > 4 and (rest := self.names.word(run[1:])):  # noqa: PLR2004
                known = "abcdefghjklmnprstw"[self._keyed.number("initial", run[0]) % 18] + rest
            if known is None and len(run) > 2:  # noqa: PLR2004
                known = self.names.any_word(f"mail|{run.casefold()}", run)
            if known is None:
                known = contacts.scrambled(run, self._keyed.dice("mail", f"{value}\0{run}"))
            return in_case_of(run, plain(known) or known)

        return word

    def _free(self, word: str) -> bool:
        return not self._said.hold(word)


_PLACES: Final = frozenset({e.LOCATION, e.STREET_ADDRESS, e.ORGANIZATION})


def _age(surface: str, dice: Callable[[int], int]) -> str | None:
    """Return an age one to three years from it, on the same side of 89."""

    def other(match: re.Match[str]) -> str:
        age = int(match[0])
        by = 1 + dice(3)
        older = age + by if dice(2) or age <= by else age - by
        if age <= _OLDEST < older or older <= _OLDEST < age:
            older = age - by if age <= _OLDEST else age + by
        return str(older)

    new = re.sub(r"\d{1,3}", other, surface, count=1)
    return None if new == surface else new
