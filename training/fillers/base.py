"""What every language shares: the scene of one document, its people, shapes of numbers, lists.

A language is a subclass of `Fillers` in `training/fillers/<lang>.py` that gives its cultures, its
dates and its words. A method `slot_date_birth(self, scene)` is the slot `{{date.birth}}`; a method
`form_full(self, scene, person)` is `{{patient.full}}` of every role; a file
`lists/<lang>/neg.drug.txt` is the unlabelled slot `{{neg.drug}}`.
"""

from __future__ import annotations

import datetime as dt
import random
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers.people import Person, ascii_of, culture, initial, invent
from training.lists import HOME, share, words

ROLES: Final = (
    "patient", "relative", "doctor", "nurse", "referrer", "surgeon", "consultant", "therapist",
    "author", "clerk", "customer", "agent", "colleague", "witness", "guest",
)  # fmt: skip
ANYONE: Final = "someone"  # A new person at each mention, for lists and staff directories.
GUEST: Final = "guest"  # One whose name is of far away, whatever the language's own cultures are.
TODAY: Final = dt.date(2026, 6, 30)


class Cast:
    """The scene of one document: who and what is in it, and the chance that chose them."""

    def __init__(self, fillers: Fillers, rng: random.Random) -> None:
        self.rng = rng
        self.used: set[str] = set()
        self.fillers = fillers
        self.notes: dict[str, object] = {}
        self._people: dict[str, Person] = {}
        self._kept: dict[str, Pieces] = {}

    def person(self, role: str) -> Person:
        """Return who plays a role in this document."""
        if role == ANYONE:
            return self.fillers.invent(self)
        if role not in self._people:
            kind = role.rstrip(string.digits)
            made = self.fillers.far(self) if kind == GUEST else self.fillers.invent(self)
            self._people[role] = replace(made, role=kind)
        return self._people[role]

    def fill(self, slot: str, key: str | None = None) -> Pieces:
        """Return what stands in a slot; alike each time for a key, or for a slot that says so."""
        name = f"{slot}:{key or ''}"
        if name in self._kept:
            return self._kept[name]
        head, _, form = slot.partition(".")
        role = head.rstrip(string.digits)
        if role in ROLES or role == ANYONE:
            pieces = self.fillers.form(form)(self, self.person(head))
            keep = form in self.fillers.kept_forms and role != ANYONE
        else:
            pieces = self.fillers.slot(slot)(self)
            keep = key is not None or slot in self.fillers.kept
        if keep:
            self._kept[name] = pieces
        return pieces

    def note(self, name: str, values: Sequence[object]) -> object:
        """Return this document's choice of one of `values`, made at its first use."""
        if name not in self.notes:
            self.notes[name] = self.rng.choice(values)
        return self.notes[name]


Fill = Callable[[Cast], Pieces]
Form = Callable[[Cast, Person], Pieces]


class UnknownSlotError(KeyError):
    """A template asks for a slot that the language does not have."""


