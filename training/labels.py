"""What the tagger tells apart, and how the labels of each source map onto it.

The tagger knows eight kinds; which of them a number or an address is exactly, its form says better
than a network does, and `gateway/detection` asks it.
"""

from __future__ import annotations

from typing import Final

OUTSIDE: Final = "O"
TYPES: Final = (
    "PERSON",
    "LOCATION",
    "ORGANIZATION",
    "STREET_ADDRESS",
    "DATE_TIME",
    "AGE",
    "CONTACT",
    "ID",
)
LABELS: Final = (OUTSIDE, *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BIES"))
"""BIOES (Ratinov and Roth 2009), in the order of the network's outputs."""
INDEX: Final = {label: index for index, label in enumerate(LABELS)}

_SOURCES: Final = {
    "PERSON": (
        "PERSON NAME NAME_PATIENT NAME_DOCTOR NAME_RELATIVE NAME_EXT NOMBRE_SUJETO_ASISTENCIA "
        "NOMBRE_PERSONAL_SANITARIO NOM PRENOM"
    ),
    # Countries too: a source that does not want them ignores them when it scores.
    "LOCATION": (
        "LOCATION GPE GEOGRAPHIC_LOCATION LOCATION_CITY TERRITORIO VILLE PAIS LOCATION_COUNTRY"
    ),
    "ORGANIZATION": (
        "ORGANIZATION LOCATION_HOSPITAL LOCATION_ORGANIZATION HOSPITAL INSTITUCION CENTRO_SALUD "
        "HOPITAL"
    ),
    "STREET_ADDRESS": (
        "STREET_ADDRESS POSTCODE ZIP_CODE LOCATION_STREET LOCATION_ZIP CALLE ADRESSE ZIP"
    ),
    "DATE_TIME": "DATE_TIME DATE_OF_BIRTH DATE FECHAS DATE_NAISSANCE",
    "AGE": "AGE AGE_OVER_89 EDAD_SUJETO_ASISTENCIA",
    "CONTACT": (
        "PHONE_NUMBER FAX_NUMBER EMAIL_ADDRESS URL IP_ADDRESS MAC_ADDRESS DOMAIN_NAME "
        "CONTACT_PHONE CONTACT_FAX CONTACT_EMAIL TEL MAIL NUMERO_TELEFONO NUMERO_FAX "
        "CORREO_ELECTRONICO"
    ),
    "ID": (
        "US_SSN MEDICAL_RECORD_NUMBER HEALTH_PLAN_NUMBER ACCOUNT_NUMBER LICENSE_NUMBER VEHICLE_ID "
        "DEVICE_ID BIOMETRIC_ID PHOTO_ID OTHER_ID NATIONAL_ID PASSPORT CREDIT_CARD IBAN_CODE "
        "USERNAME HEALTH_PLAN_BENEFICIARY_NUMBER SOCIAL_SECURITY_NUMBER UNIQUE_IDENTIFIER "
        "CERTIFICATE_LICENSE_NUMBER ID SECU IPP NDA US_DRIVER_LICENSE ID_SUJETO_ASISTENCIA "
        "ID_TITULACION_PERSONAL_SANITARIO ID_ASEGURAMIENTO ID_CONTACTO_ASISTENCIAL "
        "ID_EMPLEO_PERSONAL_SANITARIO"
    ),
    # Annotated by some source, and nothing that has to go.
    OUTSIDE: (
        "TITLE NRP NAME_TITLE PROFESSION SEXO_SUJETO_ASISTENCIA FAMILIARES_SUJETO_ASISTENCIA "
        "PROFESION OTROS_SUJETO_ASISTENCIA"
    ),
}
_KIND: Final = {label: kind for kind, labels in _SOURCES.items() for label in labels.split()}


def kind(label: str) -> str:
    """Return the tagger's kind for a source's label; `KeyError` for one that nobody mapped."""
    return _KIND[label]
