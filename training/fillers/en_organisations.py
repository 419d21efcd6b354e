"""Hospitals, wards, practices, companies: named by patterns that towns and invented names fill."""

from __future__ import annotations

from training.documents import Piece, Pieces
from training.fillers.base import Cast
from training.fillers.en_places import EnglishPlaces
from training.fillers.places import town
from training.lists import share, words


class EnglishOrganisations(EnglishPlaces):
    """Bodies that a document names."""

    def slot_hospital(self, scene: Cast) -> Pieces:
        """`St. Anne's Hospital`, `Fresno General Hospital`."""
        return (Piece(self._hospital(scene), "ORGANIZATION"),)

    def _hospital(self, scene: Cast) -> str:
        rng = scene.rng
        place = rng.choice(
            (self.home(scene).name, town(rng, self.split, (self.home(scene).country,)).name)
        )
        family = scene.fillers.invent(scene).family or "Mercy"
        pattern = rng.choice(share(words("en/hospital_patterns"), self.split))
        saint = rng.choice(words("en/saints"))
        return pattern.format(
            city=place,
            name=family,
            saint=saint,
            root=rng.choice(share(words("en/street_roots"), self.split)),
        )

    def slot_hospital_other(self, scene: Cast) -> Pieces:
        """Return another hospital."""
        return self.slot_hospital(scene)

    def slot_hospital_short(self, scene: Cast) -> Pieces:
        """`OSH`-like letters that name a house: `SMH`, `UCL`."""
        letters = "".join(
            word[0] for word in self._hospital(scene).replace("'", "").split() if word[0].isupper()
        )
        return (Piece(letters if len(letters) > 2 else f"{letters}GH", "ORGANIZATION"),)

    def slot_clinic(self, scene: Cast) -> Pieces:
        """`Oakwood Family Practice`."""
        return self._organisation(scene, "en/clinic_patterns")

    def slot_ward(self, scene: Cast) -> Pieces:
        """`Ward 7B`, `4 West`."""
        rng = scene.rng
        text = self._pattern(scene, "en/ward_patterns").format(
            n=rng.randint(1, 40),
            f=rng.randint(1, 12),
            l=rng.choice("ABCDEFG"),
            d=rng.choice(("North", "South", "East", "West")),
            D=rng.choice("NSEW"),
            root=rng.choice(share(words("en/street_roots"), self.split)),
            name=scene.fillers.invent(scene).family or "Nightingale",
        )
        return (Piece(text, "ORGANIZATION"),)

    def slot_room(self, scene: Cast) -> Pieces:
        """`Room 412`, `Bed 12B`."""
        rng = scene.rng
        return (
            Piece(
                rng.choice(
                    (
                        "Room {n}",
                        "Rm {n}",
                        "Bed {b}",
                        "Room {n}{l}",
                        "room {n}",
                        "bed {b}{l}",
                        "Bay {b}",
                        "Bay {b} Bed {b}",
                    )
                ).format(n=rng.randint(100, 999), b=rng.randint(1, 36), l=rng.choice("ABCD")),
                "LOCATION",
            ),
        )

    def slot_company(self, scene: Cast) -> Pieces:
        """`Baker & Sons Ltd`."""
        return self._organisation(scene, "en/company_patterns")

    def slot_insurer(self, scene: Cast) -> Pieces:
        """`Blue Harbor Health Plan`."""
        return self._organisation(scene, "en/insurer_patterns")

    def slot_pharmacy(self, scene: Cast) -> Pieces:
        """`Young's Pharmacy`."""
        return self._organisation(scene, "en/pharmacy_patterns")

    def slot_school(self, scene: Cast) -> Pieces:
        """`Lincoln Elementary School`."""
        return self._organisation(scene, "en/school_patterns")

    def slot_home(self, scene: Cast) -> Pieces:
        """`Willow Creek Nursing Home`."""
        return self._organisation(scene, "en/home_patterns")

    def slot_lab(self, scene: Cast) -> Pieces:
        """`Meridian Pathology Laboratories`."""
        return self._organisation(scene, "en/lab_patterns")

    def _pattern(self, scene: Cast, name: str) -> str:
        return scene.rng.choice(share(words(name), self.split))

    def _organisation(self, scene: Cast, name: str) -> Pieces:
        rng = scene.rng
        text = self._pattern(scene, name).format(
            city=town(rng, self.split, (self.home(scene).country,)).name,
            name=scene.fillers.invent(scene).family or "Cole",
            name2=scene.fillers.invent(scene).family or "Hart",
            saint=rng.choice(words("en/saints")),
            root=rng.choice(share(words("en/street_roots"), self.split)),
            n=rng.randint(1, 99),
        )
        return (Piece(text, "ORGANIZATION"),)
