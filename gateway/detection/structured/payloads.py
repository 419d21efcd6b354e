"""The values of a JSON payload: FHIR by element path, other objects by the names of their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.detection.structured import columns, fhir
from gateway.detection.structured.jsontext import Kind, Node
from gateway.detection.structured.markup import runs
from gateway.detection.structured.values import Value
from gateway.domain import entities
from gateway.domain.entities import EntityType
from gateway.domain.person_names import fold, is_given
from gateway.domain.places import Layer, Place, Writing, read

JSON: Final[Place] = (fhir.JSON,)
_LITERAL: Final[Place] = (Layer(Writing.LITERAL),)
_NUMBER: Final[Place] = (Layer(Writing.NUMBER),)
_XHTML: Final[Place] = (fhir.JSON, Layer(Writing.XML))
_FIELD: Final = re.compile(r"[$@_]{0,2}[a-z][A-Za-z0-9]{0,40}(?:[_\-./][A-Za-z0-9]{1,40}){0,8}\Z")
_SCHEMA: Final = frozenset(
    [
        *("type", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems"),
        *("maxItems", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"),
    ]
)
"""What a schema says of a value (JSON Schema, 2020-12), and is none: "mrn": {"type": "string"}."""
_PARTS: Final = re.compile(r"[_\-./]")
_DIGITS: Final = re.compile(r"[0-9]{4}")
_LEAST_DIGITS: Final = 4
"""Digits of a number that is worth a look: smaller ones are values and positions."""


@dataclass(frozen=True, slots=True)
class _Outer:
    """What is known of a value from outside: the key, what encloses it."""

    key: str = ""
    element: fhir.Element | None = None
    """None outside FHIR."""
    entity: EntityType | None = None
    """What the keys around say a string is."""
    company: bool = False
    """Whether the object is one of a person."""


def values(root: Node, text: str) -> Iterator[Value]:
    """Yield every name and every scalar below `root`, in their order. No recursion."""
    todo: list[tuple[Node, _Outer, bool]] = [(root, _Outer(), False)]
    while todo:
        node, outer, name = todo.pop()
        if name:
            yield from _name(node, text, outer)
        elif node.kind is Kind.OBJECT:
            inner, company = _entered(node, text, outer)
            for key, value in reversed(node.members):
                below = _below(_string(key, text), inner, outer, company=company)
                todo.append((value, below, False))
                todo.append((key, below, True))
        elif node.kind is Kind.ARRAY:
            todo.extend((item, outer, False) for item in reversed(node.items))
        elif node.kind is Kind.STRING and node.start < node.end:
            yield from _scalar(node, text, outer)
        elif node.kind is Kind.NUMBER:
            yield from _number(node, text, outer)


def _string(node: Node, text: str) -> str:
    return read(text[node.start : node.end], JSON)


def _entered(node: Node, text: str, outer: _Outer) -> tuple[fhir.Element | None, bool]:
    """Return what FHIR says an object is, and whether its keys are of a person."""
    own = {
        _string(key, text): _string(value, text)
        for key, value in node.members
        if value.kind is Kind.STRING and value.end - value.start <= columns.LONGEST_NAME
    }
    names = frozenset(_string(key, text) for key, _ in node.members)
    if outer.element is None and not fhir.RESOURCE.match(own.get("resourceType", "")):
        company = columns.of_people(outer.key) or columns.in_company(names)
        return None, company
    element = fhir.enter(outer.key, own, names, outer.element or fhir.Element())
    if element.kind == "Identifier":
        element = fhir.identifier_type(list(_codes(node, text)), element)
    return element, False


def _codes(identifier: Node, text: str) -> Iterator[str]:
    """Yield the codes of an Identifier's type."""
    for key, value in identifier.members:
        if _string(key, text) == "type":
            for name, coding in value.members:
                if _string(name, text) == "coding":
                    for item in coding.items:
                        for each, code in item.members:
                            if code.kind is Kind.STRING and _string(each, text) == "code":
                                yield _string(code, text)


def _below(key: str, element: fhir.Element | None, outer: _Outer, *, company: bool) -> _Outer:
    if element is not None:
        return _Outer(key, element)
    entity = columns.strong(key) or (columns.weak(key) if company else None)
    if key in _SCHEMA:
        entity = None
    elif entity is None and columns.weak(key) is None and outer.entity != entities.PERSON:
        # "address": {"building": …} is of an address; of a person's object each key has a meaning.
        entity = outer.entity
    return _Outer(key, None, entity, company)


def _name(node: Node, text: str, outer: _Outer) -> Iterator[Value]:
    """Yield a name, which programs choose or which is a value like any other."""
    name = text[node.start : node.end]
    if not name:
        return
    if outer.element is not None and fhir.ELEMENT.match(name):
        return
    chosen = columns.strong(name) is not None or (
        _FIELD.match(name) is not None and not _DIGITS.search(name) and not _may_be_a_person(name)
    )
    yield Value(node.start, node.end, JSON, name=chosen, after=": ")


def _may_be_a_person(name: str) -> bool:
    """Say whether a name of a field has a given name in it, as a map of people has: `ana_sato`."""
    parts = _PARTS.split(name)
    return len(parts) > 1 and any(is_given(fold(part)) for part in parts)


def _scalar(node: Node, text: str, outer: _Outer) -> Iterator[Value]:
    if outer.element is None:
        entity = _typed(outer.entity, text[node.start : node.end])
        yield Value(node.start, node.end, JSON, entity, "structured.json")
        return
    raw = text[node.start : node.end]
    value = read(raw, JSON)
    said = fhir.string(outer.key, value, outer.element)
    if said.exempt:
        return
    if said.narrative:
        for start, end, after in runs(raw):
            yield Value(node.start + start, node.start + end, _XHTML, after=after)
        return
    start, end = node.start, node.end
    # A part is meant by its place in the value, which is its place in the text without escapes.
    if said.end is not None and raw == value:
        start, end = node.start + said.start, node.start + said.end
    label = said.label or outer.element.label
    yield Value(
        start, end, said.place, said.entity, "structured.fhir", said.whole, label, file=said.file
    )


def _number(node: Node, text: str, outer: _Outer) -> Iterator[Value]:
    digits = text[node.start : node.end]
    if outer.element is not None:
        looked_at, entity = fhir.number(outer.key, digits, outer.element)
        if looked_at:
            label = outer.element.label
            yield Value(
                node.start, node.end, _NUMBER, entity, "structured.fhir", whole=True, label=label
            )
        return
    entity = _typed(outer.entity, digits)
    if entity is not None or len(digits) >= _LEAST_DIGITS:
        yield Value(node.start, node.end, _LITERAL, entity, "structured.json", whole=True)


def _typed(entity: EntityType | None, value: str) -> EntityType | None:
    """Return what a value under a telling key is, if it can be that."""
    if entity is None or not columns.fits(entity, value):
        return None
    return columns.of_age(value) if entity == entities.AGE else entity
