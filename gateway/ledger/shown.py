"""Records and proofs as programs read them: the same over HTTP and from the command line."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.ledger.query import Inclusion, LoggedRecord


def record_as_json(logged: LoggedRecord) -> dict[str, Any]:
    """Return a record's leaf with its index."""
    return {"index": logged.index, **msgspec.json.decode(logged.leaf)}


def proof_as_json(proof: Inclusion) -> dict[str, Any]:
    """Return an inclusion proof, so that another program can check it."""
    return {
        "leaf_hash": proof.leaf_hash.hex(),
        "path": [node.hex() for node in proof.path],
        "origin": proof.checkpoint.origin,
        "size": proof.checkpoint.size,
        "root": proof.checkpoint.root.hex(),
    }
