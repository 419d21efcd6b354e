"""Profiles: strict YAML in which each entity type gets its operator.

Nothing that touches a text has a default; what may be left out is how an engine is to serve.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.entities import DATE_OF_BIRTH, DATE_TIME, EntityType, entity_type
from gateway.domain.policy import (
    Invented,
    Keep,
    Limits,
    Operator,
    Priority,
    Profile,
    Reidentify,
    Rule,
)
from gateway.policy import strictyaml as strict
from gateway.policy.strictyaml import Mapping, Node, Scalar

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
"""A profile's name stands in records: short printable ASCII."""
_MAX_STRICTNESS: Final = 1000
_MAX_KEPT: Final = 4
"""Characters that a mask may leave. PCI DSS 3.4 leaves the last four of a card number at most."""
_MAX_CHARACTERS: Final = 10_000_000
_MAX_TOKENS: Final = 1_000_000
_MAX_IN_FLIGHT: Final = 10_000
_MAX_DAYS: Final = 3650
_MAX_MINUTES: Final = 1440
"""A day: what is needed longer is no emergency."""
_OPERATOR: Final = (
    "keep, date_shift, {date_shift: {days: 365}}, generalise, surrogate, pseudonym, encrypt, hash, "
    "mask, {mask: {keep_last: 4}}, replace or block"
)


_DATES: Final = frozenset({DATE_OF_BIRTH, DATE_TIME})


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A profile and what its author says about it."""

    file: str
    line: int
    """Where the strictness stands, for a message about two profiles that claim the same."""
    description: str
    profile: Profile


def read_profile(file: str, name: str, data: bytes) -> ProfileFile:
    """Return the profile in `data`; `PolicyError` unless every line of it is understood.

    `name` is the file's stem. The profile repeats it, so that a copied file is noticed.
    """
    root = strict.parse(file, data)
    fields = root.fields(
        ("name", "strictness", "description", "entities", "restore", "output", "limits"),
        ("priority", "cache", "keep", "reidentify"),
    )
    if not NAME.match(name):
        raise root.wrong("a profile's file name is a-z, 0-9 and hyphens, at most 32, and .yaml")
    if strict.text(fields["name"]) != name:
        raise fields["name"].wrong(f"the name is to be that of the file, `{name}`")
    output = strict.mapping(fields["output"]).fields(("invented",))
    limits = strict.mapping(fields["limits"]).fields(
        ("max_input_characters", "max_output_tokens"), ("max_in_flight",)
    )
    in_flight, priority, cache, keep = (
        limits.get("max_in_flight"),
        fields.get("priority"),
        fields.get("cache"),
        fields.get("keep"),
    )
    return ProfileFile(
        file=file,
        line=fields["strictness"].line,
        description=strict.text(fields["description"]).strip(),
        profile=Profile(
            name=name,
            strictness=strict.integer(fields["strictness"], 1, _MAX_STRICTNESS),
            entities=_entities(strict.mapping(fields["entities"])),
            restore=strict.boolean(fields["restore"]),
            invented=strict.choice(output["invented"], Invented),
            limits=Limits(
                strict.integer(limits["max_input_characters"], 1, _MAX_CHARACTERS),
                strict.integer(limits["max_output_tokens"], 1, _MAX_TOKENS),
                None if in_flight is None else strict.integer(in_flight, 1, _MAX_IN_FLIGHT),
            ),
            priority=Priority.INTERACTIVE
            if priority is None
            else strict.choice(priority, Priority),
            cache=False if cache is None else strict.boolean(cache),
            reidentify=_reidentify(fields.get("reidentify")),
            keep=Keep.NOTHING if keep is None else strict.choice(keep, Keep),
        ),
    )


def _reidentify(node: Node | None) -> Reidentify:
    if node is None:
        return Reidentify()
    fields = strict.mapping(node).fields(("allowed", "second_person", "minutes"))
    return Reidentify(
        strict.boolean(fields["allowed"]),
        strict.boolean(fields["second_person"]),
        strict.integer(fields["minutes"], 1, _MAX_MINUTES),
    )


def read_entity(key: Scalar) -> EntityType:
    """Return the entity type that `key` names; `PolicyError` if it cannot be one."""
    try:
        return entity_type(key.value)
    except ValueError as error:
        raise key.wrong(f"`{key.value}` is not an entity type: {error}") from None


def read_rule(node: Node) -> Rule:
    """Return the operator that `node` names, with its parameter; `PolicyError` otherwise."""
    match node:
        case Scalar():
            return Rule(strict.choice(node, Operator))
        case Mapping(entries=((key, parameters),)) if key.value == Operator.MASK:
            kept = strict.mapping(parameters).fields(("keep_last",))
            return Rule(Operator.MASK, strict.integer(kept["keep_last"], 1, _MAX_KEPT))
        case Mapping(entries=((key, parameters),)) if key.value == Operator.DATE_SHIFT:
            most = strict.mapping(parameters).fields(("days",))
            return Rule(Operator.DATE_SHIFT, days=strict.integer(most["days"], 1, _MAX_DAYS))
        case _:
            raise node.wrong(f"an operator is wanted here: {_OPERATOR}")


def _entities(node: Mapping) -> MappingProxyType[EntityType, Rule]:
    rules: dict[EntityType, Rule] = {}
    days = None
    for key, value in node.entries:
        rule = rules[read_entity(key)] = read_rule(value)
        if rule.operator is Operator.DATE_SHIFT:
            if key.value not in _DATES:
                raise key.wrong(
                    f"`date_shift` moves dates, and {key.value} is none: choose another"
                )
            if days not in {None, rule.days}:
                raise key.wrong(
                    f"dates move by one number of days, and another line says {days}: an interval "
                    "between two types of date would not stay"
                )
            days = rule.days
    return MappingProxyType(rules)
