"""Whom an exchange is about, as keyed fingerprints: for limits, for search, for erasure.

A patient is a number (record, plan, national id) that was found in the texts or that the caller
stated; a name is a person's in two words or more. Numbers of any type that read alike are one
patient: "MRN 48 21-03" and "482103". HMAC-SHA-256 under a key of the installation: without it a
fingerprint cannot be guessed from a list of numbers. None of them goes into a leaf.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.entities import (
    HEALTH_PLAN_NUMBER,
    MEDICAL_RECORD_NUMBER,
    NATIONAL_ID,
    PERSON,
    US_SSN,
    EntityType,
)
from gateway.domain.findings import Findings
from gateway.domain.places import read
from gateway.domain.text import RawText

NUMBERS: Final = frozenset({MEDICAL_RECORD_NUMBER, HEALTH_PLAN_NUMBER, NATIONAL_ID, US_SSN})
"""Entity types that name one patient and nobody else."""
_SHORTEST: Final = 4
"""Characters: a shorter number is shared by too many."""
MOST: Final = 4096
"""Of each kind that are indexed of one exchange. Each costs the vault's one writer some 6 µs."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """Fingerprints of 32 bytes, sorted, each once."""

    patients: tuple[bytes, ...] = field(default=(), repr=False)
    names: tuple[bytes, ...] = field(default=(), repr=False)
    more: bool = field(default=False, compare=False)
    """There were more than are here: what is kept of them, their shredding would not find."""

    def and_also(self, others: Subjects) -> Subjects:
        """Return these, and of `others` as many as are indexed of one exchange."""
        return _bounded(
            *(self.patients, others.patients, self.names, others.names),
            more=self.more or others.more,
        )


def subjects_of(
    texts: Sequence[RawText], found: Sequence[Findings], stated: str | None, key: bytes
) -> Subjects:
    """Return whom `texts`, with what was found in each, and the caller's own word are about.

    Whom the caller names is one of them, however many others there are; `more` says whether some
    are not.
    """
    first = (patient(key, stated),) if stated else ()
    patients: set[bytes] = set()
    names: set[bytes] = set()
    for text, findings in zip(texts, found, strict=True):
        for entity, words in _values(text.reveal(), findings):
            if entity in NUMBERS and len(_plain(words)) >= _SHORTEST:
                patients.add(patient(key, words))
            elif entity == PERSON and is_whole(words):
                names.add(named(key, words))
    return _bounded(first, patients, (), names)


def patient(key: bytes, number: str) -> bytes:
    """Return the fingerprint of a patient's number, however it is spaced, dotted or cased."""
    return _digest(key, "patient", _plain(number))


def named(key: bytes, name: str) -> bytes:
    """Return the fingerprint of a name, whatever the order, case and accents of its words."""
    return _digest(key, "name", " ".join(sorted(_tokens(name))))


def is_whole(name: str) -> bool:
    """Say whether a name has the two words or more under which people are indexed."""
    return len(_tokens(name)) > 1


def _bounded(
    first: Collection[bytes],
    patients: Collection[bytes],
    known: Collection[bytes],
    names: Collection[bytes],
    *,
    more: bool = False,
) -> Subjects:
    whom, called = _most(first, patients), _most(known, names)
    left = len({*first, *patients}) > len(whom) or len({*known, *names}) > len(called)
    return Subjects(whom, called, more or left)


def _most(first: Collection[bytes], more: Collection[bytes]) -> tuple[bytes, ...]:
    """Return those that come first, and of the others as many as there is room for."""
    room = max(0, MOST - len(first))
    return tuple(sorted({*first, *sorted({*more}.difference(first))[:room]}))


def _values(text: str, findings: Findings) -> Iterator[tuple[EntityType, str]]:
    """Yield what was found, as it reads, also in what had to be decoded first (an attachment)."""
    for finding in findings:
        value = read(text[finding.start : finding.end], finding.place)
        if finding.within:
            yield from _values(value, finding.within)
        else:
            yield finding.entity, value


def _digest(key: bytes, kind: str, value: str) -> bytes:
    return hmac.digest(key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), "sha256")


def _plain(value: str) -> str:
    return "".join(_letters(value))


def _tokens(value: str) -> list[str]:
    apart = "".join(char if char.isalnum() else " " for char in _folded(value))
    return apart.split()


def _letters(value: str) -> Iterator[str]:
    return (char for char in _folded(value) if char.isalnum())


def _folded(value: str) -> str:
    whole = unicodedata.normalize("NFKD", value.casefold())
    return "".join(char for char in whole if not unicodedata.combining(char))
