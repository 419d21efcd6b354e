"""Where exchanges run: how many at once, and how many of one caller."""

from __future__ import annotations

import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.places import Places


def taken(places: Places, caller: str, most: int = 1000) -> tuple[int, Code | None]:
    """Return how many places a caller who asks without end gets, and what ends it."""
    for number in range(most):
        try:
            places.enter(f"{caller}-{number}", caller)
        except ExchangeError as error:
            return number, error.code
    return most, None


def test_the_last_quarter_is_for_callers_who_hold_few() -> None:
    places = Places(256)
    assert taken(places, "one") == (192, Code.RATE_LIMITED)
    assert taken(places, "two") == (16, Code.RATE_LIMITED)
    assert [taken(places, each)[0] for each in ("three", "four", "five")] == [16, 16, 16]
    assert taken(places, "six") == (0, Code.OVERLOADED)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_very_few_places_none_is_kept(count: int) -> None:
    assert taken(Places(count), "one") == (count, Code.OVERLOADED)


def test_a_place_that_was_given_back_is_free_again() -> None:
    places = Places(4)
    assert taken(places, "one") == (3, Code.RATE_LIMITED)
    places.leave("one-0")
    places.leave("one-0")
    places.leave("never")
    assert taken(places, "two") == (1, Code.RATE_LIMITED)
    assert repr(places) == "<Places 3 of 4>"
