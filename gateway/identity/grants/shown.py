"""A grant as it may be shown: never about whom, and why only to those whom it concerns."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gateway.identity.grants.grant import AccessGrant


def grant_as_json(grant: AccessGrant, reason: str | None = None) -> dict[str, Any]:
    """Return what may be shown of a grant."""
    shown = {
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
    return shown if reason is None else {**shown, "reason": reason}


def spoken(time: int | None) -> str | None:
    """Return a time as people and programs read it, UTC."""
    if time is None:
        return None
    return dt.datetime.fromtimestamp(time // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
