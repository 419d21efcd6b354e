"""Towns, villages, streets and houses, by the patterns of each language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers.base import Cast, Fillers
from training.fillers.places import abroad, town
from training.lists import share, words

_CAPITALS: Final = "ABCDEF"


class EuropeanPlaces(Fillers):
    """Places and houses."""

    # Countries of home, several times for those that are more common.
    countries: ClassVar[Sequence[str]]
    # Patterns of postcodes by country.
    postcodes: ClassVar[dict[str, Sequence[str]]]

    def home(self, scene: Cast) -> str:
        """Return the country of this document."""
        return str(scene.note("country", self.countries))

    def place(self, scene: Cast) -> str:
        """Return a town of the document's country."""
        name = town(scene.rng, self.split, (self.home(scene),)).name
        return name.split(" (")[0]

    def slot_city(self, scene: Cast) -> Pieces:
        """Return a town."""
        text = self.place(scene)
        return (
            Piece(
                text.upper() if self.lang == "fr" and scene.rng.random() < 0.15 else text,
                "LOCATION",
            ),
        )

    def slot_city2(self, scene: Cast) -> Pieces:
        """Return another town."""
        return self.slot_city(scene)

    def slot_city_lower(self, scene: Cast) -> Pieces:
        """Return a town without capitals."""
        return (Piece(self.place(scene).lower(), "LOCATION"),)

    def slot_village(self, scene: Cast) -> Pieces:
        """Return an invented village, or a town."""
        return (Piece(self.village(scene), "LOCATION"),)

    def village(self, scene: Cast) -> str:
        """Return a village made of halves, or a town."""
        parts = words(f"{self.lang}/village_parts")
        heads = [part.rstrip("+") for part in parts if not part.startswith("+")]
        tails = [part[1:] for part in parts if part.startswith("+")]
        roll = scene.rng.random()
        if roll < 0.3:
            return self.place(scene)
        middle = self.root(scene)
        if roll < 0.5:
            return self.joined(scene.rng.choice(heads), self.place(scene))
        if roll < 0.8:
            return self.joined(middle, scene.rng.choice(tails))
        return self.joined(scene.rng.choice(heads), middle)

    @staticmethod
    def joined(head: str, tail: str) -> str:
        """Return two halves of a village's name as one."""
        if head.endswith((" ", "-")):
            return head + tail
        if tail.startswith(("sur-", "les-", "en-", "le-", "aux-", "sous-", "la-")):
            return f"{head}-{tail}"
        return (head + tail.lower()) if not tail.startswith(" ") else head + tail

    def root(self, scene: Cast) -> str:
        """Return what a street is named after."""
        name = "street_roots" if self.lang == "de" else "roots"
        return scene.rng.choice(share(words(f"{self.lang}/{name}"), self.split))

    def slot_region(self, scene: Cast) -> Pieces:
        """Return a district or province."""
        return (
            Piece(scene.rng.choice(share(words(f"{self.lang}/regions"), self.split)), "LOCATION"),
        )

    def slot_country(self, scene: Cast) -> Pieces:
        """Return a country, its article unlabelled."""
        text = scene.rng.choice(words(f"{self.lang}/countries"))
        head, _, name = text.rpartition(" ")
        return (Piece(f"{head} "), Piece(name, "LOCATION")) if head else (Piece(name, "LOCATION"),)

    homeland: ClassVar[str]

    def slot_homeland(self, scene: Cast) -> Pieces:
        """Return the country that most documents of the language are from."""
        return (Piece(self.homeland, "LOCATION"),)

    def slot_abroad(self, scene: Cast) -> Pieces:
        """Return a town of any country."""
        return (Piece(abroad(scene.rng, self.split).name.split(" (")[0], "LOCATION"),)

    def slot_postcode(self, scene: Cast) -> Pieces:
        """Return a postcode of the document's country."""
        return (
            Piece(
                self.shaped(scene, scene.rng.choice(self.postcodes[self.home(scene)])), "POSTCODE"
            ),
        )

    def slot_street(self, scene: Cast) -> Pieces:
        """Return a street with its number."""
        return (Piece(self.patterned(scene, "street_patterns"), "STREET_ADDRESS"),)

    def slot_street_lower(self, scene: Cast) -> Pieces:
        """Return a street without capitals."""
        return (Piece(self.patterned(scene, "street_patterns").lower(), "STREET_ADDRESS"),)

    def patterned(self, scene: Cast, name: str) -> str:
        """Return a pattern of the split's own with its fields filled."""
        rng = scene.rng
        pattern = rng.choice(share(words(f"{self.lang}/{name}"), self.split))
        who = self.invent(scene)
        family = who.family or who.given
        fields: dict[str, object] = {
            "name": family, "family": family, "given": who.given, "NAME": family.upper(),
            "GIVEN": who.given.upper(), "city": self.place(scene), "root": self.root(scene),
            "village": self.village(scene), "n": rng.choice((rng.randint(1, 40), rng.randint(1, 250))),
            "f": rng.randint(1, 9), "l": rng.choice("abcd"), "L": rng.choice(_CAPITALS),
            "day": rng.randint(1, 28), "month": rng.choice(self.months),
        }  # fmt: skip
        for field, file in (
            ("saint", "saints"), ("saintf", "saintsf"), ("rootf", "rootsf"), ("plural", "plurals"),
            ("virgin", "virgins"),
        ):  # fmt: skip
            if "{" + field + "}" in pattern:
                fields[field] = rng.choice(share(words(f"{self.lang}/{file}"), self.split))
        if "{ROOTF}" in pattern:
            fields["ROOTF"] = rng.choice(share(words(f"{self.lang}/rootsf"), self.split)).upper()
        return self.smoothed(pattern.format_map(fields))

    def smoothed(self, text: str) -> str:
        """Return a filled pattern with its joints made right ("de Évreux" is "d'Évreux")."""
        return text

    def slot_hospital(self, scene: Cast) -> Pieces:
        """Return a hospital."""
        text = self.patterned(scene, "hospital_patterns")
        return (Piece(text.upper() if scene.rng.random() < 0.06 else text, "ORGANIZATION"),)

    def slot_hospital2(self, scene: Cast) -> Pieces:
        """Return another hospital."""
        return self.slot_hospital(scene)

    def slot_facility(self, scene: Cast) -> Pieces:
        """Return a home, a practice or a centre."""
        return (Piece(self.patterned(scene, "facility_patterns"), "ORGANIZATION"),)

    def slot_facilityname(self, scene: Cast) -> Pieces:
        """Return the bare name of a home, where the word before it says what it is."""
        return (Piece(self.patterned(scene, "facility_names"), "ORGANIZATION"),)

    def slot_org(self, scene: Cast) -> Pieces:
        """Return an employer, a service or a school."""
        return (Piece(self.patterned(scene, "org_patterns"), "ORGANIZATION"),)

    def slot_roomno(self, scene: Cast) -> Pieces:
        """Return the number of a room: `12`, `3.117`, `204 b`."""
        shape = scene.rng.choice(
            ("#", "1#", "##", "%##", "%##", "%##", "#.##", "#.1##", "%## b", "%##@", "E.0#", "@##")
        )
        return (Piece(self.shaped(scene, shape), "LOCATION"),)

    # Codes of wards; shapes as in `base`.
    wards: ClassVar[Sequence[str]]

    def slot_wardcode(self, scene: Cast) -> Pieces:
        """Return a ward's code: `A33`, `4B`."""
        return (Piece(self.shaped(scene, scene.rng.choice(self.wards)), "ORGANIZATION"),)
