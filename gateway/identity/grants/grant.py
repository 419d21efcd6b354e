"""A grant: who may learn about one patient, for one purpose, until when, and who said so."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.exchange import Purpose


class GrantState(StrEnum):
    """Where a grant stands. It goes forward only."""

    ASKED = "asked"
    """It waits for somebody else's approval."""
    ACTIVE = "active"
    REFUSED = "refused"
    ENDED = "ended"
    """By itself, by somebody, or because nobody approved it within a day."""


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """One grant. Whom it is about is a keyed fingerprint; why is sealed. Times in Unix ms."""

    id: str
    state: GrantState
    purpose: Purpose
    asker: str
    name: str
    """Of the asker's key or client, which tells two keys of one person."""
    minutes: int
    """How long it lasts, from its approval."""
    asked: int
    patient: bytes = field(repr=False)
    reason: bytes = field(repr=False)
    decider: str | None = None
    """Who approved or refused it; `policy` where no second person is needed."""
    until: int | None = None
    """When it ends by itself; known once it is approved."""
    ended: int | None = None
    uses: int = 0
