"""What policy says: whether a request may happen, and what becomes of each entity type.

`gateway/policy` reads these from Cedar and YAML; here they are values. A type that a profile does
not name is blocked, and there is no default that widens access.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.entities import EntityType
from gateway.domain.errors import Code


class Operator(StrEnum):
    """What happens to the characters of a finding."""

    KEEP = "keep"
    """They travel as they are."""
    PSEUDONYM = "pseudonym"
    """A stand-in, stable within a conversation, which the guard can restore."""
    HASH = "hash"
    """A keyed digest (HMAC-SHA-256, truncated): equal values stay equal, nothing comes back."""
    REPLACE = "replace"
    """The type in brackets, `[PERSON]`."""
    MASK = "mask"
    """Asterisks, except for `keep_last` characters at the end."""
    BLOCK = "block"
    """The request is refused."""


STRICTNESS: Mapping[Operator, int] = {
    Operator.KEEP: 0,
    Operator.PSEUDONYM: 1,
    Operator.HASH: 2,
    Operator.MASK: 3,
    Operator.REPLACE: 4,
    Operator.BLOCK: 5,
}
"""Which operator wins where findings overlap: the one that leaves less."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a profile. `keep_last` belongs to `mask` alone."""

    operator: Operator
    keep_last: int = 0


class Invented(StrEnum):
    """What happens to an identifier in the output that neither the caller nor a pseudonym gave."""

    REPLACE = "replace"
    MASK = "mask"
    BLOCK = "block"
    """The reply ends there, with finish reason `content_filter`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a request may ask for under a profile."""

    max_input_characters: int
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A named treatment. Of the profiles that apply, the one with the highest strictness wins."""

    name: str
    strictness: int
    entities: Mapping[EntityType, Rule]
    restore: bool
    """Whether pseudonyms become the caller's own words again on their way out."""
    invented: Invented
    limits: Limits

    def rule(self, entity: EntityType) -> Rule:
        """Return what becomes of `entity`; a type that the profile does not name is blocked."""
        return self.entities.get(entity, _BLOCK)


_BLOCK = Rule(Operator.BLOCK)


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes, under this profile, because of these rules: the `@id` of each permit that applied."""

    profile: Profile
    rules: tuple[str, ...]
    release: str
    """SHA-256 of the active policy release, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Deny:
    """No. `rules` holds the `@id` of each forbid that applied; empty where nothing permits."""

    code: Code
    rules: tuple[str, ...]
    release: str
