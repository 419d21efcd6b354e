"""Records and proofs as programs read them: the same over HTTP and from the command line."""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec

from gateway.domain.records import ReviewState
from gateway.ledger.query import Inclusion, LoggedRecord


def record_as_json(logged: LoggedRecord) -> dict[str, Any]:
    """Return a record's leaf with its index."""
    return {"index": logged.index, **msgspec.json.decode(logged.leaf)}


def leaf_as_json(index: int, leaf: bytes, review: ReviewState | None) -> bytes:
    """Return the JSON of a record, and where its review stands, without reading its leaf again.

    `leaf` is canonical, which whoever calls this has checked: an object in which neither of the two
    has a place of its own.
    """
    if review is None:
        return b'{"index":%d,%b' % (index, leaf[1:])
    return b'{"index":%d,%b,"review":"%b"}' % (index, leaf[1:-1], review.encode())


class ShownProof(TypedDict):
    """A proof that a leaf is in a log of this size and root (RFC 9162 2.1.3); hashes in hex."""

    leaf_hash: str
    path: list[str]
    origin: str
    size: int
    root: str


def proof_as_json(proof: Inclusion) -> ShownProof:
    """Return an inclusion proof, so that another program can check it."""
    return {
        "leaf_hash": proof.leaf_hash.hex(),
        "path": [node.hex() for node in proof.path],
        "origin": proof.checkpoint.origin,
        "size": proof.checkpoint.size,
        "root": proof.checkpoint.root.hex(),
    }
