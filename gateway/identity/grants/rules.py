"""What a request for a grant has to be, and what stands against a use. Times are passed in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from gateway.domain.duties import same_person
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Caller, Purpose
from gateway.domain.policy import Reidentify
from gateway.identity.grants.grant import AccessGrant, GrantState

MINUTE: Final = 60_000
_WAITS: Final = 24 * 60 * MINUTE
"""How long a request waits for its approval: a day later, what was urgent is not any more."""
_NUMBER: Final = re.compile(r"[\x20-\x7e]{1,64}\Z")
_SHORTEST_NUMBER: Final = 4
_REASON: Final = range(8, 1001)
"""Characters of a reason: a word is none, and a story is not read."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for. It does not show itself."""

    purpose: Purpose
    patient: str
    reason: str
    minutes: int | None = None
    """`None` is as long as the profile allows."""

    def __repr__(self) -> str:
        return "<Request>"


def refused() -> ExchangeError:
    """Return the one thing that is said to whoever may not, whatever the reason is."""
    return ExchangeError(
        Code.GRANT_REFUSED,
        "Nothing is re-identified: this grant, exchange and purpose do not go together now. What "
        "is wrong is recorded; an auditor can see it.",
    )


def checked(request: Request, terms: Reidentify) -> int:
    """Return for how many minutes; `ExchangeError` unless the request is one."""
    number, reason = request.patient.strip(), request.reason.strip()
    letters = sum(char.isalnum() for char in number)
    if not _NUMBER.match(number) or letters < _SHORTEST_NUMBER:
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "The patient's number is 4 to 64 letters and digits, as it stands in the texts.",
            param="patient",
        )
    if len(reason) not in _REASON or not all(char.isprintable() or char == "\n" for char in reason):
        raise ExchangeError(
            Code.INVALID_REQUEST,
            f"Say why, in {_REASON.start} to {_REASON.stop - 1} printable characters.",
            param="reason",
        )
    minutes = terms.minutes if request.minutes is None else request.minutes
    if not 1 <= minutes <= terms.minutes:
        raise ExchangeError(
            Code.INVALID_REQUEST,
            f"A grant for this purpose lasts 1 to {terms.minutes} minutes.",
            param="minutes",
        )
    return minutes


def is_open(grant: AccessGrant, now: int) -> bool:
    """Say whether the grant waits or works at `now`."""
    match grant.state:
        case GrantState.ASKED:
            return now < grant.asked + _WAITS
        case GrantState.ACTIVE:
            return grant.until is not None and now < grant.until
        case GrantState.REFUSED | GrantState.ENDED:
            return False


def as_it_stands(grant: AccessGrant, now: int) -> AccessGrant:
    """Return the grant as it is now, though nobody has written down yet that it is over."""
    if grant.state in {GrantState.ASKED, GrantState.ACTIVE} and not is_open(grant, now):
        return replace(grant, state=GrantState.ENDED, ended=grant.until)
    return grant


def is_own(grant: AccessGrant, caller: Caller) -> bool:
    """Say whether `caller` is who asked, also by another key of that name, however written."""
    return caller.id == grant.asker or same_person(caller.name, grant.name)


def obstacle(grant: AccessGrant | None, caller: Caller, purpose: Purpose, now: int) -> Code | None:
    """Return what stands against a use of the grant by `caller`, if anything does."""
    if grant is None:
        return Code.GRANT_UNKNOWN
    if grant.asker != caller.id:
        return Code.GRANT_OF_ANOTHER
    if grant.state is not GrantState.ACTIVE or not is_open(grant, now):
        return Code.GRANT_NOT_ACTIVE
    return None if grant.purpose is purpose else Code.GRANT_PURPOSE


def unknown() -> ExchangeError:
    """Return what is said about a grant that does not concern who asks."""
    return ExchangeError(Code.GRANT_UNKNOWN, "There is no grant of this id that concerns you.")


def past(grant: AccessGrant) -> ExchangeError:
    """Return what is said about a grant whose time is over."""
    return ExchangeError(
        Code.GRANT_STATE, f"This grant is {grant.state}, and its time is over: ask for another."
    )
