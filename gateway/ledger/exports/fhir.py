"""An event as an AuditEvent of FHIR R4, after IHE BALP. What goes where is told in docs/exports.md.

A profile is claimed where its constraints hold and nowhere else; `balp.py` checks each event before
it leaves. An exchange is a job that a client creates, under an id that the gateway gives it: BALP's
Create. What a leaf does not have (from where a client came) is absent with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from gateway.domain.errors import Code
from gateway.domain.exchange import Purpose
from gateway.domain.records import (
    Access,
    AccessAct,
    Admin,
    Alert,
    Difference,
    Intent,
    Outcome,
    Refusal,
    Review,
    Status,
)
from gateway.ledger.exports import codes
from gateway.ledger.exports.elements import (
    NOTHING,
    Disclosed,
    Origin,
    client_agent,
    description_of,
    details_of,
    disclosed_entities,
    facts_of,
    failure_of,
    gateway_agent,
    id_of,
    instant,
    meta_of,
    named_thing,
    policies_of,
    reasons_of,
    request_entity,
    source_of,
    tag_of,
    user_agent,
)
from gateway.ledger.exports.events import Event
from gateway.ledger.exports.resources import (
    AuditEvent,
    Coding,
    Entity,
)

_AUTHENTICATION: Final = frozenset(
    {Code.REVOKED_CREDENTIALS, Code.EXPIRED_CREDENTIALS, Code.TOKEN_NOT_YET_VALID}
    | {Code.NETWORK_NOT_ALLOWED}
)
_STATED: Final[Mapping[Status, str]] = {
    Status.COMPLETED: codes.SUCCESS,
    Status.CANCELLED: codes.MINOR,
    Status.FAILED: codes.SERIOUS,
    Status.LOST: codes.SERIOUS,
}


def audit_event(  # noqa: PLR0911 - one event for each kind
    event: Event, origin: Origin, more: Disclosed = NOTHING
) -> AuditEvent:
    """Return the AuditEvent of an event."""
    match event.record:
        case Intent() | Outcome():
            return _exchange(event, event.record, origin, more)
        case Refusal():
            return _refusal(event, event.record, origin, more)
        case Admin():
            return _admin(event, event.record, origin)
        case Access():
            return _access(event, event.record, origin)
        case Review():
            return _review(event, event.record, origin)
        case Alert():
            return _alert(event, event.record, origin)
        case Difference():
            return _difference(event, event.record, origin)


def _exchange(
    event: Event, record: Intent | Outcome, origin: Origin, more: Disclosed
) -> AuditEvent:
    outcome = record if isinstance(record, Outcome) else None
    told = record if event.intent is None else event.intent.record
    intent = told if isinstance(told, Intent) else None
    completed = outcome is not None and outcome.status is Status.COMPLETED
    profile = codes.CREATE if more.patient is None else codes.PATIENT_CREATE
    client = "unknown" if intent is None else intent.client
    actor = "unknown" if intent is None else intent.actor
    purpose = None if intent is None else intent.purpose
    facts: dict[str, object] = {"record": event.index}
    if event.intent is not None:
        facts["intent"] = event.intent.index
    facts |= facts_of(intent) | facts_of(outcome)
    subtype = [codes.INTERACTION_CREATE]
    if intent is not None:
        subtype.append(codes.ours("action", intent.action.value))
    policy = () if intent is None else policies_of(intent.release, intent.rules)
    return AuditEvent(
        id=id_of(origin, event),
        meta=meta_of(origin, event, *([profile] if completed and intent is not None else [])),
        type=codes.REST,
        subtype=tuple(subtype),
        action="C",
        recorded=instant(record.time),
        outcome=None if outcome is None else _STATED[outcome.status],
        outcome_desc=None
        if outcome is None
        else description_of(outcome.status.value, outcome.code),
        purpose_of_event=reasons_of(purpose),
        agent=(
            client_agent(client, actor, codes.SENDER),
            gateway_agent(origin, codes.DESTINATION),
            user_agent(actor, codes.AUTHOR, purpose, policy),
        ),
        source=source_of(origin),
        entity=(
            request_entity(record.exchange),
            Entity(
                what=named_thing("exchange", record.exchange),
                type=codes.SYSTEM_OBJECT,
                role=codes.JOB,
                detail=details_of(facts),
            ),
            *disclosed_entities(more),
        ),
    )


def _refusal(event: Event, record: Refusal, origin: Origin, more: Disclosed) -> AuditEvent:
    unknown = record.code in _AUTHENTICATION
    return AuditEvent(
        id=id_of(origin, event),
        meta=meta_of(origin, event),
        type=codes.AUTHENTICATION if unknown else codes.REST,
        subtype=(
            codes.LOGIN if unknown else codes.INTERACTION_CREATE,
            codes.ours("action", record.action.value),
        ),
        action="E" if unknown else "C",
        recorded=instant(record.time),
        outcome=failure_of(record.code),
        outcome_desc=description_of("refused", record.code),
        purpose_of_event=reasons_of(record.purpose),
        agent=(
            client_agent(record.client, record.actor, codes.SENDER),
            gateway_agent(origin, codes.DESTINATION),
            user_agent(
                record.actor,
                codes.AUTHOR,
                record.purpose,
                policies_of(record.release, record.rules),
            ),
        ),
        source=source_of(origin),
        entity=(
            request_entity(record.exchange),
            Entity(
                what=named_thing("exchange", record.exchange),
                type=codes.SYSTEM_OBJECT,
                role=codes.JOB,
                detail=details_of({"record": event.index} | facts_of(record)),
            ),
            *disclosed_entities(more),
        ),
    )


def _admin(event: Event, record: Admin, origin: Origin) -> AuditEvent:
    kind, subtype = codes.ACTS.get(record.act, codes.OTHER_ACT)
    return _plain(
        event,
        origin,
        type=kind,
        subtype=(subtype, codes.ours("act", record.act.value)),
        action="E",
        outcome=codes.MINOR if record.act in codes.REFUSED else codes.SUCCESS,
        purpose=record.purpose,
        actor=record.actor,
        entity=Entity(
            what=named_thing("target", record.target),
            type=codes.SYSTEM_OBJECT,
            role=codes.SECURITY_RESOURCE,
            detail=details_of({"record": event.index} | facts_of(record)),
        ),
    )


def _access(event: Event, record: Access, origin: Origin) -> AuditEvent:
    details = details_of({"record": event.index} | facts_of(record))
    outcome = codes.SUCCESS if record.code is None else failure_of(record.code)
    described = None if record.code is None else description_of("refused", record.code)
    grants = (
        () if record.grant is None else (f"urn:intramural:grant:{quote(record.grant, safe='')}",)
    )
    if record.access is not AccessAct.READ_PAYLOAD:
        kind, subtype, action = _LOOKS.get(record.access, _LOOKED)
        return _plain(
            event,
            origin,
            type=kind,
            subtype=(subtype, codes.ours("access", record.access.value)),
            action=action,
            outcome=outcome,
            outcome_desc=described,
            purpose=record.purpose,
            actor=record.actor,
            client=record.client,
            policy=grants,
            entity=Entity(
                what=named_thing("target", record.target),
                type=codes.SYSTEM_OBJECT,
                role=codes.SECURITY_RESOURCE,
                detail=details,
            ),
        )
    return AuditEvent(
        id=id_of(origin, event),
        meta=meta_of(origin, event, *([codes.READ] if record.code is None else [])),
        type=codes.REST,
        subtype=(codes.INTERACTION_READ, codes.ours("access", record.access.value)),
        action="R",
        recorded=instant(record.time),
        outcome=outcome,
        outcome_desc=described,
        purpose_of_event=reasons_of(record.purpose, broken=record.grant is not None),
        agent=(
            client_agent(record.client, record.actor, codes.DESTINATION),
            gateway_agent(origin, codes.SENDER),
            user_agent(record.actor, codes.RECIPIENT, record.purpose, grants),
        ),
        source=source_of(origin),
        entity=(
            request_entity(record.exchange),
            Entity(
                what=named_thing("exchange", record.target),
                type=codes.SYSTEM_OBJECT,
                role=codes.REPORT,
                detail=details,
            ),
        ),
    )


_LOOKED: Final = (codes.LOG_USED, codes.INTERACTION_SEARCH, "E")
"""Somebody read records, in whichever way."""
_LOOKS: Final[Mapping[AccessAct, tuple[Coding, Coding, str]]] = {
    AccessAct.EXPORT: (codes.EXPORTED, codes.INTERACTION_SEARCH, "R"),
    AccessAct.REIDENTIFY: (codes.SECURITY_ALERT, codes.RESTRICTED, "E"),
}


def _review(event: Event, record: Review, origin: Origin) -> AuditEvent:
    return _plain(
        event,
        origin,
        type=codes.LOG_USED,
        subtype=(codes.ours("review", "comment" if record.state is None else record.state.value),),
        action="U",
        outcome=codes.SUCCESS,
        actor=record.actor,
        entity=Entity(
            what=named_thing("record", tag_of(origin, record.record).code),
            type=codes.SYSTEM_OBJECT,
            role=codes.REPORT,
            detail=details_of({"record": event.index} | facts_of(record)),
        ),
    )


def _alert(event: Event, record: Alert, origin: Origin) -> AuditEvent:
    return _plain(
        event,
        origin,
        type=codes.SECURITY_ALERT,
        subtype=(codes.ours("alert", quote(record.rule, safe="") or "none"),),
        action="E",
        outcome=codes.SUCCESS,
        actor="gateway",
        entity=Entity(
            what=named_thing("record", tag_of(origin, record.record).code),
            type=codes.SYSTEM_OBJECT,
            role=codes.REPORT,
            detail=details_of({"record": event.index} | facts_of(record)),
        ),
    )


def _difference(event: Event, record: Difference, origin: Origin) -> AuditEvent:
    return _plain(
        event,
        origin,
        type=codes.ACTIVITY,
        subtype=(codes.ours("shadow", "difference"),),
        action="E",
        outcome=codes.SUCCESS,
        actor="gateway",
        policy=policies_of(record.release, record.rules),
        entity=Entity(
            what=named_thing("exchange", record.exchange),
            type=codes.SYSTEM_OBJECT,
            role=codes.JOB,
            detail=details_of({"record": event.index} | facts_of(record)),
        ),
    )


def _plain(  # noqa: PLR0913 - the elements of one event
    event: Event,
    origin: Origin,
    *,
    type: Coding,  # noqa: A002 - the element's name
    subtype: tuple[Coding, ...],
    action: str,
    outcome: str,
    actor: str,
    entity: Entity,
    outcome_desc: str | None = None,
    purpose: Purpose | None = None,
    client: str | None = None,
    policy: tuple[str, ...] = (),
) -> AuditEvent:
    """Return an event that is no exchange: no profile of BALP is made for it."""
    record = event.record
    granted = isinstance(record, Access) and record.grant is not None
    who = client_agent(client, actor, codes.APPLICATION) if client else None
    return AuditEvent(
        id=id_of(origin, event),
        meta=meta_of(origin, event),
        type=type,
        subtype=subtype,
        action=action,
        recorded=instant(record.time),
        outcome=outcome,
        outcome_desc=outcome_desc,
        purpose_of_event=reasons_of(purpose, broken=granted),
        agent=(
            *((who,) if who is not None else ()),
            gateway_agent(origin, codes.DESTINATION, acting=actor == "gateway"),
            *((user_agent(actor, codes.AUTHOR, purpose, policy),) if actor != "gateway" else ()),
        ),
        source=source_of(origin),
        entity=(request_entity(record.exchange), entity),
    )
