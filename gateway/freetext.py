"""What people write beside records stays for years, and no shredding finds it: it names nobody.

Comments of reviews, reasons of holds, and notes of releases and why one was put in force in an
emergency are looked through before they are kept: by detection, and by the index of patients, which
knows a number that stands alone. Where either fails, they are not.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.domain.entities import (
    AGE_OVER_89,
    BIOMETRIC_ID,
    DATE_OF_BIRTH,
    EMAIL_ADDRESS,
    FAX_NUMBER,
    HEALTH_PLAN_NUMBER,
    MEDICAL_RECORD_NUMBER,
    NATIONAL_ID,
    PASSPORT,
    PERSON,
    PHONE_NUMBER,
    PHOTO_ID,
    STREET_ADDRESS,
    US_SSN,
    EntityType,
)
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding
from gateway.domain.ports import Detector
from gateway.domain.subjects import patient
from gateway.domain.text import RawText
from gateway.treatment import found_in

NAMING: Final = frozenset(
    {
        *(PERSON, DATE_OF_BIRTH, AGE_OVER_89, STREET_ADDRESS, PHONE_NUMBER, FAX_NUMBER),
        *(EMAIL_ADDRESS, US_SSN, MEDICAL_RECORD_NUMBER, HEALTH_PLAN_NUMBER, NATIONAL_ID),
        *(PASSPORT, BIOMETRIC_ID, PHOTO_ID),
    }
)
"""What names a patient. Not dates, places and numbers of cases: a reason has to say something.

A colleague's name is refused with them, because nothing tells it from a patient's.
"""

NamesNobody = Callable[[str, str], Awaitable[None]]
"""`check_names_nobody` of a text and what it is called, with this gateway's detection and index."""

_PIECE: Final = re.compile(r"[^\W_]+")
_MOST_PIECES: Final = 8
_LONGEST_WORD: Final = 8
"""Letters in a piece of a number that has no digit."""
_SHORTEST: Final = 4


class Index(Protocol):
    """Which exchanges are about whom: `ports.Vault` is one."""

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        """Return ids of exchanges; raises `ExchangeError` if nobody can tell."""
        ...


@dataclass(frozen=True, slots=True)
class Whose:
    """The patients whom exchanges were about, and the key of their fingerprints."""

    index: Index
    key: bytes = field(repr=False)


async def check_names_nobody(detector: Detector, whose: Whose, text: str, what: str) -> None:
    """Raise `ExchangeError` if `text` names somebody; `what` is what the message calls it.

    ENTITY_BLOCKED, with the types that were found; or what detection or the index raises.
    """
    (found,) = await found_in(detector, [RawText(text)])
    named = sorted({each for each in _entities(found) if each in NAMING})
    if not named and await asyncio.to_thread(_has_a_patient, whose, text):
        named = [MEDICAL_RECORD_NUMBER]
    if named:
        raise ExchangeError(
            Code.ENTITY_BLOCKED,
            f"A {what} is kept for years, and nobody finds it to erase it, so it names nobody: "
            f"this one seems to ({', '.join(named)}). Write it again without, and name records by "
            "their index and people by their key or their role.",
            param=what,
        )


def _has_a_patient(whose: Whose, text: str) -> bool:
    numbers = sorted(set(_numbers(text)))
    return any(whose.index.find(patient(whose.key, each), None, 1) for each in numbers)


def _numbers(text: str) -> Iterator[str]:
    """Yield what may be a number of a patient, however it is spaced and whatever stands beside it.

    Its fingerprint knows no spaces, so `17 4821 0377` has `48210377` in it.
    """
    pieces = _PIECE.findall(text)
    for start in range(len(pieces)):
        number = ""
        for piece in pieces[start : start + _MOST_PIECES]:
            if len(piece) > _LONGEST_WORD and not _has_a_digit(piece):
                break
            number += piece
            if len(number) >= _SHORTEST and _has_a_digit(number):
                yield number


def _has_a_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def _entities(findings: Iterable[Finding]) -> Iterator[EntityType]:
    for finding in findings:
        yield finding.entity
        yield from _entities(finding.within)
