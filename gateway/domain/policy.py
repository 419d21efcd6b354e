"""What policy says: whether a request may happen, and what becomes of each entity type.

`gateway/policy` reads these from Cedar and YAML; here they are values. A type that a profile does
not name is blocked, and there is no default that widens access.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from enum import StrEnum
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.limits import Bound


class Operator(StrEnum):
    """What happens to the characters of a finding."""

    KEEP = "keep"
    """They travel as they are."""
    PSEUDONYM = "pseudonym"
    """A stand-in, stable within a conversation, which the guard can restore."""
    SURROGATE = "surrogate"
    """Something of the same kind that might be real: another name, another number of the form."""
    DATE_SHIFT = "date_shift"
    """A date moved by the days of its conversation, so that intervals stay."""
    GENERALISE = "generalise"
    """What Safe Harbor lets stand: the year, three digits of a ZIP, `90+`."""
    ENCRYPT = "encrypt"
    """The value sealed under the installation's key, which alone opens it again."""
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
    Operator.DATE_SHIFT: 1,
    Operator.GENERALISE: 2,
    Operator.SURROGATE: 3,
    Operator.PSEUDONYM: 4,
    Operator.ENCRYPT: 5,
    Operator.HASH: 6,
    Operator.MASK: 7,
    Operator.REPLACE: 8,
    Operator.BLOCK: 9,
}
"""Which operator wins where findings overlap: the one that leaves less.

The first two leave a part of the value, a surrogate leaves its form, the rest nothing that can be
read. What the first three cannot treat, they replace: a union with a neighbour that is no date.
"""
STRICTNESS_OF_TAIL: Final = 0.5
"""Of a `mask` that keeps its last characters: in a union those would be a neighbour's."""
DEFAULT_DAYS: Final = 365
"""How far `date_shift` moves a date at most, where a profile does not say."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a profile. `keep_last` belongs to `mask` alone, `days` to `date_shift`."""

    operator: Operator
    keep_last: int = 0
    days: int = DEFAULT_DAYS
    """A date moves by 1 to this many days, forwards or back; one profile has one number."""

    @property
    def strictness(self) -> float:
        """Return which rule wins where findings overlap: the higher, which leaves less."""
        return STRICTNESS_OF_TAIL if self.keep_last else STRICTNESS[self.operator]


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
    max_in_flight: int | None = None
    """Requests that one caller may have in the engine: one more is refused, RATE_LIMITED, at once.
    `None` is no bound."""

    def within(self, granted: Limits) -> Limits:
        """Return the lower of each limit."""
        bounds = [n for n in (self.max_in_flight, granted.max_in_flight) if n is not None]
        return Limits(
            min(self.max_input_characters, granted.max_input_characters),
            min(self.max_output_tokens, granted.max_output_tokens),
            min(bounds, default=None),
        )


@dataclass(frozen=True, slots=True)
class Reidentify:
    """Whether, and how, somebody may learn who a pseudonym is; by default nobody may."""

    allowed: bool = False
    second_person: bool = True
    """Whether a grant waits for somebody else's approval."""
    minutes: int = 60
    """How long a grant lasts at most, from its approval."""


class Priority(StrEnum):
    """Who goes first where an engine cannot serve all at once."""

    INTERACTIVE = "interactive"
    """Somebody waits for the reply."""
    BATCH = "batch"
    """It may take until the others have been served."""


