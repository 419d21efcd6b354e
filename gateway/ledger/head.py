"""Whether a head is what this log's key signed, whose it is if not, and what it continues."""

from __future__ import annotations

import apsw

from gateway.domain.merkle import Frontier, leaf_hash
from gateway.domain.notes import NoteError, parse_note
from gateway.ledger import store
from gateway.ledger.errors import LedgerDamaged, LedgerForeign
from gateway.ledger.keys import SigningKeys, Trusted, keys_of, open_checkpoint
from gateway.ledger.store import Head


def empty_head(key: SigningKeys) -> Head:
    """Return the signed head of a log without records."""
    root = Frontier().root()
    return Head(size=0, frontier=b"", root=root, checkpoint=key.checkpoint(0, root))


def check_head(head: Head, trusted: Trusted) -> None:
    """Raise `LedgerDamaged` unless frontier, root and size are those that a key of ours signed."""
    try:
        checkpoint = open_checkpoint(head.checkpoint, trusted)
        frontier = Frontier.from_bytes(head.size, head.frontier)
    except (NoteError, ValueError) as error:
        raise LedgerDamaged(
            f"the head of the log is not what was signed: {error}; restore it from its backup"
        ) from None
    root = frontier.root()
    if (head.size, head.root, root) != (checkpoint.size, checkpoint.root, checkpoint.root):
        raise LedgerDamaged(
            "the head of the log is not what was signed; restore the ledger from its backup"
        )


def check_owner(head: Head, trusted: Trusted) -> None:
    """Raise `LedgerForeign` if another node, or another key, signed the head."""
    try:
        signatures = parse_note(head.checkpoint).signatures
    except NoteError:
        return  # Damaged, not foreign: `check_head` says so.
    names = {signature.name for signature in signatures}
    if trusted.name not in names:
        raise LedgerForeign(
            f"this is the log of {', '.join(sorted(names))}, not of {trusted.name}: "
            "each node has a ledger directory of its own"
        )
    if not any(line.is_by(key) for line in signatures for key in keys_of(trusted)):
        raise LedgerForeign(
            f"the log of {trusted.name} was signed with another key: "
            "restore that key from its backup"
        )


def check_continues(db: apsw.Connection, older: Head, newer: Head) -> None:
    """Raise `LedgerDamaged` unless the rows added since `older` lead to `newer`.

    A signature does not say this: an earlier head of the log is signed as well, and to append to
    it would fork the log.
    """
    frontier = Frontier.from_bytes(older.size, older.frontier)
    for chunk in store.read_leaves(db, older.size, newer.size):
        frontier.extend([leaf_hash(leaf) for _, leaf in chunk])
    if (frontier.size, frontier.root()) != (newer.size, newer.root):
        raise LedgerDamaged(
            "the log was put back or changed while it was open: run `intramural audit verify`"
        )
