"""Which entity types share a colour. The label beside it says which one it is."""

from __future__ import annotations

from typing import Final

from gateway.domain import entities
from gateway.domain.entities import KNOWN, EntityType

_KINDS: Final = {
    "people": {entities.PERSON, entities.USERNAME},
    "places": {
        entities.LOCATION,
        entities.STREET_ADDRESS,
        entities.POSTCODE,
        entities.ORGANIZATION,
    },
    "time": {
        entities.DATE_TIME,
        entities.DATE_OF_BIRTH,
        entities.AGE,
        entities.AGE_OVER_89,
    },
    "contact": {
        entities.PHONE_NUMBER,
        entities.FAX_NUMBER,
        entities.EMAIL_ADDRESS,
        entities.URL,
        entities.IP_ADDRESS,
        entities.MAC_ADDRESS,
    },
}


def kind_of(entity: EntityType) -> str:
    """Return the kind of a type: people, places, time, contact, numbers, or other."""
    for kind, types in _KINDS.items():
        if entity in types:
            return kind
    return "numbers" if entity in KNOWN else "other"
