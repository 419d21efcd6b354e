"""The parts of FHIR R4 that an AuditEvent of ours is made of (http://hl7.org/fhir/R4/auditevent.html)."""

from __future__ import annotations

import msgspec


class _Element(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False
):
    """What all elements are like: absent where there is nothing to say."""


class Coding(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A code, of which system."""

    system: str
    code: str
    display: str | None = None


class CodeableConcept(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A concept, by its codes."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Identifier(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An id, of whose making."""

    system: str | None = None
    value: str


class Reference(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that no FHIR server keeps: named by its id."""

    type: str | None = None
    identifier: Identifier
    display: str | None = None


class Extension(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Why an element that has to be there says nothing."""

    url: str
    value_code: str


class Network(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where on the network an agent was."""

    address: str | None = None
    type: str | None = None
    extension: tuple[Extension, ...] = ()


class Agent(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who took part."""

    type: CodeableConcept
    role: tuple[CodeableConcept, ...] = ()
    who: Reference
    name: str | None = None
    requestor: bool
    policy: tuple[str, ...] = ()
    network: Network | None = None
    purpose_of_use: tuple[CodeableConcept, ...] = ()


class Source(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who tells the event."""

    site: str
    observer: Reference
    type: tuple[Coding, ...]


class Detail(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact about an entity."""

    type: str
    value_string: str


class Entity(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What it was about."""

    what: Reference | None = None
    type: Coding
    role: Coding | None = None
    name: str | None = None
    description: str | None = None
    query: str | None = None
    """Base64."""
    detail: tuple[Detail, ...] = ()


class Meta(_Element, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which profiles are claimed, and which record it is."""

    profile: tuple[str, ...] = ()
    tag: tuple[Coding, ...] = ()


class AuditEvent(
    _Element, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="resourceType",
    tag="AuditEvent",
):  # fmt: skip
    """An event, as an audit record repository keeps it."""

    id: str
    meta: Meta
    type: Coding
    subtype: tuple[Coding, ...] = ()
    action: str | None = None
    recorded: str
    outcome: str | None = None
    outcome_desc: str | None = None
    purpose_of_event: tuple[CodeableConcept, ...] = ()
    agent: tuple[Agent, ...]
    source: Source
    entity: tuple[Entity, ...] = ()
