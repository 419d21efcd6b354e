"""Records with their proofs, as lines of JSON: checked offline, with a public key and nothing else.

DURABLE FORMAT, version 1. The first line names the log and holds its signed checkpoint; each line
after it a leaf to the byte, its index and its path to the root (RFC 9162 2.1.3); the last says how
many there were, so that a file that was cut short is told from one that is whole.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import msgspec

from gateway.domain.merkle import ProofError, RangeRoot, check_inclusion, inclusion_proof, leaf_hash
from gateway.domain.notes import Checkpoint, NoteError
from gateway.ledger.errors import VerificationError
from gateway.ledger.exports.events import readable
from gateway.ledger.keys import Trusted, open_checkpoint
from gateway.ledger.leaves import read_leaf
from gateway.ledger.query import LedgerReader, LoggedRecord

_REMEMBERED: Final = 1 << 14
"""Roots of ranges: neighbours share nearly all of theirs."""
MAX_LINE: Final = 64 * 1024
"""Bytes. A leaf has 2,048 at most, a path 64 hashes; a checkpoint has a few signatures."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="head", tag_field="line"):
    """Which log, and what it was when this was made."""

    v: Literal[1]
    origin: str
    checkpoint: str
    """The signed note, to the byte."""


class Proved(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="record", tag_field="line"
):
    """One record and its proof."""

    index: int
    leaf: str
    """ASCII, as it was hashed."""
    proof: tuple[str, ...]
    """Base64 of the hashes from the leaf up."""


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end", tag_field="line"):
    """There are no more."""

    records: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What a file was found to prove."""

    checkpoint: Checkpoint
    records: int
    first: int | None
    last: int | None


def lines_of(reader: LedgerReader, records: Iterator[LoggedRecord]) -> Iterator[bytes]:
    """Yield the lines of an export. Raises `LedgerError`."""
    yield _line(Head(1, reader.checkpoint.origin, reader.signed_checkpoint.decode()))
    root = _remembering(reader.range_root())
    size, count = reader.checkpoint.size, 0
    for logged in readable(records):
        try:
            path = inclusion_proof(logged.index, size, root)
            check_inclusion(
                index=logged.index,
                size=size,
                leaf=leaf_hash(logged.leaf),
                proof=path,
                root=reader.checkpoint.root,
            )
        except (ProofError, ValueError) as error:
            raise VerificationError(str(error), index=logged.index) from None
        hashes = tuple(b64encode(each).decode() for each in path)
        yield _line(Proved(logged.index, logged.leaf.decode("ascii"), hashes))
        count += 1
    yield _line(End(count))


def verify_lines(lines: Iterable[bytes], vkey: Trusted) -> Verified:
    """Return what the lines of an export prove. Takes no log and no network.

    Raises `VerificationError`, which names the first line at fault, if anything in them is not what
    a key signed, or if lines are missing, doubled or out of order.
    """
    reading = _Reading(vkey)
    for number, line in enumerate(lines, 1):
        try:
            reading.take(_parse(line))
        except (NoteError, ProofError, ValueError) as error:
            raise VerificationError(f"line {number}: {error}") from None
    if reading.checkpoint is None or not reading.ended:
        raise VerificationError("the file was cut short: its last lines are missing")
    return Verified(reading.checkpoint, reading.count, reading.first, reading.last)


class _Reading:
    """Where in the file the reader is; `take` raises what is wrong with the next line."""

    def __init__(self, vkey: Trusted) -> None:
        self._vkey = vkey
        self.checkpoint: Checkpoint | None = None
        self.first: int | None = None
        self.last: int | None = None
        self.count = 0
        self.ended = False

    def take(self, line: Head | Proved | End) -> None:
        if self.ended:
            raise ValueError("it stands after the end")
        if isinstance(line, Head):
            self._begin(line)
        elif self.checkpoint is None:
            raise ValueError("the first line names the log, and this one does not")
        elif isinstance(line, Proved):
            if self.last is not None and line.index <= self.last:
                raise ValueError("records stand in the order of the log, each once")
            _check(line, self.checkpoint)
            self.first = line.index if self.first is None else self.first
            self.last = line.index
            self.count += 1
        else:
            self.ended = True
            if line.records != self.count:
                raise ValueError(f"it says {line.records} records, and there are {self.count}")

    def _begin(self, head: Head) -> None:
        if self.checkpoint is not None:
            raise ValueError("a file names its log once")
        self.checkpoint = open_checkpoint(head.checkpoint.encode(), self._vkey, ended=True)
        if head.origin != self.checkpoint.origin:
            raise ValueError("it names another log than its checkpoint")


def _check(proved: Proved, checkpoint: Checkpoint) -> None:
    leaf = proved.leaf.encode("ascii")
    read_leaf(leaf)
    check_inclusion(
        index=proved.index,
        size=checkpoint.size,
        leaf=leaf_hash(leaf),
        proof=[b64decode(each, validate=True) for each in proved.proof],
        root=checkpoint.root,
    )


_decoder: Final[msgspec.json.Decoder[Head | Proved | End]] = msgspec.json.Decoder(
    Head | Proved | End
)


def _parse(line: bytes) -> Head | Proved | End:
    if len(line) > MAX_LINE or not line.endswith(b"\n"):
        raise ValueError("it is too long, or has no end")
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("it is not a line of an export with proofs") from None


def _line(value: msgspec.Struct) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _remembering(range_root: RangeRoot) -> RangeRoot:
    return lru_cache(_REMEMBERED)(range_root)
