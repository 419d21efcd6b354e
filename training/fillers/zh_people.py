"""Chinese names: Han, of minorities, of abroad, of Taiwan."""

from __future__ import annotations

import random

from training.documents import Pieces
from training.fillers.base import Cast, Fillers
from training.fillers.people import Culture, Person, culture, invent
from training.lists import share, words


class ChinesePeople(Fillers):
    """Names of people."""

    def invent(self, scene: Cast) -> Person:
        """Return a new person: Han mostly, of a minority, of abroad, of Taiwan."""
        source = self.weighted(scene, self.cultures)
        if source == "han":
            return self._han(scene.rng)
        if source in ("minority", "foreign"):
            name = scene.rng.choice(share(words(f"zh/names_{source}"), self.split))
            return Person(name, "", "", scene.rng.choice("fm"))
        found = culture(self.split, source)
        person = invent(
            scene.rng,
            Culture(found.female, found.male, tuple(f for f in found.family if len(f) == 1)),
            found,
        )
        return Person(
            person.given.replace("-", ""),
            "",
            person.family[:1] if person.family.isascii() is False else "陳",
            person.sex,
        )

    def _han(self, rng: random.Random) -> Person:
        sex = rng.choice("fm")
        own = tuple(share(words("zh/given_f" if sex == "f" else "zh/given_m"), self.split))
        both = tuple(share(words("zh/given_both"), self.split))
        roll = rng.random()
        if roll < 0.04:
            family = rng.choice(words("zh/surnames_double"))
        elif roll < 0.16:
            family = rng.choice(share(words("zh/surnames_rare"), self.split))
        else:
            common = words("zh/surnames")  # Surnames repeat across splits as they do across China.
            family = common[min(int(rng.expovariate(1 / 28)), len(common) - 1)]
        pool = own * 2 + both
        given = rng.choice(pool)
        if rng.random() < 0.72:
            second = rng.choice(pool)
            given += second if rng.random() > 0.05 else given
        return Person(given, "", family, sex)

    def form_full(self, scene: Cast, person: Person) -> Pieces:
        """`王建国`, now and then with a space or a mask as forms print it."""
        roll = scene.rng.random()
        if person.family and len(person.given) == 1 and roll < 0.06:
            return self.person(f"{person.family}{scene.rng.choice(('　', ' '))}{person.given}")
        if person.family and roll > 0.985:
            return self.person(
                person.family + scene.rng.choice(("某", "某某", "*" * len(person.given), "XX"))
            )
        return self.person(person.family + person.given)

    def form_last(self, scene: Cast, person: Person) -> Pieces:
        """`王`; now and then the whole name, as before a title."""
        if scene.rng.random() < 0.25:
            return self.form_plain(scene, person)
        return self.form_surname(scene, person)

    def form_plain(self, scene: Cast, person: Person) -> Pieces:
        """`王建国`."""
        return self.person(person.family + person.given)

    def form_surname(self, scene: Cast, person: Person) -> Pieces:
        """`王`."""
        return self.person(person.family or person.given)

    def form_first(self, scene: Cast, person: Person) -> Pieces:
        """`建国`."""
        return self.person(person.given)

    form_givenonly = form_first

    def form_pinyin(self, scene: Cast, person: Person) -> Pieces:
        """`Wang Jianguo`, out of a list of names in Latin letters."""
        east = culture(self.split, "own:east")
        other = invent(scene.rng, east, east)
        given, family = other.given, other.family or "Wang"
        return self.person(
            scene.rng.choice(
                (
                    f"{family} {given}",
                    f"{given} {family}",
                    f"{family.upper()} {given}",
                    f"{family.upper()}, {given.upper()}",
                )
            )
        )

    def form_abbr(self, scene: Cast, person: Person) -> Pieces:
        """`ZJG`, `zjg`: the letters that a name's syllables begin with, as staff sign."""
        count = len(person.family + person.given) if person.family else 2
        letters = "".join(scene.rng.choice("BCDFGHJKLMPQSTWXYZ") for _ in range(min(count, 3)))
        return self.person(scene.rng.choice((letters, letters, letters.lower())))

    kept_forms = Fillers.kept_forms | {"tw", "pinyin", "foreign", "abbr"}

    def form_tw(self, scene: Cast, person: Person) -> Pieces:
        """`陳雅婷`, in traditional characters."""
        source = culture(self.split, "faker:zh_TW")
        family = scene.rng.choice([name for name in source.family if len(name) == 1])
        return self.person(
            family + scene.rng.choice(source.female if person.sex == "f" else source.male)
        )

    def form_foreign(self, scene: Cast, person: Person) -> Pieces:
        """`约翰·史密斯`."""
        return self.person(scene.rng.choice(share(words("zh/names_foreign"), self.split)))
