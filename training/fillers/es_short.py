"""Spanish written short or oddly: days of the week, acronyms of hospitals, pet and rare names."""

from __future__ import annotations

from training.documents import Piece, Pieces
from training.fillers.base import Cast
from training.fillers.europe import European
from training.fillers.people import Person
from training.lists import share, words


class ShortSpanish(European):
    """What the tagger missed where little stands around it."""

    def slot_weekday(self, scene: Cast) -> Pieces:
        """`jueves`, `vie`, `JUEVES`: a day that was meant, not an opening hour."""
        day = scene.rng.randrange(7)
        name = scene.rng.choice((*[self.weekdays[day]] * 4, self.weekdays_short[day]))
        return (
            Piece(
                scene.rng.choice((name, name, name, name.capitalize(), name.upper())), "DATE_TIME"
            ),
        )

    def slot_date_weekday(self, scene: Cast) -> Pieces:
        """`martes 14`, `vie 3/5`, `lunes, 4 de junio de 2022`."""
        pattern = scene.rng.choice(
            (
                "{weekday} {d}", "{weekday} {d}", "{weekday} {d} de {month}", "{wd} {d}/{m}", "{wd}. {dd}/{mm}",
                "{weekday}, {d} de {month} de {y}", "{weekday} día {d}", "{weekday} {dd}/{mm}", "{wd} {d} {mon}",
            )
        )  # fmt: skip
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_date_slash(self, scene: Cast) -> Pieces:
        """`14/2`, `03-11`: a day and a month that could be a fraction."""
        pattern = scene.rng.choice(("{d}/{m}", "{dd}/{mm}", "{d}-{m}", "{dd}-{mm}"))
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_city_upper(self, scene: Cast) -> Pieces:
        """`FRAGA`."""
        return (Piece(self.place(scene).upper(), "LOCATION"),)

    def slot_hospital_short(self, scene: Cast) -> Pieces:
        """`HUVM`, `H. Fraga`, `C.H. La Roda`: as colleagues name a hospital."""
        rng = scene.rng
        whole = self.slot_hospital(scene)[0].text.replace("-", " ").split()
        letters = "".join(word[0] for word in whole if word[:1].isupper())
        if len(letters) > 2 and rng.random() < 0.5:
            return (Piece(letters, "ORGANIZATION"),)
        head = rng.choice(
            ("H.", "H.", "Hosp.", "HU", "HC", "CH", "C.H.", "Cl.", "CAP", "CS", "C.S.")
        )
        return (Piece(f"{head} {self.place(scene)}", "ORGANIZATION"),)

    def slot_hospital_lower(self, scene: Cast) -> Pieces:
        """`hospital de la roda`."""
        return (Piece(self.slot_hospital(scene)[0].text.lower(), "ORGANIZATION"),)

    def _pick(self, scene: Cast, person: Person, name: str) -> str:
        """Return one of a list's names, the same one for a person throughout a document."""
        entries = share(words(f"es/{name}"), self.split)
        return str(scene.note(f"{name} {person.given} {person.family}", entries))

    def form_pet(self, scene: Cast, person: Person) -> Pieces:
        """`Merche`."""
        return self.person(self._pick(scene, person, "pet_names"))

    def form_pet_lower(self, scene: Cast, person: Person) -> Pieces:
        """`merche`."""
        return self.person(self._pick(scene, person, "pet_names").lower())

    def form_rare(self, scene: Cast, person: Person) -> Pieces:
        """`Eutiquio`."""
        return self.person(self._pick(scene, person, "rare_given"))

    def form_rare_full(self, scene: Cast, person: Person) -> Pieces:
        """`Eutiquio Carrillo`."""
        return self.person(f"{self._pick(scene, person, 'rare_given')} {person.family}".strip())

    def form_rare_upper(self, scene: Cast, person: Person) -> Pieces:
        """`CARRILLO, EUTIQUIO`, or the given name alone."""
        given = self._pick(scene, person, "rare_given")
        whole = f"{person.family}, {given}" if person.family and scene.rng.random() < 0.6 else given
        return self.person(whole.upper())

    def form_first_upper(self, scene: Cast, person: Person) -> Pieces:
        """`ESTER`."""
        return self.person(person.given.upper())

    def form_cut(self, scene: Cast, person: Person) -> Pieces:
        """`Benav`: the beginning of a family name, as a query or a narrow column has it."""
        name = max((person.family or person.given).replace("-", " ").split(), key=len)
        return self.person(name[: max(4, len(name) * 2 // 3)])
