"""What the labels of annotated notes mean: how telling each is, and of which class.

The names are those of the corpora that detection is measured on, of Presidio and of this program.
A label that is not here counts as PHI of a class of its own: an unknown label is not left out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Tier(StrEnum):
    """How telling an annotation is."""

    DIRECT = "direct"
    """Names, numbers, contact data, street and postcode, birth date."""
    PHI = "phi"
    """What 45 CFR 164.514(b)(2)(i) removes besides: dates, places, facilities, ages."""
    IGNORED = "ignored"
    """Annotated by the source, and no PHI: neither missed nor falsely found."""


_CLASSES: Final[dict[str, tuple[Tier, str]]] = {
    "NAME": (
        Tier.DIRECT,
        """
        PERSON PER PER.NAM NAME NAME_PATIENT NAME_DOCTOR NAME_RELATIVE NAME_EXT
        NAME_USERNAME PATIENT PATIENT_NAME DOCTOR DOCTOR_NAME USERNAME GIVENNAME1 GIVENNAME2
        LASTNAME1 LASTNAME2 LASTNAME3 NOM PRENOM NOMBRE_SUJETO_ASISTENCIA
        NOMBRE_PERSONAL_SANITARIO
        """,
    ),
    "ADDRESS": (
        Tier.DIRECT,
        """
        STREET_ADDRESS POSTCODE ADDRESS ADRESSE ADDRESSE STREET LOCATION_STREET CALLE
        BUILDING SECADDRESS ZIP ZIP_CODE LOCATION_ZIP GEOCOORD
        """,
    ),
    "ID": (
        Tier.DIRECT,
        """
        MEDICAL_RECORD_NUMBER MRN US_SSN SSN SOCIAL_SECURITY_NUMBER SOCIALNUMBER
        HEALTH_PLAN_NUMBER HEALTH_PLAN_BENEFICIARY_NUMBER ACCOUNT ACCOUNT_NUMBER
        LICENSE_NUMBER CERTIFICATE_LICENSE_NUMBER US_DRIVER_LICENSE DRIVERLICENSE
        NATIONAL_ID PASSPORT PASS IDCARD CREDIT_CARD IBAN_CODE VEHICLE_ID DEVICE DEVICE_ID
        BIOMETRIC_ID PHOTO_ID MAC_ADDRESS OTHER_ID UNIQUE_IDENTIFIER ID IDNUM IPP NDA SECU
        ID_SUJETO_ASISTENCIA ID_TITULACION_PERSONAL_SANITARIO ID_ASEGURAMIENTO
        ID_CONTACTO_ASISTENCIAL ID_EMPLEO_PERSONAL_SANITARIO
        """,
    ),
    "CONTACT": (
        Tier.DIRECT,
        """
        PHONE_NUMBER PHONE TEL CONTACT_PHONE NUMERO_TELEFONO FAX_NUMBER FAX CONTACT_FAX
        NUMERO_FAX EMAIL_ADDRESS EMAIL MAIL CONTACT_EMAIL CORREO_ELECTRONICO URL CONTACT_URL
        DOMAIN_NAME IP_ADDRESS IP
        """,
    ),
    "DOB": (
        Tier.DIRECT,
        """
        DATE_OF_BIRTH DATE_NAISSANCE DOB BOD
        """,
    ),
    "DATE": (
        Tier.PHI,
        """
        DATE_TIME DATE FECHAS
        """,
    ),
    "LOCATION": (
        Tier.PHI,
        """
        LOCATION LOC LOC.NAM GPE GPE.NAM GEOGRAPHIC_LOCATION LOCATION_CITY CITY VILLE
        TERRITORIO
        """,
    ),
    "FACILITY": (
        Tier.PHI,
        """
        FACILITY HOSPITAL LOCATION_HOSPITAL HOPITAL INSTITUCION CENTRO_SALUD
        """,
    ),
    "AGE": (
        Tier.PHI,
        """
        AGE AGE_OVER_89 EDAD_SUJETO_ASISTENCIA
        """,
    ),
    "IGNORED": (
        Tier.IGNORED,
        """
        ORGANIZATION ORG ORG.NAM ORG.NOM LOCATION_ORGANIZATION TITLE NAME_TITLE PREFIX NRP
        PROFESSION PROFESION EDU PRO CONT SEX GENDER RACE SEXO_SUJETO_ASISTENCIA PAIS
        COUNTRY LOCATION_COUNTRY STATE TIME PER.NOM LOC.NOM GPE.NOM
        FAMILIARES_SUJETO_ASISTENCIA OTROS_SUJETO_ASISTENCIA
        """,
    ),
}
NAME: Final = "NAME"
NUMBERED: Final = frozenset({"ID", "CONTACT"})
"""Classes whose annotations may begin with the name of the field, "MRN: "."""
CLASSES: Final = tuple(_CLASSES)

_MEANT: Final[dict[str, tuple[Tier, str]]] = {
    label: (tier, name) for name, (tier, labels) in _CLASSES.items() for label in labels.split()
}
_FOUND: Final = {"ORGANIZATION": "FACILITY"}
"""Of a finding, not of an annotation: what detection calls an organisation is mostly a hospital."""


def meaning(label: str) -> tuple[Tier, str]:
    """Return the tier and the class of an annotation's label."""
    return _MEANT.get(label, (Tier.PHI, label))


def class_found(label: str) -> str:
    """Return the class that a finding of this type counts for."""
    return _FOUND.get(label, meaning(label)[1])
