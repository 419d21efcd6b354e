"""English dates and ages, as figures, in words and as they are spoken."""

from __future__ import annotations

from typing import Final

from training.documents import Piece, Pieces
from training.fillers.base import Cast, Fillers

_TEENS: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TWENTY: Final = 20
_HUNDRED: Final = 100


_ORDINALS: Final = {1: "st", 2: "nd", 3: "rd"}
_TEENTHS: Final = frozenset({11, 12, 13})


def in_words(number: int) -> str:
    """Return a number below 110 in words."""
    if number >= _HUNDRED:
        rest = number - _HUNDRED
        return "one hundred" + (f" and {in_words(rest)}" if rest else "")
    if number < _TWENTY:
        return _TEENS[number]
    ten, one = divmod(number, 10)
    return _TENS[ten - 2] + (f"-{_TEENS[one]}" if one else "")


class EnglishDates(Fillers):
    """How English writes days and ages."""

    months = (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    )  # fmt: skip
    months_short = (
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "May",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
    )
    weekdays = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    weekdays_short = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    days = (
        (14, "{m}/{d}/{y}"), (8, "{mm}/{dd}/{y}"), (7, "{m}/{d}/{yy}"), (3, "{mm}-{dd}-{y}"),
        (2, "{m}-{d}-{yy}"), (5, "{dd}/{mm}/{y}"), (2, "{d}.{m}.{y}"), (1, "{dd}.{mm}.{yy}"),
        (6, "{y}-{mm}-{dd}"), (1, "{y}/{mm}/{dd}"), (8, "{month} {d}, {y}"), (4, "{month} {ord}, {y}"),
        (2, "{month} {ord} {y}"), (4, "{mon} {d}, {y}"), (2, "{mon}. {d}, {y}"), (2, "{mon} {ord} {y}"),
        (5, "{d} {month} {y}"), (3, "{d} {mon} {y}"), (2, "{dd}-{mon}-{y}"), (1, "{dd}{mon}{y}"),
        (1, "{dd}-{mon}-{yy}"), (2, "{ord} {month} {y}"), (1, "the {ord} of {month}"),
        (1, "the {ord} of {month} {y}"), (1, "{ord} of {month}, {y}"), (3, "{month} {d}"),
        (2, "{month} {ord}"), (2, "{mon} {d}"), (2, "{m}/{d}"), (2, "{mm}/{dd}"),
        (1, "{weekday}, {month} {d}, {y}"), (1, "{wd} {d} {mon} {y}"), (1, "{weekday} {ord} {month}"),
        (1, "{weekday} {m}/{d}"), (1, "{wd} {m}/{d}/{yy}"),
    )  # fmt: skip
    times = (
        (4, "{m}/{d}/{y} {hh}:{mi}"), (3, "{mm}/{dd}/{y} {h12}:{mi} {AP}"), (2, "{mm}/{dd}/{yy} {hh}{mi}"),
        (3, "{y}-{mm}-{dd} {hh}:{mi}"), (3, "{y}-{mm}-{dd}T{hh}:{mi}:{ss}Z"),
        (1, "{y}-{mm}-{dd}T{hh}:{mi}:{ss}+01:00"), (2, "{dd}/{mm}/{y} {hh}:{mi}"),
        (2, "{dd} {mon} {y} {hh}:{mi}"), (1, "{month} {d}, {y} at {h12}:{mi} {ap}"),
        (1, "{weekday}, {month} {d}, {y} at {h12}:{mi} {AP}"), (1, "{mon} {d}, {y}, {hh}:{mi}"),
        (1, "{dd}-{mon}-{y} {hh}:{mi}:{ss}"),
    )  # fmt: skip

    def ordinal(self, day: int) -> str:
        """`1st`, `2nd`, `13th`."""
        return f"{day}{_ORDINALS.get(day if day in _TEENTHS else day % 10, 'th')}"

    def slot_date_short(self, scene: Cast) -> Pieces:
        """`03/14` or `14 Mar`."""
        return (
            Piece(
                self.written(
                    scene,
                    self.day(scene),
                    scene.rng.choice(("{m}/{d}", "{mm}/{dd}", "{d} {mon}", "{mon} {d}", "{d}/{m}")),
                ),
                "DATE_TIME",
            ),
        )

    def slot_date_month(self, scene: Cast) -> Pieces:
        """`March 2019`, `03/2019`, `Q2 2021`, `early 2020`, without the adjective."""
        return (
            Piece(
                self.written(
                    scene,
                    self.day(scene),
                    scene.rng.choice(
                        (
                            "{month} {y}",
                            "{mon} {y}",
                            "{mm}/{y}",
                            "{m}/{yy}",
                            "{month}",
                            "{month} of {y}",
                            "{mon} '{yy}",
                            "Q{q} {y}",
                        )
                    ),
                ),
                "DATE_TIME",
            ),
        )

    def slot_date_expiry(self, scene: Cast) -> Pieces:
        """`09/27`, as cards bear it."""
        return (Piece(self.written(scene, self.day(scene), "{mm}/{yy}"), "DATE_TIME"),)

    def slot_date_loose(self, scene: Cast) -> Pieces:
        """`Christmas 2018`, `summer of 2019`, `Labor Day`."""
        feast = scene.rng.choice(
            (
                "Christmas",
                "Christmas Eve",
                "Thanksgiving",
                "Easter",
                "Labor Day",
                "New Year's Day",
                "Memorial Day",
                "Halloween",
                "Boxing Day",
                "Diwali",
                "Eid",
                "Ramadan",
                "Passover",
                "Good Friday",
                "the Fourth of July",
                "Valentine's Day",
                "Easter Sunday",
            )
        )
        season = scene.rng.choice(("spring", "summer", "autumn", "fall", "winter"))
        year = str(self.day(scene).year)
        return (
            Piece(
                scene.rng.choice(
                    (
                        feast,
                        f"{feast} {year}",
                        f"{feast} of {year}",
                        f"{season} of {year}",
                        f"{season} {year}",
                        f"the {season} of {year}",
                        f"{year}-{int(year[2:]) + 1:02}",
                    )
                ),
                "DATE_TIME",
            ),
        )

    def slot_weekday(self, scene: Cast) -> Pieces:
        """`Monday`."""
        return (
            Piece(
                scene.rng.choice((*self.weekdays, *self.weekdays, *self.weekdays_short)),
                "DATE_TIME",
            ),
        )

    def slot_weekday_lower(self, scene: Cast) -> Pieces:
        """`tues`."""
        day = scene.rng.choice(
            (*self.weekdays, *self.weekdays_short, "tues", "weds", "thurs", "thur")
        )
        return (Piece(day.lower(), "DATE_TIME"),)

    def slot_date_spoken(self, scene: Cast) -> Pieces:
        """`march the third twenty nineteen`."""
        day = self.day(scene)
        number = self.ordinal(day.day) if scene.rng.random() < 0.6 else str(day.day)
        year = scene.rng.choice(
            (
                str(day.year),
                f"twenty {in_words(day.year % 100)}" if day.year >= 2010 else str(day.year),
                "",
            )
        )
        text = scene.rng.choice(
            (
                f"{self.months[day.month - 1]} {number} {year}",
                f"the {number} of {self.months[day.month - 1]} {year}",
            )
        )
        return (Piece(text.strip().lower(), "DATE_TIME"),)

    def slot_age_words(self, scene: Cast) -> Pieces:
        """`sixty-seven`."""
        return self.aged(in_words(self.age(scene)), self.age(scene))

    def slot_age_aged(self, scene: Cast) -> Pieces:
        """`67-year-old`, `67 y/o`, `67yo`: the figure alone is labelled."""
        years = self.age(scene)
        if years < 2:
            number = str(years * 12 + scene.rng.randint(1, 11))
            unit = scene.rng.choice(("-month-old", " month old", "mo", "-month-old", " m/o"))
            return (Piece(number, "AGE"), Piece(unit))
        number = in_words(years) if scene.rng.random() < 0.04 else str(years)
        unit = scene.rng.choice(
            (
                "-year-old",
                "-year-old",
                "-year-old",
                " year old",
                " year-old",
                "yo",
                " yo",
                " y/o",
                "y.o.",
                " y.o.",
                "-yo",
                " years old",
                "yr old",
                " yr old",
            )
        )
        return (*self.aged(number, years), Piece(unit))

    def slot_age_sex(self, scene: Cast) -> Pieces:
        """`67M`, `67 yo F`."""
        sex = scene.person("patient").sex.upper()
        unit = scene.rng.choice(
            (sex, sex, f" {sex}", f"yo{sex}", f" yo {sex}", f"yo {sex}", f"/{sex}", f"y {sex}")
        )
        return (*self.aged(str(self.age(scene)), self.age(scene)), Piece(unit))
