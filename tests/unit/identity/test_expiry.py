"""Every key ends, within 366 days."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.identity.expiry import parse_expiry

NOW = int(dt.datetime(2026, 11, 22, 11, 0, tzinfo=dt.UTC).timestamp()) * 1000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("12h", NOW + 12 * HOUR),
        ("90d", NOW + 90 * 24 * HOUR),
        ("366d", NOW + 366 * 24 * HOUR),
        ("2026-11-22", NOW + 13 * HOUR),
        ("2026-11-23", NOW + 37 * HOUR),
    ],
)
def test_an_end_is_a_span_or_the_last_day_in_utc(words: str, end: int) -> None:
    assert parse_expiry(words, NOW) == end


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "an end is"),
        ("never", "an end is"),
        ("90", "an end is"),
        ("0d", "an end is"),
        ("-1d", "an end is"),
        ("1y", "an end is"),
        ("90d\n", "an end is"),
        ("31.01.2027", "an end is"),
        ("2027-02-30", "no such day"),
        ("2026-11-21", "is over"),
        ("367d", "366 days at most"),
        ("2028-01-01", "366 days at most"),
        ("9999-12-31", "366 days at most"),
        ("0000-01-01", "no such day"),
    ],
)
def test_what_is_no_end_is_an_error(words: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_expiry(words, NOW)
