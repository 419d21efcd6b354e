"""Another number of the same form: marks, length, letters where letters were, check digits.

A number that is right by its check digits becomes one that is right, and a wrong one a wrong one:
a model, or a program behind it, is not to see a difference that the original did not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from gateway.domain import checksums as c
from gateway.domain.checkdigits import Kind, bare
from gateway.domain.entities import (
    ACCOUNT_NUMBER,
    CREDIT_CARD,
    DEVICE_ID,
    HEALTH_PLAN_NUMBER,
    IBAN_CODE,
    LICENSE_NUMBER,
    MEDICAL_RECORD_NUMBER,
    NATIONAL_ID,
    PASSPORT,
    US_SSN,
    VEHICLE_ID,
    EntityType,
)

Choose = Callable[[int], int]
_TRIES: Final = 24
_NATIONAL: Final = (
    c.RESIDENT, c.NIR, c.PENSION, c.KVNR, c.TAX_ID, c.DNI, c.NASS, c.AHV, c.NHS, c.SVNR,
    c.RIJKSREGISTER, c.BSN, c.IDENTITY_CARD,
)  # fmt: skip
_KINDS: Final[Mapping[EntityType, tuple[Kind, ...]]] = {
    CREDIT_CARD: (c.CARD,),
    IBAN_CODE: (c.IBAN,),
    ACCOUNT_NUMBER: (c.IBAN, c.ABA),
    VEHICLE_ID: (c.VIN,),
    DEVICE_ID: (c.GTIN,),
    LICENSE_NUMBER: (c.DEA, c.NPI, c.RPPS, c.FINESS),
    PASSPORT: (c.MRZ, c.IDENTITY_CARD),
    NATIONAL_ID: _NATIONAL,
    HEALTH_PLAN_NUMBER: _NATIONAL,
    MEDICAL_RECORD_NUMBER: _NATIONAL,
}
_HEADS: Final[Mapping[str, int]] = {c.IBAN.name: 2, c.CARD.name: 1, c.NIR.name: 1}
"""Characters at the front that stay: the country, the brand, the sex."""
_LABELS: Final = frozenset(
    [
        "MRN",
        "NHS",
        "SSN",
        "ID",
        "PAT",
        "NR",
        "NO",
        "REF",
        "ACC",
        "HPN",
        "DEA",
        "NPI",
        "IBAN",
        "VIN",
        "SN",
        "LOT",
    ]
)
_RUN: Final = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+")
_OTHER: Final = re.compile(r"[^\W_A-Za-z0-9]")
_UPPER: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def number_like(entity: EntityType, surface: str, choose: Choose) -> str | None:
    """Return another number in the form of `surface`.

    `None` if it has no digit, or letters and digits of other scripts, which would stay.
    """
    if not any(map(str.isdigit, surface)) or _OTHER.search(surface):
        return None
    kinds = _KINDS.get(entity, ())
    value = bare(surface)
    kind = next((each for each in kinds if each.valid(value)), None)
    for _ in range(_TRIES):
        if kind is not None:
            made = _valid(kind, value, choose)
            new = None if made is None else _laid_into(surface, made)
        else:
            new = _scrambled(surface, choose)
            if new is not None and not _as_wrong(entity, value, bare(new), kinds):
                continue
        if new is not None and new != surface:
            return new
    return None


def _valid(kind: Kind, value: str, choose: Choose) -> str | None:
    head = _HEADS.get(kind.name, 0)
    for _ in range(4):
        drawn = value[:head] + (_scrambled(value[head:], choose) or "")
        if (completed := kind.complete(drawn)) is not None and completed != value:
            return completed
    if len(made := kind.make(choose)) != len(value):
        return None
    return kind.complete(value[:head] + made[head:]) or made


def _as_wrong(entity: EntityType, old: str, new: str, kinds: tuple[Kind, ...]) -> bool:
    if entity == US_SSN and old.isdigit() and len(old) == 9:  # noqa: PLR2004 - digits of an SSN
        return c.ssn(new) == c.ssn(old)
    return not any(kind.valid(new) for kind in kinds)


def _laid_into(surface: str, value: str) -> str | None:
    """Return `value` with the separators and the case of `surface`."""
    rest = iter(value)
    pieces = []
    for char in surface:
        if not (char.isascii() and char.isalnum()):
            pieces.append(char)
        else:
            new = next(rest, None)
            if new is None:
                return None
            pieces.append(new.lower() if char.islower() else new)
    return None if next(rest, None) is not None else "".join(pieces)


def _scrambled(surface: str, choose: Choose) -> str | None:
    """Return `surface` with other digits and letters; zeros in front stay, and so do labels."""
    pieces = []
    changed = False
    for run in _RUN.findall(surface):
        if run.isdigit() and run.isascii():
            zeros = len(run) - len(run.lstrip("0"))
            rest = len(run) - zeros
            pieces.append(
                "0" * zeros
                + "".join(
                    str(choose(9) + 1) if index == 0 else str(choose(10)) for index in range(rest)
                )
            )
            changed |= rest > 0
        elif run.isalpha() and run.isascii() and run.upper() not in _LABELS:
            letters = (_UPPER[choose(len(_UPPER))] for _ in run)
            pieces.append(
                "".join(
                    new.lower() if old.islower() else new
                    for old, new in zip(run, letters, strict=True)
                )
            )
            changed = True
        else:
            pieces.append(run)
    return "".join(pieces) if changed else None
