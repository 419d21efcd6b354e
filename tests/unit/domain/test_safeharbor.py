"""Safe Harbor's edge cases, as a table; and what no table can hold, as laws."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.dates import Reading
from gateway.domain.entities import AGE, DATE_OF_BIRTH, DATE_TIME, POSTCODE, entity_type
from gateway.domain.language import Language
from gateway.domain.safeharbor import RESTRICTED, generalise
from gateway.lists import shipped_stock

VECTORS = Path(__file__).parents[2] / "vectors" / "operators" / "generalise.tsv"
ROWS = [line.split("\t") for line in VECTORS.read_text().splitlines()[1:]]
CITIES = shipped_stock().city_in
ENGLISH = Reading(day_first=False, language=Language.ENGLISH)


@pytest.mark.parametrize(
    ("entity", "language", "value", "stands", "why"),
    ROWS,
    ids=[f"{row[0]} {row[2]} {row[4]}" for row in ROWS],
)
def test_of_a_value_stands_what_the_rule_lets_stand(
    entity: str, language: str, value: str, stands: str, why: str
) -> None:
    reading = Reading(day_first=False, language=Language(language))
    assert (generalise(entity_type(entity), value, reading, 2026, CITIES) or "-") == stands, why


def test_the_seventeen_areas_are_seventeen() -> None:
    assert len(RESTRICTED) == 17


@given(st.integers(90, 130), st.sampled_from(["{}", "{}-year-old", "{} years old", "{}F", "{}岁"]))
def test_no_age_over_89_stands(age: int, form: str) -> None:
    stands = generalise(AGE, form.format(age), ENGLISH, 2026, {})
    assert stands is None or str(age) not in stands.replace("90+", "")


@given(st.dates().filter(lambda day: day.year >= 1000), st.sampled_from([DATE_TIME, DATE_OF_BIRTH]))
def test_of_a_date_at_most_the_year_stands_and_none_of_over_89_years_ago(
    day: object, entity: str
) -> None:
    stands = generalise(entity_type(entity), str(day), ENGLISH, 2026, {})
    if stands is not None:
        year = int(str(day)[:4])
        assert stands == (str(year) if year > 2026 - 89 else "≤1937")


@given(st.integers(0, 99_999))
def test_of_a_zip_three_digits_stand_at_most(number: int) -> None:
    code = f"{number:05d}"
    stands = generalise(POSTCODE, code, ENGLISH, 2026, {})
    assert stands == ("000" if code[:3] in RESTRICTED else code[:3])


def test_without_this_year_no_year_stands() -> None:
    assert generalise(DATE_TIME, "2019-03-05", ENGLISH, None, {}) is None
