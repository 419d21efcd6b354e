"""What a client may ask for within its permit: a profile that is stricter, and never a laxer."""

from __future__ import annotations

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.policy import Profile
from gateway.domain.ports import Decider


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
