"""What each operator of a policy does to a value, shown on invented ones.

It is the redaction itself that is asked, with keys of its own: what is shown is what would happen,
but for the choice, which depends on the keys of an installation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.domain import entities as e
from gateway.domain.entities import EntityType
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding
from gateway.domain.policy import Invented, Limits, Operator, Profile, Rule
from gateway.domain.redaction import Secrets, redact
from gateway.domain.text import RawText
from gateway.encryption import KEY_SIZE, Encryption
from gateway.lists import shipped_stock
from gateway.policy.explain import spoken

_VALUES: Final[dict[EntityType, str]] = {
    e.PERSON: "Margaret Thornton",
    e.DATE_TIME: "3 March 2021",
    e.DATE_OF_BIRTH: "15 March 1948",
    e.AGE_OVER_89: "92-year-old",
    e.AGE: "47-year-old",
    e.POSTCODE: "02138",
    e.LOCATION: "Boston, MA 02118",
    e.MEDICAL_RECORD_NUMBER: "48210377",
    e.PHONE_NUMBER: "(617) 496-3321",
    e.STREET_ADDRESS: "12 Elm Street",
    e.EMAIL_ADDRESS: "m.thornton@example.org",
    e.US_SSN: "078-05-1120",
    e.ORGANIZATION: "St. Mary's Hospital",
    e.URL: "https://example.org/chart/1",
    e.IP_ADDRESS: "192.0.2.7",
    e.HEALTH_PLAN_NUMBER: "HP-443-0921",
}
"""Invented, the most telling first."""
_YEAR: Final = 2026
_AROUND: Final = "The patient was seen: "


@dataclass(frozen=True, slots=True)
class Example:
    """`rule` makes `becomes` of `value`, which is an `entity`; `None` where it refuses."""

    rule: Rule
    entity: EntityType
    value: str
    becomes: str | None

    def __str__(self) -> str:
        shown = "the request is refused" if self.becomes is None else self.becomes
        return f"{spoken(self.rule)}: {self.entity} {self.value} -> {shown}"


def examples(profiles: Iterable[Profile]) -> tuple[Example, ...]:
    """Return one example for each operator that `profiles` use, and two where types differ much.

    An operator does another thing to a date than to a ZIP, so `generalise` has one for each.
    """
    used: dict[tuple[Rule, EntityType | None], EntityType] = {}
    for profile in profiles:
        for entity in _VALUES:
            rule = profile.entities.get(entity)
            if rule is not None:
                used.setdefault((rule, _apart(rule, entity)), entity)
    found = [_example(rule, entity) for (rule, _), entity in used.items()]
    order = list(Operator)
    return tuple(sorted(found, key=lambda each: order.index(each.rule.operator)))


def _apart(rule: Rule, entity: EntityType) -> EntityType | None:
    return entity if rule.operator in {Operator.GENERALISE, Operator.SURROGATE} else None


def _example(rule: Rule, entity: EntityType) -> Example:
    value = _VALUES[entity]
    if rule.operator is Operator.BLOCK:
        return Example(rule, entity, value, None)
    profile = Profile("example", 1, {entity: rule}, False, Invented.REPLACE, Limits(1000, 1))  # noqa: FBT003 - nothing comes back
    text = _AROUND + value
    conversation = Conversation((Message(Role.USER, (RawText(text),)),))
    finding = Finding(len(_AROUND), len(text), entity)
    done = redact(conversation, [(finding,)], profile, _secrets(), "example")
    (treated,) = done.conversation.texts()
    return Example(rule, entity, value, treated.for_engine()[len(_AROUND) :])


def _secrets() -> Secrets:
    key = bytes(KEY_SIZE)
    return Secrets(key, key, Encryption([key]), shipped_stock(), _YEAR)
