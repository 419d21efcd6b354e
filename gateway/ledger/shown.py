"""Records and proofs as programs read them: the same over HTTP and from the command line."""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec

from gateway.ledger.query import Inclusion, LoggedRecord


def record_as_json(logged: LoggedRecord) -> dict[str, Any]:
    """Return a record's leaf with its index."""
    return {"index": logged.index, **msgspec.json.decode(logged.leaf)}


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
