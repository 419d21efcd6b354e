"""Dates move by a number of days and keep their form; what cannot be read is not let through."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.domain.dates import Reading, reading_of, shift
from gateway.domain.language import Language, language_of

ENGLISH = Reading(day_first=False, language=Language.ENGLISH)
GERMAN = Reading(day_first=True, language=Language.GERMAN)
VECTORS = Path(__file__).parents[2] / "vectors" / "operators" / "date_shift.tsv"
ROWS = [line.split("\t") for line in VECTORS.read_text().splitlines()[1:]]


@pytest.mark.parametrize(
    ("language", "order", "value", "forth", "back"),
    ROWS,
    ids=[f"{row[0]} {row[2]}" for row in ROWS],
)
def test_a_date_moves_in_its_own_form(
    language: str, order: str, value: str, forth: str, back: str
) -> None:
    reading = Reading(day_first=order == "d", language=Language(language))
    for days, expected in ((40, forth), (-400, back)):
        assert (shift(value, days, reading) or "-") == expected


FORMS = [
    ("%Y-%m-%d", ENGLISH),
    ("%Y/%m/%d", ENGLISH),
    ("%m/%d/%Y", ENGLISH),
    ("%B %d, %Y", ENGLISH),
    ("%d %b %Y", ENGLISH),
    ("%A, %B %d, %Y", ENGLISH),
    ("%Y%m%d", ENGLISH),
    ("%d.%m.%Y", GERMAN),
    ("%d-%m-%Y", GERMAN),
    ("%Y-%m-%dT%H:%M:%SZ", ENGLISH),
    ("%d %B %Y %H:%M", ENGLISH),
]
days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
offsets = st.integers(-3650, 3650).filter(bool)


@given(st.sampled_from(FORMS), days, offsets)
def test_every_day_of_two_centuries_moves_by_exactly_the_days(
    form: tuple[str, Reading], day: date, by: int
) -> None:
    written, reading = form
    assume("%b" not in written or day.month != 5)  # "May" is long and short.
    moved = shift(day.strftime(written), by, reading)
    assert moved is not None
    expected = (day + timedelta(days=by)).strftime(written)
    # A day in words has no zero in front, unless the date had one.
    assert f" {moved}".replace(" 0", " ") == f" {expected}".replace(" 0", " ")


@given(days, days, offsets)
def test_intervals_stay_to_the_day(one: date, two: date, by: int) -> None:
    first, second = (shift(each.isoformat(), by, ENGLISH) or "" for each in (one, two))
    assert date.fromisoformat(second) - date.fromisoformat(first) == two - one


@given(st.integers(1900, 2099), st.integers(1, 12), st.integers(0, 60), offsets)
def test_two_months_and_two_years_never_become_one(
    year: int, month: int, later: int, by: int
) -> None:
    def moved(months: int) -> int:
        shifted = shift(f"{months // 12:04d}-{months % 12 + 1:02d}", by, ENGLISH)
        assert shifted is not None
        return int(shifted[:4]) * 12 + int(shifted[5:]) - 1

    first = year * 12 + month - 1
    assert moved(first + later) - moved(first) == later


@given(st.text(max_size=60))
def test_any_text_at_all_is_read_or_refused_in_no_time(text: str) -> None:
    shift(text, 40, ENGLISH)


@pytest.mark.parametrize(
    ("surfaces", "language", "expected"),
    [
        (["13/04/2019", "3/4/2019"], Language.ENGLISH, True),
        (["4/13/2019", "3/4/2019"], Language.GERMAN, False),
        (["3/4/2019"], Language.ENGLISH, False),
        (["3/4/2019"], Language.SPANISH, True),
        (["3/4/2019"], None, False),
    ],
)
def test_the_other_dates_tell_which_number_is_the_day(
    surfaces: list[str], language: Language | None, *, expected: bool
) -> None:
    assert reading_of(surfaces, language).day_first is expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The patient was seen in the clinic", Language.ENGLISH),
        ("Der Patient wurde mit der Diagnose entlassen", Language.GERMAN),
        ("La patiente est suivie dans le service", Language.FRENCH),
        ("El paciente fue visto por los médicos", Language.SPANISH),
        ("患者因咳嗽入院", Language.CHINESE),
        ("K 4.1, Na 139", None),
    ],
)
def test_little_words_tell_the_language(text: str, language: Language | None) -> None:
    assert language_of([text]) is language


@pytest.mark.parametrize(
    ("surface", "by", "moved"),
    [
        ("March 12", 40, "April 21"),
        ("Feb 29", 365, "Feb 28"),
        ("Feb 30", 365, None),
        ("March '12", 365, "March '13"),
        ("March of 12", 365, "March of 13"),
        ("March 98", 365, "March 99"),
        ("12/31", 365, None),
        ("5 March", -365, None),
    ],
)
def test_a_day_without_a_year_moves_as_a_day_or_not_at_all(
    surface: str, by: int, moved: str | None
) -> None:
    assert shift(surface, by, ENGLISH) == moved
