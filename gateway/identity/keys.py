"""An API key as the gateway knows it: who holds it, what for, from where, until when."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain.exchange import Assurance, Caller, Purpose
from gateway.domain.scope import ANYTHING, Scope
from gateway.identity.networks import Networks

_NAME: Final = re.compile(r"[A-Za-z0-9._-]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9._-])?\Z")
_ROLE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_MAX_ROLES: Final = 16
EXPIRES_SOON_MS: Final = 14 * 86_400_000
"""How long before its end a key is spoken of."""


class State(StrEnum):
    """Whether a key works."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a new key is to allow. Checked when it is made; nothing in it has a default."""

    name: str
    """The calling software or its owner; stands in records as the client."""
    roles: frozenset[str]
    groups: frozenset[str]
    networks: Networks
    purpose: Purpose | None
    """The only purpose that the key may be used for; `None` lets each request state its own."""
    expires: int
    """Milliseconds since the Unix epoch."""
    scope: Scope = ANYTHING
    """What else the key is restricted to, whatever policy permits."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if not _NAME.match(self.name):
            raise ValueError("a name is 1 to 64 letters, digits, spaces, dots, _ and -")
        if not self.roles:
            raise ValueError("name at least one role: a key without roles may do nothing")
        for kind, names in (("role", self.roles), ("group", self.groups)):
            if len(names) > _MAX_ROLES:
                raise ValueError(f"at most {_MAX_ROLES} {kind}s")
            if not all(_ROLE.match(name) for name in names):
                raise ValueError(f"a {kind} is 1 to 32 of a-z, 0-9, _ and -, a letter first")


@dataclass(frozen=True, slots=True)
class Replaced:
    """The secret before the one in force: it still works for a while after a rotation."""

    digest: bytes = field(repr=False)
    until: int
    """Milliseconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One row of the table. The secret is not here; its digest is."""

    id: str
    grant: Grant
    created: int
    revoked: int | None
    digest: bytes = field(repr=False)
    replaced: Replaced | None = None

    @property
    def principal(self) -> str:
        """Return the id under which every record names this key."""
        return f"key:{self.id}"

    def state(self, now: int) -> State:
        """Return whether the key works at `now`."""
        if self.revoked is not None:
            return State.REVOKED
        return State.EXPIRED if now >= self.grant.expires else State.ACTIVE

    def caller(self, until: int | None = None) -> Caller:
        """Return whom this key stands for; `until` is when the secret that was shown ends."""
        return Caller(
            id=self.principal,
            name=self.grant.name,
            roles=self.grant.roles,
            groups=self.grant.groups,
            client=self.grant.name,
            assurance=Assurance.API_KEY,
            purpose=self.grant.purpose,
            scope=self.grant.scope,
            expires=self.grant.expires if until is None else min(until, self.grant.expires),
        )
