"""Invented people: names of many cultures, and the forms in which a document writes them."""

from __future__ import annotations

import importlib
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from training.lists import share, words


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who does not exist. `family` is empty for people with a single name."""

    given: str
    middle: str
    family: str
    sex: str  # "f" or "m"
    nick: str = ""
    role: str = ""  # As templates name it, without its number.


@dataclass(frozen=True, slots=True)
class Culture:
    """Where names come from, split already: given names of each sex, and family names."""

    female: Sequence[str]
    male: Sequence[str]
    family: Sequence[str]


@cache
def culture(split: str, source: str) -> Culture:
    """Return the split's names of `source`: `faker:<locale>`, or `own:<list>` under lists/names.

    A list of our own holds lines `f Name`, `m Name` and `l Name`.
    """
    origin, _, name = source.partition(":")
    if origin == "faker":
        provider = importlib.import_module(f"faker.providers.person.{name}").Provider
        anyone = _entries(provider, "first_names")
        return Culture(
            share(_entries(provider, "first_names_female") or anyone, split),
            share(_entries(provider, "first_names_male") or anyone, split),
            share(_entries(provider, "last_names"), split),
        )
    lines = words(f"names/{name}")
    female, male, family = (
        tuple(line[2:] for line in lines if line.startswith(f"{mark} ")) for mark in "fml"
    )
    return Culture(share(female, split), share(male, split), share(family, split))


def _entries(provider: type, name: str) -> tuple[str, ...]:
    found = getattr(provider, name, ())
    if isinstance(found, property) or not found:
        return ()
    return tuple(
        dict.fromkeys(entry for entry in found if entry and "." not in entry and entry != "Doe")
    )


_NICKNAMES: Final = {
    "Robert": "Bob", "William": "Bill", "Elizabeth": "Betty", "Margaret": "Peggy", "James": "Jim",
    "Michael": "Mike", "Katherine": "Kate", "Richard": "Dick", "Patricia": "Trish", "Edward": "Ted",
    "Thomas": "Tom", "Charles": "Chuck", "Susan": "Sue", "Joseph": "Joe", "Deborah": "Debbie",
    "Jennifer": "Jenny", "Christopher": "Chris", "Daniel": "Danny", "Barbara": "Barb",
}  # fmt: skip


def invent(rng: random.Random, source: Culture, other: Culture) -> Person:
    """Return a person of a culture; now and then with a family name of another, or two of them."""
    sex = rng.choice("fm")
    givens = source.female if sex == "f" else source.male
    given, family = rng.choice(givens), rng.choice(source.family or other.family)
    roll = rng.random()
    if roll < 0.04:
        family = f"{family}-{rng.choice(source.family or other.family)}"
    elif roll < 0.06:
        family = f"{rng.choice(_PARTICLES)}{family}"
    elif roll < 0.08:
        given = f"{given}-{rng.choice(givens)}"
    elif roll < 0.11:
        family = rng.choice(other.family)
    elif roll < 0.12:
        family = ""
    middle = rng.choice(givens) if rng.random() < 0.5 else ""
    nick = _NICKNAMES.get(given, rng.choice(("", rng.choice(givens))))
    return Person(given, middle, family, sex, nick)


_PARTICLES: Final = (
    "van der ", "van den ", "van ", "von ", "de ", "de la ", "del ", "di ", "da ", "dos ", "al-",
    "Al-", "El-", "El ", "ben ", "bin ", "St. ", "O'", "Mc", "Mac", "D'", "Le ", "La ", "ter ",
)  # fmt: skip


def initial(name: str) -> str:
    """Return a name's first letter with a period, of hyphenated names both: `J.-P.`."""
    return "-".join(f"{part[:1].upper()}." for part in name.split("-") if part)


def ascii_of(name: str) -> str:
    """Return a name as user names and mail addresses write it: letters a to z."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return "".join(char for char in plain if char.isascii() and char.isalnum())
