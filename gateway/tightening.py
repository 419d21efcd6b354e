"""What a request may ask for within its permit: a stricter profile, and as much as that lets in."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.policy import Profile
from gateway.domain.ports import Decider
from gateway.domain.text import RawText


def tightened(granted: Profile, asked: str | None, decider: Decider) -> Profile:
    """Return the profile that a client asks for, within the one that policy grants.

    Raises `ExchangeError` with UNKNOWN_PROFILE or PROFILE_NOT_STRICTER.
    """
    if asked is None or asked == granted.name:
        return granted
    profile = decider.profile(asked)
    if profile is None:
        raise ExchangeError(
            Code.UNKNOWN_PROFILE,
            "There is no profile of that name. Leave out the header X-Redaction-Profile, or "
            "name one that `intramural policy show` lists.",
        )
    if profile.strictness < granted.strictness:
        raise ExchangeError(
            Code.PROFILE_NOT_STRICTER,
            f"X-Redaction-Profile can only name a stricter profile than '{granted.name}', "
            "which policy grants.",
        )
    return profile.within(granted)


def check_size(texts: Iterable[RawText], profile: Profile) -> None:
    """Raise `ExchangeError` with LIMIT_EXCEEDED if there is more than the profile lets in."""
    size = sum(map(len, texts))
    if size > profile.limits.max_input_characters:
        raise ExchangeError(
            Code.LIMIT_EXCEEDED,
            f"The request holds {size} characters; the profile '{profile.name}' lets "
            f"{profile.limits.max_input_characters} through. Send it in parts.",
        )
