"""What becomes of the characters of one finding: the operators of a profile, in one exchange.

Rule: an operator that cannot treat a value does not let it through. Where the profile restores, the
value gets a pseudonym, which can come back; elsewhere it is replaced by its type.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gateway.domain import dates
from gateway.domain.dates import Reading, reading_of
from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    DATE_OF_BIRTH,
    DATE_TIME,
    LOCATION,
    ORGANIZATION,
    PERSON,
    STREET_ADDRESS,
    EntityType,
    tag,
)
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Findings
from gateway.domain.keyed import Keyed
from gateway.domain.language import Language, language_of
from gateway.domain.persons import Person
from gateway.domain.policy import DEFAULT_DAYS, Operator, Profile, Rule
from gateway.domain.ports import Cipher
from gateway.domain.pseudonyms import Pseudonyms, TooManyPseudonyms, canonical
from gateway.domain.safeharbor import generalise
from gateway.domain.standins import StandIns, runs_on
from gateway.domain.stock import NO_STOCK, Stock
from gateway.domain.surrogates import Surrogates, Words

_HASH_HEX: Final = 16
"""Digits of a `hash` stand-in: 64 bits, far past any collision within one hospital."""
_DATES: Final = frozenset({DATE_TIME, DATE_OF_BIRTH})
_NOT_UNIQUE: Final = frozenset({PERSON, LOCATION, STREET_ADDRESS, ORGANIZATION, AGE, AGE_OVER_89})
_A_MONTH: Final = 31


@dataclass(frozen=True, slots=True)
class Secrets:
    """What an installation gives to redaction: keys of 32 bytes each, and what it chooses from."""

    pseudonym: bytes
    hash: bytes
    cipher: Cipher | None = None
    """Without one nothing can be encrypted, and a profile that wants it is not served."""
    stock: Stock = NO_STOCK
    year: int | None = None
    """This year. Without it no year is generalised: it might tell an age over 89."""

    def __repr__(self) -> str:
        return "<Secrets>"


@dataclass(frozen=True, slots=True)
class StandIn:
    """What stands for a finding. A pseudonym has to be set apart where it runs into a word."""

    text: str
    is_pseudonym: bool = False

    def __repr__(self) -> str:
        return f"<StandIn {len(self.text)} characters>"


class Operators:
    """The operators of `profile` in one exchange. `key` is its conversation's.

    `texts` are all of its texts, `findings` what is found in each; `replies` are the places in
    `texts` of what the model said earlier.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what one exchange consists of
        self,
        profile: Profile,
        secrets: Secrets,
        key: bytes,
        taken: frozenset[str],
        texts: Sequence[str],
        findings: Sequence[Findings],
        replies: frozenset[int] = frozenset(),
    ) -> None:
        self._profile = profile
        self._secrets = secrets
        self._key = key
        self._keyed = Keyed(hmac.digest(key, b"surrogates", "sha256"))
        self._texts = texts
        self._findings = findings
        # Where replies are restored, they hold the caller's words like any other text.
        self._replies = frozenset() if profile.restore else replies
        self._issued: set[str] = set()
        self._values: dict[str, str] = {}
        """What each number or address that was issued stands for."""
        self._made: dict[tuple[EntityType, str, str], StandIn] = {}
        self.pseudonyms = Pseudonyms(key, taken)
        self.stand_ins = StandIns()

    def __repr__(self) -> str:
        return "<Operators>"

    def stand_in(  # noqa: C901, PLR0911 - one case for each operator, and nothing else
        self, entity: EntityType, surface: str, person: Person | None, *, touches: bool
    ) -> StandIn:
        """Return what stands for `surface`.

        `touches` says that a letter or digit stands right beside it: what has no brackets cannot be
        told from its neighbour on the way back.
        """
        rule = self._profile.rule(entity)
        match rule.operator:
            case Operator.KEEP:
                return StandIn(surface)
            case Operator.PSEUDONYM:
                return self._pseudonym(entity, surface, person)
            case Operator.SURROGATE | Operator.DATE_SHIFT:
                if touches and self._profile.restore:
                    return self._pseudonym(entity, surface, person)
                return self._like(rule, entity, surface, person)
            case Operator.GENERALISE:
                return StandIn(self._generalised(entity, surface) or f"[{tag(entity)}]")
            case Operator.ENCRYPT:
                return StandIn(self._sealed(entity, surface))
            case Operator.HASH:
                value = canonical(entity, surface).encode("utf-8", "surrogatepass")
                digest = hmac.new(self._secrets.hash, value, hashlib.sha256).hexdigest()
                return StandIn(f"[{tag(entity)}:{digest[:_HASH_HEX]}]")
            case Operator.REPLACE:
                return StandIn(f"[{tag(entity)}]")
            case Operator.MASK:
                return StandIn(_masked(surface, rule))
            case Operator.BLOCK:
                raise ExchangeError(
                    Code.ENTITY_BLOCKED,
                    f"The request holds an entity of type {entity}, which the profile "
                    f"'{self._profile.name}' does not let through. Remove it and send again.",
                )

    def also(self, made: StandIn, placed: str, value: str) -> None:
        """Let `made` lead back to `value` as it is written at its place, too."""
        if self._profile.restore and not made.is_pseudonym and self.stand_ins.leads(made.text):
            self.stand_ins.add(placed, value)

    def _pseudonym(self, entity: EntityType, surface: str, person: Person | None) -> StandIn:
        try:
            identity = None if person is None else person.identity
            return StandIn(self.pseudonyms.stand_in(entity, surface, identity), is_pseudonym=True)
        except TooManyPseudonyms:
            raise ExchangeError(
                Code.LIMIT_EXCEEDED,
                f"The request holds too many different values of type {entity}. Send it in parts.",
            ) from None

    def _otherwise(self, entity: EntityType, surface: str, person: Person | None) -> StandIn:
        """Return what stands for a value that its operator cannot treat."""
        if self._profile.restore:
            return self._pseudonym(entity, surface, person)
        return StandIn(f"[{tag(entity)}]")

    def _like(self, rule: Rule, entity: EntityType, surface: str, person: Person | None) -> StandIn:
        """Return the surrogate of `surface`, or its date moved: the same one each time."""
        identity = "" if person is None else person.identity
        known = self._made.get((entity, surface, identity))
        if known is None and self._is_ours(surface):
            return StandIn(surface)
        if known is None:
            known = self._fresh(rule, entity, surface, person)
            self._issued.add(known.text.casefold())
            self._made[entity, surface, identity] = known
        return known

    def _is_ours(self, surface: str) -> bool:
        """Say whether `surface` is a stand-in of this exchange that an earlier reply repeated."""
        return (
            bool(self._replies)
            and surface.casefold() in self._issued
            and self._said.replied(surface)
        )

    def _fresh(
        self, rule: Rule, entity: EntityType, surface: str, person: Person | None
    ) -> StandIn:
        if entity in _DATES:
            moved = dates.shift(surface, self._days, self._reading)
            if moved == surface and not dates.are_years(surface, self._reading):
                moved = None  # A month that fewer days than half of one do not move.
            if moved is not None and self._may_stand(moved, surface):
                return StandIn(moved)
        elif rule.operator is Operator.SURROGATE:
            for new in self._surrogates.candidates(entity, surface, person):
                self._learn_words()
                if not self._is_only(entity, new, surface):
                    continue
                if not self._profile.restore or (
                    self._tellable(new, surface) and self.stand_ins.add(new, surface)
                ):
                    return StandIn(new)
        return self._otherwise(entity, surface, person)

    def _is_only(self, entity: EntityType, new: str, surface: str) -> bool:
        """Say whether `new` stands for no other value: two records are not to become one.

        Names and places see to it word by word; an age is a quantity, and may be another's too.
        """
        if entity in _NOT_UNIQUE:
            return True
        value = canonical(entity, surface)
        return self._values.setdefault(new.casefold(), value) == value

    def _may_stand(self, moved: str, surface: str) -> bool:
        """Say whether a date that was moved can be told from what else the texts say."""
        if not self._profile.restore:
            return True
        # A year or a month alone is also said of what has nothing to do with the patient.
        alone = sum(char.isalnum() for char in moved) <= 4 or moved.isalpha()  # noqa: PLR2004
        if alone or self._kept.hold(moved):
            return False
        return self.stand_ins.add(moved, surface)

    def _tellable(self, new: str, surface: str) -> bool:
        # One Chinese character is a part of many words; two digits are any number; "Do" is a name
        # and "OR" a state, and a model writes both for other reasons.
        short = (
            sum(char.isalnum() for char in new) < 2  # noqa: PLR2004
            or (new.isdigit() and len(new) < 4)  # noqa: PLR2004
            or (new.isalpha() and len(new) < 3 and runs_on(new[0]))  # noqa: PLR2004
        )
        return not short and new != surface

    def _learn_words(self) -> None:
        """Let each word of a name lead back by itself: a model may write "Mrs Ashford" first."""
        fresh = self._surrogates.names.fresh
        while fresh:
            new, original = fresh.pop()
            if self._profile.restore and len(new) > 2:  # noqa: PLR2004 - an "Al" is in many words
                self.stand_ins.add(new, original)

    def _generalised(self, entity: EntityType, surface: str) -> str | None:
        return generalise(
            entity, surface, self._reading, self._secrets.year, self._secrets.stock.city_in
        )

    def _sealed(self, entity: EntityType, surface: str) -> str:
        if self._secrets.cipher is None:
            raise ExchangeError(
                Code.POLICY_UNAVAILABLE,
                f"The profile '{self._profile.name}' encrypts, and this installation has no key "
                "for it. Tell the operator to run `intramural doctor`.",
            )
        token = self._secrets.cipher.seal(tag(entity), surface, self._key)
        if self._profile.restore:
            self.stand_ins.add(token, surface)
        return token

    @cached_property
    def _days(self) -> int:
        """Return by how many days the dates of this conversation move: never 0, and never told.

        Where the range allows it, by more than a month: a month without a day has to move too.
        """
        days = next(
            (
                rule.days
                for rule in self._profile.entities.values()
                if rule.operator is Operator.DATE_SHIFT
            ),
            DEFAULT_DAYS,
        )
        least = _A_MONTH if days >= 2 * _A_MONTH else 1
        number = self._keyed.number("days", "")
        by = least + number // 2 % (days - least + 1)
        return by if number % 2 else -by

    @cached_property
    def _language(self) -> Language | None:
        return language_of(self._texts)

    @cached_property
    def _reading(self) -> Reading:
        surfaces = (
            text[finding.start : finding.end]
            for text, found in zip(self._texts, self._findings, strict=True)
            for finding in sorted(found)
            if finding.entity in _DATES
        )
        return reading_of(surfaces, self._language)

    @cached_property
    def _surrogates(self) -> Surrogates:
        return Surrogates(self._keyed, self._secrets.stock, self._language, self._said)

    @cached_property
    def _said(self) -> Words:
        return Words(self._texts, self._replies)

    @cached_property
    def _kept(self) -> Words:
        """What the texts say outside of the findings."""
        kept = []
        for text, found in zip(self._texts, self._findings, strict=True):
            place = 0
            for finding in sorted(found):
                if finding.start > place:
                    kept.append(text[place : finding.start])
                place = max(place, finding.end)
            kept.append(text[place:])
        return Words(kept)


def _masked(surface: str, rule: Rule) -> str:
    # Of a short value nothing is kept: its last characters would be most of it.
    kept = rule.keep_last if len(surface) >= 2 * rule.keep_last else 0
    hidden = len(surface) - kept
    return "*" * hidden + surface[hidden:]
