"""The forms in which German, French and Spanish papers write a name."""

from __future__ import annotations

from training.documents import Pieces
from training.fillers.base import Cast, Fillers
from training.fillers.people import Person, ascii_of, initial


class EuropeanPeople(Fillers):
    """Names of people."""

    def form_full(self, scene: Cast, person: Person) -> Pieces:
        """`Anna Meier`, in one of the ways that a hospital writes a full name."""
        given, family = person.given, person.family
        if not family:
            return self.person(given)
        if person.middle and scene.rng.random() < 0.12:
            given = f"{given} {scene.rng.choice((person.middle, initial(person.middle)))}"
        roll = scene.rng.random()
        if roll < 0.66:
            return self.person(f"{given} {family}")
        if roll < 0.76:
            return self.form_initial_last(scene, person)
        if roll < 0.84:
            return self.person(f"{family} {given}")
        return self.form_half_upper(scene, person)

    def form_last_first(self, scene: Cast, person: Person) -> Pieces:
        """`Meier, Anna`, `MEIER Anna` or `Meier Anna`."""
        if not person.family:
            return self.person(person.given)
        family = person.family if scene.rng.random() < 0.7 else person.family.upper()
        return self.person(f"{family}{scene.rng.choice((', ', ', ', ' '))}{person.given}")

    def form_upper(self, scene: Cast, person: Person) -> Pieces:
        """`ANNA MEIER` or `MEIER ANNA`."""
        parts = [person.given, person.family]
        if scene.rng.random() < 0.5:
            parts.reverse()
        return self.person(" ".join(part for part in parts if part).upper())

    def form_half_upper(self, scene: Cast, person: Person) -> Pieces:
        """`MEIER Anna`, `Anna MEIER`, `MEIER, ANNA`."""
        family = person.family.upper()
        if not family:
            return self.person(person.given.upper())
        return self.person(
            scene.rng.choice(
                (
                    f"{family} {person.given}",
                    f"{person.given} {family}",
                    f"{family}, {person.given.upper()}",
                )
            )
        )

    def form_last_upper(self, scene: Cast, person: Person) -> Pieces:
        """`MEIER`."""
        return self.person((person.family or person.given).upper())

    def form_last_lower(self, scene: Cast, person: Person) -> Pieces:
        """`meier`."""
        return self.person((person.family or person.given).lower())

    def form_lower(self, scene: Cast, person: Person) -> Pieces:
        """`anna meier`."""
        return self.person(f"{person.given} {person.family}".strip().lower())

    def form_initial_last(self, scene: Cast, person: Person) -> Pieces:
        """`A. Meier`, `A Meier`, `J-P. MEIER`."""
        first = initial(person.given)
        if "-" in person.given and scene.rng.random() < 0.5:
            first = first.replace(".-", "-")
        family = person.family if scene.rng.random() < 0.8 else person.family.upper()
        return self.person(f"{first} {family}".strip())

    def form_last_initial(self, scene: Cast, person: Person) -> Pieces:
        """`M.`, as in "Frau M."."""
        last = (person.family or person.given)[:1].upper()
        return self.person(
            scene.rng.choice(
                (
                    f"{last}.",
                    f"{last}.",
                    f"{last}.",
                    f"{person.given} {last}.",
                    f"{person.given[:1]}.{last}.",
                )
            )
        )

    def form_sign(self, scene: Cast, person: Person) -> Pieces:
        """`Mei`, `am` or `AM`: what a nurse signs a chart with."""
        first, last = ascii_of(person.given)[:1], ascii_of(person.family or person.given)
        return self.person(
            scene.rng.choice(
                (
                    f"{first}{last[:1]}".upper(),
                    f"{first}{last[:1]}",
                    last[:3].title(),
                    f"{first}.{last[:1]}.".upper(),
                )
            )
        )

    def form_maiden(self, scene: Cast, person: Person) -> Pieces:
        """Return a family name that the person had before."""
        return self.person(self.invent(scene).family or "Abel")

    def form_genitive(self, scene: Cast, person: Person) -> Pieces:
        """`Marijas`, the ending being of the name."""
        name = scene.rng.choice((person.given, person.family or person.given))
        return self.person(name + ("'" if name.endswith(("s", "z", "x", "ß")) else "s"))

    def form_first_lower(self, scene: Cast, person: Person) -> Pieces:
        """`anna`."""
        return self.person(person.given.lower())