class Keep(StrEnum):
    """What of the texts of an exchange is kept, sealed, so that an auditor may see it later."""

    NOTHING = "nothing"
    REDACTED = "redacted"
    """What the engine was given, and what it generated."""
    ALL = "all"
    """These, what was received and what was restored, and whom the pseudonyms stand for."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms an engine works for a caller: what policy says besides the words."""

    partition: str = field(repr=False)
    """Opaque, stable and the caller's own: nothing is shared across two of them. Never logged."""
    profile: str
    """Digest of the profile."""
    priority: Priority
    in_flight: int | None
    """`Limits.max_in_flight`."""
    cache: bool
    """Whether a reply may be kept, and given again to the same partition."""


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
    priority: Priority = Priority.INTERACTIVE
    cache: bool = False
    """Whether a reply may be kept for a while in memory, for the same caller alone."""
    keep: Keep = Keep.NOTHING
    """Which texts are sealed and kept for the audit."""
    reidentify: Reidentify = Reidentify()
    closed: frozenset[EntityType] = frozenset()
    """Types whose sealed values it does not open, because the profile that was granted does not."""
    digest: str = field(init=False, repr=False)
    """SHA-256 over all of the above, in hexadecimal; it lives no longer than the process."""

    def __post_init__(self) -> None:
        """Compute the digest, once."""
        object.__setattr__(self, "digest", _digest(self))

    def within(self, granted: Profile) -> Profile:
        """Return this profile without what `granted` does not give.

        A stricter profile that a client asks for treats the text; it brings neither longer replies
        nor a place further in front, and opens nothing that stays sealed without it.
        """
        return replace(
            self,
            limits=self.limits.within(granted.limits),
            priority=max(self.priority, granted.priority, key=_LATER.index),
            cache=self.cache and granted.cache,
            # What an auditor may see later is no matter of what a client asks for.
            keep=granted.keep,
            reidentify=granted.reidentify,
            closed=self.closed | self.opens() - granted.opens(),
        )

    def opens(self) -> frozenset[EntityType]:
        """Return the types of which its callers may have a sealed value opened, whosever it is."""
        if not self.restore:
            return frozenset()
        sealed = (kind for kind, rule in self.entities.items() if rule.operator is Operator.ENCRYPT)
        return frozenset(sealed) - self.closed

    def terms(self, partition: str, *, may_wait: bool) -> Terms:
        """Return the terms for one caller, who may let others go first."""
        priority = Priority.BATCH if may_wait else self.priority
        return Terms(partition, self.digest, priority, self.limits.max_in_flight, self.cache)

    def rule(self, entity: EntityType) -> Rule:
        """Return what becomes of `entity`; a type that the profile does not name is blocked."""
        return self.entities.get(entity, _BLOCK)


_BLOCK = Rule(Operator.BLOCK)
_LATER = (Priority.INTERACTIVE, Priority.BATCH)


def _digest(profile: Profile) -> str:
    rules = sorted((entity, *astuple(rule)) for entity, rule in profile.entities.items())
    whole = [
        profile.name,
        profile.strictness,
        rules,
        profile.restore,
        profile.invented,
        astuple(profile.limits),
        profile.priority,
        profile.cache,
        profile.keep,
        astuple(profile.reidentify),
        sorted(profile.closed),
    ]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


Against = Callable[[str], tuple[str, ...] | None]
"""Returns the `@id` of each forbid that applies under the profile of a name: nothing where a client
may ask for it, `None` where the policy fails to say whether."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes, under this profile, because of these rules: the `@id` of each permit that applied."""

    profile: Profile
    rules: tuple[str, ...]
    release: str
    """SHA-256 of the active policy release, in hexadecimal."""
    bounds: tuple[Bound, ...] = ()
    """How much this caller and its department may use, where the release limits it."""
    against: Against = field(default=lambda _: (), repr=False, compare=False)
    """What forbids a profile that a client asks for instead; by the release that gave this."""


@dataclass(frozen=True, slots=True)
class Deny:
    """No. `rules` holds the `@id` of each forbid that applied; empty where nothing permits."""

    code: Code
    rules: tuple[str, ...]
    release: str


def not_evaluated() -> ExchangeError:
    """Return the error of a question that the policy fails to answer."""
    return ExchangeError(
        Code.POLICY_UNAVAILABLE,
        "The policy could not be evaluated, so nothing was sent to a model. "
        "The administrator can run `intramural policy check`.",
    )
