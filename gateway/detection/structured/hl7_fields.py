"""What the fields of HL7 v2 hold (2.5.1, chapters 2, 3, 4, 6, 7, 9 and 10), as far as persons go.

A field that is not listed is scanned as free text: a new one can be missed, and is never exempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.domain import entities
from gateway.domain.entities import EntityType

_IDENTIFIERS: Final[dict[str, EntityType]] = {
    "MR": entities.MEDICAL_RECORD_NUMBER,
    "PI": entities.MEDICAL_RECORD_NUMBER,
    "PT": entities.MEDICAL_RECORD_NUMBER,
    "SS": entities.US_SSN,
    "DL": entities.LICENSE_NUMBER,
    "PPN": entities.PASSPORT,
    "MC": entities.HEALTH_PLAN_NUMBER,
    "MA": entities.HEALTH_PLAN_NUMBER,
    "SN": entities.HEALTH_PLAN_NUMBER,
    "HC": entities.HEALTH_PLAN_NUMBER,
    "NI": entities.NATIONAL_ID,
    "NH": entities.NATIONAL_ID,
    "AN": entities.ACCOUNT_NUMBER,
    "VN": entities.OTHER_ID,
    "NPI": entities.LICENSE_NUMBER,
    "FX": entities.FAX_NUMBER,
    "BP": entities.PHONE_NUMBER,
    "Internet": entities.EMAIL_ADDRESS,
    "X.400": entities.EMAIL_ADDRESS,
}


@dataclass(frozen=True, slots=True)
class Type:
    """A data type: what its components are; `default` is what the others are."""

    components: Mapping[int, EntityType] | None
    default: EntityType | None = None
    code: int | None = None
    """The component whose code says more about the first."""
    codes: frozenset[int] = field(default_factory=frozenset)
    """Components that are codes, and are not scanned."""
    file: int = 0
    """The component that is a file in base64."""

    def of(self, component: int, code: str) -> EntityType | None:
        """Return what component number `component` is."""
        if self.components is None:
            return self.default
        entity = self.components.get(component, self.default)
        if component == 1 and code in _IDENTIFIERS:
            return _IDENTIFIERS[code]
        return entity

    def exempt(self, component: int) -> bool:
        """Say whether the component is a code of HL7's own tables."""
        return component in self.codes


_P = entities.PERSON
_XPN: Final = Type({1: _P, 2: _P, 3: _P, 9: _P}, codes=frozenset({7, 8, 11}))
_ADDRESS: Final = {
    1: entities.STREET_ADDRESS,
    2: entities.STREET_ADDRESS,
    3: entities.LOCATION,
    5: entities.POSTCODE,
    8: entities.LOCATION,
    9: entities.LOCATION,
}
_XAD: Final = Type(_ADDRESS, codes=frozenset({6, 7}))
_PHONE = entities.PHONE_NUMBER
_XTN: Final = Type(
    {1: _PHONE, 4: entities.EMAIL_ADDRESS, 6: _PHONE, 7: _PHONE, 8: _PHONE, 12: _PHONE},
    code=3,
    codes=frozenset({2, 3}),
)


def _cx(entity: EntityType) -> Type:
    return Type({1: entity}, code=5, codes=frozenset({2, 3, 5}))


def _one(entity: EntityType) -> Type:
    return Type({1: entity})


def _all(entity: EntityType) -> Type:
    return Type(None, entity)


_MRN: Final = _cx(entities.MEDICAL_RECORD_NUMBER)
_PLAN: Final = _cx(entities.HEALTH_PLAN_NUMBER)
_EI: Final = Type({1: entities.OTHER_ID})
_XCN: Final = Type({1: entities.LICENSE_NUMBER, 2: _P, 3: _P, 4: _P}, codes=frozenset({10, 13}))
_NDL: Final = Type({1: _P}, default=entities.ORGANIZATION)
_XON: Final = Type({1: entities.ORGANIZATION, 3: entities.OTHER_ID, 10: entities.OTHER_ID})
_PL: Final = Type({1: entities.ORGANIZATION, 2: entities.LOCATION, 3: entities.LOCATION,
                   4: entities.ORGANIZATION, 7: entities.LOCATION})  # fmt: skip
