"""Legal holds: what is held, by itself or with its quarter; in doubt nobody erases."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.domain.epochs import epoch_of, epoch_span
from gateway.ledger.holds import HoldError, LegalHolds, new_hold
from gateway.ledger.quarters import epoch_of_id, following, quarter_of

EXCHANGE = "01a20304-7bf3-7105-bfa9-51e21af9fa71"
NOW = 1_795_346_955_251


def test_quarters_follow_each_other_without_a_gap() -> None:
    name = "2023Q4"
    for expected in ("2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1"):
        end = epoch_span(name)[1]
        assert epoch_of(end - 1) == name
        name = following(name)
        assert (name, epoch_span(name)[0]) == (expected, end)


@pytest.mark.parametrize("word", ["2026", "2026Q5", "0000Q1", "2026q1", " 2026Q1", "2026Q1\n"])
def test_what_is_no_quarter_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="2026Q4"):
        epoch_span(word)


def test_a_clock_past_the_calendar_has_a_quarter_too() -> None:
    assert quarter_of(2**53 - 1) == "9999Q4"


def test_the_time_of_an_exchange_is_in_its_id() -> None:
    assert epoch_of_id(EXCHANGE) == "2026Q4"
    assert epoch_of_id(SystemClock().new_id()) == epoch_of(SystemClock().now_ms())
    assert epoch_of_id("s0") is None


def test_an_exchange_is_held_by_itself_and_with_its_quarter(tmp_path: Path) -> None:
    holds = LegalHolds(tmp_path)
    assert not holds.held(EXCHANGE)
    assert not list(tmp_path.iterdir())  # Asking makes nothing.
    holds.place(new_hold("h1", EXCHANGE, "key:a", "case 4711", NOW))
    assert holds.held(EXCHANGE)
    assert holds.held("2026Q4")
    assert not holds.held("2026Q3")
    holds.lift("h1", "key:b", NOW + 1)
    assert not holds.held(EXCHANGE)
    holds.place(new_hold("h2", "2026Q4", "key:a", "inspection", NOW))
    assert holds.held(EXCHANGE)
    assert [hold.lifted for hold in holds.all_holds()] == [NOW + 1, None]


def test_two_holds_on_one_thing_are_two(tmp_path: Path) -> None:
    holds = LegalHolds(tmp_path)
    for name in ("h1", "h2"):
        holds.place(new_hold(name, "2026Q4", "key:a", "why", NOW))
    holds.lift("h1", "key:a", NOW)
    assert holds.held("2026Q4")
    with pytest.raises(HoldError, match="No hold of this id"):
        holds.find("h1")


def test_the_log_has_a_digest_of_the_reason_that_cannot_be_guessed(tmp_path: Path) -> None:
    one = new_hold("h", "2026Q4", "key:a", "Margaret Thornton v. hospital", NOW)
    two = new_hold("h", "2026Q4", "key:a", "Margaret Thornton v. hospital", NOW)
    assert one.digest != two.digest
    assert "Thornton" not in repr(one)
    holds = LegalHolds(tmp_path)
    holds.place(one)
    assert holds.find("h").digest == one.digest


@pytest.mark.parametrize(("what", "reason"), [("s0", "why"), ("2026", "why"), ("2026Q4", " ")])
def test_a_hold_on_nothing_or_for_nothing_is_refused(what: str, reason: str) -> None:
    with pytest.raises(HoldError):
        new_hold("h", what, "key:a", reason, NOW)


def test_when_nobody_can_tell_everything_counts_as_an_error(tmp_path: Path) -> None:
    (tmp_path / "holds.db").write_bytes(b"not a database" * 100)
    with pytest.raises(HoldError, match="so nothing is erased"):
        LegalHolds(tmp_path).held("2026Q4")
