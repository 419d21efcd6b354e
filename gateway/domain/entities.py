"""Entity types: what can identify a patient, under the names that findings and profiles share.

Names are Presidio's where it has one, so that its clients and recognizers fit unchanged. The set
is open: a type that no profile names is blocked (fail closed), not ignored.
"""

from __future__ import annotations

import re
from typing import Final, NewType

EntityType = NewType("EntityType", str)

_SHAPE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,39}\Z")


def entity_type(name: str) -> EntityType:
    """Return `name` as an entity type; `ValueError` unless it is UPPER_SNAKE, 2 to 40 long."""
    if not _SHAPE.match(name):
        raise ValueError("an entity type is UPPER_SNAKE_CASE, 2 to 40 characters")
    return EntityType(name)


# 45 CFR 164.514(b)(2)(i), letters (A) to (R), in that order.
PERSON: Final = EntityType("PERSON")
LOCATION: Final = EntityType("LOCATION")
STREET_ADDRESS: Final = EntityType("STREET_ADDRESS")
POSTCODE: Final = EntityType("POSTCODE")
DATE_TIME: Final = EntityType("DATE_TIME")
DATE_OF_BIRTH: Final = EntityType("DATE_OF_BIRTH")
AGE: Final = EntityType("AGE")
AGE_OVER_89: Final = EntityType("AGE_OVER_89")
PHONE_NUMBER: Final = EntityType("PHONE_NUMBER")
FAX_NUMBER: Final = EntityType("FAX_NUMBER")
EMAIL_ADDRESS: Final = EntityType("EMAIL_ADDRESS")
US_SSN: Final = EntityType("US_SSN")
MEDICAL_RECORD_NUMBER: Final = EntityType("MEDICAL_RECORD_NUMBER")
HEALTH_PLAN_NUMBER: Final = EntityType("HEALTH_PLAN_NUMBER")
ACCOUNT_NUMBER: Final = EntityType("ACCOUNT_NUMBER")
LICENSE_NUMBER: Final = EntityType("LICENSE_NUMBER")
VEHICLE_ID: Final = EntityType("VEHICLE_ID")
DEVICE_ID: Final = EntityType("DEVICE_ID")
URL: Final = EntityType("URL")
IP_ADDRESS: Final = EntityType("IP_ADDRESS")
BIOMETRIC_ID: Final = EntityType("BIOMETRIC_ID")
PHOTO_ID: Final = EntityType("PHOTO_ID")
OTHER_ID: Final = EntityType("OTHER_ID")
# Beyond Safe Harbor, and as telling.
ORGANIZATION: Final = EntityType("ORGANIZATION")
CREDIT_CARD: Final = EntityType("CREDIT_CARD")
IBAN_CODE: Final = EntityType("IBAN_CODE")
PASSPORT: Final = EntityType("PASSPORT")
NATIONAL_ID: Final = EntityType("NATIONAL_ID")
MAC_ADDRESS: Final = EntityType("MAC_ADDRESS")
USERNAME: Final = EntityType("USERNAME")

KNOWN: Final[frozenset[EntityType]] = frozenset(
    value
    for name, value in list(globals().items())
    if name.isupper() and name[0] != "_" and name != "KNOWN"
)

# A model copies a short tag more faithfully than a long one, and it costs fewer tokens.
_TAGS: Final[dict[EntityType, str]] = {
    STREET_ADDRESS: "ADDRESS",
    DATE_TIME: "DATE",
    DATE_OF_BIRTH: "DOB",
    PHONE_NUMBER: "PHONE",
    FAX_NUMBER: "FAX",
    EMAIL_ADDRESS: "EMAIL",
    US_SSN: "SSN",
    MEDICAL_RECORD_NUMBER: "MRN",
    HEALTH_PLAN_NUMBER: "PLAN",
    ACCOUNT_NUMBER: "ACCOUNT",
    LICENSE_NUMBER: "LICENSE",
    VEHICLE_ID: "VEHICLE",
    DEVICE_ID: "DEVICE",
    IP_ADDRESS: "IP",
    BIOMETRIC_ID: "BIOMETRIC",
    PHOTO_ID: "PHOTO",
    OTHER_ID: "ID",
    CREDIT_CARD: "CARD",
    IBAN_CODE: "IBAN",
    MAC_ADDRESS: "MAC",
    AGE_OVER_89: "AGE",
}


def tag(entity: EntityType) -> str:
    """Return the word that stands for an entity type in redacted text, e.g. `MRN`."""
    return _TAGS.get(entity, entity)