_TS: Final = _one(entities.DATE_TIME)
_DOB: Final = _one(entities.DATE_OF_BIRTH)
_ORG: Final = _one(entities.ORGANIZATION)
_CODE: Final = Type({}, codes=frozenset(range(1, 7)))
_CODED: Final = Type({}, codes=frozenset({1, 3, 4, 6, 7, 8}))
"""CE, CWE and CNE: their texts (2, 5 and 9) are scanned."""
_SSN: Final = _all(entities.US_SSN)
_ID: Final = _all(entities.OTHER_ID)

FIELDS: Final[Mapping[str, Mapping[int, Type]]] = {
    "MSH": {4: _ORG, 6: _ORG, 7: _TS, 9: _CODE, 10: _ID, 11: _CODE, 12: _CODE, 15: _CODE,
            16: _CODE, 17: _CODE, 18: _CODE, 22: _XON, 23: _XON},
    "EVN": {1: _CODE, 2: _TS, 3: _TS, 5: _XCN, 6: _TS, 7: _ORG},
    "PID": {1: _CODE, 2: _MRN, 3: _MRN, 4: _MRN, 5: _XPN, 6: _XPN, 7: _DOB, 8: _CODE, 9: _XPN,
            10: _CODED, 11: _XAD, 12: _all(entities.LOCATION), 13: _XTN, 14: _XTN, 15: _CODED,
            16: _CODED, 17: _CODED, 18: _cx(entities.ACCOUNT_NUMBER), 19: _SSN,
            20: _all(entities.LICENSE_NUMBER), 21: _MRN, 22: _CODED, 23: _all(entities.LOCATION),
            24: _CODE, 29: _TS, 30: _CODE, 33: _TS, 34: _ORG},
    "PD1": {3: _XON, 4: _XCN},
    "NK1": {1: _CODE, 2: _XPN, 3: _CODED, 4: _XAD, 5: _XTN, 6: _XTN, 7: _CODED, 8: _TS, 9: _TS,
            12: _MRN, 13: _XON, 15: _CODE, 16: _DOB, 26: _XPN, 30: _XPN, 31: _XTN, 32: _XAD,
            33: _MRN, 37: _SSN, 38: _all(entities.LOCATION)},
    "MRG": {1: _MRN, 2: _MRN, 3: _cx(entities.ACCOUNT_NUMBER), 4: _MRN, 5: _MRN, 6: _MRN, 7: _XPN},
    "PV1": {1: _CODE, 2: _CODE, 3: _PL, 4: _CODE, 5: _cx(entities.OTHER_ID), 6: _PL, 7: _XCN,
            8: _XCN, 9: _XCN, 10: _CODE, 11: _PL, 14: _CODE, 15: _CODE, 17: _XCN, 18: _CODE,
            19: _cx(entities.OTHER_ID), 20: _CODE, 36: _CODE, 41: _CODE, 42: _PL, 43: _PL, 44: _TS,
            45: _TS, 50: _cx(entities.OTHER_ID), 52: _XCN},
    # A movement of the patient, as IHE's Patient Administration Management has it (ITI-31, 3.31.4).
    "ZBE": {1: _EI, 2: _TS, 3: _TS, 7: _XON, 8: _XON},
    "PV2": {1: _PL, 8: _TS, 9: _TS, 13: _XCN, 14: _TS, 17: _TS, 23: _XON, 26: _TS, 33: _TS},
    "ROL": {1: _EI, 4: _XCN, 5: _TS, 6: _TS, 11: _XAD, 12: _XTN},
    "PRT": {1: _EI, 5: _XCN, 8: _XON, 9: _PL, 10: _EI, 11: _TS, 12: _TS, 14: _XAD, 15: _XTN},
    "IN1": {1: _CODE, 2: _CODE, 3: _cx(entities.OTHER_ID), 4: _XON, 5: _XAD, 6: _XPN, 7: _XTN,
            8: _all(entities.HEALTH_PLAN_NUMBER), 9: _XON, 10: _PLAN, 11: _XON, 12: _TS, 13: _TS,
            15: _CODE, 16: _XPN, 17: _CODED, 18: _DOB, 19: _XAD, 24: _TS, 26: _TS, 29: _TS,
            36: _all(entities.HEALTH_PLAN_NUMBER), 43: _CODE, 44: _XAD, 47: _CODE, 49: _PLAN},
    "IN2": {1: _cx(entities.OTHER_ID), 2: _SSN, 3: _XCN, 6: _PLAN, 7: _XPN, 8: _PLAN, 9: _XPN,
            22: _XPN, 25: _PLAN, 26: _PLAN, 40: _XPN, 49: _XPN, 50: _XPN, 52: _XPN, 61: _PLAN,
            63: _XTN, 64: _XTN, 69: _XON, 70: _XON},
    "IN3": {2: _PLAN, 3: _XCN, 6: _TS, 7: _TS, 14: _XCN, 16: _XTN, 19: _XTN, 25: _XCN},
    "GT1": {1: _CODE, 2: _cx(entities.ACCOUNT_NUMBER), 3: _XPN, 4: _XPN, 5: _XAD, 6: _XTN, 7: _XTN,
            8: _DOB, 9: _CODE, 12: _SSN, 13: _TS, 14: _TS, 16: _XPN, 17: _XAD, 18: _XTN,
            19: _cx(entities.OTHER_ID), 21: _XON, 24: _TS, 42: _XPN, 45: _XPN, 46: _XTN, 51: _XON},
    "ORC": {1: _CODE, 2: _EI, 3: _EI, 4: _EI, 5: _CODE, 9: _TS, 10: _XCN, 11: _XCN, 12: _XCN,
            13: _PL, 14: _XTN, 15: _TS, 17: _XON, 18: _XON, 19: _XCN, 21: _XON, 22: _XAD, 23: _XTN,
            24: _XAD},
    "OBR": {1: _CODE, 2: _EI, 3: _EI, 4: _CODED, 5: _CODE, 6: _TS, 7: _TS, 8: _TS, 10: _XCN,
            14: _TS, 16: _XCN, 17: _XTN, 18: _ID, 19: _ID, 20: _ID, 21: _ID, 22: _TS, 24: _CODE,
            25: _CODE, 28: _XCN, 29: _EI, 32: _NDL, 33: _NDL, 34: _NDL, 35: _NDL, 36: _TS},
    "OBX": {1: _CODE, 2: _CODE, 3: _CODED, 6: _CODE, 7: _CODE, 8: _CODE, 11: _CODE, 12: _TS,
            14: _TS, 15: _XON, 16: _XCN, 17: _CODED, 18: _all(entities.DEVICE_ID), 19: _TS,
            23: _XON, 24: _XAD, 25: _XCN},
    "NTE": {1: _CODE, 2: _CODE, 5: _XCN, 6: _TS},
    "DG1": {1: _CODE, 2: _CODE, 3: _CODED, 5: _TS, 6: _CODE, 16: _XCN, 19: _TS, 20: _EI},
    "PR1": {1: _CODE, 3: _CODED, 5: _TS, 8: _XCN, 11: _XCN, 12: _XCN, 19: _EI},
    "AL1": {1: _CODE, 2: _CODED, 3: _CODED, 4: _CODED, 6: _TS},
    "IAM": {1: _CODE, 11: _TS, 13: _TS, 14: _XPN, 18: _XCN, 20: _TS},
    "TXA": {1: _CODE, 2: _CODE, 4: _TS, 5: _XCN, 6: _TS, 7: _TS, 8: _TS, 9: _XCN, 10: _XCN,
            11: _XCN, 12: _EI, 13: _EI, 14: _EI, 15: _EI, 17: _CODE, 18: _CODE, 19: _CODE,
            22: _XCN},
    "SCH": {1: _EI, 2: _EI, 4: _EI, 11: Type({4: entities.DATE_TIME, 5: entities.DATE_TIME}),
            12: _XCN, 13: _XTN, 14: _XAD, 15: _PL, 16: _XCN, 17: _XTN, 18: _XAD, 19: _PL,
            20: _XCN, 21: _XTN, 26: _EI, 27: _EI},
    "AIP": {3: _XCN, 6: _TS},
    "AIL": {3: _PL, 6: _TS},
    "AIG": {6: _TS},
    "AIS": {4: _TS},
    "CTD": {2: _XPN, 3: _XAD, 4: _PL, 5: _XTN, 7: _EI},
    "FT1": {2: _ID, 3: _ID, 4: _TS, 5: _TS, 16: _PL, 20: _XCN, 21: _XCN, 23: _EI, 24: _XCN},
    "ACC": {1: _TS, 7: _XCN, 11: _XAD},
    "SPM": {1: _CODE, 2: _EI, 3: _EI, 17: Type({1: entities.DATE_TIME, 2: entities.DATE_TIME}),
            18: _TS},
    "RXE": {13: _XCN, 14: _XCN, 15: _ID, 18: _TS},
    "RXA": {3: _TS, 4: _TS, 10: _XCN, 11: _PL, 15: _ID, 16: _TS},
    "STF": {1: _ID, 2: _cx(entities.OTHER_ID), 3: _XPN, 6: _DOB, 10: _XTN, 11: _XAD, 12: _TS,
            13: _TS, 15: _XTN, 22: _all(entities.LICENSE_NUMBER)},
    "QRD": {1: _TS, 4: _ID, 8: _XCN},
    "PDA": {2: _PL, 4: _TS, 5: _XCN, 9: _XCN},
    "DB1": {3: _cx(entities.OTHER_ID)},
    "CON": {13: _TS, 14: _TS, 24: _XPN},
    "ARV": {2: _CODE},
    "PES": {1: _XON, 2: _XCN, 3: _XAD, 4: _XTN, 5: _EI},
    "MSA": {1: _CODE, 2: _ID},
}  # fmt: skip
NAMES: Final = frozenset({
    *FIELDS, "FHS", "BHS", "FTS", "BTS", "ERR", "QAK", "QPD", "RCP", "DSC", "SFT", "UAC", "TQ1",
    "TQ2", "NPU", "UB1", "UB2", "DRG", "RXO", "RXR", "RXC", "RXD", "RXG", "OM1", "RGS", "NSC",
    "LOC", "PRA", "ORG", "AFF", "LAN", "EDU", "CER", "PTH", "VAR", "GOL", "PRB", "CSR", "CTI",
    "BPO", "BPX", "IVC", "PSL", "ADJ", "REL", "ODS", "ODT",
})  # fmt: skip
"""Names of segments: a line that begins with one and a separator is HL7."""

DATA_TYPES: Final[Mapping[str, Type]] = {
    "DT": _TS,
    "TS": _TS,
    "DTM": _TS,
    "NM": Type({}),
    "XPN": _XPN,
    "PN": Type({1: _P, 2: _P, 3: _P}),
    "XCN": _XCN,
    "XAD": _XAD,
    "AD": _XAD,
    "XTN": _XTN,
    "TN": _all(_PHONE),
    "CX": _cx(entities.OTHER_ID),
    "CK": _cx(entities.OTHER_ID),
    "EI": _EI,
    "XON": _XON,
    "ED": Type({}, codes=frozenset({2, 3, 4}), file=5),
}
"""What OBX-5 holds, by OBX-2; others are scanned."""
