"""English people: the forms of a name, titles, degrees, pronouns, relations."""

from __future__ import annotations

from typing import Final

from training.documents import Piece, Pieces
from training.fillers.base import Cast, Fillers
from training.fillers.people import Person, initial

_DEGREES: Final = {
    "doctor": (
        "MD", "M.D.", "MD", "DO", "D.O.", "MD, PhD", "FRCP", "MBBS", "MRCP", "FACS", "MD, FACC",
        "MBChB", "FRCS", "PA-C", "NP", "PhD", "DDS", "M.D., Ph.D.", "MB BCh", "MD, MPH",
    ),
    "nurse": (
        "RN", "RN", "R.N.", "RN, BSN", "LPN", "CRNA", "APRN", "ARNP", "NP", "DNP", "RGN", "RN, CCRN",
        "CNM", "BSN, RN", "LVN", "CNA",
    ),
    "therapist": ("PT", "DPT", "OTR/L", "CCC-SLP", "LCSW", "PsyD", "RD", "RPh", "PharmD", "MSW", "BSc"),
}  # fmt: skip
# Two letters that are a word, a unit or an abbreviation: small initials that read so would teach it as a name.
_SHORT_WORDS: Final = frozenset((
    "ad", "am", "an", "as", "at", "bd", "be", "bp", "by", "cm", "cn", "dl", "ed", "go", "gp", "gt", "he", "if",
    "im", "in", "is", "it", "iv", "kg", "me", "mg", "ml", "mm", "my", "no", "od", "of", "ok", "on", "op", "or",
    "os", "ot", "ou", "pm", "po", "pr", "pt", "rn", "rx", "sc", "sl", "so", "to", "tx", "up", "us", "ve", "we",
))  # fmt: skip


