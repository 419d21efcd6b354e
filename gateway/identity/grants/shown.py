"""A grant as it may be shown: never about whom, and why only to those whom it concerns."""

from __future__ import annotations

import datetime as dt
from typing import NotRequired, TypedDict

from gateway.identity.grants.grant import AccessGrant


class ShownGrant(TypedDict):
    """A grant; times are UTC, to the second."""

    id: str
    state: str
    purpose: str
    asker: str
    name: str
    minutes: int
    asked: str | None
    decider: str | None
    until: str | None
    ended: str | None
    uses: int
    reason: NotRequired[str]
    """For those whom it concerns."""


def grant_as_json(grant: AccessGrant, reason: str | None = None) -> ShownGrant:
    """Return what may be shown of a grant."""
    shown: ShownGrant = {
        "id": grant.id,
        "state": grant.state.value,
        "purpose": grant.purpose.value,
        "asker": grant.asker,
        "name": grant.name,
        "minutes": grant.minutes,
        "asked": spoken(grant.asked),
        "decider": grant.decider,
        "until": spoken(grant.until),
        "ended": spoken(grant.ended),
        "uses": grant.uses,
    }
    if reason is not None:
        shown["reason"] = reason
    return shown


def spoken(time: int | None) -> str | None:
    """Return a time as people and programs read it, UTC."""
    if time is None:
        return None
    return dt.datetime.fromtimestamp(time // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
