"""Labelled documents of other people, which are not in this repository: where they are, if at all.

`INTRAMURAL_REDACTION_DATA`, or `shared/redaction` beside the checkout, holds `train/` and `dev/` of
JSON lines: text, and spans with a label of each source's own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.domain import entities as e
from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding, Findings

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("INTRAMURAL_REDACTION_DATA", ROOT.parent / "shared" / "redaction"))
WHY_NOT = f"no labelled documents in {DATA}: set INTRAMURAL_REDACTION_DATA"

_LABELS: dict[EntityType, str] = {
    e.PERSON: "NAME NOM PRENOM PERSON NAME_DOCTOR NAME_EXT NAME_PATIENT NOMBRE_PERSONAL_SANITARIO "
    "NOMBRE_SUJETO_ASISTENCIA FAMILIARES_SUJETO_ASISTENCIA",
    e.LOCATION: "GEOGRAPHIC_LOCATION VILLE LOCATION_CITY PAIS TERRITORIO GPE",
    e.ORGANIZATION: "HOPITAL LOCATION_HOSPITAL LOCATION_ORGANIZATION HOSPITAL CENTRO_SALUD "
    "INSTITUCION ORGANIZATION",
    e.STREET_ADDRESS: "ADRESSE LOCATION_STREET CALLE STREET_ADDRESS",
    e.POSTCODE: "ZIP LOCATION_ZIP ZIP_CODE",
    e.DATE_TIME: "DATE FECHAS DATE_TIME",
    e.DATE_OF_BIRTH: "DATE_NAISSANCE",
    e.AGE: "AGE EDAD_SUJETO_ASISTENCIA",
    e.PHONE_NUMBER: "PHONE_NUMBER TEL CONTACT_PHONE NUMERO_TELEFONO",
    e.FAX_NUMBER: "FAX_NUMBER CONTACT_FAX NUMERO_FAX",
    e.EMAIL_ADDRESS: "EMAIL_ADDRESS MAIL CONTACT_EMAIL CORREO_ELECTRONICO",
    e.MEDICAL_RECORD_NUMBER: "MEDICAL_RECORD_NUMBER IPP ID_SUJETO_ASISTENCIA",
    e.US_SSN: "SOCIAL_SECURITY_NUMBER US_SSN",
    e.NATIONAL_ID: "SECU",
    e.HEALTH_PLAN_NUMBER: "HEALTH_PLAN_BENEFICIARY_NUMBER ID_ASEGURAMIENTO",
    e.CREDIT_CARD: "CREDIT_CARD",
    e.IBAN_CODE: "IBAN_CODE",
    e.IP_ADDRESS: "IP_ADDRESS",
    e.URL: "DOMAIN_NAME",
    e.LICENSE_NUMBER: "CERTIFICATE_LICENSE_NUMBER US_DRIVER_LICENSE "
    "ID_TITULACION_PERSONAL_SANITARIO",
}
_TYPES = {label: entity for entity, labels in _LABELS.items() for label in labels.split()}


@dataclass(frozen=True)
class Document:
    id: str
    text: str
    findings: Findings


def documents(every: int = 1) -> Iterator[Document]:
    """Yield one in `every` documents of each set; none where the data are absent."""
    for path in sorted([*DATA.glob("train/*.jsonl"), *DATA.glob("dev/*.jsonl")]):
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if number % every == 0:
                    yield _document(f"{path.parent.name}/{path.stem}", json.loads(line))


def _document(name: str, row: dict[str, object]) -> Document:
    text, spans = str(row["text"]), row["spans"]
    assert isinstance(spans, list)
    found = {
        Finding(span["start"], span["end"], _TYPES.get(span["label"], e.OTHER_ID))
        for span in spans
        if span["end"] > span["start"]
    }
    return Document(f"{name}/{row['id']}", text, tuple(sorted(found)))
