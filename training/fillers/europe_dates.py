"""Days, parts of months and years, and ages, as German, French and Spanish papers write them."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from training.documents import Piece, Pieces
from training.fillers.base import TODAY, Cast, Fillers


class EuropeanDates(Fillers):
    """Days and ages."""

    short_days: ClassVar[Sequence[str]]
    short_months: ClassVar[Sequence[str]]

    def written(self, scene: Cast, day: dt.date, pattern: str) -> str:
        """Return a day as a pattern has it, its month now and then with a capital."""
        if self.lang != "de" and "{mon" in pattern and scene.rng.random() < 0.12:
            fields = self._date_fields(scene, day)
            fields["month"], fields["mon"] = (
                str(fields["month"]).capitalize(),
                str(fields["mon"]).capitalize(),
            )
            return pattern.format_map(fields)
        return super().written(scene, day, pattern)

    def slot_date_spaced(self, scene: Cast) -> Pieces:
        """`3 0 0 3 2 0 2 1`, as scanners read the boxes of a form."""
        day = self.birthday(scene) if scene.rng.random() < 0.4 else self.day(scene)
        return (Piece(" ".join(day.strftime("%d%m%Y")), "DATE_TIME"),)

    def slot_date_monthrange(self, scene: Cast) -> Pieces:
        """`10-11/2022`."""
        day = self.day(scene)
        later = min(12, day.month + 2)
        year = scene.rng.choice((f"{day.year}", f"{day.year % 100:02}"))
        return (
            Piece(f"{day.month:02}", "DATE_TIME"),
            Piece(scene.rng.choice(("-", "–", " - "))),
            Piece(f"{later:02}/{year}", "DATE_TIME"),
        )

    def slot_date_day(self, scene: Cast) -> Pieces:
        """Return a day, mostly without its year."""
        pattern = scene.rng.choice(self.short_days)
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_date_short(self, scene: Cast) -> Pieces:
        """Return a day as charts write it."""
        return self.slot_date_day(scene) if scene.rng.random() < 0.4 else self.slot_date_num(scene)

    def slot_date_num(self, scene: Cast) -> Pieces:
        """Return a day in figures."""
        pattern = scene.rng.choice(
            ("{dd}/{mm}/{y}", "{dd}/{mm}/{yy}", "{d}/{m}/{yy}", "{dd}-{mm}-{y}")
            if self.lang != "de"
            else ("{dd}.{mm}.{y}", "{d}.{m}.{y}", "{dd}.{mm}.{yy}", "{d}.{m}.{yy}")
        )
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_date_month(self, scene: Cast) -> Pieces:
        """Return a month with its year."""
        pattern = scene.rng.choice(self.short_months)
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_date_monthonly(self, scene: Cast) -> Pieces:
        """Return a month's name."""
        return (Piece(self.written(scene, self.day(scene), "{month}"), "DATE_TIME"),)

    def slot_date_monthnum(self, scene: Cast) -> Pieces:
        """`03/26`."""
        return (
            Piece(
                self.written(scene, self.day(scene), scene.rng.choice(("{mm}/{yy}", "{mm}/{y}"))),
                "DATE_TIME",
            ),
        )

    def slot_date_year(self, scene: Cast) -> Pieces:
        """Return a year, rarely of two figures."""
        return self.slot_year(scene)

    def slot_date_dayonly(self, scene: Cast) -> Pieces:
        """Return a day of the month, which a later date completes."""
        day = str(self.day(scene).day)
        return (Piece(f"{day}." if self.lang == "de" else day, "DATE_TIME"),)

    joiners: ClassVar[Sequence[str]] = ("-", " - ", "–")

    # What stands before a month or a year and belongs to it: "Mitte März 2019", "fin 2025".
    loosely: ClassVar[Sequence[str]]

    def slot_date_loose(self, scene: Cast) -> Pieces:
        """Return a part of a month or of a year."""
        return (
            Piece(
                self.written(scene, self.day(scene), scene.rng.choice(self.loosely)), "DATE_TIME"
            ),
        )

    def slot_date_range(self, scene: Cast) -> Pieces:
        """Return two days and what joins them."""
        first = self.day(scene)
        last = first + dt.timedelta(days=scene.rng.randint(1, 20))
        short, long = scene.rng.choice(
            (
                ("{dd}.{mm}.", "{dd}.{mm}.{yy}"),
                ("{dd}.{mm}.{y}", "{dd}.{mm}.{y}"),
                ("{d}.", "{d}.{m}.{y}"),
            )
            if self.lang == "de"
            else (
                ("{dd}/{mm}", "{dd}/{mm}/{y}"),
                ("{dd}/{mm}/{y}", "{dd}/{mm}/{y}"),
                ("{dd}", "{dd}/{mm}/{yy}"),
            )
        )
        return (
            Piece(self.written(scene, first, short), "DATE_TIME"),
            Piece(scene.rng.choice(self.joiners)),
            Piece(self.written(scene, last, long), "DATE_TIME"),
        )

    def slot_date_words(self, scene: Cast) -> Pieces:
        """Return a birthday as it is dictated."""
        return (Piece(self.spoken(self.birthday(scene)), "DATE_OF_BIRTH"),)

    @abstractmethod
    def spoken(self, day: dt.date) -> str:
        """Return a day in words."""

    def slot_date_early(self, scene: Cast) -> Pieces:
        """Return another person's birthday."""
        day = TODAY - dt.timedelta(days=scene.rng.randint(7000, 33000))
        return self._dated(scene, day, "DATE_OF_BIRTH")

    age_words: ClassVar[tuple[Sequence[str], Sequence[str], Sequence[str]]]  # years, months, days

    def slot_age(self, scene: Cast) -> Pieces:
        """Return the patient's age with its unit."""
        years = self.age(scene)
        if years == 0:
            kind = scene.rng.choice((1, 1, 2))
            number = scene.rng.randint(2, 18 if kind == 1 else 28)
            return self.aged(scene.rng.choice(self.age_words[kind]).format(n=number), 0)
        return self.aged(
            scene.rng.choice(self.age_words[0]).format(n=years if years > 1 else 2), years
        )

    def slot_age_other(self, scene: Cast) -> Pieces:
        """Return another person's age with its unit."""
        years = scene.rng.randint(2, 101)
        return self.aged(scene.rng.choice(self.age_words[0]).format(n=years), years)

    def slot_age_num(self, scene: Cast) -> Pieces:
        """Return the patient's age in figures."""
        return self.aged(str(self.age(scene)), self.age(scene))
