"""Who asks again as soon as they are answered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.returns import Returns


def rounds(returns: Returns, count: int, rows: int, came: int, now: float = 0.0) -> float:
    """Let batches of two seconds end, after each of which `came` ask; return the time after it."""
    for _ in range(count):
        now += 2.0
        returns.ended(rows, 2.0, now)
        for _ in range(came):
            returns.came(now + 0.1)
    return now + 2.0


def test_nobody_is_expected_before_anybody_was_seen_to_ask_again() -> None:
    returns = Returns()
    returns.ended(8, 2.0, 2.0)
    assert returns.expected(2.0) == 0


def test_those_who_always_ask_again_are_expected_until_they_have() -> None:
    returns = Returns()
    now = rounds(returns, 20, rows=8, came=8)
    returns.ended(8, 2.0, now)
    assert returns.expected(now) == 8
    for left in range(7, -1, -1):
        returns.came(now + 0.05)
        assert returns.expected(now + 0.05) == left
    returns.came(now + 0.05)
    assert returns.expected(now + 0.05) == 0


def test_nobody_is_expected_any_more_after_a_small_part_of_what_the_batch_took() -> None:
    returns = Returns()
    now = rounds(returns, 20, rows=8, came=8)
    returns.ended(8, 2.0, now)
    assert returns.expected(now + 0.29) == 8
    assert returns.expected(now + 0.31) == 0
    returns.ended(8, 100.0, now + 1)
    assert returns.expected(now + 1.49) > 0
    assert returns.expected(now + 1.51) == 0


def test_those_who_read_what_they_were_answered_are_not_expected_for_long() -> None:
    returns = Returns()
    now = rounds(returns, 20, rows=8, came=8)
    now = rounds(returns, 10, rows=8, came=0, now=now)
    returns.ended(8, 2.0, now)
    assert returns.expected(now) == 0


def test_batches_that_end_together_count_together() -> None:
    returns = Returns()
    now = rounds(returns, 20, rows=4, came=4)
    returns.ended(4, 2.0, now)
    returns.ended(4, 2.0, now + 0.1)
    assert returns.expected(now + 0.1) == 8


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 64), st.floats(0, 30), st.floats(0, 5)), max_size=40
    )
)
def test_never_more_are_expected_than_were_answered(
    events: list[tuple[bool, int, float, float]],
) -> None:
    returns, now, answered = Returns(), 0.0, 0
    for ended, rows, seconds, later in events:
        now += later
        if ended:
            returns.ended(rows, seconds, now)
            answered += rows
        else:
            returns.came(now)
        assert 0 <= returns.expected(now) <= answered
        assert 0 <= returns.share <= 1
