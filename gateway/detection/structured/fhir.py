"""FHIR R4 in JSON: what each element holds (https://hl7.org/fhir/R4/), by its path.

The data types carry most of it (HumanName, Address, ContactPoint, Identifier, Reference,
Attachment, Narrative), recognised by their element or their members, so that an extension or a
contained resource needs no rule of its own. Exempt from scanning are codes, systems and units, and
only where they look like one; every other string is free text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.domain import entities
from gateway.domain.entities import EntityType
from gateway.domain.places import Layer, Place, Writing

JSON: Final = Layer(Writing.JSON)
_DATE_PLACE: Final = (JSON, Layer(Writing.DATE))
_INSTANT_PLACE: Final = (JSON, Layer(Writing.INSTANT))
_ID_PLACE: Final = (JSON, Layer(Writing.ID))
_BASE64_PLACE: Final = (JSON, Layer(Writing.BASE64))

RESOURCE: Final = re.compile(r"[A-Z][A-Za-z]{2,40}\Z")
ELEMENT: Final = re.compile(r"_?[a-z][A-Za-z0-9]{0,60}\Z|resourceType\Z")
_CODE: Final = re.compile(r"[A-Za-z0-9<>=!._:/%{}\[\]()*+\-^']{1,48}\Z")
_UNIT: Final = re.compile(r"[A-Za-z0-9µ°%/\[\](){}.*^'_-]{1,24}(?: [a-z0-9/%()]{1,16}){0,3}\Z")
_URI: Final = re.compile(r"(?:https?://|urn:)[^\s\"'<>?@]{1,200}\Z")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?\Z")
_YEAR: Final = re.compile(r"[0-9]{4}\Z")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{2,20}(?:Z|[+-][0-9]{2}:[0-9]{2})?\Z")
_REFERENCE: Final = re.compile(
    r"(?:#|urn:(?:uuid|oid):|(?:[A-Z][A-Za-z]{2,40})/)(?P<id>[A-Za-z0-9.\-]{1,64})"
    r"(?:/_history/[A-Za-z0-9.\-]{1,64})?\Z"
)
_LINK: Final = re.compile(r"(?:https?|ftp|mailto|file|tel):\S", re.IGNORECASE)
_SAMPLES: Final = re.compile(r"[0-9EULe.\s+-]*\Z")

_CODES: Final = frozenset(
    "code status use gender mode intent priority class criticality language contentType severity "
    "comparator method type kind rank valueCode version versionId clinicalStatus days daysOfWeek "
    "verificationStatus docStatus fhirVersion format sigFormat targetFormat lossReason dataType "
    "medium operator direction participantRole conditionRelationship durationUnit periodUnit "
    "timeOfDay valueTime interpretation relationship outcome action subtype".split()
)
_UNITS: Final = frozenset({"unit", "valueUnit"})
_SYSTEMS: Final = frozenset(
    "system profile implicitRules source codeSystem valueUri valueCanonical instantiatesCanonical "
    "definition valueSet url".split()
)
_IDS_BY_CODE: Final[dict[str, EntityType]] = {
    "MR": entities.MEDICAL_RECORD_NUMBER,
    "MRT": entities.MEDICAL_RECORD_NUMBER,
    "PI": entities.MEDICAL_RECORD_NUMBER,
    "PT": entities.MEDICAL_RECORD_NUMBER,
    "SS": entities.US_SSN,
    "SSN": entities.US_SSN,
    "SB": entities.US_SSN,
    "DL": entities.LICENSE_NUMBER,
    "PPN": entities.PASSPORT,
    "MC": entities.HEALTH_PLAN_NUMBER,
    "MA": entities.HEALTH_PLAN_NUMBER,
    "MB": entities.HEALTH_PLAN_NUMBER,
    "SN": entities.HEALTH_PLAN_NUMBER,
    "HC": entities.HEALTH_PLAN_NUMBER,
    "GKV": entities.HEALTH_PLAN_NUMBER,
    "PKV": entities.HEALTH_PLAN_NUMBER,
    "NI": entities.NATIONAL_ID,
    "NH": entities.NATIONAL_ID,
    "NNGBR": entities.NATIONAL_ID,
    "TAX": entities.NATIONAL_ID,
    "NPI": entities.LICENSE_NUMBER,
    "PRN": entities.LICENSE_NUMBER,
    "MD": entities.LICENSE_NUMBER,
    "DEA": entities.LICENSE_NUMBER,
    "LANR": entities.LICENSE_NUMBER,
    "BSNR": entities.LICENSE_NUMBER,
    "AN": entities.ACCOUNT_NUMBER,
    "ANC": entities.ACCOUNT_NUMBER,
    "UDI": entities.DEVICE_ID,
    "SNO": entities.DEVICE_ID,
}
_IDS_BY_SYSTEM: Final = (
    ("ssn", entities.US_SSN),
    ("npi", entities.LICENSE_NUMBER),
    ("2.16.840.1.113883.4.6", entities.LICENSE_NUMBER),
    ("2.16.840.1.113883.4.1", entities.US_SSN),
    ("medicare", entities.HEALTH_PLAN_NUMBER),
    ("kvid", entities.HEALTH_PLAN_NUMBER),
    ("gkv", entities.HEALTH_PLAN_NUMBER),
    ("insurance", entities.HEALTH_PLAN_NUMBER),
    ("nhs", entities.NATIONAL_ID),
    ("ins-nir", entities.NATIONAL_ID),
    ("driver", entities.LICENSE_NUMBER),
    ("passport", entities.PASSPORT),
    ("mrn", entities.MEDICAL_RECORD_NUMBER),
)
_CONTACTS: Final = {
    "phone": entities.PHONE_NUMBER,
    "sms": entities.PHONE_NUMBER,
    "pager": entities.PHONE_NUMBER,
    "fax": entities.FAX_NUMBER,
    "email": entities.EMAIL_ADDRESS,
    "url": entities.URL,
}
_ADDRESS: Final = {
    "line": entities.STREET_ADDRESS,
    "text": entities.STREET_ADDRESS,
    "city": entities.LOCATION,
    "district": entities.LOCATION,
    "postalCode": entities.POSTCODE,
}
_PEOPLE: Final = frozenset({"Patient", "Person", "Practitioner", "RelatedPerson"})
_TARGETS: Final[dict[str, EntityType]] = {
    **dict.fromkeys(_PEOPLE, entities.PERSON),
    "PractitionerRole": entities.PERSON,
    "Organization": entities.ORGANIZATION,
    "Location": entities.LOCATION,
    "HealthcareService": entities.ORGANIZATION,
    "Device": entities.DEVICE_ID,
}
_REFERENCES: Final[dict[str, EntityType]] = {
    **dict.fromkeys(
        "subject patient individual practitioner performer author asserter recorder requester "
        "attester authenticator generalPractitioner interpreter resultsInterpreter collector "
        "informationSource enterer provider beneficiary subscriber policyHolder payee "
        "participant member who onBehalfOf signatory owner receiver sender recipient witness "
        "attendingPractitioner orderer verifier informant agent".split(),
        entities.PERSON,
    ),
    **dict.fromkeys(
        "managingOrganization serviceProvider custodian assigner organization insurer payor "
        "issuer manufacturer hospital origin facility".split(),
        entities.ORGANIZATION,
    ),
    **dict.fromkeys("location destination".split(), entities.LOCATION),
}
_DEVICE: Final = frozenset(
    "serialNumber deviceIdentifier carrierHRF carrierAIDC distinctIdentifier udiCarrier "
    "lotNumber".split()
)
_NUMBERS: Final = {
    "subscriberId": entities.HEALTH_PLAN_NUMBER,
    "dependent": entities.OTHER_ID,
    "preAuthRef": entities.OTHER_ID,
}


@dataclass(frozen=True, slots=True)
class Element:
    """What encloses a string: the resource, the data type, and the siblings that explain it."""

    resource: str = ""
    kind: str = ""
    hint: EntityType | None = None
    """What the data type's value is, as far as its siblings say."""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What the path says of one string: its type, the part of it that is meant, how it is written.

    `exempt` strings are a code, a system or a unit, and are not scanned.
    """

    entity: EntityType | None = None
    place: Place = (JSON,)
    start: int = 0
    end: int | None = None
    whole: bool = False
    exempt: bool = False
    file: bool = False
    narrative: bool = False
    label: str = ""


_EXEMPT: Final = Said(exempt=True)
_FREE: Final = Said()


def enter(key: str, members: dict[str, str], names: frozenset[str], outer: Element) -> Element:  # noqa: PLR0911 - one for each data type
    """Return what an object under `key` is. `members` are its own strings, `names` all its keys."""
    resource = members.get("resourceType", "")
    if resource:
        return Element(resource)
    bare = key.removeprefix("_")
    last = bare[5:6].lower() + bare[6:] if bare.startswith("value") and len(bare) > 5 else bare  # noqa: PLR2004 - value[x]
    within = outer.resource
    if key in {"extension", "modifierExtension"}:
        url = members.get("url", "").rstrip("/").rpartition("/")[2]
        return Element(within, "Extension", _by_extension(url), re.sub(r"[^A-Za-z]+", " ", url))
    if "div" in names:
        return Element(within, "Narrative")
    if (
        names & {"family", "given"}
        or last == "humanName"
        or (last in {"name", "maidenName"} and names & {"text", "prefix"} and "coding" not in names)
    ):
        return Element(within, "HumanName")
    if last == "address" or (names >= {"city"} and names & {"line", "postalCode", "country"}):
        return Element(within, "Address")
    if last in {"telecom", "contactPoint"} or (
        "value" in names and members.get("system", "") in _CONTACTS
    ):
        return Element(within, "ContactPoint", _CONTACTS.get(members.get("system", "")))
    if last.lower().endswith("identifier"):
        return Element(within, "Identifier", _by_system(members.get("system", ""), outer))
    if names & {"contentType", "sigFormat"} or last in {"photo", "attachment", "presentedForm"}:
        photo = last == "photo" or members.get("contentType", "").startswith("image/")
        return Element(within, "Attachment", entities.PHOTO_ID if photo else entities.OTHER_ID)
    if "reference" in names or ("display" in names and last in {*_REFERENCES, "reference"}):
        return Element(within, "Reference", _by_target(last, members))
    if outer.kind == "Identifier" and last == "type":
        return Element(within, "IdentifierType", outer.hint)
    if "display" in names or names >= {"system", "code"} and "value" not in names:
        return Element(within, "Coding")
    if names & {"unit", "comparator"} or names >= {"value", "code"}:
        return Element(within, "Quantity")
    if outer.kind == "Identifier" and last == "period":
        return Element(within, "Period")
    return Element(within, bare, label=outer.label)


def identifier_type(codes: list[str], element: Element) -> Element:
    """Return an Identifier whose `type` has these codes: they say more than the system."""
    for code in codes:
        if code.upper() in _IDS_BY_CODE:
            return Element(element.resource, element.kind, _IDS_BY_CODE[code.upper()])
    return element


def string(key: str, value: str, element: Element) -> Said:  # noqa: C901, PLR0911, PLR0912 - one for each kind of element
    """Return what the string under `key` of `element` is."""
    bare = key.removeprefix("_")
    kind = element.kind
    if key == "resourceType":
        return _EXEMPT if RESOURCE.match(value) else _FREE
    if kind == "Narrative" and key == "div":
        return Said(narrative=True)
    if bare == "birthDate" and (_DAY.match(value) or _YEAR.match(value)):
        return Said(entities.DATE_OF_BIRTH, _DATE_PLACE, whole=True)
    if _TIME.match(value):
        born = element.hint == entities.DATE_OF_BIRTH
        return Said(
            entities.DATE_OF_BIRTH if born else entities.DATE_TIME, _INSTANT_PLACE, whole=True
        )
    if _DAY.match(value) and kind != "Identifier":
        born = element.hint == entities.DATE_OF_BIRTH
        return Said(entities.DATE_OF_BIRTH if born else entities.DATE_TIME, _DATE_PLACE, whole=True)
    if _YEAR.match(value) and bare.lower().endswith(("date", "datetime", "start", "end")):
        return _EXEMPT
    if key == "id" and not kind:
        return Said(entities.OTHER_ID, _ID_PLACE, whole=True)
    if key in {"reference", "fullUrl"} or (kind == "request" and key == "url"):
        return _reference(value)
    if kind == "HumanName" and key in {"family", "given", "text"}:
        return Said(entities.PERSON)
    if kind == "Address" and key in _ADDRESS:
        return Said(_ADDRESS[key])
    if kind == "ContactPoint" and key == "value":
        return Said(
            element.hint or (entities.EMAIL_ADDRESS if "@" in value else entities.PHONE_NUMBER)
        )
    if kind == "Identifier" and key == "value":
        return Said(element.hint or entities.OTHER_ID)
    if kind == "Reference" and key == "display" and element.hint is not None:
        return Said(element.hint)
    if key in {"data", "valueBase64Binary"} and not (key == "data" and _SAMPLES.match(value)):
        return Said(element.hint or entities.OTHER_ID, _BASE64_PLACE, whole=True, file=True)
    if kind == "Attachment" and key == "hash":
        return Said(entities.OTHER_ID, _BASE64_PLACE, whole=True)
    if kind == "Extension" and element.hint is not None and key.startswith("value"):
        return Said(element.hint)
    if bare in _DEVICE:
        return Said(entities.DEVICE_ID)
    if bare in _NUMBERS:
        return Said(_NUMBERS[bare])
    if key in {"name", "alias"} and element.resource in {"Organization", "Location"} and not kind:
        return Said(_TARGETS[element.resource])
    if bare in _UNITS and _UNIT.match(value):
        return _EXEMPT
    if bare in _SYSTEMS and _URI.match(value) and kind != "Attachment":
        return _EXEMPT
    if bare in _SYSTEMS | _CODES and _CODE.match(value) and not any(map(str.isdigit, value[:1])):
        return _EXEMPT
    if bare in _CODES and kind in {"Coding", "Quantity", "IdentifierType"} and _CODE.match(value):
        return _EXEMPT
    if _LINK.match(value) and " " not in value:
        return Said(entities.URL, _ID_PLACE, whole=True)
    return Said(label=element.label)


def _reference(value: str) -> Said:
    found = _REFERENCE.match(value)
    if found is not None:
        return Said(entities.OTHER_ID, _ID_PLACE, *found.span("id"))
    if _LINK.match(value) or "?" in value:
        return Said(entities.URL, _ID_PLACE, whole=True)
    return _EXEMPT if RESOURCE.match(value) else _FREE


def _by_system(system: str, outer: Element) -> EntityType | None:
    lowered = system.lower()
    for part, entity in _IDS_BY_SYSTEM:
        if part in lowered:
            return entity
    if outer.resource in {"Patient", "Person"}:
        return entities.MEDICAL_RECORD_NUMBER
    if outer.resource == "Practitioner" or outer.kind == "qualification":
        return entities.LICENSE_NUMBER
    if outer.resource == "Coverage":
        return entities.HEALTH_PLAN_NUMBER
    return entities.DEVICE_ID if outer.resource == "Device" else None


def _by_target(key: str, members: dict[str, str]) -> EntityType | None:
    target = members.get("type", "")
    if not target:
        parts = members.get("reference", "").split("/")
        target = next((part for part in parts if part in _TARGETS), "")
    return _TARGETS.get(target) or _REFERENCES.get(key)


def _by_extension(name: str) -> EntityType | None:
    lowered = name.lower().replace("-", "")
    if "maidenname" in lowered or "fathername" in lowered or "ownname" in lowered:
        return entities.PERSON
    if "birthtime" in lowered or "birthdate" in lowered:
        return entities.DATE_OF_BIRTH
    if "streetname" in lowered or "housenumber" in lowered or "additionallocator" in lowered:
        return entities.STREET_ADDRESS
    return entities.PERSON if lowered in {"ownprefix", "partnername"} else None