class Fillers:
    """What stands in the slots of one language and split."""

    lang: ClassVar[str]
    # (weight, source of names) as `people.culture` reads them.
    cultures: ClassVar[Sequence[tuple[int, str]]]
    months: ClassVar[Sequence[str]]
    months_short: ClassVar[Sequence[str]]
    weekdays: ClassVar[Sequence[str]]
    weekdays_short: ClassVar[Sequence[str]]
    # (weight, pattern) with the fields that `_date_fields` lists; `days` name a day, `times` a day
    # and an hour.
    days: ClassVar[Sequence[tuple[int, str]]]
    times: ClassVar[Sequence[tuple[int, str]]]
    # Shapes: `#` a digit, `%` a digit but 0 and 1, `@` a capital letter, `^` a letter or digit.
    shapes: ClassVar[Mapping[str, tuple[str, Sequence[str]]]]
    # Slots that come out alike in one document without a key, and forms alike for one person.
    kept: ClassVar[frozenset[str]] = frozenset(
        {"hospital", "ward", "clinic", "mrn", "insurance", "date.birth", "age", "visit", "city"}
    )
    kept_forms: ClassVar[frozenset[str]] = frozenset(
        {"phone", "email", "username", "relation", "degree", "address"}
    )

    def __init__(self, split: str) -> None:
        self.split = split

    # -- which slots there are

    def slot(self, name: str) -> Fill:
        """Return the filler of a slot; `UnknownSlotError` if the language has none."""
        found = self._slots.get(name)
        if found is None:
            raise UnknownSlotError(f"{self.lang} has no slot {name!r}")
        return found

    def form(self, name: str) -> Form:
        """Return the filler of a form of a person; `UnknownSlotError` if there is none."""
        found: Form | None = getattr(self, "form_" + name.replace(".", "_"), None)
        if found is None:
            raise UnknownSlotError(f"{self.lang} writes no person as {name!r}")
        return found

    def knows(self, slot: str) -> bool:
        """Return whether a slot can be filled."""
        head, _, form = slot.partition(".")
        if (role := head.rstrip(string.digits)) in ROLES or role == ANYONE:
            return hasattr(self, "form_" + form.replace(".", "_"))
        return slot in self._slots

    @cached_property
    def _slots(self) -> Mapping[str, Fill]:
        found: dict[str, Fill] = {}
        for path in sorted(Path(HOME / self.lang).glob("neg.*.txt")):
            found[path.stem] = self._from_list(f"{self.lang}/{path.stem}")
        for name, (label, shapes) in self.shapes.items():
            found[name] = self._from_shapes(label, shapes)
        for name in dir(self):
            if name.startswith("slot_"):
                found[name.removeprefix("slot_").replace("_", ".")] = getattr(self, name)
        return found

    def _from_list(self, name: str) -> Fill:
        """Return a filler of unlabelled words; those that identify are labelled by a method."""
        entries = share(words(name), self.split)
        return lambda scene: (Piece(scene.rng.choice(entries)),)

    def _from_shapes(self, label: str, shapes: Sequence[str]) -> Fill:
        return lambda scene: (Piece(self.shaped(scene, scene.rng.choice(shapes)), label),)

    # -- shapes

    _DIGITS: ClassVar[Mapping[str, str]] = {
        "#": string.digits,
        "%": "23456789",
        "@": string.ascii_uppercase,
        "^": string.ascii_uppercase + string.digits,
    }

    def shaped(self, scene: Cast, shape: str) -> str:
        r"""Return a shape with its marks filled in; `\` before a mark keeps it."""
        if not any(mark in shape for mark in self._DIGITS):
            return shape
        out: list[str] = []
        keep = False
        for char in shape:
            if not keep and char == "\\":
                keep = True
                continue
            choices = None if keep else self._DIGITS.get(char)
            out.append(char if choices is None else scene.rng.choice(choices))
            keep = False
        return "".join(out)

    def weighted(self, scene: Cast, pairs: Sequence[tuple[int, str]]) -> str:
        """Return one of `pairs`, by weight."""
        return scene.rng.choices([text for _, text in pairs], [weight for weight, _ in pairs])[0]

    # -- people

    def invent(self, scene: Cast) -> Person:
        """Return a new person."""
        source = culture(self.split, self.weighted(scene, self.cultures))
        other = culture(self.split, self.cultures[0][1])
        return invent(scene.rng, source, other)

    def far(self, scene: Cast) -> Person:
        """Return a new person with a name of far away."""
        source = culture(self.split, "own:world")
        return invent(scene.rng, source, source)

    def person(self, text: str) -> Pieces:
        """Return a name as a labelled piece."""
        return (Piece(text, "PERSON"),)

    def form_first(self, scene: Cast, person: Person) -> Pieces:
        """`Mary`."""
        return self.person(person.given)

    def form_last(self, scene: Cast, person: Person) -> Pieces:
        """`Smith`; the given name of people with one name."""
        return self.person(person.family or person.given)

    def form_plain(self, scene: Cast, person: Person) -> Pieces:
        """`Mary Smith`."""
        return self.person(f"{person.given} {person.family}".strip())

    def form_initials(self, scene: Cast, person: Person) -> Pieces:
        """`M.S.`, `MS` or `M. S.`."""
        letters = [initial(part) for part in (person.given, person.family) if part]
        joined = scene.rng.choice(("", "", " ")).join(letters)
        return self.person(joined if scene.rng.random() < 0.7 else joined.replace(".", ""))

    def form_username(self, scene: Cast, person: Person) -> Pieces:
        """`msmith7`."""
        first, last = ascii_of(person.given), ascii_of(person.family)
        number = scene.rng.choice(("", "", str(scene.rng.randint(1, 99))))
        name = scene.rng.choice(
            (first[:1] + last, f"{first}.{last}", last + first[:1], first + "_" + last)
        )
        return (Piece((name + number).strip("._") or "user" + number, "USERNAME"),)

    mail_domains: ClassVar[Sequence[str]] = ("example.com", "example.org", "mail.example.net")

    def form_email(self, scene: Cast, person: Person) -> Pieces:
        """`m.smith@example.org`."""
        first, last = ascii_of(person.given) or "info", ascii_of(person.family)
        name = scene.rng.choice(
            (
                f"{first}.{last}",
                f"{first[:1]}{last}",
                f"{first}{last}",
                f"{last}.{first}",
                f"{first}_{last}",
            )
        ).strip("._")
        number = scene.rng.choice(("", "", "", str(scene.rng.randint(1, 99))))
        return (Piece(f"{name}{number}@{scene.rng.choice(self.mail_domains)}", "EMAIL_ADDRESS"),)

    def form_phone(self, scene: Cast, person: Person) -> Pieces:
        """Return the person's telephone number."""
        return self.slot("phone")(scene)

    # -- dates

    def day(self, scene: Cast) -> dt.date:
        """Return a day near this document's own."""
        spread = scene.rng.choice((7, 30, 400))
        return self._own_day(scene) + dt.timedelta(days=scene.rng.randint(-spread, spread // 4))

    def _own_day(self, scene: Cast) -> dt.date:
        """Return the day on which this document was written."""
        if "day" not in scene.notes:
            scene.notes["day"] = TODAY - dt.timedelta(days=scene.rng.randint(0, 9000))
        day = scene.notes["day"]
        assert isinstance(day, dt.date)
        return day

    def written(self, scene: Cast, day: dt.date, pattern: str) -> str:
        """Return a day as a pattern has it."""
        return pattern.format_map(self._date_fields(scene, day))

    def _date_fields(self, scene: Cast, day: dt.date) -> dict[str, object]:
        hour, minute, second = (
            scene.rng.randint(0, 23),
            scene.rng.randint(0, 59),
            scene.rng.randint(0, 59),
        )
        return {
            "d": day.day, "dd": f"{day.day:02}", "m": day.month, "mm": f"{day.month:02}",
            "y": day.year, "yy": f"{day.year % 100:02}",
            "month": self.months[day.month - 1], "mon": self.months_short[day.month - 1],
            "weekday": self.weekdays[day.weekday()], "wd": self.weekdays_short[day.weekday()],
            "ord": self.ordinal(day.day), "q": (day.month + 2) // 3, "y2": day.year + 1,
            "h": hour, "hh": f"{hour:02}", "h12": hour % 12 or 12, "mi": f"{minute:02}",
            "ss": f"{second:02}", "ap": "am" if hour < 12 else "pm", "AP": "AM" if hour < 12 else "PM",
            "dd2": f"{min(day.day + 2, 28):02}",
        }  # fmt: skip

    def ordinal(self, day: int) -> str:
        """Return a day of the month as the language counts it."""
        return f"{day}."

    def _dated(self, scene: Cast, day: dt.date, label: str) -> Pieces:
        """Return a day in this document's own style, or now and then in another."""
        style = str(scene.note("style", [self.weighted(scene, self.days)]))
        if scene.rng.random() < 0.25 or (label == "DATE_OF_BIRTH" and "{y" not in style):
            style = self.weighted(scene, self.days)
        if label == "DATE_OF_BIRTH" and "{y" not in style:  # A birthday is told with its year.
            style = self.days[0][1]
        return (Piece(self.written(scene, day, style), label),)

    def slot_date(self, scene: Cast) -> Pieces:
        """Return any day near the document's own."""
        return self._dated(scene, self.day(scene), "DATE_TIME")

    def slot_date_time(self, scene: Cast) -> Pieces:
        """Return a day with its hour."""
        return (
            Piece(
                self.written(scene, self.day(scene), self.weighted(scene, self.times)), "DATE_TIME"
            ),
        )

    def slot_date_iso(self, scene: Cast) -> Pieces:
        """`2023-03-14`."""
        return (Piece(self.day(scene).isoformat(), "DATE_TIME"),)

    def slot_date_hl7(self, scene: Cast) -> Pieces:
        """`20230314` or `202303141405`."""
        pattern = scene.rng.choice(
            ("{y}{mm}{dd}", "{y}{mm}{dd}{hh}{mi}", "{y}{mm}{dd}{hh}{mi}{ss}")
        )
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_year(self, scene: Cast) -> Pieces:
        """Return a year of this patient's history."""
        return (Piece(str(scene.rng.randint(1965, TODAY.year)), "DATE_TIME"),)

    def birthday(self, scene: Cast) -> dt.date:
        """Return the patient's birthday, which fits the age."""
        if "birthday" not in scene.notes:
            days = int(self.age(scene) * 365.25) + scene.rng.randint(0, 364)
            scene.notes["birthday"] = self._own_day(scene) - dt.timedelta(days=days)
        found = scene.notes["birthday"]
        assert isinstance(found, dt.date)
        return found

    def slot_date_birth(self, scene: Cast) -> Pieces:
        """Return the patient's birthday."""
        return self._dated(scene, self.birthday(scene), "DATE_OF_BIRTH")

    def slot_date_birth_iso(self, scene: Cast) -> Pieces:
        """Return the patient's birthday as FHIR writes it."""
        return (Piece(self.birthday(scene).isoformat(), "DATE_OF_BIRTH"),)

    def slot_date_birth_hl7(self, scene: Cast) -> Pieces:
        """Return the patient's birthday as HL7 writes it."""
        return (Piece(self.birthday(scene).strftime("%Y%m%d"), "DATE_OF_BIRTH"),)

    # -- ages

    def age(self, scene: Cast) -> int:
        """Return the patient's age in years."""
        if "age" not in scene.notes:
            low, high = scene.rng.choice(
                ((0, 17), (18, 40), (40, 70), (55, 89), (60, 89), (88, 104))
            )
            scene.notes["age"] = scene.rng.randint(low, high)
        age = scene.notes["age"]
        assert isinstance(age, int)
        return age

    def aged(self, text: str, years: int) -> Pieces:
        """Return a written age under its label."""
        return (Piece(text, "AGE" if years < 90 else "AGE_OVER_89"),)

    def slot_age(self, scene: Cast) -> Pieces:
        """Return the patient's age, the figure alone."""
        return self.aged(str(self.age(scene)), self.age(scene))

    def slot_age_other(self, scene: Cast) -> Pieces:
        """Return another person's age."""
        years = scene.rng.randint(
            *scene.rng.choice(((1, 17), (18, 50), (40, 90), (40, 90), (60, 103)))
        )
        return self.aged(str(years), years)
