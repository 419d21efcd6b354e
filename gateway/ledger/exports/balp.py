"""Does an AuditEvent hold what it claims? FHIR R4's own rules, and those of the BALP profiles.

Written from the StructureDefinitions of IHE ITI BALP 1.1 (`PatientRead.fsh`, `PatientCreate.fsh`),
on decoded JSON, and without what makes events: so that a mistake there is found here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_BALP: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_REST: Final = "http://hl7.org/fhir/restful-interaction"
_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_REQUEST: Final = (
    "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
    "XrequestId",
)
_DATA: Final = (_ENTITY, "2")
_PERSON: Final = (_ENTITY, "1")
_SENDER: Final = (_DCM, "110153")
_DESTINATION: Final = (_DCM, "110152")
_OBJECTS: Final = {(_ROLE, code) for code in ("3", "4", "20")}
_INSTANT: Final = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)"
    r"(\.\d+)?(Z|[+-](0\d|1[0-4]):[0-5]\d)\Z"
)
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
_CODE: Final = re.compile(r"[^\s]+( [^\s]+)*\Z")
_URI: Final = re.compile(r"\S+\Z")
_OUTCOMES: Final = frozenset({"0", "4", "8", "12"})
_ACTIONS: Final = frozenset("CRUDE")
_NETWORKS: Final = frozenset("12345")
_MEMBERS: Final[Mapping[str, str]] = {
    "event": "resourceType id meta type subtype action period recorded outcome outcomeDesc "
    "purposeOfEvent agent source entity",
    "agent": "type role who altId name requestor location policy media network purposeOfUse",
    "entity": "what type role lifecycle securityLabel name description query detail",
    "source": "site observer type",
    "network": "address type extension",
    "reference": "reference type identifier display",
}
"""Elements of R4 that an event may have here, by their names."""

Json = Mapping[str, Any]


def problems(event: object) -> tuple[str, ...]:
    """Return what is wrong with an AuditEvent, the first place first; empty if nothing is.

    A sentence names the element, and never quotes what it holds.
    """
    if not isinstance(event, Mapping) or event.get("resourceType") != "AuditEvent":
        return ("it is not an AuditEvent",)
    found: list[str] = []
    try:
        _base(event, found)
        profiles = event.get("meta", {}).get("profile", [])
        for profile in profiles:
            rules = _PROFILES.get(str(profile).removeprefix(_BALP))
            if rules is None or not str(profile).startswith(_BALP):
                found.append("meta.profile: a profile that is not known here")
            else:
                rules(event, found)
    except (AttributeError, TypeError, KeyError, ValueError):
        found.append("an element is of another type than FHIR says")
    return tuple(found)


# -- FHIR R4, http://hl7.org/fhir/R4/auditevent.html


def _base(event: Json, found: list[str]) -> None:
    _members("event", event, "AuditEvent", found)
    _hold(found, "id" not in event or bool(_ID.match(event["id"])), "id: not an id")
    _coding(event.get("type"), "type", found)
    for each in _listed(event, "subtype", found):
        _coding(each, "subtype", found)
    _hold(found, event.get("action", "E") in _ACTIONS, "action: not one of C, R, U, D, E")
    _hold(found, bool(_INSTANT.match(event.get("recorded", ""))), "recorded: not an instant")
    _hold(found, event.get("outcome", "0") in _OUTCOMES, "outcome: not one of 0, 4, 8, 12")
    _text(event, "outcomeDesc", "outcomeDesc", found)
    for each in _listed(event, "purposeOfEvent", found):
        _concept(each, "purposeOfEvent", found)
    agents = _listed(event, "agent", found)
    _hold(found, bool(agents), "agent: at least one")
    for agent in agents:
        _agent(agent, found)
    source = event.get("source")
    _hold(found, isinstance(source, Mapping), "source: missing")
    if isinstance(source, Mapping):
        _members("source", source, "source", found)
        _reference(source.get("observer"), "source.observer", found)
        _text(source, "site", "source.site", found)
        for each in _listed(source, "type", found):
            _coding(each, "source.type", found)
    for entity in _listed(event, "entity", found):
        _entity(entity, found)


def _agent(agent: Json, found: list[str]) -> None:
    _members("agent", agent, "agent", found)
    _hold(found, isinstance(agent.get("requestor"), bool), "agent.requestor: not a boolean")
    if "type" in agent:
        _concept(agent["type"], "agent.type", found)
    if "who" in agent:
        _reference(agent["who"], "agent.who", found)
    _text(agent, "name", "agent.name", found)
    for each in _listed(agent, "role", found):
        _concept(each, "agent.role", found)
    for each in _listed(agent, "policy", found):
        _hold(found, isinstance(each, str) and bool(_URI.match(each)), "agent.policy: not a URI")
    for each in _listed(agent, "purposeOfUse", found):
        _concept(each, "agent.purposeOfUse", found)
    if "network" in agent:
        network = agent["network"]
        _members("network", network, "agent.network", found)
        _hold(found, bool(network), "agent.network: empty")
        _text(network, "address", "agent.network.address", found)
        _hold(found, network.get("type", "1") in _NETWORKS, "agent.network.type: not one of 1 to 5")
        for each in _listed(network, "extension", found):
            _hold(found, bool(each.get("url")) and len(each) > 1, "agent.network.extension: empty")


def _entity(entity: Json, found: list[str]) -> None:
    _members("entity", entity, "entity", found)
    if "what" in entity:
        _reference(entity["what"], "entity.what", found)
    for name in ("type", "role"):
        if name in entity:
            _coding(entity[name], f"entity.{name}", found)
    # sev-1: "Either a name or a query (NOT both)".
    _hold(found, not {"name", "query"} <= entity.keys(), "entity: a name and a query")
    _text(entity, "name", "entity.name", found)
    _text(entity, "description", "entity.description", found)
    if "query" in entity:
        _hold(found, _is_base64(entity["query"]), "entity.query: not base64")
    for detail in _listed(entity, "detail", found):
        _hold(found, bool(detail.get("type")), "entity.detail.type: missing")
        values = [name for name in ("valueString", "valueBase64Binary") if detail.get(name)]
        _hold(found, len(values) == 1, "entity.detail: one value")


# -- BALP


def _create(event: Json, found: list[str]) -> None:
    _restful(event, {(_REST, "create")}, "C", found)
    _ends(event, client=_SENDER, server=_DESTINATION, found=found)
    authors = {(_PARTICIPATION, code) for code in ("AUT", "INF", "CST")}
    _people(event, authors, found)
    _objects(event, found, role_needed=True)


def _read(event: Json, found: list[str]) -> None:
    _restful(event, {(_REST, "read"), (_REST, "vread")}, "R", found)
    _ends(event, client=_DESTINATION, server=_SENDER, found=found)
    _people(event, {(_PARTICIPATION, "IRCP")}, found)
    _objects(event, found, role_needed=False)


def _with_patient(rules: Callable[[Json, list[str]], None]) -> Callable[[Json, list[str]], None]:
    def check(event: Json, found: list[str]) -> None:
        rules(event, found)
        patients = _slice(event.get("entity", ()), _PERSON, _key)
        _hold(found, len(patients) == 1, "entity[patient]: exactly one")
        for patient in patients:
            _hold(found, _key(patient.get("role")) == (_ROLE, "1"), "entity[patient].role: 1")
            what = patient.get("what")
            _hold(found, bool(what), "entity[patient].what: missing")
            said = (what or {}).get("type") or (what or {}).get("reference", "").split("/")[0]
            _hold(found, said == "Patient", "entity[patient].what: not a Patient")

    return check


def _restful(event: Json, codes: set[tuple[str, str]], action: str, found: list[str]) -> None:
    _hold(found, _key(event["type"]) == (_TYPE, "rest"), "type: not rest")
    said = [_key(each) for each in event.get("subtype", ()) if _key(each) in codes]
    _hold(found, len(said) == 1, "subtype: exactly one of the interactions of the profile")
    _hold(found, event.get("action") == action, f"action: not {action}")
    _hold(found, event.get("outcome") == "0", "outcome: not a success")


def _ends(
    event: Json, *, client: tuple[str, str], server: tuple[str, str], found: list[str]
) -> None:
    _hold(found, len(event["agent"]) > 1, "agent: at least two")
    for name, kind in (("client", client), ("server", server)):
        agents = _slice(event["agent"], kind, _concept_key)
        _hold(found, len(agents) == 1, f"agent[{name}]: exactly one")
        for agent in agents:
            _hold(found, bool(agent.get("who")), f"agent[{name}].who: missing")
            _hold(found, bool(agent.get("network")), f"agent[{name}].network: missing")
            _hold(found, "media" not in agent, f"agent[{name}].media: not allowed")


def _people(event: Json, kinds: set[tuple[str, str]], found: list[str]) -> None:
    users = [agent for kind in kinds for agent in _slice(event["agent"], kind, _concept_key)]
    _hold(found, len(users) <= 1, "agent[user]: at most one")
    for user in users:
        _hold(found, bool(user.get("who")), "agent[user].who: missing")
        _hold(found, user.get("requestor") is True, "agent[user].requestor: not true")
        _hold(found, "network" not in user, "agent[user].network: not allowed")
        _hold(found, "media" not in user, "agent[user].media: not allowed")


def _objects(event: Json, found: list[str], *, role_needed: bool) -> None:
    entities = event.get("entity", ())
    requests = _slice(entities, _REQUEST, _key)
    _hold(found, len(requests) <= 1, "entity[transaction]: at most one")
    for request in requests:
        identifier = request.get("what", {}).get("identifier", {})
        _hold(found, bool(identifier.get("value")), "entity[transaction].what: no identifier")
    data = _slice(entities, _DATA, _key)
    _hold(found, len(data) == 1, "entity[data]: exactly one")
    for each in data:
        _hold(found, bool(each.get("what")), "entity[data].what: missing")
        role = each.get("role")
        _hold(found, role is not None or not role_needed, "entity[data].role: missing")
        _hold(found, role is None or _key(role) in _OBJECTS, "entity[data].role: not 3, 4 or 20")


_PROFILES: Final[Mapping[str, Callable[[Json, list[str]], None]]] = {
    "Create": _create,
    "PatientCreate": _with_patient(_create),
    "Read": _read,
    "PatientRead": _with_patient(_read),
}


# -- data types


def _hold(found: list[str], holds: bool, problem: str) -> None:  # noqa: FBT001 - what it is about
    if not holds and problem not in found:
        found.append(problem)


def _members(name: str, value: Json, place: str, found: list[str]) -> None:
    _hold(
        found,
        value.keys() <= set(_MEMBERS[name].split()),
        f"{place}: an element that is not there in R4",
    )


def _listed(value: Json, name: str, found: list[str]) -> Sequence[Any]:
    items = value.get(name, [])
    good = isinstance(items, list) and (name not in value or bool(items))
    _hold(found, good, f"{name}: an empty list, or none")
    return items if isinstance(items, list) else []


def _text(value: Json, name: str, place: str, found: list[str]) -> None:
    said = value.get(name, "-")
    _hold(found, isinstance(said, str) and bool(said.strip()), f"{place}: empty")


def _coding(value: Any, place: str, found: list[str]) -> None:  # noqa: ANN401 - whatever JSON held
    good = (
        isinstance(value, Mapping)
        and bool(_CODE.match(value.get("code", "")))
        and bool(_URI.match(value.get("system", "")))
        and value.keys() <= {"system", "version", "code", "display", "userSelected"}
    )
    _hold(found, good, f"{place}: not a coding of a system")


def _concept(value: Any, place: str, found: list[str]) -> None:  # noqa: ANN401 - as above
    coded = value.get("coding", [])
    _hold(found, bool(coded) or bool(value.get("text")), f"{place}: empty")
    for each in coded:
        _coding(each, place, found)


def _reference(value: Any, place: str, found: list[str]) -> None:  # noqa: ANN401 - as above
    if not isinstance(value, Mapping) or not value:
        found.append(f"{place}: missing")
        return
    _members("reference", value, place, found)
    identifier = value.get("identifier")
    if identifier is not None:
        _hold(found, bool(identifier.get("value")), f"{place}.identifier: no value")
        _hold(found, bool(_URI.match(identifier.get("system", "-"))), f"{place}.identifier: system")
    named = {"reference", "identifier", "display"} & value.keys()
    _hold(found, bool(named), f"{place}: names nothing")


def _is_base64(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(base64.b64decode(value, validate=True))
    except binascii.Error:
        return False


def _key(coding: Any) -> tuple[str, str] | None:  # noqa: ANN401 - as above
    return None if coding is None else (coding["system"], coding["code"])


def _concept_key(concept: Any) -> tuple[str, str] | None:  # noqa: ANN401 - as above
    coded = [] if concept is None else concept.get("coding", [])
    return _key(coded[0]) if len(coded) == 1 else None


def _slice(
    values: Sequence[Json],
    kind: tuple[str, str],
    key: Callable[[Any], tuple[str, str] | None],
) -> list[Json]:
    return [each for each in values if key(each.get("type")) == kind]
