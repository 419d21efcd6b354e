"""The file of a site's dictionary: sorted fingerprints, what each stands for, and a seal over all.

DURABLE FORMAT, version 1, little-endian:
    16 bytes  b"intramural-dict1"
     8 + 8    number of phrases n, number of first words m
     8 * n    fingerprints of phrases, ascending
     1 * n    their marks (`Mark`)
     8 * m    fingerprints of first words of phrases of several, ascending
    32 bytes  HMAC-SHA-256 over all before, under a key derived from the dictionary's
Never change what a byte means: add a version. It holds no word and no part of one. A file of which
one byte was changed is refused.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass
from enum import IntFlag
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt

_MAGIC: Final = b"intramural-dict1"
_HEAD: Final = struct.Struct("<16sQQ")
_SEAL: Final = 32
Fingerprints = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.uint8]


class DictionaryError(Exception):
    """A dictionary cannot be used; the message says what to do and names no value."""


class Mark(IntFlag):
    """What a phrase stands for. One may stand for several things."""

    STAFF = 1
    PATIENT = 2
    WARD = 4
    STREET = 8
    ALLOW = 16
    """It identifies nobody: a weak finding of it is dropped."""
    PART = 32
    """The family name of a member of staff: found where it is capitalised, and weak."""
    DERIVED = 64
    """Another order of a phrase that was loaded: not counted."""


KINDS: Final = (Mark.STAFF, Mark.PATIENT, Mark.WARD, Mark.STREET, Mark.ALLOW)


@dataclass(frozen=True, slots=True, repr=False)
class Filter:
    """Fingerprints of phrases with their marks, and of first words of those with several."""

    phrases: Fingerprints
    marks: Marks
    firsts: Fingerprints

    def counts(self) -> dict[str, int]:
        """Return how many phrases of each kind were loaded."""
        loaded = (self.marks & int(Mark.DERIVED)) == 0
        return {
            str(kind.name).lower(): int(np.count_nonzero(loaded & ((self.marks & int(kind)) != 0)))
            for kind in KINDS
        }


EMPTY: Final = Filter(np.empty(0, np.uint64), np.empty(0, np.uint8), np.empty(0, np.uint64))


def encode(content: Filter, key: bytes) -> bytes:
    """Return the file of `content`, sealed under `key`."""
    body = b"".join(
        (
            _HEAD.pack(_MAGIC, len(content.phrases), len(content.firsts)),
            content.phrases.astype("<u8").tobytes(),
            content.marks.tobytes(),
            content.firsts.astype("<u8").tobytes(),
        )
    )
    return body + _seal(body, key)


def decode(raw: bytes, key: bytes) -> Filter:
    """Return what `encode` wrote; raise `DictionaryError` if a single byte is another."""
    body, seal = raw[:-_SEAL], raw[-_SEAL:]
    if len(raw) < _HEAD.size + _SEAL or not hmac.compare_digest(_seal(body, key), seal):
        raise DictionaryError("it was changed, cut short, or made with another key")
    magic, phrases, firsts = _HEAD.unpack_from(body)
    if magic != _MAGIC or len(body) != _HEAD.size + 9 * phrases + 8 * firsts:
        raise DictionaryError("it is of a version that this program does not know")
    position = _HEAD.size
    return Filter(
        np.frombuffer(body, "<u8", phrases, position),
        np.frombuffer(body, np.uint8, phrases, position + 8 * phrases),
        np.frombuffer(body, "<u8", firsts, position + 9 * phrases),
    )


def joined(one: Filter, phrases: Fingerprints, marks: Marks, firsts: Fingerprints) -> Filter:
    """Return `one` with further phrases; a phrase of both has the marks of both."""
    every = np.concatenate((one.phrases, phrases))
    unique, place = np.unique(every, return_inverse=True)
    loaded = np.concatenate((one.marks, marks))
    both = np.zeros(len(unique), np.uint8)
    np.bitwise_or.at(both, place, loaded & _SAID)
    # Derived or a part only where nobody loaded the phrase itself.
    plain = np.zeros(len(unique), bool)
    plain[place[(loaded & ~_SAID) == 0]] = True
    both[~plain] |= _common(loaded, place, len(unique))[~plain]
    return Filter(unique, both, np.union1d(one.firsts, firsts))


_SAID: Final = np.uint8(Mark.STAFF | Mark.PATIENT | Mark.WARD | Mark.STREET | Mark.ALLOW)


def _common(marks: Marks, place: npt.NDArray[np.intp], size: int) -> Marks:
    """Return the other marks that all of the same phrase have."""
    common = np.full(size, 255, np.uint8)
    np.bitwise_and.at(common, place, marks & ~_SAID)
    return common


def without(content: Filter, phrases: Fingerprints | None, kind: Mark) -> Filter:
    """Return `content` without `phrases` (or all) of one kind."""
    marks = content.marks.copy()
    place = slice(None) if phrases is None else np.isin(content.phrases, phrases)
    marks[place] &= np.uint8(0xFF ^ int(kind))
    left = (marks & _SAID) != 0
    # First words may serve other phrases: they stay, which costs a little time and finds nothing.
    firsts = content.firsts if left.any() else EMPTY.firsts
    return Filter(content.phrases[left], marks[left], firsts)


def _seal(body: bytes, key: bytes) -> bytes:
    return hmac.digest(hmac.digest(key, b"seal of a dictionary", sha256), body, sha256)
