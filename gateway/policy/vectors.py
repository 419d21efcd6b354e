"""Vectors: an administrator's own tests of a policy, as data beside it.

A vector asks one question and says the whole answer. A file that asserts nothing is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.exchange import Action, Purpose
from gateway.domain.policy import Rule
from gateway.policy import strictyaml as strict
from gateway.policy.profiles import read_entity, read_rule
from gateway.policy.strictyaml import Node, Scalar

ROLE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
"""What a role or a group is called."""


@dataclass(frozen=True, slots=True)
class Permitted:
    """The vector expects yes, under this profile and because of exactly these rules."""

    profile: str
    rules: frozenset[str]
    treatments: Mapping[EntityType, Rule]
    """What becomes of some entity types; the others may be treated in any way."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The vector expects no, because of exactly these forbids, or because nothing permits."""

    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Vector:
    """One question and its answer."""

    file: str
    line: int
    name: str
    roles: frozenset[str]
    groups: frozenset[str]
    client: str
    purpose: Purpose
    action: Action
    model: str
    expect: Permitted | Denied


def read_vectors(file: str, data: bytes) -> tuple[Vector, ...]:
    """Return the vectors in `data`, at least one; `PolicyError` unless every line is understood."""
    fields = strict.parse(file, data).fields(("vectors",))
    vectors = tuple(_vector(file, item) for item in strict.sequence(fields["vectors"]).items)
    seen: set[str] = set()
    for vector, item in zip(vectors, strict.sequence(fields["vectors"]).items, strict=True):
        if vector.name in seen:
            raise item.wrong(f"`{vector.name}` names two vectors: give each its own name")
        seen.add(vector.name)
    return vectors


def _vector(file: str, node: Node) -> Vector:
    fields = strict.mapping(node).fields(
        ("name", "purpose", "action", "model", "expect"), ("roles", "groups", "client")
    )
    return Vector(
        file=file,
        line=node.line,
        name=strict.text(fields["name"]),
        roles=_names(fields.get("roles")),
        groups=_names(fields.get("groups")),
        client=strict.text(fields["client"]) if "client" in fields else "vector",
        purpose=strict.choice(fields["purpose"], Purpose),
        action=strict.choice(fields["action"], Action),
        model=strict.text(fields["model"]),
        expect=_expect(fields["expect"]),
    )


def _expect(node: Node) -> Permitted | Denied:
    if isinstance(node, Scalar):
        if strict.text(node) != "deny":
            raise node.wrong("write `deny`, `{deny: [rule]}` or `{permit: profile, rules: [rule]}`")
        return Denied(frozenset())
    keys = {key.value for key, _ in strict.mapping(node).entries}
    if "deny" in keys:
        fields = strict.mapping(node).fields(("deny",))
        return Denied(_rules(fields["deny"]))
    fields = strict.mapping(node).fields(("permit", "rules"), ("treatments",))
    treatments = fields.get("treatments")
    return Permitted(
        profile=strict.text(fields["permit"]),
        rules=_rules(fields["rules"]),
        treatments=MappingProxyType(
            {}
            if treatments is None
            else {
                read_entity(key): read_rule(value)
                for key, value in strict.mapping(treatments).entries
            }
        ),
    )


def _rules(node: Node) -> frozenset[str]:
    return frozenset(strict.text(item) for item in strict.sequence(node).items)


def _names(node: Node | None) -> frozenset[str]:
    if node is None:
        return frozenset()
    names = {strict.text(item): item for item in strict.sequence(node).items}
    for name, item in names.items():
        if not ROLE.match(name):
            raise item.wrong("a role or group is a-z, 0-9, _ and -, starting with a letter")
    return frozenset(names)
