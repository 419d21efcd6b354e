"""The elements that our AuditEvents share: who took part, what it was about, which record it is."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from gateway.domain.errors import Code
from gateway.domain.exchange import Purpose
from gateway.domain.records import Record, kind_of
from gateway.ledger.exports import codes
from gateway.ledger.exports.events import Event
from gateway.ledger.exports.resources import (
    Agent,
    CodeableConcept,
    Coding,
    Detail,
    Entity,
    Extension,
    Identifier,
    Meta,
    Network,
    Reference,
    Source,
)

_NAMESPACE: Final = uuid.UUID("6a1d9d0e-57c1-5c3c-9f59-2b1f1f7a4d10")
"""DURABLE: the ids of events are made with it, and an archive knows an event again by its id."""
_OURS: Final = frozenset(
    {
        *(Code.DETECTION_FAILED, Code.POLICY_UNAVAILABLE, Code.IDENTITY_UNAVAILABLE),
        *(Code.AUDIT_UNAVAILABLE, Code.MODEL_UNAVAILABLE, Code.ENGINE_FAILED),
        *(Code.ENGINE_TIMEOUT, Code.ENGINE_UNAVAILABLE, Code.INTERNAL_ERROR),
    }
)
"""This side failed: a serious failure. Anything else is a minor one: somebody was told no."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose log it is."""

    node: str

    @property
    def who(self) -> Reference:
        """Return the gateway, as agent and as source."""
        return named_thing("node", self.node, f"intramural/{self.node}", "Device")


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What an export is allowed to say beyond the leaf, because of who asked for it."""

    patient: str | None = None
    """The number of the patient who was asked for: it was the asker's before it was ours."""
    query: bytes | None = None
    """The request as it was redacted, where it is kept and the asker may read it."""


NOTHING: Final = Disclosed()


def tag_of(origin: Origin, index: int) -> Coding:
    """Return what names a record everywhere: an archive that has seen it knows it by this."""
    return Coding(system="urn:intramural:record", code=f"{origin.node}.{index}")


def instant(milliseconds: int) -> str:
    """Return the time as FHIR and syslog write it: UTC, to the millisecond."""
    seconds, rest = divmod(milliseconds, 1000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        # A clock that stood in the year 10000. No format here can say so; the detail does.
        moment, rest = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), 999
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def id_of(origin: Origin, event: Event) -> str:
    """Return the id of an event: the same each time that it is made."""
    return str(uuid.uuid5(_NAMESPACE, tag_of(origin, event.index).code))


def meta_of(origin: Origin, event: Event, *profiles: str) -> Meta:
    """Return which record it is, and the profiles that it claims."""
    return Meta(
        profile=profiles,
        tag=(tag_of(origin, event.index), codes.ours("kind", kind_of(event.record).value)),
    )


def named_thing(
    system: str, value: str, display: str | None = None, kind: str | None = None
) -> Reference:
    """Return a reference to what has a name of ours."""
    return Reference(
        type=kind,
        identifier=Identifier(system=f"urn:intramural:{system}", value=value.strip() or "unknown"),
        display=display,
    )


def client_agent(client: str, actor: str, role: Coding) -> Agent:
    """Return the software that asked. A leaf tells from where if an address is the name."""
    address = actor.removeprefix("network:") if actor.startswith("network:") else None
    absent = Extension(url=codes.ABSENT, value_code="unknown")
    return Agent(
        type=CodeableConcept(coding=(role,)),
        who=named_thing("client", client, client.strip() or None),
        requestor=False,
        network=Network(extension=(absent,))
        if address is None
        else Network(address=address, type="2"),
    )


def gateway_agent(origin: Origin, role: Coding, *, acting: bool = False) -> Agent:
    """Return this gateway as it took part."""
    return Agent(
        type=CodeableConcept(coding=(role,)),
        who=origin.who,
        requestor=acting,
        network=Network(address=origin.node, type="1"),
    )


def user_agent(
    actor: str, kind: Coding, purpose: Purpose | None, policy: tuple[str, ...] = ()
) -> Agent:
    """Return who asked, why, and by which rules they may."""
    return Agent(
        type=CodeableConcept(coding=(kind,)),
        who=named_thing("actor", actor),
        name=actor.strip() or None,
        requestor=True,
        policy=policy,
        purpose_of_use=reasons_of(purpose),
    )


def source_of(origin: Origin) -> Source:
    """Return who tells the event: this gateway."""
    return Source(site=origin.node, observer=origin.who, type=(codes.APPLICATION_SERVER,))


def request_entity(exchange: str) -> Entity:
    """Return what BALP calls the transaction: the id in `X-Request-Id`."""
    return Entity(what=Reference(identifier=Identifier(value=exchange)), type=codes.REQUEST_ID)


def disclosed_entities(more: Disclosed) -> tuple[Entity, ...]:
    """Return the patient and the query, where the export may tell them."""
    entities = []
    if more.patient is not None:
        entities.append(
            Entity(
                what=Reference(type="Patient", identifier=Identifier(value=more.patient)),
                type=codes.PERSON,
                role=codes.PATIENT,
            )
        )
    if more.query is not None:
        # BALP's query is the raw request. This one never is: it is what redaction made of it.
        entities.append(
            Entity(
                type=codes.OTHER,
                role=codes.QUERY,
                query=b64encode(more.query).decode(),
                detail=(Detail(type="redacted", value_string="true"),),
            )
        )
    return tuple(entities)


def reasons_of(purpose: Purpose | None, *, broken: bool = False) -> tuple[CodeableConcept, ...]:
    """Return purposes of use; `broken`: also that the glass was."""
    reasons = [] if purpose is None else [Coding(system=codes.REASON, code=purpose.value)]
    if broken and purpose is not Purpose.BTG:
        reasons.append(codes.BREAK_GLASS)
    return tuple(CodeableConcept(coding=(reason,)) for reason in reasons)


def policies_of(release: str | None, rules: tuple[str, ...]) -> tuple[str, ...]:
    """Return the release and the rules that decided, as URIs."""
    named = () if not release else (f"urn:intramural:release:{quote(release, safe='')}",)
    return (*named, *(f"urn:intramural:rule:{quote(rule, safe='')}" for rule in rules if rule))


def failure_of(code: Code) -> str:
    """Return how serious it is that somebody was told this code."""
    return codes.SERIOUS if code in _OURS else codes.MINOR


def description_of(said: str, code: Code | None) -> str:
    """Return how it ended, in words of ours."""
    return said if code is None else f"{said}: {code.value}"


_ELSEWHERE: Final = frozenset(
    {"exchange", "time", "actor", "client", "purpose", "rules", "act", "access", "target"}
)
"""Fields of a leaf that have an element of their own."""


def facts_of(record: Record | None) -> dict[str, object]:
    """Return what else a leaf says: counts of findings, digests, numbers."""
    facts: dict[str, object] = {}
    for name in () if record is None else type(record).__dataclass_fields__:
        value = getattr(record, name)
        if name in _ELSEWHERE or value is None or not str(value).strip():
            continue
        if isinstance(value, Mapping):
            facts |= {f"{name}.{key}": count for key, count in value.items()}
        elif name == "record":
            facts["about"] = value  # `record` is which record this event is.
        else:
            facts[name] = value
    return facts


def details_of(facts: Mapping[str, object]) -> tuple[Detail, ...]:
    """Return facts as the details of an entity."""
    return tuple(Detail(type=name, value_string=str(value)) for name, value in facts.items())
