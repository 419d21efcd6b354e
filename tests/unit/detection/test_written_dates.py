"""Words that mean one day, wherever a weekday or a month is named in full."""

from __future__ import annotations

import pytest

from gateway.detection.labels import fold
from gateway.detection.written_dates import written

ENGLISH = "January February March April May June July August September October November December"
GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"


def found(text: str) -> set[tuple[str, str]]:
    return {(text[hit.start : hit.end], hit.form) for hit in written(fold(text))}


@pytest.mark.parametrize(
    "text",
    [
        *(f"unwell since last {month}" for month in ENGLISH.split()),
        *(f"schwindlig seit {month}" for month in GERMAN.split()),
        *(f"fatigue depuis {month}" for month in FRENCH.split()),
        *(f"mareos desde {month}" for month in SPANISH.split()),
        *(f"she fell last {day}" for day in WEEKDAYS.split()),
    ],
)
def test_a_month_or_a_weekday_behind_a_word_that_dates_it_is_found(text: str) -> None:
    assert "relative" in {form for _, form in found(text)}


@pytest.mark.parametrize("day", WEEKDAYS.split())
def test_a_weekday_with_its_day_of_the_month_is_found(day: str) -> None:
    assert (f"{day} the 3rd", "weekday") in found(f"again on {day} the 3rd, please")


@pytest.mark.parametrize("text", ["day by day", "every other day, marked oedema", "three days"])
def test_days_without_a_name_are_none(text: str) -> None:
    assert not found(text)