class EnglishPeople(Fillers):
    """How English writes people."""

    def _title(self, person: Person, scene: Cast) -> str:
        plain = ("Mr.", "Mr") if person.sex == "m" else ("Mrs.", "Ms.", "Miss", "Ms", "Mrs")
        return str(scene.note(f"title {person.given} {person.family}", plain))

    def form_full(self, scene: Cast, person: Person) -> Pieces:
        """`Mary A. Smith`, in one of the ways that people write a full name."""
        given, family, middle = person.given, person.family, person.middle
        if not family:
            return self.person(given)
        name = f"{given} {family}"
        if middle and scene.rng.random() < 0.45:
            name = f"{given} {scene.rng.choice((initial(middle), middle[:1], middle))} {family}"
        elif person.nick and scene.rng.random() < 0.06:
            name = scene.rng.choice(
                (f'{given} "{person.nick}" {family}', f"{given} ({person.nick}) {family}")
            )
        elif scene.rng.random() < 0.02:
            name += scene.rng.choice((" Jr.", ", Jr.", " III", " Sr.", " II"))
        return self.person(name)

    def form_last_first(self, scene: Cast, person: Person) -> Pieces:
        """`Smith, Mary A.`."""
        if not person.family:
            return self.person(person.given)
        middle = (
            scene.rng.choice(("", "", f" {initial(person.middle)}", f" {person.middle}"))
            if person.middle
            else ""
        )
        return self.person(f"{person.family}, {person.given}{middle}")

    def form_upper(self, scene: Cast, person: Person) -> Pieces:
        """`MARY SMITH`."""
        return self.person(f"{person.given} {person.family}".strip().upper())

    def form_last_upper(self, scene: Cast, person: Person) -> Pieces:
        """`SMITH`."""
        return self.person((person.family or person.given).upper())

    def form_last_first_upper(self, scene: Cast, person: Person) -> Pieces:
        """`SMITH, MARY A`."""
        return self.person(self.form_last_first(scene, person)[0].text.upper())

    def form_half_upper(self, scene: Cast, person: Person) -> Pieces:
        """`SMITH, Mary` or `Mary SMITH`."""
        family = person.family.upper()
        return self.person(
            scene.rng.choice(
                (
                    f"{family}, {person.given}",
                    f"{person.given} {family}",
                    f"{family} {person.given}",
                )
            ).strip(", ")
        )

    def form_initial_last(self, scene: Cast, person: Person) -> Pieces:
        """`M. Smith`, `M Smith` or `M. A. Smith`."""
        first = initial(person.given)
        if person.middle and scene.rng.random() < 0.2:
            first += scene.rng.choice((" ", "")) + initial(person.middle)
        name = f"{first} {person.family}".strip()
        return self.person(name if scene.rng.random() < 0.7 else name.replace(".", ""))

    def form_first_initial(self, scene: Cast, person: Person) -> Pieces:
        """`Mary S.`."""
        last = initial(person.family)
        return self.person(
            f"{person.given} {last if scene.rng.random() < 0.8 else last[:1]}".strip()
        )

    def form_nick(self, scene: Cast, person: Person) -> Pieces:
        """`Bob`."""
        return self.person(person.nick or person.given)

    def form_initials_lower(self, scene: Cast, person: Person) -> Pieces:
        """`jt`, as it ends a row of a chart."""
        letters = "".join(part[:1] for part in (person.given, person.family)).lower()
        return self.person(letters.upper() if letters in _SHORT_WORDS else letters)

    def form_cut(self, scene: Cast, person: Person) -> Pieces:
        """`Achterb`, as much of a name as a search was given."""
        name = person.family or person.given
        return self.person(name[: max(3, len(name) - scene.rng.randint(1, 4))].strip(" -'"))

    def form_lower(self, scene: Cast, person: Person) -> Pieces:
        """`mary smith`."""
        return self.person(f"{person.given} {person.family}".strip().lower())

    def form_last_lower(self, scene: Cast, person: Person) -> Pieces:
        """`smith`."""
        return self.person((person.family or person.given).lower())

    def form_first_lower(self, scene: Cast, person: Person) -> Pieces:
        """`mary`."""
        return self.person(person.given.lower())

    def form_email_spoken(self, scene: Cast, person: Person) -> Pieces:
        """`mary dot smith at example dot com`."""
        address = self.form_email(scene, person)[0].text
        spoken = address.replace(".", " dot ").replace("@", " at ").replace("_", " underscore ")
        return (Piece(" ".join(spoken.split()), "EMAIL_ADDRESS"),)

    def form_spelled(self, scene: Cast, person: Person) -> Pieces:
        """`S M I T H` or `s-m-i-t-h`."""
        name = person.family or person.given
        joint = scene.rng.choice((" ", "-", ". ", " "))
        letters = [char for char in name if char.isalpha()]
        return self.person(
            joint.join(letters).upper() if scene.rng.random() < 0.5 else joint.join(letters).lower()
        )

    def form_formal(self, scene: Cast, person: Person) -> Pieces:
        """`Mrs. Smith`, the title unlabelled."""
        return (Piece(f"{self._title(person, scene)} "), *self.form_last(scene, person))

    def form_title(self, scene: Cast, person: Person) -> Pieces:
        """`Mrs.`."""
        return (Piece(self._title(person, scene)),)

    def form_dr(self, scene: Cast, person: Person) -> Pieces:
        """`Dr. Smith`, `Dr Mary Smith` or `Dr. M. Smith`."""
        title = str(scene.note("dr", ("Dr. ", "Dr. ", "Dr ", "Dr. ", "DR. ", "dr. ")))
        form = scene.rng.choice(
            (
                self.form_last,
                self.form_last,
                self.form_last,
                self.form_full,
                self.form_plain,
                self.form_initial_last,
            )
        )
        return (Piece(title), *form(scene, person))

    def form_signed(self, scene: Cast, person: Person) -> Pieces:
        """`Mary Smith, MD`, the degree unlabelled."""
        form = scene.rng.choice(
            (self.form_full, self.form_plain, self.form_initial_last, self.form_last_first)
        )
        degree = scene.note(
            f"degree {person.given} {person.family}", _DEGREES.get(person.role, _DEGREES["doctor"])
        )
        ends = [("", f", {degree}"), ("", f", {degree}"), ("", f" {degree}")]
        if person.role not in {"nurse", "therapist"}:
            ends += [("Dr. ", ""), ("Dr ", f" {degree}")]
        front, back = scene.rng.choice(ends)
        return tuple(
            piece for piece in (Piece(front), *form(scene, person), Piece(back)) if piece.text
        )

    def form_any(self, scene: Cast, person: Person) -> Pieces:
        """Return the person in whatever form."""
        form = scene.rng.choice(
            (
                self.form_full,
                self.form_formal,
                self.form_plain,
                self.form_first,
                self.form_last,
                self.form_initial_last,
                self.form_first_initial,
                self.form_last_first,
            )
        )
        return form(scene, person)

    def form_hl7(self, scene: Cast, person: Person) -> Pieces:
        """`SMITH^MARY^A`."""
        parts = [person.family or person.given, person.given, person.middle[:1]]
        pieces: list[Piece] = []
        for part in parts:
            if pieces:
                pieces.append(Piece("^"))
            if part:
                pieces.append(
                    Piece(part.upper() if scene.note("hl7", (True, False)) else part, "PERSON")
                )
        return tuple(pieces)

    def form_given_json(self, scene: Cast, person: Person) -> Pieces:
        """`"Mary", "Anne"`, the inside of a FHIR list of given names."""
        pieces = [Piece('"'), Piece(person.given, "PERSON"), Piece('"')]
        if person.middle:
            pieces += [Piece(', "'), Piece(person.middle, "PERSON"), Piece('"')]
        return tuple(pieces)

    def form_he(self, scene: Cast, person: Person) -> Pieces:
        """`he` or `she`."""
        return (Piece("he" if person.sex == "m" else "she"),)

    def form_He(self, scene: Cast, person: Person) -> Pieces:  # noqa: N802 - the slot's own capital
        """`He` or `She`."""
        return (Piece("He" if person.sex == "m" else "She"),)

    def form_his(self, scene: Cast, person: Person) -> Pieces:
        """`his` or `her`."""
        return (Piece("his" if person.sex == "m" else "her"),)

    def form_His(self, scene: Cast, person: Person) -> Pieces:  # noqa: N802 - as form_He
        """`His` or `Her`."""
        return (Piece("His" if person.sex == "m" else "Her"),)

    def form_him(self, scene: Cast, person: Person) -> Pieces:
        """`him` or `her`."""
        return (Piece("him" if person.sex == "m" else "her"),)

    def form_sex(self, scene: Cast, person: Person) -> Pieces:
        """`male` or `female`."""
        return (Piece("male" if person.sex == "m" else "female"),)

    def form_Sex(self, scene: Cast, person: Person) -> Pieces:  # noqa: N802 - as form_He
        """`Male` or `Female`."""
        return (Piece("Male" if person.sex == "m" else "Female"),)

    def form_mf(self, scene: Cast, person: Person) -> Pieces:
        """`M` or `F`."""
        return (Piece(person.sex.upper()),)

    def form_man(self, scene: Cast, person: Person) -> Pieces:
        """`man`, `woman`, `gentleman`, `lady`, ..."""
        young = scene.fillers.age(scene) < 16
        if young:
            return (Piece("boy" if person.sex == "m" else "girl"),)
        return (
            Piece(
                scene.rng.choice(
                    ("man", "man", "gentleman", "male")
                    if person.sex == "m"
                    else ("woman", "woman", "lady", "female")
                )
            ),
        )

    def form_relation(self, scene: Cast, person: Person) -> Pieces:
        """`wife`, `brother`, ..., fitting the person's sex."""
        male = (
            "husband",
            "son",
            "father",
            "brother",
            "partner",
            "grandson",
            "uncle",
            "nephew",
            "neighbour",
            "friend",
        )
        female = (
            "wife",
            "daughter",
            "mother",
            "sister",
            "partner",
            "granddaughter",
            "aunt",
            "niece",
            "neighbor",
            "friend",
        )
        return (Piece(scene.rng.choice(male if person.sex == "m" else female)),)
