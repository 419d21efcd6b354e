"""What a structured payload says of its patient, before a word of prose was read.

The parser of FHIR, HL7 v2 or a table hands these over; `propagation.py` seeks them in every text of
the exchange. A value is written as people write it ("Thornton, Margaret"; "1961-03-04"), without
the escapes of its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.domain.entities import EntityType


@dataclass(frozen=True, slots=True)
class Known:
    """`value` is an `entity`, beyond doubt. It is never shown."""

    entity: EntityType
    value: str = field(repr=False)
