"""What a log asks of a witness, as text, and what the answers of several are worth.

Parsing, writing and counting only (https://c2sp.org/tlog-witness, "add-checkpoint").
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.merkle import EMPTY_ROOT, HASH_SIZE, ProofError, check_consistency
from gateway.domain.notes import Checkpoint

MAX_PROOF: Final = 63
"""Lines of a consistency proof at most."""
MAX_REQUEST: Final = 256 * 1024
"""Bytes of a request: a checkpoint may bear 32 signatures, each of 7 kB at most."""
SIZE_TYPE: Final = "text/x.tlog.size"
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})\Z")
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n\Z")


class RequestError(ValueError):
    """Bytes that are no request to a witness."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A head, and the proof that it continues the head of `old` leaves."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes
    """The checkpoint, signed."""

    def encode(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old}", *(b64encode(node).decode() for node in self.proof), "", ""]
        return "\n".join(lines).encode() + self.note


def parse_request(body: bytes) -> AddCheckpoint:
    """Return the request that `encode` wrote; raises `RequestError`."""
    head, separator, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        matched = _OLD.match(first)
        if matched is None or not separator:
            raise RequestError("the first line is `old` and a size")
        proof = tuple(b64decode(line, validate=True) for line in lines)
        again = [b64encode(node).decode() for node in proof]
    except (UnicodeDecodeError, Base64Error):
        raise RequestError("a line of a proof is base64") from None
    if len(proof) > MAX_PROOF or again != lines or any(len(node) != HASH_SIZE for node in proof):
        raise RequestError(f"a proof is at most {MAX_PROOF} hashes of {HASH_SIZE} bytes")
    return AddCheckpoint(int(matched[1]), proof, note)


def parse_size(body: bytes) -> int:
    """Return the size in the answer to a request with another one; raises `RequestError`."""
    matched = _SIZE.match(body)
    if matched is None:
        raise RequestError("a size is a decimal number and a newline")
    return int(matched[1])


def check_continues(old: Checkpoint | None, new: Checkpoint, proof: tuple[bytes, ...]) -> None:
    """Return if `new` is proved to continue `old`, or is the first; else `ProofError`."""
    if new.size == 0 and new.root != EMPTY_ROOT:
        raise ProofError("the empty log has another root")
    if old is None or old.size == 0:
        if proof:
            raise ProofError("nothing has to be proved of the empty log")
        return
    check_consistency(
        first=old.size, second=new.size, proof=proof, first_root=old.root, second_root=new.root
    )


class Standing(StrEnum):
    """How well the log is witnessed."""

    GOOD = "good"
    LATE = "late"
    """Past `warn_age`: somebody has to look."""
    STOPPED = "stopped"
    """Past `stop_age`: no new work."""
    REFUTED = "refuted"
    """A witness has seen another history of this log: no new work, until a person understood."""


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """How many have to agree, and how long ago that may be, in seconds."""

    quorum: int
    warn_age: float
    stop_age: float | None

    def standing(self, age: float | None, refuted: Iterable[str]) -> Standing:
        """Judge the age of the newest checkpoint that enough witnesses cosigned; `None`: none is.

        Whoever refutes is listened to alone: a witness that saw another history needs no quorum.
        """
        if any(True for _ in refuted):
            return Standing.REFUTED
        if self.stop_age is not None and (age is None or age > self.stop_age):
            return Standing.STOPPED
        if age is None or age > self.warn_age:
            return Standing.LATE
        return Standing.GOOD

    def agreed(self, times: Mapping[str, int]) -> int | None:
        """Return since when enough witnesses vouch, given when each did; `None` if too few do."""
        newest = sorted(times.values(), reverse=True)
        return newest[self.quorum - 1] if len(newest) >= self.quorum else None
