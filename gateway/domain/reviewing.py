"""What may be said of a record, and by whom: pure.

A review is open, explained or escalated. Nobody needs leave to open one or to say more; it cannot
be closed without a reason, by the one whom the record is about, or into the state that it has.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.records import Record, Review, ReviewState

MAX_COMMENT: Final = 4000
"""Characters of a comment."""


def check_review(
    record: Record,
    asked_by: str | None,
    reviewer: str,
    step: tuple[ReviewState | None, ReviewState | None],
    comment: str,
) -> None:
    """Raise `ExchangeError` unless `reviewer` may take `step`, from a state to a state.

    `asked_by` is whom the record is about, its exchange's caller where it is an outcome. A step to
    `None` is a comment alone; one from `None` is the first.
    """
    before, after = step
    if isinstance(record, Review):
        raise _refused("This record is a review itself: review the record that it is about.")
    if len(comment) > MAX_COMMENT:
        raise ExchangeError(
            Code.LIMIT_EXCEEDED, f"A comment has at most {MAX_COMMENT} characters.", param="comment"
        )
    if after is None:
        if not comment:
            raise ExchangeError(
                Code.INVALID_REQUEST, "Give a state, a comment, or both.", param="state"
            )
        return
    if after is before:
        raise _refused(f"The record is {after} already. To say more, comment without a state.")
    if after is not ReviewState.OPEN and not comment:
        raise ExchangeError(
            Code.INVALID_REQUEST, f"Say in a comment why it is {after}.", param="comment"
        )
    if after is ReviewState.EXPLAINED and asked_by == reviewer:
        raise _refused("Nobody explains their own record. Ask another auditor.")


def _refused(message: str) -> ExchangeError:
    return ExchangeError(Code.REVIEW_REFUSED, message)
