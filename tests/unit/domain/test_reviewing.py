"""What may be said of a record, and by whom."""

from __future__ import annotations

import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.records import ReviewState
from gateway.domain.reviewing import MAX_COMMENT, check_review
from tests.fakes.ledger import intent, review

OPEN, EXPLAINED, ESCALATED = ReviewState.OPEN, ReviewState.EXPLAINED, ReviewState.ESCALATED
Step = tuple[ReviewState | None, ReviewState | None]


@pytest.mark.parametrize(
    ("step", "comment"),
    [
        ((None, OPEN), ""),
        ((None, EXPLAINED), "a drill"),
        ((OPEN, ESCALATED), "nobody knows this caller"),
        ((ESCALATED, EXPLAINED), "found the order"),
        ((EXPLAINED, OPEN), ""),
        ((EXPLAINED, None), "see also record 12"),
    ],
)
def test_a_step_that_says_why_may_be_taken(step: Step, comment: str) -> None:
    check_review(intent("x"), "key-4f2a91c0", "key-77aa01bb", step, comment)


@pytest.mark.parametrize(
    ("step", "comment", "code"),
    [
        ((None, None), "", Code.INVALID_REQUEST),
        ((None, EXPLAINED), "", Code.INVALID_REQUEST),
        ((OPEN, ESCALATED), "", Code.INVALID_REQUEST),
        ((OPEN, OPEN), "again", Code.REVIEW_REFUSED),
        ((None, OPEN), "x" * (MAX_COMMENT + 1), Code.LIMIT_EXCEEDED),
    ],
)
def test_a_step_without_a_reason_or_a_change_is_refused(
    step: Step, comment: str, code: Code
) -> None:
    with pytest.raises(ExchangeError) as refused:
        check_review(intent("x"), "key-4f2a91c0", "key-77aa01bb", step, comment)
    assert refused.value.code is code


def test_nobody_explains_their_own_record_but_may_open_it() -> None:
    with pytest.raises(ExchangeError) as refused:
        check_review(intent("x"), "key-77aa01bb", "key-77aa01bb", (None, EXPLAINED), "it was me")
    assert refused.value.code is Code.REVIEW_REFUSED
    check_review(intent("x"), "key-77aa01bb", "key-77aa01bb", (None, OPEN), "")


def test_a_review_is_not_reviewed() -> None:
    with pytest.raises(ExchangeError) as refused:
        check_review(review("v"), None, "key-77aa01bb", (None, OPEN), "")
    assert refused.value.code is Code.REVIEW_REFUSED
