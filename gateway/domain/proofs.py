"""One record's proof as a file that stands for itself: https://c2sp.org/tlog-proof.

DURABLE FORMAT `c2sp.org/tlog-proof@v1`. Parsing and writing only: a parsed proof proves nothing
until `gateway/ledger/proofs.py` has checked it with a key and the leaf.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from gateway.domain.merkle import HASH_SIZE, ProofError

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_PROOF: Final = 64 * 1024
"""Bytes of a file that is still read: 63 hashes, a checkpoint with many signatures, and `extra`."""
MAX_PATH: Final = 63

_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})\Z")
_EXTRA: Final = "extra "


@dataclass(frozen=True, slots=True)
class LogProof:
    """That a leaf is number `index` of the log whose signed note is `checkpoint`. Not checked."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """Return the proof as it is stored and sent."""
        lines = [HEADER, f"index {self.index}", *(b64encode(node).decode() for node in self.path)]
        return "".join(f"{line}\n" for line in [*lines, ""]).encode() + self.checkpoint


def parse_proof(raw: bytes) -> LogProof:
    """Return the proof in `raw`, or raise `ProofError`. Extra data, unsigned, is passed over."""
    if len(raw) > MAX_PROOF:
        raise ProofError(f"a proof is at most {MAX_PROOF} bytes")
    head, separator, checkpoint = raw.partition(b"\n\n")
    if not separator or not checkpoint:
        raise ProofError("a proof is a header, an index, hashes, an empty line and a checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofError("the lines of a proof are ASCII") from None
    if lines.pop(0) != HEADER:
        raise ProofError(f"the first line of a proof is {HEADER}")
    if lines and lines[0].startswith(_EXTRA):
        _base64(lines.pop(0).removeprefix(_EXTRA))
    matched = _INDEX.match(lines.pop(0)) if lines else None
    if matched is None:
        raise ProofError("the index of a proof is a decimal number")
    path = tuple(_base64(line) for line in lines)
    if len(path) > MAX_PATH or any(len(node) != HASH_SIZE for node in path):
        raise ProofError(f"a proof has at most {MAX_PATH} hashes of {HASH_SIZE} bytes")
    return LogProof(int(matched[1]), path, checkpoint)


def _base64(text: str) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise ProofError("a line of the proof is not base64") from None
    if b64encode(value).decode() != text:
        raise ProofError("a line of the proof is not in its canonical base64")
    return value
